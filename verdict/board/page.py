"""The board as one HTML file: it opens from disk, loads nothing, and runs no script but its own.

The ranking is plain HTML. All else lies in the page as compressed JSON, and is drawn when it is asked for; text of logs
goes into the page through `html.escape` here, and as text nodes there.
"""

import base64
import gzip
import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from aj.curves import STYLE
from aj.visible import visible
from verdict.board.models import Titles, differences, failure_counts, history_records, model_record, rival_of
from verdict.board.rows import MARK, BoardRow, Entry, grid, is_flawed, is_headline, note
from verdict.board.samples import conversations, score_columns

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = ("data.js", "parts.js", "pages.js", "samples.js", "board.js")


def to_html(models: Sequence[Entry], rows: Sequence[BoardRow], titles: Titles, logs: Path) -> str:
    """The page of these models and their rows; `logs` is the folder that holds runs/ and datasets/.

    Raises:
        EvidenceError: a log cannot be read.
        DataError: a training curve cannot be read.
    """
    heads, found = grid(rows)
    by_name = {entry.name: entry for entry in models}
    ranked = [*(by_name[name] for name in found), *(entry for entry in models if entry.name not in found)]
    rivals = [rival_of(entry, ranked, titles) for entry in ranked]
    places = [None if rival is None else ranked.index(rival) for rival in rivals]
    records = [model_record(entry, titles, logs) for entry in ranked]
    blocks = {
        "summary": _summary(ranked, records, rows, places) | {"heads": heads, "history": history_records(titles)},
        "scores": score_columns(ranked),
        "talks": conversations(ranked, places, is_headline(rows)),
    }
    script = "".join(_asset(name) for name in SCRIPTS)
    style = _asset("board.css") + STYLE
    return Template(_asset("board.html")).substitute(
        policy=f"default-src 'none'; script-src {_allowed(script)}; style-src {_allowed(style)}; "
        "base-uri 'none'; form-action 'none'",
        style=style,
        script=script,
        heads="".join(f"<th scope=col>{_breakable(head)}</th>" for head in heads),
        ranking="".join(_ranked(place, record, found, heads) for place, record in enumerate(records, start=1)),
        suites="".join(f"<option>{escape(suite)}</option>" for suite in sorted({one["suite"] for one in records})),
        note=escape(note(rows)),
        blocks="".join(
            f'<script type="application/gzip" id={name}>{_pack(it)}</script>\n' for name, it in blocks.items()
        ),
    )


@cache
def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _allowed(code: str) -> str:
    """The name of an inline script or style in a Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def _pack(value: Any) -> str:
    """Base64 of gzip of JSON: nothing in it can end the script element that holds it. The same bytes every time."""
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return base64.b64encode(gzip.compress(told, 6, mtime=0)).decode()


def _summary(
    models: Sequence[Entry], records: list[dict[str, Any]], rows: Sequence[BoardRow], rivals: Sequence[int | None]
) -> dict[str, Any]:
    places = {entry.name: place for place, entry in enumerate(models)}
    compared = [
        (place, row)
        for place, (entry, rival) in enumerate(zip(models, rivals, strict=True))
        if rival is not None
        for row in differences(entry, models[rival])
    ]
    counts = [failure_counts(entry) for entry in models]
    return {
        "models": [record | {"rival": rival} for record, rival in zip(records, rivals, strict=True)],
        "rows": _table(
            (places[r.model], f"{r.task}/{r.metric}", r.slice, *_numbers(r.mean, r.low, r.high), r.n, r.flaw)
            for r in rows
        ),
        "differences": _table(
            (place, visible(f"{r.task}/{r.metric}"), visible(r.slice), *_numbers(r.diff, r.low, r.high), r.n)
            for place, r in compared
        ),
        "codes": _table((place, *key, n) for place, found in enumerate(counts) for key, n in sorted(found.items())),
    }


def _numbers(*values: float) -> tuple[float | None, ...]:
    """JSON has no infinity, which a scorer may give."""
    return tuple(round(value, 4) if math.isfinite(value) else None for value in values)


def _table(rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """Column by column, each different text once: rows that repeat their names take little room."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    texts = list(dict.fromkeys(value for column in columns for value in column if isinstance(value, str)))
    places = {text: place for place, text in enumerate(texts)}
    return {
        "texts": texts,
        "columns": [
            {"texts": [places[value] for value in column]} if isinstance(column[0], str) else {"numbers": column}
            for column in columns
        ],
    }


def _ranked(place: int, model: dict[str, Any], found: dict[str, dict[str, BoardRow]], heads: Sequence[str]) -> str:
    """A line of the ranking; the script makes a link of the model's name."""
    cells = found.get(model["name"], {})
    number = "–" if is_flawed(cells.values()) else str(place)
    champion = "<span class=badge>champion</span>" if model["champion"] else ""
    scores = "".join(_cell(cells[head]) if head in cells else "<td></td>" for head in heads)
    told = "".join(f"<td class=v>{escape(model[key])}</td>" for key in ("suite", "dataset", "created"))
    return (
        f"<tr data-place={place - 1}><th scope=row data-sort={place}><span class=rank>{number}</span> "
        f"<span class=name>{escape(model['name'])}</span> {champion}</th>{scores}{told}</tr>\n"
    )


def _breakable(name: str) -> str:
    """A long name, which may be broken at its joints."""
    return escape(name).replace("/", "/<wbr>").replace("_", "_<wbr>")


def _cell(row: BoardRow) -> str:
    """The number, and below it the mean and the interval on a scale from 0 to 1."""
    left, right = 100 * max(0.0, row.low), 100 * min(1.0, row.high)
    return (
        f"<td data-sort={row.mean:.4f}><span class=v>{row.mean:.2f} <small>{row.low:.2f}–{row.high:.2f}</small>"
        f"{MARK if row.flaw else ''}</span>"
        '<svg class=bar viewBox="0 0 100 8" preserveAspectRatio=none aria-hidden=true>'
        "<rect class=line y=3 width=100 height=2 />"
        f"<rect class=span x={left:.1f} y=1 width={max(right - left, 0.5):.1f} height=6 />"
        f"<rect class=dot x={min(max(100 * row.mean - 0.75, 0), 98.5):.1f} width=1.5 height=8 /></svg></td>"
    )
