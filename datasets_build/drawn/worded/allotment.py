"""Which conversations a data set of worded rows is made of: shares of personas, categories, patterns and hard cases."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from aj.personas import load_personas
from datasets_build.drawn.worded.scenes.drawing import draw_scene, scenes
from scenarios.catalogue import CATEGORIES
from scenarios.scenario import ScriptedTurn, Template

PATTERNS = ("follow_up_deeper", "iterative_refinement", "teaching_conversation", "troubleshooting_journey")
"""The strategy document's conversations of three and four turns; a template's name begins with its pattern."""
ASK_THEN_ACT = "ask_then_act"
"""Two turns: AJ asks back, the user answers, AJ acts."""
SINGLE = "single"

MULTI_SHARES = {ASK_THEN_ACT: 0.1, **dict.fromkeys(PATTERNS, 0.225)}
"""Of the conversations with several turns."""
SINGLE_SHARES = {"plain": 0.74, "tool_error": 0.1, "nothing_to_call": 0.07, "ambiguous": 0.05, "destructive": 0.04}
"""Of the single turns: an error to report, a question that needs no tool, a request to ask back about, and one to be
confirmed before anything is done."""


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One row to be made: what it should be, and the template that gives it."""

    number: int
    persona: str
    category: str
    pattern: str
    case: str
    template: str


def allot(count: int, multi_turn_ratio: float) -> Iterator[PlannedRow]:
    """`count` places, evenly over personas and categories, round(count * ratio) of them with several turns.

    Shares of patterns and cases are kept over the whole as far as the categories have such templates; within them
    every template is drawn equally often.
    """
    personas = sorted(load_personas().personas)
    multi = round(count * multi_turn_ratio)
    several = _spread(count, multi, len(personas) * len(CATEGORIES))
    used: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for number in range(count):
        category = CATEGORIES[number // len(personas) % len(CATEGORIES)]
        pool = _multi(category) if several[number] else _single(category)
        shares = MULTI_SHARES if several[number] else SINGLE_SHARES
        group = "multi" if several[number] else SINGLE
        kind = max(pool, key=lambda kind, t=totals, g=group, s=shares: s[kind] * (t[g] + 1) - t[f"{g}.{kind}"])
        totals.update((group, f"{group}.{kind}"))
        template = min(pool[kind], key=lambda name: used[name])
        used[template] += 1
        pattern, case = (kind, _case(template)) if several[number] else (SINGLE, kind)
        yield PlannedRow(number, personas[number % len(personas)], category, pattern, case, template)


def _spread(count: int, chosen: int, cells: int) -> list[bool]:
    """Which of `count` places are chosen: exactly `chosen`, as evenly over the cells (number % cells) as can be."""
    order = sorted(range(count), key=lambda number: (number % cells, number))
    picked = [False] * count
    for position, number in enumerate(order):
        picked[number] = (position + 1) * chosen // count > position * chosen // count
    return picked


@cache
def _multi(category: str) -> Mapping[str, Sequence[str]]:
    """Pattern -> the category's templates of several turns."""
    pools: dict[str, list[str]] = {}
    for made in _of(category):
        name = made.name.partition(".")[2]
        pattern = next((pattern for pattern in (*PATTERNS, ASK_THEN_ACT) if name.startswith(f"{pattern}_")), None)
        if pattern or _case(made.name) == "ambiguous":
            pools.setdefault(pattern or ASK_THEN_ACT, []).append(made.name)
    return pools


@cache
def _single(category: str) -> Mapping[str, Sequence[str]]:
    """Case -> the category's templates; of one that asks back, only the first turn is played."""
    pools: dict[str, list[str]] = {}
    for made in _of(category):
        case = _case(made.name)
        if len(_turns(made.name)) == 1 or case in ("ambiguous", "destructive"):
            pools.setdefault(case, []).append(made.name)
    return pools


def _of(category: str) -> list[Template]:
    return [made for made in scenes().values() if made.category == category]


@cache
def _case(name: str) -> str:
    """The hard case that a template is, from what its oracle does."""
    turns = _turns(name)
    if turns[0].kind == "ask_back":
        return "destructive" if name.partition(".")[2].startswith(ASK_THEN_ACT) else "ambiguous"
    if any(turn.kind == "failed" for turn in turns):
        return "tool_error"
    return "plain" if any(turn.steps for turn in turns) else "nothing_to_call"


@cache
def _turns(name: str) -> Sequence[ScriptedTurn]:
    """A template's turns: of the same kinds for every seed. Drawing them takes 10 ms, and there are some 200."""
    return draw_scene(name, 0, "senior_engineer").scenario.turns
