"""Draws the samples of every eval from templates: held-out ones for the frozen files (`evals/freeze_samples.py`), those
trained on for the practice suite, whose failures may be learned."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count, product
from typing import Any

from aj.acts import act_of, to_records
from aj.contract import load_contract
from aj.files import digest
from aj.messages import Layout, Message, Mode, user
from aj.personas import load_personas
from aj.splits import Split
from scenarios.both.ladder import DISTANCES, PROBES
from scenarios.catalogue import CATEGORIES, templates
from scenarios.error_patterns import PATTERNS, draw_case
from scenarios.oracle import play
from scenarios.scenario import Scenario, Template

CONTRACT = load_contract()
"""Whatever it is, the samples are the same: they hold acts."""
PERSONAS = sorted(load_personas().personas)
LAYOUTS: tuple[Layout, ...] = ("dialogue", "state_block")
SampleRecord = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SampleDraw:
    """Which samples to draw: all of the eval split for the frozen files, or some of the train split for practice."""

    split: Split = "eval"
    seeds: int = 0
    """First seed; a different number draws other scenarios from the same templates."""
    small_only: bool = False

    def wants(self, small: bool) -> bool:
        return small or not self.small_only


def record(
    scenario: Scenario, past: list[Message], small: bool, family: str, slices: dict[str, str],
    mode: Mode = "step", layout: Layout = "dialogue",
) -> SampleRecord:  # fmt: skip
    body = {
        "small": small,
        "mode": mode,
        "layout": layout,
        "template": family,
        "slice": slices,
        "messages": to_records(past, CONTRACT),
        "scenario": scenario.to_record(),
    }
    return {"id": digest(body), **body}


def persona_of(number: int) -> str:
    return PERSONAS[number % len(PERSONAS)]


def tool_format(draw: SampleDraw) -> Iterator[SampleRecord]:
    """Every kind of turn in both layouts; plan, chat and intent mode; small talk; values that are hard to copy."""
    for number in range(60 if draw.small_only else 240):
        layout = LAYOUTS[number // 2 % 2]
        name = "block" if layout == "state_block" else str(1 + number % 2)
        scenario = templates(draw.split)[f"everyday.{draw.split}_{name}"].draw(draw.seeds + number, persona_of(number))
        messages, _ = play(scenario, CONTRACT)
        last_user = max(i for i, message in enumerate(messages) if message.role == "user")
        cuts = [i for i in range(last_user, len(messages)) if messages[i].role == "assistant"]
        cut = cuts[number // 2 % len(cuts)]
        turn = "answer" if cut == cuts[-1] else "call"
        yield record(
            scenario,
            messages[:cut],
            number < 60,
            scenario.turns[-1].phrasing,
            _form(layout, "step", turn),
            layout=layout,
        )
    for number in range(8 if draw.small_only else 24):
        scenario = templates(draw.split)[f"everyday.{draw.split}_remote"].draw(draw.seeds + number, persona_of(number))
        past = [user(scenario.turns[0].text)]
        modes: tuple[Mode, ...] = ("plan", "intent")
        for mode in modes:
            slices = _form("dialogue", mode, "answer")
            yield record(scenario, past, number < 8, scenario.turns[0].phrasing, slices, mode)
    yield from _talks(draw)
    yield from _hard_values(draw)


def _talks(draw: SampleDraw) -> Iterator[SampleRecord]:
    """The same small talk in chat and intent mode, and in step mode, where the right reply ends the task
    without running anything."""
    seen: set[str] = set()
    for seed in range(200):
        scenario = templates(draw.split)[f"talk.{draw.split}"].draw(draw.seeds + seed, "casual_developer")
        turn = scenario.turns[0]
        small = len(seen) < 8
        if turn.phrasing not in seen and draw.wants(small):
            seen.add(turn.phrasing)
            past = [user(turn.text)]
            yield record(scenario, past, small, turn.phrasing, _form("dialogue", "chat", "answer"), "chat")
            yield record(scenario, past, small, turn.phrasing, _form("dialogue", "intent", "answer"), "intent")
            yield record(scenario, past, small, turn.phrasing, _form("dialogue", "step", "no_tool"))


def _hard_values(draw: SampleDraw) -> Iterator[SampleRecord]:
    kinds = [name for name in templates(draw.split) if name.startswith(f"hard_values.{draw.split}_")]
    for seed, name in product(range(2 if draw.small_only else 10), kinds):
        scenario = templates(draw.split)[name].draw(draw.seeds + seed, persona_of(seed))
        past, _ = play(scenario, CONTRACT)
        acts = [act_of(message.call, CONTRACT) for message in past]
        cut = max(i for i, act in enumerate(acts) if act and act.kind == "on_one")
        yield record(
            scenario, past[:cut], seed < 2, scenario.turns[0].phrasing, _form("dialogue", "step", "hard_value")
        )


def _form(layout: str, mode: str, turn: str) -> dict[str, str]:
    return {"layout": layout, "mode": mode, "turn": turn}


def known_issues(draw: SampleDraw) -> Iterator[SampleRecord]:
    """Fifty variants of each documented pattern."""
    for name, number in product(PATTERNS, range(16 if draw.small_only else 50)):
        layout = LAYOUTS[(number + 1) % 2]
        case = draw_case(name, draw.split, draw.seeds + number, persona_of(number), CONTRACT, layout)
        yield record(
            case.scenario, list(case.past), number < 16, case.turn.phrasing, {"pattern": name}, case.mode, case.layout
        )


def persona(draw: SampleDraw) -> Iterator[SampleRecord]:
    """The same fleet, question and results in five tones; only the answer is left to give."""
    for number, name in product(range(12 if draw.small_only else 48), PERSONAS):
        scenario = templates(draw.split)[f"everyday.{draw.split}_reading"].draw(draw.seeds + number, name)
        messages, _ = play(scenario, CONTRACT)
        slices = {"persona": name}
        layout = LAYOUTS[number % 2]
        yield record(scenario, messages[:-1], number < 12, scenario.turns[-1].phrasing, slices, layout=layout)


def context_retention(draw: SampleDraw) -> Iterator[SampleRecord]:
    """Eight ways to refer to what was established, one to sixteen turns back; only the last turn is played."""
    rungs = [(name, distance) for name in PROBES for distance in DISTANCES[draw.split]]
    for (name, distance), seed in product(rungs, range(2 if draw.small_only else 7)):
        template = templates(draw.split)[f"ladder.{draw.split}_{name}_{distance}"]
        scenario = template.draw(draw.seeds + seed, persona_of(seed + distance))
        past, _ = play(scenario, CONTRACT, until=len(scenario.turns) - 1)
        last = scenario.turns[-1]
        slices = {"probe": name, "distance": str(distance)}
        yield record(scenario, [*past, user(last.text)], seed < 2, last.phrasing, slices)


def task_success(draw: SampleDraw) -> Iterator[SampleRecord]:
    """Every template of the ten categories, and everyday requests, from a cold start."""
    everyday = (f"everyday.{draw.split}_1", f"everyday.{draw.split}_2")
    for name, number in product(everyday, range(20 if draw.small_only else 40)):
        scenario = templates(draw.split)[name].draw(draw.seeds + 1000 + number, persona_of(number))
        past, family = [user(scenario.turns[0].text)], scenario.turns[0].phrasing
        yield record(scenario, past, number < 20, family, _kind(templates(draw.split)[name], scenario))
    personas = count()
    for name, template in templates(draw.split).items():
        if template.split == draw.split and template.category in CATEGORIES:
            for seed in range(1 if draw.small_only else 7):
                scenario = template.draw(draw.seeds + seed, persona_of(next(personas)))
                yield record(scenario, [user(scenario.turns[0].text)], seed == 0, name, _kind(template, scenario))


def _kind(template: Template, scenario: Scenario) -> dict[str, str]:
    return {
        "category": template.category,
        "platform": template.platform,
        "difficulty": template.difficulty,
        "turns": "multi" if len(scenario.turns) > 1 else "single",
    }


DRAWS: dict[str, Callable[[SampleDraw], Iterator[SampleRecord]]] = {
    "tool_format": tool_format,
    "known_issues": known_issues,
    "persona": persona,
    "context_retention": context_retention,
    "task_success": task_success,
}


@cache
def practice(task: str, seed: int) -> tuple[SampleRecord, ...]:
    """As many samples as in the small suite, from templates of the train split; each seed gives different samples."""
    return drawn(task, SampleDraw("train", seed * 100_000, small_only=True))


def drawn(task: str, draw: SampleDraw) -> tuple[SampleRecord, ...]:
    """Every sample once, in the order drawn."""
    return tuple({item["id"]: item for item in DRAWS[task](draw)}.values())
