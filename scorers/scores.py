"""Findings as an Inspect score: the value, the failure code of a wrong sample, and the reasons."""

from collections.abc import Sequence

from inspect_ai.scorer import Metric, Score, grouped, mean, stderr

from aj.findings import Finding

CLUSTER = "family"
"""Samples drawn from one phrasing fail together: standard errors are clustered by it."""


def metrics(*keys: str, by: str | None = None) -> dict[str, list[Metric]]:
    """Mean and clustered standard error of each key, and the mean by the sample metadata `by`; the first key is the
    headline. Intervals: `aj board`."""
    groups = [grouped(mean(), by, all=False)] if by else []
    return {key: [mean(), stderr(cluster=CLUSTER), *groups] for key in keys}


def score(values: dict[str, bool], findings: Sequence[Finding], answer: str, code: str | None = None) -> Score:
    """A dict score; `code` names the failure when it is not the first finding's."""
    shown = [{"code": f.code, "why": f.why, "fix": f.fix} for f in findings]
    failed = not all(values.values())
    return Score(
        value={key: float(right) for key, right in values.items()},
        answer=answer,
        explanation="\n".join(f"{f.code}: {f.why}. {f.fix}." for f in findings) or "nothing to object to",
        metadata={"code": (code or (findings[0].code if findings else "other")) if failed else None, "findings": shown},
    )
