"""What a data set is made of: one YAML page, every value visible."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from aj.files import Misplaced, Strict

RECIPES = Path(__file__).parent / "recipes"


class Repeat(Strict):
    """A part that is short gives its rows again, none more than `repeat` times in all."""

    repeat: int = Field(ge=2)


Shortfall = Literal["fail", "redistribute"] | Repeat
"""What happens when a part has fewer rows than its count. It is printed, in the lock and on the card."""


ToolFamily = Literal["shell", "files", "processes", "logs", "containers", "monitoring"]


class Filters(Strict):
    """What a part's rows must satisfy; each row left out is counted by the filter's name."""

    min_quality: float | None = None
    """Least `metadata.quality` where that is a number, as in chats; a row without one passes."""
    min_score: float | None = None
    """Least grade from 1 to 5 in `metadata.quality`; a row without one passes (Toucan does not grade rows in which no
    tool is called)."""
    tool_families: tuple[ToolFamily, ...] = ()
    """A row that keeps its own tools calls one of these, by the words of the tool's name; any other row passes."""
    max_characters: int | None = Field(default=None, ge=1)
    """Of the row as it is rendered for the contract, system prompt included."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Likewise, by the recipe's tokenizer."""


class Part(Strict):
    """A named part of the data set: exactly `count` rows, and the pairs that come with them."""

    count: int = Field(ge=0)
    pairs: int | None = Field(default=None, ge=0)
    """At most so many preference pairs, a proportional share of each error pattern; all when not given."""
    shortfall: Shortfall | None = None
    """The recipe's own when not given."""
    filters: Filters = Filters()


class CorrectionsPart(Part):
    """The documented error patterns, `multiply` variations of each: rows with the right answer, pairs with both."""

    kind: Literal["corrections"]
    multiply: int = Field(ge=1)
    paired: int | None = Field(default=None, ge=0)
    """Only the first so many variations offer a pair too; all when not given."""


class GeneratedPart(Part):
    """The first `count` rows of a generator; the part's kind is the generator's name."""

    spare: int = Field(default=0, ge=0)
    """Rows it may give beyond its count when other parts fall short."""


class CountedPart(GeneratedPart):
    kind: Literal["tasks", "contexts", "dictated", "talks", "state_blocks", "plans", "chats", "old_shape"]


class DialoguesPart(GeneratedPart):
    kind: Literal["dialogues"]
    turns: tuple[int, int] = (1, 3)
    """Fewest and most requests in one conversation."""


class NearMissesPart(Part):
    """Pairs alone: the right answer, against one in another persona's tone or a command on another host."""

    kind: Literal["near_misses"]
    count: Literal[0] = 0
    pairs: int = Field(ge=1)


class WordedPart(Part):
    """Conversations whose calls come from the fleet and whose words come from a teacher."""

    kind: Literal["worded"]
    multi_turn_ratio: float = Field(default=0.3, ge=0, le=1)
    teacher: str = "template"
    """template (offline), anthropic, anthropic/MODEL, or any Inspect model."""
    max_cost: float | None = Field(default=None, ge=0)
    """The most a paid teacher may cost, in dollars; required for one."""
    spare: int = Field(default=0, ge=0)
    """As above; any teacher but the template words all of them, needed or not, since its answers come in any order."""


class ConvertedPart(Part):
    """Rows of files: parsed, repaired, or refused with a reason."""

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


AnyPart = Annotated[
    CorrectionsPart | CountedPart | DialoguesPart | NearMissesPart | WordedPart | ConvertedPart,
    Field(discriminator="kind"),
]


GONE = {
    "sources": "write each source as a part, such as `parts: {plans: {kind: plans, count: 10}}`, the sum of the counts "
    "as `rows`, and `near_duplicates: null` to compare no rows",
    "mix": "move its `rows`, `parts`, `shortfall` and `near_duplicates` to the top level; a part of kind `generated` "
    "has its generator's name as its kind",
}
"""Keys of earlier recipes, and what to write now."""


class DataRecipe(Strict):
    """A whole data set on one page: named parts with exact row counts.

    The parts' order is their priority: of two rows that are alike, the one in the earlier part stays.
    """

    name: str
    seed: int
    rows: int
    """The sum of the parts' counts, written out so that a slip in one of them is an error."""
    parts: dict[str, AnyPart] = Field(min_length=1)
    shortfall: Shortfall = "fail"
    near_duplicates: float | None = Field(default=0.8, gt=0, le=1)
    """Jaccard similarity of what two rows teach from which the second is left out; null compares nothing."""
    contract: str = "aj"
    unchecked: tuple[str, ...] = ()
    """Parts whose rows are kept although they break the contract: only to show what such rows teach."""
    tokenizer: str | None = None
    """A tokenizer.json that lengths are measured with; in characters when not given."""

    @model_validator(mode="before")
    @classmethod
    def _is_not_of_the_earlier_grammar(cls, values: Any) -> Any:
        for key, instead in GONE.items():
            if isinstance(values, dict) and key in values:
                raise Misplaced(f"no longer part of a recipe; {instead}", key)
        return values

    @model_validator(mode="after")
    def _counts_add_up(self) -> "DataRecipe":
        total = sum(part.count for part in self.parts.values())
        if total != self.rows:
            raise ValueError(f"the parts' counts add up to {total}, not to rows: {self.rows}")
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> "DataRecipe":
        if unknown := sorted(set(self.unchecked) - set(self.parts)):
            raise ValueError(f"unchecked names {', '.join(unknown)}, which is no part; name one of the parts")
        if not self.tokenizer and any(part.filters.max_tokens for part in self.parts.values()):
            raise ValueError("max_tokens needs a tokenizer: a path to a tokenizer.json")
        return self

    @property
    def files(self) -> dict[str, ConvertedPart]:
        """The parts that are read from files."""
        return {name: part for name, part in self.parts.items() if isinstance(part, ConvertedPart)}

    @property
    def keeps_tools(self) -> bool:
        """Whether a part may give rows with tools of their own."""
        return any(part.foreign == "keep" for part in self.files.values())

    def policy(self, part: Part) -> Shortfall:
        return part.shortfall or self.shortfall

    def identity(self) -> dict[str, Any]:
        return self.model_dump(mode="json")
