"""Noise: how far the scores of one model lie apart that was asked twice, with its server started anew in between."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from aj.errors import EvidenceError
from aj.files import write_json
from verdict.evidence import IDENTITY, Arm
from verdict.paired import Pairs, paired
from verdict.policy import Policy
from verdict.scores import ALL, TaskScores
from verdict.stats import by_family
from verdict.tables import Sheet

NOISE = "noise.json"
"""Beside the logs of the first of the two evals."""
TWO_SIDED = 1.96
"""Standard errors within which a difference stays with a probability of 95% (the normal distribution)."""
WITHIN = "≈: within the noise of one model that is asked twice (`aj gate --aa`)"
"""What the sign in tables means."""

_Share = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Noise:
    """Of one metric."""

    n: Annotated[int, Field(ge=1)]
    """Samples that both evals scored."""
    families: Annotated[int, Field(ge=1)]
    changed: Annotated[int, Field(ge=0)]
    """Samples that scored otherwise the second time."""
    difference: Annotated[float, Field(ge=-1, le=1)]
    """Of the means: the second eval's less the first's."""
    most: _Share
    """What a difference of so many samples stays within, with a probability of 95%: 1.96 sqrt(sum of squares) / n, over
    the families' sums of differences (Liang and Zeger 1986, Biometrika 73(1); the true difference is 0)."""

    def at(self, n: int) -> float:
        """The same for a difference of `n` samples."""
        return self.most * math.sqrt(self.n / n)

    def explains(self, difference: float, n: int) -> bool:
        """Whether a difference of `n` samples may be noise."""
        return abs(difference) <= self.at(n)


def measured(both: Sequence[tuple[TaskScores, TaskScores]]) -> dict[str, Noise]:
    """`task/metric` -> its noise, from two evals of one model, task by task (`verdict.compare.read_both`).

    Raises:
        EvidenceError: they are one eval, or those of two models.
    """
    for a, b in both:
        if a.created == b.created:
            raise EvidenceError(f"{a.path} and {b.path} are one eval; its noise shows when the model is asked again.")
        if apart := [key for key in IDENTITY if a.metadata.get(key) != b.metadata.get(key)]:
            raise EvidenceError(f"{a.path} and {b.path} are not of one model ({apart[0]} differs).")
    pairs = {f"{a.task}/{metric}": paired(a, b, metric) for a, b in both for metric in a.metrics}
    return {name: _noise(found[ALL]) for name, found in pairs.items() if found}


def _noise(pairs: Pairs) -> Noise:
    change = pairs.b - pairs.a
    sums, _ = by_family(change, pairs.families)
    most = TWO_SIDED * math.sqrt(float(sums @ sums)) / len(change)
    return Noise(len(change), len(sums), int(np.count_nonzero(change)), float(change.mean()), most)


def write(folder: Path, noise: Mapping[str, Noise]) -> None:
    """Store what was measured beside the logs of the first eval."""
    write_json(folder / NOISE, to_record(noise))


def to_record(noise: Mapping[str, Noise]) -> dict[str, Any]:
    """For `noise.json` and `--format json`."""
    return {name: asdict(one) for name, one in noise.items()}


def known(base: Arm, candidate: Arm) -> dict[str, Noise]:
    """`task/metric` -> the noise that was measured of either model; of both, the larger.

    Raises:
        EvidenceError: what is stored beside their logs cannot be read.
    """
    folders = dict.fromkeys(scores.path.parent for arm in (base, candidate) for scores in arm.values())
    found: dict[str, Noise] = {}
    for folder in folders:
        for name, one in _read(folder / NOISE).items():
            if name not in found or one.most > found[name].most:
                found[name] = one
    return found


def _read(path: Path) -> dict[str, Noise]:
    if not path.exists():
        return {}
    try:
        return TypeAdapter(dict[str, Noise]).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise EvidenceError(f"{path} is not what `aj gate --aa` wrote; delete it, and measure again.") from error


def unlike_the_noise(base: Arm, candidate: Arm, noise: Mapping[str, Noise], policy: Policy) -> Iterator[str]:
    """Margins that the policy wants above the noise, and that are not."""
    if not policy.above_noise:
        return
    if missing := ", ".join(name for name in policy.metrics if name not in noise):
        run = next(iter(candidate.values())).metadata.get("run") or "RUN"
        yield f"the policy asks for the noise of {missing}, which was not measured; run `aj gate --aa {run}`."
    for name, rule in policy.metrics.items():
        if name in noise and rule.margin <= noise[name].most:
            margin, told = f"{rule.margin:.2f}", f"{noise[name].most:.3f} (n = {noise[name].n})"
            yield f"{name}: its margin of {margin} is not above the noise, {told}; widen it, or use --suite full."


def table(noise: Mapping[str, Noise]) -> Sheet:
    """For the terminal."""
    told = "noise: what a difference stays within, 95 times in 100, if it is one model that is asked twice"
    sheet = Sheet("Asked twice", ["metric"], ["n", "families", "changed", "difference", "noise"], told)
    for name, one in noise.items():
        counts = f"{one.n}", f"{one.families}", f"{one.changed}"
        sheet.add(name, *counts, f"{one.difference:+.3f}", f"{one.most:.3f}")
    return sheet
