"""[regex]: its static members, the methods of an expression, and matches as objects."""

import re
from collections.abc import Callable

from fleet.windows.failure import Budget, DotNetError, Unmodelled
from fleet.windows.matching import BadPattern, Matcher, RegexMatch
from fleet.windows.tree import Block
from fleet.windows.values import GROUP, Arguments, PSObject, PSValue, bounded, to_text

REGEX = "System.Text.RegularExpressions.Regex"
OPTIONS = {
    "none": "",
    "ignorecase": "i",
    "multiline": "m",
    "explicitcapture": "n",
    "compiled": "",
    "singleline": "s",
    "ignorepatternwhitespace": "x",
    "cultureinvariant": "",
}
"""RegexOptions -> the letter of an inline option."""
SPECIAL = re.compile(r"[\\*+?|{\[()^$.# \t\n\r\f]")
LETTERS = {"\t": "t", "\n": "n", "\r": "r", "\f": "f"}


def match_record(found: RegexMatch | None) -> PSObject:
    """A match as System.Text.RegularExpressions.Match, or the empty one for none."""
    groups: list[PSValue] = []
    for name in found.names if found else ():
        text = found.groups.get(name, "") if found else ""
        took_part = found is not None and name in found.groups
        groups.append(PSObject(GROUP, {"Success": took_part, "Name": name, "Value": text}, text))
    text = found.text if found else ""
    values: dict[str, PSValue] = {
        "Groups": groups,
        "Success": found is not None,
        "Name": "0",
        "Index": found.start if found else 0,
        "Length": len(text),
        "Value": text,
    }
    return PSObject("System.Text.RegularExpressions.Match", values, text)


def escaped(text: str) -> str:
    return SPECIAL.sub(lambda found: "\\" + LETTERS.get(found[0], found[0]), text)


def matcher(pattern: str, options: PSValue, budget: Budget) -> Matcher:
    """
    Raises:
        DotNetError: the pattern is invalid.
        ValueError: there are no such options.
    """
    names = [name.strip() for name in to_text(options).lower().split(",") if name.strip()]
    if any(name not in OPTIONS for name in names):
        raise ValueError
    letters = "".join(OPTIONS[name] for name in names)
    try:
        return Matcher(pattern, budget, "i" not in letters, False, letters.replace("i", ""))
    except BadPattern as bad:
        raise DotNetError("ArgumentException", bad.message) from None


def _replacement(value: PSValue) -> str:
    if isinstance(value, Block):
        raise Unmodelled("[regex]::Replace with a script block")
    return to_text(value)


def static_methods(budget: Budget) -> dict[str, Callable[[Arguments], PSValue]]:
    """The methods that take the text first, then the pattern."""

    def compiled(a: Arguments, place: int) -> Matcher:
        return matcher(to_text(a[1]), a[place] if len(a) > place else "", budget)

    return {
        "ismatch": lambda a: compiled(a, 2).search(to_text(a[0])) is not None,
        "match": lambda a: match_record(compiled(a, 2).search(to_text(a[0]))),
        "matches": lambda a: [match_record(found) for found in compiled(a, 2).matches(to_text(a[0]))],
        "replace": lambda a: bounded(compiled(a, 3).replace(to_text(a[0]), _replacement(a[2]))),
        "split": lambda a: list(compiled(a, 2).split(to_text(a[0]))),
        "escape": lambda a: escaped(to_text(a[0])),
    }


def methods(pattern: str, budget: Budget) -> dict[str, Callable[[Arguments], PSValue]]:
    """Those of an expression, [regex]'…'."""
    static = static_methods(budget)

    def bound(name: str) -> Callable[[Arguments], PSValue]:
        return lambda a: static[name]([a[0], pattern, *a[1:]])

    def placed(name: str, most: int) -> Callable[[Arguments], PSValue]:
        def call(a: Arguments) -> PSValue:
            if len(a) > most:  # how often, and from where on
                raise Unmodelled(f"[regex] {name} with {len(a)} arguments")
            return bound(name)(a)

        return call

    return {
        **{name: placed(name, 2 if name == "replace" else 1) for name in static if name != "escape"},
        "tostring": lambda a: pattern,
    }
