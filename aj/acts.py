"""Acts: what AJ does, whatever the tools of its contract are called.

The world performs acts, scenarios and checks speak of them, and only a contract knows which call means which act
(`aj.meaning`). So a renamed tool or parameter changes nothing outside of the contract's file:

    act_of(Call("remote_bash", {"agent_id": "web01", "command": "df -h"}), contract) == on("web01", "df -h")
    call_of(on("web01", "df -h"), contract) == Call("remote_bash", {"agent_id": "web01", "command": "df -h"})
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from aj.contract import Contract
from aj.errors import ContractError
from aj.meaning import NEEDS, ActKind, CallMeaning
from aj.messages import Call, Message

REACHES: tuple[ActKind, ...] = ("on_one", "on_all")
"""Acts that run a command on agents, which must have been discovered."""


class Act(Struct, frozen=True):
    """One thing that AJ does. Which fields an act has is in `aj.meaning`: NEEDS and MAY."""

    kind: ActKind
    host: str = ""
    """The agent that a command runs on; case-sensitive."""
    command: str = ""
    timeout: int | None = None
    """Seconds that the command may take; None for the default."""
    folder: str | None = None
    """Where in the workspace the command runs; None for its root."""
    thought: str = ""
    answer: str = ""
    error: str = ""
    """Why the task cannot be done; either this or `answer`."""

    @property
    def words(self) -> str:
        """What an act that ends the task tells the user."""
        return self.answer or self.error

    @property
    def runs(self) -> bool:
        """Whether it runs a command."""
        return self.kind in ("here", "on_one", "on_all")

    @property
    def reaches_agents(self) -> bool:
        """Whether it runs a command on agents."""
        return self.kind in REACHES


DISCOVER = Act("discover")


def here(command: str) -> Act:
    """Run a command in AJ's own workspace."""
    return Act("here", command=command)


def on(host: str, command: str) -> Act:
    """Run a command on one agent."""
    return Act("on_one", host, command)


def on_all(command: str) -> Act:
    """Run a command on every agent."""
    return Act("on_all", command=command)


def think(thought: str) -> Act:
    """Write a thought down."""
    return Act("think", thought=thought)


def finish(answer: str) -> Act:
    """End the task with an answer."""
    return Act("finish", answer=answer)


def give_up(error: str) -> Act:
    """End the task that cannot be done."""
    return Act("finish", error=error)


def call_of(act: Act, contract: Contract, note: str | None = None, reasoning: str | None = None) -> Call:
    """The call that means `act`; its parameters are in the order of the tool's schema.

    Raises:
        ContractError: the contract has no such act.
    """
    meaning = _meaning(act.kind, contract)
    given = {name: value for field, name in meaning.parameters.items() if (value := getattr(act, field))}
    params = meaning.fixed | given
    order = contract.tool_by_name[meaning.tool].parameters.get("properties", {})
    return Call(meaning.tool, {name: params[name] for name in order if name in params}, note, reasoning)


def act_of(call: Call | None, contract: Contract) -> Act | None:
    """What a call means; None for no call, and for one that means nothing in this contract (as of a retired tool).

    The call need not be valid: a missing parameter leaves its field empty, and unknown ones are ignored. If several
    acts share the tool, the most specific one is meant: the one whose fixed values the call has, and that reads most of
    its parameters.
    """
    meant = _meant(call, contract)
    if call is None or meant is None:
        return None
    kind, meaning = meant
    named = meaning.parameters.items()
    return Act(kind, **{field: _value(field, call.params[name]) for field, name in named if name in call.params})


def kind_of(call: Call | None, contract: Contract) -> ActKind | None:
    """The kind of `act_of(call, contract)`, in an eighth of the time; None if that is None."""
    meant = _meant(call, contract)
    return meant[0] if meant else None


def meaning_of(call: Call, contract: Contract) -> Act:
    """`act_of` for a call that the contract accepts.

    Raises:
        ContractError: the call means nothing, so the contract lacks an act.
    """
    act = act_of(call, contract)
    if act is None:
        raise ContractError(
            f"The contract {contract.name!r} has no act for {call.tool} with {call.params}; add one to `acts`."
        )
    return act


def finishing(call: Call | None, contract: Contract) -> str | None:
    """The answer (or the error) of a finishing call; None for any other."""
    return meaning_of(call, contract).words if call and kind_of(call, contract) == "finish" else None


def to_records(past: Sequence[Message], contract: Contract) -> list[dict[str, Any]]:
    """A conversation without the contract's words, to be kept in a file: each call as its act, and its note.

    Raises:
        ContractError: a call means nothing.
    """
    records: list[dict[str, Any]] = []
    for message in past:
        records.append({"role": message.role, "content": message.content})
        if message.call:
            fields = {name: value for name, value in asdict(meaning_of(message.call, contract)).items() if value}
            records[-1] = {"role": message.role, "content": message.call.note or "", "act": fields}
    return records


def from_records(records: Iterable[dict[str, Any]], contract: Contract) -> list[Message]:
    """The conversation as it goes under `contract`: the inverse of `to_records`.

    Raises:
        ContractError: the contract lacks an act.
    """
    past: list[Message] = []
    tool = None
    for record in records:
        call = call_of(Act(**record["act"]), contract, record["content"] or None) if "act" in record else None
        if record["role"] == "tool":
            past.append(Message("tool", record["content"], tool=tool))
        else:
            past.append(Message(record["role"], "" if call else record["content"], call))
        tool = call.tool if call else tool
    return past


def written(kind: ActKind, contract: Contract) -> str:
    """How the contract writes an act, for a sentence: `list_agents`, or `execute (agent_id: all)`."""
    meaning = _meaning(kind, contract)
    fixed = ", ".join(f"{name}: {value}" for name, value in meaning.fixed.items())
    return f"{meaning.tool} ({fixed})" if fixed else meaning.tool


def _meaning(kind: ActKind, contract: Contract) -> CallMeaning:
    if kind not in contract.acts:
        raise ContractError(f"The contract {contract.name!r} has no call for the act {kind!r}; add it to `acts`.")
    return contract.acts[kind]


def _meant(call: Call | None, contract: Contract) -> tuple[ActKind, CallMeaning] | None:
    """The most specific act that fits a call; most tools have one act and no fixed values, so nothing is compared."""
    meanings = contract.meanings.get(call.tool) if call else None
    if call is None or meanings is None:
        return None
    if len(meanings) == 1 and not meanings[0][1].fixed:
        return meanings[0]
    fitting = [pair for pair in meanings if pair[1].fixed.items() <= call.params.items()]
    return max(fitting, key=lambda pair: _fit(*pair, call.params), default=None)


def _fit(kind: ActKind, meaning: CallMeaning, params: dict[str, Any]) -> tuple[int, int, int, int]:
    """How specific an act is for a call: what it reads, what is fixed, then what it needs and finds."""
    read = sum(name in params for name in (*meaning.fixed, *meaning.parameters.values()))
    needed = [meaning.parameters[field] in params for field in NEEDS[kind]]
    return read, len(meaning.fixed), -needed.count(False), len(needed)


def _value(field: str, value: Any) -> Any:
    """A field's value with its type, also from a call that was never checked against a schema."""
    if field == "timeout":
        return value if isinstance(value, int) else None
    return value if isinstance(value, str) else str(value or "")
