"""Draws the samples of every eval from templates: held-out ones for the frozen files (`evals/freeze_samples.py`), those
trained on for the practice suite, whose failures may be learned."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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
TRIES = 4
"""Scenarios drawn for each that is kept, so that each request can be asked equally often."""
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


def even(draw: SampleDraw, name: str, wanted: int, asked: Counter[str], first: int = 0, turn: int = -1) -> list[int]:
    """Seeds of a template, from `first` on: as many as wanted, and of those requests that were asked least so far.

    Samples of one request fail together: asked twelve times, it decides hardly more than asked three times. `turn` says
    which turn of a scenario is the request; `asked` counts on.
    """
    start = draw.seeds + first
    seeds = range(start, start + TRIES * wanted)
    requests = {seed: templates(draw.split)[name].draw(seed, PERSONAS[0]).turns[turn].phrasing for seed in seeds}
    chosen: list[int] = []
    for _ in range(wanted):
        chosen.append(min(requests, key=lambda seed: (asked[requests[seed]], seed)))
        asked[requests.pop(chosen[-1])] += 1
    return chosen


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
    for name in PATTERNS:
        seeds = even(draw, f"patterns.{draw.split}_{name}", 16 if draw.small_only else 50, Counter())
        for number, seed in enumerate(seeds):
            layout = LAYOUTS[(number + 1) % 2]
            case = draw_case(name, draw.split, seed, persona_of(number), CONTRACT, layout)
            past, slices = list(case.past), {"pattern": name}
            yield record(case.scenario, past, number < 16, case.turn.phrasing, slices, case.mode, case.layout)


def persona(draw: SampleDraw) -> Iterator[SampleRecord]:
    """The same fleet, question and results in five tones; only the answer is left to give.

    The small suite asks five questions in all tones, to compare them, and 45 more in two tones each.
    """
    name = f"everyday.{draw.split}_reading"
    seeds = even(draw, name, 12 if draw.small_only else 60, Counter())
    for (number, seed), (place, tone) in product(enumerate(seeds), enumerate(PERSONAS)):
        scenario = templates(draw.split)[name].draw(seed, tone)
        messages, _ = play(scenario, CONTRACT)
        small = number < 5 or (number < 50 and (place + number) % 5 < 2)
        layout = LAYOUTS[number % 2]
        yield record(scenario, messages[:-1], small, scenario.turns[-1].phrasing, {"persona": tone}, layout=layout)


def context_retention(draw: SampleDraw) -> Iterator[SampleRecord]:
    """Eight ways to refer to what was established, one to sixteen turns back; only the last turn is played."""
    for name in PROBES:
        asked = Counter[str]()
        for distance in DISTANCES[draw.split]:
            template = f"ladder.{draw.split}_{name}_{distance}"
            for number, seed in enumerate(even(draw, template, 2 if draw.small_only else 7, asked)):
                scenario = templates(draw.split)[template].draw(seed, persona_of(number + distance))
                past, _ = play(scenario, CONTRACT, until=len(scenario.turns) - 1)
                last = scenario.turns[-1]
                slices = {"probe": name, "distance": str(distance)}
                yield record(scenario, [*past, user(last.text)], number < 2, last.phrasing, slices)


def task_success(draw: SampleDraw) -> Iterator[SampleRecord]:
    """Every template of the ten categories, and everyday requests, from a cold start."""
    asked = Counter[str]()
    for name in (f"everyday.{draw.split}_1", f"everyday.{draw.split}_2"):
        for number, seed in enumerate(even(draw, name, 20 if draw.small_only else 78, asked, 1000, turn=0)):
            scenario = templates(draw.split)[name].draw(seed, persona_of(number))
            past, family = [user(scenario.turns[0].text)], scenario.turns[0].phrasing
            yield record(scenario, past, number < 24, family, _kind(templates(draw.split)[name], scenario))
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
    """Every sample once, in the order drawn, the small ones spread over families (persona sees to that itself)."""
    found = list({item["id"]: item for item in DRAWS[task](draw)}.values())
    return tuple(found if draw.small_only or task == "persona" else spread(found))


def spread(records: Sequence[SampleRecord]) -> Iterator[SampleRecord]:
    """The same samples, with as many small ones of each combination of slices, but of those families that have fewest.

    Samples of one family fail together: twelve families of five decide less than sixty of one.
    """
    kinds: dict[str, list[int]] = {}
    for place, item in enumerate(records):
        kinds.setdefault(digest(item["slice"]), []).append(place)
    used, small = Counter[str](), set[int]()
    for places in kinds.values():
        for _ in range(sum(records[place]["small"] for place in places)):
            chosen = min((p for p in places if p not in small), key=lambda p: (used[records[p]["template"]], p))
            used[records[chosen]["template"]] += 1
            small.add(chosen)
    for place, item in enumerate(records):
        body = {key: value for key, value in item.items() if key != "id"} | {"small": place in small}
        yield {"id": digest(body), **body}
