"""What a true answer says: plain data, so that the checks of answers load no world."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Truth:
    """What a true answer says."""

    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """host ("" for none) -> values said of it; "active|running" takes either"""
    count: int | None = None
    """the one number that a counting answer gives"""
    never: tuple[str, ...] = ()
    """names that must not be given, such as hosts that do not meet the condition asked for"""
    asks: bool = False
    """the right answer is a question back, and nothing is done"""
