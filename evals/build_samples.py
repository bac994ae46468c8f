"""Freeze the samples of every eval from templates of the eval split: python evals/build_samples.py

The files are committed: a changed sample is a new version of its task, and logs over different samples do not compare.
"""

from collections.abc import Iterator
from itertools import count, product
from pathlib import Path
from typing import Any

from aj.contract import load_contract
from aj.files import digest, write_jsonl
from aj.fleet.oracle import play
from aj.fleet.patterns import PATTERNS, draw_case
from aj.fleet.registry import CATEGORIES, templates
from aj.fleet.scenarios import Scenario, Template
from aj.fleet.templates.ladder import DISTANCES, PROBES
from aj.messages import Layout, Message, Mode, to_record, user
from aj.personas import load_personas

CONTRACT = load_contract()
PERSONAS = sorted(load_personas().personas)
LAYOUTS: tuple[Layout, ...] = ("dialogue", "state_block")
Record = dict[str, Any]


def record(
    scenario: Scenario, past: list[Message], small: bool, family: str, slices: dict[str, str],
    mode: Mode = "step", layout: Layout = "dialogue",
) -> Record:  # fmt: skip
    body = {
        "small": small,
        "mode": mode,
        "layout": layout,
        "template": family,
        "slice": slices,
        "messages": [to_record(message) for message in past],
        "scenario": scenario.to_record(),
    }
    return {"id": digest(body), **body}


def persona_of(number: int) -> str:
    return PERSONAS[number % len(PERSONAS)]


def tool_format() -> Iterator[Record]:
    """Every kind of turn in both layouts; plan, chat and intent mode; nothing to call; values that are hard to copy."""
    for number in range(240):
        layout = LAYOUTS[number // 2 % 2]
        name = "everyday.eval_block" if layout == "state_block" else f"everyday.eval_{1 + number % 2}"
        scenario = templates()[name].draw(number, persona_of(number))
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
    for number in range(24):
        scenario = templates()["everyday.eval_remote"].draw(number, persona_of(number))
        past = [user(scenario.turns[0].text)]
        modes: tuple[Mode, ...] = ("plan", "intent")
        for mode in modes:
            slices = _form("dialogue", mode, "answer")
            yield record(scenario, past, number < 8, scenario.turns[0].phrasing, slices, mode)
    yield from _talks()
    yield from _hard_values()


def _talks() -> Iterator[Record]:
    """The same talk in chat and intent mode, and in step mode, where the right reply is `complete` and no tool."""
    seen: set[str] = set()
    for seed in range(200):
        scenario = templates()["talk.eval"].draw(seed, "casual_developer")
        turn = scenario.turns[0]
        if turn.phrasing not in seen:
            seen.add(turn.phrasing)
            small = len(seen) <= 8
            past = [user(turn.text)]
            yield record(scenario, past, small, turn.phrasing, _form("dialogue", "chat", "answer"), "chat")
            yield record(scenario, past, small, turn.phrasing, _form("dialogue", "intent", "answer"), "intent")
            yield record(scenario, past, small, turn.phrasing, _form("dialogue", "step", "no_tool"))


def _hard_values() -> Iterator[Record]:
    kinds = [name for name in templates() if name.startswith("hard_values.eval_")]
    for seed, name in product(range(10), kinds):
        scenario = templates()[name].draw(seed, persona_of(seed))
        past, _ = play(scenario, CONTRACT)
        cut = max(i for i, message in enumerate(past) if message.call and message.call.tool == "remote_bash")
        yield record(
            scenario, past[:cut], seed < 2, scenario.turns[0].phrasing, _form("dialogue", "step", "hard_value")
        )


def _form(layout: str, mode: str, turn: str) -> dict[str, str]:
    return {"layout": layout, "mode": mode, "turn": turn}


def known_issues() -> Iterator[Record]:
    """Fifty held-out variants of each documented pattern."""
    for name, number in product(PATTERNS, range(50)):
        case = draw_case(name, "eval", number, persona_of(number), CONTRACT, LAYOUTS[(number + 1) % 2])
        yield record(
            case.scenario, list(case.past), number < 16, case.turn.phrasing, {"pattern": name}, case.mode, case.layout
        )


def persona() -> Iterator[Record]:
    """The same fleet, question and results in five tones; only the answer is missing."""
    for number, name in product(range(48), PERSONAS):
        scenario = templates()["everyday.eval_reading"].draw(number, name)
        messages, _ = play(scenario, CONTRACT)
        slices = {"persona": name}
        layout = LAYOUTS[number % 2]
        yield record(scenario, messages[:-1], number < 12, scenario.turns[-1].phrasing, slices, layout=layout)


def context_retention() -> Iterator[Record]:
    """Eight ways to refer to what was established, one to sixteen turns back; only the last turn is played."""
    rungs = [(name, distance) for name in PROBES for distance in DISTANCES["eval"]]
    for (name, distance), seed in product(rungs, range(7)):
        scenario = templates()[f"ladder.eval_{name}_{distance}"].draw(seed, persona_of(seed + distance))
        past, _ = play(scenario, CONTRACT, until=len(scenario.turns) - 1)
        last = scenario.turns[-1]
        slices = {"probe": name, "distance": str(distance)}
        yield record(scenario, [*past, user(last.text)], seed < 2, last.phrasing, slices)


def task_success() -> Iterator[Record]:
    """Every eval template of the ten categories, and everyday requests, from a cold start."""
    for name, number in product(("everyday.eval_1", "everyday.eval_2"), range(40)):
        scenario = templates()[name].draw(1000 + number, persona_of(number))
        past, family = [user(scenario.turns[0].text)], scenario.turns[0].phrasing
        yield record(scenario, past, number < 20, family, _kind(templates()[name], scenario))
    personas = count()
    for name, template in templates().items():
        if template.split == "eval" and template.category in CATEGORIES:
            for seed in range(7):
                scenario = template.draw(seed, persona_of(next(personas)))
                yield record(scenario, [user(scenario.turns[0].text)], seed == 0, name, _kind(template, scenario))


def _kind(template: Template, scenario: Scenario) -> dict[str, str]:
    return {
        "category": template.category,
        "platform": template.platform,
        "difficulty": template.difficulty,
        "turns": "multi" if len(scenario.turns) > 1 else "single",
    }


def main() -> None:
    folder = Path(__file__).parent / "samples"
    for draw in (tool_format, known_issues, persona, context_retention, task_success):
        records = list({item["id"]: item for item in draw()}.values())
        write_jsonl(folder / f"{draw.__name__}.jsonl", records)
        print(f"{draw.__name__}: {len(records)} samples, {sum(item['small'] for item in records)} of them small")


if __name__ == "__main__":
    main()
