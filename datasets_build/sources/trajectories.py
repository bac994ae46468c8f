"""Earlier AJ data as trajectories: `{task, context, trajectory: [{step_type, …}], metadata}`, unchanged.

A thought belongs to the next action: it is the reasoning of that call, or a `<think>` block before the final answer.
The task does not hold the context, so the user's text begins with it, as in the other earlier data: `Context: …` and
`Task: …`, on a line each.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aj.messages import Call
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Transcript, Turn, one_conversation
from datasets_build.sources.inferred import metadata_of


def matches(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("trajectory"), list) and "task" in value


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_transcript, value)


def request_of(task: str, context: Any) -> str | None:
    """The user's words with the context that the record keeps apart; None if the context is not a text."""
    if context in (None, "", [], {}):
        return task
    text = text_of(context)
    return None if text is None else f"Context: {text}\nTask: {task}"


def text_of(value: Any) -> str | None:
    """A text as it is, any other value as JSON; None if it cannot be written."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except ValueError:
        return None


def _transcript(value: Mapping[str, Any]) -> Transcript:
    task, steps = value.get("task"), value.get("trajectory")
    if not isinstance(task, str) or not isinstance(steps, list):
        raise Refused("no_text", "'task' is not a text, or 'trajectory' not a list")
    request = request_of(task, value.get("context"))
    if request is None:
        raise Refused("no_text", "'context' is not a text")
    turns = [Turn("user", request)]
    thoughts: list[str] = []
    for step in steps:
        kind = step.get("step_type") if isinstance(step, dict) else None
        content = text_of(step.get("content", "")) if isinstance(step, dict) else None
        if content is None:
            raise Refused("no_text", "a step is not an object, or its content not a text")
        if kind == "thought":
            thoughts.append(content)
            continue
        turn = _turn(kind, step, content, "\n".join(thoughts), turns)
        turns.append(turn)
        thoughts = thoughts if turn.role == "tool" else []
    if thoughts:
        turns.append(Turn("assistant", _thinking("\n".join(thoughts))))
    if len(turns) == 1:
        raise Refused("no_target", "the trajectory has no step")
    return Transcript(tuple(turns), "step", metadata=metadata_of(value))


def _turn(kind: Any, step: Mapping[str, Any], content: str, thought: str, turns: list[Turn]) -> Turn:
    if kind == "action":
        tool, given = step.get("tool"), step.get("tool_input")
        if not isinstance(tool, str):
            raise Refused("tool_missing", "an action names no tool")
        params = given if isinstance(given, dict) else {} if given in (None, "") else {"input": given}
        return Turn("assistant", content, Call(tool, params, None, thought or None))
    if kind == "observation":
        called = turns[-1].call
        return Turn("tool", content, tool=called.tool if called else None)
    if kind == "final_answer":
        return Turn("assistant", f"{_thinking(thought)}{content}" if thought else content)
    raise Refused("unknown_step", f"step_type {str(kind)[:40]!r} is none of thought, action, observation, final_answer")


def _thinking(thought: str) -> str:
    return f"<think>\n{thought}\n</think>\n\n"
