"""Parameters of papermill as C declarations: papermill NB OUT -p epochs 2 -p batch_size 64.

A parameter keeps the type that the cell tagged "parameters" gives it; a value that does not fit is
an error. One that the cell does not declare gets the type of its value (papermill itself warns).

papermill has no entry point for translators, but loads every engine: ours is its standard one under
another name, and brings the translator with it. Nothing but papermill and the standard library is
imported here, for every run of papermill imports this.
"""

import re
import threading

from papermill.engines import NBClientEngine
from papermill.exceptions import PapermillException
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

from .literals import declaration, identifier, integer, real, scalar, string

SIGNED = {"int": 32, "signed": 32, "signed int": 32, "short": 16, "long": 64, "long int": 64,
          "long long": 64, "signed char": 8, "char": 8, "int8_t": 8, "int16_t": 16, "int32_t": 32,
          "int64_t": 64, "ssize_t": 64, "ptrdiff_t": 64}
UNSIGNED = {"unsigned": 32, "unsigned int": 32, "unsigned short": 16, "unsigned long": 64,
            "unsigned long long": 64, "unsigned char": 8, "uint8_t": 8, "uint16_t": 16,
            "uint32_t": 32, "uint64_t": 64, "size_t": 64}
REAL = {"float", "double", "long double"}
BOOLEAN = {"_Bool", "bool"}

QUOTED = r"""\"(?:\\.|[^"\\])*\"|'(?:\\.|[^'\\])*'"""
QUOTED_OR_COMMENT = re.compile(QUOTED + r"|/\*.*?\*/", re.S)
LINE = re.compile(rf"""((?:{QUOTED}|[^"'/]|/(?!/))*)(?://(.*))?""")


class Engine(NBClientEngine):
    """papermill's standard engine; `--engine xtinycc` changes nothing."""


class Declared:
    """A variable of the parameters cell: `const float rate = 1e-3f;  // help`"""

    PATTERN = re.compile(r"""(?P<type>(?:\w+\s+)*?\w+[\s*]+(?:const\s+)?) (?P<name>[A-Za-z_]\w*)
                             \s* (?P<array>\[[^\]]*\])? \s* = \s* (?P<value>.+)""", re.X | re.S)

    def __init__(self, match, help_text):
        self.c_type = " ".join(match["type"].replace("*", " * ").split())
        self.name, self.is_array = match["name"], bool(match["array"])
        self.value, self.help = match["value"].strip(), help_text
        words = [w for w in self.c_type.split() if w not in ("const", "static", "volatile")]
        self.base = " ".join(words)

    def declaration(self, value):
        """The same declaration with another value; PapermillException if it does not fit."""
        if not self.is_array:
            return declaration(self.c_type, self.name, self._literal(value))
        if not isinstance(value, list) or not value:
            raise self._wrong(value, "a list of one or more values")
        values = ", ".join(map(self._literal, value))
        return declaration(self.c_type, f"{self.name}[]", f"{{{values}}}")

    def _literal(self, value):
        number = isinstance(value, int) and not isinstance(value, bool)
        if self.base in SIGNED or self.base in UNSIGNED:
            if not isinstance(value, int): # True and False are integers, in C too
                raise self._wrong(value, "an integer")
            bits = SIGNED.get(self.base, 0)
            low, high = (-2**(bits - 1), 2**(bits - 1) - 1) if bits else \
                        (0, 2**UNSIGNED[self.base] - 1)
            if not low <= value <= high:
                raise self._wrong(value, f"{low} to {high}")
            return integer(int(value))[1]
        if self.base in REAL:
            if not (number or isinstance(value, float)):
                raise self._wrong(value, "a number")
            return real(value)
        if self.base in BOOLEAN:
            if value not in (0, 1):
                raise self._wrong(value, "true or false")
            return str(int(value))
        if self.base == "char *":
            if not isinstance(value, str):
                raise self._wrong(value, f"text (-r {self.name} VALUE passes digits as text)")
            return string(value)
        raise PapermillException(f"parameter {self.name}: its type {self.c_type} takes no value "
                                 "from outside; numbers and text only")

    def _wrong(self, value, expected):
        return PapermillException(
            f"parameter {self.name} is declared {self.c_type} {self.name}"
            f"{'[]' if self.is_array else ''}: expected {expected}, got {value!r}")


def declarations_of(source):
    """The initialised variables of a cell; whatever else stands there is passed over."""
    found = {}
    plain = QUOTED_OR_COMMENT.sub(lambda m: m[0] if m[0][0] in "\"'" else " ", source)
    for line in plain.splitlines():
        code, comment = LINE.match(line).groups("")
        for statement in _split(code, ";"):
            first, *others = _split(statement, ",")
            match = Declared.PATTERN.fullmatch(first.strip())
            if match is None:
                continue
            found[match["name"]] = Declared(match, comment.strip())
            for other in others: # int a = 1, b = 2;
                again = Declared.PATTERN.fullmatch(match["type"].rstrip(" *") + " " + other.strip())
                if again is not None:
                    found[again["name"]] = Declared(again, comment.strip())
    return found


def _split(text, mark):
    """Split outside of braces, brackets, parentheses and quotes."""
    parts, depth, quote, start, at = [], 0, "", 0, 0
    while at < len(text):
        c = text[at]
        if quote:
            at += c == "\\"
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == mark and depth == 0:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return parts + [text[start:]]


class CTranslator(Translator):
    """papermill asks first what the notebook declares, then for the cell to inject."""

    _seen = threading.local()

    @classmethod
    def inspect(cls, parameters_cell):
        cls._seen.declared = declarations_of(parameters_cell["source"])
        return [Parameter(d.name, d.c_type + (" []" if d.is_array else ""), d.value, d.help)
                for d in cls._seen.declared.values()]

    @classmethod
    def codify(cls, parameters, comment="Parameters"):
        declared = cls._seen.__dict__.pop("declared", {})
        lines = [cls.comment(comment)]
        for name, value in parameters.items():
            lines.append(declared[name].declaration(value) if name in declared
                         else _inferred(name, value))
        return "\n".join(lines) + "\n"

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}"


def _inferred(name, value):
    try:
        identifier(name)
        if not isinstance(value, list):
            c_type, literal = scalar(value)
            return declaration(c_type, name, literal)
        typed = [scalar(v) for v in value]
        c_types = {t for t, _ in typed}
        if typed and c_types <= {"int", "long long", "double"}: # the widest takes them all
            c_type = max(c_types, key=("int", "long long", "double").index)
        elif len(c_types) == 1:
            c_type = c_types.pop()
        else:
            raise TypeError("a list needs one or more values of one type")
        return declaration(c_type, f"{name}[]", "{" + ", ".join(v for _, v in typed) + "}")
    except (TypeError, ValueError) as error:
        raise PapermillException(f"parameter {name}: {error}") from None


papermill_translators.register("xtinycc", CTranslator)
if "c" not in getattr(papermill_translators, "_translators", {"c": None}):
    papermill_translators.register("c", CTranslator)
