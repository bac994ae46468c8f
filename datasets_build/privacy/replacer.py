"""Replaces what is private in a conversation by look-alikes, the same everywhere, so that grounding still holds.

Values are found where they are certain (`privacy_finds`) and then replaced wherever they occur in the conversation:
in the user's words, a call's arguments, a result and the answer. The same value under the same seed gets the same
look-alike in every conversation, unless that one is taken there: two values never share one within a conversation.

Kept: 127.0.0.0/8, 0.0.0.0, netmasks, 8.8.8.8 and the other well-known addresses in `privacy.yaml`; example.com and
other reserved names; roles like root; labels like web01 that every network has. Private addresses stay private, with
their subnets, so a look-alike may be another conversation's address: the exchange cannot be undone without the seed.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from aj.errors import AJError
from datasets_build.ledger import Refused
from datasets_build.privacy.finds import finds, is_generic, is_name
from datasets_build.privacy.looks import Maker
from datasets_build.privacy.rules import SHORT, PrivateKind, load_rules
from datasets_build.reading.transcripts import Parsed, Transcript, Turn

__all__ = ["Replacer", "finds"]

TextChange = Callable[[str], str]

_WORD = (r"[^\W_]", r"(?![^\W_])")
_NUMBER = (r"[\d.]", r"(?!\d)")
_HEX = (r"[0-9A-Fa-f:]", r"(?![0-9A-Fa-f]|:[0-9A-Fa-f])")
_EDGES: dict[str, tuple[str, str]] = {
    "email": _WORD,
    "user": _WORD,
    "host": _WORD,
    "phone": (r"\d", r"(?!\d)"),
    "ipv4": _NUMBER,
    "private_ipv4": _NUMBER,
    "ipv6": _HEX,
    "mac": _HEX,
}
"""What may not come before a value (a class) or after it (a look-ahead) for it to be that value."""
_ADDRESS = (
    r"\d{1,3}(?:\.\d{1,3}){3}(?!\d)|(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])|"
    r"[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{2,37}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}(?![0-9A-Fa-f.])"
)
"""What may be an address; whether it is one that has a look-alike, a table says: there may be thousands."""
_SHAPED = ("ipv4", "private_ipv4", "ipv6", "mac")
MANY = 2_000
"""Names and secrets of one conversation: with more, it is a list of them, and nothing to learn from."""
_CASELESS = ("email", "user", "host", "mac", "ipv6")
_MENTIONED = 4
"""The shortest local part of a mail address that is taken for a name elsewhere."""


_OURS = ("source", "licence", "quality")
"""Metadata that comes from us, not from an export."""

REPLACED = {"private": "replaced"}
"""Metadata of a conversation whose private values were replaced: a private address in it is a look-alike."""


class TooPrivate(AJError):
    """A conversation with more names and secrets than can be replaced reliably."""


class Replacer:
    """Replaces under one seed; `replaced` counts the values of each kind, once per conversation."""

    def __init__(self, seed: int | str) -> None:
        self._maker = Maker(seed)
        self.replaced: Counter[PrivateKind] = Counter()

    def replace(self, item: Parsed) -> Parsed:
        """The item with look-alikes, without a title, marked as REPLACED.

        Raises:
            AJError: secrets cannot be looked for on this machine; nothing passes unseen.
        """
        if isinstance(item, Refused):
            return item
        turns = item.turns if isinstance(item, Transcript) else (*item.turns, item.chosen, item.rejected)
        metadata = {key: value for key, value in item.metadata.items() if key != "title"}
        other = (item.system, item.tools) if isinstance(item, Transcript) else ()
        try:
            change = self._changes([*_texts([list(map(_spoken, turns)), metadata, other])])
            changed = [_changed_turn(turn, change) for turn in turns]
            metadata |= {key: _mapped(part, change) for key, part in metadata.items() if key not in _OURS} | REPLACED
            if isinstance(item, Transcript):
                tools = tuple(_mapped(tool, change) for tool in item.tools)
                return replace(item, turns=tuple(changed), system=change(item.system), tools=tools, metadata=metadata)
        except RecursionError:
            return Refused("nested_too_deep", "the arguments are nested too deep to be searched for secrets")
        except TooPrivate as error:
            return Refused("too_private", str(error))
        *past, chosen, rejected = changed
        return replace(item, turns=tuple(past), chosen=chosen, rejected=rejected, metadata=metadata)

    def text(self, text: str) -> str:
        """One text as a conversation of its own.

        Raises:
            AJError: as `replace`, and TooPrivate for a text that is a list of secrets.
        """
        return self._changes([text])(text)

    def _changes(self, texts: list[str]) -> TextChange:
        found: set[tuple[PrivateKind, str]] = set()
        for text in texts:
            found.update((find.kind, text[find.start : find.end]) for find in finds(text))
        if not found:
            return lambda text: text
        self.replaced.update([kind for kind, _ in found])
        return _substitution(_Looks(self._maker, "\n".join(texts).lower()).of(sorted(found)))


# --- one conversation's look-alikes ---------------------------------------------------------------------------------


class _Looks:
    """Which look-alike each value of one conversation gets."""

    def __init__(self, maker: Maker, corpus: str) -> None:
        self._maker = maker
        self._corpus = corpus
        self._made: dict[tuple[PrivateKind, str], str] = {}
        self._used: set[str] = set()

    def of(self, found: Iterable[tuple[PrivateKind, str]]) -> dict[str, tuple[PrivateKind, str]]:
        """Value -> (kind, look-alike), with the names that values are made of; caseless ones in lower case."""
        values: dict[str, tuple[PrivateKind, str]] = {}
        for kind, value in found:
            key = value.lower() if kind in _CASELESS else value
            if kind == "private_ipv4":
                values[key] = (kind, self._maker.address(value))
            elif kind == "email":
                local, _, domain = key.partition("@")
                values[key] = (kind, f"{self._name(local)}@{self._domain(domain, values)}")
                if len(local) >= _MENTIONED and is_name(local):
                    values[local] = ("user", self._name(local))
            elif kind == "host":
                self._domain(key, values)
            elif kind == "user":
                values[key] = (kind, self._name(key))
            else:
                values[key] = (kind, self._make(kind, key))
        return values

    def _make(self, kind: PrivateKind, value: str) -> str:
        if (kind, value) not in self._made:
            self._made[kind, value] = self._maker.make(kind, value, self._is_free)
            self._used.add(self._made[kind, value].lower())
        return self._made[kind, value]

    def _is_free(self, candidate: str) -> bool:
        return candidate.lower() not in self._used and candidate.lower() not in self._corpus

    def _name(self, word: str) -> str:
        return self._make("user", word)

    def _domain(self, domain: str, values: dict[str, tuple[PrivateKind, str]]) -> str:
        """A domain label by label; a public one ends on `.example`. Its parts are values too: they are said alone."""
        suffix = next((own for own in load_rules().private_domains if domain.endswith(f".{own}")), "")
        labels = domain.removesuffix(f".{suffix}").split(".") if suffix else domain.split(".")[:-1]
        looks = [label if is_generic(label) else self._name(label) for label in labels]
        if looks == labels and not suffix:  # mail.com: its words are common, but it is somebody's
            looks[-1] = self._name(labels[-1])
        for label, look in zip(labels, looks, strict=True):
            if not is_generic(label):
                values[label] = ("user", look)
        ending = suffix or domain.rpartition(".")[2]
        for place in range(len(labels)):
            part = ".".join([*labels[place:], ending])
            values[part] = ("host", ".".join([*looks[place:], suffix or "example"]))
        return values[domain][1]


def _substitution(values: dict[str, tuple[PrivateKind, str]]) -> TextChange:
    """One pass over a text, the longest value first, so that no look-alike is replaced again."""
    words = sorted((value for value, (kind, _) in values.items() if kind not in _SHAPED), key=len, reverse=True)
    if len(words) > MANY:
        raise TooPrivate(f"A conversation holds {len(words)} names and secrets, more than {MANY}; leave it out.")
    edged = [(value, _edge(values[value][0], value)[1]) for value in words]
    pattern = re.compile("|".join(filter(None, (_alternatives(edged, 3), _ADDRESS))))

    def change(text: str) -> str:
        def one(match: re.Match[str]) -> str:
            said = match[0]
            value = next((form for form in (said, said.lower(), said.lower().rstrip(":")) if form in values), None)
            if value is None:
                return said
            kind, look = values[value]
            before = _edge(kind, value)[0]
            if before and match.start() and re.match(before, text[match.start() - 1]):
                return said
            return (_cased(look, said) if kind in _CASELESS else look) + said[len(value) :]

        return pattern.sub(one, text)

    return change


def _alternatives(values: list[tuple[str, str]], depth: int) -> str:
    """Values and what must follow each, the longest first, as one pattern in any case.

    Values that share their first characters are grouped; otherwise each value would be tried at each position.
    """
    if depth == 0 or len(values) < 2:
        return "|".join(f"(?i:{re.escape(value)}){after}" for value, after in values)
    heads: dict[str, list[tuple[str, str]]] = {}
    for value, after in values:
        heads.setdefault(value[:1].lower(), []).append((value[1:], after))
    return "|".join(f"{_either(head)}(?:{_alternatives(rest, depth - 1)})" for head, rest in heads.items())


def _either(head: str) -> str:
    """A character in either case, as a class: classes are skipped fast, caseless literals are not."""
    other = head.upper()
    return f"[{head}{other}]" if head.isalpha() and len(other) == 1 else re.escape(head)


def _edge(kind: PrivateKind, value: str) -> tuple[str, str]:
    """A long secret is replaced wherever it occurs, a short one only as a word."""
    return _EDGES.get(kind, _WORD if len(value) < SHORT else ("", ""))


def _cased(look: str, said: str) -> str:
    """The look-alike in the case of the original: `Maria` and `MARIA` are one user."""
    if said.isupper():
        return look.upper()
    if len(look) == len(said):
        return "".join(new.upper() if old.isupper() else new for new, old in zip(look, said, strict=True))
    return look[:1].upper() + look[1:] if said[:1].isupper() else look


# --- texts of an item -----------------------------------------------------------------------------------------------


def _spoken(turn: Turn) -> list[Any]:
    call = turn.call
    return [turn.text, turn.thought, *([call.params, call.note, call.reasoning] if call else [])]


def _texts(value: Any) -> Iterator[str]:
    """Every text within a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield str(key)
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _mapped(value: Any, change: TextChange) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key) if isinstance(key, str) else key: _mapped(part, change) for key, part in value.items()}
    return [_mapped(part, change) for part in value] if isinstance(value, list | tuple) else value


def _changed_turn(turn: Turn, change: TextChange) -> Turn:
    """Names of tools and of their parameters stay, since a user may have the same name as one."""
    call = turn.call and replace(
        turn.call,
        params={name: _mapped(part, change) for name, part in turn.call.params.items()},
        note=turn.call.note and change(turn.call.note),
        reasoning=turn.call.reasoning and change(turn.call.reasoning),
    )
    return replace(turn, text=change(turn.text), thought=change(turn.thought), call=call)
