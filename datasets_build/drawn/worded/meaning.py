"""Does a new wording of a request still ask for the same? It must keep names, numbers and words that carry meaning."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from aj.files import Strict, load_yaml
from aj.findings import Finding

# A path, a file, a dotted or snake_case name; a name in capitals or camel case; anything with a digit in it.
_TERM = re.compile(
    r"(?<![\w-])(?:[\w:~-]*[/\\_.][\w/\\.%-]*\w|[A-Z]{3,}\w*|\w*[a-z][A-Z]\w*|[\w.%-]*\d[\w.-]*%|[\w.%-]*\d[\w.-]*\w|\d)(?![\w-])"
)
_QUOTED = re.compile(r'"([^"\n]+)"|`([^`\n]+)`')
_WORDS = frozenset({"CPU", "RAM", "PID", "ERROR"})
"""Capitals that are plain words to a user."""


class Meaning(Strict):
    """Words of which a request has one, and others that may replace them."""

    asked: tuple[str, ...]
    kept_by: tuple[str, ...] = ()


class Meanings(Strict):
    """Classes of words; see `teachers/meaning.yaml`."""

    always: dict[str, Meaning]
    unnamed: dict[str, Meaning]


@cache
def meanings() -> Meanings:
    return load_yaml(Path(__file__).parent / "teachers" / "meaning.yaml", Meanings)


def terms_of(text: str, hosts: Iterable[str] = (), filled: Mapping[str, str] | None = None) -> list[str]:
    """What any wording of a request must contain to the letter: hosts, slots' values, paths, numbers, quotes."""
    known = [name for name in (*hosts, *(filled or {}).values()) if name and stands(text, name)]
    quoted = [first or second for first, second in _QUOTED.findall(text)]
    found = [term for term in _TERM.findall(text) if term not in _WORDS and not _is_sentence_end(term)]
    return list(dict.fromkeys([*known, *quoted, *found]))


def _is_sentence_end(term: str) -> bool:
    """`pls.thanks` is two words without a space, not a file."""
    return False if re.search(r"[/\\_\d]", term) else len(term.rpartition(".")[2]) > 4 and "." in term


def stands(text: str, term: str) -> bool:
    """Does the text contain the term, not as part of a longer name?"""
    return re.search(rf"(?<![\w-]){re.escape(term)}(?![\w-])", text) is not None


def check_request(old: str, new: str, terms: Sequence[str], hosts: Sequence[str]) -> list[Finding]:
    """Findings on `new`, a wording of the request `old`, which contains `terms`."""
    lost = [term for term in terms if not stands(new, term)]
    found = [Finding("request_lost_term", f"{term!r} is not named any more", f"keep {term!r}") for term in lost]
    added = [name for name in hosts if stands(new, name) and not stands(old, name)]
    found += [Finding("request_added_host", f"{name} was not named before", "name no other host") for name in added]
    classes = dict(meanings().always)
    if not any(stands(old, name) for name in hosts):
        classes |= meanings().unnamed
    for name, words in classes.items():
        if _has(old, words.asked) and not _has(new, (*words.asked, *words.kept_by)):
            said = next(word for word in words.asked if _has(old, (word,)))
            why = f"{said!r} was asked for, and nothing like it is"
            found.append(Finding("request_lost_meaning", why, f"keep {said!r} or a word that means it ({name})"))
    return found


def _has(text: str, words: tuple[str, ...]) -> bool:
    return _pattern(words).search(text) is not None


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """A word of the class, also shortened and in capitals: "isn't" has "n't"."""
    entries = "|".join(re.escape(word) for word in words)
    return re.compile(rf"(?:(?<![\w-])|(?=n't))(?:{entries})(?![\w-])", re.IGNORECASE)
