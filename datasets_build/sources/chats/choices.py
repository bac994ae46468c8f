"""Preferences: two replies to one conversation, of which the first is the better one.

    {"prompt", "chosen", "rejected"}                       TRL, AJ's own; texts or lists of messages
    {"chosen", "rejected"}                                 both with the whole conversation; Anthropic's as one text
    {"messages" | "conversations", "chosen", "rejected"}   LLaMA-Factory; also chosen_response, rejected_response
    {"input", "preferred_output", "non_preferred_output"}  OpenAI

AJ's earlier preferences have a `context` beside the prompt, which comes before it (`Context: …`, `Task: …`), and their
mode is that of the chosen text; where that one is prose, a `category` that names a documented pattern shows what was
asked for, or else a rejected call or plan does.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed
from datasets_build.sources.chats.conversations import chat_of, column_of
from datasets_build.sources.chats.exchanges import REQUESTS, asked_of
from datasets_build.sources.chats.messages import messages_of
from datasets_build.sources.chats.said import Talk, Utterance
from datasets_build.sources.chats.turns import preferences_of
from datasets_build.sources.declared import tools_of
from datasets_build.sources.inferred import metadata_of

CHOSEN = ("chosen", "chosen_response", "preferred_output", "chosen_messages")
REJECTED = ("rejected", "rejected_response", "non_preferred_output", "rejected_messages")

_SPEAKER = re.compile(r"\n\n(Human|Assistant): ?")


def matches(value: Mapping[str, Any]) -> bool:
    return _column(value, REJECTED) is not None


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    try:
        yield from _read(value)
    except Refused as refused:
        yield refused
    except RecursionError:
        yield Refused("nested_too_deep", "the record is nested too deeply to be read")


def _read(value: Mapping[str, Any]) -> Iterator[Parsed]:
    better, worse = _column(value, CHOSEN), _column(value, REJECTED)
    inner = value["input"] if isinstance(value.get("input"), dict) else value
    chat = _asked(inner)
    stated = value[worse] if worse else []
    several = isinstance(stated, list) and bool(stated) and all(map(_is_words, stated))
    for one in stated if several else [stated]:
        try:
            yield from _pair(value, value[better] if better else None, one, chat)
        except Refused as refused:
            yield refused


def _is_words(value: Any) -> bool:
    """Whether one of a list is a reply, not the JSON text of a message."""
    return isinstance(value, str) and not value.startswith("{")


def _pair(value: Mapping[str, Any], better: Any, worse: Any, chat: Talk) -> Iterator[Parsed]:
    rejected = _replies(worse)
    if better is not None:
        chosen = _replies(better)
    elif not chat.said or chat.said[-1].role != "assistant":
        raise Refused("no_text", "the record has a rejected reply and no chosen one")
    elif len(rejected) > 1:  # both are whole conversations
        chosen = [one for one in chat.said if one.role != "system"]
    else:  # the conversation ends on the chosen reply
        chat, chosen = Talk(chat.said[:-1], chat.tools, chat.metadata), list(chat.said[-1:])
    shared = _shared(chosen, rejected)
    if shared:
        systems = tuple(one for one in chat.said if one.role == "system")
        chat = Talk((*systems, *chosen[:shared]), chat.tools, chat.metadata)
        chosen, rejected = chosen[shared:], rejected[shared:]
    said = {key: value[key] for key in ("category", "explanation") if isinstance(value.get(key), str)}
    chat = Talk(chat.said, chat.tools, {**said, **metadata_of(value)})
    yield from preferences_of(chat, chosen, rejected)


def _asked(value: Mapping[str, Any]) -> Talk:
    if column_of(value):
        return chat_of(value)
    if any(isinstance(value.get(name), str | list) for name in REQUESTS):
        return Talk(tuple(asked_of(value)), tools_of(value))
    return Talk((), tools_of(value))


def _replies(stated: Any) -> list[Utterance]:
    """A text, a message, or a list of them."""
    if isinstance(stated, str):
        return _spoken(stated) if _SPEAKER.match(stated) else [Utterance("assistant", stated)]
    return messages_of({}, stated if isinstance(stated, list) else [stated])


def _spoken(text: str) -> list[Utterance]:
    r"""Anthropic's `\n\nHuman: …\n\nAssistant: …`."""
    marks = list(_SPEAKER.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    found = [
        Utterance("user" if mark[1] == "Human" else "assistant", text[mark.end() : end].strip())
        for mark, end in zip(marks, ends, strict=True)
    ]
    if any(one.role == two.role for one, two in pairwise(found)):
        raise Refused("mangled_turns", "one speaker speaks twice in a row, so it is not certain who said what")
    return found


def _shared(chosen: Sequence[Utterance], rejected: Sequence[Utterance]) -> int:
    """How many messages both begin with, before their last."""
    most = min(len(chosen), len(rejected)) - 1
    return next((place for place in range(most) if chosen[place] != rejected[place]), max(most, 0))


def _column(value: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if isinstance(value.get(name), str | list | dict)), None)
