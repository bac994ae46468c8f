"""Agents that keep the oracle's truth and change its form: every one must be scored as the oracle is."""

import re
from collections.abc import Mapping
from functools import partial
from random import Random

from aj.personas import load_personas
from aj.state import discovered
from evals.agents.true_answer import Alter, TrueAnswer, apart, in_prose
from scenarios.oracle import answer

LISTABLE = ("facts", "count", "failed")
"""Kinds of answers whose items may stand on lines of their own; the others need them within a sentence."""
# Not the checks' own list, which is what these agents check.
_IN_WORDS = dict(enumerate(("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")))


def bullets(told: TrueAnswer, rng: Random) -> str | None:
    """- `a` 88%"""
    return _lines(told, [f"- {said}" for said in _entries(told)])


def numbered_list(told: TrueAnswer, rng: Random) -> str | None:
    """1. `a` 88%"""
    return _lines(told, [f"{number}. {said}" for number, said in enumerate(_entries(told), start=1)])


def table(told: TrueAnswer, rng: Random) -> str | None:
    """A Markdown table with a header and the hosts as rows."""
    head = ["| host |", "|---|"] if told.names_only else ["| host | found |", "|:---|---:|"]
    rows = _rows(told)
    return _lines(told, [*head, *rows]) if rows else None


def rows_without_a_header(told: TrueAnswer, rng: Random) -> str | None:
    """| `a` | 88% |"""
    rows = _rows(told)
    return _lines(told, rows) if rows else None


def key_and_value(told: TrueAnswer, rng: Random) -> str | None:
    """`a`: 88%"""
    parts = [(host, apart(host, clause)) for host, clause in told.clauses()]
    if not all(said for _, said in parts):
        return None
    return _lines(told, [f"`{host}`: {said}" for host, said in parts])


def headed(told: TrueAnswer, rng: Random) -> str | None:
    """**`a`** on a line, and what is said about it on the next"""
    parts = [(host, apart(host, clause)) for host, clause in told.clauses()]
    if not all(said for _, said in parts):
        return None
    return _lines(told, [f"**`{host}`**\n{said}" for host, said in parts])


def dashes(told: TrueAnswer, rng: Random) -> str | None:
    """`a` – 88%"""
    parts = [(host, apart(host, clause)) for host, clause in told.clauses()]
    if not all(said for _, said in parts):
        return None
    return _lines(told, [f"`{host}` – {said}" for host, said in parts])


def a_sentence_each(told: TrueAnswer, rng: Random) -> str | None:
    """`a` 88%. `b` 12%."""
    clauses = told.clauses()
    if len(clauses) < 2 or told.names_only or told.turn.kind not in LISTABLE:
        return None
    return told.say(". ".join(clause[0].upper() + clause[1:] for _, clause in clauses))


def reordered(told: TrueAnswer, rng: Random) -> str | None:
    """The hosts in another order."""
    clauses = told.clauses()
    if len(clauses) < 2:
        return None
    clauses = clauses[1:] + clauses[:1]
    return told.say("; ".join(clause for _, clause in clauses))


def value_first(told: TrueAnswer, rng: Random) -> str | None:
    """88% on `a`, 12% on `b`"""
    values = dict(told.values)
    clauses = told.clauses()
    if not clauses[0][0] or any(clause != f"`{host}` {values.get(host)}" for host, clause in clauses):
        return None
    return told.say(", ".join(f"{values[host]} on `{host}`" for host, _ in clauses))


def units_apart(told: TrueAnswer, rng: Random) -> str | None:
    """88 %, 3.1 GiB"""
    items = in_prose(r"(\d)%", r"\1 %", told.turn.items)
    return _if_changed(told, in_prose(r"(\d) ?([KMGT])i?B?\b", lambda m: f"{m[1]} {m[2].upper()}iB", items))


def units_in_words(told: TrueAnswer, rng: Random) -> str | None:
    """88 percent, 3.1 GB"""
    items = in_prose(r"(\d) ?%", r"\1 percent", told.turn.items)
    return _if_changed(told, in_prose(r"(\d) ?([KMGT])i?B?\b", lambda m: f"{m[1]} {m[2].upper()}B", items))


def no_final_zero(told: TrueAnswer, rng: Random) -> str | None:
    """A load of 0.7 instead of 0.70"""
    return _if_changed(told, in_prose(r"(?<![\d.])(\d+\.\d)0(?![\d.%\w])", r"\1", told.turn.items))


SYNONYMS = {
    r"is active\b": ("is running", "is up"),
    r"is inactive\b": ("is stopped", "is not running"),
    r"is failed\b": ("has failed", "is in a failed state"),
    r"is stopped\b": ("is not running", "is down"),
    r"is running\b": ("is up", "is active"),
    r"is disabled\b": ("is not enabled", "is set to disabled"),
    r"is gone\b": ("does not exist any more", "is no longer there"),
    r"does not exist on\b": ("is missing on", "cannot be found on"),
}
"""A state in the oracle's words -> other words for it."""


def a_synonym(told: TrueAnswer, rng: Random) -> str | None:
    """`mysql` on `a` is running, where the oracle says active."""
    return _reworded(told, {old: new for old, (new, _) in SYNONYMS.items()})


def another_synonym(told: TrueAnswer, rng: Random) -> str | None:
    """`mysql` on `a` is up, where the oracle says active."""
    return _reworded(told, {old: new for old, (_, new) in SYNONYMS.items()})


def bold(told: TrueAnswer, rng: Random) -> str | None:
    """**a** instead of `a`"""
    return _quoted(told, "**", "**")


def quotes(told: TrueAnswer, rng: Random) -> str | None:
    return _quoted(told, '"', '"')


def bare(told: TrueAnswer, rng: Random) -> str | None:
    """a instead of `a`"""
    return _quoted(told, "", "")


def capitals(told: TrueAnswer, rng: Random) -> str | None:
    """`mysql` on `a` is Active"""
    words = {value for _, value in told.values if re.fullmatch(r"[a-z]+( [a-z]+)*", value)}
    if not words or told.turn.kind == "restart":  # its value is a service's name
        return None
    either = "|".join(map(re.escape, sorted(words)))
    return _if_changed(told, in_prose(rf"\b({either})\b", lambda m: m[0].capitalize(), told.turn.items))


def shouted_state(told: TrueAnswer, rng: Random) -> str | None:
    """`mysql` on `a` is ACTIVE"""
    states = r"(?<=\bis )(active|inactive|failed|running|stopped|enabled|disabled)\b"
    return _if_changed(told, in_prose(states, lambda m: m[0].upper(), told.turn.items))


def in_another_tone(told: TrueAnswer, rng: Random, persona: str) -> str | None:
    """The same facts in the voice for another persona."""
    if told.turn.kind == "plain" or persona == told.case.scenario.persona:
        return None
    return answer(told.turn, persona)


def an_extra_sentence(told: TrueAnswer, rng: Random) -> str | None:
    """… I looked a moment ago."""
    if told.turn.kind in ("plain", "ask_back"):
        return None
    return _with_sentence(told, "I looked a moment ago")


def an_extra_denial(told: TrueAnswer, rng: Random) -> str | None:
    """… I did not change anything."""
    if told.turn.kind not in LISTABLE or told.case.scenario.goal:
        return None
    return _with_sentence(told, "I did not change anything")


RIVALS = {
    r"is active\b": "is active and has not failed",
    r"is failed\b": "is failed, it is not running",
    r"is inactive\b": "is inactive, but it has not failed",
    r"is running\b": "is running, it is not stopped",
    r"is stopped\b": "is stopped, no longer running",
    r"is enabled\b": "is enabled, not disabled",
    r"is disabled\b": "is disabled, not enabled",
}


def rival_denied(told: TrueAnswer, rng: Random) -> str | None:
    """`mysql` on `a` is active and has not failed"""
    return _reworded(told, RIVALS)


def count_in_words(told: TrueAnswer, rng: Random) -> str | None:
    """That's four."""
    number = told.turn.truth.count
    if number is not None:
        return told.say(told.turn.items, count=_IN_WORDS[number])
    nouns = r"\b(\d+)(?= (?:runs|commits|times|warnings)\b)"
    return _if_changed(told, re.sub(nouns, lambda m: _IN_WORDS.get(int(m[1]), m[1]), told.turn.items))


def count_by_platform(told: TrueAnswer, rng: Random) -> str | None:
    """That's 4: 3 Linux and 1 Windows."""
    number = told.turn.truth.count
    if number is None:
        return None
    kinds = [host.platform for host in told.case.scenario.hosts]
    parts = [f"{kinds.count(kind)} {kind.capitalize()}" for kind in ("linux", "windows") if kind in kinds]
    return told.say(told.turn.items, count=f"{number} agents, {' and '.join(parts)}")


def port_beside_the_count(told: TrueAnswer, rng: Random) -> str | None:
    """That's 4 agents, all on port 7000."""
    agents = discovered(told.past, told.case.contract) or ()
    ports = {agent.address.rpartition(":")[2] for agent in agents}
    if told.turn.truth.count is None or len(ports) != 1:
        return None
    return told.say(told.turn.items, count=f"{told.turn.truth.count} agents, all on port {ports.pop()}")


def platforms_named(told: TrueAnswer, rng: Random) -> str | None:
    """`a` (Linux) 88%"""
    platform = {host.name: host.platform.capitalize() for host in told.case.scenario.hosts}
    clauses = told.clauses()
    if not told.hosts or not clauses[0][0] or told.turn.kind not in LISTABLE:
        return None
    if discovered(told.past, told.case.contract) is None:
        return None  # nothing showed it
    said = [clause.replace(f"`{host}`", f"`{host}` ({platform[host]})", 1) for host, clause in clauses]
    return told.say(", ".join(said))


def _entries(told: TrueAnswer) -> list[str]:
    """One text for each host, or for each value if no host is named."""
    if not told.hosts and re.fullmatch(r"`[^`]+`(, `[^`]+`)+", told.turn.items):
        return told.turn.items.split(", ")
    return [clause for _, clause in told.clauses()]


def _rows(told: TrueAnswer) -> list[str]:
    """Rows of a Markdown table with a cell for the host and one for what is said about it."""
    if told.names_only:
        return [f"| `{host}` |" for host in told.hosts]
    parts = [(host, apart(host, clause)) for host, clause in told.clauses()]
    return [f"| `{host}` | {said} |" for host, said in parts] if all(said for _, said in parts) else []


def _lines(told: TrueAnswer, lines: list[str]) -> str | None:
    return told.say("\n".join(lines), block=True) if told.turn.kind in LISTABLE else None


def _reworded(told: TrueAnswer, words: Mapping[str, str]) -> str | None:
    """The items with each phrase (a pattern) replaced, outside of inline code, and none of the new ones."""
    either = "|".join(f"(?P<p{number}>{old})" for number, old in enumerate(words))
    new = list(words.values())
    changed = in_prose(either, lambda m: new[int((m.lastgroup or "")[1:])], told.turn.items)
    return _if_changed(told, changed)


def _if_changed(told: TrueAnswer, items: str) -> str | None:
    return told.say(items) if items != told.turn.items and told.turn.kind != "plain" else None


def _with_sentence(told: TrueAnswer, sentence: str) -> str:
    """The sentence follows the items where a sentence ends there, or else the whole answer."""
    if told.turn.kind in LISTABLE:
        return told.say(f"{told.turn.items}. {sentence}")
    return f"{told.text} {sentence}."


def _quoted(told: TrueAnswer, before: str, after: str) -> str | None:
    if "`" not in told.text or told.turn.kind == "plain":
        return None
    return re.sub(r"`([^`]*)`", rf"{before}\1{after}", told.text)


_PLAIN: tuple[Alter, ...] = (
    bullets,
    numbered_list,
    table,
    rows_without_a_header,
    key_and_value,
    headed,
    dashes,
    a_sentence_each,
    reordered,
    value_first,
    units_apart,
    units_in_words,
    no_final_zero,
    a_synonym,
    another_synonym,
    bold,
    quotes,
    bare,
    capitals,
    shouted_state,
    an_extra_sentence,
    an_extra_denial,
    rival_denied,
    count_in_words,
    count_by_platform,
    port_beside_the_count,
    platforms_named,
)
TRUTH_KEEPING: dict[str, Alter] = {
    **{getattr(change, "__name__", ""): change for change in _PLAIN},
    **{f"as_to_{persona}": partial(in_another_tone, persona=persona) for persona in load_personas().personas},
}

_TONE = "it speaks to another persona on purpose"
_NO_CODE = "a name outside of inline code breaks AJ's own style"
_LINES = "it has more lines than an executive's six"
STYLE_CHANGED: dict[str, str] = {
    "table": _LINES,
    "headed": _LINES,
    "bold": _NO_CODE,
    "quotes": _NO_CODE,
    "bare": _NO_CODE,
    **{f"as_to_{persona}": _TONE for persona in load_personas().personas},
}
"""Agents that break a rule of style, and rightly fail it -> why. Their facts must still be right."""
