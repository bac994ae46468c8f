"""The text around a call: where a reply begins, signs of made-up output, the first object, and what surrounds it."""

import json
import re
from typing import Any

from aj.contract import Contract
from aj.findings import Finding
from aj.hints import hint, hints_in


class Unreadable(ValueError):
    """The text contains no readable object; the message is the finding's code."""


def reply_start(text: str, contract: Contract) -> int:
    """Where a reply begins: after the first closing tag of thoughts, where the runtime cuts; 0 without one."""
    tag = f"</{contract.wire.think_tag}>"
    place = text.find(tag)
    return place + len(tag) if place >= 0 else 0


def lint_text(text: str, contract: Contract) -> list[Finding]:
    """Deviations of the raw text of a reply, anywhere in it (also inside an answer), but not in its thoughts."""
    start = reply_start(text, contract)
    body = text[start:] if start else text
    found = [*made_up(body, contract), *_escapes(body, contract)]
    if not start:
        return found
    shift = [(one.span[0] + start, one.span[1] + start) if one.span else None for one in found]
    return [Finding(one.code, one.why, one.fix, span) for one, span in zip(found, shift, strict=True)]


# --- made-up output -------------------------------------------------------------------------------------------------


def made_up(text: str, contract: Contract) -> list[Finding]:
    """What the runtime rejects as made-up output: fences, output headings, phrases."""
    found, marks = [], contract.made_up
    if "```" in text and (match := marks.fence.search(text)):
        found.append(contract.finding("code_fence", match[0], match.span()))
    if match := marks.found(text):
        found.append(contract.finding("made_up_output", match[0].strip()[:80], match.span()))
    return found


# --- escapes --------------------------------------------------------------------------------------------------------

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_FINE = frozenset('n"\\t')
_ODD = r"\\(?<!\\\\)(?:\\\\)*"
"""A backslash that is not itself escaped. With the look-behind first, every character of a text would be tried."""
_UNREAD = re.compile(_ODD + r"(?:u[0-9a-fA-F]{4}|/)")
# No text has a backspace or a form feed in it, and a carriage return is not followed by a word.
_LONE = re.compile(_ODD + r"(?:[bf]|r(?=\w)|u(?![0-9a-fA-F]{4})|[^\\\"/bfnrtu])")
# `\t` and `\n` are meant as escapes, unless they stand where a path goes on. A line may end after "C:" and after a full
# stop, so the rest must look like a path. (`\\\\` below is one escaped backslash, with which a share's name begins.)
_IN_PATH = re.compile(
    r"""(?x)
    (?<![A-Za-z0-9])[A-Za-z]: \\(?:t(?=[A-Za-z_]) | n[a-z])                        # C:\temp
    | (?:HK(?:LM|CU|CR|U|CC): | HKEY_\w{1,30}) \\[tn]\w                            # HKLM:\new
    | (?:(?<![\w.\\/)\]])\.{1,2} | \$env:\w{1,40} | %\w{1,40}% | \$(?:HOME|PSScriptRoot) | (?<!\w)~)
      \\(?:t[A-Za-z_] | n[\w-]{1,60}\.[A-Za-z])                                    # .\test.ps1
    | (?:[A-Za-z]: | \.)(?:\\\\[\w .-]{1,60}){1,20} \\t[a-z]                       # C:\\logs\today.log
    | (?<![\w.])[A-Za-z][\w-]{0,60} \\t[\w-]{0,60}\.(?:psm?1 | bat | cmd | vbs)\b  # scripts\test.ps1
    | (?<![^\s"'=(,;|&>])(?:\\\\){1,2}[A-Za-z]
      (?:[\w.-]{1,60}\\t | \w{0,30}[\d-][\w-]{0,30}\\n)\w                          # \\fs01\temp
    """
)

_ODD_HINT = hint(r'\\[^n"\\t]')
_PATH_HINT = hint(
    r"[A-Za-z]:\\[tn][A-Za-z_]",
    r"HK[A-Z]{1,2}:\\[tn]|HKEY_\S{1,30}\\[tn]",
    r"(?:\.|%|\$HOME|\$PSScriptRoot|~|\$env:\S{1,40})\\(?:t[A-Za-z_]|n\S{1,60}\.[A-Za-z])",
    r"(?s)[:.]\\\\.*\\t[a-z]",
    r"\\t\S{0,60}\.(?:ps|bat|cmd|vbs)",
    r"\\\\[A-Za-z][^\s\"\\]{1,61}\\[tn]",
)


def _escapes(text: str, contract: Contract) -> list[Finding]:
    """Escapes that the runtime does not read, and single backslashes that were meant as such."""
    if "\\" not in text or not (hints := hints_in(text)) & (_ODD_HINT | _PATH_HINT):
        return []
    kinds, found = {*_ESCAPE.findall(text)}, []
    if kinds & {"u", "/"} and (match := _UNREAD.search(text)):
        found.append(contract.finding("escaped_unicode", match[0], match.span()))
    lone = _LONE.search(text) if kinds - _FINE else None
    path = kinds & {"t", "n"} and hints & _PATH_HINT
    if match := lone or (_IN_PATH.search(text) if path else None):
        found.append(contract.finding("lone_backslash", match[0], match.span()))
    return found


# --- the object -----------------------------------------------------------------------------------------------------


def extract(text: str, contract: Contract) -> tuple[dict[str, Any], list[str]]:
    """The first object in the text, and codes for what surrounds it."""
    wire, around = contract.wire, []
    if not text.strip():
        raise Unreadable("empty_output")
    thought = f"<{wire.think_tag}>"
    cut = reply_start(text, contract)
    body = text[cut:].strip()
    if text[:cut].partition(thought)[0].strip() and thought in text[:cut]:
        around.append("prose_before_call")  # the opening tag may be missing: R1's chat template writes it
    elif not cut and body.startswith(thought):
        around.append("unclosed_think")
    start = object_start(body, contract)
    if start < 0:
        raise Unreadable("no_call")
    record, end = _decode(body, start)
    before, after = body[:start].strip(), body[end:].strip()
    before = before.removesuffix(wire.open.strip()).strip()
    after = after.removeprefix(wire.close.strip()).strip()
    if before and not around and wire.keys.note:
        around.append("prose_before_call")
    if after:
        around.append("several_calls" if "{" in after else "prose_after_call")
    return record, around


def object_start(body: str, contract: Contract) -> int:
    """Where the first object begins, after the mark that opens a call; -1 if there is none."""
    opening = body.find(contract.wire.open.strip())
    return body.find("{", opening) if opening >= 0 else -1


def _pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(items)
    if len(found) < len(items):
        raise Unreadable("duplicate_key")
    return found


def _no_constant(name: str) -> None:
    raise Unreadable("broken_json")  # NaN and Infinity are Python's, not JSON's


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_no_constant)


def _decode(body: str, start: int) -> tuple[dict[str, Any], int]:
    try:
        record, end = _DECODER.raw_decode(body, start)
        # Half of a surrogate pair cannot be written. Without escapes, the text itself shows that.
        if "\\u" in body or body.count("{") + body.count("[") > 100:
            json.dumps(record, ensure_ascii=False).encode()
        else:
            body[start:end].encode()
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        python = re.match(r"\{\s*'|\{.*?:\s*(?:'|True\b|False\b|None\b)", body[start:], re.DOTALL)
        raise Unreadable("python_dict" if python else "broken_json") from error
    return record, end
