"""Starting the kernel: its specification, the connection file, its ports. Checklist rows 1-10, 18."""

import json
import os
import socket
import subprocess
import time

import pytest

from strict_client import Kernel, free_ports

GIVE_UP = 60


def test_kernel_json(kernel_json):
    assert kernel_json["display_name"] == "C (TinyCC)"
    assert kernel_json["language"] == "c"
    assert kernel_json["interrupt_mode"] == "message"
    assert "{connection_file}" in kernel_json["argv"]
    assert os.access(kernel_json["argv"][0], os.X_OK)
    # Neither is served: a client must not be told so.
    assert "supported_encryption" not in kernel_json.get("metadata", {})
    assert "kernel_protocol_version" not in kernel_json


def test_2_start_is_answered(start, record_property):
    began = time.monotonic()
    client = start().connect()
    assert client.ask("kernel_info_request")["status"] == "ok"
    record_property("start_s", time.monotonic() - began)  # a figure, no condition


def refusal(program, file):
    """What the program says as it refuses a connection file."""
    done = subprocess.run([program, "-f", str(file)], capture_output=True, text=True,
                          timeout=GIVE_UP, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def whole():
    """The content of a connection file that would do."""
    ports = free_ports(5)
    return dict(zip(Kernel.PORTS, ports), transport="tcp", ip="127.0.0.1", key="k" * 32,
                signature_scheme="hmac-sha256")


@pytest.fixture
def refused(start_tcp, tmp_path):
    def refused(text):
        file = tmp_path / "connection.json"
        file.write_text(text)
        file.chmod(0o600)
        return refusal(start_tcp.program, file)
    return refused


def test_missing_file(start_tcp, tmp_path):
    assert "nowhere.json" in refusal(start_tcp.program, tmp_path / "nowhere.json")


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null", "\xff\xfe"])
def test_file_that_is_no_object(refused, text):
    assert "connection.json" in refused(text)


@pytest.mark.parametrize("changes, named", [
    ({"shell_port": "none"}, "shell_port"), ({"hb_port": 0}, "hb_port"),
    ({"iopub_port": 65536}, "iopub_port"), ({"stdin_port": 1.5}, "stdin_port"),
    ({"control_port": None}, "control_port"), ({"key": ""}, "key"), ({"key": None}, "key"),
    ({"signature_scheme": "hmac-md5"}, "hmac-md5"), ({"transport": "carrier"}, "carrier"),
])
def test_wrong_value_is_named(refused, whole, changes, named):
    assert named in refused(json.dumps(dict(whole, **changes)))


def test_registration_file_is_refused(refused, whole):
    registration = {"kernel_protocol_version": "5.5", "registration_port": whole["shell_port"],
                    "ip": "127.0.0.1", "key": "k" * 32, "transport": "tcp"}
    assert "registration" in refused(json.dumps(registration))


def test_port_in_use_is_named(refused, whole):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        whole["stdin_port"] = holder.getsockname()[1]
        assert f"127.0.0.1:{whole['stdin_port']}" in refused(json.dumps(whole))


def test_ports_as_strings_and_unknown_keys(start_tcp):
    def edit(connection):
        for port in Kernel.PORTS:
            connection[port] = str(connection[port])
        connection["colour"] = {"of": "the wall"}
    start_tcp(edit=edit).connect().still_works()


def test_long_ipc_path(start_ipc):
    folder = "/tmp/" + "p" * (105 - len("/tmp/"))  # with "-1": 107 bytes, the system's limit
    start_ipc(ipc_path=folder).connect().still_works()


def test_ipc_path_beyond_the_limit(refused, whole):
    whole.update(transport="ipc", ip="/tmp/" + "p" * 110)
    whole.update(zip(Kernel.PORTS, range(1, 6)))
    assert whole["ip"] in refused(json.dumps(whole))


def test_listens_on_the_given_address_only(start_tcp):
    kernel = start_tcp()
    kernel.connect()
    listening = subprocess.run(["ss", "-ltnp"], capture_output=True, text=True, check=True).stdout
    for port in Kernel.PORTS:
        number = kernel.connection[port]
        places = {line.split()[3] for line in listening.splitlines()
                  if line.split()[3].endswith(f":{number}")}
        assert places == {f"127.0.0.1:{number}"}


def test_starting_is_said_once_and_each_subscriber_welcomed(start):
    kernel = start()
    first = kernel.connect()
    second = kernel.connect()
    first.quiet()
    second.quiet()
    assert len(first.starting) == 1
    assert not second.starting
    assert first.welcomes and second.welcomes
    assert first.welcomes[0].content == {"subscription": ""}
    # Each sees what the other asked for.
    for message in first.claim_all():
        assert message.parent["session"] == second.session


def test_session_is_new_after_a_restart(start):
    sessions = {start().connect().kernel_session for _ in range(2)}
    assert len(sessions) == 2


def test_key_is_nowhere_in_the_worker(start_tcp):
    kernel = start_tcp()
    client = kernel.connect()
    key = kernel.key
    cell = ('FILE *maps_ = popen("cat /proc/self/environ /proc/$PPID/environ /proc/$PPID/cmdline'
            ' | tr \'\\\\0\' \'\\\\n\'", "r"); char line_[4096];'
            ' while (fgets(line_, sizeof line_, maps_)) fputs(line_, stdout); pclose(maps_);')
    result = client.run(cell)
    assert result.status == "ok"
    assert key not in result.text()
