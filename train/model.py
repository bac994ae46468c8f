"""The frozen, quantized base, and the adapter on it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers import AutoModelForCausalLM, BitsAndBytesConfig
from transformers.utils.logging import disable_progress_bar

from train.attention import PLAIN
from train.processes import is_sharded
from train.recipe import Quantization, Recipe

disable_progress_bar()

TRAINED = "default"
"""PEFT's name of the adapter in training; DPO's reference has another."""


def load_quantized(
    folder: Path, quantization: Quantization, attention: str | None = None, to_shard: bool = False
) -> Any:
    """The base with its linear layers in 4 bits, on the GPU if there is one; `attention` as transformers names it.

    To be sharded, the 4-bit values are kept as if they were what is computed in, since FSDP divides nothing that is no
    number, and would convert other numbers. The base stays in the main memory, from which FSDP takes one layer after
    the other.
    """
    computed = getattr(torch, quantization.precision)
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=quantization.type,
        bnb_4bit_use_double_quant=quantization.double,
        bnb_4bit_compute_dtype=computed,
        bnb_4bit_quant_storage=computed if to_shard else torch.uint8,
    )
    here = "cpu" if to_shard or not torch.cuda.is_available() else int(os.environ.get("LOCAL_RANK", "0"))
    return AutoModelForCausalLM.from_pretrained(
        folder,
        quantization_config=config,
        dtype=computed,
        device_map={"": here},
        attn_implementation=attention,
    )


def load_frozen(folder: Path, quantization: Quantization) -> Any:
    """The base to train on: quantized, and unpacked if the recipe says so. The values are the same 4-bit ones."""
    model = load_quantized(folder, quantization, None if torch.cuda.is_available() else PLAIN, is_sharded())
    return model.dequantize() if quantization.unpack else model


def load_adapter(model: Any, folder: Path, trainable: bool = False) -> PeftModel:
    return PeftModel.from_pretrained(model, str(folder), is_trainable=trainable)


def lora_config(recipe: Recipe) -> LoraConfig:
    lora = recipe.lora
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.target_modules),
        task_type="CAUSAL_LM",
    )


def cast_adapter(model: Any, recipe: Recipe) -> None:
    """Give the adapter the recipe's dtype; TRL has made it bf16.

    Autocast computes in bf16 either way. PEFT would first copy each layer's input to the adapter's dtype: with
    float32, a step of 4 x 220 tokens took 2.41 s instead of 2.28 s. Without autocast, all is float32.
    """
    dtype = torch.float32 if recipe.quantization.precision == "float32" else getattr(torch, recipe.lora.dtype)
    for module in model.modules():
        if isinstance(module, LoraLayer):
            module.cast_input_dtype_enabled = False
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(dtype)


def trained_parameters(model: Any) -> dict[str, torch.nn.Parameter]:
    """Those of the adapter in training, by name."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def whole(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights, put together where they are sharded: then all processes call it."""
    return {
        name: weight.full_tensor().cpu() if isinstance(weight, DTensor) else weight.data
        for name, weight in weights.items()
    }


def as_kept(weight: torch.Tensor, parameter: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A whole weight where `parameter` is: on its device, and sharded as it is."""
    weight = weight.to(parameter.device, dtype)
    if isinstance(parameter, DTensor):
        # Each process has read the file, and takes its share of it.
        return distribute_tensor(weight, parameter.device_mesh, parameter.placements, src_data_rank=None)
    return weight


@torch.no_grad()
def load_trained_weights(model: Any, folder: Path) -> None:
    """Give the adapter in training, sharded or not, the weights of the one in `folder`, in its own dtype.

    transformers 5.19 would load only the folders in a checkpoint if there are any: of DPO's, the reference.
    """
    saved = load_file(folder / "adapter_model.safetensors")
    for name, parameter in trained_parameters(model).items():
        parameter.copy_(as_kept(saved[name.replace(f".{TRAINED}.", ".")], parameter, parameter.dtype))
