"""The same small cells for the two programs under test.

`real` is the installed kernel and speaks C. `fake` is the front end over a test double of host.h
(tests/protocol/fake_host.cpp) and speaks toy commands; it shows what a session does only by
accident, and runs where the session's processes cannot.
"""


class C:
    name = "real"

    def say(self, text):
        return 'printf("%s");' % text

    def warn(self, text):
        return 'fprintf(stderr, "%s\\n");' % text

    def result(self, value):
        return value

    def fail(self):
        return "int x = ;"

    fail_name = "CompileError"

    def sleep(self, seconds):
        # A line of output first: a test that saw it knows that the cell has begun.
        return '#include <unistd.h>\nprintf("began\\n"); usleep(%d);' % int(seconds * 1e6)

    def ask(self, prompt):
        return ('printf("%s"); { char line_[80]; if (scanf("%%79s", line_) == 1) '
                'printf("got %%s\\n", line_); else printf("end of file\\n"); }' % prompt)

    def lines(self, count, width):
        return ("for (int i_ = 0; i_ < %d; i_++) printf(\"%%0*d\\n\", %d, 0);"
                % (count, width - 1))


class Toy:
    name = "fake"

    def say(self, text):
        return "say " + text

    def warn(self, text):
        return "warn " + text

    def result(self, value):
        return "result " + value

    def fail(self):
        return "err expected expression"

    fail_name = "CompileError"

    def sleep(self, seconds):
        return "say began\nsleep %g" % seconds

    def ask(self, prompt):
        return "input " + prompt

    def lines(self, count, width):
        return "print %d %d" % (count, width)
