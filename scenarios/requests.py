"""Everyday requests (`intents.yaml`): an intent in a user's words, its command, and the facts of a true answer."""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from aj.acts import here, on, on_all
from aj.files import Strict, load_yaml
from aj.splits import Split, SplitTexts
from fleet.linux.usage import human_memory, used
from fleet.model import Host
from fleet.workspace import FOLDER
from scenarios.scenario import AnswerKind, Stage
from scenarios.smalltalk import small_talk

Scope = Literal["fleet", "host", "local"]
HostReference = Literal["host", "again", "ordinal", "box"]
ORDINALS = ("first", "second", "third", "fourth")
PLAIN = frozenset({"disk", "memory", "load", "service", "log"})
"""Intents whose values are plain words and numbers; all other values are names, written as inline code."""


class RequestIntent(Strict):
    """One kind of request: its command and its phrasings."""

    scopes: tuple[Scope, ...]
    command: str
    why: str
    train: tuple[str, ...]
    eval: tuple[str, ...]

    def texts(self, split: Split) -> tuple[str, ...]:
        return self.train if split == "train" else self.eval


class PlaceTexts(Strict):
    fleet: SplitTexts
    host: SplitTexts
    again: SplitTexts
    ordinal: SplitTexts
    box: SplitTexts


class IntentCatalogue(Strict):
    places: PlaceTexts
    intents: dict[str, RequestIntent]


@cache
def catalogue() -> IntentCatalogue:
    return load_yaml(Path(__file__).parent / "intents.yaml", IntentCatalogue)


def ask(stage: Stage, intent: str, host: str | None = None, place: HostReference = "host") -> str:
    """Add a turn that asks for `intent`: about `host`, or about the whole fleet (or the workspace) if it is None.

    `place` says how the host is referred to: by name, "again" for the host of the previous turn, by its position in the
    list, or as "the box". Returns the service that was asked about ("" for none).
    """
    entry = catalogue().intents[intent]
    local = entry.scopes == ("local",)
    scope: Scope = "local" if local else "host" if host else "fleet"
    service = stage.rng.choice(sorted(stage.hosts[host].services)) if host else ""
    command = entry.command.replace("{service}", service)
    known = facts(stage, intent, host, service)
    number = stage.rng.randrange(len(entry.texts(stage.split)))
    kinds: dict[str, AnswerKind] = {"count": "count", "restart": "restart"}
    steps = [] if not command else [here(command)] if local else [on(host, command) if host else on_all(command)]
    if intent == "restart" and host:
        at = f"{host}/services/{service}"
        stage.goal(f"{at}/restarts", str(stage.hosts[host].services[service].restarts + 1), [f"{at}/*"])
        stage.goal(f"{at}/state", "active")
    stage.turn(
        [entry.texts(stage.split)[number].replace("{where}", _place(stage, host, place))],
        steps,
        known,
        _items(intent, known, service),
        entry.why,
        kind=kinds.get(intent, "facts"),
        count=len(known) if intent == "count" else None,
        phrasing=f"{intent}.{scope}.{stage.split}.{number}",
        service=service,
    )
    return service


def talk(stage: Stage) -> None:
    """Add small talk, which needs no tool."""
    talks = small_talk().train if stage.split == "train" else small_talk().eval
    chosen = stage.rng.choice(talks)
    stage.turn(
        [chosen.text], [], {}, chosen.reply, "", kind="plain", phrasing=f"smalltalk.{stage.split}.{talks.index(chosen)}"
    )


def _place(stage: Stage, host: str | None, place: HostReference) -> str:
    places = catalogue().places
    if host is None:
        return stage.rng.choice(places.fleet.of(stage.split))
    text = stage.rng.choice(getattr(places, place).of(stage.split))
    names = list(stage.hosts)
    nth = ORDINALS[names.index(host)]
    if host == names[-1] and stage.rng.random() < 0.5:
        nth = "last"
    return text.replace("{host}", host).replace("{nth}", nth)


# What an answer must say about a host, by intent: read from the world's state, never from a transcript.
_FACTS: dict[str, Callable[[Host, str], tuple[str, ...]]] = {
    "disk": lambda host, _: (f"{host.percent()}%",),
    "memory": lambda host, _: (human_memory(used(host)),),
    "load": lambda host, _: (f"{host.load:.2f}",),
    "hostname": lambda host, _: (host.name,),
    "service": lambda host, service: (host.services[service].state,),
    "restart": lambda host, service: (service,),
    "files": lambda host, _: _names(host, "/srv/app"),
    "log": lambda host, _: (host.files["/var/log/app.log"].content.splitlines()[-1].split(" ", 1)[1],),
    "workspace": lambda host, _: _names(host, FOLDER),
    "count": lambda host, _: (host.name,),
}


def facts(stage: Stage, intent: str, host: str | None, service: str) -> dict[str, tuple[str, ...]]:
    """What a true answer says: host name -> values (a local request has the single key "")."""
    read = _FACTS[intent]
    if catalogue().intents[intent].scopes == ("local",):
        return {"": read(stage.local, service)}
    return {name: read(stage.hosts[name], service) for name in ([host] if host else stage.hosts)}


def _names(host: Host, folder: str) -> tuple[str, ...]:
    """What `ls` shows for a folder."""
    below = [path.removeprefix(f"{folder}/") for path in host.files if path.startswith(f"{folder}/")]
    return tuple(sorted({name.split("/", 1)[0] for name in below}))


def _items(intent: str, known: dict[str, tuple[str, ...]], service: str) -> str:
    def values(of: tuple[str, ...]) -> str:
        return ", ".join(of) if intent in PLAIN else ", ".join(f"`{value}`" for value in of)

    if intent in ("hostname", "count"):
        return listed(known)
    if intent == "restart":
        return f"`{service}` on `{next(iter(known))}`"
    if intent == "service":
        return ", ".join(f"`{service}` on `{name}` is {values(of)}" for name, of in known.items())
    return ", ".join(f"`{name}` {values(of)}" if name else values(of) for name, of in known.items())


def listed(names: Iterable[str]) -> str:
    """`a`, `b` and `c`."""
    shown = [f"`{name}`" for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
