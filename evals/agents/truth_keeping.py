"""Agents that keep the oracle's truth and change its form: every one must be scored as the oracle is."""

import re
from collections.abc import Mapping
from functools import partial
from random import Random

from aj.personas import load_personas
from aj.state import discovered
from evals.agents import layouts
from evals.agents.true_answer import LISTABLE, Alter, TrueAnswer, in_prose
from scenarios.oracle import answer

# Not the checks' own list, which is what these agents check.
_IN_WORDS = dict(enumerate(("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")))


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
    return told.reworded(in_prose(r"(\d) ?([KMGT])i?B?\b", lambda m: f"{m[1]} {m[2].upper()}iB", items))


def units_in_words(told: TrueAnswer, rng: Random) -> str | None:
    """88 percent, 3.1 GB"""
    items = in_prose(r"(\d) ?%", r"\1 percent", told.turn.items)
    return told.reworded(in_prose(r"(\d) ?([KMGT])i?B?\b", lambda m: f"{m[1]} {m[2].upper()}B", items))


def of_a_total(told: TrueAnswer, rng: Random) -> str | None:
    """3.3Gi of 7.9Gi, as the same line of the result shows it"""
    totals = {used: total for text in told.results for total, used in re.findall(r"^Mem: +(\S+) +(\S+)", text, re.M)}
    used = "|".join(map(re.escape, totals)) or "none"
    with_total = in_prose(rf"(?<![\d.])({used})(?!\w)", lambda m: f"{m[0]} of {totals[m[0]]}", told.turn.items)
    return told.reworded(with_total)


def with_sizes(told: TrueAnswer, rng: Random) -> str | None:
    """88% (66G of 80G), as the same line of the result shows it"""
    row = r"^\S+ +(\S+) +(\S+) +\S+ +(\d+%) +/$"
    sizes = {share: f"{used} of {size}" for text in told.results for size, used, share in re.findall(row, text, re.M)}
    if len(sizes) < len(told.hosts):
        return None  # two hosts with the same share
    return told.reworded(in_prose(r"(?<![\d.])\d+%", lambda m: f"{m[0]} ({sizes.get(m[0])})", told.turn.items))


def all_three_loads(told: TrueAnswer, rng: Random) -> str | None:
    """a load average of 0.47, 0.60, 0.38"""
    triples = [found for text in told.results for found in re.findall(r"load average: ((\S+), \S+, \S+)", text)]
    loads = {first: triple for triple, first in triples}
    if len(loads) != len(triples) or len(told.clauses()) != len(told.hosts):
        return None
    values = [(host, value) for host, value in told.values if value in loads]
    if len(values) != len(told.hosts):
        return None
    return told.say("; ".join(f"`{host}` has a load average of {loads[value]}" for host, value in values))


def no_final_zero(told: TrueAnswer, rng: Random) -> str | None:
    """A load of 0.7 instead of 0.70"""
    return told.reworded(in_prose(r"(?<![\d.])(\d+\.\d)0(?![\d.%\w])", r"\1", told.turn.items))


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
    return told.reworded(in_prose(rf"\b({either})\b", lambda m: m[0].capitalize(), told.turn.items))


def shouted_state(told: TrueAnswer, rng: Random) -> str | None:
    """`mysql` on `a` is ACTIVE"""
    states = r"(?<=\bis )(active|inactive|failed|running|stopped|enabled|disabled)\b"
    return told.reworded(in_prose(states, lambda m: m[0].upper(), told.turn.items))


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


def asked_and_answered(told: TrueAnswer, rng: Random) -> str | None:
    """Is `mysql` on `a` active? Yes, `mysql` on `a` is active."""
    state = re.fullmatch(r"(`[^`]+` on `[^`]+`) is (\w+)", told.turn.items)
    return told.reworded(f"Is {state[1]} {state[2]}? Yes, {told.turn.items}") if state else None


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
    return told.reworded(re.sub(nouns, lambda m: _IN_WORDS.get(int(m[1]), m[1]), told.turn.items))


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


def _reworded(told: TrueAnswer, words: Mapping[str, str]) -> str | None:
    """The items with each phrase (a pattern) replaced, outside of inline code, and none of the new ones."""
    either = "|".join(f"(?P<p{number}>{old})" for number, old in enumerate(words))
    new = list(words.values())
    changed = in_prose(either, lambda m: new[int((m.lastgroup or "")[1:])], told.turn.items)
    return told.reworded(changed)


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
    layouts.bullets,
    layouts.numbered_list,
    layouts.table,
    layouts.rows_without_a_header,
    layouts.key_and_value,
    layouts.headed,
    layouts.dashes,
    layouts.hosts_as_columns,
    a_sentence_each,
    reordered,
    value_first,
    units_apart,
    units_in_words,
    of_a_total,
    with_sizes,
    all_three_loads,
    no_final_zero,
    a_synonym,
    another_synonym,
    bold,
    quotes,
    bare,
    capitals,
    shouted_state,
    an_extra_sentence,
    asked_and_answered,
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
