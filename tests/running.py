"""Notebooks are run as users run them: by nbconvert, against the installed kernel.

Environment: XTINYCC_PREFIX names the installation (default: build/prefix of this checkout).
"""
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
PREFIX = pathlib.Path(os.environ.get("XTINYCC_PREFIX", TOP / "build" / "prefix"))


def environment(**more):
    env = dict(os.environ, JUPYTER_PATH=str(PREFIX / "share" / "jupyter"), **more)
    env["PATH"] = f"{PREFIX / 'bin'}{os.pathsep}{env['PATH']}"
    return env


def nbconvert(*args, cwd, check=True, **env):
    return subprocess.run(
        [sys.executable, "-m", "nbconvert", "--log-level", "WARN", *map(str, args)],
        cwd=cwd, env=environment(**env), capture_output=True, text=True, check=check, timeout=1800)


def execute(path, *args, **env):
    """Execute a notebook in place, in its own folder."""
    return nbconvert("--to", "notebook", "--execute", "--inplace",
                     "--ExecutePreprocessor.timeout=900", path.name, *args, cwd=path.parent, **env)
