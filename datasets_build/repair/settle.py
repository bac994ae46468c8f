"""A transcript as a row, a preference as a pair: repaired where the repair is certain, else rejected with its reason.

What is returned passes the checks that score the model (`scorers.checks.rows`), and lint finds nothing in it. A call
whose result the record does not hold ends its row, and a row ends before a call that the runtime would take for a loop;
history that was flattened into one message becomes turns again; the record's own system prompt goes, since AJ's comes
from the contract. Nothing is made up: no agent, no result, no word of an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from aj.conduct import check_conduct, check_loop
from aj.contract import Contract
from aj.findings import Finding, codes
from aj.messages import Call, Message, Mode, Pair, Row
from aj.wire import Verdict, judge_call, render_call, render_turn
from datasets_build.lint.items import lint_value
from datasets_build.reading.loose import Refused
from datasets_build.reading.transcripts import Parsed, Preference, Transcript, Turn, Unusable
from datasets_build.repair.order import interleaved, learned, unfolded
from datasets_build.repair.turns import Place, Said, said
from scorers.checks.patterns import known_issue
from scorers.checks.replies import check_reply
from scorers.checks.rows import check_pair, check_row

Foreign = Literal["map", "keep"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one item."""

    value: Row | Pair | None
    """None: rejected, and `code` and `why` say for what."""
    repaired: tuple[str, ...] = ()
    """Codes of what was repaired; empty when it was right as it was."""
    code: str = ""
    why: str = ""


def settle(item: Parsed, contract: Contract, foreign: Foreign = "map") -> Settled:
    """The row or pair of a parsed item.

    Args:
        foreign: what to do with calls of tools that the record declares itself: map them to the contract's, or keep the
            row with its own tool list.
    """
    if isinstance(item, Unusable):
        return Settled(None, (), item.code, item.why)
    try:
        if isinstance(item, Preference):
            return _pair(item, contract)
        return _row(item, contract, foreign)
    except Refused as refusal:
        return Settled(None, (), refusal.code, refusal.why)
    except RecursionError:
        return Settled(None, (), "nested_too_deep", "the record is nested deeper than it can be read")


def _row(item: Transcript, contract: Contract, foreign: Foreign) -> Settled:
    if item.tools and foreign == "keep":
        return _kept(item, contract)
    if item.tools:
        item = _mapped(item, contract)
    judged: dict[str, Verdict] = {}
    row, repaired = _repaired(item, contract, judged)
    _demand(_conduct(row, contract))
    _demand(_linted(row, contract, judged))
    return Settled(row, repaired)


def _repaired(item: Transcript, contract: Contract, judged: dict[str, Verdict]) -> tuple[Row, tuple[str, ...]]:
    """The row, and the codes of what was repaired; what was judged for it is added to `judged`, by its text."""
    turns, found = unfolded(item.turns, item.mode)
    turns, cut = learned(turns)
    found += cut
    found += [code for turn in turns if turn.role == "assistant" for code in _faults(turn, item, contract, judged)]
    messages, mode = _messages(turns, item.mode, contract, judged)
    if item.layout == "dialogue" and (stop := _loop_at(messages, contract)) is not None:
        messages = messages[: stop - 1]
        found.append("loop")
    repaired = tuple(dict.fromkeys(found))
    layout = item.layout if mode == item.mode else "dialogue"
    return Row(messages, mode, layout, _metadata(item.metadata, repaired)), repaired


def _pair(item: Preference, contract: Contract) -> Settled:
    context = (replace(turn, target=True) for turn in item.turns)  # nothing of it is trained on, and nothing may go
    whole = Transcript((*context, item.chosen), item.mode, item.layout, metadata=item.metadata)
    judged: dict[str, Verdict] = {}
    row, repaired = _repaired(whole, contract, judged)
    if "loop" in repaired:
        raise Refused("loop", "the runtime would detect a loop before the chosen turn")
    *past, chosen = row.messages
    rejected = _raw(item.rejected, contract)
    if not rejected.strip():
        raise Refused("empty_output", "the rejected turn is empty")
    if rejected == render_turn(chosen, contract):
        raise Refused("same_text", "the chosen and the rejected turn are the same")
    metadata = dict(row.metadata)
    pattern = known_issue(rejected, past, contract, row.mode)
    if pattern is not None:
        metadata.setdefault("pattern", pattern)
    pair = Pair(tuple(past), chosen, rejected, row.mode, row.layout, metadata)
    _demand(check_pair(pair, contract))
    _demand(_linted(pair, contract, judged))
    return Settled(pair, repaired)


def _demand(findings: Sequence[Finding]) -> None:
    if findings:
        raise Refused(findings[0].code, findings[0].why)


def _conduct(row: Row, contract: Contract) -> list[Finding]:
    """What `check_row` asks and lint does not: that a discovery was made, not that the user's words name the agents."""
    places = range(len(row.messages)) if row.layout == "dialogue" else range(len(row.messages) - 1, len(row.messages))
    called = [(place, call) for place in places if (call := row.messages[place].call) is not None]
    return [one for place, call in called for one in check_conduct(call, row.messages[:place], contract)]


def _linted(value: Row | Pair, contract: Contract, judged: Mapping[str, Verdict]) -> list[Finding]:
    return [found.finding for found in lint_value(value, contract, judged)]


# --- turns ----------------------------------------------------------------------------------------------------------


def _faults(turn: Turn, item: Transcript, contract: Contract, judged: dict[str, Verdict]) -> list[str]:
    """What the checks say of the turn as it stood."""
    text = _raw(turn, contract)
    if contract.modes[item.mode].reply != "call":
        return codes(check_reply(text, contract, item.mode))
    judged[text] = judge_call(text, contract)
    return codes(judged[text].findings)


def _raw(turn: Turn, contract: Contract) -> str:
    if turn.call is None:
        return turn.text
    return render_call(replace(turn.call, note=turn.text or turn.call.note), contract)


# --- messages -------------------------------------------------------------------------------------------------------


def _messages(
    turns: Sequence[Turn], mode: Mode, contract: Contract, judged: Mapping[str, Verdict]
) -> tuple[tuple[Message, ...], Mode]:
    """The turns as a row's messages, and the one mode that all of them are right in."""
    agentic = any(turn.role == "tool" or turn.call for turn in turns)
    messages: list[Message] = []
    modes: set[Mode] = set()
    request = ""
    for turn in turns:
        _check_order(messages, turn, contract)
        if turn.role == "user":
            if not turn.text.strip():
                raise Refused("no_user", "a user's message is empty")
            request = turn.text
            messages.append(Message("user", turn.text))
        elif turn.role == "tool":
            messages.append(Message("tool", turn.text, tool=_answered(messages)))
        else:
            one: Said = said(turn, Place(mode, request, messages, agentic, judged), contract)
            messages.append(one.message)
            modes.add(one.mode)
    if len(modes) > 1:
        raise Refused("mixed_modes", f"the turns are right in different modes: {', '.join(sorted(modes))}")
    return tuple(messages), modes.pop()


def _loop_at(messages: Sequence[Message], contract: Contract) -> int | None:
    """Where the runtime would detect a loop; the calls before it are right decisions, and the row ends on the last."""
    for place, message in enumerate(messages):
        if message.call and check_loop(message.call, messages[:place], contract):
            return place
    return None


def _check_order(messages: Sequence[Message], turn: Turn, contract: Contract) -> None:
    """Each turn must be able to follow the one before it."""
    last = messages[-1] if messages else None
    if last is None:
        if turn.role != "user":
            raise Refused("no_user", "the conversation does not begin with the user")
        return
    waiting = last.call is not None and last.call.tool != contract.conduct.finish
    if turn.role == "tool" and not waiting:
        raise Refused("stray_result", "a result stands where no call precedes it")
    if turn.role != "tool" and waiting:
        raise Refused("missing_result", "a call in the middle of the conversation has no result")
    if turn.role == "assistant" and last.role == "assistant":
        raise Refused("two_answers", "one assistant turn follows another")


def _answered(messages: Sequence[Message]) -> str:
    call = messages[-1].call
    assert call is not None
    return call.tool


def _metadata(given: dict[str, Any], repaired: Sequence[str]) -> dict[str, Any]:
    """The item's own, with source and licence stated, and every repair that it has gone through."""
    before = given.get("repaired")
    past = [code for code in before if isinstance(code, str)] if isinstance(before, list) else []
    stated = {"source": "existing", "licence": "owner", "templates": []}
    return {**stated, **given, "repaired": list(dict.fromkeys([*past, *repaired]))}


# --- foreign tools --------------------------------------------------------------------------------------------------


def _mapped(item: Transcript, contract: Contract) -> Transcript:
    """The transcript with its own tools' calls as the contract's.

    Raises:
        Refused: a call has no counterpart; or nothing is called, and the answer is about tools that AJ does not have.
    """
    from datasets_build.repair.mapping import map_call

    if not any(turn.call for turn in item.turns):
        raise Refused("foreign_tool", "the conversation is about tools that AJ does not have")
    turns = []
    for turn in item.turns:
        call: Call | None = turn.call
        if call is not None:
            call = map_call(call, item.tools, contract)
            if call is None:
                raise Refused("foreign_tool", f"{turn.call.tool[:60] if turn.call else ''!r} has no counterpart")
        turns.append(replace(turn, call=call, tool=None))
    return replace(item, turns=tuple(turns), tools=())


def _kept(item: Transcript, contract: Contract) -> Settled:
    """The transcript as it is, with its own tools: a row for the `native` contract."""
    turns, found = learned(list(item.turns))
    order: list[str] = []
    turns = interleaved(turns, order)
    messages = [_as_it_is(turn) for turn in turns]
    repaired = tuple(dict.fromkeys([*found, *order]))
    row = Row(tuple(messages), item.mode, item.layout, _metadata(item.metadata, repaired), tools=item.tools)
    _demand(check_row(row, contract))
    _demand(_linted(row, contract, {}))
    return Settled(row, repaired)


def _as_it_is(turn: Turn) -> Message:
    if turn.call is not None:
        return Message("assistant", call=replace(turn.call, note=turn.text or turn.call.note))
    return Message(turn.role, turn.text, tool=turn.tool)
