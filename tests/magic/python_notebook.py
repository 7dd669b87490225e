"""A Python notebook, run cell by cell with nbclient: %%c in it is what a user has."""
import os
import pathlib
import signal
import threading
import time

import nbformat
from nbclient import NotebookClient

TOP = pathlib.Path(__file__).resolve().parents[2]
PREFIX = pathlib.Path(os.environ.get("XTINYCC_PREFIX", TOP / "build" / "prefix"))
PACKAGE = PREFIX / "share" / "xeus-tinycc" / "python" # absent where the wheel is installed


def environment(**more):
    env = dict(os.environ, JUPYTER_PATH=str(PREFIX / "share" / "jupyter"), **more)
    if PACKAGE.exists():
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGE), env.get("PYTHONPATH")]))
    env["PATH"] = f"{PREFIX / 'bin'}{os.pathsep}{env['PATH']}"
    return env


def new_notebook(*cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return notebook


class Ran:
    """What one cell did."""

    def __init__(self, cell):
        outputs = cell.outputs
        self.stdout = "".join(o.text for o in outputs
                              if o.output_type == "stream" and o.name == "stdout")
        self.stderr = "".join(o.text for o in outputs
                              if o.output_type == "stream" and o.name == "stderr")
        self.displays = [o.data for o in outputs if o.output_type == "display_data"]
        self.value = next((o.data["text/plain"] for o in outputs
                           if o.output_type == "execute_result"), None)
        errors = [o for o in outputs if o.output_type == "error"]
        self.error = f"{errors[0].ename}: {errors[0].evalue}" if errors else None
        self.traceback = "\n".join(errors[0].traceback) if errors else ""


class Notebook:
    def __init__(self, folder, **env):
        self.notebook = new_notebook()
        self.client = NotebookClient(self.notebook, timeout=300, allow_errors=True,
                                     resources={"metadata": {"path": str(folder)}})
        self.client.create_kernel_manager()
        self.client.start_new_kernel(env=environment(**env), cwd=str(folder))
        self.client.start_new_kernel_client()
        self.run("%load_ext xeus_tinycc")

    def start_cell(self, code):
        cell = nbformat.v4.new_code_cell(code)
        self.notebook.cells.append(cell)
        return cell

    def execute(self, cell):
        self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        return Ran(cell)

    def try_cell(self, code):
        return self.execute(self.start_cell(code))

    def run(self, code):
        ran = self.try_cell(code)
        assert ran.error is None, ran.traceback
        return ran

    @property
    def pid(self):
        return self.client.km.provisioner.process.pid

    def stop_when(self, code, condition):
        """Run a cell and press Stop once what it shows fulfils a condition."""
        cell = self.start_cell(code)

        def press():
            end = time.monotonic() + 120
            while not condition(Ran(cell)) and time.monotonic() < end:
                time.sleep(0.02)
            os.kill(self.pid, signal.SIGINT)

        finger = threading.Thread(target=press)
        finger.start()
        ran = self.execute(cell)
        finger.join()
        return ran

    def close(self):
        self.client._cleanup_kernel()
