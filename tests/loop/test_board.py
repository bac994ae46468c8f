"""`aj board` as one HTML file: which evals it holds, where it goes, and who is champion on it."""

import base64
import gzip
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loop.board import write_board
from loop.commands.main import app
from loop.registry import promote

pytestmark = pytest.mark.loop  # writes boards of real evals


@pytest.fixture(autouse=True)
def here(lab, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(lab.logs))
    monkeypatch.chdir(lab.logs.parent)


def summary(path: Path) -> dict:
    (block,) = re.findall(r"id=summary>([^<]+)<", path.read_text())
    return json.loads(gzip.decompress(base64.b64decode(block)))


def test_the_loop_and_the_command_write_one_board_of_every_finished_eval(lab):
    assert CliRunner().invoke(app, ["board", "--format", "html"]).exit_code == 0
    path = lab.logs / "board.html"
    by_command = path.read_bytes()
    assert write_board() == path
    assert path.read_bytes() == by_command
    assert len(summary(path)["models"]) == 4


def test_a_board_of_named_folders_leaves_the_board_of_all_alone(lab):
    for more, place in (([], "board.html"), (["--to", "chosen/two.html"], "chosen/two.html")):
        done = CliRunner().invoke(app, ["board", str(lab.evals("good")), "--format", "html", *more])
        assert done.stdout.strip() == place
        assert [model["name"] for model in summary(Path(place))["models"]] == ["aj-good"]
    assert not (lab.logs / "board.html").exists()


def test_a_forced_champion_stands_on_the_board_with_the_reason(lab, policy):
    promote(lab.run("old"), lab.judge(policy, "base", "old"), reason="it must be shown today", force=True)
    told = summary(write_board())
    assert [model["name"] for model in told["models"] if model["champion"]] == ["aj-old"]
    (event,) = told["history"]
    assert (event["name"], event["forced"], event["reason"]) == ("aj-old", True, "it must be shown today")


def test_a_place_for_the_page_without_the_page_is_an_error():
    done = CliRunner().invoke(app, ["board", "--to", "x.html"])
    assert "--format html" in str(done.exception)
