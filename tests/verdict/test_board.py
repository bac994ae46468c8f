import json

import pytest
from inspect_ai.log import EvalLog
from rich.console import Console

from aj.files import digest_file
from tests.made_logs import GRADER
from verdict.board.rows import BoardRow, entries, headlines, rank, to_records
from verdict.board.terminal import slice_table, table, to_markdown


def board(folders, today=None):
    return rank(entries(folders), today)


def test_a_row_has_exactly_the_promised_fields(lab):
    records = to_records(board([lab.evals("good")]))
    assert {tuple(record) for record in records} == {
        ("model", "task", "metric", "slice", "mean", "low", "high", "n", "flaw", "comparable")
    }
    json.dumps(records, allow_nan=False)


def test_the_better_model_stands_first_in_every_task_and_tasks_as_in_the_default_policy(lab):
    rows = headlines(board([lab.evals("base"), lab.evals("old"), lab.evals("good")]))
    assert [(row.task, row.metric, row.model) for row in rows] == [
        ("tool_format", "valid", "aj-good"),
        ("tool_format", "valid", "aj-old"),
        ("tool_format", "valid", "aj-base"),
        ("known_issues", "right", "aj-good"),
        ("known_issues", "right", "aj-old"),
        ("known_issues", "right", "aj-base"),
    ]
    assert all(row.low <= row.mean <= row.high for row in rows)


def test_the_headlines_are_what_the_default_policy_gates_and_the_first_metric_of_any_other_task():
    def row(task: str, metric: str) -> BoardRow:
        return BoardRow("m", task, metric, "all", 0.5, 0.4, 0.6, 40, "")

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
    assert [(row.model, not row.flaw) for row in rows if row.task == "known_issues"] == [
        ("aj-old", True),
        ("aj-base", True),
        ("aj-good", False),
    ]
    text = to_markdown(board(folders, today))
    assert [line.split(" | ")[0] for line in text.splitlines()[2:5]] == ["| aj-old", "| aj-base", "| aj-good"]
    assert "† |" in text.splitlines()[4]
    assert "aj rescore FOLDER" in text
    assert "†" not in to_markdown(board(folders[1:], today))


def test_a_model_that_was_asked_other_samples_is_not_comparable(lab):
    today = {"known_issues": ("0ther", GRADER)}
    assert {row.task: not row.flaw for row in board([lab.evals("old")], today)} == {
        "known_issues": False,
        "tool_format": True,
    }


def test_two_folders_of_one_model_name_are_told_apart(lab):
    folder = lab.change("good", lambda log: None)
    names = {row.model for row in board([lab.evals("good"), folder])}
    assert names == {"aj-good (good)", "aj-good (good-changed)"}


def test_one_model_in_two_suites_is_told_apart_by_the_suite(lab):
    def full(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "suite": "full"}

    names = {row.model for row in board([lab.evals("good"), lab.change("good", full)])}
    assert names == {"aj-good (small)", "aj-good (full)"}


def spoil(log: EvalLog, how: str) -> None:
    if how == "limited":
        log.eval.config.limit = 5
    elif how == "cut short":
        log.samples = (log.samples or [])[:5]
    elif how == "cancelled":
        log.status = "cancelled"
    else:
        for sample in log.samples or []:
            for score in (sample.scores or {}).values():
                assert isinstance(score.value, dict)
                score.value = dict.fromkeys(score.value, 7.0)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("limited", "limited to"),
        ("cut short", "of 48 sample epochs"),
        ("cancelled", "cancelled"),
        ("scored from 0 to 10", "outside 0..1"),
    ],
)
def test_a_log_that_is_not_whole_is_never_ranked_as_if_it_were(lab, how, told):
    spoilt = lab.change("good", lambda log: spoil(log, how))
    rows = [row for row in headlines(board([spoilt, lab.evals("base")])) if row.task == "known_issues"]
    assert [row.model for row in rows] == ["aj-base", "aj-good"]
    assert told in rows[1].flaw


def test_distances_stand_in_the_order_of_their_numbers(lab):
    def far(log: EvalLog) -> None:
        for place, sample in enumerate(log.samples or []):
            sample.metadata["slice"] = {"distance": str(2 ** (place % 5))}

    rows = board([lab.change("good", far)])
    slices = [row.slice for row in rows if (row.task, row.metric) == ("known_issues", "right")]
    assert slices == ["all", "distance=1", "distance=2", "distance=4", "distance=8", "distance=16"]


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


@pytest.mark.parametrize("width", [40, 80, 140])
def test_no_width_cuts_a_number_a_metric_or_a_slice(width):
    names = ("pattern=code_block_instead_of_action", "pattern=code_block_instead_of_answer")
    rows = [
        BoardRow(model, f"task_{place}", "a_metric_with_a_long_name", name, 0.5, 0.34, 0.56, 25, "")
        for model in ("smollm2-135m", "demo (ee3e7e)", "champion of all")
        for place in range(5)
        for name in ("all", *names)
    ]
    console = Console(width=width)
    with console.capture() as shown:
        console.print(table(rows))
        console.print(slice_table(rows))
    text = " ".join(shown.get().split())
    assert "…" not in text
    assert text.count("0.50 (0.34–0.56)") == 15 + 45
    assert text.count(names[0]) == text.count(names[1]) == 5


def test_slices_stand_one_a_line_with_a_column_a_model():
    rows = [
        BoardRow(model, "known_issues", "right", f"pattern={name}", mean, mean - 0.1, mean + 0.1, 25, "")
        for model, mean in (("old", 0.25), ("new", 0.75))
        for name in ("wrong_count", "lost_context")
    ]
    console = Console(width=140, record=True)
    console.print(slice_table(rows))
    lines = [line for line in console.export_text().splitlines() if "pattern=wrong_count" in line]
    assert len(lines) == 1
    assert "0.25" in lines[0]
    assert "0.75" in lines[0]
