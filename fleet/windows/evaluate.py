"""Runs a parsed PowerShell line: statements, pipelines and commands, within the line's budget."""

from collections.abc import Callable

from fleet.model import Machine
from fleet.windows import commands
from fleet.windows.binding import QUIET, Argument, CmdletCall, bind
from fleet.windows.casts import cast
from fleet.windows.error_records import error_record
from fleet.windows.failure import COMMAND_COST, MAX_DEPTH, MAX_ITEMS, Failure, no_memory, refused
from fleet.windows.format import render
from fleet.windows.functions import bind_function
from fleet.windows.parse import parse
from fleet.windows.paths import write_text
from fleet.windows.session import Session, shown
from fleet.windows.statements import Leaving, StatementRunner
from fleet.windows.tree import (
    Block,
    Body,
    CommandNode,
    Element,
    Function,
    Parameter,
    Pipeline,
    Redirect,
    Span,
    Splat,
    SyntaxNode,
)
from fleet.windows.values import Hash, PSValue, items, to_text, truthy


class Interpreter(StatementRunner):
    """The PowerShell interpreter of one machine."""

    def __init__(self, machine: Machine) -> None:
        self.session = Session(machine, self.invoke, self.run_line, commands.KNOWN, commands.is_lacking)
        self._tries = 0
        self._caught = []
        self._depth = 0

    def run_script(self, line: str) -> None:
        """Run a whole line; each statement's output is printed before the next one runs."""
        parsed = parse(line)
        for statement, span in zip(parsed.statements, parsed.spans, strict=True):
            self.session.printed += self.body(Body((statement,), (span,)), guarded=True)

    def run_line(self, line: str) -> list[PSValue]:
        """The output of another line, run inside the current one."""
        outer, self.session.line = self.session.line, line
        try:
            return self._nested(lambda: self.body(parse(line), guarded=True))
        finally:
            self.session.line = outer

    def invoke(self, block: Block, item: PSValue, guarded: bool = True) -> list[PSValue]:
        """The output of a script block, with $_ set to `item`."""
        variables = self.session.variables
        before = variables.get("_")
        variables["_"] = item
        try:
            return self._nested(lambda: self.body(block.body, guarded))
        except Leaving as leaving:
            if leaving.keyword == "exit":
                raise
            return leaving.values
        finally:
            variables["_"] = before

    def _nested(self, run: Callable[[], list[PSValue]]) -> list[PSValue]:
        if self._depth >= MAX_DEPTH:
            raise refused("The script failed due to call depth overflow.")
        self._depth += 1
        try:
            return run()
        finally:
            self._depth -= 1

    # --- pipelines and commands -------------------------------------------------------------------------------------

    def pipeline(self, pipeline: Pipeline) -> list[PSValue]:
        values: list[PSValue] = []
        for place, stage in enumerate(pipeline.stages):
            self.session.budget.spend(len(values))
            values = (
                self.command(stage, values, place > 0) if isinstance(stage, CommandNode) else items(self.value(stage))
            )
            if len(values) > MAX_ITEMS:
                raise no_memory()
        for redirect in pipeline.redirects:
            values = self._redirect(redirect, values, len(self.session.errors))
        return values

    def command(self, command: CommandNode, given: list[PSValue], piped: bool) -> list[PSValue]:
        self.session.budget.spend(steps=COMMAND_COST)
        errors = len(self.session.errors)
        try:
            output = self._plain_command(command, given, piped)
        except Failure as failure:
            failure.span = failure.span or command.span
            silenced = any(redirect.stream in "2*" for redirect in command.redirects)
            if not silenced or failure.ends_line or self._tries:
                raise
            self.session.report(failure)
            output = []
        for redirect in command.redirects:
            output = self._redirect(redirect, output, errors)
        return output

    def _plain_command(self, command: CommandNode, given: list[PSValue], piped: bool) -> list[PSValue]:
        head = self.value(command.name)
        if isinstance(head, Block):
            if command.dotted and not head.parameters:
                return self.invoke(head, None)
            return self._call(Function("", head.parameters, head.body), self._arguments(command), given)
        name = to_text(head)
        name = self.session.aliases.get(name.lower(), name)
        if function := self.session.functions.get(name.lower()):
            return self._call(function, self._arguments(command), given)
        if native := commands.native(name):
            words = [self._word(element) for element in command.elements]
            return commands.run_native(native, self.session, [word for group in words for word in group], given)
        cmdlet = commands.cmdlet(name)
        if cmdlet is None:
            raise self._unknown(name, command)
        bound = bind(cmdlet, self._arguments(command), command.span, piped)
        if truthy(bound.get("Confirm")):
            text = "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available."
            raise Failure(text, f"InvalidOperation,{cmdlet.class_name}", source=cmdlet.name, span=command.span)
        action = to_text(bound.get("ErrorAction", self.session.variables.get("erroractionpreference"))).lower()
        call = CmdletCall(
            cmdlet, self.session, bound, given, piped, command.span, name, action in QUIET, action in ("stop", "1")
        )
        try:
            output = list(cmdlet.run(call) or [])
        except Failure as failure:
            if not failure.source and failure.kind != "RuntimeException":  # caused by a path, not by a script block
                failure.source, failure.called, failure.id = cmdlet.name, name, f"{failure.id},{cmdlet.class_name}"
            if not call.quiet or failure.ends_line or self._tries:
                raise
            call.silence(failure)
            output = []
        if call.has("OutVariable"):
            self.session.variables[call.text("OutVariable").lower()] = list(output)
        if call.has("ErrorVariable"):
            self.session.variables[call.text("ErrorVariable").lower()] = [
                error_record(one, self.session.line) for one in call.failures
            ]
        return output

    def _call(self, function: Function, arguments: list[Argument], given: list[PSValue]) -> list[PSValue]:
        """The output of a function; what it assigns ends with it."""
        session, outer = self.session, self.session.variables
        bound, loose = bind_function(function, arguments)
        session.variables = {**outer, "args": loose, "input": given}
        try:
            for name, type_, default in function.parameters:
                value = bound[name] if name in bound else default and self.value(default)
                session.variables[name] = cast(type_, value) if type_ and value is not None else value
            return self._nested(lambda: self.body(function.body, guarded=True))
        except Leaving as leaving:
            if leaving.keyword != "return":
                raise
            return leaving.values
        finally:
            session.variables = outer

    def _arguments(self, command: CommandNode) -> list[Argument]:
        found: list[Argument] = []
        for element in command.elements:
            found += (
                self._splat(element, command.span) if isinstance(element, Splat) else [self._given(element, command)]
            )
        return found

    def _splat(self, element: Splat, span: Span) -> list[Argument]:
        held = self.session.variables.get(element.name)
        if isinstance(held, Hash):
            return [Argument(name, value, True, span) for name, value in held.values.items()]
        return [Argument(None, value, True, span) for value in (held if isinstance(held, list) else [held])]

    def _given(self, element: SyntaxNode | Parameter, command: CommandNode) -> Argument:
        if isinstance(element, Parameter):
            value = None if element.value is None else self.value(element.value)
            return Argument(element.name, value, element.value is not None, element.span)
        return Argument(None, self.value(element), True, command.span)

    def _word(self, element: Element) -> list[str]:
        """The arguments of a console program: a parameter is a word like any other."""
        if isinstance(element, Splat):
            given = self._splat(element, (0, 0))
            return [f"-{one.name}:{to_text(one.value)}" if one.name else to_text(one.value) for one in given]
        if isinstance(element, Parameter):
            tail = [] if element.value is None else [self.value(element.value)]
            return [f"-{element.name}{':' + to_text(tail[0]) if tail else ''}"]
        value = self.value(element)
        return [to_text(member) for member in value] if isinstance(value, list) else [to_text(value)]

    def _unknown(self, name: str, command: CommandNode) -> Failure:
        text = (
            f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
            "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
        )
        kind = "CommandNotFoundException"
        lacks = name if commands.is_lacking(name) else ""
        return Failure(text, kind, "ObjectNotFound", f"{name}:String", kind, name, span=command.name_span, lacks=lacks)

    def _redirect(self, redirect: Redirect, output: list[PSValue], errors: int) -> list[PSValue]:
        """The part of a command's output that a redirection leaves."""
        written = self.session.errors
        if redirect.target is None:
            if redirect.stream in "2*":
                output = [*output, *(shown(text) for text in written[errors:])]
                del written[errors:]
            return output
        target = self.value(redirect.target)
        text = ""
        if redirect.stream in "2*":
            text = "".join(written[errors:])
            del written[errors:]
        if redirect.stream in "1*":
            text, output = render(output) + text, []
        if target is not None and to_text(target).lower() not in ("nul", "null"):
            write_text(self.session, to_text(target), text, redirect.append, "Out-File", "unicode")
        return output
