"""A suite that does not fit into a model's context is refused with the numbers, before a server starts."""

from dataclasses import replace
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from aj.errors import AJError
from evals.frozen import dataset
from loop import evaluate, room
from loop.room import check_room, prompts
from loop.targets import Target
from scorers.stops import REPLY_TOKENS, THOUGHT_TOKENS
from train.serve import Served

pytestmark = pytest.mark.loop  # the tokenizer loads torch

WIDE = 100_000


@pytest.fixture(scope="module")
def target(tmp_path_factory) -> Target:
    """A model whose tokens are words, served with all the room that there is."""
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"<unknown>": 0}, unk_token="<unknown>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unknown>")
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }} {% endfor %}"
    folder: Path = tmp_path_factory.mktemp("model")
    tokenizer.save_pretrained(folder)
    served = Served("words", str(folder), "1", WIDE)
    return Target("words", served.inspect_model, "1", served)


def _served(target: Target, **changes: object) -> Target:
    assert target.served
    return replace(target, served=replace(target.served, **changes))  # type: ignore[arg-type]


def _longest(task: str) -> int:
    return max(sum(len(m["content"].split()) for m in prompt) for prompt in prompts(task, "small", "aj", limit=3))


def test_a_suite_fits_up_to_the_last_token_of_its_longest_conversation_and_a_reply(target, monkeypatch):
    monkeypatch.setattr(room, "TASKS", ("persona",))
    needed = _longest("persona") + REPLY_TOKENS
    check_room(_served(target, context=needed), "small", limit=3)
    with pytest.raises(AJError) as refused:
        check_room(_served(target, context=needed - 1), "small", limit=3)
    assert f"of 3 samples of persona do not fit into the {needed - 1} tokens" in str(refused.value)
    assert f"serve: {{context: {needed}}}" in str(refused.value)


def test_thoughts_take_room_as_well(target, monkeypatch):
    monkeypatch.setattr(room, "TASKS", ("persona",))
    narrow = _served(target, context=_longest("persona") + REPLY_TOKENS)
    check_room(narrow, "small", limit=3)
    with pytest.raises(AJError, match=rf"3 of 3 samples .* with {REPLY_TOKENS + THOUGHT_TOKENS} tokens for a reply"):
        check_room(narrow, "small", limit=3, reasoning=True)


def test_the_template_that_the_server_is_given_counts_and_not_the_models_own(target, monkeypatch, tmp_path):
    monkeypatch.setattr(room, "TASKS", ("persona",))
    template = tmp_path / "chat_template.jinja"
    template.write_text("{% for m in messages %}{{ m.content }} {{ m.content }} {% endfor %}")
    narrow = _served(target, context=_longest("persona") + REPLY_TOKENS, template=template)
    with pytest.raises(AJError, match="3 of 3 samples of persona"):
        check_room(narrow, "small", limit=3)


def test_where_the_agent_acts_its_results_are_counted():
    (first,) = prompts("task_success", "small", "aj", limit=1)
    shown = dataset("task_success", "small", "aj")[0].input
    assert first[: len(shown)] == [{"role": m.role, "content": m.text} for m in shown]  # type: ignore[union-attr]
    assert any(m["content"].startswith("Result:") for m in first[len(shown) :])
    assert first[-1]["role"] == "user"


def test_a_model_that_is_served_elsewhere_is_not_checked(target):
    check_room(replace(_served(target, context=1), model="openai-api/local/words"), "small")
    check_room(Target("words", "openai-api/local/words"), "small")


def test_an_eval_without_room_asks_nothing(target, monkeypatch, tmp_path):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    monkeypatch.setattr(room, "TASKS", ("persona",))
    monkeypatch.setattr(evaluate, "prepare", lambda served: None)
    with pytest.raises(AJError, match="do not fit into the 50 tokens with which words is served"):
        evaluate.evaluate(_served(target, context=50), "small", limit=1)
    assert not list(tmp_path.rglob("*.eval"))
