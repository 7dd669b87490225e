"""JupyterLab with the installed kernel, in Debian's Chromium: one server and one browser for all
tests, a folder, a page and a kernel for each.

Environment: XTINYCC_CHROMIUM names the browser (default: /usr/bin/chromium); XTINYCC_SHOTS a
folder for the screenshots (default: each test's own temporary folder).
"""

import os
import pathlib

import pytest

from lab_server import LabServer
from notebook_page import NotebookPage, write

CHROMIUM = os.environ.get("XTINYCC_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    server = LabServer(tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("home"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def browser():
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(f"{CHROMIUM} is not here: install chromium, or name a browser by "
                    "XTINYCC_CHROMIUM")
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        # One context: its cache holds JupyterLab's scripts after the first page.
        yield browser.new_context(viewport={"width": 1280, "height": 900})
        browser.close()


@pytest.fixture
def open_notebook(lab, browser, request):
    """A function that opens a notebook of these cells (strings of C), or a notebook file, in a
    folder of the test's own."""
    folder = lab.folder / request.node.name
    folder.mkdir()
    page = browser.new_page()

    def open_it(cells=None, notebook=None):
        path = folder / "notebook.ipynb"
        write(path, cells, notebook)
        return NotebookPage(page, lab.url(path.relative_to(lab.folder)))

    yield open_it
    page.close()
    lab.end_sessions()


@pytest.fixture
def shots(tmp_path):
    folder = pathlib.Path(os.environ.get("XTINYCC_SHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
