"""Shared fixtures of the protocol tests.

Which kernel is tested:
  XTINYCC_PREFIX   an installation (holds bin/xtinycc and share/jupyter/kernels/xtinycc);
                   without it: JUPYTER_PATH's entry that holds the kernel specification, else
                   build/prefix of this source tree.
  XTINYCC_FAKE     the program xtinycc-fake (front end over a test double); without it: the newest
                   one under build/*/tests. Tests that need it are skipped where there is none.

Tests of the checklist run over tcp and over ipc.
"""

import glob
import json
import os
import pathlib

import pytest

import dialects
from strict_client import Kernel

TOP = pathlib.Path(__file__).resolve().parents[2]


def find_prefix():
    if os.environ.get("XTINYCC_PREFIX"):
        return pathlib.Path(os.environ["XTINYCC_PREFIX"])
    for entry in os.environ.get("JUPYTER_PATH", "").split(os.pathsep):
        if entry and os.path.exists(os.path.join(entry, "kernels/xtinycc/kernel.json")):
            return pathlib.Path(entry).parents[1]
    return TOP / "build" / "prefix"


def find_fake():
    if os.environ.get("XTINYCC_FAKE"):
        return os.environ["XTINYCC_FAKE"]
    built = glob.glob(str(TOP / "build" / "*" / "tests" / "xtinycc-fake"))
    return max(built, key=os.path.getmtime, default=None)


PREFIX = find_prefix()
SPEC_DIR = PREFIX / "share" / "jupyter" / "kernels" / "xtinycc"
os.environ["JUPYTER_PATH"] = str(PREFIX / "share" / "jupyter")  # for jupyter_client in this process


def program_of(dialect):
    if dialect.name == "real":
        return str(PREFIX / "bin" / "xtinycc")
    fake = find_fake()
    if fake is None:
        pytest.skip("xtinycc-fake is not built")
    return fake


class Factory:
    """Starts kernels of one program over one transport and ends them after the test."""

    def __init__(self, dialect, transport):
        self.dialect, self.transport = dialect, transport
        self.program = program_of(dialect)
        self.kernels = []

    def __call__(self, **kw):
        kw.setdefault("transport", self.transport)
        k = Kernel(self.program, **kw)
        self.kernels.append(k)
        return k

    def close(self):
        failures = []
        for k in self.kernels:
            try:
                k.close()
            except AssertionError as e:
                failures.append(e)
        if failures:
            raise failures[0]


@pytest.fixture(params=["tcp", "ipc"])
def transport(request):
    return request.param


def _factory(dialect, transport):
    f = Factory(dialect, transport)
    yield f
    f.close()


@pytest.fixture(params=[dialects.C(), dialects.Toy()], ids=["real", "fake"])
def start(request, transport):
    """Start kernels of either program: start() -> Kernel."""
    yield from _factory(request.param, transport)


@pytest.fixture
def start_real(transport):
    yield from _factory(dialects.C(), transport)


@pytest.fixture
def start_fake(transport):
    yield from _factory(dialects.Toy(), transport)


@pytest.fixture
def start_tcp():
    """The real program, over tcp only."""
    yield from _factory(dialects.C(), "tcp")


@pytest.fixture
def start_ipc():
    """The real program, over ipc only."""
    yield from _factory(dialects.C(), "ipc")


@pytest.fixture
def client(start):
    """A connected, ready client of a fresh kernel; `client.cell` makes its cells."""
    c = start().connect()
    c.cell = start.dialect
    return c


@pytest.fixture
def real(start_real):
    c = start_real().connect()
    c.cell = start_real.dialect
    return c


@pytest.fixture
def fake(start_fake):
    c = start_fake().connect()
    c.cell = start_fake.dialect
    return c


class Lasting:
    """One kernel for many tests: what one of them does must not matter to the next."""

    def __init__(self, dialect, transport):
        self.factory = Factory(dialect, transport)
        self.client = None

    def ready(self):
        if self.client is None or not self.client.kernel.alive():
            self.client = self.factory().connect()
            self.client.cell = self.factory.dialect
        return self.client

    def check(self):
        """Nothing may be left unclaimed; a client that fails here is not used again."""
        client, self.client = self.client, None
        left = client.unclaimed + client.questions
        left += [e for e in client.exchanges.values() if not e.finished]
        client.claim_all()
        client.questions.clear()
        client.exchanges.clear()
        assert not left, f"messages that nobody claimed: {left}"
        self.client = client


def _lasting(dialect, transport):
    lasting = Lasting(dialect, transport)
    yield lasting
    lasting.factory.close()


@pytest.fixture(scope="module", params=["tcp", "ipc"])
def lasting_of_both(request):
    yield from _lasting(dialects.C(), request.param)


@pytest.fixture(scope="module")
def lasting_of_tcp():
    yield from _lasting(dialects.C(), "tcp")


def _kept(lasting):
    client = lasting.ready()
    assert client.run("int kept = 41;").status == "ok"
    yield client
    lasting.check()
    assert client.run("kept").result == "41"


@pytest.fixture
def shared(lasting_of_both):
    """A client of a kernel that a module's tests share, over each transport. The session has an
    `int kept`, which must still be 41 when the test is over."""
    yield from _kept(lasting_of_both)


@pytest.fixture
def shared_tcp(lasting_of_tcp):
    """The same over tcp only: for what cells do, which no transport matters to."""
    yield from _kept(lasting_of_tcp)


@pytest.fixture
def kernel_json():
    return json.loads((SPEC_DIR / "kernel.json").read_text())
