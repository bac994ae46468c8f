"""The rules of `aj lint` as data (`rules.yaml`): every code that it reports, with an example and its repair.

No text has two homes: what is wrong and how to fix it comes from the contract for the contract's deviations, and from
`personas.yaml` for the rules of a persona.
"""

from functools import cache
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal, cast

from msgspec.structs import replace
from pydantic import Field, model_validator

from aj.acts import DISCOVER, Act, call_of
from aj.contract import Contract, load_contract
from aj.errors import ConfigError
from aj.files import Strict, load_yaml
from aj.findings import Finding
from aj.meaning import ActKind
from aj.messages import Layout, Mode
from aj.personas import load_personas
from aj.wire import render_call
from datasets_build.reading.transcripts import Preference, Transcript, Turn

Family = Literal[
    "wire", "tools", "conduct", "pattern", "grounding", "plan", "persona", "structure", "encoding", "privacy"
]
Said = Annotated[list[Any], Field(min_length=2, max_length=3)]
"""[user, TEXT] or [assistant, TEXT]; [call, ACT, FIELDS]; [result, ACT, TEXT]."""

ASKED = "how is `web01` doing?"


class Example(Strict):
    """A conversation, a pair or the bytes of a file, in short.

    Nothing in it depends on the names of one contract. A right call is given as an act; a wrong one is a text in which
    `$tool`, `$here` and the like are the contract's names (`_names`).
    """

    reply: str | dict[str, str] | None = None
    """The one reply to a request: a text, or an act with its fields and perhaps a note or reasoning."""
    turns: tuple[Said, ...] = ()
    mode: Mode = "step"
    layout: Layout = "dialogue"
    system: str = ""
    persona: str | None = None
    tools: tuple[dict[str, Any], ...] = ()
    rejected: str | None = None
    """Of a pair; the reply is the chosen text."""
    raw: str | None = None
    """Bytes of a file, one character each."""
    fill: int = 0
    """How many more bytes follow `raw`."""

    @property
    def data(self) -> bytes:
        """The file."""
        return (self.raw or "").encode("latin-1") + b"x" * self.fill

    def item(self, contract: Contract) -> Transcript | Preference:
        """The conversation or the pair, as it is written under a contract."""
        metadata = {"persona": self.persona} if self.persona else {}
        turns = tuple(_turn(said, contract) for said in self.turns) or (Turn("user", ASKED),)
        if self.rejected is not None:
            chosen, rejected = Turn("assistant", _reply(self.reply or "", contract)), Turn("assistant", self.rejected)
            return Preference(turns, chosen, rejected, self.mode, self.layout, metadata)
        if self.reply is not None:
            turns += (Turn("assistant", _reply(self.reply, contract)),)
        system = Template(self.system).substitute(_names(contract))
        return Transcript(turns, self.mode, self.layout, system, self.tools, metadata)


def _turn(said: list[Any], contract: Contract) -> Turn:
    role, first, *rest = said
    if role == "call":
        return Turn("assistant", call=call_of(Act(first, **(rest[0] if rest else {})), contract))
    if role == "result":
        return Turn("tool", rest[0], tool=contract.acts[cast(ActKind, first)].tool)
    return Turn("assistant" if role == "assistant" else "user", first)


def _reply(reply: str | dict[str, str], contract: Contract) -> str:
    if isinstance(reply, str):
        return Template(reply).substitute(_names(contract))
    beside = {name: reply[name] for name in ("note", "reasoning") if name in reply}
    fields: dict[str, Any] = {name: value for name, value in reply.items() if name not in ("act", *beside)}
    call = call_of(Act(cast(ActKind, reply["act"]), **fields), contract)
    return render_call(replace(call, **beside), contract)


def _names(contract: Contract) -> dict[str, str]:
    """What the `$names` in an example stand for."""
    wire, aliases, acts = contract.wire, contract.aliases, contract.acts
    return {
        "tool": wire.keys.tool,
        "params": wire.keys.params,
        "think": wire.think_tag,
        "action": aliases.tool_keys[0],
        "name": aliases.name_keys[0],
        "arguments": aliases.params_keys[0],
        "earlier": aliases.earlier["here"].tool,
        "here": acts["here"].tool,
        "command": acts["here"].parameters["command"],
        "timeout": acts["here"].parameters["timeout"],
        "finish": acts["finish"].tool,
        "answer": acts["finish"].parameters["answer"],
        "discover": render_call(call_of(DISCOVER, contract), contract),
    }


class RuleData(Strict):
    """An entry of `rules.yaml`."""

    family: Family
    fixable: bool = False
    """Whether `--fix` repairs it; a row for which the repair is not certain is quarantined."""
    what: str | None = None
    fix: str | None = None
    because: str
    """What a model does that learns it, or what it costs."""
    example: Example
    repaired: Example | None = None
    quarantined: str | None = None
    """Why there is no certain repair."""

    @model_validator(mode="after")
    def _has_one_outcome(self) -> "RuleData":
        if (self.repaired is None) == (self.quarantined is None):
            raise ValueError("a rule has either 'repaired' or 'quarantined'")
        if (self.what is None) != (self.fix is None):
            raise ValueError("give both 'what' and 'fix', or neither")
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
                f"{path}: {code} is described {'twice' if own else 'nowhere'}; give 'what' and 'fix' in one place."
            )
        what, fix = own or words[code]
        rules[code] = Rule(code=code, family=data.family, what=what, fix=fix, data=data)
    return rules


def rule_finding(code: str) -> Finding:
    """A finding in the words of its rule."""
    rule = load_rules()[code]
    return Finding(code, rule.what, rule.fix)


def _words() -> dict[str, tuple[str, str]]:
    """(what, fix) of the contract's deviations and of the personas' rules."""
    personas = load_personas()
    spoken = [*personas.voice.rules, *(rule for persona in personas.personas.values() for rule in persona.rules)]
    words = {rule.code: (rule.why, rule.fix) for rule in spoken}
    return words | {code: (said.why, said.fix) for code, said in load_contract().explained.items()}
