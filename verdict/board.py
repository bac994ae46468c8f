"""The leaderboard: every model's score by task, metric and slice, computed from the logs each time.

One list of rows becomes a table for the terminal, Markdown, and a self-contained HTML file.
"""

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from verdict.compare import TAIL
from verdict.policy import load_policy
from verdict.scores import ALL, Sample, TaskScores, read_models
from verdict.stats import score_estimate

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One score, with its 95% interval; samples from one template count as one family."""

    model: str
    task: str
    metric: str
    slice: str
    mean: float
    low: float
    high: float
    n: int
    """Samples with a score."""
    comparable: bool
    """False when other samples or another grader than today's are behind it; it is ranked after the others."""


Today = Mapping[str, tuple[str, str]]
"""Task -> its samples and its grader of today."""


def board(folders: Sequence[Path], today: Today | None = None) -> list[BoardRow]:
    """Rows of all eval folders: task by task, headline metric first, best model first.

    Rows with other samples or another grader than `today`'s come after the others: `aj compare` refuses to compare
    them. A task that `today` does not name is taken as it is.

    Raises:
        EvidenceError: a folder has no log, or a log cannot be read.
    """
    arms = [(folder, scores) for folder in folders for scores in read_models(folder)]
    names = Counter(_model(scores) for _, scores in arms)
    rows = [
        row
        for folder, scores in arms
        for task in scores.values()
        for row in _rows(
            _model(scores) if names[_model(scores)] == 1 else f"{_model(scores)} ({folder.name})", task, today or {}
        )
    ]
    places: dict[tuple[str, str, str], int] = {}
    for row in rows:
        places.setdefault((row.task, row.metric, row.slice), len(places))
    tasks = list(dict.fromkeys(row.task for row in rows))

    def place(row: BoardRow) -> tuple[Any, ...]:
        line = places[row.task, row.metric, row.slice]
        return tasks.index(row.task), line, not row.comparable, -row.mean, row.model

    return sorted(rows, key=place)


def _model(scores: dict[str, TaskScores]) -> str:
    first = next(iter(scores.values()))
    return f"{first.model} (practice)" if first.metadata.get("suite") == "practice" else first.model


def _rows(model: str, scores: TaskScores, today: Today) -> list[BoardRow]:
    found = {(str(scores.metadata.get("samples")), name) for names in scores.graders.values() for name in names}
    comparable = scores.task not in today or today[scores.task] in found
    return [
        _row(model, scores.task, metric, name, samples, comparable)
        for metric in scores.metrics
        for name, samples in scores.slices(metric).items()
    ]


def _row(model: str, task: str, metric: str, name: str, samples: Sequence[Sample], comparable: bool) -> BoardRow:
    values = [sample.values[metric] for sample in samples]
    estimate = score_estimate(values, [sample.family or sample.id for sample in samples])
    bounds = estimate.low(TAIL), estimate.high(TAIL)
    return BoardRow(model, task, metric, name, estimate.mean, *bounds, estimate.n, comparable)


def headlines(rows: Sequence[BoardRow]) -> list[BoardRow]:
    """The metrics that the default policy gates, over all samples; the first metric of a task that it does not name."""
    gated = load_policy().gated
    first: dict[str, list[str]] = {}
    for row in rows:
        first.setdefault(row.task, [row.metric])
    return [row for row in rows if row.slice == ALL and row.metric in gated.get(row.task, first[row.task])]


def to_records(rows: Sequence[BoardRow]) -> list[dict[str, Any]]:
    """For `--format json`: model, task, metric, slice, mean, low, high, n."""
    return [asdict(row) for row in rows]


def table(rows: Sequence[BoardRow]) -> "Table":
    """For the terminal: one line per model, one column per headline metric, with 95% intervals."""
    from rich.table import Table
    from rich.text import Text

    heads, grid = _grid(rows)
    result = Table("model", title="Leaderboard: headline metrics, 95% intervals", caption=note(rows) or None)
    for head in heads:
        result.add_column(Text(head), justify="right")
    for model, cells in grid.items():
        result.add_row(Text(model), *(_cell(cells[head]) if head in cells else "" for head in heads))
    return result


def slice_table(rows: Sequence[BoardRow], title: str = "By slice, 95% intervals") -> "Table":
    """For the terminal: one line per slice, one column per model."""
    from rich.table import Table
    from rich.text import Text

    models = list(dict.fromkeys(row.model for row in rows))
    result = Table("metric", "slice", title=title)
    for column in ("n", *models):
        result.add_column(Text(column), justify="right")
    lines: dict[tuple[str, str], dict[str, BoardRow]] = {}
    for row in rows:
        lines.setdefault((f"{row.task}/{row.metric}", row.slice), {})[row.model] = row
    for (metric, name), cells in lines.items():
        count = str(next(iter(cells.values())).n)
        result.add_row(metric, Text(name), count, *(_cell(cells[m]) if m in cells else "" for m in models))
    return result


def _grid(rows: Sequence[BoardRow]) -> tuple[list[str], dict[str, dict[str, BoardRow]]]:
    """Column heads, and model -> head -> row; the model with the best mean over tasks comes first."""
    chosen = headlines(rows)
    heads = list(dict.fromkeys(f"{row.task}/{row.metric}" for row in chosen))
    grid: dict[str, dict[str, BoardRow]] = {}
    for row in chosen:
        grid.setdefault(row.model, {})[f"{row.task}/{row.metric}"] = row

    def place(item: tuple[str, dict[str, BoardRow]]) -> tuple[bool, float]:
        cells = item[1].values()
        return not all(row.comparable for row in cells), -sum(row.mean for row in cells) / len(heads)

    return heads, dict(sorted(grid.items(), key=place))


OLDER = " †"
"""Marks a score that must not be compared with the others."""
NOTE = "† other samples or another grader than today's: not comparable; run `aj rescore FOLDER`, or `aj eval` again"


def note(rows: Sequence[BoardRow]) -> str:
    """What the mark in the table means; empty when no row has it."""
    return "" if all(row.comparable for row in rows) else NOTE


def _cell(row: BoardRow) -> str:
    return f"{row.mean:.2f} ({row.low:.2f}–{row.high:.2f}){'' if row.comparable else OLDER}"


def to_markdown(rows: Sequence[BoardRow]) -> str:
    """The headline table, then every row."""
    heads, grid = _grid(rows)
    lines = [_line(["model", *heads]), _line(["---", *["---:"] * len(heads)])]
    for model, cells in grid.items():
        lines.append(_line([model, *(_cell(cells[head]) if head in cells else "" for head in heads)]))
    lines += ["", _line(["task", "metric", "slice", "model", "score (95%)", "n"]), _line(["---"] * 4 + ["---:"] * 2)]
    lines += [_line([r.task, r.metric, r.slice, r.model, _cell(r), str(r.n)]) for r in rows]
    lines += ["", note(rows)] if note(rows) else []
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def to_html(rows: Sequence[BoardRow]) -> str:
    """One page without scripts or external links; light or dark like the reader's system."""
    heads, grid = _grid(rows)
    summary = "".join(
        f"<tr><th scope=row>{html.escape(model)}</th>"
        + "".join(f"<td>{_html_cell(cells[head])}</td>" if head in cells else "<td></td>" for head in heads)
        + "</tr>"
        for model, cells in grid.items()
    )
    columns = "".join(f"<th scope=col>{html.escape(head)}</th>" for head in heads)
    tasks = "".join(_html_task(task, rows) for task in dict.fromkeys(row.task for row in rows))
    return _PAGE.substitute(columns=columns, summary=summary, tasks=tasks, note=html.escape(note(rows)))


def _html_task(task: str, rows: Sequence[BoardRow]) -> str:
    body = "".join(
        f"<tr><td>{html.escape(row.metric)}</td><td>{html.escape(row.slice)}</td>"
        f"<th scope=row>{html.escape(row.model)}</th><td>{_html_cell(row)}</td><td class=n>{row.n}</td></tr>"
        for row in rows
        if row.task == task
    )
    head = "<tr><th>metric<th>slice<th>model<th>score<th class=n>n</tr>"
    return (
        f"<details><summary>{html.escape(task)}</summary>"
        f"<div class=wide><table><thead>{head}</thead><tbody>{body}</tbody></table></div></details>"
    )


def _html_cell(row: BoardRow) -> str:
    """The number, and below it a bar from 0 to 1 with the interval and the mean."""
    mark = "" if row.comparable else OLDER
    left, width = 100 * row.low, max(100 * (row.high - row.low), 0.5)
    return (
        f"<span class=v>{row.mean:.2f} <small>{row.low:.2f}–{row.high:.2f}</small>{mark}</span>"
        f"<span class=bar aria-hidden=true><i style='left:{left:.1f}%;width:{width:.1f}%'></i>"
        f"<b style='left:{100 * row.mean:.1f}%'></b></span>"
    )


_PAGE = Template("""<!doctype html>
<html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width, initial-scale=1">
<title>Leaderboard</title>
<style>
:root { color-scheme: light dark; --line: light-dark(#ddd, #444); --span: light-dark(#a9c7ee, #35557d);
  --dot: light-dark(#123f7a, #cfe2ff); --soft: light-dark(#555, #aaa); }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem;
  background: light-dark(#fff, #16181b); color: light-dark(#1b1b1b, #e6e6e6); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { text-align: left; padding: .35rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } .n { text-align: right; } small, p { color: var(--soft); }
.v { white-space: nowrap; font-variant-numeric: tabular-nums; }
.bar { display: block; position: relative; height: 6px; min-width: 7rem; margin-top: .2rem; border-radius: 3px;
  background: var(--line); }
.bar i { position: absolute; height: 6px; border-radius: 3px; background: var(--span); }
.bar b { position: absolute; top: -2px; width: 2px; height: 10px; background: var(--dot); }
summary { cursor: pointer; font-weight: 600; padding: .4rem 0; }
</style>
<h1>Leaderboard</h1>
<p>The headline metrics with their 95% interval; samples from one template count as one family.
Overlapping intervals do not mean that models are equal: <code>aj compare</code> compares them sample by sample.</p>
<div class=wide><table><thead><tr><th scope=col>model</th>$columns</tr></thead><tbody>$summary</tbody></table></div>
<p>$note</p>
<h2>By task, metric and slice</h2>
$tasks
</html>
""")
