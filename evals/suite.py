"""The suite: which tasks it has, and in which of them the agent acts in the fleet."""

TASKS = ("tool_format", "known_issues", "context_retention", "persona", "task_success")
LOOPED = ("context_retention", "task_success")
"""Tasks in which the agent acts in the fleet; in the others it says one thing."""
