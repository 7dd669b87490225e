"""Make the kernel known to Jupyter: python -m xeus_tinycc.install --user

pip puts the kernel specification into the environment's share/jupyter, where Jupyter looks. This
command is for the other cases: `pip install --target`, a Jupyter that runs in another environment,
a build in a folder of its own.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys

from . import KERNELS

NAME = "xtinycc"


def specification():
    """kernel.json as it must be for a Jupyter of any environment: its first word is absolute."""
    spec = json.loads((pathlib.Path(KERNELS) / NAME / "kernel.json").read_text())
    if not os.path.isabs(spec["argv"][0]):
        spec["argv"][0] = sys.executable
        package_home = str(pathlib.Path(__file__).resolve().parents[1])
        if package_home not in _default_path():
            spec["env"] = {"PYTHONPATH": package_home}
    return spec


def _default_path():
    """Where this Python looks without help; pip install --target is elsewhere."""
    import site
    return {os.path.realpath(p) for p in [*site.getsitepackages(), site.getusersitepackages()]}


def folder(arguments):
    if arguments.prefix:
        return pathlib.Path(arguments.prefix) / "share" / "jupyter" / "kernels" / NAME
    if arguments.sys_prefix:
        return pathlib.Path(sys.prefix) / "share" / "jupyter" / "kernels" / NAME
    from jupyter_core.paths import jupyter_data_dir
    return pathlib.Path(jupyter_data_dir()) / "kernels" / NAME


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m xeus_tinycc.install",
                                     description="Make the C kernel known to Jupyter.")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--user", action="store_true", help="for this user, whatever the environment")
    place.add_argument("--sys-prefix", action="store_true", help="for this Python environment")
    place.add_argument("--prefix", metavar="P", help="in P/share/jupyter/kernels")
    parser.add_argument("--remove", action="store_true", help="undo it instead")
    arguments = parser.parse_args(argv)
    target = folder(arguments)
    if arguments.remove:
        if not (target / "kernel.json").exists():
            parser.exit(1, f"no kernel specification in {target}\n")
        shutil.rmtree(target)
        print(f"removed {target}")
        return
    spec = specification()
    shutil.copytree(pathlib.Path(KERNELS) / NAME, target, dirs_exist_ok=True)
    (target / "kernel.json").write_text(json.dumps(spec, indent=2) + "\n")
    print(f"installed {target}")


if __name__ == "__main__":
    main()
