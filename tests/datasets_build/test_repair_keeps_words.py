"""Whatever form a record has: its words stand in the row once, in their order, and what is left out has a code.

Every word of a record is drawn once and occurs nowhere else, so that a plain search finds what became of it.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aj.messages import Call, Row, row_to_record
from aj.wire import render_turn
from datasets_build.ledger import Refused
from datasets_build.lint.items import lint_record
from datasets_build.reading.records import Record
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.repair.settle import settle
from datasets_build.sources.shapes import parse
from tests.datasets_build.repaired import CONTRACT

WORD = re.compile(r"z[a-p]{3}\b")
DOUBLED = re.compile(
    r"^\s*(?:\d+[.)]|[-*])\s+(?:\W{0,3}(?:step )?\d+[.):]|[-*•] |\(?[a-h][.)] )", re.IGNORECASE | re.MULTILINE
)
MARKS = ["{0}. {1}", "{0}) {0}. {1}", "Step {0}: {1}", "step {0}: {0}) {1}", "({0}) {1}", "**{0}.** {1}", "#{0} {1}",
         "{2}) {1}", "{2}. {1}", "- {0}. {1}", "[{0}] {1}", "**Step {0}:** {1}", "{0} - {1}"]  # fmt: skip
NUMBERS = ["step", "order", "step_number", "number", "id"]
SENTENCES = ["action", "description", "task", "title", "instruction"]


@dataclass
class Told:
    """A reply, and what must become of its words."""

    draw: Any
    words: Iterator[str]
    shown: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    orders: list[list[str]] = field(default_factory=list)

    def say(self, into: list[str] | None = None) -> str:
        found = [next(self.words) for _ in range(self.draw(st.integers(1, 3)))]
        (self.shown if into is None else into).extend(found)
        return " ".join(found)

    def pick(self, options):
        return self.draw(st.sampled_from(options))


def fresh() -> Iterator[str]:
    letters = "abcdefghijklmnop"
    return (f"z{a}{b}{c}" for a in letters for b in letters for c in letters)


def steps_of(told: Told) -> Any:
    """Steps in any form and, where they state their order, in any order."""
    texts = [told.say() for _ in range(told.pick([2, 3, 5]))]
    told.orders.append([text.split()[0] for text in texts])
    numbered = [*enumerate(texts, start=1)]
    form = told.pick(["plain", "marked", "objects", "nested", "keyed"])
    if form == "plain":
        return texts
    shuffled = told.draw(st.permutations(numbered))
    if form == "marked":
        mark = told.pick(MARKS)
        return [mark.format(number, text, "abcde"[number - 1]) for number, text in shuffled]
    if form == "keyed":
        key, inner = told.pick(["{}", "step_{}", "Step {}"]), told.pick(["", *SENTENCES])
        return {key.format(number): {inner: text} if inner else text for number, text in shuffled}
    key, inner, kind = told.pick(NUMBERS), told.pick(SENTENCES), told.pick([int, float, str, "Step {}".format])
    objects = [{key: kind(number), inner: text} for number, text in shuffled]
    return [{"step": one} for one in objects] if form == "nested" else objects


def plan(told: Told) -> str:
    record: dict[str, Any] = {told.pick(["steps", "plan"]): steps_of(told)}
    if told.draw(st.booleans()):
        record["reasoning"] = told.say(told.left_out)
    if told.draw(st.booleans()):
        record["action"] = told.pick(["multi_step_plan", "create_plan"])
    return json.dumps(record)


def part(told: Told, depth: int = 0) -> Any:
    kind = told.pick(["text", "list", "object", "items", "steps"] if depth < 2 else ["text", "list"])
    if kind == "text":
        return told.say()
    if kind == "list":
        return [told.say() for _ in range(told.pick([1, 2]))]
    if kind == "object":
        return {key: part(told, depth + 1) for key in told.pick([("cause",), ("fix", "useState"), ("output", "Note:")])}
    if kind == "items":
        return [{"title": told.say(), "description": told.say(), "causes": part(told, depth + 1)}]
    return {"steps": steps_of(told)}


def explanation(told: Told) -> str:
    record = {"status": told.say(told.left_out), "explanation": told.say()}
    for key in told.draw(st.lists(st.sampled_from(["solutions", "example_output", "workflow", "tip"]), unique=True)):
        record[key] = steps_of(told) if key == "workflow" else part(told)
    if told.draw(st.booleans()):
        record["code"] = f"{told.say()}\n{told.say()}"
    return json.dumps(record)


def example(told: Told) -> str:
    before, inside = told.say(), told.say()
    fence = told.pick(["```json", "```", "~~~"])
    shown = json.dumps({told.pick(["tool", "action"]): "bash", "params": {"command": inside}})
    return f"{before}\n\n{fence}\n{shown}\n{fence[:3]}\n\n{told.say()}"


def answer(told: Told) -> str:
    text = f"{told.say()}\n```{told.pick(['json', 'python', 'bash', ''])}\n{told.say()}\n```\n{told.say()}"
    return json.dumps({"action": told.pick(["direct_answer", "respond"]), "response": text})


def command(told: Told) -> str:
    text = json.dumps({"tool": told.pick(["execute_shell", "run", "bash"]), "cmd": told.say(), "note": told.say()})
    thought = f"<think>{told.say()}</think>\n" if told.draw(st.booleans()) else ""
    return thought + (f"{told.say()}\n{text}" if not thought and told.draw(st.booleans()) else text)


def written(told: Told) -> str:
    texts = [told.say() for _ in range(told.pick([2, 4]))]
    told.orders.append([text.split()[0] for text in texts])
    mark = told.pick(MARKS)
    lines = [mark.format(place, text, "abcde"[place - 1]) for place, text in enumerate(texts, start=1)]
    return "\n".join(told.draw(st.permutations(lines)))


def final(told: Told, quoted: str) -> str:
    """An answer after calls: an object in it is part of what it says."""
    form = told.pick(["{0} {1} {2}", "{0}\n```json\n{1}\n```\n{2}", "{0}\n\n{1}\n\n{2}"])
    return form.format(told.say(), quoted, told.say())


def conversation(told: Told) -> tuple[list[Turn], list[list[str]]]:
    """Requests with their calls, results and answers; and the words of each of AJ's turns."""
    turns: list[Turn] = []
    words: list[list[str]] = []

    def speak(make: Callable[[], Turn]) -> None:
        told.shown = []
        turns.append(make())
        words.append(told.shown)

    for request in range(told.pick([1, 2, 3])):
        quoted = json.dumps({told.pick(["name", "tool", "port"]): f"y{request}"})
        turns.append(Turn("user", f"ask {request}: {quoted}"))
        for tool in told.draw(
            st.lists(st.sampled_from(["run", "read_file", "terminal"]), min_size=not request, max_size=2)
        ):
            name = "path" if tool == "read_file" else "cmd"
            speak(lambda tool=tool, name=name: Turn("assistant", told.say(), Call(tool, {name: told.say()})))
            turns.append(Turn("tool", "up", tool=tool))
        target = told.pick([True, True, True, False])
        speak(lambda quoted=quoted, target=target: Turn("assistant", final(told, quoted), target=target))
    return turns, words


KINDS = {"plan": plan, "chat": explanation, "example": example, "step": command, "answer": answer, "written": written}


@settings(max_examples=80)
@given(st.data())
def test_every_word_of_a_reply_stands_in_its_row_once_or_has_a_code(data):
    told = Told(data.draw, fresh())
    kind = told.pick(sorted(KINDS))
    replies = [KINDS[kind](told) for _ in range(told.pick([1, 2]) if kind in ("chat", "example") else 1)]
    asked = [f"ask {place}" for place in range(len(replies))]
    record = {
        "system": "Create a plan." if kind == "written" else "",
        "instruction": asked[-1],
        "response": replies[-1],
    }
    if len(replies) == 2:
        past = f"[Previous message]: {asked[0]}\n\n[My response]: {replies[0]}"
        record["instruction"] = f"{past}\n\n---\n\n[Current message]: {asked[1]}"
    (item,) = parse(record)
    outcome = settle(item, CONTRACT)
    assert isinstance(outcome.value, Row), (record, outcome.value)
    said = [render_turn(message, CONTRACT) for message in outcome.value.messages if message.role == "assistant"]
    text = "\n".join(said)
    found = WORD.findall(text)
    assert sorted(found) == sorted(told.shown), (record, text)
    for order in told.orders:
        assert sorted(order, key=found.index) == order, (record, text)
    if told.left_out:
        assert "extra_key" in outcome.repaired
    assert len(said) == len(replies)
    assert outcome.repaired or said == replies
    assert kind in ("step", "answer") or not DOUBLED.search(text), (record, text)
    again = row_to_record(outcome.value)
    assert lint_record(Record(Path("rows.jsonl"), 1, again), CONTRACT)[1] == []
    (once_more,) = parse(json.loads(json.dumps(again)))
    assert settle(once_more, CONTRACT).value == outcome.value


@settings(max_examples=40)
@given(st.data())
def test_every_word_of_a_conversation_with_calls_stands_in_its_row_or_in_turns_that_a_code_takes_away(data):
    turns, words = conversation(Told(data.draw, fresh()))
    outcome = settle(Transcript(tuple(turns)), CONTRACT)
    if isinstance(outcome.value, Refused):
        assert (outcome.value.code, turns[-1].target) == ("no_target", False)
        return
    assert isinstance(outcome.value, Row)
    kept = [turn for turn in outcome.value.messages if turn.role == "assistant"]
    said = [sorted(WORD.findall(render_turn(turn, CONTRACT))) for turn in kept]
    start = next(place for place, spoken in enumerate(words) if sorted(spoken) == said[0])
    assert said == [sorted(spoken) for spoken in words[start : start + len(said)]]
    if len(said) < len(words):
        assert {"loop", "untrained_turns"} & {*outcome.repaired}
