"""Contrast: do replies to different personas, about the same facts, differ in the right direction?

Three counts are compared: words beside the facts (length), contractions and relaxed words (formality), and reasons
(explanation). Counts, not rates: in a reply of ten words one contraction more or less moves a rate by a tenth, and a
brief reply would look informal for being brief.
"""

from collections.abc import Mapping, Sequence

from aj.findings import Finding
from aj.personas import load_personas
from scorers.checks.voice import CASUAL, phrases, prose, words

SENIOR, EXECUTIVE, LEARNER = "senior_engineer", "executive_brief", "curious_learner"

LONGEST_SHARE = 1.0
"""A brief reply may have at most this share of the learner's words: the direction is asked for, not a distance."""
INFORMAL_LEAD = 1
"""How many more relaxed words the casual reply has than the executive's: the least that a reader can see."""
REASON_LEAD = 1
"""How many more reasons the learner's reply has than the senior's: one is what a learner's own rule asks for."""


def check_contrast(replies: Mapping[str, str], technical: Sequence[str] = ()) -> list[Finding]:
    """Findings on replies to the same facts, by persona; a pair is compared where both of its replies are there.

    Args:
        replies: persona -> reply; a persona that `personas.yaml` lacks is a KeyError.
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
            found.append(Finding("contrast_length", why, "say more to who learns, less to who knows or decides"))
    if {CASUAL, EXECUTIVE} <= replies.keys() and informal[CASUAL] < informal[EXECUTIVE] + INFORMAL_LEAD:
        why = f"{informal[CASUAL]} relaxed words to {CASUAL}, {informal[EXECUTIVE]} to {EXECUTIVE}"
        found.append(Finding("contrast_formality", why, "relax with the casual user, be plain with the executive"))
    if {SENIOR, LEARNER} <= replies.keys() and reasons[LEARNER] < reasons[SENIOR] + REASON_LEAD:
        why = f"{reasons[LEARNER]} reasons to {LEARNER}, {reasons[SENIOR]} to {SENIOR}"
        found.append(Finding("contrast_explanation", why, "give reasons to who learns, none to who knows"))
    return found


def _count(reply: str, technical: Sequence[str], *lists: str) -> int:
    return len(phrases(*lists).findall(prose(reply, technical)))
