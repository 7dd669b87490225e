"""Plain drawings as SVG text: shapes, axes, nothing else."""

import html
import math

INK, GREY, RULE, PAPER = "#1f2328", "#59636e", "#d8dee4", "#ffffff"
ACCENT, ACCENT_LIGHT = "#0969da", "#80b3f0"
PLAIN, PLAIN_LIGHT = "#6e7781", "#b8bfc6"
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"


class Drawing:
    def __init__(self, width, height):
        self.width, self.height, self.parts = width, height, []

    def add(self, tag, content=None, **attributes):
        named = " ".join(f'{name.replace("_", "-")}="{html.escape(short(value))}"'
                         for name, value in attributes.items() if value is not None)
        self.parts.append(f"<{tag} {named}/>" if content is None
                          else f"<{tag} {named}>{html.escape(content)}</{tag}>")

    def text(self, x, y, content, size=12, anchor="start", fill=INK, weight=None):
        self.add("text", content, x=x, y=y, font_size=size, text_anchor=anchor, fill=fill,
                 font_weight=weight)

    def line(self, x1, y1, x2, y2, stroke=RULE, width=1):
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width)

    def bar(self, x, y, width, height, fill):
        self.add("rect", x=x, y=y, width=max(width, 1), height=height, fill=fill, rx=1.5)

    def dot(self, x, y, fill, radius=4.5):
        self.add("circle", cx=x, cy=y, r=radius, fill=fill, stroke=PAPER, stroke_width=1)

    def path(self, points, stroke):
        self.add("polyline", points=" ".join(f"{short(x)},{short(y)}" for x, y in points),
                 fill="none", stroke=stroke, stroke_width=2, stroke_linejoin="round")

    def save(self, path, label):
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}"'
                f' width="{self.width}" height="{self.height}" role="img" '
                f'aria-label="{html.escape(label)}" font-family="{html.escape(FONT)}">')
        paper = f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}" rx="8"/>'
        path.write_text("\n".join([head, paper, *self.parts, "</svg>"]) + "\n")


def short(value):
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


class Scale:
    """From values to places; ticks at round values."""

    def __init__(self, low, high, start, end, logarithmic=False):
        self.logarithmic = logarithmic
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value):
        f = math.log10 if self.logarithmic else float
        share = (f(value) - f(self.low)) / (f(self.high) - f(self.low))
        return self.start + share * (self.end - self.start)

    def ticks(self):
        if self.logarithmic:
            first = math.ceil(math.log10(self.low) - 1e-9)
            last = math.floor(math.log10(self.high) + 1e-9)
            return [10 ** k for k in range(first, last + 1)]
        raw = (self.high - self.low) / 5
        power = 10 ** math.floor(math.log10(raw))
        step = next(power * k for k in (1, 2, 2.5, 5, 10) if power * k >= raw - 1e-9)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [step * k for k in range(first, last + 1)]


def plain(value):
    """A number for people: 1,000,000 as 1M, 10,000 as 10k."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size and value % (size / 10) == 0:
            return f"{value / size:.10g}{letter}"
    return f"{value:,.10g}"
