import json
import re
from html.parser import HTMLParser

from inspect_ai.log import EvalLog
from rich.console import Console

from aj.files import digest_file
from tests.made_logs import GRADER
from verdict.board import BoardRow, board, headlines, slice_table, table, to_html, to_markdown, to_records


def test_a_row_has_exactly_the_promised_fields(lab):
    records = to_records(board([lab.evals("good")]))
    assert {tuple(record) for record in records} == {
        ("model", "task", "metric", "slice", "mean", "low", "high", "n", "comparable")
    }
    json.dumps(records, allow_nan=False)


def test_the_better_model_stands_first_in_every_task(lab):
    rows = headlines(board([lab.evals("base"), lab.evals("old"), lab.evals("good")]))
    assert [(row.task, row.metric, row.model) for row in rows] == [
        ("known_issues", "right", "aj-good"),
        ("known_issues", "right", "aj-old"),
        ("known_issues", "right", "aj-base"),
        ("tool_format", "valid", "aj-good"),
        ("tool_format", "valid", "aj-old"),
        ("tool_format", "valid", "aj-base"),
    ]
    assert all(row.low <= row.mean <= row.high for row in rows)


def test_the_headlines_are_what_the_default_policy_gates_and_the_first_metric_of_any_other_task():
    def row(task: str, metric: str) -> BoardRow:
        return BoardRow("m", task, metric, "all", 0.5, 0.4, 0.6, 40, True)

    keys = ("success", "everyday", "incidents", "end_state")
    rows = [*(row("task_success", key) for key in keys), *(row("arithmetic", key) for key in ("sum", "product"))]
    assert [(found.task, found.metric) for found in headlines(rows)] == [
        ("task_success", "everyday"),
        ("task_success", "incidents"),
        ("arithmetic", "sum"),
    ]


def test_a_model_that_knows_nothing_is_apart_from_one_that_knows_nearly_all(lab):
    good, base = headlines(board([lab.evals("good"), lab.evals("base")]))[:2]
    assert base.high < good.low


def test_a_model_that_another_grader_graded_is_ranked_after_the_others_and_marked(lab):
    def older(log: EvalLog) -> None:
        for sample in log.samples or []:
            for score in (sample.scores or {}).values():
                score.metadata = {**(score.metadata or {}), "grader": "older"}

    folders = [lab.change("good", older), lab.evals("old"), lab.evals("base")]
    tasks = ("known_issues", "tool_format")
    today = {task: (digest_file(lab.suites / f"{task}.jsonl"), GRADER) for task in tasks}
    rows = headlines(board(folders, today))
    assert [(row.model, row.comparable) for row in rows if row.task == "known_issues"] == [
        ("aj-old", True),
        ("aj-base", True),
        ("aj-good", False),
    ]
    text = to_markdown(board(folders, today))
    assert [line.split(" | ")[0] for line in text.splitlines()[2:5]] == ["| aj-old", "| aj-base", "| aj-good"]
    assert "† |" in text.splitlines()[4]
    assert "aj rescore FOLDER" in text
    assert "†" in to_html(rows)
    assert "†" not in to_markdown(board(folders[1:], today))


def test_a_model_that_was_asked_other_samples_is_not_comparable(lab):
    today = {"known_issues": ("0ther", GRADER)}
    assert {row.task: row.comparable for row in board([lab.evals("old")], today)} == {
        "known_issues": False,
        "tool_format": True,
    }


def test_two_folders_of_one_model_name_are_told_apart(lab):
    folder = lab.change("good", lambda log: None)
    names = {row.model for row in board([lab.evals("good"), folder])}
    assert names == {"aj-good (good)", "aj-good (good-changed)"}


def test_the_page_needs_nothing_from_outside_and_survives_hostile_names(lab):
    def rename(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "model_name": "<script>alert(1)</script> | $summary"}

    rows = board([lab.change("good", rename), lab.evals("base")])
    page = to_html(rows)
    assert not re.search(r"https?:|src=|href=|@import|url\(|<script", page)
    assert "prefers-color-scheme" in page or "color-scheme: light dark" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; | $summary" in page
    HTMLParser().feed(page)
    assert page.count("<td class=n>") == len(rows)


def test_markdown_has_a_line_for_every_row_and_escapes_bars(lab):
    def rename(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "model_name": "a|b"}

    rows = board([lab.change("good", rename)])
    text = to_markdown(rows)
    assert "a\\|b" in text
    assert text.count("\n| known_issues | right |") == 5


def test_the_terminal_table_has_one_line_a_model(lab):
    console = Console(width=140)
    with console.capture() as shown:
        console.print(table(board([lab.evals("good"), lab.evals("base")])))
    text = shown.get()
    assert "known_issues/right" in text
    assert text.index("aj-good") < text.index("aj-base")


def test_slices_stand_one_a_line_with_a_column_a_model():
    rows = [
        BoardRow(model, "known_issues", "right", f"pattern={name}", mean, mean - 0.1, mean + 0.1, 25, True)
        for model, mean in (("old", 0.25), ("new", 0.75))
        for name in ("wrong_count", "lost_context")
    ]
    console = Console(width=140, record=True)
    console.print(slice_table(rows))
    lines = [line for line in console.export_text().splitlines() if "pattern=wrong_count" in line]
    assert len(lines) == 1
    assert "0.25" in lines[0]
    assert "0.75" in lines[0]
