"""Every chat template teaches what AJ writes and where it stops, and asks as it was trained; on tokens of its family.

The families' own tokenizers lie on the hub: the embedded one, given their tokens, renders and splits the same markers.
"""

import copy
from pathlib import Path
from typing import Any

import pytest

from aj.contract import load_contract
from aj.errors import TrainError
from aj.messages import Call, Message, Row, calls, reply, result, user
from aj.wire import render_prompt
from tests.train.tiny import make_row
from train.base import CHAT_TEMPLATES, read_chat_template
from train.tokens import IGNORE, encode_prompt, encode_rows

pytestmark = pytest.mark.loop

CONTRACTS = {name: load_contract(name) for name in ("aj", "native")}
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


@pytest.fixture(scope="module")
def of_family(tokenizer):
    from tokenizers import Regex, pre_tokenizers

    def make(family: str) -> Any:
        template, special, added = FAMILIES[family]
        own = copy.deepcopy(tokenizer)
        bytes_too = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        split = pre_tokenizers.Split(Regex(SPLITS), "isolated")
        own._tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, bytes_too])
        own.add_special_tokens(special)
        own.add_tokens([token for token in added if token not in own.get_vocab()])
        own.chat_template = read_chat_template(template)
        return own

    return make


def thoughtful() -> Row:
    call = Message("assistant", call=Call("remote_bash", {"agent_id": "web01", "command": "uptime"}, None, "Its load."))
    return Row((user("load of web01?"), call, result("remote_bash", "load average: 0.10"), reply("`web01`: 0.10.")))


ROWS = [
    make_row("web01"),
    thoughtful(),
    Row((user("thanks"), reply("  Any time.\n")), mode="chat"),
    Row((user("hi"), calls("list_agents")), layout="state_block"),
]


def test_every_template_here_has_a_family():
    assert {template for template, _, _ in FAMILIES.values()} == {path.stem for path in CHAT_TEMPLATES.glob("*.jinja")}


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_exactly_what_aj_writes_is_learned_to_its_stop_token(of_family, family, contract):
    from aj.wire import render_turn

    tokenizer, spoken = of_family(family), CONTRACTS[contract]
    end = ENDS.get(family) or str(tokenizer.eos_token)
    for row, example in zip(ROWS, encode_rows(ROWS, spoken, tokenizer), strict=True):
        answers = [turn for turn in row.messages if turn.role == "assistant"]
        learned = tokenizer.decode([label for label in example.labels if label != IGNORE])
        assert learned == "".join(render_turn(turn, spoken) + end for turn in answers)
        ends = [n for n, (a, b) in enumerate(zip(example.labels, [*example.labels[1:], IGNORE], strict=True))
                if a != IGNORE and b == IGNORE]  # fmt: skip
        assert {example.labels[n] for n in ends} == {tokenizer.eos_token_id}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_prompt_of_a_server_is_the_beginning_of_a_row(of_family, family):
    tokenizer, contract = of_family(family), CONTRACTS["aj"]
    for row, example in zip(ROWS[:2], encode_rows(ROWS[:2], contract, tokenizer), strict=True):
        for end in (1, 3):
            prompt = encode_prompt(render_prompt(row.messages[:end], contract), tokenizer)
            assert example.input_ids[: len(prompt)] == prompt
            assert example.labels[len(prompt) - 1] == IGNORE
            assert example.labels[len(prompt)] != IGNORE


ORIGINALS = {
    "qwen2.5": "qwen2_5",
    "qwen3": "qwen3",
    "llama3": "llama3",
    "gemma3": "gemma3",
    "r1": "deepseek_r1_distill",
}
"""Family -> the template of its own, as TRL has it."""
OTHERWISE = {
    # Its own opens the thought; without one, that would be asked for and never learned.
    "r1": ("<think>\n", ""),
}


@pytest.mark.parametrize("family", ORIGINALS)
def test_a_first_prompt_is_that_of_the_familys_own_template(of_family, family):
    import trl

    tokenizer = of_family(family)
    messages = [{"role": "system", "content": "You are AJ."}, {"role": "user", "content": "hi"}]
    ours = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    original = (Path(trl.__file__).parent / "chat_templates" / f"{ORIGINALS[family]}.jinja").read_text()
    theirs = tokenizer.apply_chat_template(messages, chat_template=original, tokenize=False, add_generation_prompt=True)
    assert ours == theirs.replace(*OTHERWISE.get(family, ("", "")))


def test_qwen3_without_thoughts_asks_as_its_own_template_does_when_thinking_is_off(of_family):
    import trl

    tokenizer = of_family("qwen3, no thoughts")
    messages = [{"role": "system", "content": "You are AJ."}, {"role": "user", "content": "hi"}]
    original = (Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text()
    asked = {"tokenize": False, "add_generation_prompt": True}
    theirs = tokenizer.apply_chat_template(messages, chat_template=original, enable_thinking=False, **asked)
    assert tokenizer.apply_chat_template(messages, **asked) == theirs


def test_the_text_of_a_whole_row_is_as_written_here(of_family):
    """Mistral's own template is nowhere offline: these are its tokens, in its order."""
    messages = [
        {"role": role, "content": text}
        for role, text in (("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"))
    ]
    text = of_family("mistral").apply_chat_template(messages, tokenize=False)
    assert text == "<s>[INST]S\n\na[/INST]b</s>[INST]c[/INST]d</s>"
    text = of_family("gemma3").apply_chat_template(messages, tokenize=False)
    assert text == (
        "<bos><start_of_turn>user\nS\n\na<end_of_turn>\n<start_of_turn>model\nb<end_of_turn><eos>\n"
        "<start_of_turn>user\nc<end_of_turn>\n<start_of_turn>model\nd<end_of_turn><eos>\n"
    )


@pytest.mark.parametrize(("family", "template"), [("llama3", "chatml"), ("gemma3", "llama3"), ("mistral", "chatml")])
def test_a_template_of_another_family_is_refused(of_family, family, template):
    tokenizer = of_family(family)
    tokenizer.chat_template = read_chat_template(template)
    with pytest.raises(TrainError, match="never learn to stop; set the recipe's `template`"):
        encode_rows(ROWS, CONTRACTS["aj"], tokenizer)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_role_that_a_template_does_not_know_is_refused(of_family, family):
    with pytest.raises(Exception, match="role"):
        of_family(family).apply_chat_template([{"role": "observer", "content": "x"}], tokenize=False)
