r"""Translates a .NET regular expression into one for Python's `regex`, which reads much differently.

There `{domain}` and `z{d}` are not plain text, `[a-z-[aeiou]]` subtracts nothing, `a++` is possessive, and options and
group numbers have other scopes. Every group becomes a named one, "g1" for .NET's group 1.

Source: the parser of .NET Framework (RegexParser.ScanRegex, ScanGroupOpen, AssignNameSlots); error texts are its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import regex

from fleet.windows.failure import Unmodelled
from fleet.windows.regex_classes import ClassReader, InvalidPattern, quoted

QUANTIFIER = regex.compile(r"[*+?]|\{\d+(?:,\d*)?\}")
ANCHORS = {"A": r"\A", "Z": r"(?=\n?\Z)", "z": r"\Z", "G": r"\G", "b": r"\b", "B": r"\B"}
REFERENCE = regex.compile(r"k?(?:<(\w+)>|'(\w+)')")
NAMED = regex.compile(r"\(\?(?:'|<[^=!])")
OPTIONS = regex.compile(r"([imnsxIMNSX+-]*)([:)])")
CONDITION = regex.compile(r"\((\w+)\)")
MAX_SIZE = 20_000
"""Largest pattern once its counted repeats are written out: nested ones take memory before any match."""
MAX_NESTING = 100
"""Deepest brackets: further ones would exhaust the stack of what compiles the pattern."""


@dataclass(frozen=True, slots=True)
class Translated:
    pattern: str
    groups: dict[int, str]
    """.NET's group numbers, in order -> the names under which a match gives them: "1" for an unnamed one"""


@dataclass(slots=True)
class _Level:
    """An open bracket."""

    options: str
    pieces: list[str | Callable[[], str]] = field(default_factory=list)
    """text, or what only the whole pattern tells: the number of a group"""
    scope: str = ""
    """an open group that sets options up to the next bracket or bar"""
    unit: int = -1
    """where the piece begins that a quantifier would repeat; -1 if there is none"""
    size: int = 0
    unit_size: int = 0
    bars: int = 0
    conditional: bool = False
    tested: bool = False
    """a conditional whose test is an expression: .NET allows no options directly within it"""
    untested: bool = False
    """a conditional whose test, an expression in brackets, comes next or is being read"""


class TooLarge(Exception):
    """The pattern would take more memory than a simulated host may."""


class Translator(ClassReader):
    """One pass over a pattern."""

    def __init__(self, pattern: str, cased: bool) -> None:
        super().__init__(pattern)
        self._levels = [_Level("" if cased else "i")]
        self._unnamed = 0
        self._skips_group = False
        """the next plain bracket captures nothing: a conditional's test, or, if that looks around, the one behind"""
        self._names: dict[str, None] = {}
        self._slots: dict[str, int] = {}

    def translate(self) -> Translated:
        """Raises:
        InvalidPattern: .NET cannot parse it either.
        TooLarge: it is beyond our limits.
        """
        was_quantifier = False
        while True:
            self._skip_blanks()
            if not self.left():
                break
            if QUANTIFIER.match(self.pattern, self.at):
                if self._level.unit < 0:
                    sign = self.peek()
                    text = f"Nested quantifier {sign}." if was_quantifier else "Quantifier {x,y} following nothing."
                    raise InvalidPattern(text)
                self._quantifier()
                was_quantifier = True
            else:
                was_quantifier = False
                self._element(self.next())
        if len(self._levels) > 1:
            raise InvalidPattern("Not enough )'s.")
        return self._joined()

    @property
    def ignores_case(self) -> bool:
        return "i" in self._level.options

    @property
    def _level(self) -> _Level:
        return self._levels[-1]

    def _joined(self) -> Translated:
        numbers = [int(name) for name in self._names if name.isdigit()]
        taken = {*range(1, self._unnamed + 1), *numbers}
        self._slots = {str(number): number for number in taken}
        place = 1
        for name in self._names:
            if not name.isdigit():
                while place in taken:
                    place += 1
                self._slots[name] = place
                taken.add(place)
        body = "".join(piece if isinstance(piece, str) else piece() for piece in self._closed_pieces(self._levels[0]))
        return Translated(
            body, {number: name for name, number in sorted(self._slots.items(), key=lambda slot: slot[1])}
        )

    # --- pieces -----------------------------------------------------------------------------------------------------

    def _add(self, piece: str | Callable[[], str], size: int = 1) -> None:
        """A piece that may be repeated."""
        level = self._level
        level.unit, level.unit_size = len(level.pieces), size
        level.size += size
        level.pieces.append(piece)

    def _closed_pieces(self, level: _Level) -> list[str | Callable[[], str]]:
        return [*level.pieces, ")"] if level.scope else level.pieces

    def _skip_blanks(self) -> None:
        """Comments, and with the option x blanks."""
        while self.left():
            if "x" in self._level.options and self.peek() in " \t\n\r\f\v":
                self.at += 1
            elif "x" in self._level.options and self.peek() == "#":
                end = self.pattern.find("\n", self.at)
                self.at = len(self.pattern) if end < 0 else end
            elif self.pattern.startswith("(?#", self.at):
                end = self.pattern.find(")", self.at)
                if end < 0:
                    raise InvalidPattern("Unterminated (?#...) comment.")
                self.at = end + 1
            else:
                return

    def _element(self, char: str) -> None:
        match char:
            case "[":
                self._add(self.character_class())
            case "(":
                self._open()
            case ")":
                self._close()
            case "|":
                self._bar()
            case "\\":
                self._backslash()
            case "^":
                self._add("(?m:^)" if "m" in self._level.options else r"\A")
            case "$":
                self._add(r"(?=\n|\Z)" if "m" in self._level.options else r"(?=\n?\Z)")
            case ".":
                self._add("(?s:.)" if "s" in self._level.options else r"[^\n]")
            case _:
                self._add(quoted(char))

    def _bar(self) -> None:
        level = self._level
        level.bars += 1
        if level.conditional and level.bars > 1:
            raise InvalidPattern("Too many | in (?()|).")
        level.pieces.append(f")|{level.scope}" if level.scope else "|")
        level.unit = -1

    def _quantifier(self) -> None:
        level = self._level
        found = QUANTIFIER.match(self.pattern, self.at)
        assert found is not None
        self.at = found.end()
        low, comma, high = found[0].strip("{}").partition(",")
        least, most = (int(low[:10]), int(high[:10]) if high else -1) if low.isdigit() else (0, -1)
        if low.isdigit() and max(least, most) > 2**31 - 1:
            raise InvalidPattern("Capture group numbers must be less than or equal to Int32.MaxValue.")
        if low.isdigit() and high and least > most:
            raise InvalidPattern("Illegal {x,y} with x > y.")
        self._skip_blanks()
        lazy = self.peek() == "?"
        self.at += lazy
        level.size += level.unit_size * (max(least, most, 1) - 1)
        if level.size > MAX_SIZE:
            raise TooLarge
        level.pieces.insert(level.unit, "(?:")
        level.pieces += [")", f"{{{low}{comma}{high}}}" if low.isdigit() else found[0], "?" if lazy else ""]
        level.unit = -1

    # --- brackets ---------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self.peek() != "?" or self.peek(1) == ")":
            if self._skips_group and not self._level.untested:
                raise Unmodelled("regex (?(?=…)(…)|…)")  # .NET counts this group, and captures nothing in it
            if "n" in self._level.options or self._skips_group:
                self._skips_group = False
                return self._push("(?:")
            self._unnamed += 1
            return self._push(f"(?P<g{self._unnamed}>")
        self.at += 1
        sign = self.peek()
        if sign in ("<", "'") and self.peek(1) not in ("=", "!"):
            self.at += 1
            return self._named(">" if sign == "<" else "'")
        for plain in (":", "=", "!", ">", "<=", "<!"):
            if self.pattern.startswith(plain, self.at):
                self.at += len(plain)
                return self._push(f"(?{plain}")
        if sign == "(":
            return self._conditional()
        return self._options()

    def _push(self, opening: str | Callable[[], str], options: str | None = None) -> None:
        if len(self._levels) > MAX_NESTING:
            raise TooLarge
        kept = self._level.options if options is None else options
        self._levels.append(_Level(kept, [opening]))

    def _named(self, close: str) -> None:
        name = self.word()
        if self.peek() == "-":
            raise Unmodelled(f"regex (?<{name}-…>)")
        if not self.left() and name:
            raise InvalidPattern("Unrecognized grouping construct.")
        if not name or self.next() != close or (name[0].isdigit() and not name.isdigit()):
            raise InvalidPattern("Invalid group name: Group names must begin with a word character.")
        if name.isdigit():
            if int(name) == 0:
                raise InvalidPattern("Capture number cannot be zero.")
            if int(name) > 2**31 - 1:
                raise InvalidPattern("Capture group numbers must be less than or equal to Int32.MaxValue.")
            name = str(int(name))
        self._names[name] = None
        self._push(lambda: f"(?P<g{self._slots[name]}>")

    def _conditional(self) -> None:
        """(?(name)yes|no), or with an expression in place of the name."""
        found = CONDITION.match(self.pattern, self.at)
        if found is None:
            return self._tested()
        self.at = found.end()
        name = found[1]

        def opening() -> str:
            if name in self._slots or (name.isdigit() and int(name) in self._slots.values()):
                return f"(?(g{self._slots.get(name, name)})"
            if name.isdigit():
                raise InvalidPattern(f"(?({name}) ) reference to undefined group.")
            return f"(?(?={name})"

        self._push(opening)
        self._level.conditional = True

    def _tested(self) -> None:
        """(?(expression)yes|no): the expression captures nothing itself, and may be a look ahead or behind."""
        if self.pattern.startswith("(?#", self.at):
            raise InvalidPattern("Alternation conditions cannot be comments.")
        if NAMED.match(self.pattern, self.at):
            raise InvalidPattern("Alternation conditions do not capture and cannot be named.")
        self._push("(?(?=")
        self._level.conditional = self._level.tested = self._level.untested = True
        self._skips_group = True

    def _options(self) -> None:
        """(?i-s) up to the end of the bracket around it, or (?i-s:…)."""
        found = OPTIONS.match(self.pattern, self.at)
        if found is None or self._level.tested:
            raise InvalidPattern("Unrecognized grouping construct.")
        self.at = found.end()
        on, off, wanted = set[str](), set[str](), True
        for letter in found[1].lower():
            if letter in "+-":
                wanted = letter == "+"
            else:
                (on if wanted else off).add(letter)
                (off if wanted else on).discard(letter)
        before = self._level.options
        options = "".join(sorted((set(before) | on) - off))
        case = "(?i:" if "i" in on else "(?-i:" if "i" in off else ""
        if found[2] == ":":
            self._push(case or "(?:", options)
            return
        level = self._level
        level.options, level.unit = options, -1
        if case:
            level.pieces.append(f"){case}" if level.scope else case)
            level.scope = case

    def _close(self) -> None:
        if len(self._levels) == 1:
            raise InvalidPattern("Too many )'s.")
        level = self._levels.pop()
        pieces = [*self._closed_pieces(level), ")"]
        self._add(lambda: "".join(piece if isinstance(piece, str) else piece() for piece in pieces), level.size + 1)
        if self._level.untested:
            self._level.untested = False
            self._level.pieces.append(")")
            self._level.unit = -1

    # --- escapes ----------------------------------------------------------------------------------------------------

    def _backslash(self) -> None:
        if not self.left():
            raise InvalidPattern("Illegal \\ at end of pattern.")
        char = self.peek()
        if char in ANCHORS:
            self.at += 1
            return self._add(ANCHORS[char])
        if char.lower() in "wsdp":
            self.at += 1
            return self._add(self.shorthand(char) or "")
        if char in "k<'":
            return self._named_reference()
        if char in "123456789":
            return self._numbered_reference()
        self._add(quoted(self.escape()))

    def _named_reference(self) -> None:
        r"""\k<name>, or the older \<name>; with neither, \< is the character."""
        found = REFERENCE.match(self.pattern, self.at)
        if found is None and self.peek() != "k":
            return self._add(quoted(self.next()))
        if found is None:
            begun = self.peek(1) in ("<", "'") and self.left() > 2
            raise InvalidPattern(
                r"Unrecognized escape sequence \k." if begun else r"Malformed \k<...> named back reference."
            )
        self.at = found.end()
        name = found[1] or found[2]

        def reference() -> str:
            if name not in self._slots and not (name.isdigit() and int(name) in self._slots.values()):
                what = "number" if name.isdigit() else "name"
                raise InvalidPattern(f"Reference to undefined group {what} {name}.")
            return f"(?P=g{self._slots.get(name, name)})"

        self._add(reference)

    def _numbered_reference(self) -> None:
        start = self.at
        number = self.digits()
        after, self.at = self.at, start
        # beyond nine, a number that no group has is an octal character: only the whole pattern tells
        octal = "" if len(number) == 1 or number[0] in "89" else quoted(self.escape())
        rest = self.pattern[self.at : after] if octal else ""
        self.at = after

        def reference() -> str:
            if int(number) in self._slots.values():
                return f"(?P=g{number})"
            if len(number) == 1:
                raise InvalidPattern(f"Reference to undefined group number {number}.")
            if not octal:
                raise InvalidPattern(f"Unrecognized escape sequence \\{number[0]}.")
            return characters[-1]

        def ahead() -> str:
            """The characters before the last one, which alone a quantifier repeats."""
            return "" if int(number) in self._slots.values() else "".join(characters[:-1])

        characters = [octal, *map(quoted, rest)]
        self._add(ahead)
        self._add(reference)
