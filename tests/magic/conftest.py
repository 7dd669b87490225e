"""Python notebooks for the tests of %%c."""
import pytest

from python_notebook import Notebook


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One notebook for all tests of a file that leave the kernel alive."""
    notebook = Notebook(tmp_path_factory.mktemp("magic"))
    yield notebook
    notebook.close()


@pytest.fixture
def fresh(tmp_path):
    notebook = Notebook(tmp_path)
    yield notebook
    notebook.close()
