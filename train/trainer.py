"""Shared by SFT and DPO: arguments for TRL, checkpoints that survive `kill -9`, progress, the finished adapter."""

import os
from pathlib import Path
from typing import Any

import torch
import trl.trainer.utils as trl_utils
from rich.console import Console
from transformers import PrinterCallback, TrainerCallback

from aj.errors import TrainError
from aj.whole import UNFINISHED, whole_folder
from train.checkpoints import checkpoint_at, last_checkpoint, mark_complete, step_of
from train.exam import Results, score_before
from train.exam_callback import TakesExam
from train.guards import Guard
from train.held_out_loss import HeldOutLoss
from train.metrics import Metrics, read_metrics, run_metrics, write_curves
from train.model import TRAINED, cast_adapter, load_trained_weights, trained_parameters, whole
from train.processes import batches_here, is_first, is_sharded
from train.progress import StageProgress, stage_progress
from train.recipe import Recipe, TrainingStage
from train.tracker_callback import StageTrackers
from train.trackers import PROJECT
from train.watch import Watch

# On a CPU, TRL 1.16 projects every token onto the vocabulary, and then discards those without loss, here three in four.
# On a GPU it selects first. Selecting on the CPU too gives the same loss and halves a step (5.5 s to 2.8 s).
trl_utils._use_triton = lambda device: True  # pyright: ignore[reportPrivateImportUsage]


def common_arguments(recipe: Recipe, stage: TrainingStage, folder: Path) -> dict[str, Any]:
    """The arguments that SFTConfig and DPOConfig have in common; a launcher's precision gives way to the recipe's."""
    os.environ.pop("ACCELERATE_MIXED_PRECISION", None)  # transformers 5 would follow it where the recipe says float32
    cuda = torch.cuda.is_available()
    return {
        "output_dir": str(folder),
        "num_train_epochs": stage.epochs,
        "per_device_train_batch_size": stage.batch_size,
        "gradient_accumulation_steps": batches_here(stage),
        "gradient_checkpointing": stage.gradient_checkpointing,
        "learning_rate": stage.learning_rate,
        "lr_scheduler_type": stage.scheduler,
        "warmup_steps": stage.warmup,
        "optim": stage.optimizer,
        "adam_beta2": stage.adam_beta2,
        "bf16": recipe.quantization.precision == "bfloat16",
        "use_cpu": not cuda,
        "dataloader_pin_memory": cuda,
        "ddp_find_unused_parameters": False,  # every adapter takes part in every step
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # True would log the average instead of a loss that is not a number
        "save_strategy": "steps",
        "save_steps": stage.save_every,
        "save_total_limit": None,  # `mark_complete` rotates them
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "report_to": "none",  # `run_stage` adds those of the recipe
        "run_name": f"{recipe.name}-{_run(folder)[:6]} {folder.name}",
        "project": PROJECT,
        "disable_tqdm": True,
    }


def run_stage(
    trainer: Any,
    recipe: Recipe,
    name: str,
    watch: Watch,
    folder: Path,
    console: Console,
    guard: Guard,
    start: Path | None = None,
) -> None:
    """Train to the end, from the last complete checkpoint in `folder`, with progress; writes `metrics.jsonl` there.

    With an exam, the model is then that of the best checkpoint; `start`, the adapter of the stage before, is one of
    them. A stage whose results have declined is not trained on.

    Raises:
        TrainError: `guard` has stopped the stage.
    """
    trainer.remove_callback(PrinterCallback)
    cast_adapter(trainer.model, recipe)
    if start:
        load_trained_weights(trainer.model, start)  # TRL has rounded them to bf16
    trainer._load_from_checkpoint = lambda checkpoint, *_: load_trained_weights(trainer.model, Path(checkpoint))
    if is_sharded():
        _compute_as_unsharded(trainer, recipe)
    with trainer.args.main_process_first(local=False):
        checkpoint = last_checkpoint(folder)
    if checkpoint:
        refuse_other_shares(checkpoint)
        if is_first():
            console.print(f"{name}: resuming from {checkpoint.name}")
    metrics = Metrics(folder, name)
    results = None
    if recipe.exam and watch.exam:
        lines = read_metrics(folder) if checkpoint else []
        results = Results.of(recipe.exam, lines, name, step_of(checkpoint) if checkpoint else 0)
    with stage_progress(name, console) as progress:
        trainer.add_callback(_Marker(trainer, results))
        trackers = None
        if recipe.report_to and is_first():
            trackers = StageTrackers(trainer, recipe, _run(folder), name, console)
            trainer.add_callback(trackers)
            metrics.listeners.append(trackers.tell)
        if is_first():
            trainer.add_callback(_Reporter(trainer, metrics, guard, progress))
        if is_first() or is_sharded():
            trainer.add_callback(HeldOutLoss(trainer, watch.held_out, recipe, metrics))
        if results and watch.exam:
            before = score_before(results.options, start) if start else None
            trainer.add_callback(TakesExam(trainer, watch.exam, watch.samples, results, before, metrics))
        if not (results and results.declined):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if trackers:
        trackers.finish()
    if is_first() and (told := guard.told_at_end()):
        console.print(f"{name}: {told}")
    if results:
        _load_best(trainer, results, start, folder)
        if is_first():
            score = f"{results.options.metric} {results.scores[results.best]:.3f}"
            console.print(f"{name}: the best of {len(results.scores)} exams, {score}, is that of step {results.best}")


def _run(folder: Path) -> str:
    """The hash of the run that a stage's folder belongs to."""
    return folder.parent.name.removeprefix(UNFINISHED)


def _load_best(trainer: Any, results: Results, start: Path | None, folder: Path) -> None:
    best = checkpoint_at(folder, results.best) if results.best else start
    if results.best != max(results.scores):
        trainer._load_from_checkpoint(str(best))


def refuse_other_shares(checkpoint: Path) -> None:
    """Raises TrainError if `checkpoint` has its optimizer whole, and it is to be sharded, or the other way round."""
    whole = (checkpoint / "optimizer.pt").exists()
    if whole == is_sharded():
        raise TrainError(
            f"{checkpoint} was written with{'out' if whole else ''} FSDP; resume that way, or delete the folder of the "
            f"unfinished run, {checkpoint.parents[1]}, to begin again."
        )


def _compute_as_unsharded(trainer: Any, recipe: Recipe) -> None:
    """As the recipe says, with gradients summed and results kept in float32.

    With bfloat16, accelerate 1.15 would round both, DPO's loss too.
    """
    from torch.distributed.fsdp import MixedPrecisionPolicy

    if not trainer.is_fsdp_enabled:
        raise TrainError("accelerate shards a model (FSDP) among GPUs only, and sees none; launch with cpu.yaml here.")
    policy = MixedPrecisionPolicy(param_dtype=getattr(torch, recipe.quantization.precision), reduce_dtype=torch.float32)
    trainer.accelerator.state.fsdp_plugin.mixed_precision_policy = policy


def save_adapter(trainer: Any, target: Path) -> Path:
    """Write the adapter; the folder appears complete or not at all."""
    weights = whole(trained_parameters(trainer.model))
    if is_first():
        with whole_folder(target) as folder:
            _write_adapter(trainer.model, weights, folder)
    trainer.accelerator.wait_for_everyone()
    return target


def _write_adapter(model: Any, weights: dict[str, torch.Tensor], folder: Path) -> None:
    model.save_pretrained(str(folder), selected_adapters=[TRAINED], state_dict=weights)


class _Reporter(TrainerCallback):
    """Shows progress, appends to metrics.jsonl, and stops what goes wrong."""

    def __init__(self, trainer: Any, metrics: Metrics, guard: Guard, progress: StageProgress) -> None:
        self.trainer, self.metrics, self.guard, self.progress = trainer, metrics, guard, progress

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        for line in self.metrics.resume(state.global_step):
            self.guard.see(line)
            self.trainer._total_train_tokens = line["num_tokens"]  # TRL 1.16 counts from the resume
        self.progress.begin(state.global_step, state.max_steps)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if logs and "train_runtime" in logs:
            return  # the trainer's last line: how long the process trained that came to the end
        line = {**(logs or {}), "step": state.global_step}
        self.metrics.append(line)
        if why := self.guard.see(line):
            raise TrainError(
                f"{self.metrics.stage} stopped at step {state.global_step}: {why}. {_kept(args.output_dir)}"
            )
        self.progress.see(state.global_step, line)


class _Marker(TrainerCallback):
    """Marks a checkpoint as complete once every process has written its part."""

    def __init__(self, trainer: Any, results: Results | None) -> None:
        self.trainer, self.results = trainer, results

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if is_sharded():  # then transformers has written the adapter in shares only, if at all
            weights = whole(trained_parameters(self.trainer.model))
            if is_first():
                _write_adapter(self.trainer.model, weights, checkpoint_at(Path(args.output_dir), state.global_step))
        self.trainer.accelerator.wait_for_everyone()
        if is_first():
            best = self.results.best if self.results and self.results.scores else None
            folder = Path(args.output_dir)
            mark_complete(folder, state.global_step, best)
            write_curves(run_metrics(folder.parent), folder.parent)


def _kept(folder: str) -> str:
    checkpoint = last_checkpoint(Path(folder))
    return f"The checkpoint before that is kept: {checkpoint}." if checkpoint else "There is no checkpoint before that."
