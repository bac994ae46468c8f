"""What the sources with tools of their own share: strict reading of hostile JSON, and one call a turn."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from aj.messages import Call
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Turn

SPECIAL_TOKEN = re.compile(r"<[|｜][\w▁ ]{1,40}[|｜]>")
"""A token of a chat template; inside a text it would end the turn, and training refuses it."""

MAX_PARALLEL = 64
"""Calls in one emission; the most seen in a source is about a dozen."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words of the assistant, of which it is not yet known whether a call follows."""

    text: str
    thought: str = ""
    learned: bool = True


class KeyTwice(ValueError):
    """An object holds a key twice, and of its two values the last one would count."""


def read_json(text: str) -> Any:
    """Strict JSON: each key once, finite numbers, no half of a surrogate pair. Raises ValueError."""
    try:
        value = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite, strict=False
        )
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def _once(items: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(items)
    if len(found) < len(items):
        raise KeyTwice("a key occurs twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]} is out of range")
    return number


def read_arguments(value: Any) -> dict[str, Any]:
    """A call's arguments as an object, read from an object, from JSON text (even in a JSON text, as some clients encode
    it twice or three times), or from nothing if there are none.

    Raises:
        Refused: they are something else, or the text is not JSON.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return {}
    try:
        found = read_json(value if isinstance(value, str) else json.dumps(value))
        for _ in range(2):
            if isinstance(found, str) and found.lstrip().startswith(("{", '"')):
                found = read_json(found)
    except (ValueError, TypeError, RecursionError) as error:
        code = "duplicate_key" if isinstance(error, KeyTwice) else "broken_call"
        raise Refused(code, f"the call's arguments cannot be read ({str(error)[:80]})") from error
    if not isinstance(found, dict):
        raise Refused("arguments_not_object", f"the call's arguments are a {type(found).__name__}, not an object")
    return found


def tool_called(name: str, tools: tuple[dict[str, Any], ...]) -> str:
    """The declared name of a called tool: its own, or the only one that ends in it after a server's name.

    Raises:
        Refused: no tool, or more than one, fits the name.
    """
    names = [tool["name"] for tool in tools]
    if name in names:
        return name
    if (bare := name.removeprefix("functions.")) in names:  # as OpenAI's parallel calls have it
        return bare
    alike = [other for other in names if other.endswith(f"-{name}") or name.endswith(f"-{other}")]
    if len(alike) != 1:
        raise Refused("undeclared_tool", f"the record calls {name[:60]!r}, which it does not declare")
    return alike[0]


class Serial:
    """Turns an event stream into turns of one call each: call, result, call, result.

    Words and calls of one emission may be spread over several messages; results of parallel calls follow all of them
    and are matched by the ids that they share, without ids by name, then by order.
    """

    def __init__(self, tools: tuple[dict[str, Any], ...]) -> None:
        self.turns: list[Turn] = []
        self._tools = tools
        self._words: list[Spoken] = []
        self._calls: list[_Called] = []
        self._results: dict[int, Turn] = {}

    def user(self, text: str) -> None:
        self._flush(last=False)
        self.turns.append(Turn("user", text))

    def say(self, said: Spoken) -> None:
        if self._results:
            self._flush(last=False)
        if said.text or said.thought:
            self._words.append(said)

    def call(self, name: Any, arguments: Any, key: str = "", learned: bool = True) -> None:
        if not isinstance(name, str):
            raise Refused("broken_call", "a call names no tool")
        if self._results:
            self._flush(last=False)
        if len(self._calls) == MAX_PARALLEL:
            raise Refused("several_calls", f"more than {MAX_PARALLEL} calls in one emission")
        if key and any(key == one.key for one in self._calls):
            raise Refused(
                "several_calls", "two calls of one turn have the same id, so their results have no certain call"
            )
        tool = tool_called(name, self._tools)
        said = self._said()
        call = Call(tool, read_arguments(arguments), said.text or None, said.thought or None)
        self._calls.append(_Called(name, call, key, learned and said.learned))

    def result(self, name: Any, text: str, key: str = "") -> None:
        waiting = [i for i in range(len(self._calls)) if i not in self._results]
        keyed = [i for i in waiting if self._calls[i].key]
        if key and keyed:
            waiting = [i for i in keyed if self._calls[i].key == key]
        elif len(self._calls) > 1 and (key or keyed):
            raise Refused(
                "several_calls", "one turn holds several calls, and only some of them and their results have ids"
            )
        elif isinstance(name, str) and name:
            waiting = [i for i in waiting if name in (self._calls[i].name, self._calls[i].call.tool)]
        if not waiting or self._words:
            code = "several_calls" if len(self._calls) > 1 and key else "result_without_call"
            raise Refused(code, f"a result of {str(name or key)[:60]!r} follows no call of it")
        self._results[waiting[0]] = Turn("tool", text, tool=self._calls[waiting[0]].call.tool)

    def close(self) -> list[Turn]:
        """All turns; the last call may lack its result. Raises Refused if an earlier one does."""
        self._flush(last=True)
        return self.turns

    def _flush(self, last: bool) -> None:
        missing = [i for i in range(len(self._calls)) if i not in self._results]
        said = self._said()
        if missing and (said.text or not last or missing != [len(self._calls) - 1]):
            raise Refused("no_result", f"the call of {self._calls[missing[0]].name[:60]!r} has no result")
        for i, one in enumerate(self._calls):
            self.turns.append(Turn("assistant", call=one.call, target=one.learned, context=not one.learned))
            self.turns += [self._results[i]] if i in self._results else []
        if said.text:
            self.turns.append(
                Turn("assistant", said.text, thought=said.thought, target=said.learned, context=not said.learned)
            )
        self._calls, self._results = [], {}

    def _said(self) -> Spoken:
        """Take the words and the thoughts that wait for a call or for the end of the turn."""
        said, self._words = self._words, []
        texts = "\n\n".join(one.text for one in said if one.text)
        thoughts = "\n\n".join(one.thought for one in said if one.thought)
        return Spoken(texts, thoughts, all(one.learned for one in said))


@dataclass(frozen=True, slots=True)
class _Called:
    """A call that waits for its result: as it was named, and as the tool that is declared."""

    name: str
    call: Call
    key: str
    learned: bool


def trimmed(turns: list[Turn]) -> tuple[tuple[Turn, ...], str | None]:
    """The turns up to the assistant's last one, and, if turns were cut off after it, what they were.

    Raises:
        Refused: no assistant turn follows a user's, or a text holds a chat template's token or half a surrogate pair.
    """
    end = max((i for i, turn in enumerate(turns) if turn.role == "assistant" and turn.target), default=-1)
    kept = tuple(turns[: end + 1])
    if not kept or kept[0].role != "user":
        raise Refused("no_answer", "the conversation does not go from a user to an answer")
    for turn in kept:
        said = (turn.call.note, turn.call.reasoning, turn.call.params) if turn.call else ()
        for word in (turn.text, *(str(part) for part in said if part)):
            check_text(word)
    rest = turns[end + 1 :]
    return kept, f"ends_on_{rest[-1].role}" if rest else None


def check_text(text: str) -> None:
    """Raises Refused if a text holds half of a surrogate pair or a template's token."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refused("broken_text", "a text holds half of a surrogate pair") from error
    if token := SPECIAL_TOKEN.search(text):
        raise Refused("special_token", f"a text holds the template's token {token[0]!r}")
