"""Become the kernel: `python -m xeus_tinycc -f CONNECTION_FILE`, and every other xtinycc command.

The process is replaced, not followed: its id stays the one that the front end signals.
"""

import os
import sys

from . import EXE, environment


def main():
    try:
        os.execve(EXE, [EXE, *sys.argv[1:]], environment())
    except FileNotFoundError:
        sys.exit(f"xeus_tinycc: {EXE} is missing; install xeus-tinycc again")
    except OSError as error:
        sys.exit(f"xeus_tinycc: {EXE} cannot be started: {error.strerror}; install xeus-tinycc "
                 "where programs may be executed")


if __name__ == "__main__":
    main()
