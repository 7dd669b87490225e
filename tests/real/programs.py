"""Real C that nobody here wrote: programs in Debian's packages.

man_pages(): the whole programs among the examples of manpages-dev.
torture():   gcc's own execute tests, from the package gcc-12-source (downloaded, not installed).
"""

import gzip
import pathlib
import re
import subprocess
import tarfile

MAN = pathlib.Path("/usr/share/man")
TORTURE = re.compile(r"/gcc/testsuite/gcc\.c-torture/execute/(ieee/)?[^/]+\.c$")

ESCAPES = [(r"\-", "-"), (r"\[aq]", "'"), (r"\(aq", "'"), (r"\[dq]", '"'), (r"\(dq", '"'),
           (r"\[ha]", "^"), (r"\(ha", "^"), (r"\[ti]", "~"), (r"\(ti", "~"), (r"\[rs]", "\\"),
           (r"\[bu]", "*"), (r"\[ga]", "`"), (r"\(ga", "`"), (r"\&", ""), (r"\ ", " "),
           (r"\(em", "--"), (r"\[em]", "--"), (r"\(co", "(c)")]


def plain(line):
    line = re.sub(r"\\f(\[[A-Z]*\]|\([A-Z]{2}|[A-Z])", "", line)
    for code, text in ESCAPES:
        line = line.replace(code, text)
    return line.replace(r"\e", "\\").replace("\\\\", "\\") if r"\e" in line else line


def examples(page):
    """The C programs of a page: texts that define main."""
    inside, lines = False, []
    for line in gzip.open(page, "rt", encoding="utf-8", errors="replace"):
        line = line.rstrip("\n")
        if line.startswith((".EX", ".nf")):
            inside, lines = True, []
        elif line.startswith((".EE", ".fi")):
            text = "\n".join(lines)
            if inside and re.search(r"^(int\s+)?main\s*\(", text, re.M) and "#include" in text:
                yield text + "\n"
            inside = False
        elif inside and not line.startswith("."):
            lines.append(plain(line))
        elif inside and line.startswith(r".\""):
            continue


def man_pages():
    for section in ("man2", "man3", "man7"):
        for page in sorted((MAN / section).glob("*.gz")):
            if page.is_symlink():
                continue
            for number, text in enumerate(examples(page), 1):
                yield f"{page.name[:-3]}-{number}", text


def torture(folder):
    """FOLDER keeps what was downloaded and unpacked."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "torture"
    if not source.exists():
        packages = list(folder.glob("gcc-12-source_*.deb"))
        if not packages:
            subprocess.run(["apt-get", "download", "gcc-12-source"], cwd=folder, check=True)
            packages = list(folder.glob("gcc-12-source_*.deb"))
        unpack(packages[0], folder, source)
    for path in sorted(source.rglob("*.c")):
        yield path.relative_to(source).as_posix()[:-2].replace("/", "-"), path.read_text(
            encoding="utf-8", errors="replace")


def unpack(package, folder, source):
    stream = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
    with tarfile.open(fileobj=stream.stdout, mode="r|") as outer:
        for member in outer:
            if re.search(r"/gcc-12[^/]*\.tar\.xz$", member.name):
                with tarfile.open(fileobj=outer.extractfile(member), mode="r|xz") as inner:
                    for entry in inner:
                        found = TORTURE.search(entry.name)
                        if found and entry.isfile():
                            target = source / (found.group(1) or "") / pathlib.Path(entry.name).name
                            target.parent.mkdir(parents=True, exist_ok=True)
                            target.write_bytes(inner.extractfile(entry).read())
                break
    stream.stdout.close()
    stream.wait()


TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\w+|\s+|.""", re.S)


def pieces(text):
    """The program cut at every boundary of the file scope, or None if it cannot be cut so simply:
    functions as before 1989, unbalanced conditionals. Directives stand alone, `#if` to `#endif`
    are one piece."""
    out, piece, depth, body, conditional = [], "", 0, False, 0
    before, group, line_start, at = "", "", True, 0
    whole = True  # nothing has begun that a directive would cut

    def end():
        nonlocal piece, body, whole
        if piece.strip():
            out.append(piece.strip("\n"))
        piece, body, whole = "", False, True

    while at < len(text):
        if line_start and text[at:].lstrip(" \t").startswith("#"):
            found = re.compile(r"(?:[^\n\\]|\\.)*\n?", re.S).match(text, at)
            word = re.match(r"\s*#\s*(\w*)", found.group(0)).group(1)
            if conditional == 0 and depth == 0 and whole:
                end()
            conditional += word.startswith("if")
            conditional -= word == "endif"
            piece += found.group(0)
            if conditional == 0 and depth == 0 and whole:
                end()
            at = found.end()
            continue
        token = TOKEN.match(text, at).group(0)
        at += len(token)
        piece += token
        if token.isspace() or token.startswith(("//", "/*")):
            line_start = line_start and "\n" not in token or token.endswith("\n")
            line_start = line_start or "\n" in token
            continue
        line_start = whole = False
        if token in "({[":
            if token == "(" and depth == 0:
                group = before
            if token == "{" and depth == 0:
                body = before == ")" and not group.startswith("__attribute")
                if before == ";":
                    return None
            depth += 1
        elif token in ")}]":
            depth -= 1
        elif re.match(r"\w", token) and depth == 0 and before == ")" and \
                token not in ("__attribute__", "asm", "__asm__", "__attribute"):
            return None
        before = token
        if depth == 0 and conditional == 0 and (token == ";" or (token == "}" and body)):
            end()
    if depth or conditional or piece.strip():
        return None
    return out


def cells(text):
    """The pieces as cells, with main, which runs when it is defined, at the end."""
    cut = pieces(text)
    if not cut:
        return None
    main = [p for p in cut if re.search(r"^\s*(int|void)?\s*main\s*\([^;]*$", p.split("{")[0], re.S)
            and "{" in p]
    if len(main) != 1 or main[0].startswith("#") or len(cut) < 3:
        return None
    return [p for p in cut if p is not main[0]] + main
