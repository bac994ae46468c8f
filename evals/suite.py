"""The tasks of the suite, what grades them, and those in which the agent acts in the fleet."""

from typing import Any, Literal

from scenarios.catalogue import CATEGORIES

TASKS = ("tool_format", "known_issues", "context_retention", "persona", "task_success")
GRADERS = {
    "tool_format": "scorers.valid_reply",
    "known_issues": "scorers.no_known_issue",
    "context_retention": "scorers.context_kept",
    "persona": "scorers.persona_match",
    "task_success": "scorers.task_done",
}
"""The module of each task's scorer."""
LOOPED = ("context_retention", "task_success")
"""Tasks in which the agent acts in the fleet; in the others it replies once."""

Suite = Literal["small", "full", "practice"]

ASKED_IN = {"everyday": {"everyday"}, "incidents": set(CATEGORIES)}
"""Metric -> the categories of tasks that ask for it; the others are asked of every sample of their task."""


def asks(metric: str, record: dict[str, Any]) -> bool:
    """Does a frozen sample ask for this metric? Right for every metric of the default policy."""
    return metric not in ASKED_IN or record["slice"]["category"] in ASKED_IN[metric]
