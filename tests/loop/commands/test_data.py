"""`aj data …`: each source by itself, into files that add up."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aj.contract import load_contract
from aj.errors import AJError
from aj.messages import read_pairs, read_rows
from datasets_build import convert
from loop.commands.main import app
from scenarios.error_patterns import PATTERNS
from scorers.checks.rows import check_pair, check_row

AJ = load_contract()
SOURCES = ("corrections", "conversational", "chat-exports", "existing", "traces", "toucan", "glaive", "agentinstruct")


def _run(*words: object) -> dict[str, int]:
    """The funnel of `aj data …`."""
    done = CliRunner().invoke(app, ["data", *map(str, words), "--format", "json"])
    assert done.exit_code == 0, done.exception or done.output
    funnel = json.loads(done.stdout)["funnel"]
    parts = ("kept", "duplicate", "rejected:", "filtered:")
    assert funnel["read"] == sum(count for name, count in funnel.items() if name.startswith(parts))
    return funnel


def _file(path: Path, *records: object) -> Path:
    path.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in records), encoding="utf-8")
    return path


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_has_help_with_an_example(source):
    done = CliRunner().invoke(app, ["data", source, "--help"])
    assert done.exit_code == 0
    assert f"Example: aj data {source}" in " ".join(done.output.split())


def test_corrections_give_each_pattern_so_many_times_as_rows_and_as_pairs(tmp_path):
    output, beside = tmp_path / "rows.jsonl", tmp_path / "dpo.jsonl"
    funnel = _run("corrections", "--multiply", 2, "--output", output, "--pairs", beside)
    assert (funnel["read"], funnel["kept"]) == (32, 32)
    rows, pairs = read_rows(output), read_pairs(beside)
    for made in (rows, pairs):
        assert sorted(item.metadata["pattern"] for item in made) == sorted([*PATTERNS, *PATTERNS])
    assert not any(found for row in rows for found in check_row(row, AJ))
    assert not any(found for pair in pairs for found in check_pair(pair, AJ))
    assert (tmp_path / "rows.rejects.jsonl").read_text() == ""


def test_the_same_seed_writes_the_same_bytes_and_another_one_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        _run("corrections", "--multiply", 1, "--seed", seed, "--output", tmp_path / f"{name}.jsonl")
    first, again, other = ((tmp_path / f"{name}.jsonl").read_bytes() for name in "abc")
    assert first == again != other


def test_a_path_without_data_is_named(tmp_path):
    for path, why in ((tmp_path, "no file in it ends in"), (tmp_path / "nowhere.jsonl", "there is no such file")):
        done = CliRunner().invoke(app, ["data", "toucan", str(path), "--output", str(tmp_path / "rows.jsonl")])
        assert isinstance(done.exception, AJError)
        assert f"{path}: {why}" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


EARLIER = {"system": "You are AJ.", "instruction": "what is the load on db07?"}
RIGHT = {**EARLIER, "response": '{"tool": "complete", "params": {"answer": "Which db07 do you mean?"}}'}
OLD = {**EARLIER, "response": '{"action": "complete", "params": {"answer": "Tell me which db07 it is."}}'}
GLAIVE = {"system": "SYSTEM: You are helpful.", "chat": "USER: hello there ASSISTANT: Hello! <|endoftext|>"}


def test_earlier_data_is_repaired_or_rejected_with_its_line(tmp_path):
    source = _file(tmp_path / "earlier.jsonl", RIGHT, OLD, RIGHT, '{"half": ', GLAIVE, {"colour": "blue"})
    output = tmp_path / "rows.jsonl"
    funnel = _run("existing", source, "--output", output)
    assert (funnel["read"], funnel["converted"], funnel["kept"], funnel["duplicate"]) == (6, 3, 2, 1)
    assert funnel["repaired"] == funnel["repaired:action_key"] == 1
    assert funnel["rejected:not_json"] == funnel["rejected:other_shape"] == funnel["rejected:unknown_shape"] == 1
    rejects = [json.loads(line) for line in (tmp_path / "rows.rejects.jsonl").read_text().splitlines()]
    assert [reject["where"] for reject in rejects] == [f"{source}:{line}" for line in (4, 5, 6)]
    for row in read_rows(output):
        assert check_row(row, AJ) == []
        assert row.metadata["file"].startswith(f"{source}:")


def test_a_folder_stands_for_its_files_and_rows_that_were_written_can_be_read_again(tmp_path):
    source = tmp_path / "data"
    source.mkdir()
    _run("corrections", "--multiply", 1, "--output", source / "rows.jsonl")
    (source / "rows.rejects.jsonl").unlink()
    assert _run("existing", source, "--output", tmp_path / "again.jsonl")["kept"] == 16
    assert {row.id for row in read_rows(tmp_path / "again.jsonl")} == {
        row.id for row in read_rows(source / "rows.jsonl")
    }


@pytest.mark.loop
def test_on_all_cores_the_same_is_written(tmp_path, monkeypatch):
    records = [{**RIGHT, "response": RIGHT["response"].replace("db07", f"db{number}")} for number in range(1200)]
    source = _file(tmp_path / "earlier.jsonl", *records, OLD, "{broken", GLAIVE)
    for name, size in (("one", 2**40), ("all", 0)):
        monkeypatch.setattr(convert, "WORTH_A_POOL", size)
        funnel = _run("existing", source, "--output", tmp_path / f"{name}.jsonl")
        assert (funnel["read"], funnel["kept"]) == (1203, 1201)
    for kind in ("", ".pairs", ".rejects"):
        assert (tmp_path / f"one{kind}.jsonl").read_bytes() == (tmp_path / f"all{kind}.jsonl").read_bytes()


def test_of_an_agents_requests_only_the_last_is_kept(tmp_path):
    listing = {"id": "a", "function": {"name": "list_agents", "arguments": "{}"}}
    past = [{"role": "user", "content": "How many agents?"}, {"role": "assistant", "tool_calls": [listing]},
            {"role": "tool", "tool_call_id": "a", "content": "No agents available"},
            {"role": "assistant", "content": "None is online."}]  # fmt: skip
    logs = [{"request": {"messages": past[:end]}, "response": {"choices": [{"message": past[end]}]}} for end in (1, 3)]
    source, output = _file(tmp_path / "log.jsonl", *logs, logs[1]), tmp_path / "rows.jsonl"
    funnel = _run("traces", source, "--output", output)
    assert (funnel["read"], funnel["kept"], funnel["duplicate"], funnel["filtered:part_of_longer"]) == (3, 1, 1, 1)
    (row,) = read_rows(output)
    assert len(row.messages) == 4


def test_nothing_kept_is_an_error_with_the_reason_and_the_way_out(tmp_path):
    tool = {"name": "disk_free", "parameters": {"type": "object", "properties": {}}}
    asked = [
        {"role": "user", "content": "Full?"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "disk_free"}}]},
    ]
    source = _file(tmp_path / "own.jsonl", {"messages": asked, "tools": [tool]})
    words = ["data", "existing", str(source), "--output", str(tmp_path / "rows.jsonl")]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, AJError)
    assert "foreign_tool" in str(done.exception)
    assert "--foreign keep" in str(done.exception)
    assert CliRunner().invoke(app, [*words, "--foreign", "keep"]).exit_code == 0


def test_what_is_private_gets_a_look_alike_where_the_row_would_be_refused(tmp_path):
    private = {**EARLIER, "response": json.dumps({"tool": "bash", "params": {"command": "ping -c 1 10.4.3.17"}})}
    source, output = _file(tmp_path / "earlier.jsonl", private, RIGHT), tmp_path / "rows.jsonl"
    funnel = _run("existing", source, "--output", output)
    assert (funnel["kept"], funnel["repaired:private"]) == (2, 1)
    assert "10.4.3.17" not in output.read_text()
    assert [row.metadata.get("private") for row in read_rows(output)] == ["replaced", None]
    assert _run("existing", source, "--output", output, "--no-look-alikes")["rejected:private_address"] == 1
