"""The attention that a CPU trains with is the one that transformers computes, but for the last bits."""

from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.loop


def computed(way: str, dtype: str, tokens: int = 90, keys: int = 3, padded: bool = False) -> list[Any]:
    """What attention gives for two rows, and the gradients of query, key and value, as float64."""
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    from train.attention import attend

    random = torch.Generator().manual_seed(tokens)
    sizes = [(2, 9, tokens, 64), (2, keys, tokens, 64), (2, keys, tokens, 64), (2, tokens, 9, 64)]
    *given, change = (
        torch.randn(size, generator=random).to(torch.bfloat16).to(getattr(torch, dtype)) for size in sizes
    )
    for tensor in given:
        tensor.requires_grad_()
    mask = torch.ones(2, 1, tokens, tokens, dtype=torch.bool).tril() if padded else None
    if mask is not None:
        mask[1, :, 1:, 0] = False
    module: Any = SimpleNamespace(num_key_value_groups=9 // keys, is_causal=True)
    function: Any = attend if way == "ours" else sdpa_attention_forward
    found, _ = function(module, *given, mask, scaling=64**-0.5)
    found.backward(change)
    return [one.double() for one in (found.detach(), *(part.grad for part in given if part.grad is not None))]


def error(found: list[Any], exact: list[Any]) -> float:
    return max(float((one - right).norm() / right.norm()) for one, right in zip(found, exact, strict=True))


@pytest.mark.parametrize("keys", [1, 3, 9])
def test_it_is_exact_in_float32_and_as_close_as_torchs_own_in_bfloat16(keys):
    exact = computed("torch's", "float64", keys=keys)
    assert error(computed("ours", "float32", keys=keys), exact) < 1e-6
    ours = error(computed("ours", "bfloat16", keys=keys), exact)
    assert ours < 0.01
    assert ours < 2 * error(computed("torch's", "bfloat16", keys=keys), exact)


def test_rows_that_are_long_or_padded_are_left_to_torch():
    import torch

    from train.attention import SHORT

    for tokens, padded in ((SHORT + 1, False), (90, True)):
        both = (computed(way, "bfloat16", tokens, padded=padded) for way in ("ours", "torch's"))
        assert all(torch.equal(one, other) for one, other in zip(*both, strict=True)), tokens
