"""`aj lint`: exit codes, formats and errors at the door."""

import json

import pytest
from typer.testing import CliRunner

from aj.errors import AJError
from loop.commands.main import app

RUN = CliRunner()


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"odd": 1}\nnonsense\n')
    return tmp_path / "rows.jsonl"


def test_findings_give_exit_code_1_and_none_give_0(data):
    assert RUN.invoke(app, ["lint", "rows.jsonl"]).exit_code == 1
    assert RUN.invoke(app, ["lint", "rows.jsonl", "--select", "wire"]).exit_code == 0
    assert RUN.invoke(app, ["lint", "rows.jsonl", "--ignore", "not_json,unknown_shape"]).exit_code == 0


def test_the_config_is_found_and_options_go_before_it(data):
    (data.parent / "aj-lint.toml").write_text('select = ["not_json"]')
    told = json.loads(RUN.invoke(app, ["lint", "rows.jsonl", "--format", "json"]).stdout)
    assert (told["rows"], told["summary"]) == (2, {"not_json": 1})
    told = json.loads(RUN.invoke(app, ["lint", "rows.jsonl", "--format", "json", "--select", "unknown_shape"]).stdout)
    assert told["summary"] == {"unknown_shape": 1}


def test_samples_stand_with_file_and_line(data):
    shown = RUN.invoke(app, ["lint", "rows.jsonl", "--samples", "1"]).stdout
    assert "rows.jsonl:2: not_json" in shown
    assert "rows.jsonl:2: not_json" not in RUN.invoke(app, ["lint", "rows.jsonl", "--samples", "0"]).stdout


def test_a_code_is_explained():
    shown = RUN.invoke(app, ["lint", "--explain", "tool_none"])
    assert shown.exit_code == 0
    assert "use complete" in shown.stdout.lower()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["lint"], "Nothing to lint"),
        (["lint", "rows.jsonl", "--select", "tool_nome"], "did you mean tool_none"),
        (["lint", "none.jsonl"], "no such file"),
        (["lint", "rows.jsonl", "--contract", "none"], "no contract"),
        (["lint", "rows.jsonl", "--explain", "nothing"], "no rule or family"),
    ],
)
def test_errors_are_one_sentence(data, words, says):
    raised = RUN.invoke(app, words).exception
    assert isinstance(raised, AJError)
    assert says in str(raised)
    assert raised.exit_code == 4


def test_repaired_rows_hold_look_alikes_or_nothing_private(data):
    told = {"tool": "bash", "params": {"command": "ping -c 1 10.1.2.3"}}
    data.write_text(json.dumps({"system": "", "instruction": "Is 10.1.2.3 up?", "response": json.dumps(told)}))
    done = RUN.invoke(app, ["lint", "rows.jsonl", "--fix", "--output", "alike"])
    assert (done.exit_code, "1 repaired" in done.stdout) == (0, True)
    text = (data.parent / "alike" / "rows.jsonl").read_text()
    assert "ping -c 1 10." in text
    assert "10.1.2.3" not in text
    done = RUN.invoke(app, ["lint", "rows.jsonl", "--fix", "--output", "kept", "--no-look-alikes"])
    assert "private_address" in done.stdout
    assert (data.parent / "kept" / "rows.jsonl").read_text() == ""


ODD = ("[bold]x[/bold]", "[red]", "a[0]", "[link=a.b]", ":smile:", "x:warning:y", "\\[bold]")
"""Names in which a terminal library sees colours, links or pictures."""


@pytest.mark.parametrize("name", ODD)
def test_a_path_is_shown_as_it_is(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / name
    folder.mkdir(parents=True)
    file = folder / f"{folder.name}.jsonl"
    rows = ('{"odd": 1}', '{"instruction": "hi", "response": "hello there"}')
    file.write_text("\n".join(rows))
    shown = file.relative_to(tmp_path)
    assert str(shown) in RUN.invoke(app, ["lint", str(shown), "--samples", "1"]).stdout
    assert str(shown) in RUN.invoke(app, ["lint", name, "--samples", "0"]).stdout
    fixed = RUN.invoke(app, ["lint", name, "--fix", "--output", f"fixed/{name}"])
    assert f"written to fixed/{name}" in fixed.stdout
    made = RUN.invoke(app, ["data", "existing", str(shown), "--output", f"{name}/rows.jsonl"])
    assert f"{name}/rows.jsonl\n" in made.stdout
    assert made.exit_code == 0, made.exception
    lost = RUN.invoke(app, ["lint", f"{name}/none.jsonl"])
    assert f"{name}/none.jsonl" in str(lost.exception)


def test_a_repair_that_keeps_nothing_is_an_error_and_says_where_it_is_told(data):
    done = RUN.invoke(app, ["lint", "rows.jsonl", "--fix", "--output", "out"])
    assert isinstance(done.exception, AJError)
    assert "out/quarantine.jsonl" in str(done.exception)
    assert len((data.parent / "out" / "quarantine.jsonl").read_text().splitlines()) == 2
