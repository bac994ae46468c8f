"""Cmdlets for variables and aliases, and for the properties of objects."""

from collections.abc import Iterable

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.failure import Unmodelled
from fleet.windows.matching import like
from fleet.windows.values import Hash, PSObject, PSValue, items, to_text

AUTOMATIC = """
$ ? ^ args confirmpreference consolefilename debugpreference error erroractionpreference errorview executioncontext
false formatenumerationlimit home host informationpreference input maximumaliascount maximumdrivecount maximumerrorcount
maximumfunctioncount maximumhistorycount maximumvariablecount myinvocation nestedpromptlevel null outputencoding pid
profile progresspreference psboundparameters pscommandpath psculture psdefaultparametervalues psemailserver pshome
psscriptroot pssessionapplicationname pssessionconfigurationname pssessionoption psuiculture psversiontable pwd shellid
stacktrace true verbosepreference warningpreference whatifpreference
"""
"""Variables of every session."""
LACKS = "Scope Include Exclude Option Visibility Description"


def _variable(name: str, value: PSValue) -> PSObject:
    return PSObject("System.Management.Automation.PSVariable", {"Name": name, "Value": value})


def _known(call: CmdletCall) -> list[str]:
    """The variables named, in lower case; those that there are not are reported.

    Raises:
        Unmodelled: one is the shell's own.
    """
    held, found = call.session.variables, []
    for name in call.texts("Name"):
        fits = [key for key in held if like(key, name)]
        if not fits and name.lower() in AUTOMATIC.split():
            raise Unmodelled(f"{call.cmdlet.name} {name}")
        if not fits and not any(mark in name for mark in "*?["):
            text = f"Cannot find a variable with the name '{name}'."
            call.fail(text, "VariableNotFound", "ObjectNotFound", f"{name}:String", "ItemNotFoundException")
        found += fits
    return found


def get_variable(call: CmdletCall) -> Iterable[PSValue]:
    if not call.has("Name"):
        raise Unmodelled("Get-Variable")
    names = _known(call)
    held = call.session.variables
    if call.flag("ValueOnly"):
        return [value for name in names for value in items(held[name])]
    typed = {name.lower(): name for name in call.texts("Name")}
    return [_variable(typed.get(name, name), held[name]) for name in names]


def set_variable(call: CmdletCall) -> Iterable[PSValue]:
    value = call.value("Value") if call.has("Value") or not call.piped else list(call.input)
    for name in call.texts("Name"):
        if call.cmdlet.name == "New-Variable" and name.lower() in call.session.variables and not call.flag("Force"):
            text = f"A variable with name '{name}' already exists."
            call.fail(text, "VariableAlreadyExists", "ResourceExists", f"{name}:String", "SessionStateException")
            continue
        call.session.variables[name.lower()] = value
    return [_variable(name, value) for name in call.texts("Name")] if call.flag("PassThru") else []


def clear_variable(call: CmdletCall) -> Iterable[PSValue]:
    for name in _known(call):
        if call.cmdlet.name == "Remove-Variable":
            del call.session.variables[name]
        else:
            call.session.variables[name] = None
    return []


def set_alias(call: CmdletCall) -> Iterable[PSValue]:
    name = call.text("Name")
    known = name.lower() in call.session.aliases or name.lower() in call.session.commands.aliases
    if call.cmdlet.name == "New-Alias" and known and not call.flag("Force"):
        text = f"The alias is not allowed, because an alias with the name '{name}' already exists."
        call.fail(text, "AliasAlreadyExists", "ResourceExists", f"{name}:String", "SessionStateException")
    else:
        call.session.aliases[name.lower()] = call.text("Value")
    return []


def add_member(call: CmdletCall) -> Iterable[PSValue]:
    kind = call.text("MemberType", "NoteProperty")
    pairs = {call.text("Name"): call.value("Value")} if call.has("Name") else {}
    if call.has("NotePropertyName"):
        pairs = {call.text("NotePropertyName"): call.value("NotePropertyValue")}
    if call.has("Name") and not call.has("Value"):  # Add-Member name value
        kind, pairs = "NoteProperty", {kind: call.value("Name")}
    if isinstance(held := call.value("NotePropertyMembers"), Hash):
        pairs = held.values
    given = items(call.value("InputObject")) if call.has("InputObject") else call.input
    if kind.lower() != "noteproperty" or not pairs or not all(isinstance(item, PSObject) for item in given):
        raise Unmodelled(f"Add-Member {kind}")
    for item in given:
        for name, value in pairs.items():
            if isinstance(item, PSObject) and item.real_name(name) and not call.flag("Force"):
                text = (
                    f'Cannot add a member with the name "{name}" because a member with that name already exists. To '
                    "overwrite the member anyway, add the Force parameter to your command."
                )
                target = f"{to_text(item)}:PSObject"
                call.fail(text, "MemberAlreadyExists", "InvalidOperation", target, "InvalidOperationException")
            elif isinstance(item, PSObject):
                item.values[item.real_name(name) or name] = value
    return given if call.flag("PassThru") else []


CMDLETS = (
    Cmdlet("Get-Variable", get_variable, "Name", "", "ValueOnly", lacks="Scope Include Exclude"),
    Cmdlet("Set-Variable", set_variable, "Name Value", "", "Force PassThru", lacks=LACKS),
    Cmdlet("New-Variable", set_variable, "Name Value", "", "Force PassThru", lacks=LACKS),
    Cmdlet("Clear-Variable", clear_variable, "Name", "", "Force", lacks=f"{LACKS} PassThru"),
    Cmdlet("Remove-Variable", clear_variable, "Name", "", "Force", lacks=LACKS),
    Cmdlet("Set-Alias", set_alias, "Name Value", "", "Force", lacks="Description Option Scope PassThru"),
    Cmdlet("New-Alias", set_alias, "Name Value", "", "Force", lacks="Description Option Scope PassThru"),
    Cmdlet("Add-Member", add_member, "MemberType|Type Name Value", "NotePropertyName NotePropertyValue "
           "NotePropertyMembers InputObject", "Force PassThru", lacks="SecondValue TypeName"),
)  # fmt: skip
