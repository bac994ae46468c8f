"""Conversational agentic rows: the fleet's oracle solves drawn scenarios, so that calls and results are true.

The wording comes from `aj/personas.yaml` and `aj/fleet/intents.yaml` (train split): offline and seeded.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from aj.contract import Contract
from aj.fleet.oracle import plan
from aj.fleet.scenarios import Scenario, draw_scenario, play
from aj.fleet.smalltalk import small_talk
from aj.messages import Row, reply, user, without_note
from aj.personas import load_personas

REMOTE_INTENTS = ("disk", "load", "hostname", "memory", "service", "restart", "files", "log")
INTENTS = (*REMOTE_INTENTS, "load", "workspace", "count", "count")
"""What requests are drawn from; what names all of them is needed most often, so it stands here more than once."""


def dialogues(rng: Random, contract: Contract, count: int, turns: tuple[int, int] = (1, 3)) -> Iterator[Row]:
    """Whole conversations in the dialogue layout: discovery, action and answer, with follow-ups that refer back."""
    for number in range(count):
        intents = rng.choices(INTENTS, k=rng.randint(*turns))
        scenario = draw_scenario(rng, "train", intents, _persona(number))
        messages, _ = play(scenario, contract)
        yield Row(tuple(messages), "step", "dialogue", _metadata(scenario, "conversational"))


def state_blocks(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """Single decisions in the state-block layout: a conversation cut before one of its assistant turns."""
    for number in range(count):
        # All drawn, nothing counted off: `number % 2` for the cut and `number % 16` for the intent had tied the two, so
        # that half of the intents were only ever answered and the other half only ever called.
        second = rng.choice(INTENTS)
        intents = [rng.choice(("count", "disk", "load")), second] if rng.random() < 0.75 else [second]
        scenario = draw_scenario(rng, "train", intents, _persona(number), refer_back=False)
        messages, _ = play(scenario, contract)
        last_user = max(i for i, message in enumerate(messages) if message.role == "user")
        cuts = [i for i in range(last_user, len(messages)) if messages[i].role == "assistant"]
        # Half of the rows decide on the first call, half on the answer: both are where the patterns fail.
        cut = rng.choice((cuts[0], cuts[-1]))
        target = without_note(messages[cut])
        yield Row((*messages[:cut], target), "step", "state_block", _metadata(scenario, "conversational"))


def plans(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """Plan mode: the request, and the plan as a numbered list."""
    for number in range(count):
        scenario = draw_scenario(rng, "train", [rng.choice(REMOTE_INTENTS)], _persona(number))
        ask = scenario.asks[0]
        yield Row((user(ask.text), reply(plan(ask))), "plan", "dialogue", _metadata(scenario, "conversational"))


def chats(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """Chat and intent mode: small talk, and the word that tells it from a task."""
    talks = small_talk().train
    for number in range(count):
        talk = talks[number % len(talks)]
        metadata = {"source": "conversational", "templates": [f"smalltalk.train.{number % len(talks)}"]}
        if number < len(talks):
            yield Row((user(talk.text), reply(talk.reply)), "chat", "dialogue", metadata)
        elif number % 2:
            yield Row((user(talk.text), reply("conversational")), "intent", "dialogue", metadata)
        else:
            scenario = draw_scenario(rng, "train", [rng.choice(REMOTE_INTENTS)])
            yield Row(
                (user(scenario.asks[0].text), reply("task")),
                "intent",
                "dialogue",
                _metadata(scenario, "conversational"),
            )


def _persona(number: int) -> str:
    names = sorted(load_personas().personas)
    return names[number % len(names)]


def _metadata(scenario: Scenario, source: str) -> dict[str, Any]:
    last = scenario.asks[-1]
    templates = [ask.template for ask in scenario.asks]
    return {
        "source": source,
        "templates": templates,
        "persona": last.persona,
        "intent": last.intent,
        "hosts": list(scenario.hosts),
    }
