"""Read a report: its pages and fonts, its words, and which numbers its records explain."""
import json
import math
import re
import subprocess

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True,
                          text=True).stdout


def pages(pdf):
    return int(re.search(r"^Pages:\s+(\d+)", run("pdfinfo", pdf), re.M).group(1))


def fonts_not_embedded(pdf):
    rows = run("pdffonts", pdf).splitlines()[2:]
    assert rows, "no font: no text"
    return [row for row in rows if row.split()[-5] != "yes"]


def words(pdf):
    """The text as it is read, one line; the foot of each page left out."""
    text = run("pdftotext", "-layout", pdf, "-")
    text = re.sub(r"^ *made by xeus-tinycc.*$", "", text, flags=re.M)
    return re.sub(r"\s+", " ", text.replace("\f", " "))


def section(text, heading, following):
    return text[text.index(heading) + len(heading):text.index(following)]


def plain(number):
    return number.rstrip(",").replace(",", "")


def forms(value):
    """Every way in which the report may print a value."""
    if value is None or isinstance(value, bool):
        return set()
    if isinstance(value, str):
        return {plain(n) for n in NUMBER.findall(value)}
    if isinstance(value, list):
        return set().union(*map(forms, value)) if value else set()
    rounded = math.floor(value + .5)
    digits = 2 - math.floor(math.log10(abs(value))) if value else 2
    return {f"{value:.4f}", f"{value:.2f}", f"{value:.1f}", f"{value:g}", str(rounded),
            f"{value:.{max(digits, 0)}f}"}


def explained(records):
    """What the records explain, and the few numbers that stand in any report."""
    known = {"1", "2", "3", "5", "256", "99"} # counts, "5 Epoch", "SHA-256", "99 % within"
    for r in records:
        for value in r.values():
            known |= forms(value)
        known |= forms(r["score"] / 10)
        known |= forms(r["test_accuracy"] * r["test_samples"])
        known |= forms(100 * abs(r["best_val_accuracy"] - r["test_accuracy"]))
        if r.get("batched_images_per_second"):
            known |= forms(r["batched_images_per_second"] * r["latency_us"] * 1e-6)
    for key in ("latency_us", "training_seconds"):
        values = [r[key] for r in records]
        known |= forms(max(values) / min(values))
    accuracies = [r["test_accuracy"] for r in records]
    known |= forms(100 * (max(accuracies) - min(accuracies)))
    lowest = min(records, key=lambda r: r["test_accuracy"])
    p, n = lowest["test_accuracy"], lowest["test_samples"]
    known |= forms(100 * max(.003, 2 * math.sqrt(p * (1 - p) / n)))
    return known | {str(len(records))}


def unexplained(text, records):
    """Numbers of a report that no record explains. The ticks of the plots are left out."""
    text = re.sub(r"Training curves:.*?(?=Discussion)", " ", text)
    text = re.sub(r"no such device on this machine \(\d{4}-\d\d-\d\d\)", " ", text)
    text = re.sub(r"[0-9a-f]{64}", lambda m: " " if any(m.group() == r["model_sha256"]
                                                       for r in records) else m.group(), text)
    text = re.sub(r"GPU T4 x2 \(Using 1 GPU\)|GPU P100|TPU VM v3-8|LeNet-5|\d{4}-\d\d-\d\d",
                  " ", text)
    known = explained(records)
    return [n for n in map(plain, NUMBER.findall(text.replace("\u00d7", " "))) if n not in known]


def load_records(folder):
    return [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.json"))]


def row_of(record):
    """The ten cells of a device's row, as the table prints them."""
    us = record["latency_us"]
    digits = 2 - math.floor(math.log10(us))
    latency = f"{us:,.0f}" if us >= 999.5 else f"{us:.{max(digits, 0)}f}"
    return [record["device"], *(f"{record[k]:.4f}" for k in (
        "best_accuracy", "best_loss", "best_val_accuracy", "best_val_loss")),
        f"{record['training_seconds']:.2f} s" if record["epochs"] == 5 else "-",
        f"{record['test_accuracy']:.4f}", f"{record['test_loss']:.4f}",
        f"{latency} us", f"{math.floor(record['score'] + .5):,}"]
