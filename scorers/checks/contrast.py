"""Contrast: is a reply for this persona and no other, and do replies to the same facts differ in the right direction?

`check_recipient` reads one reply. `check_contrast` compares several by three counts: words that are not facts (length),
contractions and relaxed words (formality), and reasons (explanation). Counts, not rates: in a reply of ten words, one
contraction changes a rate by a tenth, and a brief reply would look informal just for being brief.
"""

from collections.abc import Mapping, Sequence

from aj.findings import Finding
from aj.personas import Persona, load_personas
from scorers.checks.voice import CASUAL, check_voice, phrases, prose, words

SENIOR, EXECUTIVE, LEARNER = "senior_engineer", "executive_brief", "curious_learner"

LONGEST_SHARE = 1.0
"""A brief reply may have at most this share of the learner's words: only the direction counts, not the distance."""
INFORMAL_LEAD = 1
"""How many more relaxed words the casual reply needs than the executive's: the least that a reader notices."""
REASON_LEAD = 1
"""How many more reasons the learner's reply needs than the senior's: the learner's own rule asks for one."""


def check_recipient(answer: str, persona: str, technical: Sequence[str]) -> list[Finding]:
    """A finding if a reply that keeps the persona's rules reads like a reply to another persona. Arguments as for
    `check_voice`."""
    reader = recipient(answer, technical)
    if reader == persona:
        return []
    return [Finding("no_contrast", f"reads like a reply to {reader or 'nobody'}", f"answer as {persona} would like it")]


def recipient(answer: str, technical: Sequence[str]) -> str | None:
    """The persona whom a reply is for: the most demanding one whose rules it keeps; None if it keeps nobody's.

    It depends on the reply alone, so one style for all five users suits one of them at most, whatever it is made of.
    """
    personas = load_personas().personas
    fits = [persona for persona in personas if not check_voice(answer, persona, technical)]
    return max(fits, key=lambda persona: _demands(personas[persona]), default=None)


def _demands(persona: Persona) -> int:
    """How many rules ask for something to be there; among equals, `max` takes the first in `personas.yaml`."""
    return sum(1 for rule in persona.rules if rule.starts or rule.has or rule.ends or rule.min_words)


def check_contrast(replies: Mapping[str, str], technical: Sequence[str] = ()) -> list[Finding]:
    """Findings about replies to the same facts, by persona; two personas are compared if both replies exist.

    Args:
        replies: persona -> reply; a persona that is not in `personas.yaml` is a KeyError.
        technical: as for `check_voice`.
    """
    if unknown := replies.keys() - load_personas().personas.keys():
        raise KeyError(f"no such persona: {', '.join(sorted(unknown))}")
    long = {persona: words(reply, technical) for persona, reply in replies.items()}
    informal = {persona: _count(reply, technical, "contraction", "relaxed") for persona, reply in replies.items()}
    reasons = {persona: _count(reply, technical, "reason") for persona, reply in replies.items()}
    found = []
    for brief in (SENIOR, EXECUTIVE):
        if {brief, LEARNER} <= replies.keys() and long[brief] > LONGEST_SHARE * long[LEARNER]:
            why = f"{long[brief]} words to {brief}, {long[LEARNER]} to {LEARNER}"
            found.append(Finding("contrast_length", why, "say more to a learner, less to an expert or an executive"))
    if {CASUAL, EXECUTIVE} <= replies.keys() and informal[CASUAL] < informal[EXECUTIVE] + INFORMAL_LEAD:
        why = f"{informal[CASUAL]} relaxed words to {CASUAL}, {informal[EXECUTIVE]} to {EXECUTIVE}"
        found.append(Finding("contrast_formality", why, "be relaxed with the casual user, plain with the executive"))
    if {SENIOR, LEARNER} <= replies.keys() and reasons[LEARNER] < reasons[SENIOR] + REASON_LEAD:
        why = f"{reasons[LEARNER]} reasons to {LEARNER}, {reasons[SENIOR]} to {SENIOR}"
        found.append(Finding("contrast_explanation", why, "give reasons to a learner, none to an expert"))
    return found


def _count(reply: str, technical: Sequence[str], *lists: str) -> int:
    return len(phrases(*lists).findall(prose(reply, technical)))
