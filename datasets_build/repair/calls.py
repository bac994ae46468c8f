"""A call of an earlier catalogue as a call of the contract, or the reason why none is certain."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

from aj.acts import Act, call_of
from aj.contract import Contract
from aj.meaning import ActKind
from aj.messages import Call
from aj.state import discovered
from aj.wire import NO_TOOL
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Turn, message_of
from datasets_build.repair.retired import Catalogue, Retired, load_retired
from datasets_build.sources.foreign import read_json

NOTE_LIMIT = 400
"""Characters of a note: it is a short remark beside the call, and a longer text was meant as something else."""


def names_of(record: Mapping[str, Any], contract: Contract) -> list[str]:
    """What the record names as its tool, under the contract's key, an alias of it or an earlier key."""
    keys = (*tool_keys(contract), *contract.aliases.name_keys)
    named = [record[key] for key in keys if isinstance(record.get(key), str)]
    return [name for name in dict.fromkeys(named) if name.strip()]


def tool_keys(contract: Contract) -> tuple[str, ...]:
    """Keys under which an object names its tool, each once."""
    return _each_once(contract.wire.keys.tool, load_retired().keys.tool, contract.aliases.tool_keys)


@cache
def _each_once(own: str, *others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((own, *chain(*others))))


def to_call(record: Mapping[str, Any], request: str, past: Sequence[Turn], contract: Contract) -> Call:
    """The record of a call, in any of the known forms, as a call of the contract.

    Args:
        record: the object as it is: `{"tool", "params"}`, `{"action", "command", …}`, `{"name", "arguments"}`.
        request: the user's message that it answers.
        past: the repaired turns before it.

    Raises:
        Refused: no call of the contract is certain to mean the same.
    """
    catalogue = load_retired()
    names = names_of(record, contract)
    if not names:
        raise Refused("tool_missing", "the object names no tool")
    params = _params(record, contract)
    name = names[0].strip()
    if name in contract.tool_by_name and contract.validators[name].is_valid(params):
        return Call(name, params)
    retired = _retired(names, catalogue, contract)
    if retired.to not in contract.acts:
        raise Refused("retired_tool", f"this contract has no call for the act {retired.to!r}")
    if name.lower() == NO_TOOL and not any(params.get(key) for key in retired.params.get("answer", ())):
        raise Refused("tool_none", "no tool is named, and nothing is said")
    taken = _Taken(params, catalogue)
    kind, fields = _meant(retired, taken, past, contract)
    note = taken.remark((*retired.note, *catalogue.note))
    reasoning = taken.remark(catalogue.reasoning)
    if kind == "finish" and not fields:
        raise Refused("bad_argument", f"{name[:40]!r} is called without an answer")
    command = str(fields.get("command", ""))
    if kind == "here":
        _check_shell(command, params.get("shell"), request, catalogue)
    taken.check_rest(command)
    return call_of(_act(kind, fields, contract), contract, note, reasoning)


def _retired(names: Iterable[str], catalogue: Catalogue, contract: Contract) -> Retired:
    """The one entry that all the names agree on."""
    found: list[Retired] = []
    for name in names:
        key = name.strip() if name.strip() in catalogue.by_name else name.strip().lower()
        if key in catalogue.unmapped:
            raise Refused("retired_tool", f"{key}: {catalogue.unmapped[key]}")
        entry = catalogue.by_name.get(key) or _of_own_tool(name.strip(), catalogue, contract)
        if entry is None:
            known = key in contract.aliases.retired_tools
            if known:
                raise Refused("retired_tool", f"{name[:40]!r} has no certain counterpart")
            why = f"{name[:40]!r} has no certain counterpart; list a row's own tools in its column 'tools'"
            raise Refused("unknown_tool", why)
        found.append(entry)
    if any(entry.to != found[0].to for entry in found):
        raise Refused("unknown_tool", f"the object names several tools: {', '.join(names)[:80]}")
    return found[0]


def _of_own_tool(name: str, catalogue: Catalogue, contract: Contract) -> Retired | None:
    """A tool of the contract, called with the wrong parameters, is read like a retired tool for the same act."""
    kinds = [kind for kind, _ in contract.meanings.get(name, ())]
    return next((entry for entry in catalogue.tools if [entry.to] == kinds), None)


def _params(record: Mapping[str, Any], contract: Contract) -> dict[str, Any]:
    """All arguments of the record, nested or flat, under the names that they have there."""
    aliases = contract.aliases
    nested = _each_once(contract.wire.keys.params, aliases.params_keys, load_retired().keys.params)
    naming = {*tool_keys(contract), *aliases.name_keys, *nested}
    params = {key: value for key, value in record.items() if key not in naming}
    for key in nested:
        value = record.get(key)
        if isinstance(value, str) and value.strip():
            value = _object(value)
        if value is None or value == "":
            continue
        if not isinstance(value, dict):
            raise Refused("bad_argument", f"the value of {key!r} is not an object")
        for name, argument in value.items():
            if params.get(name, argument) != argument:
                raise Refused("bad_argument", f"{name!r} is given twice, with different values")
            params[name] = argument
    return params


def _object(text: str) -> dict[str, Any]:
    """Arguments that were serialised once more; a plain text is what the tool takes as its input."""
    if not text.lstrip().startswith("{"):
        return {"input": text}
    try:
        value = read_json(text)
    except ValueError as error:
        raise Refused("bad_argument", f"the arguments are a text that is not JSON ({str(error)[:80]})") from error
    if not isinstance(value, dict):
        raise Refused("bad_argument", "the arguments are not an object")
    return value


class _Taken:
    """The old arguments, and which of them were used; those left over must carry no meaning."""

    def __init__(self, params: dict[str, Any], catalogue: Catalogue) -> None:
        self.left = dict(params)
        self.catalogue = catalogue

    def take(self, names: Iterable[str]) -> Any:
        """The first that has a value; another one with the same value is taken too, one with another value is left."""
        found = None
        for name in names:
            value = self.left.get(name)
            if value in (None, ""):
                continue
            if found is None or value == found:
                found = self.left.pop(name)
        return found

    def remark(self, names: Iterable[str]) -> str | None:
        value = self.take(names)
        if value is not None and not isinstance(value, str):
            raise Refused("extra_key", "a remark beside the call is not a text")
        if value and len(value) > NOTE_LIMIT:
            raise Refused("extra_key", f"a remark of {len(value)} characters beside the call is too long for a note")
        return value or None

    def check_rest(self, command: str) -> None:
        if self.left.pop("requires_sudo", False) and "sudo" not in command:
            raise Refused("bad_argument", "the command needs sudo and does not use it")
        labels = self.catalogue.labels
        lost = [key for key, value in self.left.items() if key not in labels and value not in (None, "", [], {}, False)]
        if lost:
            raise Refused("extra_key", f"there is no certain place for {', '.join(lost)[:80]}")


def _meant(retired: Retired, taken: _Taken, past: Sequence[Turn], contract: Contract) -> tuple[ActKind, dict[str, Any]]:
    """The act that the old call means, and its fields."""
    kind = retired.to
    own = contract.acts[kind].parameters
    found = {name: taken.take((own.get(name, name), *names)) for name, names in retired.params.items()}
    if retired.elsewhere and (named := taken.take(taken.catalogue.agent)) is not None:
        kind, found = retired.elsewhere, {"host": named, **found}
    if kind == "on_one" and found.get("host") is None:
        found["host"] = _only_agent(past, contract)
    fields = {name: value for name, value in found.items() if value is not None}
    if retired.command is not None:
        return kind, {"command": _filled(retired, retired.command, fields)}
    if retired.writes is not None:
        return kind, {"command": _written(retired, fields, taken)}
    return kind, fields


def _act(kind: ActKind, fields: Mapping[str, Any], contract: Contract) -> Act:
    meaning = contract.acts.get(kind)
    if meaning is None:
        raise Refused("retired_tool", f"this contract has no call for the act {kind!r}")
    for field, value in fields.items():
        if not value or field not in meaning.parameters:
            raise Refused("bad_argument", f"the act {kind!r} cannot have the {field} {str(value)[:40]!r}")
    return Act(kind, **fields)


def _only_agent(past: Sequence[Turn], contract: Contract) -> str:
    agents = discovered([*map(message_of, past)], contract) or ()
    if len(agents) != 1:
        raise Refused("before_discovery", "the call does not say which agent is meant")
    return agents[0].id


def _filled(retired: Retired, command: str, fields: Mapping[str, Any]) -> str:
    """The command of a tool that became a shell command."""
    for name in retired.params:
        value = fields.get(name, retired.defaults.get(name))
        if not isinstance(value, str) or "\0" in value:
            raise Refused("bad_argument", f"{retired.names[0]} without its {name}")
        command = command.replace(f"{{{name}}}", shlex.quote(value))
    return command


def _written(retired: Retired, fields: Mapping[str, Any], taken: _Taken) -> str:
    """A small file as one command: a quoted here-document for lines (it ends the last one), `printf` within a line."""
    path, content = fields.get("path"), fields.get("content", taken.left.pop("content", None))
    if not isinstance(path, str) or not isinstance(content, str) or "\0" in path + content:
        raise Refused("bad_argument", f"{retired.names[0]} without its path or its content")
    if len(content) > taken.catalogue.write_limit:
        raise Refused("content_too_long", f"a file of {len(content)} characters is too long for one command")
    target = shlex.quote(path)
    if "\n" in content and "EOF" not in content.splitlines() and "\r" not in content:
        lines = content if content.endswith("\n") else f"{content}\n"
        return f"cat {retired.writes} {target} <<'EOF'\n{lines}EOF"
    return f"printf '%s' {shlex.quote(content)} {retired.writes} {target}"


def _check_shell(command: str, shell: Any, request: str, catalogue: Catalogue) -> None:
    """AJ's own machine has no PowerShell, and the call does not say which agent was meant."""
    named = isinstance(shell, str) and shell.lower() in catalogue.windows.shells
    if named or catalogue.windows_command.search(command) or catalogue.windows_request.match(request):
        raise Refused("wrong_shell", "a command for Windows that names no agent")
