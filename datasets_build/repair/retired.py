"""The catalogue of what earlier tools have become, loaded from `retired.yaml`."""

import re
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from aj.files import Strict, load_yaml

CATALOGUE = Path(__file__).parent / "retired.yaml"


class Mapped(Strict):
    """Retired tools, and the contract's tool that does the same."""

    names: tuple[str, ...]
    to: str
    params: dict[str, tuple[str, ...]]
    defaults: dict[str, str] = Field(default_factory=dict)
    command: str | None = None
    elsewhere: str | None = None
    writes: Literal[">", ">>"] | None = None
    note: tuple[str, ...] = ()


class Windows(Strict):
    shells: tuple[str, ...]
    command: str
    request: str


class Prose(Strict):
    names: tuple[str, ...]
    marks: tuple[str, ...]
    lead: tuple[str, ...]
    code: tuple[str, ...]


class Plan(Strict):
    names: tuple[str, ...]
    lists: tuple[str, ...]
    labels: tuple[str, ...]
    text: tuple[str, ...]


class Catalogue(Strict):
    """See `retired.yaml` for the meaning of each part."""

    tools: tuple[Mapped, ...]
    write_limit: int
    agent: tuple[str, ...]
    note: tuple[str, ...]
    reasoning: tuple[str, ...]
    labels: tuple[str, ...]
    windows: Windows
    prose: Prose
    plan: Plan
    unmapped: dict[str, str]

    @cached_property
    def by_name(self) -> dict[str, Mapped]:
        return {name: mapped for mapped in self.tools for name in mapped.names}

    @cached_property
    def windows_command(self) -> re.Pattern[str]:
        return re.compile(self.windows.command)

    @cached_property
    def windows_request(self) -> re.Pattern[str]:
        return re.compile(self.windows.request, re.IGNORECASE)


@cache
def load_retired() -> Catalogue:
    """Raises ConfigError, with file and line, on a catalogue that does not say what its schema allows."""
    return load_yaml(CATALOGUE, Catalogue)
