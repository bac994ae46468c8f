"""The loop's data may come from files: `--root` says where they lie."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aj.errors import AJError
from aj.messages import read_rows
from loop import pipeline
from loop.commands.main import app


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A loop whose data recipe takes one row of a file."""
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    data = tmp_path / "data.yaml"
    data.write_text(
        "name: filed\nseed: 1\nrows: 1\nparts:\n  old: {kind: converted, count: 1, files: ['old/*.jsonl']}\n"
    )
    loop = tmp_path / "loop.yaml"
    loop.write_text(f"name: filed\ndata: {data}\ntrain: train/recipes/smollm2-135m.yaml\n")
    return str(loop)


def test_the_data_is_built_from_the_files_under_the_root(recipe, tmp_path, monkeypatch):
    row = {"instruction": "Who is online?", "response": '{"tool": "list_agents", "params": {}}'}
    (tmp_path / "files" / "old").mkdir(parents=True)
    (tmp_path / "files" / "old" / "a.jsonl").write_text(json.dumps(row) + "\n")
    built = []

    def stop(training: Path, data: Path, contract: str) -> Path:
        built.append(data)
        raise AJError("far enough")

    monkeypatch.setattr(pipeline, "train_in_child", stop)
    done = CliRunner().invoke(app, ["loop", recipe, "--root", str(tmp_path / "files")])
    assert str(done.exception) == "far enough"
    assert read_rows(built[0] / "sft.jsonl")[0].messages[0].content == "Who is online?"


def test_a_root_without_the_files_is_named(recipe, tmp_path):
    (tmp_path / "empty").mkdir()
    done = CliRunner().invoke(app, ["loop", recipe, "--root", str(tmp_path / "empty")])
    assert f"No file of the mix is under {tmp_path / 'empty'}; give the folder that holds old/*.jsonl" in str(
        done.exception
    )
