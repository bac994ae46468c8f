"""Leaks: parts of the template, the prompt or another turn in a text to learn from."""

import re
from collections.abc import Sequence
from functools import cache

from aj.findings import Finding
from aj.hints import hint, hints_in, in_any_case

_TOKENS = re.compile(
    r"<\|[\w-]{1,40}\|>|<｜[^｜>\n]{1,40}｜>|\[/?INST\]|<</?SYS>>|</s>|<(?:start|end)_of_turn>|\[/?AVAILABLE_TOOLS\]"
)
TOKEN_HINT = hint(r"<\||<｜|<</?SYS>>|</s>|<(?:start|end)_of_turn>|\[/?(?:INST|AVAILABLE_TOOLS)\]")
_HISTORY = re.compile(
    r"^[ \t]{0,20}\[(?:Previous message|My response|Current message)\] ?:", re.MULTILINE | re.IGNORECASE
)
_DIALOGUE = re.compile(r"^(?:User|Human):.*\n(?:.*\n){0,200}?(?:Assistant|AI|AJ):", re.MULTILINE)
_RESULT = re.compile(
    r"^[ \t]{0,20}(?:<tool_response>|FUNCTION RESPONSE:|(?:Tool )?(?:Result|Output|Observation):[ \t]*$"
    r"|The output of the OS:"
    r"|\*\*[\w ]{1,40} (?:output|results):\*\*[ \t]*\n{1,3}```)",
    re.MULTILINE,
)
_WRONG = re.compile(
    r"^[^\w\n]{0,10}(?:\d{1,3}[.)][^\w\n]{1,4})?"
    r"(?:(?:wrong|incorrect|bad"
    r"|(?:do not|don't|never) (?:write|answer|respond|reply)|what not to (?:say|write|answer))\b"
    r"[\w*_`'\" ]{0,40}(?:[(\[—–-][^:\n]{0,60})?(?:[:：]|=>|->|→)[*_`]{0,3}\s*\S"
    r"|(?:wrong|incorrect)\b[^\w\n]{0,6}$)",
    re.M | re.I,
)
"""The heading of an answer that is not to be given, with a remark in brackets or without, and what follows it."""
_NONE_LISTED = re.compile(
    r"^[ \t]{0,20}(?:[-*•]|\d{1,3}[.)]) {0,3}[`\"'*]{0,3}none[`\"'*]{0,3} ?(?:\([^)\n]{0,200}\))? ?(?::|-|–|—|$)", re.M
)


def check_tokens(text: str) -> list[Finding]:
    """Control tokens of a chat template: trained on as text, they would end a turn in the middle."""
    match = _TOKENS.search(text) if hints_in(text) & TOKEN_HINT else None
    if match is None:
        return []
    return [Finding("template_token", f"{match[0]} belongs to a chat template", "remove it", match.span())]


def check_request(text: str) -> list[Finding]:
    """The user's text is one turn, without earlier turns written into it."""
    hints = hints_in(text)
    if match := _HISTORY.search(text) if hints & _HISTORY_HINT else None:
        why = f"earlier turns are written into the user's text ({match[0].strip()})"
    elif match := _DIALOGUE.search(text) if hints & _DIALOGUE_HINT else None:
        why = "a dialogue is written into the user's text"
    else:
        return []
    return [Finding("flattened_history", why, "make each of them a separate turn", match.span())]


_HISTORY_HINT = hint(*in_any_case(r"\[previous message\]", r"\[my response\]", r"\[current message\]"))
_DIALOGUE_HINT = hint(r"(?:User|Human):")


def check_no_result(text: str) -> list[Finding]:
    """AJ does not write the result of a tool."""
    match = _RESULT.search(text) if hints_in(text) & _RESULT_HINT else None
    if match is None:
        return []
    why = f"the reply writes a tool's result itself ({match[0].strip()[:40]})"
    return [Finding("written_result", why, "make it a tool's result, after the call", match.span())]


_RESULT_HINT = hint(
    r"<tool_response>|FUNCTION RESPONSE:|The output of the OS:| (?:output|results):\*\*",
    r"(?m)^[ \t]{0,20}(?:Tool )?(?:Result|Output|Observation):",
)
_NONE_HINT = hint(r"none(?:\W|\z)")
_WRONG_HINT = hint(
    r"(?i)wrong|incorrect|bad|(?:do not|don't|never) (?:write|answer|respond|reply)|what not to (?:say|write|answer)"
)


@cache
def _wrong_call(tool_keys: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf'\{{\s*"(?:{"|".join(map(re.escape, tool_keys))})"\s*:')


def check_system(system: str, tool_keys: Sequence[str]) -> list[Finding]:
    """A system prompt that teaches a failure: it lists a tool "none", or shows a wrong answer.

    Args:
        tool_keys: keys that a wrong call has instead of the tool's.
    """
    found, hints = [], hints_in(system)
    if hints & _NONE_HINT and (match := _NONE_LISTED.search(system)):
        why = 'the system prompt lists a tool "none"'
        found.append(Finding("system_lists_none", why, "leave the system prompt to the contract", match.span()))
    match = _wrong_call(tuple(tool_keys)).search(system) if "{" in system else None
    if match := match or (_WRONG.search(system) if hints & _WRONG_HINT else None):
        why = f"the system prompt, which is trained on, contains a wrong answer ({match[0].strip()[:40]})"
        found.append(Finding("wrong_in_system", why, "leave it out, or make it a pair's rejected text", match.span()))
    return found
