"""One true answer of the oracle, taken apart so that it can be told in another form, or made false."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from aj.messages import Message
from scenarios.oracle import answer
from scenarios.requests import listed
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case

LISTABLE = ("facts", "count", "failed")
"""Kinds of answers whose items may stand on lines of their own; the others need them within a sentence."""
_SLOT = "\0"
_IN_CODE = re.compile(r"(`[^`]*`)")


@dataclass(frozen=True, slots=True)
class TrueAnswer:
    """A turn that the oracle answers, and all that was said and seen before the answer."""

    case: Case
    turn: ScriptedTurn
    past: tuple[Message, ...]

    @property
    def text(self) -> str:
        """The oracle's answer."""
        return answer(self.turn, self.case.scenario.persona)

    @property
    def results(self) -> list[str]:
        """The texts of all results, the earliest first."""
        return [message.content for message in self.past if message.role == "tool"]

    @property
    def fleet(self) -> list[str]:
        """The names of all agents."""
        return [host.name for host in self.case.scenario.hosts]

    @property
    def hosts(self) -> list[str]:
        """The names of the agents that the answer is about."""
        return [name for name in self.turn.truth.stated if name in self.fleet]

    @property
    def values(self) -> list[tuple[str, str]]:
        """(host or "", value) of all that is stated, by the first of its wordings that the oracle's items contain."""
        found = []
        for host, stated in self.turn.truth.stated.items():
            for value in stated:
                said = [either for either in value.split("|") if whole(either).search(self.turn.items)]
                found += [(host, max(said, key=len))] if said and value != host else []
        return found

    def say(self, items: str, block: bool = False, persona: str | None = None, count: str | None = None) -> str:
        """The answer with other items, in the voice of its persona.

        Args:
            block: the items are lines of their own.
            persona: in the voice of another one.
            count: what to say instead of the number of agents.
        """
        number = self.turn.truth.count
        said = answer(replace(self.turn, items=_SLOT), persona or self.case.scenario.persona)
        if count is not None:
            said = re.sub(rf"\b{number}\b", count, said)
        if block:
            return re.sub(rf"\s?{_SLOT}\.?\s?", lambda _: f"\n{items}\n", said).strip()
        return said.replace(_SLOT, items)

    def reworded(self, items: str) -> str | None:
        """The answer with other items; None if they are not other ones, and for small talk and questions, which have no
        facts."""
        changed = items != self.turn.items and self.turn.kind not in ("plain", "ask_back")
        return self.say(items) if changed else None

    def clauses(self) -> list[tuple[str, str]]:
        """The items cut into (host, what is said about it); one clause for "" if they cannot be cut by host."""
        items, hosts = self.turn.items, self.hosts
        if len(hosts) > 1 and items == listed(hosts):
            return [(host, f"`{host}`") for host in hosts]
        if len(hosts) == 1:
            return [(hosts[0], items)]
        parts: list[tuple[str, str]] = []
        for part in items.split(", "):
            about = [host for host in hosts if f"`{host}`" in part]
            if len(about) == 1:
                parts.append((about[0], part))
            elif parts and not about:
                parts[-1] = (parts[-1][0], f"{parts[-1][1]}, {part}")
            else:
                return [("", items)]
        return parts if [host for host, _ in parts] == hosts else [("", items)]

    @property
    def names_only(self) -> bool:
        """Whether the items are a list of agents and nothing else."""
        return bool(self.hosts) and self.turn.items == listed(self.hosts)


Alter = Callable[[TrueAnswer, Random], str | None]
"""Another answer than the oracle's; None where there is nothing to change. All chance is drawn from the `Random`."""


def whole(value: str) -> re.Pattern[str]:
    """Matches `value` where it is not part of a longer word or number."""
    return re.compile(rf"(?<![\w.-]){re.escape(value)}(?![\w-]|\.\d)", re.IGNORECASE)


def in_prose(pattern: str, new: str | Callable[[re.Match[str]], str], text: str) -> str:
    """`re.sub`, ignoring case, but never within inline code."""
    parts = _IN_CODE.split(text)
    return "".join(part if number % 2 else re.sub(pattern, new, part, flags=re.I) for number, part in enumerate(parts))


def apart(host: str, clause: str) -> str | None:
    """What a clause says without the host's name: "`mysql` on `a` is up" says "`mysql` is up"; None if unclear."""
    name = re.escape(f"`{host}`")
    if first := re.fullmatch(rf"{name}:? (.+)|on {name} (.+)", clause):
        return first[1] or first[2]
    if later := re.fullmatch(rf"(.+?) on {name}((?: (?:is|are|has|had) .+)?)", clause):
        return later[1] + later[2]
    return None
