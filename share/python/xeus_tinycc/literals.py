"""Write Python's numbers and strings as C.

Only the standard library is imported here: papermill loads this in every run of anybody's.
"""

import math
import re

KEYWORDS = frozenset("""
    auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary
    _Noreturn _Static_assert _Thread_local asm typeof
""".split())


def identifier(name):
    """Return NAME if C takes it as the name of a variable, else raise ValueError."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"{name!r} is no name in C: letters, digits and _ only")
    if name in KEYWORDS:
        raise ValueError(f"{name!r} is a keyword of C: call it something else")
    return name


def integer(value):
    """The smallest of int, long long, unsigned long long that holds VALUE, and its literal."""
    if -2**31 <= value < 2**31:
        return "int", str(value)
    if value == -2**63:
        return "long long", "(-9223372036854775807LL - 1)"
    if -2**63 < value < 2**63:
        return "long long", f"{value}LL"
    if 0 < value < 2**64:
        return "unsigned long long", f"{value}ULL"
    raise ValueError(f"{value} is outside the range of C's integers (-2^63 to 2^64 - 1)")


def real(value):
    """A double, to the last bit."""
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    return repr(float(value))


def string(value):
    """Octal escapes, as hexadecimal ones would swallow digits that follow; ? may form trigraphs."""
    text = []
    for byte in value.encode("utf-8"):
        plain = 32 <= byte < 127 and byte not in b'"\\?'
        text.append(chr(byte) if plain else f"\\{byte:03o}")
    return '"' + "".join(text) + '"'


def scalar(value):
    """(C type, literal) of a bool, int, float or str; TypeError for anything else."""
    if isinstance(value, bool):
        return "_Bool", str(int(value))
    if isinstance(value, int):
        return integer(value)
    if isinstance(value, float):
        return "double", real(value)
    if isinstance(value, str):
        return "const char *", string(value)
    raise TypeError(f"{type(value).__name__} has no counterpart in C")


def declaration(c_type, name, value):
    """`int n = 5;` and `const char *s = "x";`"""
    space = "" if c_type.endswith("*") else " "
    return f"{c_type}{space}{name} = {value};"
