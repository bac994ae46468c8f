"""Looks up templates by name, and restores scenarios from records."""

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from aj.splits import Split
from scenarios.scenario import TEMPLATES, Scenario, Template

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


FOLDERS: Mapping[Split, tuple[str, ...]] = {
    "train": ("scenarios.both", "scenarios.trained_on"),
    "eval": ("scenarios.both", "scenarios.held_out"),
}
"""Packages whose modules register the templates of a split; those in `both` register one for each split."""


@cache
def templates(split: Split | None = None) -> Mapping[str, Template]:
    """The templates of a split (default: all), sorted by name.

    The modules are imported here, by split, so that building training data never loads a held-out template.
    """
    for package in dict.fromkeys(name for of, names in FOLDERS.items() if split in (None, of) for name in names):
        for module in iter_modules(import_module(package).__path__, f"{package}."):
            import_module(module.name)
    return {name: made for name, made in sorted(TEMPLATES.items()) if split in (None, made.split)}


def scenario_from_record(record: Mapping[str, Any]) -> Scenario:
    """The inverse of `Scenario.to_record`; a KeyError on a record of another shape is our own fault."""
    return _kept(record["template"], record["seed"], record["persona"])


@lru_cache(maxsize=1024)  # a whole suite: each scenario is needed to identify a sample, to play it and to score it
def _kept(template: str, seed: int, persona: str) -> Scenario:
    return templates()[template].draw(seed, persona)
