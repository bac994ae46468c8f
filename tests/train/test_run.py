"""What makes a run, and what it refuses before its first step."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from aj.errors import AJError, TrainError
from aj.messages import Pair, calls
from aj.whole import resumable
from loop.commands.training import _show_plan
from tests.train.tiny import make_recipe, make_row, write_dataset
from train.material import prepare
from train.run import dry_run, train
from train.split import split_by_template

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


def test_an_interrupted_run_needs_room_only_for_what_it_has_not_written_yet(tiny_base, dataset, tmp_path, monkeypatch):
    def write_half(*given):
        (given[-2] / "sft").mkdir(exist_ok=True)
        (given[-2] / "sft" / "weights").write_bytes(bytes(needed // 2))
        raise TrainError("it is Friday")

    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    monkeypatch.setattr("train.sft.train_sft", write_half)
    recipe = make_recipe(tiny_base)
    needed = round(dry_run(recipe, dataset).disk * 1e9)
    with pytest.raises(TrainError, match="it is Friday"):
        train(recipe, dataset)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=needed // 4))
    for ask in (lambda: train(recipe, dataset), lambda: _show_plan(recipe, dataset, None, False, 0)):
        with pytest.raises(TrainError, match=r"free, but the run writes 0\.\d GB, 0\.\d GB of which are there"):
            ask()
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=needed * 3 // 4))
    _show_plan(recipe, dataset, None, False, 0)
    with pytest.raises(TrainError, match="it is Friday"):
        train(recipe, dataset)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("nothing", "dpo: the data set has no pairs, so DPO is skipped.\n"),
        ("all", "dpo: 2 of 6 pairs share a template or a prompt with held-out rows and are left out.\n"),
        (
            "held out",
            "dpo: 2 of 2 pairs share a template or a prompt with held-out rows and are left out, so DPO is skipped; "
            "lower held_out to keep some.\n",
        ),
        ("trained", ""),
    ],
)
def test_pairs_that_are_not_learned_from_are_told(tiny_base, tmp_path, monkeypatch, asked, told):
    """Pairs without templates, which ask what rows without templates ask."""

    def fail(*_):
        raise TrainError("it is Friday")

    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    monkeypatch.setattr("train.sft.train_sft", fail)
    recipe, console = make_recipe(tiny_base, held_out=0.3), io.StringIO()
    rows = [make_row(host) for host in ("web01", "web02", "db17", "cache3", "mail44", "build9")]
    split = split_by_template(rows, [], recipe.held_out, recipe.seed)
    chosen = {"nothing": [], "all": rows, "held out": split.held_out, "trained": split.rows}[asked]
    pairs = [Pair(row.messages[:1], calls("list_agents"), "Up!") for row in chosen]
    with pytest.raises(TrainError, match="it is Friday"):
        train(recipe, write_dataset(tmp_path, rows, pairs), Console(file=console, markup=False))
    assert console.getvalue().partition("curves, drawn")[0] == told


def test_logs_that_cannot_be_written_are_one_clear_sentence(tiny_base, dataset, tmp_path, monkeypatch):
    (tmp_path / "runs").write_text("a file where a folder belongs")
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    dry_run(make_recipe(tiny_base), dataset)
    with pytest.raises(AJError, match=r"cannot be written .*runs, then run again"):
        train(make_recipe(tiny_base), dataset)
