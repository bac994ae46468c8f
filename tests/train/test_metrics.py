"""metrics.jsonl: appended to, and right after any interruption."""

import json

import pytest

from aj.errors import TrainError
from train.metrics import Metrics, held_out


@pytest.fixture
def metrics(tmp_path):
    return Metrics(tmp_path, "SFT")


def read(metrics):
    return [json.loads(line) for line in metrics.path.read_text().splitlines()]


def test_a_new_stage_forgets_what_lies_there_and_a_line_is_appended_in_place(metrics):
    metrics.append({"step": 7})
    assert metrics.resume(0) == []
    metrics.append({"step": 1, "loss": 2.0})
    file = metrics.path.stat().st_ino
    metrics.append({"step": 2, "loss": 1.0})
    assert metrics.path.stat().st_ino == file
    assert read(metrics) == [{"stage": "SFT", "step": 1, "loss": 2.0}, {"stage": "SFT", "step": 2, "loss": 1.0}]


@pytest.mark.parametrize("cut", ["", '{"stage": "SFT", "st', '{"stage": "SFT", "step": 5, "loss": 0.1}'])
def test_every_step_is_there_once_after_a_resume_wherever_the_line_was_cut(metrics, cut):
    metrics.resume(0)
    for step in range(1, 5):
        metrics.append({"step": step, "loss": 1.0})
    with metrics.path.open("a") as file:
        file.write(cut)
    assert [line["step"] for line in metrics.resume(2)] == [1, 2]
    for step in range(3, 7):
        metrics.append({"step": step, "loss": 0.5})
    assert [line["step"] for line in read(metrics)] == [1, 2, 3, 4, 5, 6]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "metrics.jsonl").mkdir()
    with pytest.raises(TrainError, match=r"metrics\.jsonl cannot be written \(Is a directory\)"):
        Metrics(tmp_path, "SFT").append({"step": 1})


def test_held_out_losses_are_lines_of_their_own_at_the_step_of_a_stage(metrics):
    metrics.resume(0)
    for step, loss in ((1, 2.0), (2, 1.0)):
        metrics.append({"step": step, "loss": loss}, "SFT held out, call")
        metrics.append({"step": step, "loss": loss + 5})
    assert [held_out(read(metrics), "SFT", step) for step in (1, 2, 3)] == [{"call": 2.0}, {"call": 1.0}, {}]
    assert held_out(read(metrics), "DPO", 1) == {}
    assert metrics.resume(1) == [{"stage": "SFT", "step": 1, "loss": 7.0}]
    assert held_out(read(metrics), "SFT", 2) == {}
