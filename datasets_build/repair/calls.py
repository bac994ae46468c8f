"""A call of an earlier catalogue as a call of the contract, or the reason why there is no certain one."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aj.contract import Contract
from aj.messages import Call
from aj.state import discovered
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Turn, message_of
from datasets_build.repair.retired import Catalogue, Mapped, load_retired

NOTE_LIMIT = 400
"""Characters of a note: it is a short remark beside the call, and what is longer was meant as something else."""


def names_of(record: Mapping[str, Any], contract: Contract) -> list[str]:
    """What the record says that it does, under the contract's key for the tool or an alias of it."""
    keys = (contract.wire.keys.tool, "tool", *contract.aliases.tool_keys, *contract.aliases.name_keys)
    named = [record[key] for key in dict.fromkeys(keys) if isinstance(record.get(key), str)]
    return [name for name in dict.fromkeys(named) if name.strip()]


def to_call(record: Mapping[str, Any], request: str, past: Sequence[Turn], contract: Contract) -> Call:
    """The record of a call, in any of the known forms, as a call of the contract.

    Args:
        record: the object as it stands: `{"tool", "params"}`, `{"action", "command", …}`, `{"name", "arguments"}`.
        request: the user's words that it answers.
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
    if name in contract.tool_by_name and _fits(name, params, contract):
        return Call(name, params)
    mapped = _mapped(names, catalogue, contract)
    if mapped.to not in contract.tool_by_name:
        raise Refused("retired_tool", f"{mapped.to} is no tool of this contract")
    if name.lower() == "none" and not any(params.get(key) for key in mapped.params.get("answer", ())):
        raise Refused("tool_none", "no tool is named, and nothing is said")
    taken = _Taken(params, catalogue)
    call = _build(mapped, taken, past, contract)
    _check_windows(call, params, request, catalogue, contract)
    taken.check_rest(str(call.params.get("command", "")))
    return call


def _fits(name: str, params: Mapping[str, Any], contract: Contract) -> bool:
    return contract.validators[name].is_valid(dict(params))


def _mapped(names: Iterable[str], catalogue: Catalogue, contract: Contract) -> Mapped:
    """The one entry that all the names agree on."""
    found: list[Mapped] = []
    for name in names:
        key = name.strip() if name.strip() in catalogue.by_name else name.strip().lower()
        if key in catalogue.unmapped:
            raise Refused("retired_tool", f"{key}: {catalogue.unmapped[key]}")
        if key in catalogue.by_name:
            found.append(catalogue.by_name[key])
        else:
            retired = key in contract.aliases.retired_tools
            raise Refused("retired_tool" if retired else "unknown_tool", f"{name[:40]!r} has no certain counterpart")
    if any(mapped.to != found[0].to for mapped in found):
        raise Refused("unknown_tool", f"the object names several tools: {', '.join(names)[:80]}")
    return found[0]


def _params(record: Mapping[str, Any], contract: Contract) -> dict[str, Any]:
    """All arguments of the record, nested or flat, under the names that they stand under."""
    keys, aliases = contract.wire.keys, contract.aliases
    nested = dict.fromkeys((keys.params, "params", *aliases.params_keys, "arguments"))
    naming = {keys.tool, "tool", *aliases.tool_keys, *aliases.name_keys, *nested}
    params = {key: value for key, value in record.items() if key not in naming}
    for key in nested:
        value = record.get(key)
        if isinstance(value, str) and value.strip():
            value = _object(value)
        if value is None or value == "":
            continue
        if not isinstance(value, dict):
            raise Refused("bad_argument", f"what stands under {key!r} is no object")
        for name, argument in value.items():
            if params.get(name, argument) != argument:
                raise Refused("bad_argument", f"{name!r} is given twice, and not alike")
            params[name] = argument
    return params


def _object(text: str) -> dict[str, Any]:
    """Arguments that were serialised once more; a plain text is what the tool takes as its input."""
    if not text.lstrip().startswith("{"):
        return {"input": text}
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_argument", "the arguments are a text that is no JSON") from error
    if not isinstance(value, dict):
        raise Refused("bad_argument", "the arguments are no object")
    return value


class _Taken:
    """The old arguments, and which of them were used: what is left over must carry no meaning."""

    def __init__(self, params: dict[str, Any], catalogue: Catalogue) -> None:
        self.left = dict(params)
        self.catalogue = catalogue

    def take(self, names: Iterable[str]) -> Any:
        """The first that is there; another one beside it stays, and must then say the same."""
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
            raise Refused("extra_key", "a remark beside the call is no text")
        if value and len(value) > NOTE_LIMIT:
            raise Refused("extra_key", f"a remark of {len(value)} characters beside the call is no note")
        return value or None

    def check_rest(self, command: str) -> None:
        if self.left.pop("requires_sudo", False) and "sudo" not in command:
            raise Refused("bad_argument", "the command needs sudo and does not say so")
        labels = self.catalogue.labels
        lost = [key for key, value in self.left.items() if key not in labels and value not in (None, "", [], {}, False)]
        if lost:
            raise Refused("extra_key", f"there is no certain place for {', '.join(lost)[:80]}")


def _build(mapped: Mapped, taken: _Taken, past: Sequence[Turn], contract: Contract) -> Call:
    found = {name: taken.take(aliases) for name, aliases in mapped.params.items()}
    tool, agent = mapped.to, contract.conduct.target
    if mapped.elsewhere and (named := taken.take(taken.catalogue.agent)) is not None:
        tool, found = mapped.elsewhere, {agent: named, **found}
    if tool in contract.conduct.targeted and found.get(agent) is None:
        found[agent] = _only_agent(past, contract)
    params = {name: value for name, value in found.items() if value is not None}
    if mapped.command is not None:
        params = {"command": _filled(mapped, params)}
    elif mapped.writes is not None:
        params = {"command": _written(mapped, params, taken)}
    note = taken.remark((*mapped.note, *taken.catalogue.note))
    reasoning = taken.remark(taken.catalogue.reasoning)
    if tool == contract.conduct.finish and not params:
        raise Refused("bad_argument", f"{tool} without an answer")
    return Call(tool, params, note, reasoning)


def _only_agent(past: Sequence[Turn], contract: Contract) -> str:
    agents = discovered([*map(message_of, past)], contract) or ()
    if len(agents) != 1:
        raise Refused("before_discovery", "which agent is meant is not said")
    return agents[0].id


def _filled(mapped: Mapped, params: dict[str, Any]) -> str:
    """The command of a tool that became a shell command."""
    assert mapped.command is not None
    filled = mapped.command
    for name in mapped.params:
        value = params.get(name, mapped.defaults.get(name))
        if not isinstance(value, str) or "\0" in value:
            raise Refused("bad_argument", f"{mapped.names[0]} without its {name}")
        filled = filled.replace(f"{{{name}}}", shlex.quote(value))
    return filled


def _written(mapped: Mapped, params: dict[str, Any], taken: _Taken) -> str:
    """A small file as one command: a quoted here-document for lines (it ends the last one), `printf` within a line."""
    path, content = params.get("path"), params.get("content", taken.left.pop("content", None))
    if not isinstance(path, str) or not isinstance(content, str) or "\0" in path + content:
        raise Refused("bad_argument", f"{mapped.names[0]} without its path or its content")
    if len(content) > taken.catalogue.write_limit:
        raise Refused("content_too_long", f"a file of {len(content)} characters is not one command's work")
    target = shlex.quote(path)
    if "\n" in content and "EOF" not in content.splitlines() and "\r" not in content:
        lines = content if content.endswith("\n") else f"{content}\n"
        return f"cat {mapped.writes} {target} <<'EOF'\n{lines}EOF"
    return f"printf '%s' {shlex.quote(content)} {mapped.writes} {target}"


def _check_windows(
    call: Call, params: Mapping[str, Any], request: str, catalogue: Catalogue, contract: Contract
) -> None:
    """AJ's own machine has no PowerShell, and on which agent it was meant to run is not said."""
    if "command" not in call.params or call.tool in (*contract.conduct.targeted, *contract.conduct.fleet_wide):
        return
    shell = params.get("shell")
    named = isinstance(shell, str) and shell.lower() in catalogue.windows.shells
    command = str(call.params["command"])
    if named or catalogue.windows_command.search(command) or catalogue.windows_request.match(request):
        raise Refused("wrong_shell", "a command for Windows, with no agent that it is for")
