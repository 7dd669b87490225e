"""A JupyterLab server of the tests' own: on loopback, with a home of its own.

Environment: XTINYCC_PREFIX names the installation whose kernel it offers (default: build/prefix of
this checkout).
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
PREFIX = pathlib.Path(os.environ.get("XTINYCC_PREFIX", TOP / "build" / "prefix"))
TOKEN = "of-these-tests"
PATIENCE = 120  # seconds until the server answers


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def decline_news(home):
    """Settle beforehand what JupyterLab would ask in a box over the page."""
    folder = home / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    (folder / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False}))


def environment(home):
    """The settings of the user who runs the tests must not matter; their MNIST cache is used."""
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    env = dict(os.environ, JUPYTER_PATH=str(PREFIX / "share" / "jupyter"), HOME=str(home),
               XDG_CACHE_HOME=cache)
    for place in ("CONFIG", "DATA", "RUNTIME"):
        env[f"JUPYTER_{place}_DIR"] = str(home / place.lower())
    return env


class LabServer:
    """Serves one folder. Exposes JupyterLab's application object to the page, so that tests can
    wait for what the page does not show (that the kernel is connected)."""

    def __init__(self, folder, home):
        self.folder = folder
        decline_news(home)
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.log = open(home / "log", "w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
             "--ip=127.0.0.1", f"--port={port}", f"--IdentityProvider.token={TOKEN}",
             f"--ServerApp.root_dir={folder}", "--LabApp.extension_manager=readonly",
             "--LabApp.expose_app_in_browser=True"],
            env=environment(home), stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
            start_new_session=True)
        self.wait()

    def wait(self):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.request("GET", "/api")
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, self.log_tail()
                time.sleep(0.2)

    def request(self, method, path):
        request = urllib.request.Request(self.base + path, method=method,
                                         headers={"Authorization": f"token {TOKEN}"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.read()

    def log_tail(self):
        self.log.seek(0)
        return self.log.read()[-3000:]

    def url(self, path):
        return f"{self.base}/lab/tree/{path}?token={TOKEN}&reset"

    def end_sessions(self):
        for session in json.loads(self.request("GET", "/api/sessions")):
            self.request("DELETE", f"/api/sessions/{session['id']}")

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
