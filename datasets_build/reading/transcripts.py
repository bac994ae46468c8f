"""What a source's record would teach, as it stands: between the file and the row.

A source parses its records into these. The linter reads them as they are, faults included; the repair turns them into
rows (`aj.messages`), or says why it cannot.
"""

from dataclasses import dataclass, field
from typing import Any

from aj.messages import Call, Layout, Mode, Role


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a record, verbatim."""

    role: Role
    text: str = ""
    """What would be read or written; of an assistant turn with `call`, the words beside the call."""
    call: Call | None = None
    """A call that the record states as an object (`tool_calls`, `function_call`): names and arguments as they stand.
    A call that stands in the text (AJ's wire form) is left in `text`."""
    tool: str | None = None
    """The tool of a result."""
    target: bool = True
    """Whether an assistant turn is trained on; demonstrations and cut-off turns are not."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """One conversation of a record."""

    turns: tuple[Turn, ...]
    mode: Mode = "step"
    layout: Layout = "dialogue"
    system: str = ""
    tools: tuple[dict[str, Any], ...] = ()
    """The tools that the record itself declares: {"name", "description", "parameters": JSON Schema}."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """`source`, `licence`, `teacher`, `origin` (id in the source), `quality` and the like."""


@dataclass(frozen=True, slots=True)
class Preference:
    """One prompt and two final assistant turns, of which the first is preferred."""

    turns: tuple[Turn, ...]
    chosen: Turn
    rejected: Turn
    mode: Mode = "step"
    layout: Layout = "dialogue"
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A record, or a part of it, that no row can come from; it is counted, never dropped in silence."""

    code: str
    why: str


Parsed = Transcript | Preference | Unusable
"""What `parse(record)` of a source yields: one item for each conversation of the record, at least one a record."""
