"""What users ask for: an intent in someone's words, drawn from a split of `intents.yaml`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Literal

from aj.files import Strict, load_yaml
from aj.fleet.hosts import Host, human
from aj.personas import load_personas
from aj.splits import Split, Texts

Scope = Literal["fleet", "host", "local"]
Place = Literal["host", "again", "ordinal"]
ORDINALS = ("first", "second", "third", "fourth")


class Intent(Strict):
    """One kind of request, the command that answers it, and its words."""

    scopes: tuple[Scope, ...]
    command: str
    noun: str
    why: str
    train: tuple[str, ...]
    eval: tuple[str, ...]

    def texts(self, split: Split) -> tuple[str, ...]:
        return self.train if split == "train" else self.eval


class NameParts(Strict):
    formats: tuple[str, ...]
    roles: tuple[str, ...]


class Names(Strict):
    train: NameParts
    eval: NameParts


class Places(Strict):
    fleet: Texts
    host: Texts
    again: Texts
    ordinal: Texts


class Catalogue(Strict):
    names: Names
    places: Places
    intents: dict[str, Intent]


@dataclass(frozen=True, slots=True)
class Ask:
    """One user turn: what is wanted (intent, scope, host, service) and how it is said."""

    intent: str
    scope: Scope
    persona: str
    text: str
    template: str
    """Identity of the phrasing, `intent.scope.split.number`: the cluster of a sample, and the unit of the split."""
    host: str | None = None
    service: str | None = None

    @property
    def command(self) -> str:
        return catalogue().intents[self.intent].command.replace("{service}", self.service or "")


@cache
def catalogue() -> Catalogue:
    return load_yaml(Path(__file__).parent / "intents.yaml", Catalogue)


def draw_names(rng: Random, split: Split, count: int) -> list[str]:
    """Distinct host names of a split. Roles differ within a fleet, or are one: web01, web02."""
    parts = catalogue().names.train if split == "train" else catalogue().names.eval
    form = rng.choice(parts.formats)
    alike = rng.random() < 0.4
    roles = [rng.choice(parts.roles)] * count if alike else rng.sample(parts.roles, count)
    numbers = rng.sample(range(1, 10), count)

    def name(role: str, number: int) -> str:
        slots = {"role": role, "one": str(number), "two": f"{number:02d}", "letter": "abcdefghi"[number - 1]}
        return form.format(**slots)

    return [name(role, number) for role, number in zip(roles, numbers, strict=True)]


def draw_ask(
    rng: Random,
    split: Split,
    intent: str,
    persona: str,
    host: Host | None = None,
    place: Place = "host",
    position: str | None = None,
) -> Ask:
    """Say `intent` in a phrasing of `split`: about `host`, or about the fleet (or the workspace) when it is None."""
    entry = catalogue().intents[intent]
    local = entry.scopes == ("local",)
    scope: Scope = "local" if local else "host" if host else "fleet"
    number = rng.randrange(len(entry.texts(split)))
    service = rng.choice(sorted(host.services)) if host else None
    text = entry.texts(split)[number].replace("{service}", service or "")
    text = text.replace("{where}", _place(rng, split, host, place, position))
    persona_text = load_personas().personas[persona].say(text, split, rng)
    template = f"{intent}.{scope}.{split}.{number}"
    return Ask(intent, scope, persona, persona_text, template, host.name if host else None, service)


def _place(rng: Random, split: Split, host: Host | None, place: Place, position: str | None) -> str:
    places = catalogue().places
    if host is None:
        return rng.choice(places.fleet.of(split))
    text = rng.choice(getattr(places, place).of(split))
    return text.replace("{host}", host.name).replace("{nth}", position or "")


# What an answer must say of a host, by intent: read from the world's state, never from a transcript.
_FACTS: dict[str, Callable[[Host, Ask], tuple[str, ...]]] = {
    "disk": lambda host, _: (f"{host.disk_percent}%",),
    "memory": lambda host, _: (human(host.memory_used_mb),),
    "load": lambda host, _: (f"{host.load:.2f}",),
    "hostname": lambda host, _: (host.name,),
    "service": lambda host, ask: (host.services[ask.service or ""],),
    "restart": lambda host, ask: (ask.service or "",),
    "files": lambda host, _: host.files,
    "log": lambda host, _: (host.log[-1].split(" ", 1)[1],),
    "workspace": lambda host, _: host.files,
    "count": lambda host, _: (host.name,),
}


def facts(ask: Ask, hosts: dict[str, Host], local: Host) -> dict[str, tuple[str, ...]]:
    """What a true answer to `ask` says: host name -> values (a local ask has the one key "")."""
    read = _FACTS[ask.intent]
    if ask.scope == "local":
        return {"": read(local, ask)}
    names = [ask.host] if ask.host else list(hosts)
    return {name: read(hosts[name], ask) for name in names}
