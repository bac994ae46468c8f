"""Checks before an hour of training: does every row fit, does the run fit into memory and onto the disk?"""

import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from aj.errors import TrainError
from train.base import Base, load_config
from train.costs import count_bytes, count_flop, count_held_out_flop
from train.memory import (
    GB,
    RUNTIME_GB,
    Architecture,
    MemoryEstimate,
    estimate_memory,
    read_architecture,
)
from train.precision import Precision, native_precision
from train.processes import count_processes, is_sharded
from train.recipe import Grpo, Recipe, TrainingStage
from train.scenes import training_templates
from train.tokens import IGNORE, TokenizedPair, TokenizedRow


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run will do and need."""

    own_tokenizer: bool
    """Whether the base's tokenizer has counted; if the base is not on this machine, the embedded one does."""
    rows: int
    held_out: int
    """Rows that are not trained on."""
    pairs: int
    tokens: int
    """Of the rows, in one epoch."""
    learned_tokens: int
    longest: int
    steps: int
    dpo_steps: int
    grpo_steps: int
    exams: int
    """Of all stages."""
    trainable: int
    """Parameters of the adapter."""
    processes: int
    """Which share the batches of a step."""
    precision: Precision
    """What the model computes in."""
    memory: MemoryEstimate
    """Of one process."""
    memory_here: float
    """GB for each process: its GPU's memory, or its share of the main memory."""
    disk: float
    """GB written, checkpoints included."""
    flop: float
    """Floating-point operations of SFT, DPO and their held-out rows."""

    def describe(self) -> list[tuple[str, str]]:
        """(what, how much), as lines of a table."""
        memory, shared = self.memory, self.memory.gathered
        imitated = self.precision != native_precision()
        how = "" if self.own_tokenizer else "; counted with another tokenizer"
        return [
            ("rows", f"{self.rows:,}" + (f", and {self.held_out:,} held out" if self.held_out else "")),
            ("tokens", f"{self.tokens:,} an epoch, {self.learned_tokens:,} learned; longest row {self.longest}{how}"),
            ("pairs", f"{self.pairs:,}"),
            ("steps", f"{self.steps:,} SFT, {self.dpo_steps:,} DPO, {self.grpo_steps:,} GRPO"),
            *([("exams", f"{self.exams:,}")] if self.exams else []),
            ("adapter", f"{self.trainable / 1e6:.1f} M parameters"),
            ("processes", f"{self.processes:,}" + (", each with a share of the weights (FSDP)" if shared else "")),
            ("computes in", self.precision + (f"; this machine is faster in {native_precision()}" if imitated else "")),
            ("memory", f"{memory.total:.1f} GB of {self.memory_here:.1f} GB here, for each process"),
            ("  static", f"{memory.static:.2f} GB: base {memory.base:.2f}, adapter {memory.adapter:.2f}, "
                         f"gradients {memory.gradients:.2f}, optimizer {memory.optimizer:.2f}"
                         + (f", gathered {shared:.2f}" if shared else "")),
            ("  activations", f"up to {memory.activations:.1f} GB"),
            ("disk", f"{self.disk:.1f} GB"),
            ("fits here", self.fits),
        ]  # fmt: skip

    @property
    def uncounted(self) -> str:
        """What is not in `flop`, as nobody knows the lengths of replies: "GRPO and exams", or nothing."""
        return " and ".join(["GRPO"] * bool(self.grpo_steps) + ["exams"] * bool(self.exams))

    @property
    def fits(self) -> str:
        """Whether the memory of this machine is enough: yes, no, or only for shorter rows."""
        if self.memory.static + RUNTIME_GB > self.memory_here:
            return "no"
        return "yes" if self.memory.total <= self.memory_here else "perhaps not: the longest rows need more memory"

    def to_record(self) -> dict[str, Any]:
        return asdict(self)


def plan_run(
    recipe: Recipe,
    base: Base,
    examples: Sequence[TokenizedRow],
    held_out: Sequence[TokenizedRow],
    pairs: Sequence[TokenizedPair],
    own_tokenizer: bool = True,
    processes: int | None = None,
) -> RunPlan:
    """Count and estimate, without loading weights.

    Raises:
        TrainError: a row or pair is longer than the recipe allows, there are no rows, a warm-up is most of a stage, or
            GRPO has no whole step.
    """
    if not examples:
        raise TrainError("the data set has no rows; build one with a recipe that keeps some.")
    longest, longest_pair = _longest(recipe, [*examples, *held_out], pairs, own_tokenizer)
    steps = count_steps(recipe, len(examples), len(pairs))
    if is_sharded():
        refuse_unsharded(recipe)
    model = read_architecture(load_config(base), recipe)
    memory = partial(_estimate_memory, model, recipe, longest, longest_pair, steps.sft)
    processes = count_processes(recipe, processes, lambda n: memory(n).total <= _memory_here(n))
    return RunPlan(
        own_tokenizer=own_tokenizer,
        rows=len(examples),
        held_out=len(held_out),
        pairs=len(pairs) if recipe.dpo else 0,
        tokens=sum(len(e.input_ids) for e in examples),
        learned_tokens=sum(label != IGNORE for e in examples for label in e.labels),
        longest=longest,
        steps=steps.sft,
        dpo_steps=steps.dpo,
        grpo_steps=steps.grpo,
        exams=sum(math.ceil(n / recipe.exam.every) for n in steps) if recipe.exam else 0,
        trainable=model.trainable,
        processes=processes,
        precision=recipe.quantization.precision,
        memory=memory(processes),
        memory_here=_memory_here(processes),
        disk=count_bytes(model, recipe) / GB,
        flop=count_flop(model, recipe, examples, pairs) + count_held_out_flop(model, recipe, held_out, steps),
    )


class StageSteps(NamedTuple):
    sft: int
    dpo: int
    grpo: int


def count_steps(recipe: Recipe, rows: int, pairs: int) -> StageSteps:
    """Steps of each stage, none of which may be mostly warm-up."""
    dpo, grpo = recipe.dpo if pairs else None, recipe.grpo
    if grpo:
        training_templates(grpo.templates)  # refuses unknown and held-out ones
        refuse_uneven(grpo)
    steps = StageSteps(
        _steps_of(recipe.sft, rows),
        _steps_of(dpo, pairs) if dpo else 0,
        math.ceil(grpo.scenarios // _scenarios_a_step(grpo) * grpo.epochs) if grpo else 0,
    )
    for name, stage, count in zip(StageSteps._fields, (recipe.sft, dpo, grpo), steps, strict=True):
        if stage:
            refuse_long_warmup(name, stage, count)
    return steps


def _longest(
    recipe: Recipe, rows: Sequence[TokenizedRow], pairs: Sequence[TokenizedPair], own_tokenizer: bool
) -> tuple[int, int]:
    """Tokens of the longest row, and of the longest pair (0 without DPO).

    By the count of the base's own tokenizer, neither may be longer than the recipe allows.
    """
    lengths = [(row.id, len(row.input_ids)) for row in rows]
    paired = [(p.id, len(p.prompt_ids) + max(len(p.chosen_ids), len(p.rejected_ids))) for p in pairs if recipe.dpo]
    if own_tokenizer:
        refuse_long("row", "sft", lengths, recipe.sft.max_length)
        if recipe.dpo:
            refuse_long("pair", "dpo", paired, recipe.dpo.max_length)
    return max(n for _, n in lengths), max((n for _, n in paired), default=0)


def refuse_long(kind: str, stage: str, lengths: Sequence[tuple[str, int]], limit: int) -> None:
    """Raises TrainError with the names of those longer than `limit`: TRL would cut off their ends silently."""
    long = sorted(((n, name) for name, n in lengths if n > limit), reverse=True)
    if long:
        named = ", ".join(f"{name} ({n})" for n, name in long[:5])
        raise TrainError(
            f"{len(long)} {kind}(s) exceed max_length {limit} tokens: {named}{', ...' if len(long) > 5 else ''}; "
            f"raise {stage}.max_length in the recipe to {long[0][0]}, or shorten them."
        )


def refuse_long_warmup(name: str, stage: TrainingStage, steps: int) -> None:
    """Raises TrainError if warm-up is most of a stage. It is rounded up, and its first step trains nothing."""
    warmup = math.ceil(stage.warmup * steps)
    if 2 * warmup > steps:
        raise TrainError(
            f"{name} has {steps} step(s), of which {warmup} warm up, the first at learning rate 0; set "
            f"{name}.warmup=0, or use more rows, a smaller batch or more epochs."
        )


def refuse_uneven(stage: Grpo) -> None:
    """Raises TrainError unless each of GRPO's steps has all episodes of so many scenarios, and there is a step.

    TRL would say so only when the other stages have been trained. Processes share a step, so they change nothing here.
    """
    episodes = stage.batch_size * stage.gradient_accumulation
    if episodes % stage.replies:
        raise TrainError(
            f"a step of GRPO has {episodes} episodes (grpo.batch_size x grpo.gradient_accumulation), but must have all "
            f"{stage.replies} of each of its scenarios; make it a multiple of {stage.replies}, or change grpo.replies."
        )
    if stage.scenarios < _scenarios_a_step(stage):
        raise TrainError(
            f"a step of GRPO has the episodes of {_scenarios_a_step(stage)} scenarios, more than there are; set "
            f"grpo.scenarios={_scenarios_a_step(stage)} or more, or use a smaller batch."
        )


def refuse_no_room_to_play(stage: Grpo, prompts: Sequence[tuple[str, int]]) -> None:
    """Raises TrainError if an episode of GRPO could be longer than allowed with its first reply.

    `prompts`: the scenarios that it plays, and how many tokens each begins with.
    """
    longest, name = max((count, name) for name, count in prompts)
    if (needed := longest + stage.max_tokens) > stage.max_length:
        raise TrainError(
            f"grpo.max_length is {stage.max_length} tokens, but the scenario {name} begins with {longest}, and a reply "
            f"may have {stage.max_tokens} (grpo.max_tokens); set grpo.max_length={2 * needed} or so, for some turns."
        )


def refuse_unsharded(recipe: Recipe) -> None:
    """Raises TrainError if FSDP cannot train one of the recipe's stages."""
    if recipe.grpo:
        raise TrainError("grpo generates with the whole model; train that stage without FSDP (grpo=null here).")
    for name, stage in (("sft", recipe.sft), ("dpo", recipe.dpo)):
        if stage and "8bit" in stage.optimizer:
            raise TrainError(
                f"{name}.optimizer: bitsandbytes' {stage.optimizer} cannot be sharded; set {name}.optimizer="
                "adamw_torch_fused, of which each process keeps a share."
            )


def check_room(plan: RunPlan, folder: Path, written: float = 0.0) -> None:
    """Raises TrainError when memory or disk cannot hold the run, or not its longest rows, by the estimate.

    Of what the run writes, `written` GB are there already.
    """
    refuse_without_room(plan, folder, written)
    if plan.fits != "yes":
        raise TrainError(
            f"with its longest rows, the run needs {plan.memory.total:.1f} GB for each process, but there are "
            f"{plan.memory_here:.1f} GB, so it would begin and perhaps fail at them; set gradient_checkpointing, lower "
            "batch_size, or use another machine."
        )


def refuse_without_room(plan: RunPlan, folder: Path, written: float = 0.0) -> None:
    """Raises TrainError when memory or disk cannot hold the run for certain: what a run is not begun with."""
    check_disk(plan.disk, folder, "the run", written)
    if plan.fits == "no":
        raise TrainError(
            f"the run needs {plan.memory.static + RUNTIME_GB:.1f} GB before the first token, but this machine has "
            f"{plan.memory_here:.1f} GB; lower lora.rank, use optimizer paged_adamw_8bit, or use another machine."
        )


def check_disk(needed: float, folder: Path, writer: str, written: float = 0.0) -> None:
    """Raises TrainError unless the disk of `folder` has room for the GB that `writer` writes there.

    Of them, `written` GB are there already.
    """
    free = shutil.disk_usage(folder).free / GB
    if free < needed - written:
        already = f", {written:.1f} GB of which are there" if written else ""
        raise TrainError(
            f"{folder} has {free:.1f} GB free, but {writer} writes {needed:.1f} GB{already}; free some space there."
        )


def _estimate_memory(
    model: Architecture, recipe: Recipe, longest: int, longest_pair: int, steps: int, processes: int
) -> MemoryEstimate:
    """Of each of so many processes."""
    from train.compiled import can_compile

    shares = processes if is_sharded() else 1
    return estimate_memory(model, recipe, longest, longest_pair, shares, can_compile(recipe, steps))


def _steps_of(stage: TrainingStage, count: int) -> int:
    per_epoch = math.ceil(math.ceil(count / stage.batch_size) / stage.gradient_accumulation)
    return math.ceil(per_epoch * stage.epochs)


def _scenarios_a_step(stage: Grpo) -> int:
    return stage.batch_size * stage.gradient_accumulation // stage.replies


def _memory_here(processes: int) -> float:
    import psutil
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_properties(0).total_memory / GB
    return psutil.virtual_memory().total / GB / processes
