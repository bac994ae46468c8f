"""Numbers in .NET's format strings, as .NET Framework writes them: standard ones such as N2, custom ones such as
#,##0.00.

Source: "Standard numeric format strings", "Custom numeric format strings", and the framework's own number.cpp.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

from fleet.windows.failure import DotNetError
from fleet.windows.values import number_text

STANDARD = re.compile(r"([A-Za-z])(0*[0-9]{0,2})")
TOKEN = re.compile(r"'[^']*'?|\"[^\"]*\"?|\\.?|[Ee][+-]?0+|.", re.DOTALL)
MAX_EXPONENT_DIGITS = 10
WHOLE = 10**15
"""Below this, all digits of a whole number are exact."""


def format_number(value: int | float, form: str) -> str:
    """
    Raises:
        DotNetError: numbers of this kind have no such format.
    """
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return number_text(value)
    found = STANDARD.fullmatch(form)
    if found is None:
        return _custom(value, form)
    return _standard(value, found[1], int(found[2]) if found[2] else None)


def _standard(value: int | float, letter: str, digits: int | None) -> str:
    places = 2 if digits is None else digits
    if letter in "NF" and 1 <= value < WHOLE and value == int(value):
        return f"{value:{',' if letter == 'N' else ''}.{places}f}"
    match letter.upper():
        case "N":
            return f"{_rounded(_exact(value), places):,f}"
        case "F":
            return f"{_rounded(_exact(value), places):f}"
        case "P":
            return f"{_rounded(_exact(value).scaleb(2), places):,f} %"
        case "C":
            amount = _rounded(_exact(value), places)
            return f"(${-amount:,f})" if amount < 0 else f"${amount:,f}"
        case "E":
            return _scientific(value, letter, 6 if digits is None else digits)
        case "G":
            return _general(value, letter, digits or 0)
        case "R" if isinstance(value, float):
            short = _general(value, "G", 15)
            return short if float(short) == value else _general(value, "G", 17)
        case "D" if isinstance(value, int):
            return f"{'-' if value < 0 else ''}{abs(value):0{digits or 0}d}"
        case "X" if isinstance(value, int):
            bits = 32 if -(2**31) <= value < 2**31 else 64
            return f"{value % 2**bits:0{digits or 0}{letter}}"
        case _:
            raise DotNetError("FormatException", "Format specifier was invalid.")


def _exact(value: int | float, precision: int = 15) -> Decimal:
    """A whole number as it is; another one in so many digits: those that .NET Framework looks at."""
    return Decimal(value) if isinstance(value, int) else Decimal(f"{value:.{precision}g}")


def _rounded(number: Decimal, places: int) -> Decimal:
    """Halves are rounded away from zero; never -0."""
    with localcontext() as context:
        context.prec = 500  # the digits before the point of any double, and 99 behind it
        return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0


def _parts(number: Decimal) -> tuple[str, int]:
    """The digits of a number without zeros around them, and its scale: 0.digits × 10 ** scale."""
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return digits, number.adjusted() + 1 if digits else 0


def _scientific(value: int | float, letter: str, digits: int) -> str:
    exact = _exact(value, 17 if digits > 14 else 15)
    number = _rounded(exact, digits - exact.adjusted()) if exact else exact
    text, scale = _parts(number)
    text = text.ljust(digits + 1, "0")
    tail = f".{text[1:]}" if digits else ""
    return f"{'-' if number < 0 else ''}{text[0]}{tail}{_exponent(letter, scale - 1 if number else 0, 3, True)}"


def _exponent(letter: str, exponent: int, digits: int, signed: bool) -> str:
    sign = "-" if exponent < 0 else "+" if signed else ""
    return f"{letter}{sign}{abs(exponent):0{digits}d}"


def _general(value: int | float, letter: str, digits: int) -> str:
    exact = _exact(value, 17 if digits > 15 else 15)
    if isinstance(value, int) and not digits:
        return str(value)
    count = digits or 15
    number = _rounded(exact, count - exact.adjusted() - 1) if exact else exact
    text, scale = _parts(number)
    sign = "-" if number < 0 else ""
    if scale > count or scale < -3:
        tail = f".{text[1:]}" if text[1:] else ""
        return f"{sign}{text[0]}{tail}{_exponent('e' if letter == 'g' else 'E', scale - 1, 2, True)}"
    whole, rest = (text[:scale].ljust(scale, "0"), text[scale:]) if scale > 0 else ("0", "0" * -scale + text)
    return f"{sign}{whole}{'.' + rest if rest and text else ''}"


# --- custom formats -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Layout:
    """What one section of a custom format says, apart from its text."""

    places: int = 0
    """how many digits are shown, in `#` and `0`"""
    point: int = -1
    """how many of them stand before the point"""
    first_zero: int = -1
    last_zero: int = 0
    shift: int = 0
    """decimal places by which the number is moved: two for %"""
    grouped: bool = False
    scientific: bool = False


def _sections(form: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for token in TOKEN.findall(form):
        if token == ";":
            sections.append([])
        else:
            sections[-1].append(token)
    return sections


def _layout(tokens: list[str]) -> _Layout:
    found, comma, commas = _Layout(), -1, 0
    for token in tokens:
        match token[0]:
            case "#" | "0":
                if token == "0":
                    found.first_zero = found.places if found.first_zero < 0 else found.first_zero
                    found.last_zero = found.places + 1
                found.places += 1
            case "." if found.point < 0:
                found.point = found.places
            case "," if found.places and found.point < 0:
                if comma == found.places:
                    commas += 1
                else:
                    found.grouped = found.grouped or comma >= 0
                    comma, commas = found.places, 1
            case "%" | "‰":
                found.shift += 2 if token == "%" else 3
            case "E" | "e" if len(token) > 1:
                found.scientific = True
    found.point = found.places if found.point < 0 else found.point
    if comma == found.point:
        found.shift -= 3 * commas
    elif comma >= 0:
        found.grouped = True
    return found


def _custom(value: int | float, form: str) -> str:
    sections = _sections(form)

    def chosen(place: int) -> int:
        return place if place < len(sections) and sections[place] else 0

    number = _exact(value)
    place = chosen(2 if not number else 1 if number < 0 else 0)
    layout = _layout(sections[place])
    rounded = _custom_rounded(number, layout)
    if number and not rounded:  # it is shown as zero is
        place = chosen(2)
        layout = _layout(sections[place])
    return ("-" if rounded < 0 and place == 0 else "") + _filled(sections[place], layout, *_parts(rounded))


def _custom_rounded(number: Decimal, layout: _Layout) -> Decimal:
    moved = number.scaleb(layout.shift)
    if not number or layout.scientific:
        return _rounded(moved, layout.places - moved.adjusted() - 1) if number else number
    return _rounded(moved, layout.places - layout.point)


def _filled(tokens: list[str], layout: _Layout, digits: str, scale: int) -> str:
    """The section with a number's digits in its places."""
    most_zeros = max(layout.point - layout.first_zero, 0) if layout.first_zero >= 0 else 0
    least = min(layout.point - layout.last_zero, 0)
    place = layout.point if layout.scientific else max(scale, layout.point)
    ahead = 0 if layout.scientific else scale - layout.point
    left, pointed, powered = list(digits), False, False
    text: list[str] = []

    def put(digit: str) -> None:
        nonlocal place
        if digit:
            text.append(digit)
            if layout.grouped and place > 1 and (place - 1) % 3 == 0:
                text.append(",")
        place -= 1

    for token in tokens:
        if token in ("#", "0", "."):
            while ahead > 0:  # digits that have no place of their own stand before the first
                put(left.pop(0) if left else "0")
                ahead -= 1
        match token[0]:
            case "#" | "0" if ahead < 0:
                ahead += 1
                put("0" if place <= most_zeros else "")
            case "#" | "0":
                put(left.pop(0) if left else "0" if place > least else "")
            case ".":
                if place == 0 and not pointed and (least < 0 or (layout.point < layout.places and left)):
                    text.append(".")
                    pointed = True
            case ",":
                pass
            case "'" | '"':
                text.append(token[1:].removesuffix(token[0]))
            case "\\":
                text.append(token[1:])
            case "E" | "e" if len(token) > 1 and not powered:
                width = min(token.count("0"), MAX_EXPONENT_DIGITS)
                text.append(_exponent(token[0], scale - layout.point if digits else 0, width, "+" in token))
                powered = True
            case _:
                text.append(token)
    return "".join(text)
