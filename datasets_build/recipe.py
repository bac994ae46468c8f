"""What a data set is made of: one YAML page, every value visible."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from aj.files import Strict

RECIPES = Path(__file__).parent / "recipes"


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
    """How many rows each generated source gives; a source that is left out gives none."""

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


class Repeat(Strict):
    """A part that is short gives its rows again, none more than `repeat` times in all."""

    repeat: int = Field(ge=2)


Shortfall = Literal["fail", "redistribute"] | Repeat
"""What happens when a part has fewer rows than its count; whichever, it is printed, in the lock and on the card."""


Family = Literal["shell", "files", "processes", "logs", "containers", "monitoring"]


class Filters(Strict):
    """What a part's rows must hold; each row refused is counted by the filter's name."""

    min_quality: float | None = None
    """Least `metadata.quality` where that is a number, as of chats; a row that has none passes."""
    min_score: float | None = None
    """Least grade from 1 to 5 in `metadata.quality`; a row that has none passes (Toucan grades no irrelevant rows)."""
    tool_families: tuple[Family, ...] = ()
    """A row that keeps its own tools calls one of these, by the words of the tool's name; any other row passes."""
    max_characters: int | None = Field(default=None, ge=1)
    """Of the row as it is rendered for the contract, system prompt included."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Likewise, by the recipe's tokenizer."""


class Part(Strict):
    """A named part of the mix: exactly `count` rows, and the pairs that come with them."""

    count: int = Field(ge=0)
    pairs: int | None = Field(default=None, ge=0)
    """At most so many preference pairs; all when not given."""
    shortfall: Shortfall | None = None
    """The mix's own when not given."""
    filters: Filters = Filters()


class CorrectionsPart(Part):
    kind: Literal["corrections"]
    multiply: int = Field(ge=1)


class GeneratedPart(Part):
    """Rows of one of the `sources` generators."""

    kind: Literal["generated"]
    generator: Literal["tasks", "contexts", "dictated", "talks", "state_blocks", "plans", "chats"]
    spare: int = Field(default=0, ge=0)
    """Rows it may give beyond its count when other parts fall short."""


class WordedPart(Part):
    """Conversations whose calls come from the fleet and whose words come from a teacher."""

    kind: Literal["worded"]
    multi_turn_ratio: float = Field(default=0.3, ge=0, le=1)
    teacher: str = "template"
    """template (offline), anthropic, anthropic/MODEL, or any Inspect model."""
    max_cost: float | None = Field(default=None, ge=0)
    """Dollars at most that a paid teacher may take; one that costs money needs it."""
    spare: int = Field(default=0, ge=0)
    """As above; a teacher that is no template words all of them, needed or not, since its answers come in any order."""


class ConvertedPart(Part):
    """Rows of files: parsed, repaired, or rejected with a reason."""

    kind: Literal["converted"]
    files: tuple[str, ...] = Field(min_length=1)
    """Files, folders or globs, relative to the build's root."""
    foreign: Literal["map", "keep"] = "map"
    """Tools that are not AJ's: their calls become AJ's, or rows keep their own tool lists (native contract)."""
    private: bool = False
    """Secrets, addresses and people's names are replaced by look-alikes, the same ones throughout."""

    @field_validator("files")
    @classmethod
    def _under_the_root(cls, files: tuple[str, ...]) -> tuple[str, ...]:
        if outside := [pattern for pattern in files if Path(pattern).is_absolute() or ".." in Path(pattern).parts]:
            raise ValueError(f"{', '.join(outside)} must lie under the build's root; give that with --root")
        return files


AnyPart = Annotated[CorrectionsPart | GeneratedPart | WordedPart | ConvertedPart, Field(discriminator="kind")]


class Mix(Strict):
    """Named parts with exact row counts. Their order is their priority: of two rows alike, the earlier part's stays."""

    rows: int
    """The sum of the parts' counts, written out so that a slip in one of them is an error."""
    parts: dict[str, AnyPart] = Field(min_length=1)
    shortfall: Shortfall = "fail"
    near_duplicates: float | None = Field(default=0.8, gt=0, le=1)
    """Jaccard similarity of what two rows teach from which the second is left out; None compares nothing."""

    @model_validator(mode="after")
    def _counts_add_up(self) -> "Mix":
        total = sum(part.count for part in self.parts.values())
        if total != self.rows:
            raise ValueError(f"the parts' counts add up to {total}, not to rows: {self.rows}")
        return self

    def policy(self, part: Part) -> Shortfall:
        return part.shortfall or self.shortfall


class DataRecipe(Strict):
    """A whole data set on one page."""

    name: str
    seed: int
    sources: Sources = Sources()
    mix: Mix | None = None
    contract: str = "aj"
    unchecked: tuple[str, ...] = ()
    """Sources whose rows are kept although they break the contract: only to show what such rows teach."""
    tokenizer: str | None = None
    """A tokenizer.json, by which lengths are told; in characters when not given."""

    @model_validator(mode="after")
    def _names_are_its_own(self) -> "DataRecipe":
        parts = self.mix.parts if self.mix else {}
        if both := sorted(set(parts) & {name for name, source in self.sources if source is not None}):
            raise ValueError(f"{', '.join(both)} is both a source and a part of the mix; rename the part")
        if not self.tokenizer and any(part.filters.max_tokens for part in parts.values()):
            raise ValueError("max_tokens needs a tokenizer: a path to a tokenizer.json")
        return self

    @property
    def keeps_tools(self) -> bool:
        """Whether a part may give rows with tools of their own."""
        parts = self.mix.parts.values() if self.mix else ()
        return any(isinstance(part, ConvertedPart) and part.foreign == "keep" for part in parts)

    def identity(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def recipe_path(path: Path) -> Path:
    """A recipe's file by its path, or by its name alone where it is one of RECIPES."""
    named = RECIPES / f"{path}.yaml"
    return named if not path.exists() and named.exists() else path
