"""The policy that a candidate must meet: one YAML file (`policies/default.yaml`)."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from aj.files import Misplaced, Strict, by_name, load_yaml

MOST = 0.5
"""Largest share that a policy may let pass: of a drop, of a fall, of samples that tell nothing."""
POLICIES = Path(__file__).parent / "policies"


class Limits(Strict):
    """What a log must be to count."""

    min_samples: int = Field(ge=2, strict=True)
    """Samples per gated metric that both arms scored."""
    max_errors: float = Field(ge=0, le=MOST, strict=True)
    """Share of a log's sample epochs that ended in an error."""
    max_unscored: float = Field(ge=0, le=MOST, strict=True)
    """Share of a log's samples without a value for a gated metric."""
    any_logs: bool = Field(default=False, strict=True)
    """Whether logs count that do not say what only this project's logs say: contract, suite, run, grader. Words count
    as the numbers that Inspect takes them for ("C" is 1, "I" is 0). A verdict about them promotes nothing."""


class MetricPolicy(Strict):
    """What the policy requires of one metric."""

    margin: float = Field(gt=0, le=MOST, strict=True)
    """The largest drop that is tolerated."""
    strict: bool = Field(default=False, strict=True)
    """Whether a drop that is shown fails even inside the margin."""
    floor: float | None = Field(default=None, ge=0, lt=1, strict=True)
    improve_until: float | None = Field(default=None, gt=0, le=1, strict=True)
    """While the champion scores less than this, the candidate must be shown to be better."""
    slices: dict[str, Annotated[float, Field(gt=0, le=MOST, strict=True)]] = Field(default_factory=dict)
    """Slice name -> how far one slice may fall; beyond this, the verdict stays open even if the fall is not shown."""

    @model_validator(mode="after")
    def _floor_is_below_the_mark(self) -> "MetricPolicy":
        if self.floor is not None and self.improve_until is not None and self.floor > self.improve_until:
            raise Misplaced(
                f"it is above improve_until, {self.improve_until}, so a champion at the mark would not pass its floor; "
                "lower the floor, or raise the mark",
                "floor",
            )
        return self


class Policy(Strict):
    """What the gate requires of a candidate."""

    confidence: float = Field(ge=0.9, lt=1, strict=True)
    """Of each one-sided bound."""
    evidence: Limits
    above_noise: bool = Field(default=False, strict=True)
    """Whether every margin must be above the noise that `aj gate --aa` measured of either model (`verdict.noise`)."""
    metrics: dict[str, MetricPolicy] = Field(min_length=1)
    """Keyed by `task/metric`."""

    @field_validator("metrics")
    @classmethod
    def _names_are_paths(cls, metrics: dict[str, MetricPolicy]) -> dict[str, MetricPolicy]:
        for name in metrics:
            if not re.fullmatch(r"[^\s/]+/[^\s/]+", name):
                raise ValueError(f"{name!r} is not task/metric, without blanks")
        return metrics

    @property
    def gated(self) -> dict[str, list[str]]:
        """Task -> its gated metrics."""
        tasks: dict[str, list[str]] = {}
        for name in self.metrics:
            task, metric = name.split("/")
            tasks.setdefault(task, []).append(metric)
        return tasks


def load_policy(path: Path = Path("default")) -> Policy:
    """The policy in a file, or the one of POLICIES that has this name.

    Raises:
        ConfigError: an unknown key or a value out of range, with file and line.
    """
    return load_yaml(by_name(path, POLICIES), Policy)
