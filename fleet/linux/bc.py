"""bc as GNU 1.07 reads its lines. Control flow and arrays are gaps."""

import re
from collections.abc import Callable
from decimal import Decimal
from math import isqrt

from bashkit import BuiltinResult

from fleet.linux.bc_library import LIBRARY
from fleet.linux.bc_numbers import ONE, ZERO, BcError, BcGap, BcNumber, combined, read_number, shown
from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.file_tree import node
from fleet.linux.options import options

BC = options("""
    -l --mathlib
    ~ -q --quiet
    ~ -s --standard
    ~ -w --warn
""")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*|[0-9A-F]+\.?[0-9A-F]*|\.[0-9A-F]+)|(?P<name>[a-z][a-z0-9_]*)|(?P<text>\"[^\"]*\")"
    r"|(?P<sign>\+\+|--|[-+*/%^=!<>]=|&&|\|\||[-+*/%^=()<>!;,{}\[\]]))"
)
_CONTROL = frozenset(("if", "else", "while", "for", "define", "auto", "return", "break", "continue", "read", "limits"))


def bc(context: CommandContext) -> BuiltinResult:
    flags = parse(context, BC)
    context.pull()
    text = ""
    for word in flags.words:
        found = node(context, context.absolute(word))
        if found is None or found.folder:
            return fail(f"File {word} is unavailable.")
        text += context.host_files.fs.read_file(found.path).decode("utf-8", "replace")
    calculator = _Calculator("l" in flags)
    try:
        calculator.run(text + context.stdin)
    except BcGap as gap:
        return lacking(context, f"bc: {gap}", BuiltinResult(calculator.output, calculator.errors, 1))
    return BuiltinResult(calculator.output, calculator.errors)


class _Calculator:
    """Reads statements line by line; each that is an expression prints its value."""

    def __init__(self, library: bool) -> None:
        self._values = {"scale": BcNumber(20 if library else 0), "ibase": BcNumber(10), "obase": BcNumber(10)}
        self._library = library
        self._tokens: list[tuple[str, str]] = []
        self._place = self._code = 0
        self.output = self.errors = ""

    def run(self, text: str) -> None:
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL).replace("\\\n", "")
        for number, line in enumerate(text.split("\n"), start=1):
            code = re.sub(r'("[^"]*")|#.*', lambda found: found[1] or "", line)
            tokens = self._read(code)
            if tokens is None or not self._line(tokens):
                bad = code if tokens is None else ""
                stray = re.search(r"[^\s\w.+\-*/%^=!<>&|();,{}\[\]\"]", bad)
                if stray:
                    self.errors += f"(standard_in) {number}: illegal character: {stray[0]}\n"
                else:
                    self.errors += f"(standard_in) {number + (self._place >= len(self._tokens))}: syntax error\n"
            if ("name", "quit") in (tokens or ()) or ("name", "halt") in (tokens or ()):
                return

    def _read(self, line: str) -> list[tuple[str, str]] | None:
        tokens, at = [], 0
        line = line.rstrip()
        while at < len(line):
            found = _TOKEN.match(line, at)
            if found is None:
                return None
            assert found.lastgroup
            tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        return tokens

    def _line(self, tokens: list[tuple[str, str]]) -> bool:
        """Run the statements of one line; False if one cannot be read."""
        self._tokens, self._place, self._code = tokens, 0, 0
        if strange := next((word for kind, word in tokens if kind == "name" and word in _CONTROL), ""):
            raise BcGap(strange)
        if {"[", "{"} & {word for _, word in tokens}:
            raise BcGap("arrays and blocks")
        kept = self.output
        while self._place < len(tokens):
            if self._take(";"):
                continue
            try:
                self._statement()
            except SyntaxError:
                self.output = kept
                return False
            except BcError as error:
                self.errors += f"Runtime error (func=(main), adr={self._code}): {error}\n"
                return True
            if self._place < len(tokens) and not self._take(";"):
                self.output = kept
                return False
        return True

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("", "")

    def _take(self, sign: str) -> bool:
        if self._peek() == ("sign", sign):
            self._place += 1
            return True
        return False

    def _statement(self) -> None:
        kind, word = self._peek()
        if kind == "name" and word in ("quit", "halt"):
            self._place = len(self._tokens)
        elif kind == "text":
            self._place += 1
            self.output += word[1:-1]
        elif (kind, word) == ("name", "print"):
            self._place += 1
            self._print()
        else:
            assigned = kind == "name" and self._tokens[self._place + 1 : self._place + 2] in [
                [("sign", sign)] for sign in ("=", "+=", "-=", "*=", "/=", "%=", "^=")
            ]
            value = self._expression()
            if not assigned:
                self.output += f"{self._shown(value)}\n"
                self._values["last"] = value

    def _print(self) -> None:
        while True:
            kind, word = self._peek()
            if kind == "text":
                self._place += 1
                for code, meant in (("\\n", "\n"), ("\\t", "\t"), ('\\"', '"'), ("\\\\", "\\")):
                    word = word.replace(code, meant)
                self.output += word[1:-1]
            else:
                self.output += self._shown(self._expression())
            if not self._take(","):
                return

    # --- expressions, from what binds least to what binds most -----------------------------------------------------

    def _expression(self) -> BcNumber:
        return self._either()

    def _either(self) -> BcNumber:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = ONE if value.units or other.units else ZERO
        return value

    def _both(self) -> BcNumber:
        value = self._negated()
        while self._take("&&"):
            other = self._negated()
            value = ONE if value.units and other.units else ZERO
        return value

    def _negated(self) -> BcNumber:
        if self._take("!"):
            return ZERO if self._negated().units else ONE
        return self._compared()

    def _compared(self) -> BcNumber:
        value = self._assigned()
        signs: dict[str, Callable[[Decimal, Decimal], bool]] = {
            "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<=": lambda a, b: a <= b,
            ">=": lambda a, b: a >= b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
        }  # fmt: skip
        while (sign := self._peek()[1]) in signs and self._take(sign):
            value = ONE if signs[sign](value.decimal(), self._assigned().decimal()) else ZERO
        return value

    def _assigned(self) -> BcNumber:
        kind, name = self._peek()
        sign = self._tokens[self._place + 1][1] if self._place + 1 < len(self._tokens) else ""
        if kind != "name" or sign not in ("=", "+=", "-=", "*=", "/=", "%=", "^="):
            return self._sum()
        self._place += 2
        value = self._assigned()
        if sign != "=":
            value = self._combined(sign[0], self._values.get(name, ZERO), value)
        return self._set(name, value)

    def _set(self, name: str, value: BcNumber) -> BcNumber:
        if name in ("ibase", "obase"):
            base = int(value.decimal())
            value = BcNumber(min(max(base, 2), 16 if name == "ibase" else 999))
        if name == "scale" and not 0 <= value.decimal() <= 1000:
            raise BcGap("a scale of this size")
        self._values[name] = value
        return value

    def _sum(self) -> BcNumber:
        value = self._product()
        while (sign := self._peek()[1]) in ("+", "-") and self._take(sign):
            value = self._combined(sign, value, self._product())
        return value

    def _product(self) -> BcNumber:
        value = self._power()
        while (sign := self._peek()[1]) in ("*", "/", "%") and self._take(sign):
            value = self._combined(sign, value, self._power())
        return value

    def _power(self) -> BcNumber:
        value = self._signed()
        return self._combined("^", value, self._power()) if self._take("^") else value

    def _signed(self) -> BcNumber:
        if self._take("-"):
            value = self._signed()
            return BcNumber(-value.units, value.scale)
        return self._operand()

    def _operand(self) -> BcNumber:
        kind, word = self._peek()
        for sign, step in (("++", 1), ("--", -1)):
            if self._take(sign):
                name = self._peek()[1]
                self._place += 1
                return self._set(name, self._combined("+", self._values.get(name, ZERO), BcNumber(step)))
        self._place += 1
        if kind == "number":
            self._code += 1 if word in ("0", "1") else len(word) + 2
            return read_number(word, self._values["ibase"].units)
        if (kind, word) == ("sign", "("):
            value = self._expression()
            if not self._take(")"):
                raise SyntaxError
            return value
        if kind != "name":
            self._place -= 1
            raise SyntaxError
        if self._take("("):
            return self._called(word)
        value = self._values.get(word, ZERO)
        for sign, step in (("++", 1), ("--", -1)):
            if self._take(sign):
                self._set(word, self._combined("+", value, BcNumber(step)))
        return value

    def _combined(self, sign: str, a: BcNumber, b: BcNumber) -> BcNumber:
        self._code += 1
        if sign == "^" and not b.is_whole:
            self.errors += f"Runtime warning (func=(main), adr={self._code}): non-zero scale in exponent\n"
        return combined(sign, a, b, self._values["scale"].units)

    def _called(self, name: str) -> BcNumber:
        value = self._expression()
        if not self._take(")"):
            raise SyntaxError
        scale = self._values["scale"].units
        if name == "length":
            return BcNumber(max(len(str(abs(value.units))), value.scale))
        if name == "scale":
            return BcNumber(value.scale)
        if name == "sqrt":
            if value.units < 0:
                raise BcError("Square root of a negative number")
            most = max(scale, value.scale)
            return BcNumber(isqrt(value.at(2 * most).units), most)
        if name not in LIBRARY or not self._library:
            if name == "j" and self._library:
                raise BcGap("j")
            raise BcError(f"Function {name} not defined.")
        if abs(value.decimal()) > 10_000:
            raise BcGap("functions of large numbers")
        return BcNumber(LIBRARY[name](value.decimal(), scale), scale)

    def _shown(self, value: BcNumber) -> str:
        return shown(value, self._values["obase"].units)


COMMANDS: dict[str, Command] = {"bc": bc}
