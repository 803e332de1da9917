"""The chart of a record: for each row, how many times our time, or our memory, each peer takes."""

import math
from html import escape

from contenders import OURS
from report import amount, figure_of, three_digits
from rows import PEERS, TITLES

WIDTH, LEFT, RIGHT, TOP = 860, 250, 80, 96
BAR, GAP, BETWEEN = 13, 2, 16  # height of a bar, between bars, between rows

COLOURS = {  # on light, on dark
    "pytorch": ("#c2410c", "#fb923c"),
    "libtorch": ("#d4a106", "#fde047"),
    "sklearn": ("#1d4ed8", "#60a5fa"),
    "numpy": ("#0f766e", "#2dd4bf"),
    "fann": ("#7e22ce", "#c084fc"),
}

STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 17px; font-weight: 600; }
.small { font-size: 11px; fill: #59636e; }
.ground { fill: #ffffff; }
.grid { stroke: #d1d9e0; }
.one { stroke: #1f2328; stroke-width: 1.5; }
.aim { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 3 2; }
.halo { stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
"""
DARK = """\
text { fill: #f0f6fc; }
.small { fill: #9198a1; }
.ground { fill: #0d1117; }
.grid { stroke: #3d444d; }
.one, .aim { stroke: #f0f6fc; }
.halo { stroke: #0d1117; }
"""


def style():
    light = "".join(f".{name} {{ fill: {pair[0]}; }}\n" for name, pair in COLOURS.items())
    dark = "".join(f".{name} {{ fill: {pair[1]}; }}\n" for name, pair in COLOURS.items())
    when_dark = f"@media (prefers-color-scheme: dark) {{\n{DARK}{dark}}}"
    return f"<style>\n{STYLE}{light}{when_dark}\n</style>"


def ratios_of(result):
    """[(peer, its figure over ours, counts)]"""
    own = figure_of(result, OURS)["median"]
    figures = [(name, figure_of(result, name)) for name in PEERS]
    return [(name, f["median"] / own, f["counts"]) for name, f in figures if f is not None]


class Scale:
    """Logarithmic, from below the least ratio to above the greatest."""

    def __init__(self, rows):
        values = [row["target"] for row in rows] + [r for row in rows for _, r, _ in ratios_of(row)]
        self.low = min(0.8, 0.9 * min(values))
        self.high = 1.1 * max(values)

    def __call__(self, ratio):
        share = math.log(ratio / self.low) / math.log(self.high / self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        steps = [m * 10**e for e in range(-2, 4) for m in (1, 2, 5)]
        return [step for step in steps if self.low <= step <= self.high]


def text(x, y, words, kind="", anchor="start"):
    kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(words)}</text>'


def line(x, y1, y2, kind):
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y1:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def legend():
    parts, x = [], 20.0
    for name in PEERS:
        parts.append(f'<rect x="{x}" y="54" width="12" height="12" class="{name}"/>')
        parts.append(text(x + 17, 64.5, TITLES[name]))
        x += 92
    parts.append(line(x + 6, 52, 68, "aim"))
    parts.append(text(x + 14, 64.5, "aimed at"))
    return parts


def row_parts(result, scale, y):
    ratios = ratios_of(result)
    height = len(ratios) * (BAR + GAP) - GAP
    own = amount(figure_of(result, OURS)["median"], result["unit"])
    middle = y + height / 2
    names = [text(20, middle - 2, result["name"]), text(20, middle + 13, f"ours: {own}", "small")]
    bars, labels = [], []
    for i, (name, ratio, counts) in enumerate(ratios):
        top = y + i * (BAR + GAP)
        left, right = sorted((scale(1), scale(ratio)))
        faint, mark = ("", "") if counts else (' opacity="0.35"', "*")
        bars.append(
            f'<rect x="{left:.1f}" y="{top}" width="{max(right - left, 1):.1f}" height="{BAR}" '
            f'class="{name}"{faint}/>'
        )
        words = f"{three_digits(ratio)}×{mark}"
        labels.append(text(right + 5, top + BAR - 2.5, words, "small halo"))
    aim = line(scale(result["target"]), y - 4, y + height + 4, "aim")
    parts = [*names, *bars, aim, *labels]
    return parts, height


def draw(record):
    """The SVG, as text."""
    rows = record["rows"]
    scale = Scale(rows)
    parts, y = [], TOP
    for result in rows:
        new, height = row_parts(result, scale, y)
        parts += new
        y += height + BETWEEN
    bottom = y - BETWEEN + 8
    machine = record["machine"]
    under = f"{machine['processor']}, cores: {machine['cores']}; {record['date']} UTC. Logarithmic."
    ground = [
        f'<rect width="{WIDTH}" height="{bottom + 32}" class="ground"/>',
        text(20, 26, "How many times Scratch-ML's time, or memory, each peer takes", "title"),
        text(20, 44, under, "small"),
        *legend(),
    ]
    for tick in scale.ticks():
        ground.append(line(scale(tick), TOP - 10, bottom, "one" if tick == 1 else "grid"))
        ground.append(text(scale(tick), bottom + 16, f"{tick:g}×", "small", "middle"))
    size = f'width="{WIDTH}" height="{bottom + 32}" viewBox="0 0 {WIDTH} {bottom + 32}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([head, style(), *ground, *parts, "</svg>", ""])
