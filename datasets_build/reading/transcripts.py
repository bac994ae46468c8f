"""What a source's record would teach, exactly as it is: the stage between the file and the row.

A source parses its records into transcripts and preferences. The linter reads them with their faults; the repair turns
them into rows (`aj.messages`), or says why it cannot.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from aj.messages import Call, Layout, Message, Mode, Role
from datasets_build.ledger import Refused


class Turn(Struct, frozen=True):
    """One turn of a record, verbatim."""

    role: Role
    text: str = ""
    """What is read or written; of an assistant turn with a `call`, the words beside the call."""
    call: Call | None = None
    """A call that the record states as an object (`tool_calls`, `function_call`), with unchanged names and arguments.
    A call within the text (AJ's wire form) is left in `text`."""
    tool: str | None = None
    """The tool of a result."""
    key: str = ""
    """The id that a call and its result share; empty if the record gives them none."""
    thought: str = ""
    """What was thought before words that are no call; a call has its `reasoning`."""
    target: bool = True
    """Whether an assistant turn is trained on; demonstrations and cut-off turns are not."""
    context: bool = False
    """Whether an assistant turn that is no target stays in the row for the later ones to follow on, as the record asks
    (`weight: 0`); others are cut out, and what rests on them with them."""


class Transcript(Struct, frozen=True):
    """One conversation of a record."""

    turns: tuple[Turn, ...]
    mode: Mode = "step"
    layout: Layout = "dialogue"
    system: str = ""
    tools: tuple[dict[str, Any], ...] = ()
    """The tools that the record itself declares: {"name", "description", "parameters": JSON Schema}."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """`source`, `licence`, `teacher`, `origin` (id in the source), `quality` and the like."""


class Preference(Struct, frozen=True):
    """One prompt and two final assistant turns, of which the first is preferred."""

    turns: tuple[Turn, ...]
    chosen: Turn
    rejected: Turn
    mode: Mode = "step"
    layout: Layout = "dialogue"
    metadata: dict[str, Any] = field(default_factory=dict)


Parsed = Transcript | Preference | Refused
"""What `parse(record)` of a source yields: one item for each conversation of the record, and at least one for each
record, since a refusal is counted and never dropped in silence."""

Change = Callable[[Parsed], Parsed]
"""Made to what a record says before it is repaired, such as the removal of private data."""

Reader = Callable[[Mapping[str, Any]], Transcript | Preference]


def one_conversation(read: Reader, value: Mapping[str, Any]) -> Iterator[Parsed]:
    """What `read` makes of a record that holds one conversation, or the reason why it makes nothing."""
    try:
        yield read(value)
    except Refused as refused:
        yield refused
    except RecursionError:
        yield Refused("nested_too_deep", "the record is nested too deeply to be read")


def message_of(turn: Turn) -> Message:
    """A turn as a row holds it; the words beside a call are its note."""
    if turn.call is not None:
        return Message(turn.role, call=call_with_note(turn), learned=not turn.context)
    return Message(turn.role, turn.text, tool=turn.tool, learned=not turn.context)


def call_with_note(turn: Turn) -> Call | None:
    """The call that a turn states, with the words beside it as its note."""
    return replace(turn.call, note=turn.text) if turn.call and turn.text else turn.call


def turn_of(message: Message) -> Turn:
    """A row's message as a turn; a call's note is the words beside it."""
    if message.call is None:
        turn = Turn(message.role, message.content, tool=message.tool)
    elif not message.call.note:
        turn = Turn(message.role, call=message.call)
    else:
        turn = Turn(message.role, message.call.note, replace(message.call, note=None))
    return turn if message.learned else replace(turn, target=False, context=True)
