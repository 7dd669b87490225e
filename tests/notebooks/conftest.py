"""The coursework notebook, executed once for all tests."""
import shutil

import pytest

from running import TOP, execute


@pytest.fixture(scope="session")
def coursework(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coursework")
    path = folder / "lenet5-mnist.ipynb"
    shutil.copy(TOP / "notebooks" / path.name, path)
    execute(path)
    return path
