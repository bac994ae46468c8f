"""The classes of exceptions: their full names, what they derive from, and so which `catch [type]` catches one."""

from collections.abc import Sequence

from fleet.windows.failure import Failure

BASES = {
    "System.SystemException": "System.Exception",
    "System.ArgumentException": "System.SystemException",
    "System.ArgumentOutOfRangeException": "System.ArgumentException",
    "System.ArithmeticException": "System.SystemException",
    "System.DivideByZeroException": "System.ArithmeticException",
    "System.FormatException": "System.SystemException",
    "System.InvalidCastException": "System.SystemException",
    "System.InvalidOperationException": "System.SystemException",
    "System.NotSupportedException": "System.SystemException",
    "System.UnauthorizedAccessException": "System.SystemException",
    "System.IO.IOException": "System.SystemException",
    "System.IO.DirectoryNotFoundException": "System.IO.IOException",
    "System.IO.FileNotFoundException": "System.IO.IOException",
    "System.ComponentModel.Win32Exception": "System.SystemException",
    "System.Net.WebException": "System.InvalidOperationException",
    "System.Net.NetworkInformation.PingException": "System.InvalidOperationException",
    "Microsoft.Management.Infrastructure.CimException": "System.Exception",
    "Microsoft.PowerShell.Commands.ProcessCommandException": "System.SystemException",
    "Microsoft.PowerShell.Commands.ServiceCommandException": "System.SystemException",
    "Microsoft.PowerShell.Commands.UserNotFoundException": "System.Exception",
    "Microsoft.PowerShell.Commands.WriteErrorException": "System.SystemException",
    **{
        f"System.Management.Automation.{name}": base if "." in base else f"System.Management.Automation.{base}"
        for name, base in {
            "RuntimeException": "System.SystemException",
            "SessionStateException": "RuntimeException",
            "CommandNotFoundException": "RuntimeException",
            "DriveNotFoundException": "SessionStateException",
            "ItemNotFoundException": "SessionStateException",
            "ExtendedTypeSystemException": "RuntimeException",
            "MethodException": "ExtendedTypeSystemException",
            "MethodInvocationException": "MethodException",
            "ParameterBindingException": "RuntimeException",
            "ParseException": "RuntimeException",
            "WildcardPatternException": "RuntimeException",
            "PSArgumentException": "System.ArgumentException",
            "PSInvalidCastException": "System.InvalidCastException",
            "PSInvalidOperationException": "System.InvalidOperationException",
            "PSNotSupportedException": "System.NotSupportedException",
        }.items()
    },
}
"""Class -> the one that it derives from."""
SHORT = {name.rpartition(".")[2]: name for name in BASES}
DIVISION = "Attempted to divide by zero."


def full_name(kind: str) -> str:
    return SHORT.get(kind, f"System.{kind}")


def inner(failure: Failure) -> str:
    """The class of what PowerShell's own exception wraps, if it wraps one: "FormatException"."""
    if failure.kind == "MethodInvocationException":
        return failure.id
    return "DivideByZeroException" if failure.message == DIVISION else ""


def is_caught(failure: Failure, types: Sequence[str]) -> bool:
    """Whether a `catch` of these types catches the error; one without types catches all."""
    wanted = {name.lower().removeprefix("system.") for name in types}
    names = [full_name(kind) for kind in (failure.kind, inner(failure)) if kind]
    for name in names:
        while name:
            if name.lower().removeprefix("system.") in wanted:
                return True
            name = BASES.get(name, "System.Exception" if name != "System.Exception" else "")
    return not types
