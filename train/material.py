"""Everything that goes into a run, read and checked before training, and the run's identity."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aj.contract import Contract, load_contract
from aj.errors import TrainError
from aj.files import digest, logs_dir
from aj.identity import identity
from train.base import EMBEDDED, Base, cached, fetch, find_base, load_tokenizer, read_chat_template
from train.dataset import DataSet, read_dataset
from train.exam import Exam, Examiner, choose
from train.held_out import mark_kinds
from train.preflight import RunPlan, plan_run, refuse_no_room_to_play
from train.recipe import Grpo, Recipe
from train.scenes import scenes, training_templates
from train.serve import check_adapter
from train.split import split_by_template
from train.tokens import (
    TokenizedPair,
    TokenizedRow,
    answered_prompts,
    encode_pairs,
    encode_prompt,
    encode_rows,
)
from train.trackers import check_trackers
from train.watch import Watch
from train.world import Episode

TRAINS = (
    *("train.run:_train_adapter", "train.run:_export", "train.base:load_tokenizer"),
    *("train.split:split_by_template", "train.tokens:encode_rows", "train.tokens:encode_pairs"),
    "train.tokens:answered_prompts",
)
"""What decides a run's weights: `aj.identity` starts to read here."""
NOT_TRAINING = (
    *("train.preflight", "train.serve", "train.grpo", "train.scenes", "aj.curves"),
    *("train.trackers", "train.tracker_callback"),
)
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
    held_out_pairs: int
    """Pairs that share a template or a prompt with a held-out row, and are not learned from."""
    watch: Watch
    plan: RunPlan

    @property
    def hash(self) -> str:
        """The run's identity."""
        return run_hash(self.recipe, self.contract, self.base, self.dataset, self.watch.exam)


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
            rendered, GRPO has no whole step or no room for its replies, what `report_to` names is not installed, or an
            exam may stop SFT before its mean is made.
        ServeError: the adapter could not be served without merging it.
    """
    contract, data, base = _inputs(recipe, dataset)
    check_trackers(recipe)
    exam = _exam(recipe, examiner)
    own_tokenizer = download or cached(base)
    if own_tokenizer:
        tokenizer = load_tokenizer(fetch(base), recipe.template)
    else:
        # Token counts from another tokenizer are good enough to see whether a run fits, and to refuse nothing.
        tokenizer = load_tokenizer(fetch(find_base(EMBEDDED)), "chatml")
    given = data.pairs if recipe.dpo else []
    split = split_by_template(data.rows, given, recipe.held_out, recipe.seed)
    examples = encode_rows(split.rows, contract, tokenizer, own_tokenizer)
    held_out = encode_rows(split.held_out, contract, tokenizer, own_tokenizer)
    # A pair without templates can still ask what a held-out row asks.
    kept_out = answered_prompts(held_out)
    encoded = encode_pairs(split.pairs, contract, tokenizer, own_tokenizer)
    pairs = [pair for pair in encoded if tuple(pair.prompt_ids) not in kept_out]
    samples = choose(exam, recipe.exam, examples, pairs, tokenizer) if exam and recipe.exam else []
    plan = plan_run(recipe, base, examples, held_out, pairs, own_tokenizer, processes)
    if recipe.grpo and own_tokenizer:
        refuse_no_room_to_play(recipe.grpo, _beginnings(recipe.grpo, recipe.seed, contract, tokenizer))
    marked = mark_kinds(split.held_out, held_out, contract, tokenizer) if own_tokenizer else []
    watch, skipped = Watch(marked, exam, samples), len(given) - len(pairs)
    return Material(recipe, contract, base, data.hash, data.files, tokenizer, examples, pairs, skipped, watch, plan)


def _beginnings(stage: Grpo, seed: int, contract: Contract, tokenizer: Any) -> list[tuple[str, int]]:
    """The scenarios of GRPO, and how many tokens each begins with."""
    prompts = [(scene.template, Episode(scene, contract).prompt()) for scene in scenes(stage, seed)]
    return [(name, len(encode_prompt(prompt, tokenizer))) for name, prompt in prompts]


def _exam(recipe: Recipe, examiner: Examiner | None) -> Exam | None:
    if not recipe.exam:
        return None
    if recipe.exam.patience and recipe.sft.averaged:
        raise TrainError(
            "exam.patience may stop SFT before its last steps, whose mean weights sft.averaged makes the result; set "
            "sft.averaged=0, or exam.patience=null."
        )
    assert examiner, "a recipe with an exam needs an examiner"
    return examiner(recipe)


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


def run_folder(recipe: Recipe, dataset: Path, examiner: Examiner | None = None) -> Path:
    """The folder of the run that `train` would make, whether it exists or not.

    Raises: see `prepare`; rows are not looked at.
    """
    contract, data, base = _inputs(recipe, dataset)
    return logs_dir() / "runs" / run_hash(recipe, contract, base, data.hash, _exam(recipe, examiner))


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
