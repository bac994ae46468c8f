"""The turns of a record in the order of a row: history unfolded, each result behind its call, from the first turn to
the last one that is to be learned."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aj.messages import Mode
from datasets_build.reading.loose import Refused, split_history, split_written
from datasets_build.reading.transcripts import Turn


def unfolded(turns: Sequence[Turn], mode: Mode) -> tuple[list[Turn], list[str]]:
    """Flattened history as turns, output that the assistant wrote as results, calls and results one after the other."""
    made: list[Turn] = []
    found: list[str] = []
    for turn in turns:
        history = split_history(turn.text) if turn.role == "user" else None
        if history is not None:
            found.append("flattened_history")
            made += [Turn(role, text) for role, text in history[1]]
        elif turn.role == "assistant" and mode == "step" and turn.call is None:
            parts = _written(turn, made)
            found += ["made_up_output"] if len(parts) > 1 else []
            made += parts
        else:
            made.append(turn)
    return interleaved(made, found), found


def _written(turn: Turn, before: Sequence[Turn]) -> list[Turn]:
    """The turn, cut where it tells a tool's output itself: each output needs the call that it answers."""
    pieces, outputs = split_written(turn.text)
    if not outputs:
        return [turn]
    pending = bool(before) and before[-1].role == "assistant"
    parts: list[Turn] = []
    for place, output in enumerate(outputs):
        if pieces[place]:
            parts.append(replace(turn, text=pieces[place]))
        elif place or not pending:
            raise Refused("made_up_output", "the turn tells an output that no call precedes")
        parts.append(Turn("tool", output))
    return [*parts, *([replace(turn, text=pieces[-1])] if pieces[-1] else [])]


def interleaved(turns: list[Turn], found: list[str]) -> list[Turn]:
    """Parallel calls with their results in order, as one call and one result after the other."""
    ordered: list[Turn] = []
    place = 0
    while place < len(turns):
        calls = _run(turns, place, lambda turn: turn.role == "assistant" and turn.call is not None)
        if len(calls) < 2:
            ordered.append(turns[place])
            place += 1
            continue
        results = _run(turns, place + len(calls), lambda turn: turn.role == "tool")
        names = [
            (call.call.tool if call.call else "", result.tool) for call, result in zip(calls, results, strict=False)
        ]
        if len(results) != len(calls) or any(named not in (None, "", tool) for tool, named in names):
            raise Refused("several_calls", "several calls stand in one turn, and their results are not in order")
        ordered += [turn for both in zip(calls, results, strict=True) for turn in both]
        found.append("several_calls")
        place += 2 * len(calls)
    return ordered


def _run(turns: Sequence[Turn], start: int, fits: Any) -> list[Turn]:
    end = start
    while end < len(turns) and fits(turns[end]):
        end += 1
    return list(turns[start:end])


def learned(turns: list[Turn]) -> tuple[list[Turn], list[str]]:
    """Without a demonstration at the start, and cut before what is not to be trained on or has no answer."""
    skipped = [place for place, turn in enumerate(turns) if turn.role == "assistant" and not turn.target]
    answered = [place for place, turn in enumerate(turns) if turn.role == "assistant" and turn.target]
    if not answered:
        raise Refused("no_target", "no assistant turn is to be trained on")
    start = max((place + 1 for place in skipped if place < answered[0]), default=0)
    while start and start < answered[0] and turns[start].role == "tool":
        start += 1
    stop = min((place for place in skipped if place > answered[0]), default=len(turns))
    last = max(place for place in answered if place < stop)
    return turns[start : last + 1], ["untrained_turns"] if skipped else []
