"""A training recipe: a whole experiment in one YAML file."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from aj.files import Strict
from train.precision import Precision, native_precision

RECIPES = Path(__file__).parent / "recipes"
Optimizer = Literal["adamw_torch_fused", "adamw_8bit", "paged_adamw_8bit"]
Tracker = Literal["tensorboard", "trackio", "mlflow", "wandb"]
Scheduler = Literal["cosine", "linear", "constant_with_warmup"]


def _number(value: Any) -> Any:
    """Refuses what pydantic would turn into a number: true is 1. "5e-5" is one, which YAML 1.1 reads as text."""
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d*)?[eE][-+]?\d+", value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("Input should be a number")
    return value


Trackers = Annotated[tuple[Tracker, ...], BeforeValidator(lambda told: (told,) if isinstance(told, str) else told)]
Count = Annotated[int, Field(strict=True, gt=0)]
Flag = Annotated[bool, Field(strict=True)]
Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]


class Quantization(Strict):
    """How the frozen base is stored: QLoRA's NF4."""

    type: Literal["nf4", "fp4"] = "nf4"
    double: Flag = True
    compute: Literal["auto", "bfloat16", "float32"] = "auto"
    """What a model computes in: bfloat16, unless this machine would have to imitate it."""
    unpack: Flag = False
    """Keep the same 4-bit values as numbers to compute with: faster, but 2 bytes per weight, or 4 in float32."""

    @property
    def precision(self) -> Precision:
        """What a model computes in on this machine."""
        return native_precision() if self.compute == "auto" else self.compute


class Lora(Strict):
    rank: Count
    alpha: Count
    dropout: Number = Field(default=0.0, ge=0, lt=1)
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """Of the adapter during training."""
    target_modules: tuple[str, ...] = Field(min_length=1)


class TrainingStage(Strict):
    """What the stages of a training have in common."""

    epochs: Number = Field(gt=0)
    learning_rate: Number = Field(gt=0, lt=1)
    scheduler: Scheduler = "cosine"
    warmup: Number = Field(default=0.1, ge=0, lt=1)
    """As a share of the steps."""
    batch_size: Count
    gradient_accumulation: Count = 1
    max_length: Count
    """In tokens; a longer row is refused before training, never cut off."""
    optimizer: Optimizer = "adamw_torch_fused"
    adam_beta2: Number = Field(default=0.999, gt=0, lt=1)
    """Decay of the squared gradients: 0.999 averages over a thousand steps, more than a short run has."""
    gradient_checkpointing: Flag = False
    save_every: Count = 20
    """Steps between checkpoints: the most that `kill -9` can cost."""


class Sft(TrainingStage):
    warmup: Number = Field(default=0.03, ge=0, lt=1)
    save_every: Count = 50
    averaged: Number = Field(default=0.0, ge=0, le=1)
    """Share of the steps, the last ones, whose mean weights are the result; instead of a rate that falls."""


class Dpo(TrainingStage):
    batch_size: Count
    """In pairs: a step has twice as many sequences."""
    beta: Number = Field(default=0.1, gt=0)
    sft_weight: Number = Field(default=0.0, ge=0)
    """Weight of the chosen answer's own likelihood; without it, similar pairs make both answers less likely."""


class Grpo(TrainingStage):
    templates: tuple[str, ...] = Field(min_length=1)
    """Names or categories of scenario templates for training."""
    scenarios: Count
    """Drawn from them; each is played once an epoch, but for those at the end that are too few for a step."""
    replies: Annotated[int, Field(strict=True, ge=2)] = 8
    """Episodes of each scenario, which are compared with each other, so all are in one step."""
    max_tokens: Count = 128
    """Of one reply."""
    temperature: Number = Field(default=1.0, gt=0)
    epochs: Number = Field(default=1, gt=0)
    scheduler: Scheduler = "constant_with_warmup"
    warmup: Number = Field(default=0.0, ge=0, lt=1)
    batch_size: Count
    """In episodes."""
    max_length: Count
    """In tokens; an episode ends before it would be longer."""
    save_every: Count = 10


class ExamOptions(Strict):
    """A few samples of the practice suite, which each stage is asked while it trains: the best checkpoint is kept."""

    metric: str = Field(pattern=r"^[a-z_]+/[a-z_]+$")
    """TASK/METRIC, such as tool_format/right."""
    every: Count = 200
    """Steps; there is an exam at the end of each stage in any case."""
    samples: Count = 24
    patience: Count | None = None
    """Exams after the best one that are all worse, and then the stage stops; None never stops it."""
    seed: Count = 1000
    """Of the samples: one that no row and no harvest has used."""

    @property
    def task(self) -> str:
        return self.metric.partition("/")[0]


class ExportOptions(Strict):
    merge: Flag = True
    """Write `merged/`, a model that any server loads; with False, the adapter is served on its base."""
    min_agreement: Number = Field(default=0.97, gt=0, le=1)
    """Share of answer tokens for which the exported and the trained model must make the same choice."""


class ServeOptions(Strict):
    context: Count = 4096
    """Tokens of prompt and reply together, for `aj serve` and for evals."""
    reasoning: Flag = False
    """Give the model tokens of its own for thoughts before a reply, in evals."""


class Recipe(Strict):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    base: str
    """`smollm2-135m` (embedded), a model folder, or ORG/MODEL@COMMIT."""
    template: str = "chatml"
    """The chat template for training, serving and evals: `train/chat_templates/NAME.jinja`."""
    contract: str = "aj"
    quantization: Quantization = Quantization()
    lora: Lora
    held_out: Number = Field(default=0.0, ge=0, lt=0.5)
    """Share of the rows that is not trained on, by template; their loss is measured by kind of token."""
    held_out_every: Count = 100
    """Steps between two such measurements; one is made at the end of each stage in any case."""
    exam: ExamOptions | None = None
    sft: Sft
    dpo: Dpo | None = None
    grpo: Grpo | None = None
    export: ExportOptions = ExportOptions()
    serve: ServeOptions = ServeOptions()
    report_to: Trackers = ()
    """Where metrics are also sent; not part of a run's identity."""
    seed: Annotated[int, Field(strict=True, ge=0)] = 0
