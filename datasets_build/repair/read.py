"""The pass that reads AJ's turns: each becomes the call, the plan or the words that it means, all in one mode."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from aj.acts import call_of, finish, kind_of
from aj.contract import Contract
from aj.findings import codes
from aj.messages import Call, Message, Mode
from aj.wire import render_call
from datasets_build.ledger import Refused
from datasets_build.reading.loose import Reading, read_object
from datasets_build.reading.thoughts import holds_thought, split_thought
from datasets_build.reading.transcripts import Transcript, Turn, call_with_note, turn_of
from datasets_build.repair.calls import NOTE_LIMIT, names_of, to_call, tool_keys
from datasets_build.repair.passes import Bench, Mended
from datasets_build.repair.plans import holds_steps, plan_in, plan_of
from datasets_build.repair.prose import markdown_of, without_tags
from datasets_build.repair.retired import load_retired
from scorers.checks.replies import check_reply, said_word

_BEGINS = re.compile(r"\s*(?:<think>|```\w*\s*\{|\{)")


class Read(NamedTuple):
    """A repaired turn of AJ's."""

    turn: Turn
    mode: Mode
    """The mode that it is right in."""
    codes: tuple[str, ...] = ()
    """What was mended in it, besides what the checks find in it as it was."""


class Place(Struct, frozen=True):
    """The surroundings of a turn."""

    mode: Mode
    """The mode that the record was taken for."""
    request: str
    """The user's last words before it."""
    past: Sequence[Turn]
    """The repaired turns before it."""
    agentic: bool
    """Whether the conversation has calls: its prose is then an answer, not a missing call."""
    bench: Bench


def read(item: Transcript, bench: Bench) -> Mended:
    """Each turn of AJ's as it should have been written, and each result under the tool that gave it."""
    spoken = [turn for turn in item.turns if turn.role == "assistant" and not turn.context]
    found = [code for turn in spoken for code in _faults(turn, item.mode, bench)]
    agentic = any(turn.role == "tool" or turn.call for turn in item.turns)
    turns: list[Turn] = []
    modes: set[Mode] = set()
    request = ""
    for turn in item.turns:
        _check_follows(turn, turns[-1] if turns else None, bench.contract)
        if turn.role == "user":
            request = turn.text
            turns.append(Turn("user", turn.text))
        elif turn.role == "tool":
            turns.append(Turn("tool", turn.text, tool=_called(turns)))
        elif turn.context:
            turns.append(_shown(turn, item.mode, bench))
        else:
            said = _read(turn, Place(item.mode, request, turns, agentic, bench))
            turns.append(_speakable(said.turn, bench))
            modes.add(said.mode)
            found += said.codes if turns[-1] is said.turn else (*said.codes, "thought")
    if len(modes) > 1:
        raise Refused("mixed_modes", f"the turns are right in different modes: {', '.join(sorted(modes))}")
    mode = modes.pop()
    layout = item.layout if mode == item.mode else "dialogue"
    if mode != "step":
        found += ["thought" for turn in spoken if _thought(turn)]
    return Mended(replace(item, turns=tuple(turns), mode=mode, layout=layout), tuple(found))


def set_aside_thoughts(item: Transcript, _: Bench) -> Mended:
    """What was thought before words that are no call is not said to the user, and a row has no place for it."""
    turns = tuple(replace(turn, thought="") for turn in item.turns)
    return Mended(replace(item, turns=turns), tuple("thought" for turn in item.turns if turn.thought))


def as_written(turn: Turn, contract: Contract) -> str:
    """A turn of AJ's as text; a call that the record states is written as the contract writes calls."""
    return render_call(call, contract) if (call := call_with_note(turn)) else turn.text


def _faults(turn: Turn, mode: Mode, bench: Bench) -> list[str]:
    """What the checks find in the turn as it was."""
    text = as_written(turn, bench.contract)
    if bench.contract.modes[mode].reply != "call":
        return codes(check_reply(text, bench.contract, mode))
    return codes(bench.judge(text).findings)


def _check_follows(turn: Turn, last: Turn | None, contract: Contract) -> None:
    """Each turn must be able to follow the one before it."""
    if last is None:
        if turn.role != "user":
            raise Refused("no_user", "the conversation does not begin with the user")
    else:
        waiting = last.call is not None and kind_of(last.call, contract) != "finish"
        if turn.role == "tool" and not waiting:
            raise Refused("stray_result", "a result does not follow a call")
        if turn.role != "tool" and waiting:
            raise Refused("missing_result", "a call in the middle of the conversation has no result")
        if turn.role == "assistant" and last.role == "assistant":
            raise Refused("two_answers", "one assistant turn follows another")
    if turn.role == "user" and not turn.text.strip():
        raise Refused("no_user", "a user's message is empty")


def _shown(turn: Turn, mode: Mode, bench: Bench) -> Turn:
    """A turn that is context only, as it stands; a right call in its text is that call, as a result may follow it."""
    call = bench.judge(turn.text).call if turn.call is None and mode == "step" else None
    return turn_of(Message("assistant", call=call, learned=False)) if call else replace(turn, thought="")


def _speakable(turn: Turn, bench: Bench) -> Turn:
    """A call without its reasoning, if that holds marks that the runtime accepts before a call and not within it."""
    if turn.call is None or not turn.call.reasoning:
        return turn
    if bench.judge(as_written(turn, bench.contract)).ok:
        return turn
    bare = replace(turn, call=replace(turn.call, reasoning=None))
    return bare if bench.judge(as_written(bare, bench.contract)).ok else turn


def _called(turns: Sequence[Turn]) -> str:
    call = turns[-1].call
    assert call is not None  # `_check_follows` has seen it
    return call.tool


# --- one turn -------------------------------------------------------------------------------------------------------


def _read(turn: Turn, place: Place) -> Read:
    """The turn as it should have been written.

    Raises:
        Refused: there is no certain repair.
    """
    if turn.call is not None:
        return _step(_stated(turn, turn.call, place))
    if not turn.text.strip():
        raise Refused("empty_output", "an assistant turn is empty")
    verdict = place.bench.judge(turn.text) if place.mode == "step" else None
    if verdict and verdict.call is not None:
        return _step(_with_thought(verdict.call, turn.text))
    reading = _object_in(turn.text, place.mode)
    if reading is not None and not _is_part_of_words(reading, place):
        return _of_object(reading, place)
    thought, words = split_thought(turn.text)
    if holds_thought(words):
        raise Refused("unclosed_think", "a thought is not closed, or stands in the middle of the words")
    if not words.strip():
        raise Refused("empty_output", "a thought without an answer")
    return _of_prose(words.strip() if thought else words, "\n\n".join(filter(None, (turn.thought, thought))), place)


def _thought(turn: Turn) -> str:
    return turn.thought or split_thought(turn.text)[0]


def _step(call: Call) -> Read:
    return Read(Turn("assistant", call=call), "step")


def _worded(text: str, mode: Mode, codes: tuple[str, ...] = ()) -> Read:
    return Read(Turn("assistant", text), mode, codes)


def _stated(turn: Turn, stated: Call, place: Place) -> Call:
    """A call that the record states as an object; the words beside it are its note."""
    keys = place.bench.contract.wire.keys
    record = {keys.tool: stated.tool, keys.params: stated.params}
    call = to_call(record, place.request, place.past, place.bench.contract)
    thought, words = split_thought(turn.text)
    words = words.strip() or stated.note or ""
    if len(words) > NOTE_LIMIT:
        raise Refused("prose_before_call", f"{len(words)} characters beside a call are too long for a note")
    return replace(call, note=words or call.note, reasoning=stated.reasoning or thought or call.reasoning)


def _with_thought(call: Call, text: str) -> Call:
    thought, _ = split_thought(text.strip())
    return replace(call, reasoning=call.reasoning or thought) if thought else call


def _object_in(text: str, mode: Mode) -> Reading | None:
    """In step mode any object counts; otherwise only a turn that is nothing but an object, in a fence or not."""
    if mode != "step" and not _BEGINS.match(text):
        return None
    reading = read_object(text)
    return reading if reading and (mode == "step" or not (reading.before or reading.after)) else None


def _is_part_of_words(reading: Reading, place: Place) -> bool:
    """Whether an object belongs to what is said around it: an example, or in an answer one that calls nothing."""
    if reading.shown or not (place.agentic and (reading.before or reading.after)):
        return reading.shown
    names = names_of(reading.record, place.bench.contract)
    return not any(name in place.bench.contract.tool_by_name or name in load_retired().by_name for name in names)


def _of_object(reading: Reading, place: Place) -> Read:
    """An object is an explanation, a plan or a call: its names and keys are tried in that order."""
    record, catalogue, contract = reading.record, load_retired(), place.bench.contract
    names = [name.strip() for name in names_of(record, contract)]
    naming = tool_keys(contract)
    known = any(name.lower() in catalogue.by_name or name in contract.tool_by_name for name in names)
    if any(name in catalogue.prose.names for name in names):
        return _explained(reading, naming, contract)
    planned = holds_steps(record)
    if any(name in catalogue.plan.names for name in names) and not (known and not planned):
        return _planned(reading, naming, contract)
    if planned and not known:
        return _planned(reading, naming, contract)
    marked = any(isinstance(record.get(mark), str) for mark in catalogue.prose.marks)
    if marked and not known:
        return _explained(reading, (), contract)
    return _step(_with_words(reading, to_call(record, place.request, place.past, contract)))


def _planned(reading: Reading, naming: tuple[str, ...], contract: Contract) -> Read:
    """A list of sentences is a plan; one that says more (code, warnings, checkpoints) is an explanation, in chat."""
    try:
        text = plan_of(reading.record, naming)
    except Refused as refusal:
        if refusal.code not in ("extra_key", "plan_as_dict", "not_a_list"):
            raise
        return _explained(reading, naming, contract)
    _check_alone(reading)
    return _worded(text, "plan", _left_out(reading.record, load_retired().plan.labels))


def _explained(reading: Reading, naming: tuple[str, ...], contract: Contract) -> Read:
    text = markdown_of(reading.record, naming)
    _check_alone(reading)
    return _worded(text, "chat", _left_out(reading.record, load_retired().labels))


def _left_out(record: dict[str, Any], labels: tuple[str, ...]) -> tuple[str, ...]:
    """The code of labels whose words have no place in the reply."""
    return ("extra_key",) if any(record.get(label) for label in labels) else ()


def _check_alone(reading: Reading) -> None:
    """There is no certain place for words around an object that becomes prose."""
    if reading.before or reading.after:
        raise Refused("prose_before_call", "there are words around an object that is not a call")


def _with_words(reading: Reading, call: Call) -> Call:
    words = "\n".join(part for part in (reading.before, reading.after, call.note or "") if part)
    if len(words) > NOTE_LIMIT:
        code = "prose_before_call" if reading.before else "prose_after_call"
        raise Refused(code, f"{len(words)} characters beside a call are too long for a note")
    return replace(call, note=words or None, reasoning=call.reasoning or reading.thought or None)


def _of_prose(text: str, thought: str, place: Place) -> Read:
    contract = place.bench.contract
    if place.mode == "intent":
        return _worded(_word(text, contract), "intent")
    if place.mode == "plan":
        plan = plan_in(text)
        return _worded(plan, "plan", ("not_a_list",) if plan != text else ())
    if place.mode == "chat":
        return _worded(text, "chat")
    if not place.agentic:
        raise Refused("no_call", "prose takes the place of a call")
    return _step(call_of(finish(without_tags(text.strip(), contract)), contract, reasoning=thought or None))


def _word(text: str, contract: Contract) -> str:
    word = said_word(text, contract)
    allowed = next((mode.words for mode in contract.modes.values() if mode.reply == "word"), ())
    return word if word in allowed else text
