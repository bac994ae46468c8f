"""The tasks of the suite, what grades them, and those in which the agent acts in the fleet."""

from typing import Literal

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
