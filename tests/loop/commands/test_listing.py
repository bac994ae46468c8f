"""`aj runs` tells when a run was finished, not when its folder was copied."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aj.files import digest_weights, write_json
from loop.commands.listing import app
from loop.targets import find_run

TOLD = {
    "aa": {"finished": "2026-01-02T10:00:00+00:00"},
    "bb": {"finished": "2026-01-03T12:30:00+02:00"},  # 10:30 UTC
    "cc": {"finished": "2026-01-01T10:00:00"},
}
COPIED = 1_000_000_000
"""2001-09-09T01:46:40Z."""


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs of one name, copied in another order than they were finished in."""
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    for at, (name, told) in enumerate(TOLD.items()):
        write_run(tmp_path, name, told, COPIED + at)
    return tmp_path


def write_run(logs: Path, name: str, told: dict[str, Any], copied: int) -> None:
    run = logs / "runs" / name
    (run / "adapter").mkdir(parents=True)
    (run / "adapter" / "model.safetensors").write_bytes(name.encode())
    about = {"hash": name, "name": "demo", "adapter": digest_weights(run / "adapter"), "merged": None}
    write_json(run / "manifest.json", about | told)
    for path in (run / "manifest.json", run):
        os.utime(path, (copied, copied))


def listed() -> list[tuple[str, str]]:
    result = CliRunner().invoke(app, ["runs", "--format", "json"])
    assert result.exit_code == 0, result.output
    return [(row["run"], row["trained"]) for row in json.loads(result.stdout)]


@pytest.mark.usefixtures("copied")
def test_runs_are_listed_newest_first_by_when_they_were_finished():
    assert listed() == [
        ("bb", "2026-01-03T10:30+00:00"),
        ("aa", "2026-01-02T10:00+00:00"),
        ("cc", "2026-01-01T10:00+00:00"),
    ]
    assert find_run("demo").name == "bb"


@pytest.mark.parametrize("told", [{}, {"finished": None}, {"finished": "yesterday"}])
def test_of_a_run_whose_manifest_does_not_say_the_file_time_is_told(copied, told):
    write_run(copied, "dd", told, COPIED)
    assert listed()[-1] == ("dd", "2001-09-09T01:46+00:00")
    assert find_run("demo").name == "bb"
