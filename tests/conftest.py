"""Fixtures for all tests that talk to the installed kernel."""
import os
import shutil

import pytest
from jupyter_client.manager import KernelManager

from running import PREFIX, TOP, execute


class Outcome:
    """What one cell did: `value` and `stdout` as text, `error` as "Name: message" or None."""

    def __init__(self):
        self.value, self.stdout, self.error, self.displays = None, "", None, []

    def take(self, message):
        content = message["content"]
        if message["msg_type"] == "execute_result":
            self.value = content["data"]["text/plain"]
        elif message["msg_type"] == "display_data":
            self.displays.append(content["data"])
        elif message["msg_type"] == "stream" and content["name"] == "stdout":
            self.stdout += content["text"]
        elif message["msg_type"] == "error":
            self.error = f"{content['ename']}: {content['evalue']}"


class Session:
    """A running kernel; `try_cell` tells what a cell did, `run` demands that it succeeds."""

    def __init__(self, folder, env):
        os.environ["JUPYTER_PATH"] = str(PREFIX / "share" / "jupyter")
        self.manager = KernelManager(kernel_name="xtinycc")
        self.manager.start_kernel(cwd=str(folder), env=dict(os.environ, **env))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def try_cell(self, code, timeout=300):
        outcome = Outcome()
        self.client.execute_interactive(code, output_hook=outcome.take, timeout=timeout,
                                        allow_stdin=False)
        return outcome

    def run(self, code, timeout=300):
        outcome = self.try_cell(code, timeout)
        assert outcome.error is None, outcome.error
        return outcome

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel()


@pytest.fixture
def new_session(tmp_path):
    """A function that starts a kernel in the test's own folder, with more environment."""
    started = []

    def start(**env):
        started.append(Session(tmp_path, env))
        return started[-1]

    yield start
    for session in started:
        session.stop()


@pytest.fixture
def session(new_session):
    return new_session()


@pytest.fixture(scope="session")
def coursework(tmp_path_factory):
    """The coursework notebook, executed once for all tests; its files lie beside it."""
    folder = tmp_path_factory.mktemp("coursework")
    path = folder / "lenet5-mnist.ipynb"
    shutil.copy(TOP / "notebooks" / path.name, path)
    execute(path)
    return path
