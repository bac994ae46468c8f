"""The catalogue of what calls of earlier tools mean, loaded from `retired.yaml`."""

import re
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from aj.files import Strict, load_yaml
from aj.meaning import ActKind

CATALOGUE = Path(__file__).parent / "retired.yaml"


class Retired(Strict):
    """Tools of earlier catalogues, and the act that their calls mean."""

    names: tuple[str, ...]
    to: ActKind
    params: dict[str, tuple[str, ...]]
    defaults: dict[str, str] = Field(default_factory=dict)
    command: str | None = None
    elsewhere: ActKind | None = None
    writes: Literal[">", ">>"] | None = None
    note: tuple[str, ...] = ()


class EarlierKeys(Strict):
    tool: tuple[str, ...]
    params: tuple[str, ...]


class WindowsSigns(Strict):
    shells: tuple[str, ...]
    command: str
    request: str


class ProseForm(Strict):
    names: tuple[str, ...]
    marks: tuple[str, ...]
    lead: tuple[str, ...]
    code: tuple[str, ...]
    examples: tuple[str, ...]
    tagged: tuple[str, ...]


class PlanForm(Strict):
    names: tuple[str, ...]
    lists: tuple[str, ...]
    labels: tuple[str, ...]
    text: tuple[str, ...]
    detail: tuple[str, ...]
    order: tuple[str, ...]
    order_of_steps: tuple[str, ...]
    endings: tuple[str, ...]


class Catalogue(Strict):
    """See `retired.yaml` for the meaning of each part."""

    tools: tuple[Retired, ...]
    write_limit: int
    keys: EarlierKeys
    agent: tuple[str, ...]
    note: tuple[str, ...]
    reasoning: tuple[str, ...]
    labels: tuple[str, ...]
    windows: WindowsSigns
    prose: ProseForm
    plan: PlanForm
    unmapped: dict[str, str]

    @cached_property
    def by_name(self) -> dict[str, Retired]:
        return {name: tool for tool in self.tools for name in tool.names}

    @cached_property
    def windows_command(self) -> re.Pattern[str]:
        return re.compile(self.windows.command)

    @cached_property
    def windows_request(self) -> re.Pattern[str]:
        return re.compile(self.windows.request, re.IGNORECASE)


@cache
def load_retired() -> Catalogue:
    """Raises ConfigError, with file and line, if the catalogue does not fit its schema."""
    return load_yaml(CATALOGUE, Catalogue)
