"""How much memory a run needs: a model's sizes without its weights, and an estimate from them."""

from dataclasses import dataclass
from typing import Any

from aj.errors import TrainError
from train.recipe import Recipe, TrainingStage

GB = 1e9
RUNTIME_GB = 0.95
"""Python, torch, transformers and TRL, loaded, and the base's file, of which pages stay in memory."""


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Estimates in GB (1e9 bytes)."""

    base: float
    """NF4 linear layers, or unpacked; embeddings, norms and head."""
    adapter: float
    gradients: float
    optimizer: float
    activations: float
    """Of the longest possible batch of either stage."""
    gathered: float = 0.0
    """What FSDP puts together for a while: the embeddings, the head, and two layers."""

    @property
    def static(self) -> float:
        return self.base + self.adapter + self.gradients + self.optimizer + self.gathered

    @property
    def total(self) -> float:
        return self.static + self.activations + RUNTIME_GB


@dataclass(frozen=True, slots=True)
class Architecture:
    """The sizes of a model, in parameters and channels."""

    parameters: int
    quantised: int
    """Parameters of linear layers, which QLoRA keeps in 4 bits; without the head."""
    trainable: int
    layers: int
    heads: int
    hidden: int
    intermediate: int
    vocabulary: int


def read_architecture(config: Any, recipe: Recipe) -> Architecture:
    """Count a model's parameters without its weights, on torch's meta device.

    Raises:
        TrainError: one of the recipe's target modules is no linear layer of this model, or is its head.
    """
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    head = model.get_output_embeddings()
    linear = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and m is not head}
    lora = recipe.lora
    adapted = {name: m for name, m in linear.items() if any(_is_named(name, target) for target in lora.target_modules)}
    # PEFT trains without a module that it does not find, and says nothing.
    if missing := [t for t in lora.target_modules if not any(_is_named(name, t) for name in linear)]:
        known = ", ".join(sorted({name.rpartition(".")[2] for name in linear}))
        raise TrainError(
            f"lora.target_modules: no linear layer of {recipe.base} is named {', '.join(missing)}; it has {known}."
        )
    return Architecture(
        parameters=model.num_parameters(),
        quantised=sum(m.weight.numel() for m in linear.values()),
        trainable=sum(lora.rank * (m.in_features + m.out_features) for m in adapted.values()),
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        vocabulary=config.vocab_size,
    )


def _is_named(module: str, target: str) -> bool:
    """Whether PEFT takes `target` to mean this module."""
    return module == target or module.endswith(f".{target}")


def estimate_memory(
    model: Architecture,
    recipe: Recipe,
    longest: int,
    longest_pair: int = 0,
    shares: int = 1,
    compiled: bool = False,
) -> MemoryEstimate:
    """The peak of the stage that needs more; lengths in tokens, 0 for no DPO; of one of `shares` processes with FSDP.

    `compiled`: SFT's layers are, on a CPU. On the embedded model the sum was within 10% of the peaks of single steps on
    rows of 300 to 1,303 tokens, in either precision, compiled or not.
    """
    # One absmax per 64 weights: a byte if it is quantized in turn (plus a float per 256 of those), otherwise a float.
    # It is no parameter, so FSDP does not shard it.
    unpack = recipe.quantization.unpack
    scales = 0 if unpack else model.quantised * ((1 + 4 / 256) if recipe.quantization.double else 4) / 64
    number = bytes_per_number(recipe)
    linear, others = model.quantised * (number if unpack else 0.5), (model.parameters - model.quantised) * number
    # The layer that computes, and the next one.
    gathered = others + 2 * (linear + model.trainable * 2) / model.layers if shares > 1 else 0
    width, state = bytes_per_parameter(recipe)
    activations = number * _activations(model, recipe.sft, longest, recipe.sft.batch_size)
    if compiled:
        from train.compiled import LENGTHS

        # Half is kept, of that a third in float32 in any case; and the first steps are on rows of these lengths.
        activations = (4 + 2 * number) / 3 * _activations(model, recipe.sft, max(longest, *LENGTHS), 1) / 2
    if recipe.dpo:
        # Both answers of each pair, padded to the longest.
        activations = max(
            activations, number * _activations(model, recipe.dpo, longest_pair, 2 * recipe.dpo.batch_size)
        )
    if grpo := recipe.grpo:
        activations = max(activations, number * _activations(model, grpo, grpo.max_length, grpo.batch_size))
    return MemoryEstimate(
        base=((linear + others) / shares + scales) / GB,
        adapter=model.trainable * width * (2 if longest_pair else 1) / shares / GB,  # the reference is a second one
        gradients=model.trainable * width / shares / GB,
        optimizer=model.trainable * state / shares / GB,
        activations=activations / GB,
        gathered=gathered / GB,
    )


def _activations(model: Architecture, stage: TrainingStage, length: int, rows: int) -> float:
    """Numbers kept for the backward pass. The factors fit the measured peaks of a 135M model (0.7 M per token)."""
    import torch

    from train.attention import SHORT

    tokens = length * rows
    layer = tokens * (14 * model.hidden + 10 * model.intermediate)
    if rows == 1 and length <= SHORT and not torch.cuda.is_available():
        layer += tokens * model.heads * length
    if stage.gradient_checkpointing:
        return tokens * model.hidden * model.layers + layer
    return layer * model.layers


def bytes_per_parameter(recipe: Recipe) -> tuple[int, int]:
    """(of the adapter, of Adam's two moments and the mean of the weights)."""
    width = 4 if recipe.lora.dtype == "float32" else bytes_per_number(recipe)
    return width, bytes_per_state(recipe.sft, width) + (4 if recipe.sft.averaged else 0)


def bytes_per_state(stage: TrainingStage, width: int) -> int:
    """Of Adam's two moments, which are as wide as the adapter, or 8 bits each."""
    return 2 if "8bit" in stage.optimizer else 2 * width


def bytes_per_number(recipe: Recipe) -> int:
    """Of what a model computes in, on this machine."""
    return 4 if recipe.quantization.precision == "float32" else 2
