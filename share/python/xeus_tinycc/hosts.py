"""Kaggle, Colab and their like: bring results of other sessions in, and take this one's out.

A host that is given another accelerator starts a fresh machine, without this one's files. So:
pack_results(), download, switch, attach the archive as a data set, run again, collect_records().
"""

import os
import pathlib
import zipfile

from . import records

INPUTS = ("/kaggle/input", "/content/input", "input")
ARCHIVE = "lenet5-results.zip"
KEPT = (".keras", ".pdf", ".html", ".csv")


def _out():
    return pathlib.Path(os.environ.get("XTINYCC_OUT") or ".")


def _inputs():
    kaggle = os.environ.get("XTINYCC_TEST_KAGGLE") # tests have no /kaggle
    return [pathlib.Path(p) for p in ((kaggle,) if kaggle else INPUTS) if os.path.isdir(p)]


def collect_records(*folders, to=None):
    """Copy the records below FOLDERS (default: the host's input folders) into records/.

    Also out of zip archives. Returns how many were new; what is there already stays as it is.
    """
    target = pathlib.Path(to or _out() / "records")
    new = 0
    for folder in map(pathlib.Path, folders or _inputs()):
        for path, record in records.find(folder):
            new += _keep(target, path.name, path.read_bytes())
            model = path.parent / _model_name(record, path.name)
            if model.is_file():
                _keep(target, model.name, model.read_bytes())
        for archive in sorted(folder.glob("**/*.zip")):
            new += _from_archive(archive, target)
    print(f"{new} record{'s' if new != 1 else ''} of other sessions found"
          + (f", now in {target}/" if new else ""))
    return new


def _model_name(record, name):
    copy = record.get("model_copy") or pathlib.Path(name).with_suffix(".keras").name
    return pathlib.Path(str(copy)).name # never a path out of the folder


def _keep(target, name, data):
    path = target / name
    if path.exists():
        return False
    target.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name("." + name)
    temporary.write_bytes(data)
    temporary.rename(path)
    return True


def _from_archive(archive, target):
    """Records and models by their plain names; nothing is unpacked to a path from the archive."""
    new = 0
    try:
        with zipfile.ZipFile(archive) as inside:
            for entry in inside.infolist():
                name = pathlib.PurePosixPath(entry.filename).name
                parent = pathlib.PurePosixPath(entry.filename).parent.name
                if (parent == "records" and name.endswith((".json", ".keras"))
                        and not name.startswith(".") and entry.file_size < 64 << 20):
                    new += _keep(target, name, inside.read(entry)) and name.endswith(".json")
    except (OSError, zipfile.BadZipFile, RuntimeError):
        return new # not ours
    return new


def pack_results(name=ARCHIVE):
    """Put records, models and the report of this session into one zip file, and say what to do."""
    out = _out()
    path = out / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for kept in sorted((out / "records").glob("*")) + sorted(out.glob("*")):
            if kept.is_file() and (kept.suffix in KEPT or kept.parent.name == "records"):
                archive.write(kept, kept.relative_to(out))
    print(f"{path}: {path.stat().st_size:,} bytes.\n"
          "Download it before you switch the accelerator or end the session: this machine's files "
          "go with it.\nAttach it as a data set, or put it into a folder input/, for the next "
          "run: its records\nare found there and the table is filled.")
    return str(path)
