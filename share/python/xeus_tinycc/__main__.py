"""Become the kernel: `python -m xeus_tinycc -f CONNECTION_FILE`, and every other xtinycc command.

The process is replaced, not followed: its id stays the one that the front end signals.
"""

import importlib.util
import os
import sys

from . import EXE


def find_blas():
    """The library of the package scipy-openblas32, for cblas calls of cells (nn/blas.h), or None."""
    package = importlib.util.find_spec("scipy_openblas32")
    for folder in package.submodule_search_locations or [] if package else []:
        path = os.path.join(folder, "lib", "libscipy_openblas.so")
        if os.path.exists(path):
            return path
    return None


def main():
    blas = None if os.environ.get("XTINYCC_BLAS") else find_blas()
    if blas:
        os.environ["XTINYCC_BLAS"] = blas
    try:
        os.execv(EXE, [EXE, *sys.argv[1:]])
    except FileNotFoundError:
        sys.exit(f"xeus_tinycc: {EXE} is missing; install xeus-tinycc again")
    except OSError as error:
        sys.exit(f"xeus_tinycc: {EXE} cannot be started: {error.strerror}; install xeus-tinycc "
                 "where programs may be executed")


if __name__ == "__main__":
    main()
