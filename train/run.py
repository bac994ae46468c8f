"""`aj train`: turns a recipe and a data set into an immutable run folder, `logs/runs/<hash>/`."""

import importlib.metadata
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from filelock import Timeout
from rich.console import Console

from aj.contract import Contract, load_contract
from aj.errors import AJError, TrainError
from aj.files import digest, digest_weights, logs_dir, write_json, write_jsonl, write_text
from aj.identity import identity
from aj.whole import resumable, unfinished, whole_folder
from train.base import EMBEDDED, Base, cached, fetch, find_base, load_tokenizer, read_chat_template
from train.checkpoints import STAGES, STARTED
from train.dataset import DataSet, read_dataset
from train.exam import Exam, Examiner, Results, choose
from train.held_out import encode_held_out, split_by_template
from train.metrics import CURVES, METRICS, Metrics, run_metrics, write_curves
from train.preflight import GB, RunPlan, check_room, plan_run
from train.processes import is_first, launched, together
from train.recipe import Grpo, Recipe
from train.scenes import training_templates
from train.serve import base_served, check_adapter, find_served
from train.tokens import TokenizedPair, TokenizedRow, encode_pairs, encode_rows
from train.trackers import check_trackers
from train.watch import Watch

TRAINS = (
    *("train.run:_train_adapter", "train.run:_export", "train.base:load_tokenizer"),
    *("train.tokens:encode_rows", "train.tokens:encode_pairs"),
)
"""What decides a run's weights: `aj.identity` starts to read here."""
NOT_TRAINING = ("train.preflight", "train.serve", "train.grpo", "train.scenes", "train.trackers", "aj.curves")
"""Modules that it meets there, and that decide nothing of them; GRPO has an identity of its own."""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that goes into a run, read and checked before training."""

    recipe: Recipe
    contract: Contract
    base: Base
    dataset: str
    files: dict[str, str]
    tokenizer: Any
    examples: list[TokenizedRow]
    pairs: list[TokenizedPair]
    watch: Watch
    plan: RunPlan

    @property
    def hash(self) -> str:
        """The run's identity."""
        return run_hash(self.recipe, self.contract, self.base, self.dataset, self.watch.exam)


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
        check_room(material.plan, staging)
        told = {"name": recipe.name, "base": recipe.base, "dataset": material.dataset, "overrides": list(overrides)}
        write_json(staging / STARTED, told)
        console.print(f"curves, drawn at each checkpoint: {staging / CURVES}", highlight=False, soft_wrap=True)
        started = time.monotonic()
        base = fetch(material.base)
        adapter = _train(material, base, staging, console)
        agreement = _export(material, base, adapter, staging, console)
        _finish(material, adapter, agreement, time.monotonic() - started, overrides, staging, target)
    return target


def dry_run(recipe: Recipe, dataset: Path, processes: int | None = None, examiner: Examiner | None = None) -> RunPlan:
    """What `train` would do and need. A base that is not on this machine is estimated from its architecture.

    Raises: see `prepare`.
    """
    quiet_environment()
    return prepare(recipe, dataset, download=False, processes=processes, examiner=examiner).plan


def prepare(
    recipe: Recipe,
    dataset: Path,
    download: bool = True,
    processes: int | None = None,
    examiner: Examiner | None = None,
) -> Material:
    """Read everything, and refuse what would fail or be cut off during training.

    Raises:
        ConfigError: the contract is wrong, or there is no such exam.
        DataError: the data set is not what its lock says.
        TrainError: the data set is for another contract, the base is missing, a row is too long or cannot be
            rendered, or what `report_to` names is not installed.
        ServeError: the adapter could not be served without merging it.
    """
    contract, data, base = _inputs(recipe, dataset)
    check_trackers(recipe)
    exam = _exam(recipe, examiner)
    own_tokenizer = download or cached(base)
    if own_tokenizer:
        tokenizer = load_tokenizer(fetch(base), recipe.template)
    else:
        # Token counts from another tokenizer are good enough to see whether a run fits.
        tokenizer = load_tokenizer(fetch(find_base(EMBEDDED)), "chatml")
    split = split_by_template(data.rows, data.pairs if recipe.dpo else [], recipe.held_out, recipe.seed)
    examples = encode_rows(split.rows, contract, tokenizer)
    held_out = encode_held_out(split.held_out, contract, tokenizer)
    pairs = encode_pairs(split.pairs, contract, tokenizer)
    samples = choose(exam, recipe.exam, examples, pairs, tokenizer) if exam and recipe.exam else []
    plan = plan_run(recipe, base, examples, held_out, pairs, own_tokenizer, processes)
    watch = Watch(held_out, exam, samples)
    return Material(recipe, contract, base, data.hash, data.files, tokenizer, examples, pairs, watch, plan)


def _exam(recipe: Recipe, examiner: Examiner | None) -> Exam | None:
    if not recipe.exam:
        return None
    assert examiner, "a recipe with an exam needs an examiner"
    return examiner(recipe)


def run_folder(recipe: Recipe, dataset: Path, examiner: Examiner | None = None) -> Path:
    """The folder of the run that `train` would make, whether it exists or not.

    Raises: see `prepare`; rows are not looked at.
    """
    contract, data, base = _inputs(recipe, dataset)
    return logs_dir() / "runs" / run_hash(recipe, contract, base, data.hash, _exam(recipe, examiner))


def _inputs(recipe: Recipe, dataset: Path) -> tuple[Contract, DataSet, Base]:
    contract = load_contract(recipe.contract)
    if not recipe.export.merge:
        check_adapter(recipe.name, recipe.quantization, recipe.lora.rank)
    data = read_dataset(dataset)
    if data.contract != contract.hash:
        raise TrainError(
            f"{dataset} was built for another contract ({data.contract}) than {recipe.contract!r} ({contract.hash}); "
            "build it for that one, or give --contract."
        )
    return contract, data, find_base(recipe.base)


def trained_by() -> str:
    """Identity of the code that decides a run's weights."""
    return identity(*TRAINS, without=NOT_TRAINING)


def played_by(stage: Grpo) -> str:
    """Identity of GRPO's code, and of the world that it plays in."""
    return identity("train.grpo:train_grpo", *(made.root for made in training_templates(stage.templates)))


def run_hash(recipe: Recipe, contract: Contract, base: Base, dataset: str, exam: Exam | None = None) -> str:
    template = read_chat_template(recipe.template)
    told = recipe.model_dump(exclude={"report_to"})
    parts = [trained_by(), told, template, contract.hash, base.name, base.revision, dataset]
    return digest(*parts, *([played_by(recipe.grpo)] if recipe.grpo else []), *([exam.id] if exam else []))


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


def _tidy(target: Path) -> None:
    """Remove what is left beside a finished run, if its process was killed between finishing and tidying up."""
    if unfinished(target).exists():
        with suppress(Timeout), resumable(target):
            pass


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
    if launched() > 1 or material.plan.processes == 1:
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


def _finish(
    material: Material,
    adapter: Path,
    agreement: dict[str, Any] | None,
    seconds: float,
    overrides: Sequence[str],
    staging: Path,
    target: Path,
) -> None:
    """Put the run's folder together; what it was made from goes."""
    with whole_folder(target) as folder:
        shutil.copytree(adapter, folder / "adapter", ignore=shutil.ignore_patterns("README.md"))
        # A server that loads the adapter on its base must not use the base's own template.
        write_text(folder / "adapter" / "chat_template.jinja", material.tokenizer.chat_template)
        if agreement:
            (staging / "merged").rename(folder / "merged")
        recipe = material.recipe.model_dump(mode="json")
        write_text(folder / "recipe.yaml", yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True))
        metrics = run_metrics(staging)
        write_jsonl(folder / METRICS, metrics)
        write_curves(metrics, folder)
        manifest = _manifest(material, agreement, metrics, seconds, folder)
        manifest["overrides"] = list(overrides)
        write_json(folder / "manifest.json", manifest)
        # How the run and its base are to be served, for those who read evidence and start no server.
        base = manifest["base"] | {"serving": base_served(folder).about()}
        write_json(folder / "manifest.json", manifest | {"serving": find_served(folder).about(), "base": base})


def _manifest(
    material: Material, agreement: dict[str, Any] | None, metrics: list[dict[str, Any]], seconds: float, folder: Path
) -> dict[str, Any]:
    sft_losses = [line["loss"] for line in metrics if line["stage"] == "SFT" and "loss" in line]
    last = sft_losses[-10:]
    packages = ("torch", "transformers", "trl", "peft", "bitsandbytes", "accelerate")
    merged = folder / "merged"
    return {
        "hash": material.hash,
        "name": material.recipe.name,
        "base": {"name": material.base.name, "revision": material.base.revision},
        "dataset": material.dataset,
        "files": material.files,
        "contract": material.contract.hash,
        "adapter": digest_weights(folder / "adapter"),
        "merged": digest_weights(merged) if merged.exists() else None,
        "agreement": agreement,
        "train_tokens": round(material.plan.tokens * material.recipe.sft.epochs),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds),  # of the process that finished; earlier, interrupted ones are not counted
        "final_loss": round(sum(last) / len(last), 4),
        "held_out": Metrics.held_out(metrics),
        "exam": _exam_results(material, metrics),
        "plan": material.plan.to_record(),
        "versions": {name: importlib.metadata.version(name) for name in packages},
    }


def _exam_results(material: Material, metrics: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Which checkpoint of each stage is the result, and the samples that decided it."""
    options = material.recipe.exam
    if not options:
        return None
    stages = {name.upper(): Results.of(options, metrics, name.upper()) for name in STAGES}
    chosen = {
        name: {"step": found.best, options.metric: found.scores[found.best]}
        for name, found in stages.items()
        if found.scores
    }
    return {"chosen": chosen, "samples": list(material.watch.samples)}
