"""docs/bench.svg and docs/growth.svg, drawn from the last runs in out/bench."""

import records
import sides
import svg

DOCS = sides.TOP / "docs"
CASES = ("classic", "relu_max")
LEGEND = {"classic": "tanh, average pooling", "relu_max": "ReLU, max pooling"}
OWN = "xeus-tinycc"


def best_by_engine(lines, case, threads=None):
    """The quickest line of each engine; of ours the program's, not the cells'."""
    best = {}
    for line in lines:
        if line["case"] != case or threads and line["threads"] != threads:
            continue
        name = line["engine"].split(":")[0]
        if name.endswith(", cell") or line["dtype"] != "fp32":
            continue
        if name not in best or line["value"] < best[name]["value"]:
            best[name] = line
    return best


def is_peers(line):
    return not line["engine"].startswith(OWN)


def rows_of(lines, threads=None):
    """Engines, the quickest classic one first, and their values by case."""
    best = {case: best_by_engine(lines, case, threads) for case in CASES}
    names = sorted(best["classic"], key=lambda name: best["classic"][name]["value"])
    return [(name, {case: best[case].get(name) for case in CASES}) for name in names]


def colours(name):
    return ({"classic": svg.ACCENT, "relu_max": svg.ACCENT_LIGHT} if name == OWN
            else {"classic": svg.PLAIN, "relu_max": svg.PLAIN_LIGHT})


def panel_title(drawing, x, title, detail):
    drawing.text(x, 34, title, 15, weight="bold")
    drawing.text(x, 53, detail, 11.5, fill=svg.GREY)


def names_column(drawing, rows, right, top, step):
    for k, (name, _) in enumerate(rows):
        drawing.text(right, top + k * step + 20, name, 12.5, "end",
                     svg.ACCENT if name == OWN else svg.INK, "bold" if name == OWN else None)


def epochs(drawing, rows, left, right, top, step):
    greatest = max(line["value"] for _, cases in rows for line in cases.values() if line)
    scale = svg.Scale(0, greatest * 1.02, left, right)
    bottom = top + len(rows) * step
    for tick in scale.ticks():
        drawing.line(scale(tick), top, scale(tick), bottom)
        drawing.text(scale(tick), bottom + 17, svg.plain(tick), 11, "middle", svg.GREY)
    for k, (name, cases) in enumerate(rows):
        for case, offset in (("classic", 5), ("relu_max", 18)):
            if not cases[case]:
                continue
            value, y = cases[case]["value"], top + k * step + offset
            drawing.bar(left, y, scale(value) - left, 11, colours(name)[case])
            inside = scale(value) > right - 40
            drawing.text(scale(value) + (-5 if inside else 5), y + 9.5,
                         records.number(value), 10.5, "end" if inside else "start",
                         svg.PAPER if inside and case == "classic" else svg.INK)


def answers(drawing, rows, left, right, top, step):
    values = [line["value"] for _, cases in rows for line in cases.values() if line]
    scale = svg.Scale(min(1, min(values)) if min(values) < 5 else 5, max(values) * 2.2, left, right,
                      logarithmic=True)
    bottom = top + len(rows) * step
    for tick in scale.ticks():
        drawing.line(scale(tick), top, scale(tick), bottom)
        drawing.text(scale(tick), bottom + 17, svg.plain(tick), 11, "middle", svg.GREY)
    for k, (name, cases) in enumerate(rows):
        y = top + k * step + 16
        places = [scale(line["value"]) for line in cases.values() if line]
        drawing.line(left, y, right, y, stroke="#eef1f4")
        drawing.line(min(places), y, max(places), y, colours(name)["relu_max"], 3)
        for case in reversed(CASES):
            if cases[case]:
                drawing.dot(scale(cases[case]["value"]), y, colours(name)[case], 5.5)
        texts = [records.number(cases[case]["value"]) for case in CASES if cases[case]]
        late = max(places) > right - 90  # no room behind it
        drawing.text(min(places) - 10 if late else max(places) + 10, y + 4, " | ".join(texts), 10.5,
                     "end" if late else "start")


def legend(drawing, x, y, lines):
    for case in CASES:
        drawing.bar(x, y - 9, 11, 11, svg.ACCENT if case == "classic" else svg.ACCENT_LIGHT)
        drawing.bar(x + 13, y - 9, 11, 11, svg.PLAIN if case == "classic" else svg.PLAIN_LIGHT)
        drawing.text(x + 30, y, LEGEND[case], 11.5, fill=svg.GREY)
        x += 190
    drawing.text(drawing.width - 24, y, f"{lines[0]['cpu']}, {lines[0]['isa']}, "
                 f"{lines[0]['run'][:10]}, one run", 11.5, "end", svg.GREY)


def bench(path):
    trained, answered = (records.last_run(part, is_peers) or records.last_run(part)
                         for part in ("train", "latency"))
    if not trained or not answered:
        return f"{path.name}: nothing measured yet (./dev bench peers)"
    threads = max(line["threads"] for line in trained)
    left, right = rows_of(trained, threads), rows_of(answered)
    step, top = 36, 72
    height = top + step * max(len(left), len(right)) + 66
    drawing = svg.Drawing(960, height)
    panel_title(drawing, 24, "Seconds per epoch", "LeNet-5, 54,000 images of MNIST, batch 128, "
                f"{threads} threads, shorter is better")
    panel_title(drawing, 500, "Microseconds for one image", "the quickest way of each engine, "
                "logarithmic, further left is better")
    names_column(drawing, left, 138, top, step)
    names_column(drawing, right, 610, top, step)
    epochs(drawing, left, 148, 460, top, step)
    answers(drawing, right, 620, 936, top, step)
    legend(drawing, 24, height - 18, trained)
    drawing.save(path, "Seconds per epoch and microseconds per answer of LeNet-5, by engine")
    return f"{path} written"


# ---- growth ----

def curve(drawing, box, title, unit, series, y_log, x_log=True):
    """Lines of (name, colour, {at: value}) in a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    places = [at for _, _, points in series for at in points]
    values = [value for _, _, points in series for value in points.values()]
    x = svg.Scale(min(places), max(places), left + 44, right - 12, x_log)
    low = min(values) / 1.5 if y_log else 0
    y = svg.Scale(low, max(values) * (1.5 if y_log else 1.15), bottom - 26, top + 34, y_log)
    drawing.text(left, top + 12, title, 13.5, weight="bold")
    drawing.text(left, top + 27, unit, 11, fill=svg.GREY)
    for tick in y.ticks():
        drawing.line(left + 44, y(tick), right - 12, y(tick))
        drawing.text(left + 38, y(tick) + 4, svg.plain(tick), 11, "end", svg.GREY)
    shown = sorted({at for _, _, points in series for at in points})
    for k, at in enumerate(shown):
        if len(shown) <= 6 or k % 2 == 0:
            drawing.text(x(at), bottom - 8, svg.plain(at), 11, "middle", svg.GREY)
    for name, colour, points in series:
        drawing.path([(x(at), y(value)) for at, value in points.items()], colour)
        for at, value in points.items():
            drawing.dot(x(at), y(value), colour, 3.5)
        if len(series) > 1:
            at, value = list(points.items())[-1]
            drawing.text(x(at), y(value) - 9, name, 11.5, "end", colour, "bold")


def growth(path):
    lines = records.last_run("growth")
    if not lines:
        return f"{path.name}: nothing measured yet (./dev bench growth)"

    def points(series, field="value"):
        return {line["at"]: line[field] for line in lines if line["case"] == series}
    drawing = svg.Drawing(960, 520)
    drawing.text(24, 32, "Does anything fall off a cliff?", 15, weight="bold")
    drawing.text(24, 50, "LeNet-5 (tanh), noise images, batch 128 and all threads unless the axis "
                 f"says otherwise; {lines[0]['cpu']}, {lines[0]['isa']}, {lines[0]['run'][:10]}",
                 11.5, fill=svg.GREY)
    curve(drawing, (24, 72, 470, 280), "Images in the set", "training, us per image",
          [("", svg.ACCENT, points("images"))], False)
    curve(drawing, (500, 72, 946, 280), "Images a step or a call", "us per image, logarithmic",
          [("training", svg.ACCENT, points("batch")), ("answers", "#bc4c00", points("answers"))],
          True)
    curve(drawing, (24, 296, 470, 504), "Filters of both convolutions",
          "training, times the multiply-add limit",
          [("", svg.ACCENT, points("width", "limit_ratio"))], False)
    curve(drawing, (500, 296, 946, 504), "Threads", "training, us per image",
          [("", svg.ACCENT, points("threads"))], False, x_log=False)
    drawing.save(path, "Time per image for more images, larger batches, wider layers, more threads")
    return f"{path} written"


def main(_):
    DOCS.mkdir(exist_ok=True)
    print(bench(DOCS / "bench.svg"))
    print(growth(DOCS / "growth.svg"))
