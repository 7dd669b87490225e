"""C cells in a Python notebook.

    %load_ext xeus_tinycc

    %%c                     a cell of C, in a kernel of its own; values stay between cells
    %%c -i x,n -o y         pass x and n in, take y out (numbers, strings, NumPy arrays)
    %c printf("%d\\n", n)    one line of C
    %c? model_fit           documentation of a name
    %c_restart              a new kernel, without variables

Output, figures and progress appear while the cell runs, Stop ends it and keeps what it did, and an
error is an error of the Python cell. Tab and Shift-Tab are Python's.
"""

import atexit
import contextlib
import functools
import re
import sys

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from .arrays import Block, Wanted, pass_in
from .client import Client, KernelDied


# ---- errors ----

class CError(Exception):
    """A C cell failed; raised as a class of the error's own name: SIGSEGV, CompileError, ..."""

    def __init__(self, ename, evalue, traceback):
        super().__init__(evalue)
        self.ename, self.evalue, self.traceback = ename, evalue, traceback

    def _render_traceback_(self):
        return self.traceback


_classes = {}


def error_of(ename, evalue, traceback):
    if ename not in _classes:
        bases = (CError, KeyboardInterrupt) if ename == "KeyboardInterrupt" else (CError,)
        _classes[ename] = type(ename, bases, {"__module__": __name__})
    return _classes[ename](ename, evalue, traceback)


def brief(magic):
    """Errors about arguments and arrays in one line, without the way through this file."""
    @functools.wraps(magic)
    def wrapped(*args, **kwargs):
        try:
            return magic(*args, **kwargs)
        except (ValueError, TypeError, NameError, ImportError, OSError, KernelDied) as error:
            line = f"\x1b[31m{type(error).__name__}\x1b[0m: {error}"
            error._render_traceback_ = lambda: [line]
            raise
    return wrapped


# ---- values ----

class CValue:
    """What a cell's last expression showed, in all its forms. int() and float() read numbers."""

    def __init__(self, data, metadata):
        self.data, self.metadata = data, metadata

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.data, self.metadata

    def __repr__(self):
        return self.data.get("text/plain", "")

    def __int__(self):
        return int(repr(self), 0)

    def __float__(self):
        return float(repr(self))


# ---- arguments ----

def parse_options(line):
    """({"-i": [...], "-o": [...]}, the rest of the line); `--` ends the options."""
    found = {"-i": [], "-o": []}
    while True:
        match = re.match(r"\s*(-[io])(?:\s+|=)('[^']*'|\"[^\"]*\"|[^\s\[]\S*)\s*", line)
        if not match:
            break
        names = match[2].strip("'\"")
        found[match[1]] += [n.strip() for n in re.split(r",(?![^\[]*\])", names) if n.strip()]
        line = line[match.end():]
    if re.match(r"\s*-[io]\s*$", line):
        raise UsageError(f"{line.strip()} needs the name of a variable")
    return found, re.sub(r"^\s*--(\s+|$)", "", line)


# ---- the magics ----

@magics_class
class CMagics(Magics):
    def __init__(self, shell):
        super().__init__(shell)
        self.client = Client()
        self.cells = {} # number of a C cell: number of the Python cell that held it
        self.named = None # whether arrays need files with names
        atexit.register(self.client.stop)

    @no_var_expand
    @cell_magic("c")
    @brief
    def cell(self, line, cell):
        """Run a cell of C: %%c [-i NAMES] [-o NAMES]

        -i x,n   pass Python's x and n in. A NumPy array becomes a pointer to its elements, with
                 x_shape[], x_ndim, x_size; one of more dimensions is indexed x[i][j]. It is C's own
                 copy and stays until x is passed again.
        -o y,z   take y and z out: numbers, char arrays and pointers (str), arrays, tensor_t. A
                 pointer needs its lengths: -o 'p[n]', -o 'p[rows][28]'.
        """
        options, rest = parse_options(line)
        if rest.strip():
            raise UsageError(f"%%c knows -i NAMES and -o NAMES, not {rest.strip()!r}; "
                             "the C code begins on the next line")
        return self._run(cell, options)

    @no_var_expand
    @line_magic("c")
    @brief
    def line(self, line):
        """Run a line of C: %c [-i NAMES] [-o NAMES] CODE"""
        options, code = parse_options(line)
        if not code.strip() and not options["-o"]:
            raise UsageError("%c CODE runs a line of C, %%c a cell; %c? NAME explains a name")
        return self._run(code, options, cell=False)

    @line_magic("c?")
    @brief
    def help(self, line):
        """Explain a name of C or of the library: %c? model_fit"""
        name = line.strip()
        if not name:
            print(__doc__)
            return
        data = self.client.inspect(name)
        print(data.get("text/plain", f"nothing is known about {name!r}"))

    @line_magic
    @brief
    def c_restart(self, line):
        """Start a new C kernel; all C variables are gone."""
        self.client.stop()
        self.cells.clear()
        self.client.start()

    # ---- running ----

    def _run(self, code, options, cell=True):
        with contextlib.ExitStack() as open_blocks:
            declarations = self._declarations(options["-i"], open_blocks)
            wanted = self._wanted(options["-o"], open_blocks)
            reply, value = self._execute(self._with_declarations(code, declarations, cell),
                                         {w.name: w.question() for w in wanted})
            if wanted:
                kinds = reply["user_expressions"]
                commands = {w.name: w.command(kinds[w.name]) for w in wanted}
                reply = self.client.execute("", expressions=commands, silent=True)
                answers = reply["user_expressions"]
                self.shell.push({w.name: w.take(answers[w.name]) for w in wanted})
        return value

    def _declarations(self, names, open_blocks):
        declarations = []
        for name in names:
            if name not in self.shell.user_ns:
                raise NameError(f"-i {name}: there is no Python variable {name}")
            text, block = pass_in(name, self.shell.user_ns[name], self._need_names())
            if block is not None:
                open_blocks.enter_context(block)
            declarations.append(text)
        return " ".join(declarations)

    def _wanted(self, arguments, open_blocks):
        wanted = []
        for argument in arguments:
            wanted.append(Wanted(argument, self._need_names()))
            open_blocks.enter_context(wanted[-1].block)
        return wanted

    def _with_declarations(self, code, declarations, cell):
        """They take the line of %%c itself, so that C's line numbers are the cell's."""
        if re.match(r"\s*%%", code): # must stay the first line
            if declarations:
                self._execute(declarations)
            return code
        return declarations + "\n" + code if cell else f"{declarations} {code}".strip()

    def _need_names(self):
        """Asked once: may the kernel open our memory files in /proc?"""
        if self.named is None:
            with Block() as block:
                test = f'nb_array_give("{block.path}", "u1", 0, 1, 1, (int64_t[]){{0}})'
                reply = self.client.execute("", expressions={"status": test}, silent=True)
                answer = reply.get("user_expressions", {}).get("status", {})
                self.named = answer.get("data", {}).get("text/plain") != "0"
        return self.named

    def _execute(self, code, expressions=None):
        output = _Output(self.shell)
        ask = self._ask if self._can_ask() else None
        reply = self.client.execute(code, output.show, ask, expressions)
        if output.number:
            self.cells[output.number] = len(self.shell.history_manager.input_hist_raw) - 1
        if reply["status"] == "ok":
            return reply, output.value
        if reply["status"] == "aborted":
            raise error_of("KeyboardInterrupt", "the cell was not run", ["the cell was not run"])
        traceback = [self._renumber(line) for line in reply["traceback"]]
        raise error_of(reply["ename"], self._renumber(reply["evalue"]), traceback)

    def _renumber(self, text):
        """In[7] of the C kernel as the number that stands beside the Python cell."""
        def number(match):
            n = int(match[1])
            return f"In[{self.cells.get(n, n)}]"
        return re.sub(r"(?<![A-Za-ln-z0-9_])In\[(\d+)\]", number, text) # m: the end of a colour

    # ---- input ----

    def _can_ask(self):
        kernel = getattr(self.shell, "kernel", None)
        if kernel is None:
            return sys.stdin is not None and sys.stdin.isatty()
        return bool(getattr(kernel, "_allow_stdin", False))

    def _ask(self, prompt, password):
        if password:
            import getpass
            return getpass.getpass(prompt)
        return input(prompt)


class _Output:
    """Shows a cell's messages as if Python had made them."""

    def __init__(self, shell):
        self.shell, self.value, self.number = shell, None, None

    def show(self, kind, content):
        if kind == "stream":
            stream = sys.stderr if content["name"] == "stderr" else sys.stdout
            stream.write(content["text"])
            stream.flush()
        elif kind in ("display_data", "update_display_data"):
            self.shell.display_pub.publish(
                data=content["data"], metadata=content["metadata"],
                transient=content.get("transient", {}), update=kind == "update_display_data")
        elif kind == "execute_result":
            self.value = CValue(content["data"], content["metadata"])
        elif kind == "clear_output":
            self.shell.display_pub.clear_output(content.get("wait", False))
        elif kind == "execute_input":
            self.number = content["execution_count"]


def load(shell):
    magics = CMagics(shell)
    shell.register_magics(magics)
    shell.magics_manager.register_function(magics.help, "line", "c?")
    shell._xeus_tinycc = magics # for unload


def unload(shell):
    magics = shell.__dict__.pop("_xeus_tinycc", None)
    if magics is not None:
        magics.client.stop()
