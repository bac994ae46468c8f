"""A model in training that answers for a moment: without dropout, and afterwards exactly as it was."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch  # noqa: TID253
from transformers import GenerationConfig  # noqa: TID253


@contextmanager
def answering(model: Any) -> Iterator[None]:
    """The model as it answers, still in training mode: no dropout, and no gradient checkpointing, which has no cache.

    On CPUs with AVX512-BF16, one pass of bitsandbytes 0.50 in eval mode repacks a 4-bit layer for good, and no gradient
    comes after it.
    """
    layers = [module for module in model.modules() if isinstance(module, torch.nn.Dropout) and module.training]
    checkpointing = [module for module in model.modules() if getattr(module, "gradient_checkpointing", False)]
    for layer in layers:
        layer.eval()
    for module in checkpointing:
        module.gradient_checkpointing = False
    try:
        # Compiled layers would be compiled again, for passes without a gradient.
        with torch.no_grad(), torch.compiler.set_stance("force_eager"):
            yield
    finally:
        for layer in layers:
            layer.train()
        for module in checkpointing:
            module.gradient_checkpointing = True
    assert not is_repacked(model), "bitsandbytes has repacked a 4-bit layer, and no gradient comes after it"


def is_repacked(model: Any) -> bool:
    """Whether bitsandbytes has repacked a 4-bit layer for inference on a CPU: dequantized, it is off by up to 6.2."""
    states = (getattr(getattr(module, "weight", None), "quant_state", None) for module in model.modules())
    return any(getattr(state, "packing_format_for_cpu", False) for state in states)


def generate(
    model: Any, tokenizer: Any, prompts: Sequence[list[int]], max_tokens: int, temperature: float = 0.0
) -> list[list[int]]:
    """A reply to each prompt, as token ids, up to its stop token included, or cut off after `max_tokens`.

    The base's own settings, such as a repetition penalty, do not apply, as they do not when it is served.
    """
    batch = tokenizer.pad({"input_ids": list(prompts)}, padding_side="left", return_tensors="pt").to(model.device)
    sampled = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
    config = GenerationConfig(
        **(sampled if temperature else {"do_sample": False}),
        repetition_penalty=1.0,
        max_new_tokens=max_tokens,
        use_cache=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    # As in training, which goes through the adapter's `forward`, where accelerate casts; `generate` does not.
    with answering(model), torch.autocast(model.device.type, torch.bfloat16, enabled=model.dtype == torch.bfloat16):
        made = model.generate(**batch, generation_config=config)
    return [_until_stop(ids, tokenizer.eos_token_id) for ids in made[:, batch["input_ids"].shape[1] :].tolist()]


def _until_stop(ids: list[int], stop: int) -> list[int]:
    return ids[: ids.index(stop) + 1] if stop in ids else ids
