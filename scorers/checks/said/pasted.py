"""Is an answer the raw output of a command, or so long that it may hold anything?"""

from collections.abc import Iterable, Sequence

from aj.findings import Finding
from scenarios.truth import Truth

FREE, FOR_EACH = 1_000, 4
"""Characters of any answer, and for each character of what it must state: twice what the chattiest persona needs."""
LINES = 3
"""Lines that may not all be copied; two are enough if there is hardly anything else."""
OWN_WORDS = 3
"""A line with fewer words beside the facts is not taken from a table or a log."""


def check_length(answer: str, truth: Truth) -> list[Finding]:
    """An answer is not much longer than what it tells. A longer one is not read: that takes its square."""
    allowed = FREE + FOR_EACH * max(sum(map(len, _stated(truth))), len(truth.told))
    if len(answer) <= allowed:
        return []
    return [Finding("too_long", f"{len(answer)} characters where {allowed} are plenty", "tell what was asked for")]


def check_own_words(answer: str, truth: Truth, results: Iterable[str]) -> list[Finding]:
    """An answer tells what was found: it does not copy lines of a result."""
    if not _is_copied(answer, _stated(truth), results):
        return []
    return [Finding("pasted_result", "lines of a result are copied as they are", "tell what was asked for")]


def _stated(truth: Truth) -> list[str]:
    return [text for name, values in truth.stated.items() for text in (name, *values)]


def _is_copied(answer: str, stated: Sequence[str], results: Iterable[str]) -> bool:
    lines = {line.strip(" \t`>") for line in answer.splitlines()}
    if len(lines) < 2:
        return False
    shown = {line.strip() for text in results for line in text.splitlines()}
    facts = {word.lower() for text in stated for word in text.split()}
    copied = [line for line in lines & shown if _is_foreign(line.lower().split(), facts)]
    return len(copied) >= LINES or (len(copied) > 1 and 2 * sum(map(len, copied)) > len(answer))


def _is_foreign(words: Sequence[str], facts: set[str]) -> bool:
    """Whether a line holds more than the facts, or none of them."""
    own = sum(word not in facts for word in words)
    return own >= OWN_WORDS or (own == len(words) > 0)
