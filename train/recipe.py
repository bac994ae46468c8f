"""A training recipe: a whole experiment in one YAML file."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from aj.files import Strict

RECIPES = Path(__file__).parent / "recipes"
Optimizer = Literal["adamw_torch_fused", "adamw_8bit", "paged_adamw_8bit"]
Scheduler = Literal["cosine", "linear", "constant_with_warmup"]


class Quantization(Strict):
    """How the frozen base is stored: QLoRA's NF4."""

    type: Literal["nf4", "fp4"] = "nf4"
    double: bool = True
    compute: Literal["bfloat16", "float32"] = "bfloat16"
    unpack: bool = False
    """Keep the same 4-bit values as bfloat16: faster, but 2 bytes per weight."""


class Lora(Strict):
    rank: int = Field(gt=0)
    alpha: int = Field(gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """Of the adapter during training."""
    target_modules: tuple[str, ...] = Field(min_length=1)


class Sft(Strict):
    epochs: float = Field(gt=0)
    learning_rate: float = Field(gt=0, lt=1)
    scheduler: Scheduler = "cosine"
    warmup: float = Field(default=0.03, ge=0, lt=1)
    """As a share of the steps."""
    batch_size: int = Field(gt=0)
    gradient_accumulation: int = Field(default=1, gt=0)
    max_length: int = Field(gt=0)
    """In tokens; a longer row is refused before training, never cut off."""
    optimizer: Optimizer = "adamw_torch_fused"
    adam_beta2: float = Field(default=0.999, gt=0, lt=1)
    """Decay of the squared gradients: 0.999 averages over a thousand steps, more than a short run has."""
    gradient_checkpointing: bool = False
    save_every: int = Field(default=50, gt=0)
    """Steps between checkpoints: the most that `kill -9` can cost."""


class Dpo(Strict):
    epochs: float = Field(gt=0)
    learning_rate: float = Field(gt=0, lt=1)
    beta: float = Field(default=0.1, gt=0)
    sft_weight: float = Field(default=0.0, ge=0)
    """Weight of the chosen answer's own likelihood; without it, similar pairs make both answers less likely."""
    scheduler: Scheduler = "cosine"
    warmup: float = Field(default=0.1, ge=0, lt=1)
    batch_size: int = Field(gt=0)
    """In pairs: a step has twice as many sequences."""
    gradient_accumulation: int = Field(default=1, gt=0)
    max_length: int = Field(gt=0)
    optimizer: Optimizer = "adamw_torch_fused"
    adam_beta2: float = Field(default=0.999, gt=0, lt=1)
    gradient_checkpointing: bool = False
    save_every: int = Field(default=20, gt=0)


class ExportOptions(Strict):
    merge: bool = True
    """Write `merged/`, a model that any server loads; with False, the adapter is served on its base."""
    min_agreement: float = Field(default=0.97, gt=0, le=1)
    """Share of answer tokens for which the exported and the trained model must make the same choice."""


class ServeOptions(Strict):
    context: int = Field(default=4096, gt=0)
    """Tokens of prompt and reply together, for `aj serve` and for evals."""
    reasoning: bool = False
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
    sft: Sft
    dpo: Dpo | None = None
    export: ExportOptions = ExportOptions()
    serve: ServeOptions = ServeOptions()
    seed: int = 0
