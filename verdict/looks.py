"""A verdict before all is asked: looks at a growing part of a suite, each at its own level (`verdict.boundary`).

order      whole families of samples, in an order that only the frozen samples decide
passing    each check at its own look: promotion needs all of them (an intersection-union test), and each passes a
           worse candidate with at most its alpha, whenever the others pass. What has passed stays passed, and a
           task in which all has passed is asked no further
slices     are not shown to hold, so they must hold when their task is asked no further; before the last look, only
           if half of it was asked (four samples of a slice say nothing), and by half of what is allowed (several
           looks are several chances)
failing    Holm's method at the levels of the look. A margin that is not strict fails before the last look only if
           the drop is beyond the margin, since a smaller one may still pass
too few    a metric with less than the policy's `min_samples` is not looked at
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aj.files import digest
from verdict.boundary import levels
from verdict.checks import Decided, Demand, Level, decide
from verdict.policy import Policy
from verdict.scores import ALL

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of a task's samples, at least, that a look has."""
SLICES_FROM = 0.5
"""The share of its task from which a slice can pass."""

_Key = tuple[str, str, str]
"""Of a demand: metric, rule, slice."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known at one look."""

    demands: Sequence[Demand]
    shares: Mapping[str, float]
    """Task -> share of its samples that was asked; what is as it was at the look before is not looked at again."""


def samples_by_look(records: Sequence[Mapping[str, Any]], shares: Sequence[float] = SHARES) -> list[list[str]]:
    """The ids of the frozen samples of a task at each look, each with those of the look before; the last has all.

    Families are spread evenly by the first slice of their samples (the category, the pattern), so that every look has
    about its share of each.
    """
    families: dict[str, list[str]] = {}
    strata: dict[str, dict[str, None]] = {}
    for record in records:
        families.setdefault(record["template"], []).append(record["id"])
    chance = {family: int(digest(family, sorted(ids))[:8], 16) / 16**8 for family, ids in families.items()}
    for record in records:
        strata.setdefault(str(next(iter(record["slice"].values()), "")), {})[record["template"]] = None
    place: dict[str, float] = {}
    for within in strata.values():
        for number, family in enumerate(sorted(within, key=lambda family: chance[family])):
            place.setdefault(family, (number + chance[family]) / len(within))
    found: list[list[str]] = []
    taken: list[str] = []
    waiting = sorted(families, key=lambda family: place[family], reverse=True)
    for share in shares:
        while waiting and len(taken) < share * len(records):
            taken += families[waiting.pop()]
        found.append(list(taken))
    return found


def follow(looks: Iterable[Look], policy: Policy) -> Iterator[list[Decided]]:
    """What is decided after each look, in the order of its demands."""
    passed: dict[_Key, Decided] = {}
    looked: dict[str, tuple[float, ...]] = {}
    for look in looks:
        asked = {demand.metric: demand.estimate.n for demand in look.demands if demand.slice == ALL}
        share = {metric: look.shares[metric.split("/")[0]] for metric in asked}
        for metric in asked:
            before = looked.setdefault(metric, ())
            if asked[metric] >= policy.evidence.min_samples and share[metric] > (0.0, *before)[-1]:
                looked[metric] = (*before, share[metric])
        demands = [_early(demand, share[demand.metric]) for demand in look.demands]
        told = [_level(looked[demand.metric], share[demand.metric]) for demand in demands]
        decided = [
            _now(one, share[one.demand.metric], passed.get(_key(one.demand))) for one in decide(demands, policy, told)
        ]
        passed |= {_key(one.demand): one for one in decided if one.state == "passed"}
        yield decided


def _key(demand: Demand) -> _Key:
    return demand.metric, demand.rule, demand.slice


def _level(shares: tuple[float, ...], share: float) -> Level:
    """Of the last of `shares`; nothing is decided at a share that is none of them."""
    return lambda alpha: levels(shares, alpha)[-1] if shares[-1:] == (share,) else 0.0


def _now(one: Decided, share: float, passed: Decided | None) -> Decided:
    """What was just decided, or the look at which it passed."""
    if one.demand.rule == "slice":
        return replace(one, state="open") if one.state == "passed" and share < SLICES_FROM else one
    return one if one.state == "failed" or passed is None else passed


def _early(demand: Demand, share: float) -> Demand:
    """What is asked before the last look."""
    if share < 1 and demand.rule == "slice":
        return replace(demand, threshold=demand.threshold / 2)
    if share < 1 and demand.rule in ("margin", "best") and not demand.strict:
        return replace(demand, tolerated=-demand.threshold)
    return demand
