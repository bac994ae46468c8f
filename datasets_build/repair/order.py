"""The passes that bring turns into the order of a row: history is unfolded, each result follows its call, and the row
begins and ends with what is trained on."""

import re
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from aj.conduct import check_loop
from aj.messages import Mode, Role
from datasets_build.ledger import Refused
from datasets_build.reading.thoughts import split_thought
from datasets_build.reading.transcripts import Transcript, Turn, message_of
from datasets_build.repair.passes import Bench, Mended

_MARK = re.compile(
    r"^\[(?:(?P<context>Conversation context): ?(?P<about>[^\n]*)\]$"
    r"|(?P<mark>Previous message|My response|Current message)\]: ?)",
    re.MULTILINE,
)
_SPEAKER: dict[str | None, Role] = {
    "Previous message": "user",
    "My response": "assistant",
    "Current message": "user",
}
_HEADING = re.compile(
    r"^(?:\*\*[\w ]{1,40}? (?:output|results?):\*\*|(?:Output|Results?):)[ \t]*\n{1,3}```[\w+#.-]*\n", re.M
)
"""What precedes output that the assistant wrote itself."""


# --- unfold ---------------------------------------------------------------------------------------------------------


def unfold(item: Transcript, _: Bench) -> Mended:
    """Texts that hold several turns become those turns: flattened history, and output written by the assistant."""
    turns: list[Turn] = []
    found: list[str] = []
    for turn in item.turns:
        parts, code = _unfolded(turn, item.mode, turns)
        turns += parts
        found += [code] if code else []
    return Mended(replace(item, turns=tuple(turns)) if turns != list(item.turns) else item, tuple(found))


def _unfolded(turn: Turn, mode: Mode, before: Sequence[Turn]) -> tuple[Sequence[Turn], str]:
    if turn.role == "user" and (history := split_history(turn.text)) is not None:
        return [Turn(role, text) for role, text in history[1]], "flattened_history"
    if turn.role == "assistant" and mode == "step" and turn.call is None and not turn.context:
        parts = _with_results(turn, before)
        return parts, "made_up_output" if len(parts) > 1 else ""
    return [turn], ""


def _with_results(turn: Turn, before: Sequence[Turn]) -> list[Turn]:
    """The turn, cut where it states a tool's output itself: each output needs the call that it answers."""
    thought, words = split_thought(turn.text)
    start = len(turn.text) - len(words) if thought and turn.text.endswith(words) else 0  # a thought states no output
    pieces, outputs = split_written(turn.text[start:])
    if not outputs:
        return [turn]
    pieces[0] = turn.text[:start] + pieces[0]
    pending = bool(before) and before[-1].role == "assistant"
    parts: list[Turn] = []
    for place, output in enumerate(outputs):
        if pieces[place]:
            parts.append(replace(turn, text=pieces[place]))
        elif place or not pending:
            raise Refused("made_up_output", "the turn states an output without a call before it")
        parts.append(Turn("tool", output))
    return [*parts, *([replace(turn, text=pieces[-1])] if pieces[-1] else [])]


def split_history(text: str) -> tuple[str, list[tuple[Role, str]]] | None:
    """History that was flattened into one message: (its stated subject, its turns in order).

    The marks are `[Conversation context: …]`, `[Previous message]:`, `[My response]:` and `[Current message]:`, each
    at the start of a line. None if the text has none.

    Raises:
        Refused: the marks do not alternate and end on the current message: it is not certain who said what.
    """
    marks = [*_MARK.finditer(text)] if "]:" in text else []
    if not any(mark["mark"] for mark in marks):
        return None
    about = next((mark["about"] for mark in marks if mark["context"]), "")
    said = [mark for mark in marks if mark["mark"]]
    ends = [*(mark.start() for mark in said[1:]), len(text)]
    turns: list[tuple[Role, str]] = [
        (_SPEAKER[mark["mark"]], text[mark.end() : end].strip().removesuffix("\n---").strip())
        for mark, end in zip(said, ends, strict=True)
    ]
    wanted: list[Role] = ["user" if place % 2 == 0 else "assistant" for place in range(len(turns))]
    lead = text[: said[0].start()]
    stray = lead[marks[0].end() :] if marks[0]["context"] else lead
    alternate = [role for role, _ in turns] == wanted and all(content for _, content in turns)
    if not alternate or said[-1]["mark"] != "Current message" or stray.strip():
        raise Refused("flattened_history", "it is not certain who said what in the flattened history")
    return about, turns


def split_written(text: str) -> tuple[list[str], list[str]]:
    """Tool output that the assistant wrote itself: (the n+1 pieces around it, the n outputs).

    Forms: `**<tool> output:**` or a line `Output:`, then a fenced block.

    Raises:
        Refused: a block is never closed (`made_up_output`).
    """
    pieces: list[str] = []
    outputs: list[str] = []
    place = 0
    while heading := _HEADING.search(text, place):
        end = text.find("\n```", heading.end() - 1)
        if end < 0:  # it is not certain where the output ends
            raise Refused("made_up_output", "the turn states an output whose block is never closed")
        pieces.append(text[place : heading.start()].strip())
        outputs.append(text[heading.end() : end])
        place = end + len("\n```")
    return [*pieces, text[place:].strip()], outputs


# --- interleave -----------------------------------------------------------------------------------------------------


def interleave(item: Transcript, _: Bench) -> Mended:
    """Parallel calls, followed by their results, become one call and one result after the other.

    A result belongs to the call whose id it has; where no call and no result has one, to the call at its place.
    """
    ordered: list[Turn] = []
    found: list[str] = []
    place = 0
    while place < len(item.turns):
        calls = _run(item.turns, place, lambda turn: turn.role == "assistant" and turn.call is not None)
        if not calls:
            ordered.append(item.turns[place])
            place += 1
            continue
        results = _run(item.turns, place + len(calls), lambda turn: turn.role == "tool")
        if len(calls) == 1 and (not results or _answers(results[0], calls[0])):
            ordered.append(calls[0])
            place += 1
            continue
        ordered += [turn for both in zip(calls, _in_order(calls, results), strict=True) for turn in both]
        found.append("several_calls")
        place += len(calls) + len(results)
    return Mended(replace(item, turns=tuple(ordered)) if found else item, tuple(found))


def _in_order(calls: Sequence[Turn], results: Sequence[Turn]) -> list[Turn]:
    """The result of each call. Raises Refused unless each has exactly one."""
    keys = [turn.key for turn in (*calls, *results)]
    if len(calls) == 1:
        raise Refused("stray_result", "a result has another id than the call before it")
    if len(results) != len(calls):
        raise Refused("several_calls", f"one turn holds {len(calls)} calls, and {len(results)} results follow")
    by_key = {turn.key: turn for turn in results}
    if any(keys):
        wanted = [turn.key for turn in calls]
        if not all(keys) or len(by_key) < len(results) or sorted(wanted) != sorted(by_key):
            raise Refused("several_calls", "one turn holds several calls, and the ids of the results are not theirs")
        return [by_key[key] for key in wanted]
    if not all(map(_may_answer, results, calls)):
        raise Refused("several_calls", "one turn holds several calls, and their results are not in the same order")
    return list(results)


def _answers(result: Turn, turn: Turn) -> bool:
    return not (result.key and turn.key) or result.key == turn.key


def _may_answer(result: Turn, turn: Turn) -> bool:
    return result.tool in (None, "", turn.call.tool if turn.call else "")


def _run(turns: Sequence[Turn], start: int, fits: Callable[[Turn], bool]) -> list[Turn]:
    """The turns from `start` on that fit, up to the first that does not."""
    end = start
    while end < len(turns) and fits(turns[end]):
        end += 1
    return list(turns[start:end])


# --- cut ------------------------------------------------------------------------------------------------------------


def cut(item: Transcript, _: Bench) -> Mended:
    """Without a demonstration at the start, and without the end that is not to be trained on or has no answer.

    A turn that the record shows as context, though not to be learned, stays, unless nothing to learn follows it.
    """
    turns = item.turns
    replies = [(place, turn) for place, turn in enumerate(turns) if turn.role == "assistant"]
    skipped = [place for place, turn in replies if not turn.target and not turn.context]
    answered = [place for place, turn in replies if turn.target]
    if not answered:
        raise Refused("no_target", "no assistant turn is to be trained on")
    start = max((place + 1 for place in skipped if place < answered[0]), default=0)
    while start and start < len(turns) and turns[start].role != "user":
        start += 1  # what follows on a turn that is not learned, up to the next request
    answered = [place for place in answered if place >= start]
    if not answered:
        raise Refused("no_target", "no request is answered after the turn that is not to be trained on")
    stop = min((place for place in skipped if place > answered[0]), default=len(turns))
    last = max(place for place in answered if place < stop)
    kept = turns[start : last + 1]
    return Mended(replace(item, turns=kept) if kept != turns else item, ("untrained_turns",) if skipped else ())


def end_before_loop(item: Transcript, bench: Bench) -> Mended:
    """The calls before the one that the runtime takes for a loop are right decisions: the row ends on the last one."""
    uses = bench.contract.conduct.loop.uses
    if item.layout != "dialogue" or sum(turn.call is not None for turn in item.turns) < uses:
        return Mended(item)
    messages = [message_of(turn) for turn in item.turns]
    for place, message in enumerate(messages):
        if message.call and check_loop(message.call, messages[:place], bench.contract):
            return Mended(replace(item, turns=item.turns[: place - 1]), ("loop",))
    return Mended(item)
