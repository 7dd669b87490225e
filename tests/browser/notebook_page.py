"""A notebook that is open in JupyterLab, driven as its user drives it."""

import json

METADATA = {"kernelspec": {"name": "xtinycc", "display_name": "C (TinyCC)", "language": "c"},
            "language_info": {"name": "c"}}

# The page says "idle" before there is a kernel, and JupyterLab drops what is run without one.
CONNECTED = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const kernel = panel?.sessionContext?.session?.kernel;
    return panel?.sessionContext?.isReady && kernel?.connectionStatus === "connected"
        && kernel?.status === "idle";
}"""
# Execution prompts, of code cells: "[3]:" when done, "[*]:" when running or waiting, "[ ]:".
PROMPTS = """() => Array.from(document.querySelectorAll(".jp-CodeCell .jp-InputPrompt"),
                               prompt => prompt.textContent)"""

# How far the last cell reaches below the panel that shows the notebook, scrolled to its top.
HIDDEN = """panel => {
    panel.scrollTo(0, 0);
    const last = Array.from(panel.querySelectorAll(".jp-Cell")).pop();
    return last.getBoundingClientRect().bottom - panel.getBoundingClientRect().bottom;
}"""


def code_cell(number, source):
    return {"cell_type": "code", "id": f"cell{number}", "metadata": {}, "outputs": [],
            "execution_count": None, "source": source}


def write(path, cells, notebook=None):
    """Write the notebook, or one of these code cells for this kernel."""
    path.write_text(json.dumps(notebook or {
        "nbformat": 4, "nbformat_minor": 5, "metadata": METADATA,
        "cells": [code_cell(i, source) for i, source in enumerate(cells)]}))


class NotebookPage:
    """Cells are counted from 0 and code cells only."""

    def __init__(self, page, url, patience=600):
        self.page, self.patience = page, patience * 1000
        page.set_default_timeout(self.patience)
        page.goto(url)
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
        page.wait_for_function(f"() => document.querySelector('.jp-Dialog') || ({CONNECTED})()")
        box = page.locator(".jp-Dialog")  # no kernel: its reason, not a wait for ever
        assert box.count() == 0, box.inner_text()

    # ---- what the user does

    def menu(self, name, entry):
        self.page.click(f'.lm-MenuBar-item >> text="{name}"')
        self.page.click(f'.lm-Menu-item >> text="{entry}"')

    def run_all(self):
        self.menu("Run", "Run All Cells")

    def run(self, index):
        self.cell(index).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Control+Enter")

    def stop(self):
        self.page.click('.jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"]')

    def edit(self, index):
        """Put the cursor at the end of a cell."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+End")

    # ---- what the user sees

    def cell(self, index):
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def prompts(self):
        return self.page.evaluate(PROMPTS)

    def wait_done(self, index):
        """Wait until the cell has a number."""
        self.page.wait_for_function(
            f"([index]) => /\\d/.test(({PROMPTS})()[index])", arg=[index])

    def wait_all_done(self):
        """Wait until no cell runs or waits; return the prompts."""
        self.page.wait_for_function(
            f"() => ({PROMPTS})().every(p => !p.includes('*')) "
            f"&& ({PROMPTS})().some(p => /\\d/.test(p)) && ({CONNECTED})()")
        return self.prompts()

    def output(self, index):
        # Not inner_text(): that is empty for cells which are scrolled out of view.
        return self.cell(index).locator(".jp-Cell-outputArea").text_content()

    def wait_output(self, index, text):
        """Wait for a text, or what matches a pattern, in the cell's output."""
        self.cell(index).locator(".jp-Cell-outputArea", has_text=text).wait_for()

    def errors(self):
        """Texts on red: JupyterLab shows an error and stderr in the same way."""
        return self.page.locator(
            '.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"]').all_text_contents()

    def pictures(self, index):
        return self.cell(index).locator(".jp-OutputArea-output img, .jp-OutputArea-output svg")

    def tables(self, index):
        return self.cell(index).locator(".jp-OutputArea-output table")

    def shoot(self, path, whole=False):
        """Save a picture of the page, or of the whole notebook."""
        size = self.page.viewport_size
        if whole:
            self.grow()
        self.page.screenshot(path=path)
        self.page.set_viewport_size(size)

    def grow(self):
        """Make the page so high that no cell needs scrolling. What was never in view has only a
        guessed height, hence the rounds."""
        outer = self.page.locator(".jp-WindowedPanel-outer")
        width = self.page.viewport_size["width"]
        for _ in range(5):
            hidden = outer.evaluate(HIDDEN)
            if hidden <= 0:
                break
            height = self.page.viewport_size["height"] + int(hidden) + 1
            self.page.set_viewport_size({"width": width, "height": height})
            outer.evaluate("() => new Promise(requestAnimationFrame)")
