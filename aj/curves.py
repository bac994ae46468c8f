"""Training curves from a run's metrics, drawn once for the run's folder and for the board.

A drawing is plain data, [tag, attributes, *children], so that a page makes elements of it and nothing is read as HTML.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean
from typing import Any

from aj.visible import visible

HELD_OUT = " held out, "
"""Between the stage and the kind of token, in the `stage` of a line with a held-out loss."""
EXAM = " exam"
"""After the stage, in the `stage` of a line with the results of an exam; its first metric decides."""

Drawing = list[Any]
Points = list[tuple[int, float]]

WIDTH, HEIGHT = 480, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 320, 30, 194
"""Where the axes of a chart lie; to the right of them is the legend."""
POINTS = 200
"""Of a line; a longer one is thinned out."""
SMOOTHED = 20
"""Steps whose mean is shown beside the loss of each, which says more about the row than about the model."""
COLOURS = 8
REWARDS = ("reward", "rewards/margins", "rewards/chosen", "rewards/rejected")
_PALETTE = {
    "light": "text #1b1b1b, soft #555, line #ddd, back #fff, c0 #0b57a4, c1 #b5470b, c2 #176b34, c3 #8a2d7e, "
    "c4 #7a5c00, c5 #00707a, c6 #a3231b, c7 #5b5bd0",
    "dark": "text #e6e6e6, soft #aaa, line #44474c, back #16181b, c0 #8ab8f0, c1 #f0a36b, c2 #7fd197, c3 #e0a0d6, "
    "c4 #d9c05c, c5 #6fd0d8, c6 #ff9a90, c7 #b3b3ff",
}
_COLOURED = "\n".join(
    f".curve .c{n} {{ stroke: var(--c{n}); {'stroke-dasharray: 5 3; ' if n > 3 else ''}}}" for n in range(COLOURS)
)


def _colours(scheme: str) -> str:
    pairs = (colour.split() for colour in _PALETTE[scheme].split(", "))
    return ".curve { " + " ".join(f"--{name}: {value};" for name, value in pairs) + " }"


STYLE = f"""
{_colours("light")}
@media (prefers-color-scheme: dark) {{ {_colours("dark")} }}
.curve text {{ font: 12px system-ui, sans-serif; fill: var(--soft); }}
.curve .title {{ font-weight: 600; fill: var(--text); }}
.curve .grid {{ stroke: var(--line); }}
.curve path {{ fill: none; stroke-width: 1.75; stroke-linejoin: round; }}
.curve .raw {{ stroke-width: 1; opacity: .35; }}
{_COLOURED}
.curve circle {{ fill: var(--back); stroke-width: 2; stroke-dasharray: none; }}
"""


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    lines: dict[str, Points]
    """Name -> step and value, in order."""
    raw: Points | None = None
    """What the first line is the smoothed form of."""
    best: tuple[int, float] | None = None
    """A point of the first line."""
    most: float | None = None
    """The upper end of the scale; by default what the lines reach."""


def draw(metrics: Sequence[Mapping[str, Any]]) -> list[Drawing]:
    """One drawing for each chart that the lines of a run's `metrics.jsonl` allow."""
    return [_chart(chart) for chart in charts(metrics)]


def to_svg(drawings: Sequence[Drawing]) -> str:
    """All drawings as one SVG file, two in a row, light or dark as the viewer is."""
    width, height = 2 * WIDTH, math.ceil(len(drawings) / 2) * HEIGHT
    placed = [
        [tag, {**at, "x": n % 2 * WIDTH, "y": n // 2 * HEIGHT, "width": WIDTH, "height": HEIGHT}, *inside]
        for n, (tag, at, *inside) in enumerate(drawings)
    ]
    size = {"viewBox": f"0 0 {width} {height}", "width": width, "height": height}
    back = ["rect", {"width": "100%", "height": "100%", "fill": "var(--back)"}]
    whole = {"xmlns": "http://www.w3.org/2000/svg", "class": "curve", **size}
    return _text(["svg", whole, ["style", {}, STYLE], back, *placed]) + "\n"


def charts(metrics: Sequence[Mapping[str, Any]]) -> Iterator[Chart]:
    """Stage by stage: loss, held-out loss by kind of token, exams, rewards, learning rate."""
    by_stage: dict[str, list[Mapping[str, Any]]] = {}
    for line in metrics:
        by_stage.setdefault(str(line.get("stage", "training")), []).append(line)
    for stage in dict.fromkeys(name.partition(HELD_OUT)[0].removesuffix(EXAM) for name in by_stage):
        shown, own = visible(stage), by_stage.get(stage, [])
        if loss := _points(own, "loss"):
            yield Chart(f"{shown}: loss", {f"mean of {SMOOTHED}": _smooth(loss)}, loss, most=_nearly_highest(loss))
        start = f"{stage}{HELD_OUT}"
        kinds = {name.removeprefix(start): lines for name, lines in by_stage.items() if name.startswith(start)}
        if held := _named({kind: _points(lines, "loss") for kind, lines in kinds.items()}):
            yield Chart(f"{shown}: held-out loss by kind of token", held)
        yield from _exams(shown, by_stage.get(f"{stage}{EXAM}", []))
        if rewards := _named({name.removeprefix("rewards/"): _smooth(_points(own, name)) for name in REWARDS}):
            yield Chart(f"{shown}: rewards, mean of {SMOOTHED}", rewards)
        if rate := _points(own, "learning_rate"):
            yield Chart(f"{shown}: learning rate", {"rate": rate})


def _named(lines: Mapping[str, Points]) -> dict[str, Points]:
    return {visible(name): points for name, points in lines.items() if points}


def _exams(stage: str, lines: Sequence[Mapping[str, Any]]) -> Iterator[Chart]:
    metrics = list(dict.fromkeys(key for line in lines for key in line if "/" in key))
    if not any(_points(lines, metric) for metric in metrics[:1]):
        return
    task = metrics[0].partition("/")[0]
    found = _named({metric.removeprefix(f"{task}/"): _points(lines, metric) for metric in metrics[:COLOURS]})
    best = max(next(iter(found.values())), key=lambda point: (point[1], point[0]))
    yield Chart(f"{stage}: exam, {visible(task)}", found, best=best, most=1.0)


def _points(lines: Sequence[Mapping[str, Any]], key: str) -> Points:
    """Steps and values of those lines that have both; what is no number is left out."""
    pairs = ((line.get("step"), line.get(key)) for line in lines)
    return [
        (step, float(value))
        for step, value in pairs
        if isinstance(step, int) and isinstance(value, int | float) and math.isfinite(value)
    ]


def _smooth(points: Points) -> Points:
    values = [value for _, value in points]
    return [(step, fmean(values[max(0, n + 1 - SMOOTHED) : n + 1])) for n, (step, _) in enumerate(points)]


def _nearly_highest(points: Points) -> float:
    """What nearly all values are below: single rows reach ten times as much."""
    ordered = sorted(value for _, value in points)
    return ordered[int(0.98 * (len(ordered) - 1))]


def _chart(chart: Chart) -> Drawing:
    every = [point for points in (*chart.lines.values(), chart.raw or []) for point in points]
    steps, values = [step for step, _ in every], [value for _, value in every]
    across = _ticks(min(steps), max(steps), 5, whole=True)
    up = _ticks(min(0.0, *values), max(values) if chart.most is None else chart.most, 4)
    first, last, low, high = min(steps), max(steps), up[0], up[-1]

    def x(step: float) -> float:
        return round(LEFT + (step - first) / ((last - first) or 1) * (RIGHT - LEFT), 1)

    def y(value: float) -> float:
        return round(BOTTOM - (min(max(value, low), high) - low) / ((high - low) or 1) * (BOTTOM - TOP), 1)

    def line(points: Points, kind: str) -> Drawing:
        thin = [*points[:: math.ceil(len(points) / POINTS)], points[-1]]
        return ["path", {"class": kind, "d": "M" + "L".join(f"{x(step)} {y(value)}" for step, value in thin)}]

    drawn: list[Drawing] = [["text", {"class": "title", "x": 8, "y": 16}, chart.title]]
    for tick in up:
        drawn += [["line", {"class": "grid", "x1": LEFT, "x2": RIGHT, "y1": y(tick), "y2": y(tick)}]]
        drawn += [["text", {"x": LEFT - 6, "y": y(tick) + 4, "text-anchor": "end"}, f"{tick:.3g}"]]
    for tick in across:
        drawn += [["text", {"x": x(tick), "y": BOTTOM + 17, "text-anchor": "middle"}, f"{tick:g}"]]
    if chart.raw:
        drawn += [line(chart.raw, "c0 raw")]
    for n, (name, points) in enumerate(chart.lines.items()):
        drawn += [line(points, f"c{n % COLOURS}")]
        height = TOP + 8 + 19 * n
        drawn += [["path", {"class": f"c{n % COLOURS}", "d": f"M{RIGHT + 12} {height}h16"}]]
        drawn += [["text", {"x": RIGHT + 33, "y": height + 4}, f"{name} {points[-1][1]:.2g}"]]
    if chart.best:
        step, value = chart.best
        drawn += [["circle", {"class": "c0", "cx": x(step), "cy": y(value), "r": 4}]]
        drawn += [["text", {"x": RIGHT + 33, "y": TOP + 12 + 19 * len(chart.lines)}, f"○ best: step {step}"]]
    told = "; ".join(f"{name} {_end(points[0])}, {_end(points[-1])}" for name, points in chart.lines.items())
    size = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img", "aria-label": f"{chart.title}: {told}"}
    return ["svg", {"class": "curve", **size}, *drawn]


def _end(point: tuple[int, float]) -> str:
    return f"{point[1]:.3g} at step {point[0]}"


def _ticks(low: float, high: float, about: int, whole: bool = False) -> list[float]:
    """Round numbers: of values, some that enclose them; of steps (`whole`), those between them."""
    span = (high - low) or abs(high) or 1.0
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    size = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    if whole:
        size = max(1.0, size)
        return [n * size for n in range(math.ceil(low / size), math.floor(high / size) + 1)]
    return [n * size for n in range(math.floor(low / size + 1e-9), math.ceil(high / size - 1e-9) + 1)]


def _text(node: Drawing) -> str:
    tag, attributes, *children = node
    told = "".join(f' {name}="{escape(str(value))}"' for name, value in attributes.items())
    inside = "".join(_text(child) if isinstance(child, list) else escape(str(child), quote=False) for child in children)
    return f"<{tag}{told}>{inside}</{tag}>"
