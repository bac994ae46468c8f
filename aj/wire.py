"""The wire form: renders and judges calls, and renders conversations as chat messages."""

import json
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

from msgspec import Struct

from aj.acts import Act
from aj.contract import Contract, contract_with
from aj.errors import ContractError
from aj.extract import Unreadable, extract, lint_text
from aj.findings import Finding
from aj.hints import hints_in
from aj.messages import Call, Layout, Message, Mode, Row
from aj.prompts import system_prompt
from aj.quick_json import quick_json
from aj.runtime import ITS_OWN_ESCAPE, Reaction, RuntimeOutcome, react
from aj.schemas import argument_fault
from aj.state import state_block

Prompt = list[dict[str, str]]
"""A conversation as a chat template gets it: role and content of each message."""
Answer = Callable[[Sequence[Prompt]], list[tuple[str, bool]]]
"""Answers conversations, all at once: the text of each reply, and whether it came to its end."""
NO_TOOL = "none"
"""What is written as a tool's name, in any case, where no tool is meant."""


class Judgement(Struct, frozen=True, dict=True):
    """What a completion says (strictly), and, when it is asked for, what AJ's runtime makes of it (leniently)."""

    call: Call | None
    """The call, if the text is exactly one valid call; else None."""
    findings: tuple[Finding, ...]
    """Every deviation from the contract, worst first; empty if and only if `call` is set."""
    does: Callable[[], Reaction]

    @property
    def ok(self) -> bool:
        return self.call is not None

    @cached_property
    def _reaction(self) -> Reaction:
        return self.does()

    @property
    def outcome(self) -> RuntimeOutcome:
        """What the runtime does; if "runs", it dispatches `dispatched`."""
        return self._reaction.outcome

    @property
    def dispatched(self) -> Call | None:
        return self._reaction.call if self.outcome == "runs" else None

    @property
    def attempted(self) -> Call | None:
        """With "unknown_tool" and "bad_arguments", the call that gets `error` for a result; the task goes on."""
        return self._reaction.call if self.outcome != "runs" else None

    @property
    def error(self) -> str:
        return self._reaction.error


# --- render ---------------------------------------------------------------------------------------------------------


_ENCODER = json.JSONEncoder(ensure_ascii=False)
"""Made once: `json.dumps` makes an encoder for each call, which takes a quarter of the time of rendering it."""


def render_call(call: Call, contract: Contract) -> str:
    """A call as wire text. Raw UTF-8: the runtime corrupts `\\u2014`-style escapes."""
    keys = contract.wire.keys
    record: dict[str, Any] = {keys.tool: call.tool, keys.params: call.params}
    before = ""
    if call.note and keys.note:
        record[keys.note] = call.note
    elif call.note:
        before = f"{call.note}\n"
    if call.reasoning and keys.reasoning:
        record[keys.reasoning] = call.reasoning
    elif call.reasoning:
        before = f"<{contract.wire.think_tag}>\n{call.reasoning}\n</{contract.wire.think_tag}>\n\n{before}"
    quick = quick_json(record)
    text = _ENCODER.encode(record) if quick is None else quick.decode()
    return f"{before}{contract.wire.open}{text}{contract.wire.close}"


def render_earlier(act: Act, contract: Contract, **beside: str) -> str:
    """An act as AJ's earlier data wrote it: a retired tool under another key than the tool's, its fields beside it.

    Args:
        beside: more keys of the object.

    Raises:
        ContractError: the contract does not say how the earlier data wrote the act.
    """
    earlier = contract.aliases.earlier.get(act.kind)
    if earlier is None:
        raise ContractError(f"The contract {contract.name!r} has no earlier {act.kind!r}; add it to aliases.earlier.")
    fields = {name: getattr(act, field) for field, name in earlier.parameters.items()}
    record = {contract.aliases.tool_keys[0]: earlier.tool, **fields, **beside}
    return f"{contract.wire.open}{json.dumps(record, ensure_ascii=False)}{contract.wire.close}"


def render_turn(message: Message, contract: Contract) -> str:
    """The text of one turn, as the model reads or writes it."""
    if message.call:
        return render_call(message.call, contract)
    if message.role == "tool":
        return f"{contract.wire.result_open}{message.content}{contract.wire.result_close}"
    return message.content


def render_prompt(
    messages: Sequence[Message], contract: Contract, mode: Mode = "step", layout: Layout = "dialogue"
) -> list[dict[str, str]]:
    """System prompt and past as chat messages {"role", "content"}, ready for a chat template or an API."""
    system = {"role": "system", "content": system_prompt(contract, mode)}
    if layout == "state_block":
        return [system, {"role": "user", "content": state_block(messages, contract)}]
    roles = {"user": "user", "assistant": "assistant", "tool": "user"}
    return [system, *({"role": roles[m.role], "content": render_turn(m, contract)} for m in messages)]


def row_contract(row: Row, contract: Contract) -> Contract:
    """The contract for rendering and checking a row: that of its own tools, if it has any, else `contract`."""
    return contract_with(row.tools) if row.tools else contract


def render_row(row: Row, contract: Contract) -> list[dict[str, str]]:
    """A whole row as chat messages; ends on the last assistant turn. A row's own tools replace the contract's.

    Raises:
        ValueError: the row does not end on an assistant turn.
        ContractError: the row's own tools are no tools.
    """
    contract = row_contract(row, contract)
    if row.messages[-1].role != "assistant":
        raise ValueError(f"row {row.id} ends on a {row.messages[-1].role} turn: nothing to learn there")
    *past, last = row.messages
    answer = {"role": "assistant", "content": render_turn(last, contract)}
    return [*render_prompt(past, contract, row.mode, row.layout), answer]


# --- parse ----------------------------------------------------------------------------------------------------------


def judge_call(text: str, contract: Contract) -> Judgement:
    """Is this completion exactly one valid call? Every deviation by its code, and what the runtime would do."""
    findings, call, record = lint_text(text, contract), None, None
    try:
        record, around = extract(text, contract)
    except Unreadable as error:
        findings.append(contract.finding(str(error)))
    else:
        findings += [contract.finding(code) for code in around]
        call, shape = _read_object(record, contract)
        findings += shape
    if not findings:
        assert call is not None
        return Judgement(call, (), partial(Reaction, "runs", call))  # as `react` would say, property-tested
    same = record if not hints_in(text) & ITS_OWN_ESCAPE else None
    return Judgement(None, _worst_first(findings), partial(react, text, contract, same))


def says_the_same(turn: Message, text: str, contract: Contract) -> bool:
    """Whether a text is this turn, written differently at most, and as right: blanks and the order of keys in a call,
    blanks around an answer.

    To prefer one to the other would push both away, and teach which blanks JSON has.
    """
    if turn.call:
        return judge_call(text, contract).call == turn.call
    return text.strip() == turn.content.strip()


def _worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """What breaks the dispatch comes before what is merely untidy, so that the first code names the failure."""
    return tuple(sorted(findings, key=lambda f: f.code in _UNTIDY)) if len(findings) > 1 else tuple(findings)


_UNTIDY = ("extra_key", "prose_after_call", "prose_before_call", "several_calls", "escaped_unicode", "lone_backslash")


def _read_object(record: dict[str, Any], contract: Contract) -> tuple[Call | None, list[Finding]]:
    """The call stated by the object, and what is wrong with the object."""
    keys, aliases, findings = contract.wire.keys, contract.aliases, []
    tool = record.get(keys.tool)
    if not isinstance(tool, str):
        findings.append(contract.finding(_missing_tool(record, contract)))
        tool = next((record[k] for k in (*aliases.tool_keys, *aliases.name_keys) if isinstance(record.get(k), str)), "")
    elif tool not in contract.tool_by_name:
        retired = tool in aliases.retired_tools
        code = "tool_none" if tool.lower() == NO_TOOL else "retired_tool" if retired else "unknown_tool"
        findings.append(contract.finding(code, tool))
    params = record.get(keys.params)
    known = (keys.tool, keys.params, *keys.spoken)
    extra = [key for key in record if key not in known]
    if not isinstance(params, dict):
        findings.append(_missing_params(extra, tool, contract))
        params = {}
    elif tool in contract.validators:
        findings += _check_arguments(tool, params, contract)
    if stray := [key for key in extra if key not in aliases.keys]:
        findings.append(contract.finding("extra_key", ", ".join(stray)))
    elif extra and not findings:
        findings.append(contract.finding("extra_key", ", ".join(extra)))
    if any(not isinstance(record[key], str) for key in keys.spoken if key in record):
        findings.append(contract.finding("bad_argument", "note and reasoning are text"))
    if findings:
        return None, findings
    return Call(tool, params, record.get(keys.note or ""), record.get(keys.reasoning or "")), findings


def _missing_tool(record: dict[str, Any], contract: Contract) -> str:
    if any(key in record for key in contract.aliases.tool_keys):
        return "action_key"
    return "name_key" if any(key in record for key in contract.aliases.name_keys) else "tool_missing"


def _missing_params(extra: list[str], tool: str, contract: Contract) -> Finding:
    if any(key in contract.aliases.params_keys for key in extra):
        return contract.finding("params_key")
    known = contract.tool_by_name.get(tool)
    flat = known and any(key in known.parameters.get("properties", {}) for key in extra)
    return contract.finding("flat_params" if flat else "params_missing")


def _check_arguments(tool: str, params: dict[str, Any], contract: Contract) -> list[Finding]:
    fault = argument_fault(contract.validators[tool], params)
    return [] if fault is None else [contract.finding(fault.code, f"{tool}: {fault.why[:80]}")]
