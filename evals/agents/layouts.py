"""Agents that lay a true answer out: lists, tables, lines."""

import re
from random import Random

from evals.agents.true_answer import LISTABLE, TrueAnswer, apart


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


def hosts_as_columns(told: TrueAnswer, rng: Random) -> str | None:
    """A Markdown table with the hosts in its header and what is said about them below."""
    parts = [(host, apart(host, clause)) for host, clause in told.clauses()]
    if len(parts) < 2 or not all(said for _, said in parts):
        return None
    rows = [[f"`{host}`" for host, _ in parts], ["---"] * len(parts), [said or "" for _, said in parts]]
    return _lines(told, [f"| {' | '.join(row)} |" for row in rows])


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
