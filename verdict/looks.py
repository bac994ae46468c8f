"""A verdict before all is asked: looks at a growing part of a suite, each at its own level (`verdict.boundary`).

order      whole families of samples, in an order that only the frozen samples decide, so that every part of the
           suite is like the whole
passing    each check at its own look: promotion needs all of them, an intersection-union test, and each errs no
           more often than its alpha, whenever the others pass. What has passed stays passed. A look at which not
           even the same answers would pass is no look, and spends nothing
slices     are not shown to hold, so they must hold at the look that decides
failing    Holm's method at the level of the look. A margin that is not strict fails before the last look only if
           the drop is beyond the margin, since a smaller one may still pass
too few    a metric with less than the policy's `min_samples` is not looked at
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from aj.files import digest
from verdict.boundary import levels
from verdict.gate import Decided, Demand, Levels, decide
from verdict.policy import Policy
from verdict.scores import ALL

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of a task's samples, at least, that a look has."""

Key = tuple[str, str, str]
"""Of a demand: metric, rule, slice."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known at one look."""

    demands: Sequence[Demand]
    shares: Mapping[str, float]
    """Task -> share of its samples that was asked; what is as it was at the look before is not looked at again."""


def parts(records: Sequence[Mapping[str, Any]], shares: Sequence[float] = SHARES) -> list[list[str]]:
    """The ids of the frozen samples of a task at each look, each part within the next; the last has all.

    Families are spread evenly by the first slice of their samples (the category, the pattern), so that every part has
    about its share of each.
    """
    families: dict[str, list[str]] = {}
    strata: dict[str, dict[str, None]] = {}
    for record in records:
        families.setdefault(record["template"], []).append(record["id"])
    for record in sorted(records, key=lambda record: digest(record["template"], sorted(families[record["template"]]))):
        strata.setdefault(_stratum(record), {})[record["template"]] = None
    place: dict[str, float] = {}
    for within in strata.values():
        for number, family in enumerate(within):
            start = int(digest("start", family), 16) / 16 ** len(digest("start", family))
            place.setdefault(family, (number + start) / len(within))
    found: list[list[str]] = []
    taken: list[str] = []
    waiting = sorted(families, key=lambda family: place[family], reverse=True)
    for share in shares:
        while waiting and len(taken) < share * len(records):
            taken += families[waiting.pop()]
        found.append(list(taken))
    return found


def _stratum(record: Mapping[str, Any]) -> str:
    return str(next(iter(record["slice"].values()), ""))


def follow(looks: Iterable[Look], policy: Policy) -> Iterator[list[Decided]]:
    """What is decided after each look, in the order of its demands."""
    passed: dict[Key, Decided] = {}
    seen: dict[Key, _Seen] = {}
    for look in looks:
        asked = {demand.metric: demand.estimate.n for demand in look.demands if demand.slice == ALL}
        told = [
            _looked(seen.setdefault(_key(demand), _Seen()), demand, look, asked[demand.metric], policy)
            for demand in look.demands
        ]
        decided = [
            one if one.state == "failed" or one.demand.rule == "slice" else passed.get(_key(one.demand), one)
            for one in decide([_early(demand, look) for demand in look.demands], policy, told)
        ]
        passed |= {_key(one.demand): one for one in decided if one.state == "passed"}
        yield decided


def _key(demand: Demand) -> Key:
    return demand.metric, demand.rule, demand.slice


@dataclass(slots=True)
class _Seen:
    """The shares at which a demand was looked at so far."""

    share: float = 0.0
    passing: tuple[float, ...] = ()
    failing: tuple[float, ...] = ()


def _looked(seen: _Seen, demand: Demand, look: Look, asked: int, policy: Policy) -> Levels:
    """The levels of a demand at this look, which is noted."""
    share = look.shares[demand.metric.split("/")[0]]
    if share > seen.share and asked >= policy.evidence.min_samples:
        seen.failing = (*seen.failing, share)
        if share == 1 or _same_would_pass(demand, levels((*seen.passing, share), 1 - policy.confidence)[-1]):
            seen.passing = (*seen.passing, share)
    seen.share = share
    return Levels(
        *(partial(_level, shares if shares[-1:] == (share,) else ()) for shares in (seen.passing, seen.failing))
    )


def _level(shares: tuple[float, ...], alpha: float) -> float:
    return levels(shares, alpha)[-1] if shares else 0.0


def _same_would_pass(demand: Demand, level: float) -> bool:
    """Would the same answers pass a margin, only right ones a floor, only better ones where an improvement is due?"""
    best = 0.0 if demand.rule == "margin" else 1.0
    lowest = 0.0 if demand.rule == "floor" else -1.0
    return demand.estimate.below.agreed(best - lowest).p_value(best - demand.threshold) < level


def _early(demand: Demand, look: Look) -> Demand:
    within = demand.rule == "margin" and not demand.strict and look.shares[demand.metric.split("/")[0]] < 1
    return replace(demand, tolerated=-demand.threshold) if within else demand
