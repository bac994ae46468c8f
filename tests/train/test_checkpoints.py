"""Which checkpoint is the newest, whatever the clock says."""

import os

from aj.files import write_json
from train.checkpoints import COMPLETE, STARTED, last_checkpoint, mark_complete, reached, unfinished_runs


def checkpoint(folder, step, written_at):
    (folder / f"checkpoint-{step}").mkdir(parents=True)
    os.utime(folder / f"checkpoint-{step}", (written_at, written_at))


def test_the_newest_steps_stay_when_the_clock_was_set_back(tmp_path):
    for step, written_at in ((80, 3000), (160, 4000), (240, 10), (1000, 5)):
        checkpoint(tmp_path, step, written_at)
        mark_complete(tmp_path, step)
        os.utime(tmp_path / f"checkpoint-{step}", (written_at, written_at))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-1000", "checkpoint-240"]
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-1000"


def test_a_checkpoint_that_is_not_complete_is_removed_and_never_resumed(tmp_path):
    checkpoint(tmp_path, 80, 1)
    mark_complete(tmp_path, 80)
    checkpoint(tmp_path, 160, 2)
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-80"
    assert not (tmp_path / "checkpoint-160").exists()
    assert last_checkpoint(tmp_path / "nothing") is None


def test_an_unfinished_run_tells_what_it_is_and_how_far_it_came(tmp_path):
    folder = tmp_path / ".aj-unfinished-1234"
    assert reached(tmp_path / "1234") == "not begun"
    write_json(folder / STARTED, {"name": "demo", "overrides": ["lora.rank=16"]})
    assert reached(tmp_path / "1234") == "begun"
    checkpoint(folder / "sft", 80, 1)
    assert reached(tmp_path / "1234") == "begun"
    (folder / "sft" / "checkpoint-80" / COMPLETE).touch()
    assert list(unfinished_runs(tmp_path)) == [("1234", {"name": "demo", "overrides": ["lora.rank=16"]}, "SFT step 80")]
    (folder / "sft-adapter").mkdir()
    assert reached(tmp_path / "1234") == "SFT done"
    checkpoint(folder / "dpo", 3, 1)
    mark_complete(folder / "dpo", 3)
    assert reached(tmp_path / "1234") == "DPO step 3"
    (tmp_path / "1234").mkdir()
    assert list(unfinished_runs(tmp_path)) == []
