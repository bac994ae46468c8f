"""Build the frozen samples from the eval split of the fleet's scenarios: python evals/build_samples.py

The files are committed: a changed sample is a new version of its task, and logs over different samples do not compare.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from aj.contract import load_contract
from aj.files import digest, write_jsonl
from aj.fleet.asks import catalogue
from aj.fleet.patterns import PATTERNS, draw_case
from aj.fleet.scenarios import Scenario, draw_scenario, play
from aj.fleet.smalltalk import small_talk
from aj.messages import Layout, Message, Mode, to_record, user
from aj.personas import load_personas

SEED = 2026
CONTRACT = load_contract()
PERSONAS = sorted(load_personas().personas)
INTENTS = sorted(
    name for name, intent in catalogue().intents.items() if "host" in intent.scopes or "fleet" in intent.scopes
)
READING = [name for name in INTENTS if name not in ("count", "hostname", "restart")]
Record = dict[str, Any]


def record(
    scenario: Scenario | None,
    past: list[Message],
    mode: Mode,
    layout: Layout,
    small: bool,
    template: str,
    slices: dict[str, str],
) -> Record:
    body = {
        "small": small,
        "mode": mode,
        "layout": layout,
        "template": template,
        "slice": slices,
        "messages": [to_record(message) for message in past],
        "scenario": scenario.to_record() if scenario else None,
    }
    return {"id": digest(body), **body}


def tool_format(rng: Random) -> Iterator[Record]:
    """Every kind of turn in both layouts, plus plan and chat mode, where a call would be wrong."""
    for number in range(240):
        persona = PERSONAS[number % 5]
        intents = [rng.choice(INTENTS)] if number % 2 else [rng.choice(["count", "disk", "load"]), rng.choice(INTENTS)]
        layout: Layout = "dialogue" if number % 4 < 2 else "state_block"
        scenario = draw_scenario(rng, "eval", intents, persona, refer_back=layout == "dialogue")
        messages, _ = play(scenario, CONTRACT)
        last_user = max(i for i, message in enumerate(messages) if message.role == "user")
        cuts = [i for i in range(last_user, len(messages)) if messages[i].role == "assistant"]
        cut = cuts[number // 2 % len(cuts)]
        turn = "answer" if cut == cuts[-1] else "call"
        template = scenario.asks[-1].template
        yield record(
            scenario,
            messages[:cut],
            "step",
            layout,
            number < 84,
            template,
            {"layout": layout, "mode": "step", "turn": turn},
        )
    for number in range(24):
        scenario = draw_scenario(rng, "eval", [rng.choice(READING)], PERSONAS[number % 5])
        past, template = [user(scenario.asks[0].text)], scenario.asks[0].template
        yield record(
            scenario,
            past,
            "plan",
            "dialogue",
            number < 8,
            template,
            {"layout": "dialogue", "mode": "plan", "turn": "answer"},
        )
    for number, text in enumerate(small_talk().eval):
        template = f"smalltalk.eval.{number}"
        yield record(
            None,
            [user(text)],
            "chat",
            "dialogue",
            True,
            template,
            {"layout": "dialogue", "mode": "chat", "turn": "answer"},
        )


def known_issues(rng: Random) -> Iterator[Record]:
    """Fifty held-out variants of each documented pattern; half of them in the small suite."""
    for name in PATTERNS:
        for number in range(50):
            case = draw_case(rng, "eval", name, CONTRACT, layout="dialogue" if number % 2 else "state_block")
            small = number < 25
            yield record(
                case.scenario, list(case.past), case.mode, case.layout, small, case.ask.template, {"pattern": name}
            )


def persona(rng: Random) -> Iterator[Record]:
    """The same fleet, question and results in five tones; only the answer is missing."""
    for number in range(24):
        intent = READING[number % len(READING)] if number % 6 else "count"
        state = rng.getstate()
        for name in PERSONAS:
            rng.setstate(state)
            scenario = draw_scenario(rng, "eval", [intent], name, hosts=(2, 3))
            messages, _ = play(scenario, CONTRACT)
            layout: Layout = "dialogue" if number % 2 else "state_block"
            template = scenario.asks[-1].template
            yield record(
                scenario, messages[:-1], "step", layout, number < 12, template, {"persona": name, "layout": layout}
            )


def context_retention(rng: Random) -> Iterator[Record]:
    """Two to four user turns; the last refers to agents found, or a host named, one to three turns before."""
    probes = {"count": "count", "all": "load", "host": "load", "again": "memory", "ordinal": "disk"}
    for number in range(120):
        probe = list(probes)[number % 5]
        distance = 1 + number // 5 % 3
        fillers = [rng.choice(["load", "disk", "hostname"]) for _ in range(distance - 1)]
        first = rng.choice(["memory", "files", "log"]) if probe == "again" else rng.choice(["count", "disk", "load"])
        scenario = _draw_probe(rng, [first, *fillers, probes[probe]], probe)
        past, template = [user(scenario.asks[0].text)], scenario.asks[-1].template
        yield record(
            scenario, past, "step", "dialogue", number < 60, template, {"probe": probe, "distance": str(distance)}
        )


def _draw_probe(rng: Random, intents: list[str], probe: str) -> Scenario:
    """Draw until the last ask refers in the way of the probe; how it does so shows in its words."""
    wanted: dict[str, Callable[[Scenario], bool]] = {
        "count": lambda s: True,
        "all": lambda s: s.asks[-1].scope == "fleet",
        "host": lambda s: s.asks[-1].host is not None and s.asks[-1].host in s.asks[-1].text,
        "again": lambda s: any(place in s.asks[-1].text for place in catalogue().places.again.eval),
        "ordinal": lambda s: any(
            f"the {nth} " in s.asks[-1].text for nth in ("first", "second", "third", "fourth", "last")
        ),
    }
    if probe == "again":
        intents = [*intents[:-2], "memory", intents[-1]] if len(intents) > 2 else intents
    while True:
        scenario = draw_scenario(rng, "eval", intents, rng.choice(PERSONAS), hosts=(2, 4))
        if wanted[probe](scenario):
            return scenario


def task_success(rng: Random) -> Iterator[Record]:
    """One or two requests from a cold start: discover, act, answer."""
    for number in range(120):
        intents = [INTENTS[number % len(INTENTS)]]
        if number % 3 == 2:
            intents.append(rng.choice(INTENTS))
        scenario = draw_scenario(rng, "eval", intents, PERSONAS[number % 5], hosts=(2, 3))
        past, template = [user(scenario.asks[0].text)], scenario.asks[0].template
        turns = "multi" if len(intents) > 1 else "single"
        yield record(scenario, past, "step", "dialogue", number < 48, template, {"intent": intents[0], "turns": turns})


def main() -> None:
    folder = Path(__file__).parent / "samples"
    for draw in (tool_format, known_issues, persona, context_retention, task_success):
        records = list({item["id"]: item for item in draw(Random(f"{SEED}.{draw.__name__}"))}.values())
        write_jsonl(folder / f"{draw.__name__}.jsonl", records)
        print(f"{draw.__name__}: {len(records)} samples, {sum(item['small'] for item in records)} of them small")


if __name__ == "__main__":
    main()
