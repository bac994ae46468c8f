"""Large numbers as Debian's mawk of 2020 prints them: integers beyond 2^31 in six digits, which %d stops at.

The shell's awk is gawk's, which knows no such limit: its output is rewritten where that is certain, else it is a gap.
"""

import re

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, lacking

LARGEST = 2**31 - 1
RELEASES = ("12", "22.04")
"""Those whose mawk has that limit."""
_LARGE = re.compile(r"(?<![\d.])-?\d{10,}(?![\d.])")
_FORMAT = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?([a-zA-Z])")
_PRINT = re.compile(r"\bprint\b(?!f)\s*([^;}\n>|]*)")
_AS_READ = re.compile(r'(?:\$\w+|\$\([^()]*\)|"[^"]*"|\bN[RF]\b|\bFILENAME\b|\s)*')
"""An operand of print that is written as it was read: fields, and texts between them."""
_UNSURE = re.compile(
    r"(?<![-+*/%^=!<>])=\s*(?:\$\w+|\$\([^()]*\))\s*(?:[;}\n)]|$)|\b(?:substr|split|g?sub|match|tolower|toupper|getline)\b"
    r"|\bOFMT\b|\bCONVFMT\b|\bsprintf\b|\b\w+\s+in\s+\w+|--?v|\$\w+\s*="
)
"""What may make a text of digits of something that is then printed, or another format of it."""


def _rewrite(context: CommandContext) -> str | BuiltinResult:
    """awk's arguments, with its output as the standard input."""
    text = context.stdin
    if context.host.system.version not in RELEASES or not any(_is_large(found) for found in _LARGE.findall(text)):
        return text
    program = max(context.argv, key=len, default="")
    formats = {
        letter
        for call in re.findall(r'\bprintf\b[^"]*"((?:\\.|[^"\\])*)"', program)
        for letter in _FORMAT.findall(call)
    }
    operands = [operand for call in _PRINT.findall(program) for operand in (call.split(",") if call.strip() else [""])]
    read = [_AS_READ.fullmatch(operand) is not None for operand in operands]
    if all(read) and not formats & set("dius"):
        return text
    if _UNSURE.search(" ".join(context.argv)) or (any(read) and _has_fields(operands)):
        return _unclear(context, text)
    if not operands and formats <= set("di"):
        return _LARGE.sub(lambda found: _clamped(found[0]), text)
    if not formats:
        return _LARGE.sub(lambda found: _short(found[0]), text)
    return _unclear(context, text)


def _has_fields(operands: list[str]) -> bool:
    return any("$" in operand or not operand.strip() for operand in operands if _AS_READ.fullmatch(operand))


def _unclear(context: CommandContext, text: str) -> BuiltinResult:
    return lacking(context, "awk: large numbers", BuiltinResult(text))


def _is_large(number: str) -> bool:
    return abs(int(number)) > LARGEST


def _short(number: str) -> str:
    return f"{float(number):.6g}" if _is_large(number) else number


def _clamped(number: str) -> str:
    return str(max(-LARGEST, min(LARGEST, int(number))))


COMMANDS: dict[str, Command] = {"aj-mawk": _rewrite}
