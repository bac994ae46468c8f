"""Cmdlets of the shell itself: warnings and other streams, lines in strings, parts of paths, settings."""

from collections.abc import Iterable

from fleet.windows.binding import QUIET, Cmdlet, CmdletCall
from fleet.windows.session import shown
from fleet.windows.values import Hash, PSValue, to_text


def _print(call: CmdletCall, label: str, preference: str, default: str) -> Iterable[PSValue]:
    """Print a message if the stream is shown: `preference` is the variable that says so."""
    wanted = to_text(call.session.variables.get(preference)).lower() or default
    if call.flag(label.title()):
        wanted = "continue"
    wanted = call.text(f"{label.title()}Action", wanted).lower()
    if wanted not in QUIET:
        call.session.printed.append(shown(f"{label}: {call.text('Message')}\n"))
    return []


def write_warning(call: CmdletCall) -> Iterable[PSValue]:
    return _print(call, "WARNING", "warningpreference", "continue")


def write_verbose(call: CmdletCall) -> Iterable[PSValue]:
    return _print(call, "VERBOSE", "verbosepreference", "silentlycontinue")


def write_debug(call: CmdletCall) -> Iterable[PSValue]:
    return _print(call, "DEBUG", "debugpreference", "silentlycontinue")


def write_information(call: CmdletCall) -> Iterable[PSValue]:
    wanted = to_text(call.session.variables.get("informationpreference")).lower() or "silentlycontinue"
    if call.text("InformationAction", wanted).lower() not in QUIET:
        call.session.printed.append(shown(f"{call.text('MessageData')}\n"))
    return []


def invoke_command(call: CmdletCall) -> Iterable[PSValue]:
    """A block that runs here; other computers are gaps."""
    block = call.block("ScriptBlock")
    return call.session.invoke(block, None) if block else []


def from_string_data(call: CmdletCall) -> Iterable[PSValue]:
    tables: list[PSValue] = []
    for text in call.names("StringData"):
        table = Hash()
        for line in text.splitlines():
            name, equals, value = line.strip().partition("=")
            if equals and not name.startswith("#"):
                table.set(name.strip(), value.strip())
        tables.append(table)
    return tables


def invoke_expression(call: CmdletCall) -> Iterable[PSValue]:
    return [value for line in call.names("Command") for value in call.session.run_line(line)]


def join_path(call: CmdletCall) -> Iterable[PSValue]:
    child = call.text("ChildPath").replace("/", "\\")
    return [f"{path.replace('/', chr(92)).rstrip(chr(92))}\\{child.lstrip(chr(92))}" for path in call.texts("Path")]


def split_path(call: CmdletCall) -> Iterable[PSValue]:
    paths = call.texts("LiteralPath") or call.names("Path", "FullName")
    return [_part(call, path.replace("/", "\\")) for path in paths]


def _part(call: CmdletCall, path: str) -> str:
    drive, colon, rest = path.partition(":")
    if call.flag("Qualifier"):
        if not colon:
            text = f"Cannot parse path because path '{path}' does not have a qualifier specified."
            raise call.failure(text, "ParsePathFormatError", "InvalidArgument", f"{path}:String", "FormatException")
        return drive + colon
    if call.flag("NoQualifier"):
        return rest if colon else path
    head, _, leaf = path.rstrip("\\").rpartition("\\")
    if call.flag("Leaf"):
        return leaf or path
    return f"{head}\\" if head.endswith(":") else head


def execution_policy(call: CmdletCall) -> Iterable[PSValue]:
    return ["RemoteSigned"]


CMDLETS = (
    Cmdlet("Write-Warning", write_warning, "Message|Msg"),
    Cmdlet("Write-Verbose", write_verbose, "Message|Msg"),
    Cmdlet("Write-Debug", write_debug, "Message|Msg"),
    Cmdlet("Write-Information", write_information, "MessageData|Msg", lacks="Tags"),
    Cmdlet("Write-Progress", lambda call: None, "Activity Status Id", "PercentComplete SecondsRemaining "
           "CurrentOperation ParentId", "Completed", lacks="SourceId"),
    Cmdlet("Invoke-Command", invoke_command, "ScriptBlock|Command", "InputObject", "NoNewScope",
           lacks="ComputerName|Cn Session ArgumentList|Args Credential AsJob FilePath"),
    Cmdlet("ConvertFrom-StringData", from_string_data, "StringData"),
    Cmdlet("Invoke-Expression", invoke_expression, "Command"),
    Cmdlet("Join-Path", join_path, "Path ChildPath", lacks="Resolve Credential"),
    Cmdlet("Split-Path", split_path, "Path", "LiteralPath|PSPath", "Leaf Parent Qualifier NoQualifier",
           lacks="Resolve IsAbsolute Credential"),
    Cmdlet("Get-ExecutionPolicy", execution_policy, lacks="Scope List"),
)  # fmt: skip
