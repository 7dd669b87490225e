"""Who made what is in the wheel, and under which licence.

Every file of the wheel that is not ours, and every archive linked into our programs, comes from a
Debian package or from a source package built by build_deps.sh; its copyright file is the notice.
The wheel gets THIRD_PARTY_NOTICES.md for people, files.json for the check, and the texts.
A package that PARTS does not know ends the build: somebody must look at its licence first.
"""

import functools
import json
import pathlib
import re
import shutil
import subprocess

# Source package: (licence in short, where its text or ours must say more).
PARTS = {
    "brotli": ("MIT", ""),
    "cairo": ("LGPL-2.1 or MPL-1.1", ""),
    "curl": ("curl (MIT style)", ""),
    "expat": ("MIT", ""),
    "fontconfig": ("MIT style", ""),
    "fonts-dejavu": ("Bitstream Vera (free)", ""),
    "freetype": ("FreeType or GPL-2+", "Used under the FreeType licence."),
    "fribidi": ("LGPL-2.1+", ""),
    "gcc-12": ("GPL-3 with the run-time library exception", ""),
    "glib2.0": ("LGPL-2.1+", ""),
    "glibc": ("LGPL-2.1+", "Header files, unmodified."),
    "graphite2": ("LGPL-2.1+ or MPL or GPL-2+", "Used under the MPL."),
    "harfbuzz": ("MIT", ""),
    "hdf5": ("BSD style", ""),
    "jansson": ("MIT", ""),
    "libaec": ("BSD-2", ""),
    "libbsd": ("BSD-3, ISC and others", ""),
    "libdatrie": ("LGPL-2.1+", ""),
    "libedit": ("BSD-3", ""),
    "libffi": ("MIT", ""),
    "libmd": ("BSD-2, BSD-3 and others", ""),
    "libpng1.6": ("libpng", ""),
    "libselinux": ("public domain", ""),
    "libthai": ("LGPL-2.1+", ""),
    "libx11": ("MIT", ""),
    "libxau": ("MIT", ""),
    "libxcb": ("MIT", ""),
    "libxcrypt": ("LGPL-2.1+", "Header files, unmodified."),
    "libxdmcp": ("MIT", ""),
    "libxext": ("MIT", ""),
    "libxrender": ("MIT", ""),
    "libzip": ("BSD-3", ""),
    "linux": ("GPL-2 with the system call note",
              "Header files, unmodified; the note exempts the programs that use them."),
    "ncurses": ("MIT", ""),
    "nlohmann-json3": ("MIT", ""),
    "openssl": ("Apache-2.0", ""),
    "pango1.0": ("LGPL-2+", ""),
    "pcre2": ("BSD-3", ""),
    "pixman": ("MIT", ""),
    "tcc": ("LGPL-2.1+; libtcc1.a GPL-2+ with an exception for what it is linked into",
            "xtinycc-worker can be linked again with another libtcc: its complete source and "
            "build script are offered with this wheel, and TinyCC's source package beside it."),
    "util-linux": ("LGPL-2.1+, libuuid BSD-3", ""),
    "xeus": ("BSD-3", ""),
    "xtl": ("BSD-3", ""),
    "zeromq3": ("LGPL-3 with a static linking exception",
                "Its source package is offered beside this wheel."),
    "zlib": ("zlib", ""),
}

COMMON = pathlib.Path("/usr/share/common-licenses")

HEAD = """# Third-party notices

The wheel xeus-tinycc holds the parts below beside its own code (BSD-3-Clause). The full notices are
in the folder that this file is in, one a package, with the licences they refer to. Shared libraries
lie in `xeus_tinycc/libexec/xeus-tinycc/lib` as Debian built them and may be replaced by other builds
of the same version; statically linked parts are replaced by building again: `./dev wheel` in the
source archive does it, from the source packages that `packaging/versions.txt` names.

| part | version | licence | where |
|---|---|---|---|
"""


@functools.cache
def query(package, field):
    done = subprocess.run(["dpkg-query", "-W", "-f", f"${{{field}}}\n", package],
                          capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def spellings(path):
    """The names that a package may know this file by: /lib is /usr/lib, and links are followed."""
    for name in str(path), str(path.resolve()):
        yield name
        yield name.removeprefix("/usr") if name.startswith("/usr/lib") else "/usr" + name


def owners(paths):
    """The Debian package that each of these files of this machine belongs to."""
    names = sorted({name for path in paths for name in spellings(path)})
    done = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True)
    known = {}
    for line in done.stdout.splitlines():
        packages, _, name = line.rpartition(": ")
        known[name] = packages.split(",")[0].split(":")[0]
    found = {}
    for path in paths:
        found[path] = next((known[n] for n in spellings(path) if n in known), None)
        if not found[path]:
            raise SystemExit(f"notices.py: {path} belongs to no package, so it has no licence notice")
    return found


class Notices:
    """Collects (file of the wheel, part) pairs; write() puts the notices into the wheel."""

    def __init__(self, deps):
        self.deps = deps
        self.pending = []   # (file of the wheel, file of this machine)
        self.files = {}     # file of the wheel: names of source packages
        self.versions = {}  # source package: version
        self.texts = {}     # source package: copyright file

    def _add(self, file, source, version, text):
        if source not in PARTS:
            raise SystemExit(f"notices.py: {file} brings {source}, whose licence nobody has looked "
                             "at; read its copyright file and add it to PARTS")
        self.files.setdefault(str(file), set()).add(source)
        self.versions[source] = version
        self.texts[source] = text

    def add_package(self, file, package):
        self._add(file, query(package, "source:Package"), query(package, "source:Version"),
                  pathlib.Path("/usr/share/doc", package, "copyright"))

    def add(self, file, origin):
        """FILE of the wheel holds, or is, ORIGIN, a file of this machine."""
        prefix = self.deps / "prefix"
        if pathlib.Path(origin).is_relative_to(prefix):
            self._add_rebuilt(file, pathlib.Path(origin))
        else:
            self.pending.append((file, pathlib.Path(origin)))

    def _add_rebuilt(self, file, origin):
        rows = [line.split() for line in (self.deps / "sources.txt").read_text().splitlines()]
        names = {"libzmq": "zeromq3", "libcurl": "curl", "libzip": "libzip", "libexpat": "expat"}
        source = names[origin.name.split(".")[0]]
        dsc = next(row[1] for row in rows if row[0] == source)
        self._add(file, source, dsc.removeprefix(source + "_").removesuffix(".dsc"),
                  self.deps / source / "debian" / "copyright")

    def add_archives(self, build, targets):
        """What the linker was given for each target: (name in build.ninja, file of the wheel)."""
        text = (build / "build.ninja").read_text()
        for target, file in targets:
            rule = re.search(rf"^build {re.escape(target)}:.*?^  LINK_LIBRARIES = ([^\n]*)", text,
                             re.M | re.S)
            for word in rule[1].split():
                if word.startswith("/") and word.endswith(".a"):
                    self.add(file, word)
            for package in "libgcc-12-dev", "libstdc++-12-dev":
                self.add_package(file, package)

    def write(self, folder):
        found = owners([origin for _, origin in self.pending])
        for file, origin in self.pending:
            self.add_package(file, found[origin])
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for source in sorted(self.versions):
            licence, note = PARTS[source]
            where = sorted({self._place(f) for f, parts in self.files.items() if source in parts})
            rows.append(f"| {source} | {self.versions[source]} | {licence}. {note} | "
                        f"{', '.join(where)} |".replace(". |", ". |"))
            shutil.copyfile(self.texts[source], folder / f"{source}.txt")
        self._common(folder)
        (folder / "THIRD_PARTY_NOTICES.md").write_text(HEAD + "\n".join(rows) + "\n")
        (folder / "files.json").write_text(json.dumps(
            {file: sorted(parts) for file, parts in sorted(self.files.items())}, indent=1) + "\n")

    @staticmethod
    def _place(file):
        """Headers by their folder: hundreds of names would help nobody."""
        return re.sub(r"(share/xeus-tinycc/(libc|include))/.*", r"\1", file)

    def _common(self, folder):
        """The licences that Debian's copyright files only refer to."""
        text = "".join((folder / f"{s}.txt").read_text(errors="replace") for s in self.versions)
        for name in set(re.findall(r"/usr/share/common-licenses/([A-Za-z]+(?:-\d(?:\.\d)?)?)", text)):
            if (COMMON / name).exists():
                shutil.copyfile(COMMON / name, folder / f"licence-{name}.txt")
