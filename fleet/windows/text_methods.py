"""The methods of System.String."""

from collections.abc import Callable

from fleet.windows.failure import MAX_TEXT, DotNetError, no_memory, out_of_range
from fleet.windows.operators import order
from fleet.windows.values import Arguments, Char, PSValue, items, to_number, to_text

BLANKS = "\t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000 " + "".join(map(chr, range(0x2000, 0x200B)))
"""What .NET takes for white space."""
NOT_NEGATIVE = "Non-negative number required."
OUTSIDE = "Index was out of range. Must be non-negative and less than the size of the collection."
COUNT = "Count must be positive and count must refer to a location within the string/array/collection."
WITHIN = "Index and length must refer to a location within the string."


def text_methods(value: str) -> dict[str, Callable[[Arguments], PSValue]]:
    """Name in lower case -> what it does."""
    return {
        "toupper": lambda a: value.upper(),
        "tolower": lambda a: value.lower(),
        "toupperinvariant": lambda a: value.upper(),
        "tolowerinvariant": lambda a: value.lower(),
        "trim": lambda a: value.strip(_marks(a) or BLANKS),
        "trimstart": lambda a: value.lstrip(_marks(a) or BLANKS),
        "trimend": lambda a: value.rstrip(_marks(a) or BLANKS),
        "split": lambda a: _split(value, a),
        "substring": lambda a: _substring(value, a),
        "remove": lambda a: _removed(value, a),
        "insert": lambda a: _inserted(value, a),
        "replace": lambda a: _replaced(value, a),
        "startswith": lambda a: _folded(value, a).startswith(_folded(_first(a), a)),
        "endswith": lambda a: _folded(value, a).endswith(_folded(_first(a), a)),
        "contains": lambda a: _first(a) in value,
        "equals": lambda a: isinstance(a[0], str) and _folded(value, a) == _folded(_first(a), a),
        "compareto": lambda a: order(value, to_text(a[0]), True),
        "indexof": lambda a: _index(value, a),
        "lastindexof": lambda a: _last_index(value, a),
        "indexofany": lambda a: min((at for mark in _marks(a) if (at := value.find(mark)) >= 0), default=-1),
        "lastindexofany": lambda a: max((value.rfind(mark) for mark in _marks(a)), default=-1),
        "padleft": lambda a: value.rjust(_width(a), _fill(a)),
        "padright": lambda a: value.ljust(_width(a), _fill(a)),
        "tochararray": lambda a: [Char(char) for char in value],
        "clone": lambda a: value,
        "normalize": lambda a: value,
    }


def _first(a: Arguments) -> str:
    return to_text(a[0])


def _whole(value: PSValue) -> int:
    """
    Raises:
        TypeError: the argument is no number.
    """
    if isinstance(value, str) and not value.strip().lstrip("+-").isdigit():
        raise TypeError
    return int(to_number(value))


def _marks(a: Arguments) -> str:
    """The characters in the first argument, which may be a string or an array."""
    return "".join(to_text(mark) for argument in a for mark in items(argument))


def _folded(text: str, a: Arguments) -> str:
    """The text as a comparison sees it that the second argument names: a StringComparison, or $true to ignore case."""
    how = a[1] if len(a) > 1 else False
    ignores = how if isinstance(how, bool) else to_text(how).lower().endswith("ignorecase")
    return text.lower() if ignores else text


def _split(value: str, a: Arguments) -> list[PSValue]:
    """By any character of a string, or by the strings of an array; then at most so many parts, none of them empty."""
    given = a[0] if a else None
    listed = isinstance(given, list) and any(len(to_text(mark)) > 1 for mark in given)
    marks = [to_text(mark) for mark in items(given)] if listed else list(_marks(a[:1]) or BLANKS)
    limits = [_whole(one) for one in a[1:] if isinstance(one, int) and not isinstance(one, bool)]
    limit = limits[0] if limits else MAX_TEXT
    sparse = any(to_text(one).lower() == "removeemptyentries" for one in a[1:])
    if limit < 0:
        raise out_of_range("Count cannot be less than zero.", "count")
    if limit < 2:
        return list([value][: limit if value or not sparse else 0])

    def mark_at(place: int) -> int:
        return next((len(mark) for mark in marks if mark and value.startswith(mark, place)), 0)

    parts: list[PSValue] = []
    start = place = 0
    while place < len(value) and len(parts) < limit - 1:
        if size := mark_at(place):
            if not sparse or place > start:
                parts.append(value[start:place])
            start = place = place + size
        else:
            place += 1
    while sparse and (size := mark_at(start)):
        start += size
    return parts if sparse and start == len(value) else [*parts, value[start:]]


def _substring(value: str, a: Arguments) -> str:
    start = _whole(a[0])
    length = _whole(a[1]) if len(a) > 1 else len(value) - start
    if start < 0:
        raise out_of_range("StartIndex cannot be less than zero.", "startIndex")
    if start > len(value):
        raise out_of_range("startIndex cannot be larger than length of string.", "startIndex")
    if length < 0:
        raise out_of_range("Length cannot be less than zero.", "length")
    if start + length > len(value):
        raise out_of_range(WITHIN, "length")
    return value[start : start + length]


def _removed(value: str, a: Arguments) -> str:
    start = _whole(a[0])
    if start < 0:
        raise out_of_range("StartIndex cannot be less than zero.", "startIndex")
    if len(a) == 1:
        if start >= len(value):
            raise out_of_range("startIndex must be less than length of string.", "startIndex")
        return value[:start]
    count = _whole(a[1])
    if count < 0:
        raise out_of_range("Count cannot be less than zero.", "count")
    if start + count > len(value):
        raise out_of_range("Index and count must refer to a location within the string.", "count")
    return value[:start] + value[start + count :]


def _inserted(value: str, a: Arguments) -> str:
    place = _whole(a[0])
    if not 0 <= place <= len(value):
        raise out_of_range("Specified argument was out of the range of valid values.", "startIndex")
    return value[:place] + to_text(a[1]) + value[place:]


def _replaced(value: str, a: Arguments) -> str:
    old, new = to_text(a[0]), to_text(a[1])
    if not old:
        raise DotNetError("ArgumentException", "String cannot be of zero length.\r\nParameter name: oldValue")
    if value.count(old) * len(new) + len(value) > MAX_TEXT:
        raise no_memory()
    return value.replace(old, new)


def _places(a: Arguments) -> list[int]:
    """The numbers among the arguments behind the first: where to begin, and how far to look."""
    return [_whole(one) for one in a[1:] if isinstance(one, int) and not isinstance(one, bool)]


def _index(value: str, a: Arguments) -> int:
    start, *count = _places(a) or [0]
    if not 0 <= start <= len(value):
        raise out_of_range(OUTSIDE, "startIndex")
    end = start + count[0] if count else len(value)
    if not start <= end <= len(value):
        raise out_of_range(COUNT, "count")
    how = (None, a[-1])
    return _folded(value, how).find(_folded(_first(a), how), start, end)


def _last_index(value: str, a: Arguments) -> int:
    """The search runs backwards from a place, over so many characters."""
    start, *count = _places(a) or [len(value) - 1]
    if not value and start in (-1, 0):
        return -1 if _first(a) else 0
    if not 0 <= start <= len(value):
        raise out_of_range(OUTSIDE, "startIndex")
    start = min(start, len(value) - 1)
    begin = start - count[0] + 1 if count else 0
    how = (None, a[-1])
    needle = _folded(_first(a), how)
    return _folded(value, how).rfind(needle, max(begin, 0), start + 1) if needle else start


def _width(a: Arguments) -> int:
    width = _whole(a[0])
    if width < 0:
        raise out_of_range(NOT_NEGATIVE, "totalWidth")
    if width > MAX_TEXT:
        raise no_memory()
    return width


def _fill(a: Arguments) -> str:
    """
    Raises:
        TypeError: it is not one character.
    """
    if len(a) > 1 and len(to_text(a[1])) != 1:
        raise TypeError
    return to_text(a[1]) if len(a) > 1 else " "
