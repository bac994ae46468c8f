"""Turns findings into an Inspect score: the values, the failure code, the reasons, and the grader."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inspect_ai.scorer import Metric, Score, grouped, mean, stderr

from aj.errors import DataError
from aj.findings import Finding
from aj.identity import identity
from fleet.gaps import Gap, named
from scorers.samples import Case, case_of, world
from scorers.stops import UNJUDGED

CLUSTER = "family"
"""Samples drawn from one template fail together, so standard errors are clustered by it."""


def metrics(*keys: str, by: str | None = None) -> dict[str, list[Metric]]:
    """Mean and clustered standard error of each key, and the mean by the sample metadata `by`; the first key is the
    headline. Intervals: `aj board`."""
    groups = [grouped(mean(), by, all=False)] if by else []
    return {key: [mean(), stderr(cluster=CLUSTER), *groups] for key in keys}


@dataclass(frozen=True, slots=True)
class Grader:
    """Creates a scorer's scores; each names the grader, that is, the code that gave it."""

    id: str

    def case(self, metadata: dict[str, Any]) -> Case:
        """The sample's case.

        Raises:
            DataError: its template or its contract has changed since the sample was asked, and with it the truth.
        """
        scenario = metadata["scenario"]
        if metadata["world"] != world(**scenario, contract=metadata["contract"]):
            raise DataError(
                f"{scenario['template']} or the contract has changed since this sample was asked; run `aj eval` again."
            )
        return case_of(metadata)

    def score(
        self,
        values: Mapping[str, bool | None],
        findings: Sequence[Finding],
        answer: str,
        code: str | None = None,
        **more: Any,
    ) -> Score:
        """A dict score.

        Args:
            values: None for what the sample does not ask; it becomes NaN, which Inspect leaves out (None would be a 0).
            code: names the failure when it is not the first finding's.
            more: metadata of the score.
        """
        shown = [{"code": f.code, "why": f.why, "fix": f.fix} for f in findings]
        failure = code or (findings[0].code if findings else "other")
        failed = any(right is False for right in values.values())
        scored = Score(
            value={key: math.nan if right is None else float(right) for key, right in values.items()},
            answer=answer,
            explanation="\n".join(f"{f.code}: {f.why}. {f.fix}." for f in findings) or "no problems found",
            metadata={"code": failure if failed else None, "findings": shown, **more},
        )
        return self.sign(scored)

    def stopped(self, stop: str, answer: str, *keys: str) -> Score:
        """The score of a reply that something else ended than the model (`scorers.stops.stopped`)."""
        if stop in UNJUDGED:
            return self.unscored(stop, UNJUDGED[stop])
        cut = Finding(stop, "the reply did not come to its end", "say less")
        return self.score(dict.fromkeys(keys, False), [cut], answer)

    def unscored(self, code: str, why: str) -> Score:
        """For what nobody can judge: Inspect counts it, and leaves it out of every mean."""
        return self.sign(Score.unscored(reason=code, explanation=why))

    def gap(self, gaps: Sequence[Gap]) -> Score:
        """For a command that a real host has and the fleet lacks."""
        return self.unscored("fleet_gap", f"{UNJUDGED['fleet_gap']}: {named(gaps)}")

    def sign(self, scored: Score) -> Score:
        """The score with the grader's name in it, under a key so short that it stays in sample summaries."""
        scored.metadata = {**(scored.metadata or {}), "grader": self.id}
        return scored


def grader(module: str) -> Grader:
    """The grader that a scorer's module is; a scorer asks when it is made, while its code is what was loaded."""
    return Grader(identity(module))
