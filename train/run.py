"""`aj train`: turns a recipe and a data set into an immutable run folder, `logs/runs/<hash>/`."""

import logging
import os
import shutil
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from filelock import Timeout
from rich.console import Console

from aj.contract import Contract
from aj.errors import AJError, TrainError
from aj.files import logs_dir, write_json
from aj.whole import resumable, unfinished
from train.base import fetch
from train.checkpoints import STARTED
from train.exam import Examiner
from train.manifest import finish
from train.material import Material, prepare
from train.metrics import CURVES
from train.precision import count_gpus
from train.preflight import GB, RunPlan, refuse_without_room
from train.processes import is_first, launched, together
from train.recipe import Recipe


def train(
    recipe: Recipe,
    dataset: Path,
    console: Console | None = None,
    overrides: Sequence[str] = (),
    processes: int | None = None,
    examiner: Examiner | None = None,
) -> Path:
    """Train `recipe` on the data set folder `dataset` and return the run's folder; a finished run is returned at once.

    Interrupted, even by `kill -9`, it resumes from the last checkpoint when called again. `overrides` are already part
    of the recipe; the run's folder tells them, so that a person sees what distinguishes two runs. `processes` share the
    batches of each step; without a number, as many as can on this machine. `examiner` makes the recipe's
    exam, if it has one.

    Raises:
        TrainError, DataError, ConfigError: see `prepare`; nothing was trained.
        TrainError: the loss is not a number, the export differs from what was trained, or the disk is full.
    """
    console = console or Console(stderr=True, markup=False, emoji=False)
    quiet_environment()
    material = prepare(recipe, dataset, processes=processes, examiner=examiner)
    target = logs_dir() / "runs" / material.hash
    if target.exists():
        _tidy(target)
        return target
    if not is_first():  # of those that a launcher has started; the first one reports, and makes the folder
        _train_adapter(material, fetch(material.base), unfinished(target), console)
        return target
    with _staging(target) as staging:
        if target.exists():  # another process has just finished it
            return target
        refuse_without_room(material.plan, staging, written(target))
        told = {"name": recipe.name, "base": recipe.base, "dataset": material.dataset, "overrides": list(overrides)}
        write_json(staging / STARTED, told)
        if unused := _unused_pairs(material):
            console.print(unused, highlight=False, soft_wrap=True)
        console.print(f"curves, drawn at each checkpoint: {staging / CURVES}", highlight=False, soft_wrap=True)
        started = time.monotonic()
        base = fetch(material.base)
        adapter = _train(material, base, staging, console)
        agreement = _export(material, base, adapter, staging, console)
        finish(material, adapter, agreement, time.monotonic() - started, overrides, staging, target)
    return target


def dry_run(recipe: Recipe, dataset: Path, processes: int | None = None, examiner: Examiner | None = None) -> RunPlan:
    """What `train` would do and need. A base that is not on this machine is estimated from its architecture.

    Raises: see `prepare`.
    """
    quiet_environment()
    return prepare(recipe, dataset, download=False, processes=processes, examiner=examiner).plan


def quiet_environment() -> None:
    """Settings that must be made before torch and bitsandbytes are imported."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # at lower levels it fetches a kernel from the model hub
    # How often a waiting thread looks before it sleeps, under 1 ms in all. Where threads slept at once, a step of the
    # demo took 1.56 s instead of 1.27 s (two cores, 3 and 4 runs by turns).
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # GRPO imports what TRL has for vLLM, without need, and TRL 1.16 warns three times of a version it does not know.
    warnings.filterwarnings("ignore", "TRL currently supports vLLM", UserWarning)


def _tidy(target: Path) -> None:
    """Remove what is left beside a finished run, if its process was killed between finishing and tidying up."""
    if unfinished(target).exists():
        with suppress(Timeout), resumable(target):
            pass


def _unused_pairs(material: Material) -> str | None:
    """A sentence about pairs that DPO does not learn from, if the recipe has DPO."""
    if not material.recipe.dpo:
        return None
    kept, left_out = len(material.pairs), material.held_out_pairs
    if left_out:
        many = f"{left_out} of {kept + left_out} pairs share a template or a prompt with held-out rows and are left out"
        return f"dpo: {many}." if kept else f"dpo: {many}, so DPO is skipped; lower held_out to keep some."
    return None if kept else "dpo: the data set has no pairs, so DPO is skipped."


def written(run: Path) -> float:
    """What a run in the making has on the disk already, in GB."""
    size = 0
    for folder, _, files in os.walk(unfinished(run)):
        for file in files:
            with suppress(FileNotFoundError):  # its own process removes older checkpoints
                size += os.path.getsize(os.path.join(folder, file))
    return size / GB


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """The run's unfinished folder; the next call continues in it when the block fails."""
    try:
        with resumable(target) as staging:
            yield staging
    except Timeout as error:
        raise TrainError(f"Run {target.name} is being trained by another process; wait for it, or stop it.") from error
    except AJError:
        raise
    except Exception as error:
        again = "fix that, then run again to resume"
        if isinstance(error, OSError):
            what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise TrainError(f"Run {target.name} stopped ({what}); {again}.") from error
        # torch and safetensors report a full disk in many ways.
        if (free := shutil.disk_usage(target.parent).free) < 0.05 * GB:
            raise TrainError(
                f"Run {target.name} stopped ({type(error).__name__}: {error}), and the disk of {target.parent} has "
                f"{free / 1e6:.0f} MB left; {again}."
            ) from error
        raise


def _train(material: Material, base: Path, staging: Path, console: Console) -> Path:
    if launched() > 1 or (material.plan.processes == 1 and count_gpus() <= 1):
        return _train_adapter(material, base, staging, console)
    # As plain data: a contract's compiled validators cannot be sent to another process.
    sent = replace(material, contract=Contract.model_validate(material.contract.model_dump()))
    return together(material.plan.processes, _take_part, sent, base, staging)


def _take_part(material: Material, base: Path, staging: Path) -> Path:
    """What each of several processes does; the first one reports."""
    quiet_environment()
    return _train_adapter(material, base, staging, Console(stderr=True, markup=False, emoji=False))


def _train_adapter(material: Material, base: Path, staging: Path, console: Console) -> Path:
    from accelerate.utils.memory import clear_device_cache

    from train.dpo import train_dpo
    from train.sft import train_sft

    recipe, tokenizer, watch = material.recipe, material.tokenizer, material.watch
    adapter = train_sft(recipe, base, tokenizer, material.examples, watch, staging, console)
    # The trainer refers to itself, so its model would stay beside that of the next stage.
    clear_device_cache(garbage_collection=True)
    if recipe.dpo and material.pairs:
        adapter = train_dpo(recipe, recipe.dpo, base, tokenizer, material.pairs, watch, adapter, staging, console)
        clear_device_cache(garbage_collection=True)
    if recipe.grpo:
        from train.grpo import train_grpo

        contract = material.contract
        adapter = train_grpo(recipe, recipe.grpo, base, tokenizer, contract, watch, adapter, staging, console)
    return adapter


def _export(material: Material, base: Path, adapter: Path, staging: Path, console: Console) -> dict[str, Any] | None:
    if not material.recipe.export.merge:
        return None
    from train.export import export

    with console.status("merging into the dequantized base, and comparing"):
        return asdict(export(material.recipe, base, adapter, material.tokenizer, material.examples, staging))
