"""Evaluates PowerShell expressions; a subclass runs the statements and commands inside them."""

from abc import abstractmethod
from collections.abc import Sequence

from fleet.windows.arithmetic import bitwise
from fleet.windows.casts import cast
from fleet.windows.error_records import error_record
from fleet.windows.failure import MAX_ITEMS, MAX_TEXT, Failure, Unmodelled, no_memory, not_allowed
from fleet.windows.matching import Matcher
from fleet.windows.members import call_method, get_property
from fleet.windows.operators import binary
from fleet.windows.session import HOME, Session
from fleet.windows.shell_objects import host_object, version_table
from fleet.windows.tree import (
    Binary,
    Block,
    Body,
    Cast,
    CommandNode,
    Expand,
    HashLiteral,
    Index,
    Invoke,
    Items,
    Literal,
    Member,
    Pipeline,
    Range,
    StatementNode,
    Sub,
    SyntaxNode,
    TypeName,
    Unary,
    Variable,
)
from fleet.windows.values import (
    GROUP,
    Char,
    Hash,
    PSValue,
    bounded,
    collapse,
    fit,
    items,
    moment,
    to_number,
    to_text,
    truthy,
    type_name,
)

SPLITS = ("-split", "-isplit", "-csplit")
PROCESS_ID = 4242
"""The shell's own process id, which is not in the process list."""


SETTINGS: dict[str, PSValue] = {
    "erroractionpreference": "Continue", "warningpreference": "Continue", "progresspreference": "Continue",
    "informationpreference": "SilentlyContinue", "verbosepreference": "SilentlyContinue",
    "debugpreference": "SilentlyContinue", "confirmpreference": "High", "whatifpreference": False,
    "formatenumerationlimit": 4, "maximumerrorcount": 256, "nestedpromptlevel": 0, "psculture": "en-US",
    "psuiculture": "en-US", "shellid": "Microsoft.PowerShell",
    "pshome": "C:\\Windows\\System32\\WindowsPowerShell\\v1.0",
    **dict.fromkeys((f"maximum{what}count" for what in ("alias", "drive", "function", "history", "variable")), 4096),
}  # fmt: skip
"""Variables that every session begins with."""


class ExpressionEvaluator:
    """Evaluates syntax nodes to values."""

    session: Session

    @abstractmethod
    def body(self, body: Body, guarded: bool = False) -> list[PSValue]: ...

    @abstractmethod
    def statement(self, statement: StatementNode) -> list[PSValue]: ...

    @abstractmethod
    def command(self, command: CommandNode, given: list[PSValue], piped: bool) -> list[PSValue]: ...

    def held(self, statement: StatementNode) -> PSValue:
        """What a variable holds after `$x = statement`: of an expression its value, so that @() stays an array."""
        if isinstance(statement, Pipeline) and len(statement.stages) == 1 and not statement.redirects:
            only = statement.stages[0]
            if not isinstance(only, CommandNode):
                return self.value(only)
        return collapse(self.statement(statement))

    def value(self, node: SyntaxNode) -> PSValue:
        """The value of an expression."""
        self.session.budget.spend()
        match node:
            case Literal():
                return node.value
            case Variable():
                return self._variable(node.name)
            case Expand():
                return bounded("".join(self._texts(node.parts)))
            case Member():
                return self._member(node)
            case Index():
                return _at(self.value(node.target), self.value(node.key))
            case Invoke():
                target = node.target if isinstance(node.target, TypeName) else self.value(node.target)
                arguments = [self.value(argument) for argument in node.arguments]
                return call_method(target, to_text(self.value(node.name)), arguments, self.session.budget)
            case Binary():
                return self._binary(node)
            case Unary():
                return self._unary(node)
            case _:
                return self._compound(node)

    def _compound(self, node: SyntaxNode) -> PSValue:
        match node:
            case Items():
                return [self.value(item) for item in node.items]
            case Range():
                return _range(self.value(node.first), self.value(node.last))
            case Sub():
                output = self.body(node.body)
                return output if node.open == "@(" else collapse(output)
            case HashLiteral():
                return Hash({to_text(self.value(k)): self.held(v) for k, v in node.pairs})
            case Cast():
                return cast(node.type, self.value(node.operand))
            case CommandNode():
                return collapse(self.command(node, [], False))
            case Block() | TypeName():
                return node
            case _:
                raise not_allowed()

    def _texts(self, parts: Sequence[SyntaxNode]) -> list[str]:
        texts, total = [], 0
        for part in parts:
            text = to_text(self.value(part))
            total += len(text)
            self.session.budget.spend(total)
            if total > MAX_TEXT:
                raise no_memory()
            texts.append(text)
        return texts

    def _variable(self, name: str) -> PSValue:
        variables = self.session.variables
        if name in variables:
            return variables[name]
        if name.startswith("env:"):
            return self.session.environment_value(name[4:])
        match name:
            case "true" | "false":
                return name == "true"
            case "psitem":
                return variables.get("_")
            case "error":
                return [error_record(failure, self.session.line) for failure in self.session.failed]
            case "?":
                return self.session.ok_before
            case "pwd":
                return self.session.folder
            case "home":
                return HOME
            case "pid":
                return PROCESS_ID
            case "psversiontable":
                return version_table(self.session.host)
            case "host":
                return host_object(self.session.host)
            case "profile" | "executioncontext" | "outputencoding":
                raise Unmodelled(f"${name}")
            case _:
                return SETTINGS.get(name)

    def _member(self, node: Member) -> PSValue:
        name = to_text(self.value(node.name))
        if isinstance(node.target, TypeName):
            if node.target.name.lower() in ("datetime", "system.datetime"):
                now = moment(self.session.host.now)
                held = {"now": now, "utcnow": now, "today": get_property(now, "Date")}
                if name.lower() in held:
                    return held[name.lower()]
            if node.target.name.lower() in ("environment", "system.environment") and name.lower() == "machinename":
                return self.session.host.name.upper()
            return get_property(node.target, name)
        return get_property(self.value(node.target), name)

    def _unary(self, node: Unary) -> PSValue:
        value = self.value(node.operand)
        match node.operator:
            case "!" | "-not":
                return not truthy(value)
            case "-":
                return fit(-to_number(value))
            case "+":
                return to_number(value)
            case "-bnot":
                return bitwise("-bxor", value, -1)
            case "-split":
                return list(to_text(value).split())
            case _:
                return binary("-join", items(value), "", self.session.budget)

    def _binary(self, node: Binary) -> PSValue:
        left = self.value(node.left)
        if node.operator == "-and":
            return truthy(left) and truthy(self.value(node.right))
        if node.operator == "-or":
            return truthy(left) or truthy(self.value(node.right))
        right = self.value(node.right)
        if node.operator == "-xor":
            return truthy(left) != truthy(right)
        if node.operator == "-as":
            try:
                return cast(to_text(right), left)
            except Failure:
                return None
        if node.operator in SPLITS and isinstance(block := (items(right) or [None])[0], Block):
            return self._split_where(left, block)
        result = binary(node.operator, left, right, self.session.budget)
        if node.operator in ("-match", "-imatch", "-cmatch") and result is True:
            self._remember(to_text(left), to_text(right), node.operator == "-cmatch")
        return result

    def _split_where(self, value: PSValue, block: Block) -> PSValue:
        """value -split { … }: at the characters for which the block holds."""
        parts: list[PSValue] = []
        for text in map(to_text, items(value)):
            start = 0
            for place, char in enumerate(text):
                if truthy(collapse(self.session.invoke(block, char))):
                    parts.append(text[start:place])
                    start = place + 1
            parts.append(text[start:])
        return parts

    def _remember(self, text: str, pattern: str, cased: bool) -> None:
        """Set $matches after a successful -match."""
        found = Matcher(pattern, self.session.budget, cased).search(text)
        if found:
            self.session.variables["matches"] = Hash(dict(found.groups))


def _at(value: PSValue, key: PSValue) -> PSValue:
    """value[key]"""
    if isinstance(value, Hash):
        return value.get(to_text(key))
    if value is None:
        raise Failure("Cannot index into a null array.", "NullArray", target=":")
    if isinstance(key, list):
        return [_at(value, one) for one in key]
    if isinstance(value, list) and isinstance(key, str) and value and type_name(value[0]) == GROUP:
        return next((one for one in value if get_property(one, "Name") == key), None)
    place = to_number(key)
    members = [Char(char) for char in value] if isinstance(value, str) else items(value)
    return members[int(place)] if -len(members) <= place < len(members) else None


def _range(first: PSValue, last: PSValue) -> list[PSValue]:
    start, end = to_number(first), to_number(last)
    if not abs(start - end) < MAX_ITEMS:
        raise no_memory()
    low, high = int(start), int(end)
    return list(range(low, high + 1) if low <= high else range(low, high - 1, -1))
