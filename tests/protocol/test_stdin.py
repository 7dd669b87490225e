"""Reading from the user. Checklist rows 81-88; fault F27."""

import os
import signal

import pytest


def asked(client, code, *answers):
    """Run a cell, give these answers in turn; the prompts and the result."""
    cell = client.execute(code, allow_stdin=True)
    prompts = []
    for answer in answers:
        question = client.question()
        assert set(question.content) == {"prompt", "password"}
        prompts.append(question.content["prompt"])
        client.answer(answer)
    return prompts, cell.finish()


def test_81_question(shared):
    cell = shared.execute('printf("age? "); int n; scanf("%d", &n); n', allow_stdin=True)
    question = shared.question()
    assert question.content == {"prompt": "age? ", "password": False}
    shared.answer("12")
    assert cell.finish().result == "12"


def test_81_password(shared):
    cell = shared.execute('#include <unistd.h>\nchar *word = getpass("secret: "); word', allow_stdin=True)
    question = shared.question()
    assert question.content == {"prompt": "secret: ", "password": True}
    shared.answer("open sesame")
    assert cell.finish().result == '"open sesame"'


READERS = {
    "scanf": ('int a, b; scanf("%d %d", &a, &b); a * 100 + b', ["12 7"], "1207"),
    "scanf twice": ('int a, b; scanf("%d", &a); scanf("%d", &b); a * 100 + b', ["12", "7"], "1207"),
    "scanf string": ('char s[20]; scanf("%19s", s); s', ["Ada"], '"Ada"'),
    "fgets": ("char l[20]; fgets(l, 20, stdin); l", ["Ada L."], '"Ada L.\\n"'),
    "getchar": ("int a = getchar(), b = getchar(); a * 1000 + b", ["x"], str(ord("x") * 1000 + 10)),
    "getc": ("getc(stdin) + 0", ["A"], "65"),
    "ungetc": ("ungetc(getchar(), stdin); getchar() + 0", ["A"], "65"),
    "getline": ("char *l = NULL; size_t n = 0; long size = getline(&l, &n, stdin); size",
                ["four"], "5"),
    "read": ("#include <unistd.h>\nchar l[20] = {0}; long size = read(0, l, 19); l", ["Ada"],
             '"Ada\\n"'),
    "read from STDIN_FILENO": ("#include <unistd.h>\nchar c; read(STDIN_FILENO, &c, 1); c", ["z"],
                               "'z' (122)"),
    "fread": ("char l[5] = {0}; fread(l, 1, 4, stdin); l", ["Ada"], '"Ada\\n"'),
    "UTF-8": ("char l[20]; fgets(l, 20, stdin); strlen(l)", ["\u00e9\U0001f600"], "7"),
    "empty line": ("char l[20]; fgets(l, 20, stdin); l", [""], '"\\n"'),
    "long line": ("static char l[200000]; fgets(l, sizeof l, stdin); strlen(l)", ["y" * 100000],
                  "100001"),
    "in a function": ('int ask(void) { int v; scanf("%d", &v); return v; } ask() + ask()',
                      ["1", "2"], "3"),
}


@pytest.mark.parametrize("code, answers, result", READERS.values(), ids=READERS)
def test_82_readers(shared_tcp, code, answers, result):
    assert asked(shared_tcp, code, *answers)[1].result == result


def test_82_what_is_left_of_a_line_is_not_the_next_cells(shared):
    assert asked(shared, 'int a; scanf("%d", &a); a', "1 2 3")[1].result == "1"
    assert asked(shared, 'scanf("%d", &a); a', "9")[1].result == "9"


READS = ["getchar();", 'int v_; scanf("%d", &v_);', "char l_[9]; fgets(l_, 9, stdin);",
         "#include <unistd.h>\nchar c_; read(0, &c_, 1);",
         '#include <unistd.h>\ngetpass("secret: ");']


@pytest.mark.parametrize("code", READS)
def test_83_F27_nobody_to_ask(shared, code):
    result = shared.run("kept = 42; " + code if "#" not in code else code)
    assert result.reply["ename"] == "StdinNotImplementedError"
    shared.run("kept = 41;")


def test_84_86_old_answers_are_not_taken(shared):
    shared.answer("old")
    cell = shared.execute('printf("shown first\\nword? "); char w[20]; fgets(w, 20, stdin); w',
                          allow_stdin=True)
    question = shared.question()
    cell.wait_output("shown first\n")  # row 86: what was printed comes before the answer is given
    assert question.content["prompt"] == "word? "
    shared.answer("new")
    shared.answer("too much")
    assert cell.finish().result == '"new\\n"'
    assert asked(shared, "fgets(w, 20, stdin); w", "newer")[1].result == '"newer\\n"'


def test_85_end_of_file(shared):
    _, result = asked(shared, "int c = getchar(); c == EOF && feof(stdin)", "\x04")
    assert result.result == "1"
    # clearerr asks again, and so does the next cell.
    _, result = asked(shared, "c = getchar(); clearerr(stdin); c = c == EOF ? getchar() : 0; c",
                      "\x04", "A")
    assert result.result == "65"
    assert asked(shared, "c = getchar(); c", "B")[1].result == "66"


def test_87_only_the_requester_is_asked(shared):
    other = shared.kernel.connect()
    cell = shared.execute("char l[9]; fgets(l, 9, stdin); l", allow_stdin=True)
    shared.question()
    other.quiet()
    assert not other.questions
    other.answer("forged")
    shared.answer("true")
    assert cell.finish().result == '"true\\n"'
    shared.claim_all()
    other.quiet()
    other.claim_all()
    shared.kernel.clients.remove(other)
    other.close()


def test_88_asked_client_that_vanishes(shared):
    other = shared.kernel.connect()
    cell = other.execute("getchar();", allow_stdin=True)
    other.question()
    other.exchanges.clear()
    shared.kernel.clients.remove(other)
    other.close()
    assert shared.interrupt().reply["status"] == "ok"
    def told():
        """What everybody hears of that cell."""
        return [m for m in shared.unclaimed if m.parent == cell.header]
    shared.pump_until(lambda: told() and told()[-1].content.get("execution_state") == "idle", 60,
                      "the end of the cell")
    assert [m.content["ename"] for m in told() if m.type == "error"] == ["KeyboardInterrupt"]
    assert shared.run("kept").result == "41"
    shared.claim_all()


def test_88_question_to_a_client_that_is_gone(shared):
    """The client goes while the cell runs; only then does the cell ask."""
    other = shared.kernel.connect()
    cell = other.execute('printf("began"); for (int i = 0; i < 3; i++) { char c; scanf("%c", &c); }',
                         allow_stdin=True)
    os.kill(shared.kernel.process.pid, signal.SIGSTOP)
    other.exchanges.clear()
    shared.kernel.clients.remove(other)
    other.close()
    os.kill(shared.kernel.process.pid, signal.SIGCONT)
    def ended():
        return [m for m in shared.unclaimed if m.parent == cell.header
                and m.content.get("execution_state") == "idle"]
    while not ended():
        shared.interrupt()
        shared.pump(0.1)
    assert shared.run("kept").result == "41"
    shared.claim_all()
