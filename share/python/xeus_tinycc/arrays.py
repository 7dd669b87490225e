"""NumPy arrays and Python scalars into C variables, and back.

In: `double *x` points to a copy of the array's elements in row-major order, `x_shape[]`, `x_ndim`
and `x_size` describe it; an array of more dimensions is a pointer to arrays, so that x[i][j] works.
The copy stays until x is passed again. Scalars and strings become plain variables.

Out: a number becomes a Python number, char arrays and pointers become str, an array or tensor_t
becomes a NumPy array of its own. A pointer does not know its length: `-o 'p[n]'`, `-o 'p[rows][28]'`.

Elements pass through a file without a name (memfd), which the kernel opens as /proc/PID/fd/N and
maps: one copy, no text.
"""

import mmap
import os
import re
import shutil
import tempfile

from .literals import declaration, identifier, scalar

HEADER = 4096 # NB_EXCHANGE_HEADER of nb/exchange.h
MAX_DEPTH = 5

# What NumPy calls an element, and the C types that hold it; the first is the one we declare.
TYPES = {
    "b1": ["_Bool"],
    "i1": ["int8_t"], "u1": ["uint8_t"],
    "i2": ["int16_t"], "u2": ["uint16_t"],
    "i4": ["int32_t"], "u4": ["uint32_t"],
    "i8": ["int64_t", "long long"], "u8": ["uint64_t", "unsigned long long"],
    "f4": ["float"], "f8": ["double"],
}
_FLAT = [(code, c_type) for code, c_types in TYPES.items() for c_type in c_types] + [("i1", "char")]

# What Wanted.question() is answered: 100 * depth + place in _FLAT, + POINTER for a pointer; or
NO_TYPE, TENSOR, TEXT, POINTER = 999, 5000, 5001, 1000


# ---- the file between the two ----

class Block:
    """A file that both sides can open. NAMED where the kernel cannot open ours in /proc."""

    def __init__(self, size=0, named=False):
        self.named = named or not hasattr(os, "memfd_create")
        if self.named:
            self.fd, self.path = tempfile.mkstemp(prefix="xtinycc-array-", dir=_roomy_folder(size))
        else:
            self.fd = os.memfd_create("xtinycc", os.MFD_CLOEXEC)
            self.path = f"/proc/{os.getpid()}/fd/{self.fd}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        if self.named:
            os.unlink(self.path)

    def write(self, data):
        view, at = memoryview(data).cast("B"), 0
        while at < len(view):
            at += os.write(self.fd, view[at:at + (1 << 30)])


def _roomy_folder(size):
    """Memory rather than a disk, if it has room: containers often give /dev/shm 64 MB."""
    shm = "/dev/shm"
    if os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 2 * size + HEADER:
        return shm
    return None


# ---- Python to C ----

def pass_in(name, value, named=False):
    """(C declarations, block or None) for a Python value. Keep the block until they have run."""
    identifier(name)
    numpy = _numpy()
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = _need_numpy(numpy, name).frombuffer(value, dtype="u1")
    elif isinstance(value, str) or (isinstance(value, (bool, int, float)) and
                                    not (numpy and isinstance(value, numpy.generic))):
        try:
            c_type, literal = scalar(value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        return declaration(c_type, name, literal), None
    elif not hasattr(value, "__array__"):
        raise TypeError(f"{name} is a {type(value).__name__}; C takes numbers, strings, bytes and "
                        f"NumPy arrays" + _advice(value, name))
    array = _need_numpy(numpy, name).asarray(value)
    code = _type_code(name, array)
    array = numpy.ascontiguousarray(array, dtype=numpy.dtype(code)).reshape(array.shape)
    c_type = TYPES[code][0]
    if array.ndim == 0:
        return declaration(c_type, name, scalar(array.item())[1]), None
    if array.ndim > 16:
        raise ValueError(f"{name} has {array.ndim} dimensions; 16 at most")
    block = Block(array.nbytes, named)
    try:
        if array.size:
            block.write(array)
    except BaseException:
        block.__exit__()
        raise
    return _array_declaration(name, c_type, array, block.path), block


def _array_declaration(name, c_type, array, path):
    rows = "".join(f"[{n}]" for n in array.shape[1:])
    pointer = f"(*{name}){rows}" if rows and 0 not in array.shape else f"*{name}"
    shape = ", ".join(map(str, array.shape))
    return (f'{c_type} {pointer} = nb_array_take("{name}", "{path}", {array.nbytes}); '
            f"if (!{name}) nb_raise_last_error(); "
            f"const int {name}_ndim = {array.ndim}; const int64_t {name}_size = {array.size}; "
            f"const int64_t {name}_shape[] = {{{shape}}};")


def _type_code(name, array):
    kind = array.dtype
    code = f"{kind.kind}{kind.itemsize}"
    if code in TYPES and kind.fields is None:
        return code
    advice = {"f": f"{name}.astype('float32') or 'float64'",
              "c": f"{name}.view('float64') with one more dimension for real and imaginary parts",
              "M": f"{name}.astype('int64')", "m": f"{name}.astype('int64')",
              "O": f"{name}.astype('float64'), if all its elements are numbers",
              "V": f"one field at a time, {name}['field']"}
    way = advice.get(kind.kind)
    raise TypeError(f"{name} has elements of type {kind}, which C does not know here"
                    + (f": pass {way}" if way else "; numbers only"))


def _advice(value, name):
    return f": pass numpy.array({name})" if isinstance(value, (list, tuple)) else ""


def _numpy():
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def _need_numpy(numpy, name):
    if numpy is None:
        raise ImportError(f"{name}: arrays need NumPy; pip install numpy")
    return numpy


# ---- C to Python ----

class Wanted:
    """One `-o` argument: a variable, for pointers with its lengths as C expressions.

    Two questions to the kernel: what is it, and, once that is known, to write it into the block.
    """

    def __init__(self, argument, named=False):
        match = re.fullmatch(r"\s*(\w+)\s*((?:\[.*\])?)\s*", argument, re.S)
        if not match:
            raise ValueError(f"-o {argument}: expected a variable, or a pointer with its lengths: "
                             "name[n] or name[rows][columns]")
        self.name = identifier(match[1])
        self.lengths = _lengths(argument, match[2])
        self.block = Block(named=named)

    def question(self):
        """A C expression that tells type, depth and whether it is a pointer, as one number."""
        y = self.name
        pointer = f"__builtin_types_compatible_p(__typeof__(&{y}[0]), __typeof__({y}))"
        kind = str(NO_TYPE)
        for depth in range(MAX_DEPTH, 0, -1):
            kind = _choose(f"&{y}" + "[0]" * depth, 100 * depth, kind)
        kind = f"({kind}) + {POINTER} * {pointer}"
        if not self.lengths:
            kind = (f"_Generic(&{y}, tensor_t *: {TENSOR}, char **: {TEXT}, const char **: {TEXT}, "
                    f"default: {kind})")
            kind = _choose(f"&{y}", 0, kind)
        return kind

    def command(self, answer):
        """The C expression that writes the variable, after the kernel's ANSWER to the question."""
        kind = int(self._checked(answer))
        if kind == TENSOR:
            return self._tensor()
        if kind == TEXT:
            return self._give("S", f'({self.name} ? {self.name} : "")', "1",
                              [f"({self.name} ? strlen({self.name}) : 0)"])
        is_pointer, kind = divmod(kind, POINTER)
        depth, which = divmod(kind, 100)
        if kind == NO_TYPE:
            raise ValueError(f"-o {self.name}: {_NOT_NUMBERS}")
        if is_pointer and not self.lengths:
            raise ValueError(f"-o {self.name}: a pointer does not know its length: "
                             f"-o '{self.name}[n]'")
        code = _FLAT[which][0]
        if depth == 0:
            return self._give(code, f"&{self.name}", f"sizeof {self.name}", [])
        if code == "i1" and _FLAT[which][1] == "char" and depth == 1 and not self.lengths:
            return self._give("S", self.name, "1", [f"strnlen({self.name}, sizeof {self.name})"])
        levels = [self.name + "[0]" * d for d in range(depth + 1)]
        known = [f"sizeof({a}) / sizeof({b})" for a, b in zip(levels, levels[1:])]
        return self._give(code, "&" + levels[-1], f"sizeof({levels[-1]})",
                          self.lengths + known[len(self.lengths):])

    def _give(self, code, pointer, width, shape):
        lengths = ", ".join(f"(int64_t)({n})" for n in shape)
        lengths = f"(int64_t[]){{{lengths}}}" if shape else "0"
        return _raised(f'nb_array_give("{self.block.path}", "{code}", {pointer}, {width}, '
                       f"{len(shape)}, {lengths})")

    def _tensor(self):
        y, path = self.name, self.block.path
        return _raised(
            f'{y}.scale == 1 && {y}.offset == 0 ? nb_array_give("{path}", '
            f'{y}.dtype == NN_FLOAT32 ? "f4" : {y}.dtype == NN_UINT8 ? "u1" : "i4", {y}.data, '
            f"{y}.dtype == NN_UINT8 ? 1 : 4, {y}.rank, {y}.shape) : "
            f'nb_array_give("{path}", "f4", nn_tensor_data({y}), 4, {y}.rank, {y}.shape)')

    def _checked(self, answer):
        if answer["status"] != "ok":
            raise ValueError(f"-o {self.name}: {_reason(answer, self.name)}")
        return answer["data"]["text/plain"]

    def take(self, answer):
        """The Python value, after the kernel's ANSWER to the command."""
        self._checked(answer)
        return self._read()

    def _read(self):
        memory = mmap.mmap(self.block.fd, 0, flags=mmap.MAP_PRIVATE,
                           prot=mmap.PROT_READ | mmap.PROT_WRITE)
        code, _, *shape = memory[:HEADER].split(b"\n", 1)[0].decode().split()
        if code == "S":
            return memory[HEADER:].decode("utf-8", "replace")
        numpy = _need_numpy(_numpy(), self.name)
        shape = [int(n) for n in shape]
        if 0 in shape:
            return numpy.empty(shape, dtype=code)
        array = numpy.frombuffer(memory, dtype=code, offset=HEADER).reshape(shape)
        return array if shape else array.item()


_NOT_NUMBERS = "numbers, strings, arrays of numbers and tensor_t come out; this is something else"


def _lengths(argument, text):
    """"[n][f(2)[1]]" as ["n", "f(2)[1]"]"""
    lengths, depth, start = [], 0, 0
    for at, c in enumerate(text):
        depth += {"[": 1, "]": -1}.get(c, 0)
        if c == "[" and depth == 1:
            start = at + 1
        elif c == "]" and depth == 0:
            lengths.append(text[start:at].strip())
        elif depth == 0 and not c.isspace():
            depth = -1
        if depth < 0:
            break
    if depth != 0 or "" in lengths:
        raise ValueError(f"-o {argument}: brackets do not match, or one is empty")
    return lengths


def _choose(pointer, base, no):
    """BASE + the number of the type that POINTER points to; NO need not make sense if it is one."""
    branches = [f"{q}{c_type} *: {base + i}" for i, (_, c_type) in enumerate(_FLAT)
                for q in ("", "const ")]
    return f"_Generic({pointer}, {', '.join(branches)}, default: {no})"


def _raised(call):
    return f"({call}) ? (nb_raise_last_error(), 0) : 0"


def _reason(answer, name):
    """One line from the kernel's error; the compiler speaks of an expression nobody wrote."""
    if answer["ename"] != "CompileError":
        return f"{answer['ename']}: {answer['evalue']}"
    if f"'{name}' undeclared" in answer["evalue"]:
        return f"there is no C variable {name}"
    if re.search(r"'(\w+)' undeclared", answer["evalue"]):
        return re.search(r"'\w+' undeclared", answer["evalue"])[0]
    return _NOT_NUMBERS
