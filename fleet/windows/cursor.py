"""A position in a PowerShell line: looking ahead, consuming text, and reporting syntax errors."""

import re
from re import Match, Pattern

from fleet.windows.failure import MAX_DEPTH, ParseFailure, refused

SPACES = re.compile(r"(?:[ \t\f\r\u00a0]|`\r?\n)+|#[^\n]*|<#.*?#>", re.DOTALL)
LINES = re.compile(r"(?:\s|`\r?\n)+|#[^\n]*|<#.*?#>", re.DOTALL)


class Cursor:
    """A text with a current position."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._depth = 0

    def peek(self, literal: str) -> bool:
        return self.text.startswith(literal, self.at)

    def char(self, ahead: int = 0) -> str:
        """The character at the position plus `ahead`; empty at the end."""
        return self.text[self.at + ahead : self.at + ahead + 1]

    def take(self, literal: str) -> bool:
        """Consume `literal` if it comes next."""
        if self.peek(literal):
            self.at += len(literal)
            return True
        return False

    def match(self, pattern: Pattern[str]) -> Match[str] | None:
        """Consume a match of `pattern`."""
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def spaces(self, lines: bool = False) -> None:
        """Consume blanks and comments, and line ends too if `lines`."""
        while self.match(LINES if lines else SPACES):
            pass

    def expect(self, literal: str, lines: bool = True) -> None:
        """Consume blanks and the closing `literal`, or fail as PowerShell does."""
        self.spaces(lines)
        if self.take(literal):
            return
        if self.at >= len(self.text):
            what = "statement block or type definition" if literal == "}" else "expression"
            text = f"Missing closing '{literal}' in {what}."
            raise self.wrong(text, f"Missing{'EndCurlyBrace' if literal == '}' else 'EndParenthesisInExpression'}")
        raise self.unexpected()

    def unexpected(self) -> ParseFailure:
        found = re.compile(r"[\w.-]+|\S|\s").match(self.text, self.at)
        token = found[0] if found else ""
        return self.wrong(f"Unexpected token '{token}' in expression or statement.", "UnexpectedToken", len(token))

    def wrong(self, message: str, name: str, length: int = 1) -> ParseFailure:
        return ParseFailure(message, name, span=(self.at, self.at + length))

    def deeper(self) -> None:
        """Enter a bracket.

        Raises:
            Failure: too many are open.
        """
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise refused("The script failed due to call depth overflow.")

    def higher(self) -> None:
        self._depth -= 1
