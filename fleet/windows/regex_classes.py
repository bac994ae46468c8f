r"""Reads the characters, escapes and classes of a .NET regular expression, and writes them for Python's `regex`.

Source: "Regular Expression Language - Quick Reference" and the parser of .NET Framework (RegexParser.ScanCharClass,
ScanCharEscape); error texts are the framework's.
"""

from abc import abstractmethod

import regex

GENERAL = regex.compile("L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfson]?")
"""Unicode's general categories."""
CASED = ("Lu", "Ll", "Lt")
"""Those that mean each other where case is ignored."""
PLAIN = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
SHORTHAND = {"d": r"\p{Nd}", "D": r"\P{Nd}", "s": r"\s", "S": r"\S", "w": r"\w", "W": r"\W"}


class InvalidPattern(Exception):
    """What .NET says of a pattern that it cannot parse."""


def quoted(char: str) -> str:
    """A character that stands for itself, in a class too."""
    return char if char.isalnum() or char == "_" or ord(char) > 127 else f"\\x{ord(char):02x}"


class ClassReader:
    """A position in a pattern, and what is read there."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    @property
    @abstractmethod
    def ignores_case(self) -> bool: ...

    def left(self) -> int:
        return len(self.pattern) - self.at

    def peek(self, ahead: int = 0) -> str:
        return self.pattern[self.at + ahead : self.at + ahead + 1]

    def next(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1]

    def digits(self) -> str:
        start = self.at
        while self.peek() and self.peek() in "0123456789":
            self.at += 1
        return self.pattern[start : self.at]

    def word(self) -> str:
        start = self.at
        while self.peek() and (self.peek().isalnum() or self.peek() == "_"):
            self.at += 1
        return self.pattern[start : self.at]

    def escape(self) -> str:
        """The character that the escape after a backslash stands for."""
        char = self.next()
        if char in "01234567":
            self.at -= 1
            return self._octal()
        match char:
            case "x":
                return self._hexadecimal(2)
            case "u":
                return self._hexadecimal(4)
            case "c":
                return self._control()
            case _ if char in PLAIN:
                return PLAIN[char]
            case _ if char.isalnum() or char == "_":
                raise InvalidPattern(f"Unrecognized escape sequence \\{char}.")
            case _:
                return char

    def _octal(self) -> str:
        start = self.at
        while self.at - start < 3 and self.peek() and self.peek() in "01234567":
            self.at += 1
        return chr(int(self.pattern[start : self.at], 8) & 0xFF)

    def _hexadecimal(self, count: int) -> str:
        found = self.pattern[self.at : self.at + count]
        if regex.fullmatch(f"[0-9A-Fa-f]{{{count}}}", found) is None:
            raise InvalidPattern("Insufficient hexadecimal digits.")
        self.at += count
        return chr(int(found, 16))

    def _control(self) -> str:
        if not self.left():
            raise InvalidPattern("Missing control character.")
        code = ord(self.next().upper()) - ord("@")
        if not 0 <= code < 32:
            raise InvalidPattern("Unrecognized control character.")
        return chr(code)

    def category(self, negated: bool) -> str:
        r"""The class \p{name} or \P{name}."""
        if self.left() < 3:
            raise InvalidPattern("Incomplete \\p{X} character escape.")
        if self.next() != "{":
            raise InvalidPattern("Malformed \\p{X} character escape.")
        start = self.at
        while self.peek() and (self.peek().isalnum() or self.peek() in "_-"):
            self.at += 1
        name = self.pattern[start : self.at]
        if self.peek() != "}":
            raise InvalidPattern("Incomplete \\p{X} character escape.")
        self.at += 1
        general = GENERAL.fullmatch(name) is not None
        if self.ignores_case and name in CASED:
            name = "L&"
        if not general and not _is_block(name):
            raise InvalidPattern(f"Unknown property '{name}'.")
        return f"\\{'P' if negated else 'p'}{{{name if general else 'In' + name[2:]}}}"

    def shorthand(self, char: str) -> str | None:
        r"""The class that \d, \W or \p{…} is, if `char` begins one."""
        if char in "pP":
            return self.category(char == "P")
        return SHORTHAND.get(char)

    def character_class(self) -> str:
        """A class after its bracket; one that subtracts another becomes a look ahead and a class."""
        negated = self.peek() == "^"
        self.at += negated
        parts: list[str] = []
        without, start = "", ""
        first = True
        while self.left():
            char, escaped = self.next(), False
            if char == "]" and not first:
                body = "".join(parts)
                nothing = not body or (negated and any(_complement(part) in parts for part in parts))
                plain = "(?!)" if nothing else f"[{'^' if negated else ''}{body}]"
                return f"(?:(?!{without}){plain})" if without else plain
            if char == "\\" and self.left():
                char = self.next()
                if found := self.shorthand(char):
                    if start:
                        raise InvalidPattern(f"Cannot include class \\{char} in character range.")
                    parts.append(found)
                    first = False
                    continue
                if char == "-":  # it belongs to the class, and a range that is open goes on behind it
                    parts.append(quoted("-"))
                    first = False
                    continue
                self.at -= 1
                char, escaped = self.escape(), True
            elif char == "[":
                self._skip_posix(bool(start))
            if start and char == "[" and not escaped and not first:
                parts.append(quoted(start))
                start, without = "", self._subtracted()
            elif start:
                if start > char:
                    raise InvalidPattern("[x-y] range in reverse order.")
                parts.append(f"{quoted(start)}-{quoted(char)}")
                start = ""
            elif self.left() >= 2 and self.peek() == "-" and self.peek(1) != "]":
                start = char
                self.at += 1
            elif char == "-" and not escaped and self.peek() == "[" and not first:
                self.at += 1
                without = self._subtracted()
            else:
                parts.append(quoted(char))
            first = False
        raise InvalidPattern("Unterminated [] set.")

    def _subtracted(self) -> str:
        found = self.character_class()
        if self.peek() not in ("]", ""):
            raise InvalidPattern("A subtraction must be the last element in a character class.")
        return found

    def _skip_posix(self, in_range: bool) -> None:
        """[:name:] inside a class: .NET reads its name and ignores it, so that only the bracket counts."""
        if in_range or self.peek() != ":":
            return
        start = self.at
        self.at += 1
        self.word()
        if self.pattern[self.at : self.at + 2] == ":]":
            self.at += 2
        else:
            self.at = start


def _complement(part: str) -> str:
    r"""The class of all other characters: \W for \w. `regex` lets [^\w\W] match anything."""
    return f"\\{part[1].swapcase()}{part[2:]}" if part[0] == "\\" else ""


def _is_block(name: str) -> bool:
    """Whether a name such as IsGreek is a Unicode block that `regex` knows too."""
    if not name.startswith("Is"):
        return False
    try:
        regex.compile(f"\\p{{In{name[2:]}}}")
    except regex.error:
        return False
    return True
