"""What passes between the generator and a teacher: a job with numbered slots, and new texts for them.

A teacher is given the whole true conversation and may change nothing but its wording: what the user says, the note
that comes with a call, and what AJ answers. Calls and results are not the teacher's to change.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, get_args

from msgspec import structs

from aj.acts import call_of, finish, finishing, give_up, meaning_of
from aj.contract import Contract
from aj.files import digest
from aj.messages import Call, Message, to_record
from datasets_build.ledger import Refused
from scenarios.scenario import AnswerKind
from scenarios.truth import Truth

SlotPlace = Literal["user", "note", "answer"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One text of a conversation that may be reworded."""

    name: str
    """`user_0`, `note_0`, `answer_0` …: numbered by kind, from the top"""
    place: SlotPlace
    turn: int
    """which of the user's turns it belongs to, from 0"""
    text: str
    """its present wording"""
    kind: AnswerKind = "facts"
    truth: Truth | None = None
    """of an answer: what a true one says; None when only the old text says so (an existing row)"""
    tells: str = ""
    """of an answer: its substance, which must be kept"""
    why: str = ""
    """of an answer: the reason behind it, for a user who wants to learn"""
    about: str = ""
    """identity of the request's wording (`Turn.phrasing`)"""
    filled: Mapping[str, str] = field(default_factory=dict)
    """what fills the request's slots: service, path, host …"""


@dataclass(frozen=True)
class Job:
    """One conversation to be worded for one persona."""

    persona: str
    messages: tuple[Message, ...]
    slots: tuple[Slot, ...]
    hosts: tuple[str, ...] = ()
    category: str = ""
    pattern: str = "single"
    case: str = "plain"
    """plain, or the hard case that it is: tool_error, ambiguous, destructive, nothing_to_call"""
    scene: Mapping[str, Any] = field(default_factory=dict)
    """template and seed that the conversation was drawn from"""
    attempt: int = 0
    feedback: tuple[str, ...] = ()
    """what was wrong with the wording of the last attempt"""

    @cached_property
    def id(self) -> str:
        """Hash of all that a teacher is shown, so that an answer that was paid for can be found again."""
        shown = [to_record(message) for message in self.messages]
        return digest(self.persona, self.category, self.pattern, dict(self.scene), shown, self.attempt, self.feedback)

    def again(self, feedback: Sequence[str]) -> "Job":
        """The next attempt, told what was wrong with this one."""
        return replace(self, attempt=self.attempt + 1, feedback=tuple(feedback))


@dataclass(frozen=True, slots=True)
class Wording:
    """New texts by the names of the slots."""

    texts: Mapping[str, str]


COST_CAP = "cost_cap"
"""The code of a refusal after which nothing more comes from this teacher: no other job need be tried instead."""
FINAL = frozenset({COST_CAP, "teacher_refused", "teacher_context_exceeded"})
"""Codes of refusals that another attempt at the job would only meet again; any other may pass."""

Worded = Wording | Refused
Word = Callable[[Iterable[Job]], Iterator[tuple[str, Worded]]]
"""Jobs in, (job id, what came of it) out: exactly one for each job, in any order, as they come."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """Who words the jobs; every row names its teacher, since its owner's terms may bind the data."""

    name: str
    word: Word


def slots_of(messages: Sequence[Message], contract: Contract) -> list[Slot]:
    """Every text of a conversation that may be worded, in its order."""
    return [slot for _, slot in _placed(messages, contract)]


def reworded(messages: Sequence[Message], texts: Mapping[str, str], contract: Contract) -> tuple[Message, ...]:
    """The conversation with the slots' new texts; a slot without one keeps its text."""
    worded = list(messages)
    for place, slot in _placed(messages, contract):
        message, text = messages[place], texts.get(slot.name, slot.text)
        call = message.call
        if call is None:
            worded[place] = structs.replace(message, content=text)
        elif slot.place == "note":
            worded[place] = structs.replace(message, call=structs.replace(call, note=text))
        else:
            said = finish(text) if meaning_of(call, contract).answer else give_up(text)
            worded[place] = structs.replace(message, call=structs.replace(call, params=call_of(said, contract).params))
    return tuple(worded)


def _placed(messages: Sequence[Message], contract: Contract) -> Iterator[tuple[int, Slot]]:
    """Each slot with the place of its message."""
    turn, numbers = 0, dict.fromkeys(get_args(SlotPlace), 0)
    for position, message in enumerate(messages):
        turn += message.role == "user" and numbers["user"] > 0
        place, text = _wordable(message, contract)
        if text and message.learned:
            yield position, Slot(f"{place}_{numbers[place]}", place, turn, text)
            numbers[place] += 1


def _wordable(message: Message, contract: Contract) -> tuple[SlotPlace, str]:
    """The text of a message that may be worded ("" for none), and what it is."""
    if message.role == "user":
        return "user", message.content
    if message.call is None:
        return "answer", message.content if message.role == "assistant" else ""
    if said := finishing(message.call, contract):
        return "answer", said
    return "note", message.call.note or ""


def technical_terms(slot: Slot, hosts: Sequence[str]) -> list[str]:
    """What belongs in inline code in this answer: hosts, and what is in code in the old one."""
    return list(dict.fromkeys([*hosts, *re.findall(r"`([^`\n]+)`", slot.tells or slot.text)]))


def trajectory(messages: Sequence[Message], contract: Contract) -> list[Any]:
    """All that a teacher may not change: calls without their wording, and results."""
    kept: list[Any] = []
    for message in messages:
        if message.call:
            kept.append((_unsaid(message.call, contract), message.call.reasoning))
        elif message.role == "tool":
            kept.append((message.tool, message.content))
        else:
            kept.append(message.role)
    return kept


def _unsaid(call: Call, contract: Contract) -> dict[str, Any]:
    """What a call does, without what it says to the user."""
    return structs.asdict(structs.replace(meaning_of(call, contract), answer="", error=""))
