"""Frames that are damaged, forged or replayed. Checklist rows 20-34."""

import json

import pytest

from strict_client import DELIMITER

CHANNELS = ["shell", "control", "stdin"]


def parts_of(client, msg_type="execute_request", content=None, **header):
    content = content if content is not None else {"code": client.cell.say("forged")}
    return client.encode(client.header(msg_type, **header), content)


@pytest.fixture(params=CHANNELS)
def channel(request):
    return request.param


def nothing_comes(client):
    client.quiet()
    assert not client.claim_all()
    client.still_works()


def test_wrong_key(client, channel):
    frames = parts_of(client)
    frames[1] = b"0" * 64
    client.send_frames(channel, frames)
    nothing_comes(client)


@pytest.mark.parametrize("signature", [b"", b"0", b"0" * 63, b"0" * 65, b"\xff" * 64])
def test_signature_of_a_wrong_form(client, channel, signature):
    frames = parts_of(client)
    frames[1] = signature
    client.send_frames(channel, frames)
    nothing_comes(client)


@pytest.mark.parametrize("count", range(6))
def test_too_few_frames(client, channel, count):
    client.send_frames(channel, parts_of(client)[:count] or [b""])
    nothing_comes(client)


@pytest.mark.parametrize("frames", [[b""], [b"", b"", b"", b"", b"", b"", b""], [b"x"] * 7])
def test_no_delimiter(client, channel, frames):
    client.send_frames(channel, frames)
    nothing_comes(client)


@pytest.mark.parametrize("broken", [b"", b"{", b"nonsense", b"\xff\xfe", b"[1]", b"null", b"3",
                                    b'{"a":' * 100000 + b"1" + b"}" * 100000, b"[" * 200000])
@pytest.mark.parametrize("at", [2, 3, 4, 5])
def test_signed_but_not_an_object(client, broken, at):
    frames = parts_of(client)
    frames[at] = broken
    frames[1] = client.sign(frames[2:6])
    client.send_frames("shell", frames)
    client.still_works()  # and what came before that answer was all that the frames brought
    # A null parent or metadata may stand for {}; then the cell ran.
    for message in client.claim_all():
        assert broken == b"null" and message.parent


@pytest.mark.parametrize("header", [{}, {"msg_type": 3}, {"msg_id": 1}, {"msg_type": ""},
                                    {"msg_id": None, "msg_type": "execute_request"}])
def test_signed_header_of_a_wrong_shape(client, channel, header):
    parts = [json.dumps(p).encode() for p in (header, {}, {}, {})]
    client.send_frames(channel, [DELIMITER, client.sign(parts)] + parts)
    nothing_comes(client)


def test_replay_is_not_executed(client):
    header = client.header("execute_request")
    frames = client.encode(header, {"code": client.cell.say("once"), "silent": False})
    for _ in range(3):
        client.send_frames("shell", frames)
    client.quiet(0.5)
    said = [m for m in client.claim_all() if m.type == "stream"]
    assert [m.content["text"] for m in said] == ["once"]


def test_unknown_request(client):
    for msg_type in ("sing_request", "debug_request", "create_subshell_request",
                     "connect_request", "apply"):
        for channel in ("shell", "control"):
            result = client.request(msg_type, {}, channel, has_reply=False)
            client.pump_until(lambda: result.idle, 60, msg_type)
            assert result.finish().shape == ["busy", "idle"]
    client.still_works()


@pytest.mark.parametrize("msg_type, content", [
    ("execute_request", {"code": 123}), ("execute_request", {}),
    ("execute_request", {"code": "", "silent": "yes"}),
    ("execute_request", {"code": "", "user_expressions": []}),
    ("complete_request", {"code": "", "cursor_pos": "end"}),
    ("inspect_request", {"code": ["a"], "cursor_pos": 0}),
    ("history_request", {"n": "all"}),
])
def test_content_of_a_wrong_type(client, msg_type, content):
    result = client.request(msg_type, content).finish()
    assert result.shape == ["busy", "idle"]
    assert result.status == "error"
    assert result.reply["ename"] == "ProtocolError"
    client.still_works()


def test_is_complete_without_code(client):
    """The status of its reply knows no "error"."""
    assert client.ask("is_complete_request", {}) == {"status": "unknown"}
    client.still_works()


def test_null_where_a_value_may_be_left_out(client):
    assert client.ask("comm_info_request", {"target_name": None}) == {"status": "ok", "comms": {}}


def test_fields_beyond_the_protocol_are_ignored(client):
    result = client.request(
        "execute_request", {"code": client.cell.say("hi"), "colour": "red"},
        metadata={"cellId": "c1"}, subshell_id=None).finish()
    assert result.text() == "hi"


def test_bytes_that_are_not_utf8(fake):
    result = fake.run("bytes")
    assert result.status == "ok"
    assert result.text() == "bad \ufffd\ufffd end\n"


def test_bytes_that_are_not_utf8_from_c(real):
    result = real.run(r'printf("bad \xff\xfe end\n");')
    assert result.text() == "bad \ufffd\ufffd end\n"
    # A character cut across two writes is whole again.
    cut = real.run('#include <unistd.h>\n'
                   r'write(1, "\xc3", 1); usleep(200000); write(1, "\xa9\n", 2);')
    assert cut.text() == "\u00e9\n"


def test_control_characters_survive(real):
    result = real.run(r'fwrite("a\0b\rc\033[31md", 1, 11, stdout);')
    assert result.text() == "a\0b\rc\x1b[31md"


def test_ten_megabytes_of_code(client):
    padding = "\n" * 10_000_000
    assert client.run(client.cell.say("end") + padding).text() == "end"
    client.still_works()
