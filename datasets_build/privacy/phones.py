"""Finds phone numbers, where their form is one that only phone numbers have, or a word before them says what they are.

Dates, times, versions, ports, counts and serial numbers have some of these forms; so a number with nothing but digits,
or in two groups, counts only behind a word such as "tel" or "dial".
"""

import re
from collections.abc import Iterator

from datasets_build.privacy.rules import Find

_PHONE = re.compile(
    r"""(?x)(?<![\w+./\\-])(?:
      (?:\+|00)(?:[17]|[2-689]\d{1,2})(?:[ ./-]{1,3}|[ ]?(?=\())\(?\d{1,5}\)?(?:[ ./-]{0,3}\d{2,8}){1,5}
                        # +49 (0)89 / 12 34 56
    | \+[1-9]\d{10,14}   # +498912345678
    | \(0\d{1,5}\)[ ./-]{0,3}\d{2,8}(?:[ ./-]\d{2,8}){0,4}   # (089) 123 45 67
    | (?:1[ .-]?)?\(\d{3}\)[ ]?\d{3}[ .-]\d{4}   # (212) 867-5309
    | (?:1[.-])?[2-9]\d{2}([.-])[2-9]\d{2}\1\d{4}   # 212-867-5309
    | 0[1-9]\d{1,4}[ ]?/[ ]?\d{2,8}(?:[ -]\d{2,5}){0,4}   # 089/12 34 56
    | 0[1-9]\d{0,3}-(?!(?:19|20)\d\d-)\d{3,4}-\d{3,4}   # 03-1234-5678
    | 0[1-9]\d{1,3}[ ]\d{3,4}[ ]\d{3,4}   # 020 7946 0958
    | (?<![0-9a-f][ ])0[1-9](?:([ .])\d{2})(?:\2\d{2}){3}(?![ .][0-9a-f]{2}\b)   # 01 42 68 53 00
    )(?![\w/]|[ .:-]?\d)"""
)
_WEAK = re.compile(
    r"(?<![\w+./\\-])(?:(?:\+|00?)[1-9]\d{7,13}|0[1-9]\d{1,4}[ /-]{1,3}\d{3,9}(?:[ -]\d{2,8}){0,4}"
    r"|[2-9]\d{2} \d{3} \d{4})(?![\w/]|[ .:-]?\d)"
)
_SAYS = re.compile(
    r"""(?xi)\b(?:tel(?:e[pf]h?on[eo]?)?|phones?|fax|mobile?|cell|handy|landline|hotline|helpdesk|switchboard
    |front\ desk|dial|ring|festnetz|rufnummer|durchwahl|anruf\w*|erreichbar|pager|call(?:\ \w+){0,3}?(?:\ at|\ on)?
    |reach(?:\ \w+){0,3}\ (?:at|on))
    \b[^\w\n]{0,4}(?:(?:number|no|nr|nummer|is|ist|at|on|unter|under)\b[^\w\n]{0,4}){0,3}\Z"""
)
"""What stands before a number that is dialled."""
_DIGITS = re.compile(r"\d[ ./()-]{0,3}\d{2}")
_FICTION = re.compile(r"55501\d\d\Z")
"""North America's numbers for examples: 555-0100 to 555-0199."""


def phones(text: str) -> Iterator[Find]:
    """Phone numbers, but for look-alikes (country code 999, area code 555) and numbers for examples."""
    if not _DIGITS.search(text):
        return
    for match in _PHONE.finditer(text):
        if _is_somebodys(match[0]):
            yield Find("phone", *match.span())
    for match in _WEAK.finditer(text):
        if _SAYS.search(text[max(match.start() - 60, 0) : match.start()]) and _is_somebodys(match[0]):
            yield Find("phone", *match.span())


def _is_somebodys(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    if number.startswith("+1") and not number[2].isdigit() and len(digits) != 11:
        return False  # a count with spaces between its thousands
    return 8 <= len(digits) <= 15 and not digits.startswith(("999", "555")) and not _FICTION.search(digits)
