"""Runs a parsed PowerShell line: statements, pipelines and commands, within the line's budget."""

from collections.abc import Callable

from fleet.model import Machine
from fleet.windows import commands
from fleet.windows.binding import QUIET, Argument, CmdletCall, bind
from fleet.windows.compute import ExpressionEvaluator
from fleet.windows.failure import COMMAND_COST, MAX_DEPTH, MAX_ITEMS, Failure, no_memory, not_allowed, refused
from fleet.windows.format import render
from fleet.windows.operators import binary
from fleet.windows.parse import parse
from fleet.windows.paths import write_text
from fleet.windows.session import Session, shown
from fleet.windows.statics import cast
from fleet.windows.tree import (
    Assign,
    Block,
    Body,
    Cast,
    CommandNode,
    Forbidden,
    ForEach,
    If,
    Index,
    Leave,
    Member,
    Parameter,
    Pipeline,
    Redirect,
    StatementNode,
    SyntaxNode,
    Try,
    Variable,
)
from fleet.windows.values import Hash, PSObject, PSValue, collapse, items, to_number, to_text, truthy


class Leaving(Exception):
    """`exit` or `return`: ends the line or the block."""

    def __init__(self, keyword: str, values: list[PSValue]) -> None:
        super().__init__(keyword)
        self.keyword = keyword
        self.values = values


class Interpreter(ExpressionEvaluator):
    """The PowerShell interpreter of one machine."""

    def __init__(self, machine: Machine) -> None:
        self.session = Session(
            machine, self.invoke, self.run_line, lambda name: commands.native(name) is not None, commands.is_lacking
        )
        self._tries = 0
        self._depth = 0

    # --- statements -------------------------------------------------------------------------------------------------

    def run_script(self, line: str) -> None:
        """Run a whole line; each statement's output is printed before the next one runs."""
        for statement in parse(line).statements:
            self.session.printed += self.body(Body((statement,)), guarded=True)

    def run_line(self, line: str) -> list[PSValue]:
        """The output of another line, run inside the current one."""
        outer, self.session.line = self.session.line, line
        try:
            return self._nested(lambda: self.body(parse(line), guarded=True))
        finally:
            self.session.line = outer

    def invoke(self, block: Block, item: PSValue) -> list[PSValue]:
        """The output of a script block, with $_ set to `item`."""
        variables = self.session.variables
        before = variables.get("_")
        variables["_"] = item
        try:
            return self._nested(lambda: self.body(block.body))
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

    def body(self, body: Body, guarded: bool = False) -> list[PSValue]:
        """The output of statements; if `guarded`, an error is reported and the next statement runs, as in a script."""
        output: list[PSValue] = []
        for statement in body.statements:
            self.session.budget.spend()
            try:
                self.session.ok_before, self.session.ok = self.session.ok, True
                output += self.statement(statement)
            except Failure as failure:
                self.session.note(failure)
                if not guarded or self._tries or failure.ends_line:
                    raise
                self.session.report(failure)
            if len(output) > MAX_ITEMS:
                raise no_memory()
        return output

    def statement(self, statement: StatementNode) -> list[PSValue]:
        match statement:
            case Pipeline():
                return self.pipeline(statement)
            case Assign():
                self._assign(statement)
                return []
            case If():
                return self._if(statement)
            case ForEach():
                return self._foreach(statement)
            case Try():
                return self._try(statement)
            case Leave():
                raise self._leave(statement)
            case Forbidden():
                raise not_allowed(statement.keyword)

    def _if(self, statement: If) -> list[PSValue]:
        for condition, body in statement.clauses:
            if truthy(collapse(self.statement(condition))):
                return self.body(body, guarded=True)
        return self.body(statement.otherwise, guarded=True) if statement.otherwise else []

    def _foreach(self, statement: ForEach) -> list[PSValue]:
        output: list[PSValue] = []
        for item in items(collapse(self.statement(statement.items))):
            self.session.variables[statement.variable] = item
            output += self.body(statement.body, guarded=True)
            if len(output) > MAX_ITEMS:
                raise no_memory()
        return output

    def _try(self, statement: Try) -> list[PSValue]:
        try:
            output = self._tried(statement.body)
        except Failure as failure:
            if statement.handler is None or failure.final:
                raise
            self.session.variables["_"] = error_record(failure)
            output = self.body(statement.handler, guarded=True)
        return output + (self.body(statement.last, guarded=True) if statement.last else [])

    def _tried(self, body: Body) -> list[PSValue]:
        """The output of statements; the first error ends them all."""
        self._tries += 1
        try:
            return self.body(body)
        finally:
            self._tries -= 1

    def _leave(self, statement: Leave) -> Exception:
        values = self.statement(statement.value) if statement.value else []
        if statement.keyword == "throw":
            text = to_text(collapse(values)) or "ScriptHalted"
            return Failure(text, text, "OperationStopped", f"{text[:80]}:String", ends_line=True, source="")
        if statement.keyword == "exit":
            code = to_number(collapse(values))
            self.session.exit_code = int(code) % 256 if code == code and abs(code) < 2**31 else 1
        return Leaving(statement.keyword, values)

    def _assign(self, statement: Assign) -> None:
        value = collapse(self.statement(statement.value))
        target = statement.target
        if statement.operator != "=":
            value = binary(statement.operator[0], self.value(target), value, self.session.budget)
        match target:
            case Variable():
                self.session.variables[target.name] = value
                return
            case Cast(type=type_, operand=Variable(name=name)):
                self.session.variables[name] = cast(type_, value)
                return
            case Member(target=holder, name=key) | Index(target=holder, key=key):
                held, name = self.value(holder), self.value(key)
                if isinstance(held, Hash):
                    held.set(to_text(name), value)
                    return
        text = (
            "The assignment expression is not valid. The input to an assignment operator must be an object that is "
            "able to accept assignments, such as a variable or a property."
        )
        raise Failure(text, "InvalidLeftHandSide", "ParserError")

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
            return self.invoke(head, None)
        name = to_text(head)
        if native := commands.native(name):
            words = [self._word(element) for element in command.elements]
            return native(self.session, [word for group in words for word in group], given)
        cmdlet = commands.cmdlet(name)
        if cmdlet is None:
            raise self._unknown(name, command)
        elements = [self._given(element, command) for element in command.elements]
        bound = bind(cmdlet, elements, command.span)
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
            self.session.ok = False
            call.failures.append(failure)
            output = []
        if call.has("OutVariable"):
            self.session.variables[call.text("OutVariable").lower()] = list(output)
        if call.has("ErrorVariable"):
            self.session.variables[call.text("ErrorVariable").lower()] = [error_record(one) for one in call.failures]
        return output

    def _given(self, element: SyntaxNode | Parameter, command: CommandNode) -> Argument:
        if isinstance(element, Parameter):
            value = None if element.value is None else self.value(element.value)
            return Argument(element.name, value, element.value is not None, element.span)
        return Argument(None, self.value(element), True, command.span)

    def _word(self, element: SyntaxNode | Parameter) -> list[str]:
        """The arguments of a console program: a parameter is a word like any other."""
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
            write_text(self.session, to_text(target), text, redirect.append, "Out-File")
        return output


def error_record(failure: Failure) -> PSObject:
    kind = PSObject(f"System.{failure.kind}", {"Message": failure.message}, failure.message)
    values: dict[str, PSValue] = {
        "Exception": kind,
        "FullyQualifiedErrorId": failure.id,
        "CategoryInfo": f"{failure.category}: ({failure.target})",
    }
    return PSObject("System.Management.Automation.ErrorRecord", values, failure.message)
