"""Binds arguments to a cmdlet's parameters: full or abbreviated names, switches, positions, and errors."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from fleet.windows.failure import Failure
from fleet.windows.parameters import REQUIRED, taken_type
from fleet.windows.session import Session, shown
from fleet.windows.tree import Block, Span
from fleet.windows.values import PSObject, PSValue, bad_conversion, items, to_number, to_text, truthy

COMMON_NAMED = "ErrorAction|EA WarningAction|WA InformationAction|InfA ErrorVariable|EV OutVariable|OV OutBuffer|OB"
COMMON_SWITCHES = "Verbose|vb Debug|db"
COMMON_LACKED = "WarningVariable|WV InformationVariable|IV PipelineVariable|PV"
CHANGING_SWITCHES = "WhatIf|wi Confirm|cf"
CHANGING_VERBS = (
    "add",
    "clear",
    "copy",
    "foreach",
    "mkdir",
    "move",
    "new",
    "out",
    "remove",
    "rename",
    "restart",
    "set",
    "start",
    "stop",
)
"""Verbs of cmdlets that take -WhatIf and -Confirm."""
HARMLESS = (
    "New-Object", "New-TimeSpan", "Start-Sleep", "Out-Null", "Out-String", "Out-Host", "Out-Default", "Set-Location",
    "Add-Type", "Tee-Object",
)  # fmt: skip
"""Cmdlets that do not take them, whatever their verb."""
QUIET = ("silentlycontinue", "ignore", "0")


@dataclass(frozen=True, slots=True)
class Cmdlet:
    """A command with PowerShell parameters. `positional`, `named`, `switches` and `lacks` are space-separated names;
    aliases follow a bar, as in "Tail|Last"."""

    name: str
    run: "Callable[[CmdletCall], Iterable[PSValue] | None]"
    positional: str = ""
    named: str = ""
    switches: str = ""
    rest: str = ""
    """the parameter that takes all remaining positional arguments"""
    lacks: str = ""
    """parameters of the real cmdlet that are not simulated: refused as if there were none, and a gap"""
    function: bool = False
    """whether it is a function of a module, whose errors name no class"""
    error_class: str = ""
    """the class that its errors name, if it is none of PowerShell's own"""

    def parameter(self, name: str, span: Span) -> tuple[str, bool]:
        """The full name meant by `name`, and whether it is a switch.

        Raises:
            Failure: no parameter matches, or several do.
        """
        wanted, fits = name.lower(), []
        for full, spellings, switch in _spelled(self):
            if wanted in spellings:
                if switch is None:
                    raise self._lacking(full, name, span)
                return full, switch
            if spellings[0].startswith(wanted):
                fits.append((full, switch))
        if len(fits) > 1:
            own = [fit for fit in fits if fit[0] in f"{self.positional} {self.named} {self.switches}"]
            fits = own if len(own) == 1 else fits
        if len(fits) == 1:
            full, switch = fits[0]
            if switch is None:
                raise self._lacking(full, name, span)
            return full, switch
        if fits:
            matches = " ".join(f"-{full}" for full, _ in fits)
            text = (
                f"Parameter cannot be processed because the parameter name '{name}' is ambiguous. "
                f"Possible matches include: {matches}."
            )
            raise self.unbound(text, "AmbiguousParameter", span)
        raise self._unknown(name, span)

    def _unknown(self, name: str, span: Span) -> Failure:
        text = f"A parameter cannot be found that matches parameter name '{name}'."
        return self.unbound(text, "NamedParameterNotFound", span)

    def _lacking(self, full: str, name: str, span: Span) -> Failure:
        failure = self._unknown(name, span)
        failure.lacks = f"{self.name} -{full}"
        return failure

    def groups(self) -> list[tuple[str, bool]]:
        named = f"{self.positional} {self.named} {COMMON_NAMED}".split()
        switches = f"{self.switches} {COMMON_SWITCHES} {CHANGING_SWITCHES if self.changes else ''}".split()
        return [*((group, False) for group in named), *((group, True) for group in switches)]

    def unbound(self, text: str, name: str, span: Span | None) -> Failure:
        return Failure(
            text,
            f"{name},{self.class_name}",
            "InvalidArgument",
            ":",
            "ParameterBindingException",
            self.name,
            span=span,
        )

    @property
    def changes(self) -> bool:
        """Whether it asks before it acts, if one wants that: SupportsShouldProcess."""
        return self.name.partition("-")[0].lower() in CHANGING_VERBS and self.name not in HARMLESS

    @property
    def class_name(self) -> str:
        """The class name used in FullyQualifiedErrorId."""
        own = self.name if self.function else self.error_class
        return own or f"Microsoft.PowerShell.Commands.{self.name.replace('-', '')}Command"


@cache
def _spelled(cmdlet: Cmdlet) -> list[tuple[str, list[str], bool | None]]:
    """The parameters of a cmdlet: full name, all spellings in lower case, and whether it is a switch; None: it is not
    simulated."""
    lacked = ((group, None) for group in f"{cmdlet.lacks} {COMMON_LACKED}".split())
    groups = [(group.split("|"), switch) for group, switch in (*cmdlet.groups(), *lacked)]
    return [(names[0], [name.lower() for name in names], switch) for names, switch in groups]


@dataclass(frozen=True, slots=True)
class Argument:
    """One evaluated argument of a command: a named parameter, or a value."""

    name: str | None
    value: PSValue
    has_value: bool
    span: Span


def bind(cmdlet: Cmdlet, given: Sequence[Argument], span: Span, piped: bool = False) -> dict[str, PSValue]:
    """Full parameter name -> value. A pipe may give what is not bound.

    Raises:
        Failure: an argument fits no parameter, or one is missing that there must be.
    """
    bound = _bind(cmdlet, given, span)
    groups = REQUIRED.get(cmdlet.name, "").split() if not piped else []
    missing = [group.split("|")[0] for group in groups if bound.keys().isdisjoint(group.split("|"))]
    if missing:
        text = f"Cannot process command because of one or more missing mandatory parameters: {' '.join(missing)}."
        raise cmdlet.unbound(text, "MissingMandatoryParameter", span)
    return bound


def _bind(cmdlet: Cmdlet, given: Sequence[Argument], span: Span) -> dict[str, PSValue]:
    bound: dict[str, PSValue] = {}
    loose: list[PSValue] = []
    place = 0
    while place < len(given):
        element = given[place]
        place += 1
        if element.name is None:
            loose.append(element.value)
            continue
        name, switch = cmdlet.parameter(element.name, element.span)
        if switch:
            bound[name] = truthy(element.value) if element.has_value else True
        elif element.has_value:
            bound[name] = element.value
        elif place < len(given) and given[place].name is None:
            bound[name] = given[place].value
            place += 1
        else:
            text = (
                f"Missing an argument for parameter '{name}'. "
                f"Specify a parameter of type '{taken_type(cmdlet.name, name)}' and try again."
            )
            raise cmdlet.unbound(text, "MissingArgument", element.span)
    return _place(cmdlet, bound, loose, span)


def _place(cmdlet: Cmdlet, bound: dict[str, PSValue], loose: list[PSValue], span: Span) -> dict[str, PSValue]:
    free = [name for group in cmdlet.positional.split() if (name := group.split("|")[0]) not in bound]
    for name, value in zip(free, loose, strict=False):
        bound[name] = value
    over = loose[len(free) :]
    if over and cmdlet.rest:
        bound[cmdlet.rest] = [*items(bound.get(cmdlet.rest)), *(one for value in over for one in items(value))]
    elif over:
        text = f"A positional parameter cannot be found that accepts argument '{to_text(over[0])[:200]}'."
        raise cmdlet.unbound(text, "PositionalParameterNotFound", span)
    return bound


@dataclass(slots=True)
class CmdletCall:
    """One invocation of a cmdlet."""

    cmdlet: Cmdlet
    session: Session
    bound: dict[str, PSValue]
    input: list[PSValue]
    """the values from the pipeline"""
    piped: bool
    span: Span
    called: str = ""
    """the cmdlet's name as it was typed"""
    quiet: bool = False
    stops: bool = False
    failures: list[Failure] = field(default_factory=list)
    """the errors reported so far, shown or not"""

    def has(self, name: str) -> bool:
        return name in self.bound

    def value(self, name: str) -> PSValue:
        return self.bound.get(name)

    def flag(self, name: str) -> bool:
        return truthy(self.bound.get(name))

    def text(self, name: str, default: str = "") -> str:
        return to_text(self.bound[name]) if name in self.bound else default

    def texts(self, name: str) -> list[str]:
        """A parameter's values as strings; empty if it is not given."""
        return [to_text(value) for value in items(self.bound.get(name))]

    def number(self, name: str) -> int | None:
        """A parameter as an integer; None if it is not given.

        Raises:
            Failure: the value is not an integer.
        """
        return None if name not in self.bound else self.numbers(name)[0]

    def numbers(self, name: str) -> list[int]:
        try:
            found = [int(to_number(value)) for value in items(self.bound.get(name)) or [0]]
            if any(abs(value) >= 2**31 for value in found):
                raise bad_conversion(self.bound.get(name), "System.Int32")
            return found
        except (Failure, OverflowError, ValueError):
            given = self.text(name)[:200]
            text = (
                f'Cannot bind parameter \'{name}\'. Cannot convert value "{given}" to type "System.Int32". '
                'Error: "Input string was not in a correct format."'
            )
            raise self.cmdlet.unbound(text, "CannotConvertArgumentNoMessage", self.span) from None

    def names(self, name: str, *properties: str) -> list[str]:
        """Strings from a parameter, otherwise from the pipeline: its strings, or the first of `properties` that an
        object has."""
        if self.has(name):
            return self.texts(name)
        found = []
        for value in self.input:
            if isinstance(value, PSObject):
                held = next((value.get(p) for p in properties if value.real_name(p)), None)
                found += [to_text(held)] if held is not None else []
            else:
                found.append(to_text(value))
        return found

    def block(self, name: str) -> Block | None:
        value = self.bound.get(name)
        return value if isinstance(value, Block) else None

    def failure(self, message: str, name: str, category: str, target: str, kind: str = "") -> Failure:
        return Failure(
            message,
            f"{name},{self.cmdlet.class_name}",
            category,
            target,
            kind or f"{self.cmdlet.name.split('-')[-1]}CommandException",
            self.cmdlet.name,
            self.called,
            self.span,
            self.stops,
        )

    def fail(self, message: str, name: str, category: str, target: str, kind: str = "") -> None:
        """Report a non-terminating error, unless -ErrorAction Stop makes it terminating.

        Raises:
            Failure: -ErrorAction is Stop.
        """
        failure = self.failure(message, name, category, target, kind)
        if self.stops:
            raise failure
        if self.quiet:
            self.silence(failure)
            return
        self.failures.append(failure)
        self.session.report(failure)

    def silence(self, failure: Failure) -> None:
        """Do not show an error; $Error has it, unless it is to be ignored."""
        self.session.ok = False
        self.failures.append(failure)
        if self.text("ErrorAction").lower() not in ("ignore", "4"):
            self.session.note(failure)

    def what_if(self, action: str, target: str) -> bool:
        """Whether -WhatIf was given; if so, prints what would be done, and the caller must not do it."""
        if self.flag("WhatIf"):
            self.session.printed.append(shown(f'What if: Performing the operation "{action}" on target "{target}".\n'))
            return True
        if self.flag("Verbose"):
            self.session.printed.append(shown(f'VERBOSE: Performing the operation "{action}" on target "{target}".\n'))
        return False
