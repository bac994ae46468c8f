"""Repaired copies of files: nothing is lost, nothing is overwritten, and every change can be reviewed."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aj.contract import load_contract
from aj.errors import AJError, DataError
from aj.messages import read_pairs, read_rows
from aj.wire import render_turn
from datasets_build.lint.config import LintConfig, find_files
from datasets_build.lint.report import table
from datasets_build.lint.run import Outcome, lint_files
from datasets_build.repair.files import fix_files

CONTRACT = load_contract()
OLD = {"system": "You are AJ.", "instruction": "Free space?", "response": '{"action": "run", "command": "df -h"}'}
RIGHT = OLD | {"response": '{"tool": "list_agents", "params": {}}'}
NONE = OLD | {"response": '{"tool": "none", "params": {}}'}
PAIR = {"prompt": "Who is online?", "chosen": RIGHT["response"], "rejected": OLD["response"]}


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    lines = [json.dumps(record) for record in (OLD, RIGHT, NONE, PAIR)]
    (folder / "rows.jsonl").write_text("\n".join([*lines, "{broken", ""]), encoding="utf-8")
    (folder / "deep" / "rows.json").write_text(json.dumps([OLD]), encoding="utf-8-sig")
    return folder


def test_a_parquet_file_becomes_rows_as_its_lines_would(data, tmp_path):
    (tmp_path / "tables").mkdir()
    pq.write_table(pa.Table.from_pylist([OLD, RIGHT, NONE]), tmp_path / "tables" / "rows.parquet")
    (tmp_path / "lines").mkdir()
    lines = "".join(f"{json.dumps(record)}\n" for record in (OLD, RIGHT, NONE))
    (tmp_path / "lines" / "rows.jsonl").write_text(lines)
    for name in ("tables", "lines"):
        fix_files([tmp_path / name], tmp_path / f"{name}-fixed", CONTRACT)
    assert find_files([str(tmp_path / "tables")]) == [tmp_path / "tables" / "rows.parquet"]
    rows = [read_rows(tmp_path / f"{name}-fixed" / "rows.jsonl") for name in ("tables", "lines")]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 2


def test_every_item_is_written_or_quarantined(data, tmp_path):
    report = fix_files([data], tmp_path / "out", CONTRACT)
    total = report.total
    assert (total.records, total.read) == (6, 6)
    assert (total.converted, total.repaired) == (4, 2)
    assert total.rejected == {"tool_none": 1, "not_json": 1}
    rows = read_rows(tmp_path / "out" / "rows.jsonl")
    assert [render_turn(row.messages[-1], CONTRACT) for row in rows] == [
        '{"tool": "bash", "params": {"command": "df -h"}}',
        RIGHT["response"],
    ]
    assert len(read_pairs(tmp_path / "out" / "rows.pairs.jsonl")) == 1
    (deep,) = read_rows(tmp_path / "out" / "deep" / "rows.jsonl")
    assert deep.metadata["repaired"][0] == "bom"


def test_the_quarantine_names_place_reason_and_record(data, tmp_path):
    fix_files([data], tmp_path / "out", CONTRACT)
    lines = (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()
    none, broken = map(json.loads, lines)
    assert (none["file"], none["line"], none["code"], none["record"]) == (
        str(data / "rows.jsonl"),
        3,
        "tool_none",
        NONE,
    )
    assert (broken["line"], broken["code"], broken["record"]) == (5, "not_json", None)


def test_the_diff_shows_what_aj_says_before_and_after(data, tmp_path):
    fix_files([data / "rows.jsonl"], tmp_path / "out", CONTRACT)
    place = f"{data / 'rows.jsonl'}:1"
    assert (tmp_path / "out" / "changes.diff").read_text() == (
        f"--- {place}\n+++ {place} (action_key, params_missing, extra_key)\n@@ -1,1 +1,1 @@\n"
        f"-{OLD['response']}\n"
        '+{"tool": "bash", "params": {"command": "df -h"}}\n'
    )


def test_characters_that_nobody_sees_do_not_reach_the_terminal(tmp_path):
    answer = {"answer": "Like so:\u202e\x9b2J\n```python\nprint(1)\n```"}
    record = OLD | {"response": json.dumps({"tool": "complete", "params": answer}, ensure_ascii=False)}
    (tmp_path / "rows.jsonl").write_text(json.dumps(record))
    fix_files([tmp_path / "rows.jsonl"], tmp_path / "out", CONTRACT)
    diff = (tmp_path / "out" / "changes.diff").read_text()
    assert not {"\u202e", "\x9b"} & set(diff)
    assert "\\u202e\\x9b2J" in diff


def test_the_inputs_stay_as_they_are(data, tmp_path):
    before = {path: path.read_bytes() for path in data.rglob("*.json*")}
    fix_files([data], tmp_path / "out", CONTRACT)
    assert {path: path.read_bytes() for path in data.rglob("*.json*")} == before


def test_an_output_that_could_overwrite_something_is_refused(data, tmp_path):
    with pytest.raises(AJError, match="inside the input folder"):
        fix_files([data], data / "out", CONTRACT)
    with pytest.raises(AJError, match="not an empty folder"):
        fix_files([data / "rows.jsonl"], data, CONTRACT)
    with pytest.raises(DataError, match="No data files"):
        fix_files([], tmp_path / "out", CONTRACT)


def test_what_was_fixed_once_needs_no_repair(data, tmp_path):
    fix_files([data], tmp_path / "once", CONTRACT)
    (tmp_path / "once" / "quarantine.jsonl").unlink()
    report = fix_files([tmp_path / "once"], tmp_path / "twice", CONTRACT)
    assert (report.total.read, report.total.converted, report.total.repaired) == (4, 4, 0)
    names = {
        "rows.jsonl": "rows.jsonl",
        "rows.pairs.jsonl": "rows.pairs.pairs.jsonl",
        "deep/rows.jsonl": "deep/rows.jsonl",
    }
    for once, twice in names.items():
        assert (tmp_path / "twice" / twice).read_bytes() == (tmp_path / "once" / once).read_bytes()


PRIVATE = {
    "messages": [
        {"role": "user", "content": "is 10.20.30.40 up? the key is AKIAQ3EGRUT5NX2PM7WZ"},
        {"role": "assistant", "content": "10.20.30.40 is up."},
    ],
    "mode": "chat",
}


def test_what_is_private_is_replaced_before_the_repair_and_what_is_replaced_or_nobodys_stays(tmp_path):
    (tmp_path / "in").mkdir()
    drawn = PRIVATE | {"metadata": {"templates": ["disk"]}}
    (tmp_path / "in" / "rows.jsonl").write_text("\n".join(map(json.dumps, (PRIVATE, drawn))))
    report = fix_files([tmp_path / "in"], tmp_path / "out", CONTRACT)
    assert (report.total.repairs, report.total.repaired, report.total.converted) == ({"private": 1}, 1, 2)
    row, nobodys = read_rows(tmp_path / "out" / "rows.jsonl")
    asked, said = (message.content for message in row.messages)
    assert not {"10.20.30.40", "AKIAQ3EGRUT5NX2PM7WZ"} & set(asked.split())
    assert said.split()[0] == asked.split()[1]
    assert (row.metadata["private"], row.metadata["repaired"]) == ("replaced", ["private"])
    assert [message.content for message in nobodys.messages] == [m["content"] for m in PRIVATE["messages"]]
    fix_files([tmp_path / "out" / "rows.jsonl"], tmp_path / "twice", CONTRACT)
    assert read_rows(tmp_path / "twice" / "rows.jsonl")[0] == row


def test_without_look_alikes_what_is_private_is_quarantined(tmp_path):
    (tmp_path / "rows.jsonl").write_text(json.dumps(PRIVATE))
    report = fix_files([tmp_path / "rows.jsonl"], tmp_path / "out", CONTRACT, seed=None)
    assert report.total.rejected == {"secret": 1}


def test_lint_finds_nothing_in_what_was_fixed_and_passes_over_its_quarantine(data, tmp_path):
    (data / "private.jsonl").write_text(json.dumps(PRIVATE))
    fix_files([data], tmp_path / "out", CONTRACT)
    total = Outcome()
    for outcome in lint_files(find_files([str(tmp_path / "out")]), LintConfig()):
        total.add(outcome, 10)
    assert (total.rows, total.books, total.listed) == (5, 2, [])
    assert len(total.rows_of_file) == 4
    assert "2 lines of a quarantine" in str(table(total).renderables[0])


def test_two_files_of_one_name_keep_apart(tmp_path):
    for name in ("a.json", "a.jsonl", "quarantine.jsonl"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_text(json.dumps(OLD))
    fix_files([tmp_path / "in"], tmp_path / "out", CONTRACT)
    assert sorted(path.name for path in (tmp_path / "out").glob("*.jsonl")) == [
        "a.jsonl",
        "a.jsonl.jsonl",
        "quarantine.jsonl",
        "quarantine.jsonl.jsonl",
    ]


def test_a_failed_run_leaves_nothing_behind(data, tmp_path):
    def interrupted(path, records):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fix_files([data], tmp_path / "out", CONTRACT, interrupted)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_integers_of_any_size_are_the_same_in_quarantine(tmp_path):
    big = 12_345_678_901_234_567_890_123
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "rows.jsonl").write_text(json.dumps(NONE | {"ticket": big}) + "\n", encoding="utf-8")
    fix_files([tmp_path / "in"], tmp_path / "out", CONTRACT)
    (line,) = (tmp_path / "out" / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["record"]["ticket"] == big
