"""The one form that all chats lead to: who said what, thought what, called what and got what back."""

from typing import Any, Literal

from msgspec import Struct, field

Speaker = Literal["system", "user", "assistant", "tool"]


class Stated(Struct, frozen=True):
    """A call as the record states it."""

    tool: str
    arguments: Any = None
    """An object, JSON text, JSON text in a JSON text, or nothing."""
    key: str = ""
    """The id that its result refers to."""


class Utterance(Struct, frozen=True):
    """One message."""

    role: Speaker
    text: str = ""
    thought: str = ""
    calls: tuple[Stated, ...] = ()
    tool: str = ""
    """Of a result: the tool, if it is named."""
    key: str = ""
    """Of a result: the id of its call, if it is given."""
    learned: bool = True
    """Whether the record lets a model learn it."""


class Talk(Struct, frozen=True):
    """One conversation of a record, with the tools that the record declares."""

    said: tuple[Utterance, ...]
    tools: tuple[dict[str, Any], ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def system(self) -> str:
        return "\n\n".join(one.text for one in self.said if one.role == "system" and one.text)
