"""Parses PowerShell expressions: literals, operators, members, and command arguments."""

import re
from abc import abstractmethod

from fleet.windows.strings import VARIABLE, StringParser
from fleet.windows.tree import (
    Binary,
    Block,
    Body,
    Cast,
    Forbidden,
    FunctionParameter,
    HashLiteral,
    Index,
    Invoke,
    Items,
    Literal,
    Member,
    Range,
    StatementNode,
    SyntaxNode,
    TypeName,
    Unary,
)

NUMBER = re.compile(
    r"(0x[0-9a-f]{1,16}|(?:\d{1,30}(?:\.\d{1,30})?|\.\d{1,30})(?:e[+-]?\d{1,4})?)[ld]?(kb|mb|gb|tb|pb)?(?![\w])",
    re.IGNORECASE,
)
SIZES = {"kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40, "pb": 2**50}
PARAM = re.compile(r"param\s*\(", re.IGNORECASE)
TYPE = re.compile(r"\[([A-Za-z_][\w.]*(?:\[\])?)\]")
ASSIGNMENTS = re.compile(r"=(?!=)|[-+*/%]=")
NOT = re.compile(r"!|-(?:not|bnot|split|join)\b", re.IGNORECASE)
OPERAND = re.compile(r"[$\"'(@\[{]|-?\.?\d")
"""The beginning of a value."""
MEMBER = re.compile(r"[A-Za-z_]\w*")
MAX_CHAIN = 100
"""Most operators or members in a row: each adds a level to the tree that the evaluator descends."""

_COMPARISONS = (
    "eq ne gt ge lt le like notlike match notmatch contains notcontains in notin replace split join is isnot as"
)
_CASED = "|".join(f"[ci]?{name}" for name in _COMPARISONS.split())
LEVELS = (
    re.compile(r"-(?:and|or|xor)(?![\w-])", re.IGNORECASE),
    re.compile(r"-b(?:and|or|xor)(?![\w-])", re.IGNORECASE),
    re.compile(rf"-(?:{_CASED}|shl|shr)(?![\w-])", re.IGNORECASE),
    re.compile(r"-(?![-=A-Za-z])|\+(?![+=])"),
    re.compile(r"[*/%](?!=)"),
    re.compile(r"-f(?![\w-])", re.IGNORECASE),
)
"""Binary operators, lowest precedence first."""


def number(match: re.Match[str]) -> int | float:
    """The value of a match of NUMBER."""
    digits, size = match[1].lower(), SIZES.get((match[2] or "").lower(), 1)
    if digits.startswith("0x"):
        return int(digits, 16) * size
    if digits.isdigit() and int(digits) * size < 2**63:
        return int(digits) * size
    return float(digits) * size


class ExpressionParser(StringParser):
    """Parses expressions; a subclass parses the content of `$( )` and `{ }`."""

    @abstractmethod
    def statement(self) -> StatementNode: ...

    @abstractmethod
    def parameters(self) -> tuple[FunctionParameter, ...] | None: ...

    def starts_expression(self) -> bool:
        """Whether the statement at the position is an expression rather than a command."""
        first, second = self.char(), self.char(1)
        if first in "$\"'(@{[,!":
            return first != ""
        if first.isdigit() or (first in "+-." and second.isdigit()):
            found = NUMBER.match(self.text, self.at + (first in "+-"))
            # 7z.exe and 10.0.0.1 are words, not numbers
            return found is not None and not re.compile(r"\.?[A-Za-z_\\]|\.\d").match(self.text, found.end())
        return NOT.match(self.text, self.at) is not None or (first in "+-" and second in "$(")

    def expression(self, level: int = 0, commas: bool = True) -> SyntaxNode:
        """An expression with operators of `level` or higher precedence."""
        if level == len(LEVELS):
            return self._range(commas)
        left, count = self.expression(level + 1, commas), 0
        while True:
            start = self.at
            self.spaces()
            found = self.match(LEVELS[level])
            if found is None:
                self.at = start
                return left
            count += 1
            if count > MAX_CHAIN:
                self.deeper()
            self.spaces(lines=True)
            if self.at >= len(self.text):
                text = f"You must provide a value expression following the '{found[0]}' operator."
                raise self.wrong(text, "ExpectedValueExpression")
            right = self.expression(level + 1, commas)
            left = Binary(found[0].lower(), left, right)

    def _range(self, commas: bool) -> SyntaxNode:
        first = self._items(commas)
        self.spaces()
        if not self.take(".."):
            return first
        self.spaces()
        return Range(first, self._items(commas))

    def _items(self, commas: bool) -> SyntaxNode:
        if commas and self.take(","):
            self.spaces(lines=True)
            return Items((self.unary(),))
        items = [self.unary()]
        while commas:
            start = self.at
            self.spaces()
            if not self.take(","):
                self.at = start
                break
            self.spaces(lines=True)
            items.append(self.unary())
        return items[0] if len(items) == 1 else Items(tuple(items))

    def unary(self) -> SyntaxNode:
        self.spaces()
        if found := self.match(NOT):
            return self._operand(found[0].lower())
        if self.char() in ("-", "+") and self.char(1) not in ("-", "+"):
            sign = self.char()
            self.at += 1
            return self._operand(sign)
        if found := self.match(TYPE):
            return self._type(found[1])
        return self.primary()

    def _operand(self, operator: str) -> Unary:
        self.deeper()
        operand = self.unary()
        self.higher()
        return Unary(operator, operand)

    def _type(self, name: str) -> SyntaxNode:
        """[name] before a value is a cast; otherwise it is the type itself."""
        if self.peek("::"):
            return self._postfix(TypeName(name))
        start = self.at
        self.spaces()
        if not OPERAND.match(self.text, self.at):
            self.at = start
            return TypeName(name)
        self.deeper()
        operand = self.unary()
        self.higher()
        return Cast(name.lower(), operand)

    def primary(self) -> SyntaxNode:
        """A value with any members, indices and calls that follow it."""
        return self._postfix(self._value())

    def _value(self) -> SyntaxNode:
        match self.char():
            case "$":
                return self.bracketed("$(") if self.peek("$(") else self.variable()
            case "(":
                return self.bracketed("(")
            case "@":
                return self._at_sign()
            case "{":
                return self._block()
            case "'":
                return Literal(self.verbatim())
            case '"':
                return self.expandable()
        if found := self.match(NUMBER):
            return Literal(number(found))
        raise self.unexpected()

    def _postfix(self, node: SyntaxNode) -> SyntaxNode:
        count = 0
        while True:
            count += 1
            if count > MAX_CHAIN:
                self.deeper()
            if self.take("::") or (self.peek(".") and not self.peek("..") and self.take(".")):
                name = self._member_name()
                node = Invoke(node, name, self._call_arguments()) if self.take("(") else Member(node, name)
            elif self.take("["):
                self.spaces(lines=True)
                node = Index(node, self.expression())
                self.expect("]")
            else:
                return node

    def _member_name(self) -> SyntaxNode:
        if found := self.match(MEMBER):
            return Literal(found[0])
        if self.char() in ("$", "(", "'", '"') and self.char():
            return self._value()
        raise self.wrong("Missing property name after reference operator.", "MissingPropertyName")

    def _call_arguments(self) -> tuple[SyntaxNode, ...]:
        self.deeper()
        found = []
        self.spaces(lines=True)
        while not self.take(")"):
            found.append(self.expression(commas=False))
            self.spaces(lines=True)
            if not self.take(",") and not self.peek(")"):
                self.expect(")")
            self.spaces(lines=True)
        self.higher()
        return tuple(found)

    def _at_sign(self) -> SyntaxNode:
        if self.peek("@("):
            return self.bracketed("@(")
        if found := self.match(re.compile(r"@'[ \t]*\r?\n(?:(.*?)\r?\n)?'@", re.DOTALL)):
            return Literal(found[1] or "")
        if self.match(re.compile(r'@"[ \t]*\r?\n')):
            return self.here_string()
        if self.take("@{"):
            return self._hash()
        raise self.unexpected()

    def _hash(self) -> HashLiteral:
        self.deeper()
        pairs = []
        while True:
            self.spaces(lines=True)
            if self.take(";"):
                continue
            if self.take("}"):
                self.higher()
                return HashLiteral(tuple(pairs))
            found = self.match(MEMBER)
            key = Literal(found[0]) if found else self.unary()
            self.spaces()
            if not self.take("="):
                raise self.wrong("Missing '=' operator after key in hash literal.", "MissingEqualsInHashLiteral")
            pairs.append((key, self.statement()))

    def _block(self) -> Block:
        self.expect("{")
        start = self.at
        self.spaces(lines=True)
        parameters = self.parameters() if self.match(PARAM) else ()
        if parameters is None:
            return Block(Body((Forbidden("param"),), ((start, self.at),)), "")
        body = self.body("}")
        self.expect("}")
        return Block(body, self.text[start : self.at - 1], parameters)

    def argument(self) -> SyntaxNode:
        """One argument of a command: a value, or unquoted text."""
        char = self.char()
        if (char and char in "({'\"") or self.peek("@(") or self.peek("@{") or self.peek("$("):
            node = self.primary()
            return node if char not in "'\"" or self.char() in " \t\n;|),}" else self.word([node])
        if found := VARIABLE.match(self.text, self.at):
            follows = self.text[found.end() : found.end() + 1]
            if not follows or follows in " \t\r\n;|(){},.[&<>":
                return self.primary()
        found = NUMBER.match(self.text, self.at)
        if found and self.text[found.end() : found.end() + 1] in ("", *" \t\r\n;|(){},<>"):
            self.at = found.end()
            return Literal(number(found))
        if self.char() == "-" and (found := NUMBER.match(self.text, self.at + 1)):
            self.at = found.end()
            return Literal(-number(found))
        return self.word([])
