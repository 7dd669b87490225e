"""The C kernel xtinycc, as a Python package.

`python -m xeus_tinycc` is the kernel, `python -m xeus_tinycc.install` makes it known to Jupyter
elsewhere. PREFIX is the folder that holds bin/, lib/, libexec/, include/ and share/ of the kernel;
EXE its executable; KERNELS the folder of kernel specifications below it, for those who start the
kernel without asking Jupyter where it is.
"""

import importlib.metadata
import importlib.util
import os
import pathlib

__all__ = ["EXE", "KERNELS", "PREFIX", "environment", "__version__"]


def _find_prefix(package):
    """The prefix of a wheel is the package itself; cmake --install puts the package into
    PREFIX/share/xeus-tinycc/python; a checkout has it in share/python and builds into build/."""
    above = list(package.parents) # pip install --target may put it right below /
    places = [package, *above[3:4], *(p / "build" / "prefix" for p in above[2:3])]
    for place in places:
        if (place / "bin" / "xtinycc").exists():
            return place
    return package


def _find_version():
    try:
        return importlib.metadata.version("xeus-tinycc")
    except importlib.metadata.PackageNotFoundError:  # imported from a checkout
        return "0+source"


PREFIX = _find_prefix(pathlib.Path(__file__).resolve().parent)
EXE = str(PREFIX / "bin" / "xtinycc")
KERNELS = str(PREFIX / "share" / "jupyter" / "kernels")
__version__ = _find_version()


def _find_blas():
    """The library of the package scipy-openblas32, for cblas calls of cells (nn/blas.h), or None."""
    package = importlib.util.find_spec("scipy_openblas32")
    for folder in package.submodule_search_locations or [] if package else []:
        path = os.path.join(folder, "lib", "libscipy_openblas.so")
        if os.path.exists(path):
            return path
    return None


def environment():
    """The environment of a kernel that this Python starts: its own, and what only Python knows."""
    blas = None if os.environ.get("XTINYCC_BLAS") else _find_blas()
    return {**os.environ, **({"XTINYCC_BLAS": blas} if blas else {})}


def load_ipython_extension(shell):
    """%load_ext xeus_tinycc: C cells (%%c) in a Python notebook."""
    from .magic import load
    load(shell)


def unload_ipython_extension(shell):
    from .magic import unload
    unload(shell)
