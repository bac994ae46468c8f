"""All templates by name, and scenarios by their reference."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from aj.fleet import templates as package
from aj.fleet.scenarios import TEMPLATES, Scenario, Template

CATEGORIES = (
    "multi_agent_health",
    "targeted_diagnosis",
    "disk_space",
    "process_hunting",
    "log_investigation",
    "service_management",
    "config_comparison",
    "deployment_check",
    "local_workspace",
    "hybrid_workflow",
)
"""The strategy document's ten categories."""


@cache
def templates() -> Mapping[str, Template]:
    """Every template, in order of name; importing a module of `aj.fleet.templates` registers what it holds."""
    folder = Path(next(iter(package.__path__)))
    for path in sorted(folder.glob("*.py")):
        if path.stem != "__init__":
            import_module(f"{package.__name__}.{path.stem}")
    return dict(sorted(TEMPLATES.items()))


def scenario_from_record(record: Mapping[str, Any]) -> Scenario:
    """The inverse of `Scenario.to_record`; a KeyError on a record of another shape is our own fault."""
    return templates()[record["template"]].draw(record["seed"], record["persona"])
