"""What a true answer says, as plain data: checking answers does not load the world."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Truth:
    """The facts of a true answer."""

    stated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """host ("" for none) -> values stated about it; "active|running" accepts either"""
    count: int | None = None
    """the number that a counting answer must give"""
    never: tuple[str, ...] = ()
    """names that must not be mentioned, such as hosts that do not meet the requested condition"""
    asks_back: bool = False
    """the right answer is a question, and nothing is done"""
    told: str = ""
    """the oracle's own words for it, where they are known: a true answer denies nothing that they say"""
