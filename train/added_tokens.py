"""Refuses text that a tokenizer does not read as text: it forges a turn, or is learned as what no server prints."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from aj.contract import Contract
from aj.errors import TrainError
from aj.messages import Message, Pair, Row

AT_ONCE = 1000
"""Texts in one call of the tokenizer."""


def refuse_added_tokens(rows: Sequence[Row | Pair], contract: Contract, tokenizer: Any) -> None:
    """Raises TrainError if a text in `rows` contains a token of the tokenizer's added vocabulary.

    Not only those named special: R1's `<｜User｜>` is not, and opens a turn. Blanks are text in any vocabulary. What
    the contract writes around a call, such as `<tool_call>`, may stand in a pair's rejected answer: it is wire text.
    """
    markup = set(_found([_markup(contract)], tokenizer)[0])
    named = [(row, text, frozenset()) for row in rows for text in _own_texts(row)]
    named += [(row, row.rejected, frozenset(markup)) for row in rows if isinstance(row, Pair)]
    bad: dict[str, str] = {}
    for (row, _, allowed), tokens in zip(named, _found([text for _, text, _ in named], tokenizer), strict=True):
        if wrong := next((token for token in tokens if token not in allowed), None):
            bad.setdefault(f"{'pair' if isinstance(row, Pair) else 'row'} {row.id}", wrong)
    if bad:
        some = ", ".join(f"{name} ({token!r})" for name, token in list(bad.items())[:5])
        raise TrainError(
            f"{len(bad)} row(s) or pair(s) contain what the base's tokenizer reads as a token of its own, not as text: "
            f"{some}{', ...' if len(bad) > 5 else ''}; rewrite or remove them."
        )


def _found(texts: Sequence[str], tokenizer: Any) -> list[list[str]]:
    """The added tokens in each of the texts, in order."""
    added = {number: token for token, number in tokenizer.get_added_vocab().items() if token.strip()}
    found: list[list[str]] = []
    for start in range(0, len(texts), AT_ONCE):
        encoded = tokenizer(list(texts[start : start + AT_ONCE]), add_special_tokens=False)
        found += [[added[number] for number in ids if number in added] for ids in encoded["input_ids"]]
    return found


def _own_texts(row: Row | Pair) -> Iterable[str]:
    """What a row says itself; a pair's rejected answer is not among it."""
    for message in (*row.messages, *([row.chosen] if isinstance(row, Pair) else [])):
        yield from _texts_of(message)
    if isinstance(row, Row) and row.tools:
        yield json.dumps(row.tools, ensure_ascii=False)


def _texts_of(message: Message) -> Iterable[str]:
    yield message.content
    if call := message.call:
        yield from (call.tool, call.note or "", call.reasoning or "", json.dumps(call.params, ensure_ascii=False))


def _markup(contract: Contract) -> str:
    wire = contract.wire
    think = f"<{wire.think_tag}></{wire.think_tag}>"
    return f"{wire.open}{wire.close}{wire.result_open}{wire.result_close}{think}"
