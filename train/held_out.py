"""Rows that are kept out of training, and what kind of token each of their answers consists of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from aj.contract import Contract
from aj.errors import TrainError
from aj.messages import Message, Mode, Row
from aj.wire import render_row, render_turn, row_contract
from train.split import learned_turns
from train.tokens import IGNORE, TokenizedRow


@dataclass(frozen=True, slots=True)
class HeldOutRow:
    row: TokenizedRow
    kinds: list[str]
    """Of each token: call, note, thought, answer, chat, plan or intent; empty where nothing is learned."""


def mark_kinds(
    rows: Sequence[Row], encoded: Sequence[TokenizedRow], contract: Contract, tokenizer: Any
) -> list[HeldOutRow]:
    """The rows' tokens with their kinds; raises TrainError if those of a row cannot be told apart."""
    return [_mark(row, tokens, contract, tokenizer) for row, tokens in zip(rows, encoded, strict=True)]


def _mark(row: Row, encoded: TokenizedRow, contract: Contract, tokenizer: Any) -> HeldOutRow:
    text = tokenizer.apply_chat_template(render_row(row, contract), tokenize=False)
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    kinds = [""] * len(encoded.input_ids)
    turns = learned_turns(row)
    learned = [label != IGNORE for label in encoded.labels]
    starts = [place for place, on in enumerate(learned) if on and not learned[place - 1]]
    if found["input_ids"] != encoded.input_ids or len(starts) != len(turns):
        raise TrainError(f"the tokens of row {row.id} cannot be told apart by kind; set held_out=0 for this base.")
    for turn, start in zip(turns, starts, strict=True):
        place, first = start, found["offset_mapping"][start][0]
        spans = _spans(turn, row.mode, row_contract(row, contract))
        while place < len(kinds) and learned[place]:
            at = found["offset_mapping"][place][0] - first
            kinds[place] = next((kind for end, kind in spans if at < end), spans[-1][1])
            place += 1
    return HeldOutRow(encoded, kinds)


def _spans(turn: Message, mode: Mode, contract: Contract) -> list[tuple[int, str]]:
    """Where each kind of text in a rendered turn ends, in characters, in order; the last one has the stop token too."""
    text = render_turn(turn, contract)
    if not turn.call:
        return [(len(text), "answer" if mode == "step" else mode)]
    kinds = ["call"] * len(text)
    for kind, without in (
        ("note", replace(turn.call, note=None)),
        ("thought", replace(turn.call, reasoning=None)),
    ):
        bare = render_turn(replace(turn, call=without), contract)
        start = next((n for n, (a, b) in enumerate(zip(text, bare, strict=False)) if a != b), len(bare))
        kinds[start : start + len(text) - len(bare)] = [kind] * (len(text) - len(bare))
    ends = [n for n in range(1, len(kinds)) if kinds[n] != kinds[n - 1]]
    return [*((end, kinds[end - 1]) for end in ends), (len(text), kinds[-1]), (len(text) + 1, "call")]
