"""Scenarios and templates: a fleet in some state, the user's requests turn by turn, and what is true and right.

A template (in `trained_on`, `held_out` or `both`) and a seed determine a scenario; templates build it on a `Stage`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from aj.acts import Act
from aj.personas import load_personas
from aj.splits import Split
from fleet.draw import draw_clock, draw_host
from fleet.fleet import LOCAL, Fleet
from fleet.model import Host
from fleet.names import draw_names
from fleet.workspace import draw_workspace
from scenarios.truth import Truth

Difficulty = Literal["easy", "medium", "hard"]
AnswerKind = Literal["facts", "count", "restart", "ask_back", "failed", "plain"]
"""Which of a persona's wordings an answer uses; "plain" uses none."""
StatedValues = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class ScriptedTurn:
    """One request of the user, and how the oracle deals with it."""

    text: str
    """in the persona's tone"""
    phrasing: str
    """identity of the wording, `template.number`: training and evals must not share any"""
    steps: tuple[Act, ...]
    """what the oracle does, without discovery (added when needed) and without the answer"""
    truth: Truth
    items: str
    """the content of the answer, which the persona's voice wraps"""
    why: str
    """why it matters, for users who want to learn"""
    kind: AnswerKind = "facts"
    exact: bool = False
    """the command was dictated: one with the same effect is not enough"""


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something that must be seen along the way: a tool result about `host` ("" for any) that contains `text`."""

    name: str
    host: str
    text: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a template and a seed determine."""

    template: str
    seed: int
    persona: str
    hosts: tuple[Host, ...]
    local: Host
    turns: tuple[ScriptedTurn, ...]
    goal: Mapping[str, str | None]
    """snapshot key (`fleet.snapshot`) -> value at the end; None means gone"""
    may_change: tuple[str, ...]
    """globs of snapshot keys that may change; any other change is a minefield"""
    milestones: tuple[Milestone, ...]

    def fleet(self) -> Fleet:
        """A new fleet in the initial state."""
        return Fleet(self.hosts, self.local)

    @property
    def start(self) -> dict[str, Host]:
        return {**{host.name: host for host in self.hosts}, LOCAL: self.local}

    def to_record(self) -> dict[str, str | int]:
        return {"template": self.template, "seed": self.seed, "persona": self.persona}


class Stage:
    """What a template works with: a drawn fleet to modify, and the user's turns to write."""

    def __init__(
        self, template: str, split: Split, seed: int, persona: str, size: tuple[int, int], windows: int
    ) -> None:
        self.rng = Random(f"{template}.{seed}")  # not the persona: all five personas ask the same of the same fleet
        self.split: Split = split
        self.persona, self.seed, self.template = persona, seed, template
        clock, count = draw_clock(self.rng), self.rng.randint(*size)
        names = draw_names(self.rng, split, count)
        alien = set(self.rng.sample(names, min(windows, count)))
        self.hosts = {name: draw_host(name, self.rng, "windows" if name in alien else "linux", clock) for name in names}
        self.local = draw_workspace(self.rng, clock, tuple(names))
        self.turns: list[ScriptedTurn] = []
        self._tone = Random(f"{template}.{seed}.{persona}")
        self._goal: dict[str, str | None] = {}
        self._may: list[str] = []
        self._milestones: list[Milestone] = []

    def pick(self, platform: str | None = None) -> str:
        """The name of a randomly chosen host."""
        return self.rng.choice([name for name, host in self.hosts.items() if platform in (None, host.platform)])

    def others(self, name: str) -> list[str]:
        return [other for other in self.hosts if other != name]

    def put(self, host: Host) -> Host:
        """Make `host` the initial state of the host (or workspace) with its name."""
        if host.name == LOCAL:
            self.local = host
        else:
            self.hosts[host.name] = host
        return host

    def turn(
        self,
        texts: Sequence[str],
        steps: Sequence[Act],
        stated: StatedValues,
        items: str,
        why: str,
        *,
        kind: AnswerKind = "facts",
        count: int | None = None,
        never: Sequence[str] = (),
        phrasing: str | None = None,
        exact: bool = False,
        **slots: str,
    ) -> None:
        """Add a turn: one of `texts` with its slots filled, in the persona's tone, and what the oracle does and
        says."""
        number = self.rng.randrange(len(texts))
        text = texts[number]
        for slot, value in slots.items():
            text = text.replace(f"{{{slot}}}", value)
        persona = load_personas().personas[self.persona]
        toneless = exact or kind == "plain"  # a tone would add words to the command, and small talk is used as it is
        said_so = text if toneless else persona.say(text, self.split, self._tone)
        truth = Truth(
            {name: tuple(values) for name, values in stated.items()},
            count,
            tuple(never),
            asks_back=kind == "ask_back",
            told=f"restarted {items}" if kind == "restart" else items if kind in ("facts", "failed") else "",
        )
        identity = phrasing or f"{self.template}.{self.split}.{len(self.turns)}.{number}"
        self.turns.append(ScriptedTurn(said_so, identity, tuple(steps), truth, items, why, kind, exact))

    def goal(self, key: str, value: str | None, may: Sequence[str] = ()) -> None:
        """Require an end state, and allow that key (and `may`) to change."""
        self._goal[key] = value
        self._may += [key, *may]

    def may(self, *globs: str) -> None:
        self._may += globs

    def sees(self, name: str, host: str, text: str) -> None:
        """Require that a result about `host` ("" for any) contains `text` along the way."""
        self._milestones.append(Milestone(name, host, text))

    def scenario(self) -> Scenario:
        return Scenario(
            self.template,
            self.seed,
            self.persona,
            tuple(self.hosts.values()),
            self.local,
            tuple(self.turns),
            self._goal,
            tuple(self._may),
            tuple(self._milestones),
        )


BuildScenario = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of scenario. Its `split` is explicit, and no template serves both training and evals."""

    name: str
    category: str
    split: Split
    difficulty: Difficulty
    build: BuildScenario
    size: tuple[int, int] = (2, 4)
    """minimum and maximum number of hosts"""
    windows: int = 0
    """number of hosts that run Windows"""

    @property
    def platform(self) -> str:
        """What sets it apart: "windows" if it has any such host, beside others or alone."""
        return "windows" if self.windows else "linux"

    @property
    def root(self) -> str:
        """`module:function`, where `aj.identity` starts to read what makes it; the module is to be the one that
        registers it."""
        function: str = getattr(self.build, "__qualname__", "")
        return f"{self.build.__module__}:{function.partition('.')[0]}"

    def draw(self, seed: int, persona: str) -> Scenario:
        """The scenario for a seed, always the same one."""
        stage = Stage(self.name, self.split, seed, persona, self.size, self.windows)
        self.build(stage)
        return stage.scenario()


TEMPLATES: dict[str, Template] = {}
"""Every template by name; filled by importing the modules that define them (see `scenarios.catalogue`)."""


def register(made: Template) -> None:
    assert made.name not in TEMPLATES, f"two templates are named {made.name}"
    TEMPLATES[made.name] = made


def template(
    category: str, split: Split, difficulty: Difficulty, size: tuple[int, int] = (2, 4), windows: int = 0
) -> Callable[[BuildScenario], BuildScenario]:
    """Register the decorated function as a template named `category.function`."""

    def make(build: BuildScenario) -> BuildScenario:
        name = f"{category}.{getattr(build, '__name__', 'template')}"
        register(Template(name, category, split, difficulty, build, size, windows))
        return build

    return make
