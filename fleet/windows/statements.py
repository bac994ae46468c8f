"""Runs PowerShell's statements: conditions, loops, choices, errors that are caught, and assignments."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from fleet.windows.casts import cast
from fleet.windows.compute import ExpressionEvaluator
from fleet.windows.error_records import ErrorRecord, error_record
from fleet.windows.exceptions import is_caught
from fleet.windows.failure import MAX_ITEMS, Failure, no_memory, not_allowed
from fleet.windows.matching import Matcher, like
from fleet.windows.operators import binary, equal
from fleet.windows.tree import (
    Assign,
    Block,
    Body,
    Cast,
    For,
    Forbidden,
    ForEach,
    Function,
    If,
    Index,
    Items,
    Leave,
    Member,
    Pipeline,
    StatementNode,
    Switch,
    Try,
    Variable,
    WhileLoop,
)  # fmt: skip
from fleet.windows.values import Hash, PSValue, collapse, items, to_number, to_text, truthy


class Leaving(Exception):
    """`exit`, `return`, `break` or `continue`: ends the line, the block or the loop, or one round of it."""

    def __init__(self, keyword: str, values: list[PSValue]) -> None:
        super().__init__(keyword)
        self.keyword = keyword
        self.values = values
        """what the statements that it leaves had put out"""


class StatementRunner(ExpressionEvaluator):
    """Runs statements; a subclass runs the pipelines and commands in them."""

    _tries: int
    """how many `try` are open"""
    _caught: list[Failure]
    """what the open `catch` blocks caught, the innermost last"""

    @abstractmethod
    def pipeline(self, pipeline: Pipeline) -> list[PSValue]: ...

    @abstractmethod
    def invoke(self, block: Block, item: PSValue, guarded: bool = True) -> list[PSValue]: ...

    def body(self, body: Body, guarded: bool = False) -> list[PSValue]:
        """The output of statements; if `guarded`, an error is reported and the next statement runs, as in a script."""
        output: list[PSValue] = []
        for statement, span in zip(body.statements, body.spans, strict=True):
            self.session.budget.spend()
            try:
                self.session.ok_before, self.session.ok = self.session.ok, True
                output += self.statement(statement)
            except Leaving as leaving:
                leaving.values = output + leaving.values
                raise
            except Failure as failure:
                failure.span = failure.span or span
                self.session.note(failure)
                if not guarded or self._tries or failure.ends_line:
                    failure.output = output + failure.output
                    raise
                output += failure.taken()
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
            case For() | WhileLoop():
                return self._loop(statement)
            case Switch():
                return self._switch(statement)
            case Try():
                return self._try(statement)
            case Leave():
                raise self._leave(statement)
            case Function():
                self.session.functions[statement.name] = statement
                return []
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
            if not self._round(statement.body, output):
                break
        return output

    def _loop(self, statement: For | WhileLoop) -> list[PSValue]:
        output: list[PSValue] = []
        last = isinstance(statement, WhileLoop) and statement.last
        if isinstance(statement, For) and statement.first:
            self.statement(statement.first)
        while last or self._holds(statement):
            self.session.budget.spend()
            if not self._round(statement.body, output) or (last and not self._holds(statement)):
                break
            if isinstance(statement, For) and statement.step:
                self.statement(statement.step)
        return output

    def _holds(self, statement: For | WhileLoop) -> bool:
        wanted = not (isinstance(statement, WhileLoop) and statement.until)
        return statement.condition is None or truthy(collapse(self.statement(statement.condition))) == wanted

    def _round(self, body: Body, output: list[PSValue]) -> bool:
        """Add one round's output; False if it was the last one."""
        try:
            output += self.body(body, guarded=True)
        except Leaving as leaving:
            if leaving.keyword not in ("break", "continue"):
                leaving.values = output + leaving.values
                raise
            output += leaving.values
            return leaving.keyword == "continue"
        except Failure as failure:
            failure.output = output + failure.output
            raise
        if len(output) > MAX_ITEMS:
            raise no_memory()
        return True

    def _switch(self, statement: Switch) -> list[PSValue]:
        output: list[PSValue] = []
        for item in items(collapse(self.statement(statement.value))):
            fits = False
            with self._item(item):
                for condition, body in statement.clauses:
                    if condition is None and fits:
                        continue
                    if condition is None or self._fits(statement, self.value(condition), item):
                        fits = True
                        left: list[str] = []
                        output += self._clause(body, output, left)
                        if left == ["break"]:
                            return output
                        if left:
                            break
        return output

    def _clause(self, body: Body, output: list[PSValue], left: list[str]) -> list[PSValue]:
        """A clause's output; `break` or `continue` is added to `left`."""
        try:
            return self.body(body, guarded=True)
        except Leaving as leaving:
            if leaving.keyword not in ("break", "continue"):
                leaving.values = output + leaving.values
                raise
            left.append(leaving.keyword)
            return leaving.values

    def _fits(self, statement: Switch, condition: PSValue, item: PSValue) -> bool:
        if isinstance(condition, Block):
            return truthy(collapse(self.invoke(condition, item)))
        if statement.how == "wildcard":
            return like(to_text(item), to_text(condition), statement.cased)
        if statement.how == "regex":
            found = Matcher(to_text(condition), self.session.budget, statement.cased).search(to_text(item))
            if found:
                self.session.variables["matches"] = Hash(dict(found.groups))
            return found is not None
        return equal(item, condition, statement.cased)

    @contextmanager
    def _item(self, item: PSValue) -> Iterator[None]:
        """$_ is `item`, for a while."""
        variables = self.session.variables
        before, variables["_"] = variables.get("_"), item
        try:
            yield
        finally:
            variables["_"] = before

    def _try(self, statement: Try) -> list[PSValue]:
        try:
            output = self._handled(statement)
        except (Failure, Leaving) as ending:
            last = self.body(statement.last, guarded=True) if statement.last else []
            if isinstance(ending, Failure):
                ending.output += last
            else:
                ending.values += last
            raise
        return output + (self.body(statement.last, guarded=True) if statement.last else [])

    def _handled(self, statement: Try) -> list[PSValue]:
        """The output up to an error, and that of the first block that catches it."""
        try:
            return self._tried(statement.body)
        except Failure as failure:
            handler = next((one for one in statement.handlers if is_caught(failure, one.types)), None)
            if handler is None or failure.final:
                raise
            output = failure.taken()
            with self._item(error_record(failure, self.session.line)), self._catching(failure):
                try:
                    return output + self.body(handler.body, guarded=True)
                except Leaving as leaving:
                    leaving.values = output + leaving.values
                    raise
                except Failure as other:
                    other.output = output + other.output
                    raise

    @contextmanager
    def _catching(self, failure: Failure) -> Iterator[None]:
        """`throw` without a value throws `failure` again, for a while."""
        self._caught.append(failure)
        try:
            yield
        finally:
            self._caught.pop()

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
            if not values and self._caught:
                return self._caught[-1]
            if values and isinstance(values[0], ErrorRecord):
                return values[0].failure
            text = to_text(collapse(values)) or "ScriptHalted"
            return Failure(text, text, "OperationStopped", f"{text[:80]}:String", ends_line=True, source="")
        if statement.keyword == "exit":
            code = to_number(collapse(values))
            self.session.exit_code = int(code) % 256 if code == code and abs(code) < 2**31 else 1
        return Leaving(statement.keyword, values if statement.keyword == "return" else [])

    def _assign_each(self, targets: Items, value: PSValue) -> None:
        """$a, $b = 1, 2: the last variable takes what is left."""
        left = items(value)
        for place, target in enumerate(targets.items, 1):
            last = place == len(targets.items)
            held = collapse(left[place - 1 :]) if last else next(iter(left[place - 1 : place]), None)
            if isinstance(target, Variable):
                self.session.variables[target.name] = held

    def _assign(self, statement: Assign) -> None:
        value = self.held(statement.value)
        target = statement.target
        if statement.operator != "=":
            value = binary(statement.operator[0], self.value(target), value, self.session.budget)
        if isinstance(target, Items) and statement.operator == "=":
            self._assign_each(target, value)
            return
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
