"""One assistant turn of a record as a turn of a row: which mode it is right in, and what it says there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aj.contract import Contract
from aj.messages import Call, Message, Mode
from aj.wire import Verdict, judge_call
from datasets_build.reading.loose import Reading, Refused, read_object, split_thought
from datasets_build.reading.transcripts import Turn
from datasets_build.repair.calls import NOTE_LIMIT, names_of, to_call
from datasets_build.repair.plans import plan_in, plan_of
from datasets_build.repair.prose import markdown_of, without_tags
from datasets_build.repair.retired import load_retired
from scorers.checks.voice import check_own_voice

_PLACEHOLDER = re.compile(
    r"\[(?:list|summary|insert|your|contents?|details?|describe|add|fill|name)\b[^\]\n]{0,60}\](?!\()"
)
_PROMISE = re.compile(r"(?:let me (?!know)|i'll |i will |now i'll )", re.IGNORECASE)
_BEGINS = re.compile(r"\s*(?:<think>|```\w*\s*\{|\{)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Said:
    """A repaired assistant turn, and the mode that it is right in."""

    message: Message
    mode: Mode


@dataclass(frozen=True, slots=True)
class Place:
    """Where a turn stands."""

    mode: Mode
    """The mode that the record was taken for."""
    request: str
    """The user's last words before it."""
    past: Sequence[Message]
    """The repaired turns before it."""
    agentic: bool
    """Whether the conversation has calls: prose in it is an answer, and not a call that is missing."""
    judged: Mapping[str, Verdict]
    """What `judge_call` said of texts before."""


def said(turn: Turn, place: Place, contract: Contract) -> Said:
    """The turn as it should have been said.

    Raises:
        Refused: there is no certain repair.
    """
    if turn.call is not None:
        return _checked(Said(Message("assistant", call=_stated(turn, place, contract)), "step"), contract)
    if not turn.text.strip():
        raise Refused("empty_output", "an assistant turn is empty")
    verdict = (place.judged.get(turn.text) or judge_call(turn.text, contract)) if place.mode == "step" else None
    if verdict and (call := verdict.call) is not None:
        return _checked(Said(Message("assistant", call=_with_thought(call, turn.text, contract)), "step"), contract)
    reading = _object_in(turn.text, place.mode)
    if reading is not None:
        return _checked(_of_object(reading, place, contract), contract)
    return _checked(_of_prose(turn.text, place, contract), contract)


def _stated(turn: Turn, place: Place, contract: Contract) -> Call:
    """A call that the record states as an object; the words beside it are its note."""
    stated = turn.call
    assert stated is not None
    record = {contract.wire.keys.tool: stated.tool, contract.wire.keys.params: stated.params}
    call = to_call(record, place.request, place.past, contract)
    thought, words = split_thought(turn.text)
    words = words.strip() or stated.note or ""
    if len(words) > NOTE_LIMIT:
        raise Refused("prose_before_call", f"{len(words)} characters beside a call are no note")
    return replace(call, note=words or call.note, reasoning=stated.reasoning or thought or call.reasoning)


def _with_thought(call: Call, text: str, contract: Contract) -> Call:
    thought, _ = split_thought(text.strip())
    return replace(call, reasoning=call.reasoning or thought) if thought else call


def _object_in(text: str, mode: Mode) -> Reading | None:
    """In step mode any object counts; elsewhere only a turn that is nothing but an object, in a fence or not."""
    if mode != "step" and not _BEGINS.match(text):
        return None
    reading = read_object(text)
    return reading if reading and (mode == "step" or not (reading.before or reading.after)) else None


def _of_object(reading: Reading, place: Place, contract: Contract) -> Said:
    """An object is an explanation, a plan or a call, in that order of what its names and keys say."""
    record, catalogue = reading.record, load_retired()
    names = [name.strip() for name in names_of(record, contract)]
    naming = tuple(dict.fromkeys((contract.wire.keys.tool, "tool", *contract.aliases.tool_keys)))
    known = any(name.lower() in catalogue.by_name or name in contract.tool_by_name for name in names)
    if any(name in catalogue.prose.names for name in names):
        return _explained(reading, naming, contract)
    planned = any(isinstance(record.get(key), list) for key in catalogue.plan.lists)
    if any(name in catalogue.plan.names for name in names) and not (known and not planned):
        return _planned(reading, naming, contract)
    if planned and not known:
        return _planned(reading, naming, contract)
    marked = any(isinstance(record.get(mark), str) for mark in catalogue.prose.marks)
    if marked and not known:
        return _explained(reading, (), contract)
    call = to_call(record, place.request, place.past, contract)
    return Said(Message("assistant", call=_with_words(reading, call)), "step")


def _planned(reading: Reading, naming: tuple[str, ...], contract: Contract) -> Said:
    """A list of sentences is a plan; one that says more (code, warnings, checkpoints) is an explanation, in chat."""
    try:
        return Said(Message("assistant", _worded(reading, plan_of(reading.record, naming))), "plan")
    except Refused as refusal:
        if refusal.code not in ("extra_key", "plan_as_dict", "not_a_list"):
            raise
        return _explained(reading, naming, contract)


def _explained(reading: Reading, naming: tuple[str, ...], contract: Contract) -> Said:
    text = without_tags(markdown_of(reading.record, naming), contract)
    return Said(Message("assistant", _worded(reading, text)), "chat")


def _worded(reading: Reading, text: str) -> str:
    """Words around an object that becomes prose would have no certain place in it."""
    if reading.before or reading.after:
        raise Refused("prose_before_call", "words stand around an object that is no call")
    return text


def _with_words(reading: Reading, call: Call) -> Call:
    words = "\n".join(part for part in (reading.before, reading.after, call.note or "") if part)
    if len(words) > NOTE_LIMIT:
        code = "prose_before_call" if reading.before else "prose_after_call"
        raise Refused(code, f"{len(words)} characters beside a call are no note")
    return replace(call, note=words or None, reasoning=call.reasoning or reading.thought or None)


def _of_prose(text: str, place: Place, contract: Contract) -> Said:
    if place.mode == "intent":
        return Said(Message("assistant", _word(text, contract)), "intent")
    if place.mode == "plan":
        return Said(Message("assistant", without_tags(plan_in(text), contract)), "plan")
    if place.mode == "chat":
        return Said(Message("assistant", without_tags(text, contract)), "chat")
    if not place.agentic:
        raise Refused("no_call", "prose stands where a call belongs")
    thought, words = split_thought(text)
    params: dict[str, Any] = {"answer": without_tags(words.strip(), contract)}
    if not words.strip():
        raise Refused("empty_output", "a thought stands alone")
    return Said(Message("assistant", call=Call(contract.conduct.finish, params, None, thought or None)), "step")


def _word(text: str, contract: Contract) -> str:
    word = text.strip().rstrip(".").lower()
    allowed = next((mode.words for mode in contract.modes.values() if mode.reply == "word"), ())
    return word if word in allowed else text


def _checked(said: Said, contract: Contract) -> Said:
    """What the user reads must be in AJ's voice; an answer that ends a task must be whole, without gaps to fill."""
    call = said.message.call
    if call is None:
        _check_voice(said.message.content if said.mode == "chat" else "")
        return said
    answer = call.params.get("answer")
    if call.tool != contract.conduct.finish or not isinstance(answer, str):
        return said
    if gap := _PLACEHOLDER.search(answer):
        raise Refused("placeholder", f"the answer has a gap to fill: {gap[0]}")
    if _promises(answer):
        raise Refused("unfinished", "the answer ends on what is still to be done")
    _check_voice(answer)
    fixed = without_tags(answer, contract)
    if fixed == answer:
        return said
    return Said(Message("assistant", call=replace(call, params={**call.params, "answer": fixed})), said.mode)


def _check_voice(text: str) -> None:
    """AJ's own rules only: for whom it was said is not known."""
    broken = check_own_voice(text)
    if broken:
        raise Refused(broken[0].code, broken[0].why)


def _promises(answer: str) -> bool:
    """Whether the task ends on something still to be done; before a question it waits for the user, and may."""
    sentences = _SENTENCE.split(answer.strip())
    promised = [bool(_PROMISE.match(sentence)) for sentence in sentences]
    return promised[-1] or (any(promised) and "?" not in answer)
