"""Glaive function calling v2 (Apache-2.0): two text columns, `system` with the functions and `chat` with the turns."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Transcript, one_conversation
from datasets_build.sources.declared import declare
from datasets_build.sources.foreign import Serial, Spoken, read_json, trimmed
from datasets_build.sources.glaive.calls import MARK, read_turn

SOURCE, LICENCE, TEACHER = "glaive", "Apache-2.0", "glaive"

END = "<|endoftext|>"
MAX_TEXT = 1_000_000
"""Characters of a column; the longest chat of the source has some 20,000."""

_OBJECT_OR_TEXT = re.compile(r"[^\s,]")
_SPEAKER = re.compile(r"(?:\A|(?<=\n\n))(USER|ASSISTANT|FUNCTION RESPONSE):")


def matches(value: Mapping[str, Any]) -> bool:
    chat = value.get("chat")
    return isinstance(value.get("system"), str) and isinstance(chat, str) and bool(_SPEAKER.match(chat.lstrip()))


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_transcript, value)


def _transcript(value: Mapping[str, Any]) -> Transcript:
    system, chat = value.get("system"), value.get("chat")
    if not isinstance(system, str) or not isinstance(chat, str) or len(system) + len(chat) > MAX_TEXT:
        raise Refused("bad_columns", f"'system' and 'chat' must be texts of {MAX_TEXT:,} characters at most")
    tools = _functions(system)
    serial = Serial(tools)
    parts, cut = _without_unfinished(_parts(chat))
    before = None
    for speaker, text in parts:
        _read(speaker, text, before, serial)
        before = speaker
    turns, open_end = trimmed(serial.close())
    metadata: dict[str, Any] = {"source": SOURCE, "licence": LICENCE, "teacher": TEACHER}
    if cut or open_end:
        metadata["cut"] = cut or open_end
    return Transcript(turns, mode="step" if tools else "chat", system=system.strip(), tools=tools, metadata=metadata)


def _functions(system: str) -> tuple[dict[str, Any], ...]:
    """The declared functions: JSON objects in a row after the first sentence; a third of the rows have none."""
    place, found = system.find("{"), []
    while 0 <= place < len(system):
        try:
            end = json.JSONDecoder(strict=False).raw_decode(system, place)[1]
            found.append(read_json(system[place:end]))
        except (ValueError, RecursionError) as error:
            raise Refused(
                "bad_tools", f"the functions in the system text cannot be read ({str(error)[:80]})"
            ) from error
        place = following.start() if (following := _OBJECT_OR_TEXT.search(system, end)) else -1
    return declare(found)


def _parts(chat: str) -> list[tuple[str, str]]:
    """(speaker, text) of every turn, with its text unchanged."""
    chat = chat.strip()
    marks = list(_SPEAKER.finditer(chat))
    if not marks or marks[0].start() > 0:
        raise Refused("no_turns", "the chat does not begin with a speaker")
    ends = [*(mark.start() for mark in marks[1:]), len(chat)]
    return [(mark[1], chat[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True)]


def _without_unfinished(parts: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], str | None]:
    """Without a last answer that breaks off: it lacks the end mark of every other answer in the source."""
    speaker, text = parts[-1]
    if speaker == "ASSISTANT" and END not in text:
        return parts[:-1], "unfinished_answer"
    return parts, None


def _read(speaker: str, text: str, before: str | None, serial: Serial) -> None:
    text = text.removesuffix(END).strip() if speaker == "ASSISTANT" else text
    if END in text or "ASSISTANT:" in text or (speaker != "ASSISTANT" and MARK in text):
        raise Refused("mangled_text", "a text contains an end of turn or a speaker, by which 'AI:' was once replaced")
    if speaker == "FUNCTION RESPONSE":
        serial.result(None, text)
    elif speaker == "USER":
        if before == "USER":
            raise Refused("mangled_turns", "two turns of the user follow one another")
        serial.user(text)
    else:
        written = read_turn(text)
        # A second turn in a row may be a call after its words; anything else is an "AI:" that was taken for a speaker.
        if before == "ASSISTANT" and (written.name is None or written.before):
            raise Refused("mangled_turns", "two turns of the assistant follow one another")
        serial.say(Spoken(written.before))
        if written.name is not None:
            serial.call(written.name, written.arguments)
