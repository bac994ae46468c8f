"""The board in a terminal and in Markdown."""

from collections.abc import Sequence

from verdict.board.rows import BoardRow, cell, grid, note
from verdict.tables import Sheet


def table(rows: Sequence[BoardRow]) -> Sheet:
    """One line per model, one column per headline metric."""
    heads, found = grid(rows)
    sheet = Sheet("Leaderboard: headline metrics, 95% intervals", ["model"], heads, note(rows))
    for model, cells in found.items():
        sheet.add(model, *(cell(cells[head]) if head in cells else "" for head in heads))
    return sheet


def slice_table(rows: Sequence[BoardRow], title: str = "By slice, 95% intervals") -> Sheet:
    """One line per slice, one column per model."""
    models = list(dict.fromkeys(row.model for row in rows))
    sheet = Sheet(title, ["metric", "slice"], ["n", *models], note(rows))
    lines: dict[tuple[str, str], dict[str, BoardRow]] = {}
    for row in rows:
        lines.setdefault((f"{row.task}/{row.metric}", row.slice), {})[row.model] = row
    for (metric, name), cells in lines.items():
        counts = dict.fromkeys(str(row.n) for row in cells.values())
        sheet.add(metric, name, "/".join(counts), *(cell(cells[m]) if m in cells else "" for m in models))
    return sheet


def to_markdown(rows: Sequence[BoardRow]) -> str:
    """The headline table, then every row."""
    heads, found = grid(rows)
    lines = [_line(["model", *heads]), _line(["---", *["---:"] * len(heads)])]
    for model, cells in found.items():
        lines.append(_line([model, *(cell(cells[head]) if head in cells else "" for head in heads)]))
    lines += ["", _line(["task", "metric", "slice", "model", "score (95%)", "n"]), _line(["---"] * 4 + ["---:"] * 2)]
    lines += [_line([r.task, r.metric, r.slice, r.model, cell(r), str(r.n)]) for r in rows]
    lines += ["", note(rows)] if note(rows) else []
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
