"""Tokenizers of the families, for tests of their chat templates.

Their own lie on the hub: the embedded one, given their tokens, renders and splits the same marks.
"""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from train.base import read_chat_template

CHATML = {"eos_token": "<|im_end|>"}
FAMILIES: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "qwen2.5": ("chatml", CHATML, ["<|im_start|>", "<tool_call>", "</tool_call>"]),
    "qwen3": ("chatml", CHATML, ["<|im_start|>", "<think>", "</think>", "<tool_call>", "</tool_call>"]),
    "qwen3, no thoughts": ("qwen3-no-think", CHATML, ["<|im_start|>", "<think>", "</think>"]),
    "llama3": (
        "llama3",
        {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
        ["<|start_header_id|>", "<|end_header_id|>"],
    ),
    "mistral": ("mistral", {"bos_token": "<s>", "eos_token": "</s>"}, ["[INST]", "[/INST]"]),
    "gemma3": ("gemma3", {"bos_token": "<bos>", "eos_token": "<eos>"}, ["<start_of_turn>", "<end_of_turn>"]),
    "r1": (
        "deepseek-r1",
        {"bos_token": "<｜begin▁of▁sentence｜>", "eos_token": "<｜end▁of▁sentence｜>"},
        ["<｜User｜>", "<｜Assistant｜>", "<think>", "</think>"],
    ),
}
"""Family -> template, special tokens, and further tokens of its vocabulary."""
ENDS = {"gemma3": "<end_of_turn><eos>"}
"""What is learned after an answer, where it is more than the stop token."""
SPLITS = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""How Qwen and Llama 3 split a text: line breaks stay together, whatever follows."""


def write_tokenizers(embedded: Any) -> Callable[..., Any]:
    """Makes the tokenizer of a family, with its own chat template or the one named; made once, and shared."""
    from tokenizers import Regex, pre_tokenizers

    @cache
    def make(family: str) -> Any:
        _, special, added = FAMILIES[family]
        own = copy.deepcopy(embedded)
        bytes_too = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        split = pre_tokenizers.Split(Regex(SPLITS), "isolated")
        own._tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, bytes_too])
        own.add_special_tokens(special)
        own.add_tokens([token for token in added if token not in own.get_vocab()])
        return own

    def with_template(family: str, template: str | None = None) -> Any:
        own = make(family)
        own.chat_template = read_chat_template(template or FAMILIES[family][0])
        return own

    return with_template


def original(name: str) -> str:
    """A template of a family's own, as TRL has it."""
    import trl

    return (Path(trl.__file__).parent / "chat_templates" / f"{name}.jinja").read_text()
