"""What makes a run, and what it refuses before its first step."""

import pytest

from aj.errors import AJError, TrainError
from aj.whole import resumable
from tests.train.tiny import make_recipe, make_row, write_dataset
from train.material import prepare
from train.run import dry_run, train

pytestmark = pytest.mark.loop


def test_two_processes_do_not_train_one_run(tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    recipe = make_recipe(tiny_base)
    target = tmp_path / "runs" / prepare(recipe, dataset).hash
    with resumable(target), pytest.raises(TrainError, match="another process"):
        train(recipe, dataset)


def test_every_input_is_part_of_a_runs_identity(tiny_base, dataset, tmp_path):
    recipe = make_recipe(tiny_base)
    hashes = {prepare(recipe, dataset).hash, prepare(make_recipe(tiny_base, seed=1), dataset).hash}
    sft = {**recipe.sft.model_dump(), "max_length": 2048}  # the native prompt is longer
    longer = make_recipe(tiny_base, sft=sft)
    hashes.add(prepare(longer, dataset).hash)
    native = write_dataset(tmp_path, [make_row("web01")], [], "native")
    hashes.add(prepare(make_recipe(tiny_base, sft=sft, contract="native", dpo=None), native).hash)
    hashes.add(prepare(make_recipe(tiny_base, sft=sft, contract="aj", dpo=None), dataset).hash)
    assert len(hashes) == 5


def test_a_data_set_of_another_contract_is_refused(tiny_base, dataset):
    with pytest.raises(TrainError, match=r"built for another contract .* than 'native' .* or give --contract"):
        prepare(make_recipe(tiny_base, contract="native"), dataset)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            FileNotFoundError(2, "No such file or directory", "/x/checkpoint-8/optimizer.pt"),
            "optimizer.pt: No such file",
        ),
        (OSError(28, "No space left on device"), "No space left on device"),
        (PermissionError(13, "Permission denied", "/x/base"), "/x/base: Permission denied"),
    ],
)
def test_an_error_in_training_names_what_failed_and_nothing_else(
    tiny_base, dataset, tmp_path, monkeypatch, error, told
):
    from train import sft

    def fail(*_):
        raise error

    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    monkeypatch.setattr(sft, "train_sft", fail)
    with pytest.raises(TrainError, match=rf"^Run [0-9a-f]+ stopped \(.*{told}.*\); fix that, then run again"):
        train(make_recipe(tiny_base), dataset)


def test_logs_that_cannot_be_written_are_one_clear_sentence(tiny_base, dataset, tmp_path, monkeypatch):
    (tmp_path / "runs").write_text("a file where a folder belongs")
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    dry_run(make_recipe(tiny_base), dataset)
    with pytest.raises(AJError, match=r"cannot be written .*runs, then run again"):
        train(make_recipe(tiny_base), dataset)
