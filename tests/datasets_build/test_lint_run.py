"""Linting files: in order, the same on one core and on all, told in every format; config as linter users know it."""

import gzip
import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from aj.errors import ConfigError, DataError
from datasets_build.lint import report as report
from datasets_build.lint import run as lint_run
from datasets_build.lint.config import LintConfig, codes_of, find_files, load_config
from datasets_build.lint.pages import INDEX, index
from datasets_build.lint.rules import load_rules
from datasets_build.lint.run import Listed, Outcome, lint_files
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.sources import shapes
from datasets_build.sources.shapes import Shape


@pytest.fixture
def said(monkeypatch):
    shape = Shape(lambda value: "ask" in value, lambda value: iter([_transcript(value)]))
    monkeypatch.setattr(shapes, "SHAPES", {"said": shape})


def _transcript(value):
    return Transcript((Turn("user", value["ask"]), Turn("assistant", value["answer"])))


GOOD = {"ask": "who is there?", "answer": '{"tool": "list_agents", "params": {}}'}
NONE = {"ask": "thanks", "answer": '{"tool": "none", "params": {}}'}
OLD = {"ask": "uptime", "answer": '{"action": "execute_command", "params": {}}'}


@pytest.fixture
def data(tmp_path, said):
    lines = [json.dumps(row) for row in (GOOD, NONE, OLD, NONE)]
    (tmp_path / "b.jsonl").write_text("\n\n".join(lines) + "\n")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(f"{lines[0]}\nnonsense\n".encode()))
    (tmp_path / "notes.txt").write_text("not data")
    return tmp_path


def _all(outcomes) -> Outcome:
    total = Outcome()
    for outcome in outcomes:
        total.add(outcome, 10**6)
    return total


def test_rows_and_places_are_counted_by_code_and_file(data):
    total = _all(lint_files(find_files([str(data)]), LintConfig()))
    assert (total.rows, total.faulty, total.known_tool) == (6, 4, 2)
    assert total.by_code == {
        "tool_none": 2,
        "tool_none_error": 2,
        "action_key": 1,
        "wrong_output_format": 1,
        "not_json": 1,
    }
    b, a = str(data / "b.jsonl"), str(data / "a.jsonl.gz")
    assert (total.by_file, total.rows_of_file) == ({a: 1, b: 3}, {a: 2, b: 4})
    places = [
        (Path(one.file).name, one.line, one.code) for one in total.listed if one.code in ("not_json", "tool_none")
    ]
    assert places == [("a.jsonl.gz", 2, "not_json"), ("b.jsonl", 3, "tool_none"), ("b.jsonl", 7, "tool_none")]


def test_codes_and_families_are_chosen_and_left_out(data):
    paths = find_files([str(data)])
    assert set(_all(lint_files(paths, LintConfig(select=("tool_none_error",)))).by_code) == {"tool_none_error"}
    assert set(_all(lint_files(paths, LintConfig(select=("pattern", "wire"), ignore=("pattern",)))).by_code) == {
        "action_key"
    }
    less = LintConfig.model_validate({"per-file-ignores": {"*.gz": ["structure"], "b.*": ["tools"]}})
    assert {"not_json", "tool_none"}.isdisjoint(_all(lint_files(paths, less)).by_code)
    kept = _all(lint_files(paths, LintConfig(select=("tools",)), keep=1))
    assert (len(kept.listed), kept.by_code["tool_none"]) == (1, 2)


def test_one_core_and_all_cores_tell_the_same(tmp_path, monkeypatch):
    for name in ("a", "b"):
        rows = ("".join(json.dumps({"n": n, name: "\x00"}) + "\n" for n in range(40)), "nonsense\n")
        (tmp_path / f"{name}.jsonl").write_text("".join(rows))
    monkeypatch.setattr(lint_run, "BATCH_ROWS", 7)
    paths, seen = find_files([str(tmp_path)]), []
    alone = _all(lint_files(paths, LintConfig(), progress=lambda rows, size: seen.append((rows, size))))
    assert (sum(rows for rows, _ in seen), sum(size for _, size in seen)) == (82, sum(p.stat().st_size for p in paths))
    monkeypatch.setattr(lint_run, "WORTH_A_POOL", 0)
    monkeypatch.setattr(lint_run, "cores", lambda: 2)
    assert _all(lint_files(paths, LintConfig())) == alone
    assert alone.rows == 82


# --- formats --------------------------------------------------------------------------------------------------------


def _text(parts) -> str:
    return "".join(parts)


def test_json_has_rows_findings_and_a_summary(data):
    outcomes = lint_files(find_files([str(data / "b.jsonl")]), LintConfig(select=("tool_none", "wrong_output_format")))
    told = json.loads(_text(report.json_parts(outcomes, Outcome())))
    assert set(told) == {"rows", "findings", "summary"}
    assert (told["rows"], told["summary"]) == (4, {"tool_none": 2, "wrong_output_format": 1})
    assert set(told["findings"][0]) == {"file", "line", "code", "message", "fixable"}
    assert [(one["line"], one["code"], one["fixable"]) for one in told["findings"]] == [
        (3, "tool_none", True),
        (5, "wrong_output_format", True),
        (7, "tool_none", True),
    ]
    assert json.loads(_text(report.json_parts([], Outcome()))) == {"rows": 0, "findings": [], "summary": {}}


def test_sarif_names_every_rule_and_points_at_lines(data):
    outcomes = lint_files(find_files([str(data)]), LintConfig())
    log = json.loads(_text(report.sarif_parts(outcomes, Outcome())))
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert (log["version"], [rule["id"] for rule in rules]) == ("2.1.0", list(load_rules()))
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        place = one["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert place["artifactLocation"]["uri"].startswith("file:///")
    relative = Outcome(listed=[Listed("my data/a.jsonl", 1, "bom", "m", True)])
    (one,) = json.loads(_text(report.sarif_parts([relative], Outcome())))["runs"][0]["results"]
    assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "my%20data/a.jsonl"


def test_github_annotations_are_one_line_each():
    outcome = Outcome(listed=[Listed("a,b:c.jsonl", 3, "bom", "100%\nsure", True)])
    assert _text(report.github_parts([outcome], Outcome())) == (
        "::warning file=a%2Cb%3Ac.jsonl,line=3,title=bom::100%25%0Asure\n"
    )


def test_the_table_shows_shares_files_and_samples(data):
    total = _all(lint_files(find_files([str(data)]), LintConfig(select=("tool_none",))))
    out = StringIO()
    Console(file=out, width=200).print(report.table(total))
    assert "6 rows in 2 files; 2 with findings (33.3%). 2 rows call a tool of the contract" in out.getvalue()
    assert "33.3%" in out.getvalue()
    first = next(iter(report.sample_lines(total)))
    assert first.startswith(f"{data / 'b.jsonl'}:3: tool_none: turn 2: ")
    clean = StringIO()
    Console(file=clean, width=200).print(report.table(Outcome(rows=3)))
    assert "all clean" in clean.getvalue()


def test_a_message_cannot_write_to_the_terminal():
    outcome = Outcome(listed=[Listed("f", 1, "bom", "\x1b[2Jx", True)])
    outcome.by_code["bom"] = 1
    assert "\x1b" not in _text(report.sample_lines(outcome))


# --- config ---------------------------------------------------------------------------------------------------------


def test_the_nearest_config_counts(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.aj-lint]\nselect = ["wire"]\n[tool.other]\nx = 1\n')
    assert load_config(None, inner).select == ("wire",)
    (tmp_path / "a" / "aj-lint.toml").write_text('ignore = ["bom"]\n[per-file-ignores]\n"old/*" = ["pattern"]\n')
    config = load_config(None, inner)
    assert (config.select, config.ignore, config.per_file_ignores) == ((), ("bom",), {"old/*": ("pattern",)})
    assert "action_key" in config.allowed(Path("old/x.jsonl"))
    assert "wrong_output_format" not in config.allowed(Path("old/x.jsonl"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("selct = []", "unknown key 'selct'"),
        ('select = ["tool_nome"]', "did you mean tool_none"),
        ('select = "wire"', "select"),
        ("select = [", "not valid TOML"),
    ],
)
def test_a_fault_in_the_config_names_the_file(tmp_path, text, says):
    (tmp_path / "aj-lint.toml").write_text(text)
    with pytest.raises(ConfigError, match=says) as raised:
        load_config(tmp_path / "aj-lint.toml", tmp_path)
    assert str(tmp_path / "aj-lint.toml") in str(raised.value)


def test_a_family_stands_for_its_codes():
    assert codes_of(["privacy"]) == {"secret", "private_address"}
    with pytest.raises(ConfigError, match="no rule or family 'x'"):
        codes_of(["x"])


def test_names_folders_and_globs_stand_for_files(tmp_path):
    for name in ("a.jsonl", "b.json", "c.txt", "d.jsonl.gz"):
        (tmp_path / name).write_text("{}")
    assert [p.name for p in find_files([str(tmp_path)])] == ["a.jsonl", "b.json", "d.jsonl.gz"]
    assert [p.name for p in find_files([str(tmp_path / "*.json*"), str(tmp_path / "c.txt")])][-1] == "c.txt"
    assert len(find_files([str(tmp_path / "a.jsonl"), str(tmp_path)])) == 3
    with pytest.raises(DataError, match="no such file"):
        find_files([str(tmp_path / "none*")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no file in it"):
        find_files([str(tmp_path / "empty")])


def test_the_index_of_the_rules_is_current():
    assert INDEX.read_text(encoding="utf-8") == index(), "run: python -m datasets_build.lint.pages"
