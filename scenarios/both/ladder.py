"""Context retention: does AJ still know a fact from one to sixteen turns ago, after small talk and other requests?

A probe states the fact in the first turn and refers to it in the last one.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from aj.acts import on
from aj.files import Strict, load_yaml
from aj.splits import SplitTexts
from scenarios.both.everyday import SPLITS
from scenarios.requests import ask, catalogue, talk
from scenarios.scenario import BuildScenario, Stage, Template, register

DISTANCES = {"train": (1, 2, 3, 4, 6), "eval": (1, 2, 4, 8, 16)}
"""Turns between the fact and the question. Training uses shorter distances, so that the long ones test what was
learned."""
KNOWN = "every step so far has used these agents"


class LadderTexts(Strict):
    name_box: SplitTexts
    highest: SplitTexts
    that_service: SplitTexts


@cache
def texts() -> LadderTexts:
    return load_yaml(Path(__file__).parent / "ladder.yaml", LadderTexts)


def _distract(stage: Stage, turns: int) -> None:
    """Add the turns between the fact and the question: mostly small talk, sometimes a look at the workspace or at one
    host's log."""
    for _ in range(turns):
        kind = stage.rng.choice(("talk", "talk", "workspace", "log"))
        if kind == "talk":
            talk(stage)
        else:
            ask(stage, kind, stage.pick() if kind == "log" else None)


def _discover(stage: Stage) -> None:
    ask(stage, stage.rng.choice(("count", "disk", "load")) if stage.rng.random() < 0.7 else "count")


def count(stage: Stage, distance: int) -> None:
    """How many agents are there?"""
    _discover(stage)
    _distract(stage, distance - 1)
    ask(stage, "count")


def everything(stage: Stage, distance: int) -> None:
    """ "on all of them" """
    _discover(stage)
    _distract(stage, distance - 1)
    ask(stage, stage.rng.choice(("load", "disk", "hostname")))


def ordinal(stage: Stage, distance: int) -> None:
    """ "on the second one" """
    _discover(stage)
    _distract(stage, distance - 1)
    ask(stage, stage.rng.choice(("disk", "memory", "files")), stage.pick(), "ordinal")


def nickname(stage: Stage, distance: int) -> None:
    """The user calls a host "the box", and later asks about the box."""
    ask(stage, "count")
    host = stage.pick()
    stage.turn(texts().name_box.of(stage.split), [], {}, f"`{host}` it is", KNOWN, kind="plain", host=host)
    _distract(stage, distance - 1)
    ask(stage, stage.rng.choice(("disk", "memory", "load")), host, "box")


def again(stage: Stage, distance: int) -> None:
    """ "there too": the host of the last request about one host, with only small talk in between."""
    host = stage.pick()
    first, second = stage.rng.sample(("memory", "disk", "files", "load"), 2)
    ask(stage, first, host)
    for _ in range(distance - 1):
        talk(stage)
    ask(stage, second, host, "again")


def highest(stage: Stage, distance: int) -> None:
    """Which host was the fullest (or busiest) when it was checked?"""
    intent = stage.rng.choice(("disk", "load"))
    ask(stage, intent)
    measure: Mapping[str, Callable[[str], float]] = {
        "disk": lambda name: stage.hosts[name].percent(),
        "load": lambda name: stage.hosts[name].load,
    }
    top = max(stage.hosts, key=measure[intent])
    _distract(stage, distance - 1)
    word = {"disk": "the fullest disk", "load": "the highest load"}[intent]
    stage.turn(
        texts().highest.of(stage.split),
        [],
        {top: ()},
        f"`{top}` had {word}",
        catalogue().intents[intent].why,
        never=stage.others(top),
        thing=word,
    )


def that_service(stage: Stage, distance: int) -> None:
    """ "restart that service": the one whose state was asked about."""
    host = stage.pick()
    service = ask(stage, "service", host)
    for _ in range(distance - 1):
        talk(stage)
    at = f"{host}/services/{service}"
    stage.goal(f"{at}/restarts", "1", [f"{at}/*"])
    stage.goal(f"{at}/state", "active")
    stage.turn(
        texts().that_service.of(stage.split),
        [on(host, f"systemctl restart {service}")],
        {host: (service,)},
        f"`{service}` on `{host}`",
        catalogue().intents["restart"].why,
        kind="restart",
    )


def nothing_known(stage: Stage, distance: int) -> None:
    """Nothing has been discovered yet, only small talk: AJ must discover or ask, not invent."""
    for _ in range(distance - 1):
        talk(stage)
    ask(stage, stage.rng.choice(("disk", "load", "hostname", "count")))


PROBES: dict[str, Callable[[Stage, int], None]] = {
    "count": count,
    "all": everything,
    "ordinal": ordinal,
    "nickname": nickname,
    "again": again,
    "highest": highest,
    "that_service": that_service,
    "nothing_known": nothing_known,
}


def _at(probe: Callable[[Stage, int], None], distance: int) -> BuildScenario:
    return lambda stage: probe(stage, distance)


for split in SPLITS:
    for name, probe in PROBES.items():
        for distance in DISTANCES[split]:
            register(Template(f"ladder.{split}_{name}_{distance}", "ladder", split, "easy", _at(probe, distance)))
