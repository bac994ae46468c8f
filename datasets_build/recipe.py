"""What a data set is made of: one YAML page, every value visible."""

from typing import Any

from aj.files import Strict


class Corrections(Strict):
    """Eight patterns x `multiply` variations, as rows and as preference pairs."""

    multiply: int
    pairs: int | None = None
    """How many of the variations become pairs too; all when not given."""


class Dialogues(Strict):
    count: int
    turns: tuple[int, int] = (1, 3)


class Count(Strict):
    count: int


class Sources(Strict):
    """How many rows each source gives; a source that is left out gives none."""

    corrections: Corrections | None = None
    dialogues: Dialogues | None = None
    tasks: Count | None = None
    contexts: Count | None = None
    dictated: Count | None = None
    talks: Count | None = None
    state_blocks: Count | None = None
    plans: Count | None = None
    chats: Count | None = None
    old_shape: Count | None = None


class DataRecipe(Strict):
    """A whole data set on one page."""

    name: str
    seed: int
    sources: Sources
    contract: str = "aj"
    unchecked: tuple[str, ...] = ()
    """Sources whose rows are kept although they break the contract: only to show what such rows teach."""

    def identity(self) -> dict[str, Any]:
        return self.model_dump()
