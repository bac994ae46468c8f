"""Bar charts as SVG, written by hand: a card's plots need no library and are the same bytes every time."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH = 720
LEFT = 200
"""Room for the labels."""
RIGHT = 90
"""Room for the numbers."""
BAR = 22
COLOURS = ("#2b6cb0", "#dd6b20", "#718096", "#c53030", "#805ad5", "#2f855a", "#d69e2e")


STYLE = (
    ".back{fill:#fff}.ink{fill:#1a202c}.axis{stroke:#4a5568}"
    "@media(prefers-color-scheme:dark){.back{fill:#16181b}.ink{fill:#e6e6e6}.axis{stroke:#a0aec0}}"
)
"""Light or dark, as the reader's system is."""


def bars(title: str, unit: str, series: Mapping[str, Mapping[str, int]]) -> str:
    """Horizontal bars, one group per label: `series` maps a series' name to its numbers by label."""
    labels = list(dict.fromkeys(label for numbers in series.values() for label in numbers))
    most = max((number for numbers in series.values() for number in numbers.values()), default=0) or 1
    thick = BAR / len(series)
    body: list[str] = []
    for row, label in enumerate(labels):
        top = 60 + row * (BAR + 10)
        body.append(_text(LEFT - 8, top + BAR * 0.7, label, "end"))
        for place, (name, numbers) in enumerate(series.items()):
            number = numbers.get(label, 0)
            y, length = top + place * thick, (WIDTH - LEFT - RIGHT) * number / most
            body.append(_bar(LEFT, y, length, thick - 1, COLOURS[place % len(COLOURS)], f"{label}, {name}: {number:,}"))
            body.append(_text(LEFT + length + 5, y + thick * 0.5 + 4, f"{number:,}", size=min(12, int(thick))))
    return _page(title, unit, body, 60 + len(labels) * (BAR + 10), list(series) if len(series) > 1 else [])


def stacked(title: str, unit: str, rows: Mapping[str, Mapping[str, int]]) -> str:
    """One bar per label, its parts side by side; `rows` maps a label to its parts."""
    names = list(dict.fromkeys(name for parts in rows.values() for name, count in parts.items() if count))
    most = max((sum(parts.values()) for parts in rows.values()), default=0) or 1
    body: list[str] = []
    for row, (label, parts) in enumerate(rows.items()):
        x, top = float(LEFT), 60 + row * (BAR + 10)
        body.append(_text(LEFT - 8, top + BAR * 0.7, label, "end"))
        for place, name in enumerate(names):
            length = (WIDTH - LEFT - RIGHT) * parts.get(name, 0) / most
            colour = COLOURS[place % len(COLOURS)]
            body.append(_bar(x, top, length, BAR, colour, f"{label}, {name}: {parts.get(name, 0):,}"))
            x += length
        body.append(_text(x + 5, top + BAR * 0.7, f"{sum(parts.values()):,}"))
    return _page(title, unit, body, 60 + len(rows) * (BAR + 10), names)


def histogram(values: Sequence[int], steps: int = 12) -> dict[str, int]:
    """Counts by range, `from–to`: equal steps, of which the last also takes the longest hundredth."""
    if not values:
        return {}
    ordered = sorted(values)
    low, high = ordered[0], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    step = max(1, -(-(high - low + 1) // steps))
    found = [0] * steps
    for value in values:
        found[min((value - low) // step, steps - 1)] += 1
    used = max(i for i, count in enumerate(found) if count) + 1
    names = [f"{low + i * step:,}–{low + (i + 1) * step - 1:,}" for i in range(used)]
    if ordered[-1] >= low + used * step:
        names[-1] = f"{low + (used - 1) * step:,}–{ordered[-1]:,}"
    return dict(zip(names, found, strict=False))


def _page(title: str, unit: str, body: list[str], height: int, legend: Sequence[str]) -> str:
    widths = [34 + 7 * len(name) for name in legend]
    x = float(max(8, min(LEFT, WIDTH - sum(widths))))  # left of the bars only where it would not fit else
    marks: list[str] = []
    for place, (name, width) in enumerate(zip(legend, widths, strict=True)):
        marks += [_bar(x, 36, 12, 12, COLOURS[place % len(COLOURS)], name), _text(x + 17, 46, name)]
        x += width
    axis = f'<line x1="{LEFT}" y1="56" x2="{LEFT}" y2="{height}" class="axis"/>'
    foot = _text((LEFT + WIDTH - RIGHT) / 2, height + 20, unit, "middle")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height + 32}" role="img" '
            f'aria-label="{escape(title)}" font-family="sans-serif">',
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height + 32}" class="back"/>',
            _text(LEFT, 22, title, size=15),
            *marks,
            *body,
            axis,
            foot,
            "</svg>",
            "",
        ]
    )


def _bar(x: float, y: float, width: float, height: float, colour: str, told: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="{colour}"><title>{escape(told)}</title></rect>'


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" class="ink">{escape(text)}</text>'
