"""Rows and pairs as token ids. Text and loss mask come from the same chat template."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from aj.contract import Contract
from aj.errors import TrainError
from aj.messages import Pair, Row
from aj.wire import render_prompt, render_row, render_turn, says_the_same
from train.added_tokens import refuse_added_tokens

T = TypeVar("T")
IGNORE = -100
"""The label of a token that is read but not learned."""
PLACE = "\ue000"
"""Stands for any text in a message: a character for private use, which no template writes or removes."""


@dataclass(frozen=True, slots=True)
class TokenizedRow:
    """One row to train on. `labels` equals `input_ids` for the assistant's tokens to learn, and is IGNORE elsewhere."""

    id: str
    input_ids: list[int]
    labels: list[int]


@dataclass(frozen=True, slots=True)
class TokenizedPair:
    """One preference. Both answers end with the stop token."""

    id: str
    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]


def spread(examples: Sequence[T], count: int) -> list[T]:
    """`count` examples, evenly over the data set, which is sorted by source."""
    step = max(1, len(examples) // max(1, count))
    return list(examples[::step][:count])


def encode_rows(rows: Sequence[Row], contract: Contract, tokenizer: Any, own: bool = True) -> list[TokenizedRow]:
    """Encode rows with the base's own tokenizer, or with another one, which only counts: how text is split into its
    tokens is no reason to refuse a row.

    Raises:
        TrainError: the template does not fit the tokenizer or cannot write a row; or a row contains a token of the own
            tokenizer's added vocabulary, or an answer that changes how its prompt is split into the own tokens.
    """
    check_template(tokenizer)
    if own:
        refuse_added_tokens(rows, contract, tokenizer)
    return [encode_row(row, contract, tokenizer, own) for row in rows]


def encode_row(row: Row, contract: Contract, tokenizer: Any, own: bool = True) -> TokenizedRow:
    messages = render_row(row, contract)
    with _naming(f"row {row.id}"):
        ids, mask = _tokenize(messages, tokenizer)
    starts = [place for place, on in enumerate(mask) if on and not (place and mask[place - 1])]
    if own:
        _refuse_a_split_prompt(row, messages, ids, starts, tokenizer)
    mask = _without_context(row, mask, starts)
    if own and not any(mask):
        raise TrainError(f"row {row.id} has no token to learn: none of its answers is to be learned; remove the row.")
    return TokenizedRow(row.id, ids, [token if learned else IGNORE for token, learned in zip(ids, mask, strict=True)])


def _refuse_a_split_prompt(
    row: Row, messages: Sequence[dict[str, str]], ids: list[int], starts: list[int], tokenizer: Any
) -> None:
    """Raises TrainError if what a server asks with would not begin the row.

    The first characters of an answer have become one token with the end of the prompt, or split it otherwise. SmolLM2
    reads a line break and the blanks after it together.
    """
    answers = [message["content"] for message in messages if message["role"] == "assistant"]
    if len(starts) != len(answers):
        raise TrainError(
            f"row {row.id} has {len(answers)} answers, and {len(starts)} are marked as learned; correct the "
            "{% generation %} marks of its chat template, or remove the blank before an answer."
        )
    opening = _opening(tokenizer, tokenizer.chat_template)
    for start, answer in zip(starts, answers, strict=True):
        if ids[:start][-len(opening) :] != opening:
            raise TrainError(
                f"row {row.id}: the beginning of the answer {answer[:40]!r} changes how its prompt is split into "
                "tokens, so a server would ask otherwise; remove the blank before the answer, or rewrite the answer."
            )


@lru_cache(maxsize=1)
def _opening(tokenizer: Any, _template: str) -> list[int]:
    """The ids before every answer, from the last token of the added vocabulary on.

    Such a token splits a text before anything else does: what stands before it does not depend on what follows.
    """
    prompt = encode_prompt([{"role": "user", "content": "hi"}], tokenizer)
    added = set(tokenizer.get_added_vocab().values())
    return prompt[max(place for place, token in enumerate(prompt) if token in added) :]


def _without_context(row: Row, mask: list[int], starts: list[int]) -> list[int]:
    """The mask without the assistant's turns that are context only (`weight: 0`)."""
    learned = [message.learned for message in row.messages if message.role == "assistant"]
    learned = learned[-1:] if row.layout == "state_block" else learned
    kept = list(mask)
    # Another tokenizer may leave an answer without a mark, and what it counts is off by that.
    for start, end, wanted in zip(starts, [*starts[1:], len(mask)], learned, strict=False):
        if not wanted:
            kept[start:end] = [0] * (end - start)
    return kept


def answered_prompts(rows: Iterable[TokenizedRow]) -> set[tuple[int, ...]]:
    """The token ids before each answer that is learned."""
    found: set[tuple[int, ...]] = set()
    for row in rows:
        starts = (n for n, label in enumerate(row.labels) if label != IGNORE and row.labels[n - 1] == IGNORE)
        found.update(tuple(row.input_ids[:start]) for start in starts)
    return found


def encode_pairs(pairs: Sequence[Pair], contract: Contract, tokenizer: Any, own: bool = True) -> list[TokenizedPair]:
    """As `encode_rows`; raises TrainError also if the two answers of a pair say the same."""
    check_template(tokenizer)
    if own:
        refuse_added_tokens(pairs, contract, tokenizer)
    return [encode_pair(pair, contract, tokenizer, own) for pair in pairs]


def encode_pair(pair: Pair, contract: Contract, tokenizer: Any, own: bool = True) -> TokenizedPair:
    prompt = render_prompt(pair.messages, contract, pair.mode, pair.layout)
    answers = [render_turn(pair.chosen, contract), pair.rejected]
    with _naming(f"pair {pair.id}"):
        prompt_ids = encode_prompt(prompt, tokenizer)
    chosen, rejected = (_answer_ids(prompt, prompt_ids, text, tokenizer, own) for text in answers)
    if says_the_same(pair.chosen, pair.rejected, contract):
        raise TrainError(f"pair {pair.id} prefers an answer to itself; remove it and build the data set again.")
    return TokenizedPair(pair.id, prompt_ids, chosen, rejected)


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Raises TrainError that names the row where the template refuses it."""
    from jinja2 import TemplateError

    try:
        yield
    except TemplateError as error:
        raise TrainError(f"{what} cannot be written by the chat template: {error}; rewrite or remove it.") from error


def encode_prompt(messages: Sequence[dict[str, str]], tokenizer: Any) -> list[int]:
    """The ids that a server would give to the model."""
    encoded = tokenizer.apply_chat_template(list(messages), add_generation_prompt=True, return_dict=True)
    return list(encoded["input_ids"])


def check_template(tokenizer: Any) -> None:
    """Raises TrainError if the chat template does not fit the tokenizer, or asks otherwise than it trains."""
    check_stop_is_trained(tokenizer)
    check_marks_are_tokens(tokenizer)
    check_prompt_is_trained(tokenizer)


def check_stop_is_trained(tokenizer: Any) -> None:
    """Raises TrainError unless the last learned token of an answer is the one at which a server stops.

    TRL only warns. The loss looks healthy, but the model never stops.
    """
    turns = [{"role": role, "content": "hi"} for role in ("user", "assistant", "user", "assistant")]
    ids, mask = _tokenize(turns, tokenizer)
    ends = [i for i, learned in enumerate(mask) if learned and not (i + 1 < len(mask) and mask[i + 1])]
    if len(ends) != 2 or any(ids[end] != tokenizer.eos_token_id for end in ends):
        raise TrainError(
            f"the chat template leaves the stop token {tokenizer.eos_token!r} out of the loss, so the model would "
            f"never learn to stop; set the recipe's `template` to one that fits this base."
        )


def check_marks_are_tokens(tokenizer: Any) -> None:
    """Raises TrainError unless what the template writes around messages is tokens of their own, roles' names, and
    blanks.

    Written as plain text, the marks of another family are split differently from message to message, and any message
    can forge them. The same goes for a system text that a template adds ("You are Qwen"): nobody wrote it for AJ.
    """
    added = set(tokenizer.get_added_vocab().values())
    turns = [{"role": role, "content": PLACE} for role in ("system", "user", "assistant", "user", "assistant")]
    for messages in (turns, turns[1:]):
        around = tokenizer.apply_chat_template(messages, tokenize=False).split(PLACE)
        if len(around) != len(messages) + 1:
            raise TrainError(
                f"the chat template writes {len(around) - 1} of {len(messages)} messages; set the recipe's `template` "
                "to one that writes each once."
            )
        for mark, ids in zip(around, tokenizer(around, add_special_tokens=False)["input_ids"], strict=True):
            text = tokenizer.decode([token for token in ids if token not in added])
            # Some templates have no role for a system text: it stands in the first turn, parted from it by blanks.
            plain = messages[0]["role"] == "user" and added.isdisjoint(ids)
            if plain or not all(word.isalpha() for word in text.split()):
                raise TrainError(
                    f"the chat template writes {mark.strip()!r} beside messages, which this base's tokenizer reads as "
                    "text, not as tokens of their own; set the recipe's `template` to one that fits this base."
                )


def check_prompt_is_trained(tokenizer: Any) -> None:
    """Raises TrainError unless an answer begins where the server's prompt ends.

    The own template of R1 models opens a thought at the end of the prompt. No row does, so the model would be asked for
    what it never learned, and every call would stand behind prose.
    """
    asked, answered = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "hi"}
    prompt = encode_prompt([asked], tokenizer)
    ids, mask = _tokenize([asked, answered], tokenizer)
    if ids[: len(prompt)] != prompt or mask.index(1) != len(prompt):
        end = tokenizer.decode(prompt[-4:])
        raise TrainError(
            f"the chat template asks with {end!r} at the end, where no row begins its answer, so the model would be "
            "asked otherwise than it was trained; set the recipe's `template` to one that ends where answers begin."
        )


def _tokenize(messages: Sequence[dict[str, str]], tokenizer: Any) -> tuple[list[int], list[int]]:
    """Token ids, and 1 for each of the assistant's tokens."""
    encoded = tokenizer.apply_chat_template(list(messages), return_dict=True, return_assistant_tokens_mask=True)
    return list(encoded["input_ids"]), list(encoded["assistant_masks"])


def _answer_ids(prompt: list[dict[str, str]], prompt_ids: list[int], text: str, tokenizer: Any, own: bool) -> list[int]:
    ids, _ = _tokenize([*prompt, {"role": "assistant", "content": text}], tokenizer)
    start, end = len(prompt_ids), len(ids) - ids[::-1].index(tokenizer.eos_token_id)
    if own and ids[:start] != prompt_ids:
        raise TrainError(
            f"the answer {text[:40]!r} changes how its prompt is split into tokens; correct the chat template."
        )
    return ids[start:end]
