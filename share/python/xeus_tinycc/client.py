"""A running C kernel, seen from Python: start it, run cells, stop it.

Plain ZeroMQ sockets on jupyter_client's own session: one thread, nothing asynchronous, so that it
works inside a running Python kernel of any age. While a cell runs, SIGINT (Stop) is passed on to
the C kernel, which ends the cell in its own way and keeps its variables.
"""

import collections
import os
import signal
import subprocess
import threading
import time

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager

from . import EXE, environment

POLL_MS = 500
START_S = 60
END_S = 5  # between asking a kernel to end and ending it
PATIENCE_S = 15  # of somebody who presses Stop a third time without an answer


class KernelDied(RuntimeError):
    """The kernel's process is gone, with all variables; the next cell starts a new one."""


class _OwnSpecs(KernelSpecManager):
    """Knows our kernel wherever the package lies; asks no folder of Jupyter's."""

    def get_kernel_spec(self, kernel_name):
        return KernelSpec(argv=[EXE, "-f", "{connection_file}"], display_name="C (TinyCC)",
                          language="c", interrupt_mode="message")


def _end(process):
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Client:
    """One C kernel. `listen(type, content)` gets what a cell shows, `ask(prompt, password)` answers
    scanf and its kin."""

    def __init__(self):
        self.manager = None
        self._sent = collections.deque(maxlen=1000)
        self._stops = []
        self._pid = None

    # ---- life ----

    @property
    def running(self):
        return self.manager is not None and self._pid == os.getpid()

    def start(self):
        if self.running:
            return
        if not os.path.exists(EXE):
            raise FileNotFoundError(f"{EXE} is missing; install xeus-tinycc again")
        self.manager = KernelManager(kernel_name="xtinycc", kernel_spec_manager=_OwnSpecs())
        self._pid = os.getpid()
        try:
            self.manager.start_kernel(cwd=os.getcwd(), env=environment())
            self._connect()
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _connect(self):
        identity = self.manager.session.bsession
        self.session = self.manager.session
        self.shell = self.manager.connect_shell(identity=identity)
        self.stdin = self.manager.connect_stdin(identity=identity)
        self.control = self.manager.connect_control(identity=identity)
        self.iopub = self.manager.connect_iopub()
        self.poller = zmq.Poller()
        for socket in (self.iopub, self.stdin, self.shell):
            self.poller.register(socket, zmq.POLLIN)

    def _wait_until_ready(self):
        """Until a request is answered and its messages are heard: then nothing can get lost."""
        end = time.monotonic() + START_S
        asked, answered, heard = None, False, False
        while not (answered and heard):
            if asked is None or (answered and not heard):
                asked, answered = self.session.send(self.shell, "kernel_info_request"), False
            for socket, _ in self.poller.poll(POLL_MS):
                message = self._receive(socket)
                answered |= message["msg_type"] == "kernel_info_reply"
                heard |= message["msg_type"] == "status" and bool(message["parent_header"])
            if not self.manager.is_alive():
                raise KernelDied("the C kernel ended while it started; `xtinycc doctor` looks for "
                                 "reasons")
            if time.monotonic() > end:
                raise KernelDied(f"the C kernel did not answer within {START_S} s")

    def stop(self):
        """End the kernel; its variables are gone."""
        if self.running:
            for name in ("shell", "stdin", "control", "iopub"):
                socket = self.__dict__.pop(name, None)
                if socket is not None:
                    socket.close(linger=0)
            if self.manager.has_kernel:
                # Not by the manager: at Python's exit its event loop has ended already.
                _end(self.manager.provisioner.process)
            self.manager.cleanup_connection_file()
        self.manager = None

    # ---- requests ----

    def _receive(self, socket):
        return self.session.recv(socket, mode=0)[1]

    def execute(self, code, listen=None, ask=None, expressions=None, silent=False):
        """Run a cell and return its reply, also one that tells of an error."""
        self.start()
        content = {"code": code, "silent": silent, "store_history": not silent,
                   "user_expressions": expressions or {}, "allow_stdin": ask is not None,
                   "stop_on_error": True}
        return self._request("execute_request", content, listen, ask)

    def inspect(self, name):
        """The documentation of a name as a bundle, empty if there is none."""
        self.start()
        content = {"code": name, "cursor_pos": len(name), "detail_level": 0}
        return self._request("inspect_request", content).get("data", {})

    def _request(self, kind, content, listen=None, ask=None):
        self._stops = []
        with _Forwarding(self._stop_cell) as stops:
            sent = self.session.send(self.shell, kind, content)["header"]["msg_id"]
            self._sent.append(sent)
            reply, idle = None, False
            while reply is None or not idle:
                ready = dict(self.poller.poll(POLL_MS))
                if not ready and not self.manager.is_alive():
                    self.stop()
                    raise KernelDied("the C kernel died, and its variables with it; the next cell "
                                     "starts a new one")
                if not ready and self._hopeless():
                    self.stop()
                    raise KernelDied("the C kernel answered no Stop and was ended; the next cell "
                                     "starts a new one")
                if self.iopub in ready:
                    message = self._receive(self.iopub)
                    idle |= self._heard(message, sent, listen)
                elif self.stdin in ready: # after all output that came before the question
                    self._answer(self._receive(self.stdin), ask, stops)
                elif self.shell in ready:
                    message = self._receive(self.shell)
                    if message["parent_header"].get("msg_id") == sent:
                        reply = message["content"]
        return reply

    def _heard(self, message, sent, listen):
        """Pass on what belongs to a cell of ours; true for the end of this one."""
        parent = message["parent_header"].get("msg_id")
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            return parent == sent and content["execution_state"] == "idle"
        late = parent != sent and kind == "stream" # of a thread that an earlier cell has started
        if listen is not None and (parent == sent or (late and parent in self._sent)):
            listen(kind, content)
        return False

    def _answer(self, message, ask, stops):
        content = message["content"]
        try:
            with stops.paused():
                value = ask(content["prompt"], content["password"])
        except EOFError:
            value = "\x04"
        except KeyboardInterrupt:
            self._stop_cell()
            return
        self.session.send(self.stdin, "input_reply", {"value": value}, parent=message)

    # ---- Stop ----

    def _stop_cell(self, *_):
        self._stops.append(time.monotonic())
        self.session.send(self.control, "interrupt_request", {})

    def _hopeless(self):
        return len(self._stops) > 2 and time.monotonic() - self._stops[0] > PATIENCE_S


class _Forwarding:
    """SIGINT goes to a function of ours while a cell runs. Only a main thread has signals."""

    def __init__(self, handler):
        self.handler = handler
        self.old = None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self.old = signal.signal(signal.SIGINT, self.handler)
        return self

    def __exit__(self, *_):
        if self.old is not None:
            signal.signal(signal.SIGINT, self.old)

    def paused(self):
        """While Python asks the user, Stop is Python's own."""
        return _Forwarding(signal.default_int_handler)
