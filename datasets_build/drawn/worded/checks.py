"""Is a wording fit to train on? True, grounded, in the persona's voice, valid, and with every call as it was."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from aj.contract import Contract
from aj.findings import Finding
from aj.messages import Message, Row
from aj.personas import load_personas
from datasets_build.drawn.worded.meaning import check_request, stands, terms_of
from datasets_build.drawn.worded.teachers.wording import Job, Slot, Wording, reworded, technical_terms, trajectory
from scorers.checks.answers import check_answer, check_grounded
from scorers.checks.rows import check_row
from scorers.checks.voice import check_voice, words

MAX_USER, MAX_ANSWER, MAX_NOTE_WORDS = 500, 1500, 14
"""Characters of a request and of an answer, and words of a note: a longer one is not what people write."""
STEP = Row(())
"""A conversation in step mode."""
_CODE = re.compile(r"`([^`\n]+)`")
_NUMBER = re.compile(r"(?<![\w.-])\d+(?:[.:]\d+)*[KMGT%]?(?!\w)")


@dataclass(frozen=True, slots=True)
class Checked:
    """The worded conversation, or what is wrong with it (the worst first)."""

    messages: tuple[Message, ...] | None
    findings: tuple[Finding, ...] = ()


def check_wording(job: Job, wording: Wording, contract: Contract, form: Row = STEP) -> Checked:
    """Put the new texts in, and hold every rule against the conversation that comes of it.

    `form` is the row that the conversation is of: its mode, its layout, its tools.
    """
    names = {slot.name for slot in job.slots}
    if names != wording.texts.keys():
        odd = ", ".join(sorted(names ^ wording.texts.keys()))
        return Checked(
            None, (Finding("wrong_slots", f"texts missing or not asked for: {odd}", "give each slot a text"),)
        )
    blank = [name for name, text in wording.texts.items() if not isinstance(text, str) or not text.strip()]
    if blank:
        return Checked(None, (Finding("blank_text", f"{blank[0]} is empty", "write a text"),))
    messages = reworded(job.messages, wording.texts, contract)
    if trajectory(messages, contract) != trajectory(job.messages, contract):
        return Checked(
            None, (Finding("calls_changed", "a call or a result is not what it was", "change the words only"),)
        )
    found = [finding for slot in job.slots for finding in _check_slot(job, slot, wording, messages)]
    found += check_row(replace(form, messages=messages), contract)
    return Checked(None, tuple(found)) if found else Checked(messages)


def _check_slot(job: Job, slot: Slot, wording: Wording, messages: Sequence[Message]) -> list[Finding]:
    text = wording.texts[slot.name]
    if slot.place == "user":
        if len(text) > max(MAX_USER, 2 * len(slot.text)):
            return [Finding("request_too_long", f"{len(text)} characters", "write as people do")]
        return check_request(slot.text, text, terms_of(slot.text, job.hosts, slot.filled), job.hosts)
    sources = _sources_before(slot, messages)
    if slot.place == "note":
        return _check_note(text, slot, sources, job)
    return _check_answer(text, slot, sources, job)


def _check_note(text: str, slot: Slot, sources: Sequence[str], job: Job) -> list[Finding]:
    """A note is said before the call: a few words, AJ's own rules, and nothing that only the result could show."""
    found = []
    if words(text, job.hosts) > max(MAX_NOTE_WORDS, words(slot.text)):
        found.append(Finding("note_too_long", f"{words(text)} words beside a call", "say it in a few words"))
    own = {rule.code for rule in load_personas().voice.rules} | {"emoji", "no_inline_code"}
    found += [finding for finding in check_voice(text, job.persona, job.hosts, asks_back=True) if finding.code in own]
    return found + check_grounded(text, [*sources, slot.text], job.hosts)


def _check_answer(text: str, slot: Slot, sources: Sequence[str], job: Job) -> list[Finding]:
    if len(text) > max(MAX_ANSWER, 2 * len(slot.text)):
        return [Finding("answer_too_long", f"{len(text)} characters", "say it shorter")]
    if slot.truth:
        asks, found = slot.truth.asks_back, check_answer(text, slot.truth, sources, job.hosts)
        sources = [*sources, slot.tells] if asks else sources  # a question may weigh what has not been looked up
    else:
        # Only the old text says what is true: its names and numbers must stay, and no others may be added.
        asks, found = slot.text.rstrip().endswith("?"), _check_facts_kept(slot.text, text, job.hosts)
        sources = [*sources, slot.text]
    found += check_grounded(text, sources, job.hosts)
    return found + check_voice(text, job.persona, technical_terms(slot, job.hosts), asks_back=asks)


def _check_facts_kept(old: str, new: str, hosts: Sequence[str]) -> list[Finding]:
    facts = [*_CODE.findall(old), *_NUMBER.findall(_CODE.sub(" ", old)), *(name for name in hosts if stands(old, name))]
    lost = [fact for fact in dict.fromkeys(facts) if not stands(new, fact)]
    return [Finding("answer_lost_fact", f"{fact!r} is not told any more", f"tell {fact!r}") for fact in lost]


def _sources_before(slot: Slot, messages: Sequence[Message]) -> list[str]:
    """The user's words and the results up to the slot's own turn."""
    sources: list[str] = []
    turn = -1
    for message in messages:
        turn += message.role == "user"
        if turn > slot.turn:
            break
        if message.role in ("user", "tool"):
            sources.append(message.content)
    return sources
