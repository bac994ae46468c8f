"""Agents that change only the oracle's answers: a true answer in any form scores 1, a false one in the right form 0."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from evals.agents.true_answer import Alter
from evals.agents.truth_breaking import TRUTH_BREAKING, unlooked
from evals.agents.truth_keeping import STYLE_CHANGED, TRUTH_KEEPING
from evals.sittings import Judged, Sitting, judge, played, samples, sit
from loop.selfcheck.found import Kind, Mean, Miss

CHANGES: dict[Kind, dict[str, Alter]] = {"truth_keeping": TRUTH_KEEPING, "truth_breaking": TRUTH_BREAKING}
UNLOOKED = "unlooked"
"""The one agent of the kind that is played: it changes what AJ does, not what it says."""

FALSE = {
    "tool_format": ("right",),
    "known_issues": ("right",),
    "context_retention": ("answered",),
    "persona": ("match", "facts"),
    "task_success": ("success",),
}
"""Task -> the metrics that a false answer must score 0 on; the others tell of its form and of what was done."""
STYLE = ("match", "style")
"""Metrics of persona that an agent in STYLE_CHANGED need not reach."""
FEWEST = 5
"""An agent that changes fewer samples of a whole suite than these says nothing about the scorers."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a sample scored with an agent's answer in it."""

    kind: Kind
    agent: str
    task: str
    sample: str
    answer: str
    judged: Judged

    def expected(self, metric: str) -> float | None:
        """The value that is right for a metric; None if any is, as where it was not asked for."""
        if math.isnan(self.judged.values[metric]):
            return None
        if self.kind == "truth_keeping":
            out_of_scope = self.task == "persona" and self.agent in STYLE_CHANGED and metric in STYLE
            return None if out_of_scope else 1.0
        return 0.0 if metric in FALSE[self.task] else None

    @property
    def miss(self) -> Miss | None:
        wrong = tuple(key for key, value in self.judged.values.items() if self.expected(key) not in (None, value))
        if not wrong:
            return None
        return Miss(self.kind, self.agent, self.task, self.sample, wrong, self.answer, self.judged.why)


def agents_of(kind: Kind) -> list[str]:
    """The names of a kind's agents."""
    return [*CHANGES[kind], *([UNLOOKED] if kind == "truth_breaking" else [])]


def try_part(
    task: str, suite: str, contract: str, limit: int | None, part: int, parts: int, agents: dict[Kind, list[str]]
) -> list[Tried]:
    """Try agents on every `parts`-th sample of a task, from the `part`-th on."""
    chosen = samples(task, suite, contract)[:limit][part::parts]
    return [tried for sample in chosen for tried in _try(sit(task, sample), agents)]


def _try(sitting: Sitting, agents: dict[Kind, list[str]]) -> Iterator[Tried]:
    for kind, names in agents.items():
        for name in names:
            if name == UNLOOKED:
                yield from _unlooked(sitting)
                continue
            # Each draws for itself, so that no agent changes what another one says.
            answers = _answers(sitting, kind, CHANGES[kind][name], Random(f"{sitting.sample}.{name}"))
            if answers:
                shown = "\n".join(answers.values())
                yield Tried(kind, name, sitting.task, sitting.sample, shown, sitting.judge(answers))


def _answers(sitting: Sitting, kind: Kind, change: Alter, rng: Random) -> dict[int, str]:
    """The changed answers: all that keep the truth, or one that breaks it."""
    changed = {place: answer for place, told in sitting.told if (answer := change(told, rng)) not in (None, told.text)}
    if kind == "truth_breaking" and changed:
        place = rng.choice(sorted(changed))
        return {place: changed[place]}
    return changed


def _unlooked(sitting: Sitting) -> Iterator[Tried]:
    """Touches the samples in which the oracle makes a call before it answers."""
    if not sitting.looks:
        return
    state = played(unlooked, sitting.task, sitting.played)
    judged = judge(sitting.task, state)
    yield Tried("truth_breaking", UNLOOKED, sitting.task, sitting.sample, judged.answer, judged)


def summarise(tried: Iterable[Tried], agents: dict[Kind, list[str]]) -> list[Mean]:
    """The mean of every metric with a right value, by agent and task; with the samples that each agent touched."""
    found: dict[tuple[Kind, str, str, str], list[float]] = defaultdict(list)
    for one in tried:
        for metric, value in one.judged.values.items():
            if one.expected(metric) is not None:
                found[one.kind, one.agent, one.task, metric].append(value)
    means = []
    for (kind, agent, task, metric), values in found.items():
        right = 1.0 if kind == "truth_keeping" else 0.0
        means.append(Mean(kind, agent, task, metric, sum(values) / len(values), len(values), right, right))
    order = {name: place for place, name in enumerate(name for names in agents.values() for name in names)}
    return sorted(means, key=lambda mean: order[mean.agent])


def idle(tried: Iterable[Tried], agents: dict[Kind, list[str]]) -> list[str]:
    """Agents that changed hardly any sample."""
    touched: dict[str, int] = defaultdict(int)
    for one in tried:
        touched[one.agent] += 1
    return [name for names in agents.values() for name in names if touched[name] < FEWEST]
