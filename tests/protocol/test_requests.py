"""Requests and their answers: kernel_info, execute, abort, editor services, comms, history.

Checklist rows 11-17, 35-62 and 89-98.
"""

import pytest

from strict_client import ISO_DATE


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_kernel_info(client, channel):
    info = client.ask("kernel_info_request", channel=channel)
    assert info["status"] == "ok"
    assert info["implementation"] == "xeus-tinycc"
    assert info["protocol_version"].count(".") == 1
    assert info["supported_features"] == []
    language = info["language_info"]
    assert language["name"] == "c"
    assert language["mimetype"] == "text/x-csrc"
    assert language["codemirror_mode"] == "text/x-csrc"
    assert language["pygments_lexer"] == "c"
    assert language["file_extension"] == ".c"
    assert language["nbconvert_exporter"] == "script"
    assert info["help_links"]
    assert all(set(link) == {"text", "url"} for link in info["help_links"])
    texts = [v for v in list(info.values()) + list(language.values()) if isinstance(v, str)]
    assert all(texts), "an empty text switches highlighting off"


def test_kernel_info_while_busy(client):
    sleep = client.execute(client.cell.sleep(2))
    sleep.wait_output("began")
    info = client.ask("kernel_info_request", channel="control")
    assert info["status"] == "ok" and not sleep.ended()
    client.interrupt()
    assert sleep.finish().status == "error"


def test_order_and_counts(client):
    result = client.run(client.cell.say("text"))
    assert result.shape == ["busy", "execute_input", "stream", "idle"]
    assert result.reply["payload"] == [] and result.reply["user_expressions"] == {}
    shown = client.run(client.cell.result("41"))
    assert shown.shape == ["busy", "execute_input", "execute_result", "idle"]
    assert shown.of("execute_input")[0]["execution_count"] == 2
    assert shown.of("execute_result")[0]["execution_count"] == 2
    assert shown.reply["execution_count"] == 2
    assert shown.reply_message.metadata["started"]


def test_30_parent_is_the_whole_request_header(client):
    """With fields that the kernel does not know, on both channels and for every message."""
    for msg_type, content, channel in [
            ("execute_request", {"code": client.cell.say("x"), "silent": False}, "shell"),
            ("execute_request", {"code": client.cell.fail(), "silent": False}, "shell"),
            ("is_complete_request", {"code": "x"}, "shell"), ("kernel_info_request", {}, "control")]:
        asked = client.request(msg_type, content, channel, subshell_id=None, more={"a": [1, "\u00e4"]})
        result = asked.finish()
        assert asked.header["more"] == {"a": [1, "\u00e4"]}
        for message in [result.reply_message, *result.iopub]:
            assert message.parent == asked.header, message


def test_40_what_control_requests_publish_has_their_parent(client):
    cell = client.execute(client.cell.sleep(30))
    cell.wait_output("began")
    asked = client.request("kernel_info_request", channel="control")
    result = asked.finish()
    assert result.shape == ["busy", "idle"]
    assert all(message.parent == asked.header for message in result.iopub)
    assert not cell.ended()
    stopped = client.request("interrupt_request", channel="control").finish()
    assert stopped.shape == ["busy", "idle"]
    assert all(message.parent == cell.header for message in cell.finish().iopub)


def test_54_every_result_has_plain_text(real):
    real.run('tensor_t x = tensor_zeros(4, 3), y = tensor_zeros(4); struct { int a; } one = {1};'
             ' model_t *net = Sequential("net", Input(3), Dense(2, .activation = "softmax"));'
             ' model_compile(net, .optimizer = SGD(), .loss = "sparse_categorical_crossentropy");')
    for code in ("1", '"text"', "0.5", "one", "(int *)0", "x", "net",
                 "model_fit(net, x, y, .epochs = 1, .verbose = NN_SILENT)", "model_history(net)",
                 "model_evaluate(net, x, y)", "model_summary"):
        result = real.run(code)
        assert result.status == "ok", (code, result.reply)
        shown = result.of("execute_result") + result.of("display_data")
        assert shown and all(one["data"]["text/plain"] for one in shown), (code, shown)


def test_62_replies_say_when_they_were_started(client):
    for code, silent in [(client.cell.say("x"), False), (client.cell.fail(), False), ("", True)]:
        result = client.run(code, silent=silent)
        assert ISO_DATE.match(result.reply_message.metadata["started"]), result.reply_message.metadata


def test_a_hundred_queued_cells(client):
    queued = [client.execute(client.cell.result(str(n))) for n in range(1, 101)]
    done = [exchange.finish() for exchange in queued]
    assert [r.result for r in done] == [str(n) for n in range(1, 101)]
    assert [r.reply["execution_count"] for r in done] == list(range(1, 101))


def test_store_history_false_leaves_the_count(client):
    client.run(client.cell.result("1"))
    aside = client.run(client.cell.result("2"), store_history=False)
    assert aside.result == "2" and aside.reply["execution_count"] == 1
    assert client.run(client.cell.result("3")).reply["execution_count"] == 2
    told = client.ask("history_request", {"hist_access_type": "tail", "n": 10, "output": False})
    assert [entry[2] for entry in told["history"]] == [client.cell.result("1"),
                                                       client.cell.result("3")]


def test_silent_publishes_nothing(client):
    client.run(client.cell.result("1"))
    for code in (client.cell.say("x"), client.cell.result("2"), client.cell.fail(), ""):
        result = client.run(code, silent=True, store_history=True)
        assert result.shape == ["busy", "idle"]
        assert result.reply["execution_count"] == 1
    assert client.run(client.cell.result("2")).reply["execution_count"] == 2


def test_user_expressions(real):
    real.run("int x = 41;")
    result = real.run("x++;", user_expressions={"good": "x + 1", "bad": "nowhere", "odd": 3})
    told = result.reply["user_expressions"]
    assert result.status == "ok"
    assert told["good"]["status"] == "ok" and told["good"]["data"]["text/plain"] == "43"
    assert told["bad"]["status"] == "error" and told["bad"]["ename"] == "CompileError"
    assert told["odd"]["status"] == "error"
    assert real.run("x").result == "42"


def test_error(client):
    result = client.run(client.cell.fail())
    assert result.shape == ["busy", "execute_input", "error", "idle"]
    assert result.status == "error" and result.reply["ename"] == client.cell.fail_name
    assert {k: result.reply[k] for k in result.error} == result.error
    assert result.reply["execution_count"] == 1
    assert not result.text("stderr")


def test_exception_in_the_kernel_is_an_error_of_the_cell(fake):
    result = fake.run("throw all to pieces")
    assert result.reply["ename"] == "KernelError" and result.error["ename"] == "KernelError"
    assert fake.run("say on").text() == "on"


def test_session_that_is_gone(fake):
    assert fake.run("gone").reply["ename"] == "KernelError"
    fake.still_works()


def test_queued_cells_are_aborted(client):
    failing = client.execute(client.cell.sleep(0.5) + "\n" + client.cell.fail()
                             if client.cell.name == "fake" else
                             "#include <unistd.h>\nusleep(500000); abort();")
    queued = [client.execute(client.cell.say("never")) for _ in range(5)]
    asked = client.request("kernel_info_request")
    completed = client.request("is_complete_request", {"code": "x"})
    assert failing.finish().status == "error"
    for exchange in queued:
        result = exchange.finish()
        assert result.reply == {"status": "aborted"}
        assert result.shape == ["busy", "idle"]
    assert asked.finish().reply["status"] == "ok"
    assert "status" in completed.finish().reply
    assert client.run(client.cell.say("on")).text() == "on"


def test_stop_on_error_false_lets_the_queue_go_on(client):
    failing = client.execute(client.cell.fail(), stop_on_error=False)
    queued = [client.execute(client.cell.say("runs")) for _ in range(3)]
    assert failing.finish().status == "error"
    assert [e.finish().text() for e in queued] == ["runs"] * 3


def test_stop_on_error_is_true_if_left_out(client):
    content = {"code": client.cell.fail(), "silent": False}
    slow = client.execute(client.cell.sleep(0.3))
    failing = client.request("execute_request", content)
    queued = client.execute(client.cell.say("never"))
    assert slow.finish().status == "ok"
    assert failing.finish().status == "error"
    assert queued.finish().status == "aborted"


def test_what_is_sent_after_an_error_runs(client):
    for _ in range(20):
        failing = client.execute(client.cell.fail())
        client.pump_until(lambda: failing.reply is not None, 60, "reply")
        after = client.execute(client.cell.say("runs"))
        failing.finish()
        assert after.finish().text() == "runs"


def test_displays(fake):
    result = fake.run("show 0 text/plain words\nshow 7 image/png PNG\nupdate 7 text/plain more\n"
                      "update 9 text/plain nobody\nclear wait\nclear")
    assert result.shape == ["busy", "execute_input", "display_data", "display_data",
                            "update_display_data", "clear_output", "clear_output", "idle"]
    first, second = result.of("display_data")
    assert first["transient"] == {}
    assert second["data"]["image/png"] == "UE5H"  # base64
    assert second["metadata"]["image/png"] == {"width": 10, "height": 20}
    update = result.of("update_display_data")[0]
    assert update["transient"] == second["transient"]
    assert [c["wait"] for c in result.of("clear_output")] == [True, False]


def test_display_numbers_used_again_are_other_displays(fake):
    """A session that went back to a snapshot gives the same numbers again."""
    first = fake.run("show 7 text/plain a").of("display_data")[0]
    second = fake.run("show 7 text/plain b").of("display_data")[0]
    assert first["transient"]["display_id"] != second["transient"]["display_id"]
    update = fake.run("update 7 text/plain c").of("update_display_data")[0]
    assert update["transient"] == second["transient"]


def test_late_output_carries_its_own_cell(client):
    code = "late text" if client.cell.name == "fake" else (
        '#include <pthread.h>\n#include <unistd.h>\nvoid *later_(void *p) '
        '{ usleep(300000); printf("text"); return p; }\n'
        'pthread_t thread_; pthread_create(&thread_, NULL, later_, NULL);')
    first = client.run(code)
    assert first.status == "ok", first.reply
    if client.cell.name == "fake":
        client.run(client.cell.say("meanwhile"))
    # (All of a session's threads share its pipes: what they print once another cell has begun
    # counts as that cell's.)
    late = client.claim("stream")
    assert late.content["text"] == "text"
    assert late.parent == first.reply_message.parent


def test_streams_of_children(real):
    result = real.run('#include <errno.h>\n#include <unistd.h>\n'
                      'printf("1"); write(1, "2", 1); fflush(stdout); system("echo 3; echo 4 >&2");'
                      'errno = 2; perror("5");')
    assert result.text() == "123\n"
    assert result.text("stderr") == "4\n5: No such file or directory\n"


def test_output_is_live(client):
    cell = client.execute(client.cell.sleep(3))
    cell.wait_output("began")
    assert not cell.ended()
    client.interrupt()
    assert cell.finish().reply["ename"] == "KeyboardInterrupt"


def test_output_precedes_the_idle_of_its_cell(client):
    for n in range(10):
        result = client.run(client.cell.lines(500, 40))
        assert len(result.text()) == 500 * 40
        assert result.shape[-1] == "idle"


def test_one_long_line(real):
    result = real.run('for (int i_ = 0; i_ < 1000; i_++) { char row_[1001]; '
                      'memset(row_, "ab"[i_ & 1], 1000); row_[1000] = 0; fputs(row_, stdout); }')
    assert result.text() == ("a" * 1000 + "b" * 1000) * 500


@pytest.mark.parametrize("code, name", [
    ("exit(3);", "ExitStatus"), ("_exit(3);", "ExitStatus"), ("abort();", "SIGABRT"),
    ("int *p_ = 0; *p_ = 1;", "SIGSEGV"), ("raise(SIGFPE);", "SIGFPE"),
    ("kill(0, SIGKILL);", "SIGKILL"),
])
def test_deaths_go_back_to_the_state_before(real, code, name):
    real.run("int x = 41;")
    includes = "#include <signal.h>\n#include <unistd.h>\n"
    result = real.run(includes + "x = 7; " + code)
    assert result.reply["ename"] == name
    assert real.run("x").result == "41"


# ---- editor services

@pytest.mark.parametrize("msg_type", ["complete_request", "inspect_request"])
@pytest.mark.parametrize("cursor", [0, 3, -5, 10 ** 9, 2 ** 63, 2 ** 64 - 1])
def test_any_cursor(client, msg_type, cursor):
    content = {"code": "\U0001f600 pr\u00e4 fprint", "cursor_pos": cursor, "detail_level": 0}
    reply = client.ask(msg_type, content)
    assert reply["status"] == "ok"
    if msg_type == "complete_request":
        assert 0 <= reply["cursor_start"] <= reply["cursor_end"] <= 12


def test_is_complete(real):
    for code, status in [("int x = 1;", "complete"), ("int f(int a) {", "incomplete"),
                         ("}", "invalid"), ("/* open", "incomplete")]:
        assert real.ask("is_complete_request", {"code": code})["status"] == status


def test_is_complete_gives_the_indent(real):
    reply = real.ask("is_complete_request", {"code": "void f(void) {\n    if (1) {"})
    assert reply == {"status": "incomplete", "indent": " " * 8}


# ---- history

def ask_history(client, **how):
    content = dict({"raw": True, "output": False, "hist_access_type": "tail"}, **how)
    return client.ask("history_request", content)["history"]


def test_history(client):
    cells = [client.cell.result(str(n)) for n in range(1, 6)]
    for cell in cells:
        client.run(cell)
    assert [line[2] for line in ask_history(client, n=3)] == cells[2:]
    assert [line[1] for line in ask_history(client, n=3)] == [3, 4, 5]
    assert all(isinstance(v, int) for line in ask_history(client, n=5) for v in line[:2])
    ranged = ask_history(client, hist_access_type="range", session=0, start=2, stop=4)
    assert [line[2] for line in ranged] == cells[1:3]
    shown = ask_history(client, n=1, output=True)
    assert shown[0][2] == [cells[4], "5"]
    assert ask_history(client, hist_access_type="nonsense") == []


def test_history_search(client):
    for value in ("11", "12", "11", "21"):
        client.run(client.cell.result(value))
    def find(pattern, **how):
        return [line[2] for line in
                ask_history(client, hist_access_type="search", pattern=pattern, **how)]
    one, two = client.cell.result("11"), client.cell.result("12")
    assert find("*1?") == [one, two, one]
    assert find("*1?", n=2) == [two, one]
    assert sorted(find("*1?", unique=True)) == sorted([one, two])
    assert find("*nowhere*") == []


def test_history_search_takes_no_time_to_fail(client):
    client.run(client.cell.say("a" * 100000) if client.cell.name == "fake"
               else "/*" + "a" * 1_000_000 + "*/")
    assert ask_history(client, hist_access_type="search", pattern="*a*a*a*a*b") == []


# ---- comms

def test_comms(client):
    opened = client.request("comm_open", {"comm_id": "c", "target_name": "t", "data": {}})
    assert opened.finish().of("comm_close") == [{"comm_id": "c", "data": {}}]
    for msg_type in ("comm_msg", "comm_close"):
        assert client.request(msg_type, {"comm_id": "gone", "data": {}}).finish().shape == [
            "busy", "idle"]
    client.request("comm_open", {}).finish()
    assert client.ask("comm_info_request")["comms"] == {}


def test_two_clients_see_the_same_output(start):
    kernel = start()
    first, second = kernel.connect(), kernel.connect()
    first.claim_all()
    result = first.run(start.dialect.say("shared"))
    second.quiet()
    seen = [m for m in second.claim_all() if m.parent == result.reply_message.parent]
    assert [m.type for m in seen] == [m.type for m in result.iopub]
    first.claim_all()
