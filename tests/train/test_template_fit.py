"""A chat template that does not fit the base's tokenizer is refused before training."""

import copy
import re

import pytest

from aj.contract import load_contract
from aj.errors import TrainError
from tests.train.families import FAMILIES, original
from tests.train.tiny import make_row, thoughtful
from train.base import read_chat_template
from train.tokens import check_marks_are_tokens, check_stop_is_trained, check_template, encode_rows

pytestmark = pytest.mark.loop

CONTRACT = load_contract("aj")
ROWS = [make_row("web01"), thoughtful()]
FITS = {(family, template) for family, (template, _, _) in FAMILIES.items()} | {
    ("qwen3", "qwen3-no-think"),
    ("qwen3, no thoughts", "chatml"),
}
"""Two templates for Qwen3: with thoughts, and without."""


@pytest.mark.parametrize("template", sorted({template for template, _, _ in FAMILIES.values()}))
@pytest.mark.parametrize("family", FAMILIES)
def test_a_template_of_another_family_is_refused(of_family, family, template):
    tokenizer = of_family(family, template)
    if (family, template) in FITS:
        encode_rows(ROWS, CONTRACT, tokenizer)
        return
    with pytest.raises(TrainError, match=r"(never learn to stop|not as tokens of their own); set the recipe's"):
        encode_rows(ROWS, CONTRACT, tokenizer)


@pytest.mark.parametrize(
    ("template", "mark"),
    [
        ("mistral", "[INST]"),
        ("gemma3", "<start_of_turn>"),
        ("deepseek-r1", "<｜User｜>"),
        ("qwen3-no-think", "<think>"),
    ],
)
def test_a_template_that_ends_on_the_bases_own_stop_token_is_refused_for_its_marks(tokenizer, template, mark):
    """The stop token is written as `eos_token`, or is ChatML's: it tells no family from another."""
    own = copy.deepcopy(tokenizer)
    own.chat_template = read_chat_template(template)
    check_stop_is_trained(own)
    with pytest.raises(TrainError, match=rf"writes '.*{re.escape(mark)}.*' beside messages"):
        encode_rows(ROWS, CONTRACT, own)


MARKS = [
    (family, mark)
    for family, (template, _, added) in FAMILIES.items()
    for mark in added
    if template != "chatml" and mark in read_chat_template(template) and mark != "<|im_start|>"
]
"""Those that the embedded base does not have."""


@pytest.mark.parametrize(("family", "mark"), MARKS)
def test_every_mark_that_a_tokenizer_lacks_is_noticed(tokenizer, family, mark):
    template, special, added = FAMILIES[family]
    own = copy.deepcopy(tokenizer)
    own.add_special_tokens(special)
    own.add_tokens([token for token in added if token not in (mark, *own.get_vocab())])
    own.chat_template = read_chat_template(template)
    with pytest.raises(TrainError, match="set the recipe's `template`"):
        check_template(own)


def test_a_template_that_adds_a_system_text_of_its_own_is_refused(of_family):
    """Qwen2.5's does where there is none, and Llama 3.1's adds the day's date to any."""
    for family, name, text in (("qwen2.5", "qwen2_5", "You are Qwen"), ("llama3", "llama3_1", "Knowledge Date")):
        tokenizer = copy.deepcopy(of_family(family))
        asked = [{"role": "user", "content": "hi"}]
        assert text not in tokenizer.apply_chat_template(asked, tokenize=False)
        tokenizer.chat_template = original(name)
        assert text in tokenizer.apply_chat_template(asked, tokenize=False)
        with pytest.raises(TrainError, match=rf"(?s)writes '.*{text}.*' beside messages"):
            check_marks_are_tokens(tokenizer)


def test_a_template_that_leaves_messages_out_is_refused(of_family):
    tokenizer = copy.deepcopy(of_family("qwen2.5"))
    chatml = read_chat_template("chatml")
    tokenizer.chat_template = chatml.replace("in ['system', 'user']", "== 'user'").replace(
        "raise_exception('unknown role ' + message.role)", "''"
    )
    with pytest.raises(TrainError, match="writes 4 of 5 messages"):
        check_template(tokenizer)
