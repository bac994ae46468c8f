"""Chats as transcripts and preferences: one call a turn, each result behind its call, in the mode of the replies."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from aj.messages import Call, Mode
from datasets_build.ledger import Refused
from datasets_build.reading.thoughts import holds_thought, split_thought
from datasets_build.reading.transcripts import Parsed, Preference, Transcript, Turn
from datasets_build.sources.chats.said import Stated, Talk, Utterance
from datasets_build.sources.chats.written import split_calls
from datasets_build.sources.foreign import Serial, Spoken, read_arguments, trimmed
from datasets_build.sources.inferred import mode_of
from scorers.checks.patterns import MODES


def transcript_of(chat: Talk) -> Transcript:
    """One conversation. Raises Refused if none of it can or may be learned."""
    replies = [one for one in chat.said if one.role == "assistant"]
    if not replies:
        raise Refused("no_target", "the conversation has no assistant turn")
    if not any(one.learned for one in replies):
        raise Refused("not_to_learn", "no reply of the conversation is to be learned (weight 0, a mask, or the like)")
    first = next((place for place, one in enumerate(chat.said) if one.role == "user"), 0)
    if any(one.role == "assistant" for one in chat.said[:first]):  # a greeting, which no request asked for
        said = (*(one for one in chat.said[:first] if one.role == "system"), *chat.said[first:])
        chat = replace(chat, said=said, metadata={**chat.metadata, "cut": "greeting"})
    return _with_own_tools(chat) if chat.tools else _as_written(chat)


def preferences_of(chat: Talk, chosen: Sequence[Utterance], rejected: Sequence[Utterance]) -> Iterator[Parsed]:
    """The pair of two replies to a chat. With tools of its own it is none: the chosen reply alone is a row."""
    if chat.tools:
        yield transcript_of(replace(chat, said=(*chat.said, *chosen)))
        yield Refused("own_tools_pair", "a pair has no tools of its own, so the rejected reply is left out")
        return
    past = _turns(chat.said)
    better, worse = _turns(chosen), _turns(rejected)
    if any(len(turns) != 1 or turns[0].role != "assistant" for turns in (better, worse)):
        raise Refused("several_turns", "the chosen and the rejected reply are not one turn each")
    if not past or past[-1].role == "assistant":
        raise Refused("no_user", "the pair holds no request")
    mode = _mode([*past, better[0]], chat.system)
    wanted = _mode([*past, worse[0]], chat.system)
    if mode == "chat" and wanted != "intent":  # the pattern, or else the rejected reply, shows what was asked for
        mode = MODES.get(str(chat.metadata.get("category")), wanted)
    yield Preference(tuple(past), better[0], worse[0], mode, metadata=chat.metadata)


# --- AJ's tools, or none --------------------------------------------------------------------------------------------


def _as_written(chat: Talk) -> Transcript:
    turns = _turns(chat.said)
    if not any(turn.role == "assistant" for turn in turns):
        raise Refused("empty_output", "a thought without an answer")
    return Transcript(tuple(turns), _mode(turns, chat.system), system=chat.system, metadata=chat.metadata)


def _turns(said: Sequence[Utterance]) -> list[Turn]:
    turns: list[Turn] = []
    named = {call.key: call.tool for one in said for call in one.calls if call.key}
    for one in said:
        if one.role == "user":
            turns.append(Turn("user", one.text))
        elif one.role == "tool":
            turns.append(Turn("tool", one.text, tool=one.tool or named.get(one.key) or None, key=one.key))
        elif one.role == "assistant" and one.calls:
            turns += _calls(one)
        elif one.role == "assistant" and (one.text or not one.thought):
            turns.append(Turn("assistant", one.text, thought=one.thought, target=one.learned, context=not one.learned))
    return turns


def _calls(said: Utterance) -> list[Turn]:
    """A turn for each call; the words and the thought come with the first."""
    first, *others = [
        Turn("assistant", "", Call(call.tool, _arguments(call)), None, call.key, "", said.learned, not said.learned)
        for call in said.calls
    ]
    assert first.call
    first = replace(first, text=said.text, call=replace(first.call, reasoning=said.thought or None))
    return [first, *others]


def _arguments(call: Stated) -> dict[str, Any]:
    """The arguments as an object; those that cannot be read stay as they are, under their own name."""
    try:
        return read_arguments(call.arguments)
    except Refused as refused:
        if refused.code == "duplicate_key":
            raise
        return {"arguments": call.arguments}


def _mode(turns: Sequence[Turn], system: str) -> Mode:
    """Step if anything is called; otherwise the mode of the last response."""
    if any(turn.call or turn.role == "tool" for turn in turns):
        return "step"
    last = next(turn.text for turn in reversed(turns) if turn.role == "assistant")
    asked = next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
    return mode_of(last, system, asked)


# --- tools of its own -----------------------------------------------------------------------------------------------


def _with_own_tools(chat: Talk) -> Transcript:
    serial = Serial(chat.tools)
    names = [tool["name"] for tool in chat.tools]
    for one in chat.said:
        if one.role == "user":
            if not one.text.strip():
                raise Refused("no_user", "a user's message is empty")
            serial.user(one.text)
        elif one.role == "tool":
            serial.result(one.tool, one.text, one.key)
        elif one.role == "assistant":
            _say(one, names, serial)
    turns, cut = trimmed(serial.close())
    metadata = chat.metadata | ({"cut": cut} if cut else {})
    return Transcript(turns, "step", system=chat.system, tools=chat.tools, metadata=metadata)


def _say(said: Utterance, names: Sequence[str], serial: Serial) -> None:
    thought, text = split_thought(said.text)
    if holds_thought(text):
        raise Refused("unclosed_think", "a thought of the assistant is not closed")
    words, written = split_calls(text, names) if not said.calls else (text, ())
    thought = "\n\n".join(filter(None, (said.thought, thought)))
    serial.say(Spoken(words.strip(), thought, said.learned))
    for call in (*said.calls, *written):
        serial.call(call.tool, call.arguments, call.key, said.learned)
