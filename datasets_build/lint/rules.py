"""The rules of `aj lint` as data (`rules.yaml`): every code it can tell, with an example and its repair.

What is wrong and how it is mended is not said twice: the words of a contract's deviation come from the contract, those
of a persona's rule from `personas.yaml`.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from aj.contract import load_contract
from aj.errors import ConfigError
from aj.files import Strict, load_yaml
from aj.messages import Call, Layout, Mode
from aj.personas import load_personas
from datasets_build.reading.transcripts import Preference, Transcript, Turn

Family = Literal[
    "wire", "tools", "conduct", "pattern", "grounding", "plan", "persona", "structure", "encoding", "privacy"
]
Say = Annotated[list[Any], Field(min_length=2, max_length=3)]
"""[user, TEXT] or [assistant, TEXT]; [call, TOOL, PARAMS]; [result, TOOL, TEXT]."""

ASKED = "how is `web01` doing?"


class Example(Strict):
    """A conversation, a pair or the bytes of a file, in short."""

    reply: str | None = None
    """The one reply to a request."""
    turns: tuple[Say, ...] = ()
    mode: Mode = "step"
    layout: Layout = "dialogue"
    system: str = ""
    persona: str | None = None
    tools: tuple[dict[str, Any], ...] = ()
    rejected: str | None = None
    """Of a pair; the reply is the chosen text."""
    raw: str | None = None
    """Bytes of a file, a character each."""
    fill: int = 0
    """How many more bytes follow `raw`."""

    @property
    def data(self) -> bytes:
        """The file."""
        return (self.raw or "").encode("latin-1") + b"x" * self.fill

    def item(self) -> Transcript | Preference:
        """The conversation or the pair."""
        metadata = {"persona": self.persona} if self.persona else {}
        turns = tuple(map(_turn, self.turns)) or (Turn("user", ASKED),)
        if self.rejected is not None:
            chosen, rejected = Turn("assistant", self.reply or ""), Turn("assistant", self.rejected)
            return Preference(turns, chosen, rejected, self.mode, self.layout, metadata)
        if self.reply is not None:
            turns += (Turn("assistant", self.reply),)
        return Transcript(turns, self.mode, self.layout, self.system, self.tools, metadata)


def _turn(say: list[Any]) -> Turn:
    role, first, *rest = say
    if role == "call":
        return Turn("assistant", call=Call(first, rest[0] if rest else {}))
    if role == "result":
        return Turn("tool", rest[0], tool=first)
    return Turn("assistant" if role == "assistant" else "user", first)


class RuleData(Strict):
    """An entry of `rules.yaml`."""

    family: Family
    fixable: bool = False
    """Whether `--fix` repairs it; what it cannot repair with certainty is quarantined."""
    what: str | None = None
    fix: str | None = None
    because: str
    """What a model that learns it does, or what it costs."""
    example: Example
    repaired: Example | None = None
    quarantined: str | None = None
    """Why there is no certain repair."""

    @model_validator(mode="after")
    def _says_what_becomes_of_it(self) -> "RuleData":
        if (self.repaired is None) == (self.quarantined is None):
            raise ValueError("a rule has either 'repaired' or 'quarantined'")
        if (self.what is None) != (self.fix is None):
            raise ValueError("'what' and 'fix' stand together, or both elsewhere")
        return self


class RulesFile(Strict):
    rules: dict[str, RuleData]


class Rule(Strict):
    """A rule with all its words."""

    code: str
    family: Family
    what: str
    fix: str
    data: RuleData

    @property
    def fixable(self) -> bool:
        return self.data.fixable


@cache
def load_rules() -> dict[str, Rule]:
    """Every rule by its code, family by family; raises ConfigError where `rules.yaml` is at fault."""
    path = Path(__file__).parent / "rules.yaml"
    found = load_yaml(path, RulesFile).rules
    words = _words()
    rules = {}
    for code, data in found.items():
        own = (data.what, data.fix) if data.what is not None and data.fix is not None else None
        if (own is None) == (code not in words):
            raise ConfigError(
                f"{path}: {code}: its words stand {'twice' if own else 'nowhere'}; say them in one place."
            )
        what, fix = own or words[code]
        rules[code] = Rule(code=code, family=data.family, what=what, fix=fix, data=data)
    return rules


def _words() -> dict[str, tuple[str, str]]:
    """What the contract's deviations and the personas' rules say of themselves."""
    personas = load_personas()
    spoken = [*personas.voice.rules, *(rule for persona in personas.personas.values() for rule in persona.rules)]
    words = {rule.code: (rule.why, rule.fix) for rule in spoken}
    return words | {code: (said.why, said.fix) for code, said in load_contract().deviations.items()}
