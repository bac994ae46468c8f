"""Parses strings: quotes, expansion inside them, variables, and unquoted words."""

import re
from abc import abstractmethod

from fleet.windows.cursor import Cursor
from fleet.windows.tree import Body, Expand, Literal, Sub, SyntaxNode, Variable

VARIABLE = re.compile(r"\$(?:\{([^}]+)\}|((?:(?:env|global|script|local|using|variable):)?\w+|[$?^]))", re.IGNORECASE)
WORD = re.compile(r"[^\s;|(){}\"'<>,&$`]+")
HERE_END = re.compile(r'\r?\n"@')
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class StringParser(Cursor):
    """Parses strings; a subclass parses the content of `$( )`."""

    @abstractmethod
    def body(self, close: str) -> Body: ...

    def variable(self) -> Variable:
        found = self.match(VARIABLE)
        if found is None:
            raise self.unexpected()
        return Variable((found[1] or found[2]).lower().removeprefix("global:").removeprefix("script:"))

    def bracketed(self, opening: str) -> Sub:
        self.take(opening)
        body = self.body(")")
        self.expect(")")
        return Sub(opening, body)  # type: ignore[arg-type]

    def verbatim(self) -> str:
        found = self.match(re.compile(r"'((?:[^']|'')*)'"))
        if found is None:
            raise self.wrong("The string is missing the terminator: '.", "TerminatorExpectedAtEndOfString")
        return found[1].replace("''", "'")

    def expandable(self) -> SyntaxNode:
        """A string in double quotes."""
        start = self.at
        self.take('"')
        parts: list[SyntaxNode] = []
        while not self.peek('"') or self.peek('""'):
            if self.at >= len(self.text):
                self.at = start
                raise self.wrong('The string is missing the terminator: ".', "TerminatorExpectedAtEndOfString")
            parts.append(self._quoted_part())
        self.take('"')
        return _joined(parts)

    def here_string(self) -> SyntaxNode:
        """A here-string in double quotes, in which a quote stands for itself."""
        parts: list[SyntaxNode] = []
        empty = self.peek('"@')
        while not empty and not HERE_END.match(self.text, self.at):
            if self.at >= len(self.text):
                raise self.wrong('The string is missing the terminator: "@.', "TerminatorExpectedAtEndOfString")
            parts.append(self._part() or Literal(self._plain(re.compile(r"[^`$\r\n]+|.", re.DOTALL))))
        self.match(re.compile(r'\r?\n"@|"@'))
        return _joined(parts)

    def _quoted_part(self) -> SyntaxNode:
        if self.take('""'):
            return Literal('"')
        return self._part() or Literal(self._plain(re.compile(r'[^"`$]+|.', re.DOTALL)))

    def _plain(self, pattern: re.Pattern[str]) -> str:
        found = self.match(pattern)
        return found[0] if found else ""

    def _part(self) -> SyntaxNode | None:
        """An escape, a variable or a `$( )`, if one comes next."""
        if self.peek("`") and self.char(1):
            char = self.char(1)
            self.at += 2
            return Literal(ESCAPES.get(char, char))
        if self.peek("$("):
            return self.bracketed("$(")
        if VARIABLE.match(self.text, self.at):
            return self.variable()
        return None

    def word(self, parts: list[SyntaxNode]) -> SyntaxNode:
        """Text up to a blank or an operator; quoted parts may contain both."""
        while self.char() and self.char() not in " \t\r\n;|(){},&<>":
            if self.char() == '"':
                parts.append(self.expandable())
            elif self.char() == "'":
                parts.append(Literal(self.verbatim()))
            else:
                parts.append(self._part() or Literal(self._plain(WORD) or self._plain(re.compile(r"."))))
        if not parts:
            raise self.unexpected()
        return _joined(parts)


def _joined(parts: list[SyntaxNode]) -> SyntaxNode:
    """A single literal if nothing has to be evaluated."""
    texts = [part.value for part in parts if isinstance(part, Literal) and isinstance(part.value, str)]
    return Literal("".join(texts)) if len(texts) == len(parts) else Expand(tuple(parts))
