"""Rows and pairs as token ids. Text and loss mask come from the same chat template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from aj.contract import Contract
from aj.errors import TrainError
from aj.messages import Pair, Row
from aj.wire import render_prompt, render_row, render_turn
from train.added_tokens import refuse_added_tokens

T = TypeVar("T")
IGNORE = -100
"""The label of a token that is read but not learned."""


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
        TrainError: the template does not train the stop token, or asks otherwise than it trains, or a row contains a
            token of the own tokenizer's added vocabulary.
    """
    check_stop_is_trained(tokenizer)
    check_prompt_is_trained(tokenizer)
    if own:
        refuse_added_tokens(rows, contract, tokenizer)
    return [encode_row(row, contract, tokenizer, own) for row in rows]


def encode_row(row: Row, contract: Contract, tokenizer: Any, own: bool = True) -> TokenizedRow:
    messages = render_row(row, contract)
    ids, mask = _tokenize(messages, tokenizer)
    if own:
        _refuse_a_split_prompt(row.id, messages, ids, tokenizer)
    mask = _without_context(row, mask)
    if not any(mask):
        raise TrainError(f"row {row.id} has no token to learn; add {{% generation %}} marks to its chat template.")
    return TokenizedRow(row.id, ids, [token if learned else IGNORE for token, learned in zip(ids, mask, strict=True)])


def _refuse_a_split_prompt(name: str, messages: Sequence[dict[str, str]], ids: list[int], tokenizer: Any) -> None:
    """Raises TrainError if a blank before an answer has become one token with the end of the prompt.

    SmolLM2 reads a line break and the blanks after it together: what a server asks with would not begin the row.
    """
    for place, message in enumerate(messages):
        if message["role"] == "assistant" and message["content"][:1].isspace():
            prompt = encode_prompt(messages[:place], tokenizer)
            if ids[: len(prompt)] != prompt:
                raise TrainError(
                    f"row {name}: the blank before the answer {message['content'].strip()[:40]!r} changes how its "
                    "prompt is split into tokens; remove it."
                )


def _without_context(row: Row, mask: list[int]) -> list[int]:
    """The mask without the assistant's turns that are context only (`weight: 0`)."""
    learned = [message.learned for message in row.messages if message.role == "assistant"]
    learned = learned[-1:] if row.layout == "state_block" else learned
    if all(learned):
        return mask
    answers = [start for start, on in enumerate(mask) if on and not (start and mask[start - 1])]
    if len(answers) != len(learned):
        raise TrainError(
            f"row {row.id} has {len(learned)} answers, and its chat template marks {len(answers)}, so it is not "
            "certain which of them are not to be learned; correct its {% generation %} marks."
        )
    kept = list(mask)
    for start, end, wanted in zip(answers, [*answers[1:], len(mask)], learned, strict=True):
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
    """As `encode_rows`; raises TrainError also if the two answers of a pair are the same."""
    check_stop_is_trained(tokenizer)
    check_prompt_is_trained(tokenizer)
    if own:
        refuse_added_tokens(pairs, contract, tokenizer)
    return [encode_pair(pair, contract, tokenizer, own) for pair in pairs]


def encode_pair(pair: Pair, contract: Contract, tokenizer: Any, own: bool = True) -> TokenizedPair:
    prompt = render_prompt(pair.messages, contract, pair.mode, pair.layout)
    answers = [render_turn(pair.chosen, contract), pair.rejected]
    prompt_ids = encode_prompt(prompt, tokenizer)
    chosen, rejected = (_answer_ids(prompt, prompt_ids, text, tokenizer, own) for text in answers)
    if answers[0] == answers[1] or (own and chosen == rejected):
        raise TrainError(f"pair {pair.id} prefers an answer to itself; remove it and build the data set again.")
    return TokenizedPair(pair.id, prompt_ids, chosen, rejected)


def encode_prompt(messages: Sequence[dict[str, str]], tokenizer: Any) -> list[int]:
    """The ids that a server would give to the model."""
    encoded = tokenizer.apply_chat_template(list(messages), add_generation_prompt=True, return_dict=True)
    return list(encoded["input_ids"])


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
    ids, mask = _tokenize([*prompt, {"role": "assistant", "content": text}], tokenizer)
    start, end = len(prompt_ids), len(mask) - mask[::-1].index(1)
    if own and ids[:start] != prompt_ids:
        raise TrainError(
            f"the answer {text[:40]!r} changes how its prompt is split into tokens; correct the chat template."
        )
    return ids[start:end]
