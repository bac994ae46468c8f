"""A transcript as a row, a preference as a pair: repaired where the repair is certain, else refused with its reason.

The passes, in their order, make a transcript into a row; then the row must pass the checks that score the model
(`scorers.checks.rows`), and lint must find nothing in it. A call whose result the record does not hold ends its row,
and so does a call before one that the runtime would take for a loop; history that was flattened into one message
becomes turns again; the record's own system prompt goes, since AJ's comes from the contract. Nothing is made up: no
agent, no result, no word of an answer.
"""

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from aj.conduct import check_conduct
from aj.contract import Contract
from aj.findings import Finding
from aj.messages import Pair, Row
from aj.wire import says_the_same
from datasets_build.ledger import Refused
from datasets_build.lint.items import lint_value
from datasets_build.reading.transcripts import Parsed, Preference, Transcript, message_of
from datasets_build.repair.arguments import leave_out_nulls
from datasets_build.repair.mapping import map_tools
from datasets_build.repair.order import cut, end_before_loop, interleave, unfold
from datasets_build.repair.passes import Bench, Mended, Pass
from datasets_build.repair.read import as_written, read, set_aside_thoughts
from datasets_build.repair.voice import voice
from scorers.checks.rows import check_pair, check_row, pattern_of
from scorers.checks.taught import told_discovery

Foreign = Literal["map", "keep"]

PASSES: tuple[Pass, ...] = (unfold, interleave, cut, read, voice, end_before_loop)
MAPPED: tuple[Pass, ...] = (map_tools, *PASSES)
"""For a record with tools of its own, whose calls become the contract's."""
KEPT: tuple[Pass, ...] = (cut, interleave, set_aside_thoughts, leave_out_nulls)
"""For a record that keeps its own tools."""


class Settled(Struct, frozen=True):
    """What became of one item."""

    value: Row | Pair | Refused
    repaired: tuple[str, ...] = ()
    """Codes of what was repaired; empty when nothing had to be."""


def settle(item: Parsed, contract: Contract, foreign: Foreign = "map") -> Settled:
    """The row or pair of a parsed item.

    Args:
        foreign: what to do with calls of tools that the record declares itself: map them to the contract's, or keep the
            row with its own tool list.
    """
    if isinstance(item, Refused):
        return Settled(item)
    bench = Bench(contract)
    try:
        if isinstance(item, Preference):
            return _pair(item, bench)
        return _row(item, bench, foreign)
    except Refused as refusal:
        return Settled(refusal)
    except RecursionError:
        return Settled(Refused("nested_too_deep", "the record is nested too deeply to be repaired"))


def marked(settled: Settled, codes: Sequence[str]) -> Settled:
    """The same with more codes of what was repaired, which happened before the rest."""
    if isinstance(settled.value, Refused) or not codes:
        return settled
    repaired = tuple(dict.fromkeys((*codes, *settled.repaired)))
    return Settled(replace(settled.value, metadata={**settled.value.metadata, "repaired": list(repaired)}), repaired)


def run(item: Transcript, passes: Sequence[Pass], bench: Bench) -> Mended:
    """The transcript after all passes, and the codes of what they mended, each once.

    Raises:
        Refused: a pass knows no certain repair; later passes are not run.
    """
    found: list[str] = []
    for one in passes:
        item, codes = one(item, bench)
        found += codes
    return Mended(item, tuple(dict.fromkeys(found)))


def _row(item: Transcript, bench: Bench, foreign: Foreign) -> Settled:
    kept = bool(item.tools) and foreign == "keep"
    done, repaired = run(item, KEPT if kept else MAPPED if item.tools else PASSES, bench)
    messages = tuple(map(message_of, done.turns))
    row = Row(messages, done.mode, done.layout, _metadata(item.metadata, repaired), done.tools)
    _demand(check_row(row, bench.contract) if kept else _conduct(row, bench.contract))
    _demand(_linted(row, bench))
    return Settled(row, repaired)


def _pair(item: Preference, bench: Bench) -> Settled:
    # Nothing of the context is trained on, and nothing of it may go.
    context = (turn if turn.context else replace(turn, target=True) for turn in item.turns)
    done, repaired = run(Transcript((*context, item.chosen), item.mode, item.layout), PASSES, bench)
    if "loop" in repaired:
        raise Refused("loop", "the runtime would detect a loop before the chosen turn")
    *past, chosen = map(message_of, done.turns)
    rejected = as_written(item.rejected, bench.contract)
    if not rejected.strip():
        raise Refused("empty_output", "the rejected turn is empty")
    if says_the_same(chosen, rejected, bench.contract):
        raise Refused("same_text", "the chosen and the rejected turn say the same")
    metadata = _metadata(item.metadata, repaired)
    if pattern := pattern_of(rejected, past, bench.contract, done.mode):
        metadata.setdefault("pattern", pattern)
    pair = Pair(tuple(past), chosen, rejected, done.mode, done.layout, metadata)
    _demand(check_pair(pair, bench.contract))
    _demand(_linted(pair, bench))
    return Settled(pair, repaired)


def _demand(findings: Sequence[Finding]) -> None:
    if findings:
        raise Refused(findings[0].code, findings[0].why)


def _conduct(row: Row, contract: Contract) -> list[Finding]:
    """What `check_row` checks and lint does not: lint accepts agents that the user names, without a discovery."""
    places = range(len(row.messages)) if row.layout == "dialogue" else range(len(row.messages) - 1, len(row.messages))
    targets = [place for place in places if row.messages[place].learned]
    called = [(place, call) for place in targets if (call := row.messages[place].call) is not None]
    told = told_discovery(row.messages, contract) if called else []
    return [one for place, call in called for one in check_conduct(call, [*told, *row.messages[:place]], contract)]


def _linted(value: Row | Pair, bench: Bench) -> list[Finding]:
    return [found.finding for found in lint_value(value, bench.contract, bench.judge)]


def _metadata(given: dict[str, Any], repaired: Sequence[str]) -> dict[str, Any]:
    """The item's own, with source and licence stated, and every repair that it has gone through."""
    before = given.get("repaired")
    past = [code for code in before if isinstance(code, str)] if isinstance(before, list) else []
    stated = {"source": "existing", "licence": "owner", "templates": []}
    return {**stated, **given, "repaired": list(dict.fromkeys([*past, *repaired]))}
