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
