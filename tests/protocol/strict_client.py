"""A strict Jupyter client that builds, signs and checks its own frames.

It uses pyzmq and nothing of jupyter_client, so that a mistake both sides would share is seen. Each
message that the kernel sends must be claimed by a test: Client.close() fails on any that is left.
"""

import hashlib
import hmac
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

import zmq
from jupyter_kernel_test.msgspec_v5 import schema_fragments, validate_message

DELIMITER = b"<IDS|MSG>"
PATIENCE = 60  # seconds until a test gives up; no test measures time
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$")
# jupyter_kernel_test asks for a number as input_request's password; the protocol for a boolean.
SCHEMAS = set(schema_fragments) - {"input_request"}
HEADER_FIELDS = {"msg_id", "username", "session", "date", "msg_type", "version"}


def free_ports(count):
    """Port numbers that were free a moment ago."""
    holders = [socket.socket() for _ in range(count)]
    for s in holders:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in holders]
    for s in holders:
        s.close()
    return ports


class Kernel:
    """One kernel process. `edit` may change the connection file's content before the start."""

    PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")

    def __init__(self, program, transport="tcp", edit=None, env=None, ipc_path=None, start=True):
        self.dir = tempfile.mkdtemp(prefix="xtc")
        self.program = program
        self.env = env
        self.connection_file = os.path.join(self.dir, "kernel.json")
        self.key = uuid.uuid4().hex
        self.clients = []
        self.process = None
        if transport == "tcp":
            ip, ports = "127.0.0.1", free_ports(5)
        else:
            ip, ports = ipc_path or os.path.join(self.dir, "k"), range(1, 6)
        self.connection = dict(
            zip(self.PORTS, ports), transport=transport, ip=ip, key=self.key,
            signature_scheme="hmac-sha256", kernel_name="xtinycc")
        if edit:
            edit(self.connection)
        fd = os.open(self.connection_file, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(fd, "w") as f:
            json.dump(self.connection, f)
        if start:
            self.start()

    def start(self):
        self.stderr_file = open(os.path.join(self.dir, "stderr"), "a+")
        env = {**os.environ, "JPY_PARENT_PID": str(os.getpid()), **(self.env or {})}
        self.process = subprocess.Popen(
            [self.program, "-f", self.connection_file], env=env, stdin=subprocess.DEVNULL,
            stdout=self.stderr_file, stderr=self.stderr_file, start_new_session=True)
        return self

    def url(self, channel):
        c = self.connection
        port = c[channel + "_port"]
        return f"tcp://{c['ip']}:{port}" if c["transport"] == "tcp" else f"ipc://{c['ip']}-{port}"

    def connect(self, **kw):
        client = Client(self, **kw)
        self.clients.append(client)
        return client

    def alive(self):
        return self.process.poll() is None

    def wait(self, timeout=PATIENCE):
        return self.process.wait(timeout)

    def stderr(self):
        with open(self.stderr_file.name) as f:
            return f.read()

    def close(self):
        """End everything, then complain about messages that no test claimed."""
        unclaimed = []
        for c in self.clients:
            unclaimed += c.close()
        if self.process is not None:
            if self.alive():
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.stderr_file.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        assert not unclaimed, "messages that nobody claimed: %s" % unclaimed


class Message:
    def __init__(self, channel, header, parent, metadata, content, buffers, topic=b""):
        self.channel, self.header, self.parent = channel, header, parent
        self.metadata, self.content, self.buffers = metadata, content, buffers
        self.topic = topic
        self.arrived = time.monotonic()

    @property
    def type(self):
        return self.header["msg_type"]

    def __repr__(self):
        return f"{self.channel}:{self.type} {str(self.content)[:100]}"


class Result:
    """Everything that answered one request."""

    def __init__(self, reply, iopub):
        self.reply_message = reply
        self.reply = reply.content if reply else None
        self.iopub = iopub

    @property
    def status(self):
        return self.reply["status"]

    @property
    def shape(self):
        """Types of the iopub messages, states written out."""
        return [m.content["execution_state"] if m.type == "status" else m.type for m in self.iopub]

    def of(self, msg_type):
        return [m.content for m in self.iopub if m.type == msg_type]

    def text(self, name="stdout"):
        return "".join(c["text"] for c in self.of("stream") if c["name"] == name)

    @property
    def result(self):
        """text/plain of the only execute_result, or None."""
        found = self.of("execute_result")
        assert len(found) <= 1
        return found[0]["data"]["text/plain"] if found else None

    @property
    def error(self):
        found = self.of("error")
        assert len(found) <= 1
        return found[0] if found else None


class Exchange:
    """A request under way."""

    def __init__(self, client, header, channel, has_reply):
        self.client, self.header, self.channel, self.has_reply = client, header, channel, has_reply
        self.reply = None
        self.iopub = []
        self.finished = False

    @property
    def idle(self):
        return bool(self.iopub) and self.iopub[-1].content.get("execution_state") == "idle"

    def take(self, message):
        """Return whether the message belongs here and is one that the protocol allows."""
        if self.finished or message.parent.get("msg_id") != self.header["msg_id"]:
            return False
        assert message.parent == self.header, "the parent is not the whole request header"
        if message.channel == "iopub":
            assert not self.idle, f"{message} after idle"
            if not self.iopub:
                assert message.content.get("execution_state") == "busy", f"{message} before busy"
            self.iopub.append(message)
        elif message.channel == self.channel:
            assert self.has_reply, f"{message} is not wanted"
            assert self.reply is None, "a second reply"
            self.reply = message
        else:
            return False
        return True

    def wait_for(self, msg_type, timeout=PATIENCE):
        """Wait for an iopub message of this type."""
        def seen():
            return [m for m in self.iopub if m.type == msg_type]
        self.client.pump_until(seen, timeout, f"{msg_type} of {self.header['msg_type']}")
        return seen()[-1]

    def wait_output(self, text, timeout=PATIENCE):
        """Wait until the joined stdout contains the text."""
        self.client.pump_until(lambda: text in Result(None, self.iopub).text(), timeout, text)

    def ended(self):
        """Whether everything that answers the request has come."""
        return self.idle and (self.reply is not None or not self.has_reply)

    def finish(self, timeout=PATIENCE):
        self.client.pump_until(
            self.ended, timeout, f"reply and idle of {self.header['msg_type']}")
        self.finished = True
        return Result(self.reply, self.iopub)


class Client:
    def __init__(self, kernel, connect_iopub=True, ready=True, verify=True):
        self.kernel = kernel
        self.key = kernel.key.encode()
        self.session = uuid.uuid4().hex
        self.context = zmq.Context()
        self.context.linger = 0
        self.exchanges, self.unclaimed, self.seen_ids = {}, [], set()
        self.questions = []
        self.kernel_session = None
        self.sockets = {}
        identity = uuid.uuid4().hex.encode()
        for channel in ("shell", "control", "stdin"):
            s = self.context.socket(zmq.DEALER)
            s.identity = identity
            s.connect(kernel.url(channel))
            self.sockets[channel] = s
        self.welcomes, self.starting = [], []
        if connect_iopub:
            s = self.context.socket(zmq.SUB)
            s.rcvhwm = 0
            s.subscribe(b"")
            s.connect(kernel.url("iopub"))
            self.sockets["iopub"] = s
        if ready:
            if connect_iopub:
                self.pump_until(lambda: self.welcomes, PATIENCE, "iopub_welcome")
            self.request("kernel_info_request").finish()

    # ---- frames

    def sign(self, parts):
        mac = hmac.new(self.key, digestmod=hashlib.sha256)
        for p in parts:
            mac.update(p)
        return mac.hexdigest().encode()

    def header(self, msg_type, **extra):
        return dict({"msg_id": uuid.uuid4().hex, "username": "test", "session": self.session,
                     "date": "2024-01-01T00:00:00.000000Z", "msg_type": msg_type,
                     "version": "5.3"}, **extra)

    def encode(self, header, content, parent=None, metadata=None):
        parts = [json.dumps(p, ensure_ascii=False).encode() for p in
                 (header, {} if parent is None else parent, {} if metadata is None else metadata,
                  content)]
        return [DELIMITER, self.sign(parts)] + parts

    def send_frames(self, channel, frames):
        self.sockets[channel].send_multipart(frames)

    def decode(self, channel, frames):
        at = frames.index(DELIMITER)
        parts = frames[at + 2:at + 6]
        assert len(parts) == 4
        assert frames[at + 1] == self.sign(parts), "wrong signature"
        header, parent, metadata, content = [json.loads(p) for p in parts]
        assert HEADER_FIELDS <= set(header), f"header {header}"
        assert all(isinstance(header[f], str) and header[f] for f in HEADER_FIELDS), header
        assert ISO_DATE.match(header["date"]), header["date"]
        assert re.fullmatch(r"\d+\.\d+", header["version"]), header["version"]
        assert header["msg_id"] not in self.seen_ids, "msg_id used twice"
        self.seen_ids.add(header["msg_id"])
        self.kernel_session = self.kernel_session or header["session"]
        assert header["session"] == self.kernel_session, "more than one session"
        assert isinstance(parent, dict) and isinstance(metadata, dict)
        assert isinstance(content, dict)
        message = Message(channel, header, parent, metadata, content, frames[at + 6:],
                          b"".join(frames[:at]))
        if header["msg_type"] in SCHEMAS and content.get("status") != "aborted":
            validate_message(
                {"header": header, "parent_header": parent or {}, "metadata": metadata,
                 "content": content, "msg_id": header["msg_id"], "msg_type": header["msg_type"],
                 "buffers": []}, header["msg_type"], parent.get("msg_id"))
        return message

    # ---- receiving

    def pump(self, timeout):
        """Take what has arrived, waiting for at most timeout seconds for the first message."""
        poller = zmq.Poller()
        for s in self.sockets.values():
            poller.register(s, zmq.POLLIN)
        ready = dict(poller.poll(max(0, timeout) * 1000))
        for channel, s in self.sockets.items():
            if s in ready:
                self.route(self.decode(channel, s.recv_multipart()))
        return bool(ready)

    def route(self, m):
        exchange = self.exchanges.get(m.parent.get("msg_id"))
        if exchange is not None and exchange.take(m):
            return
        if m.type == "iopub_welcome" and not m.parent:
            assert m.metadata == {}
            self.welcomes.append(m)
        elif m.content.get("execution_state") == "starting":
            assert not m.parent, "starting has a parent"
            self.starting.append(m)
        elif m.channel == "stdin" and m.type == "input_request" and exchange is not None:
            assert m.parent == exchange.header
            self.questions.append(m)
        else:
            self.unclaimed.append(m)

    def pump_until(self, done, timeout, what):
        end = time.monotonic() + timeout
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"no {what} within {timeout} s; unclaimed: {self.unclaimed}; "
                                     f"stderr: {self.kernel.stderr()[-500:]}")
            self.pump(min(left, 0.5))
            if not self.kernel.alive() and not self.pump(0.05) and not done():
                raise AssertionError(f"the kernel ended ({self.kernel.process.returncode}) before "
                                     f"{what}: {self.kernel.stderr()[-500:]}")

    def quiet(self, seconds=0.3):
        """Collect whatever comes within that time; used to show that nothing comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(end - time.monotonic())

    def claim(self, msg_type, timeout=PATIENCE):
        """Claim a message that belongs to no request under way (late output, other clients')."""
        def found():
            return [m for m in self.unclaimed if m.type == msg_type]
        self.pump_until(found, timeout, msg_type)
        m = found()[0]
        self.unclaimed.remove(m)
        return m

    def claim_all(self):
        taken, self.unclaimed = self.unclaimed, []
        return taken

    # ---- requests

    def request(self, msg_type, content=None, channel="shell", has_reply=None, metadata=None,
                **header):
        h = self.header(msg_type, **header)
        if has_reply is None:
            has_reply = msg_type.endswith("_request")
        exchange = Exchange(self, h, channel, has_reply)
        self.exchanges[h["msg_id"]] = exchange
        self.send_frames(channel, self.encode(h, content or {}, metadata=metadata))
        return exchange

    def execute(self, code, **options):
        content = dict({"code": code, "silent": False, "store_history": True,
                        "user_expressions": {}, "allow_stdin": False, "stop_on_error": True},
                       **options)
        return self.request("execute_request", content)

    def run(self, code, timeout=PATIENCE, **options):
        return self.execute(code, **options).finish(timeout)

    def ask(self, msg_type, content=None, channel="shell", timeout=PATIENCE):
        """The reply's content of a request; it must answer with busy and idle only."""
        r = self.request(msg_type, content, channel).finish(timeout)
        assert r.shape == ["busy", "idle"], r.shape
        return r.reply

    def question(self, timeout=PATIENCE):
        """Claim the next input_request."""
        self.pump_until(lambda: self.questions, timeout, "input_request")
        return self.questions.pop(0)

    def answer(self, value):
        self.send_frames("stdin", self.encode(self.header("input_reply"), {"value": value}))

    def interrupt(self):
        return self.request("interrupt_request", channel="control").finish()

    def still_works(self):
        assert self.kernel.alive(), self.kernel.stderr()
        assert self.ask("kernel_info_request")["status"] == "ok"

    def close(self):
        """Return the messages that were never claimed."""
        if self.sockets:
            while self.kernel.alive() and self.pump(0.05):
                pass
        for s in self.sockets.values():
            s.close()
        self.sockets = {}
        self.context.term()
        unfinished = [e.header["msg_type"] for e in self.exchanges.values() if not e.finished]
        return self.unclaimed + self.questions + [f"unfinished {t}" for t in unfinished]
