"""Conversational agentic rows: the fleet's oracle solves drawn scenarios, so that calls and results are true.

The wording comes from `aj/personas.yaml` and the templates of the train split: offline and seeded.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from aj.contract import Contract
from aj.messages import Message, Row, reply, user, without_note
from aj.personas import load_personas
from aj.state import state_block
from scenarios.catalogue import CATEGORIES, templates
from scenarios.oracle import plan, play
from scenarios.scenario import Scenario
from scenarios.smalltalk import small_talk


def dialogues(rng: Random, contract: Contract, count: int, turns: tuple[int, int] = (1, 3)) -> Iterator[Row]:
    """Everyday requests in conversation: discovery, action and answer, with follow-ups that refer back."""
    for number in range(count):
        yield _whole(f"everyday.train_{rng.randint(*turns)}", rng, number, contract)


def tasks(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """The ten categories' scenarios of the train split, in turn."""
    names = [name for name, made in templates("train").items() if made.category in CATEGORIES]
    for number in range(count):
        yield _whole(names[number % len(names)], rng, number, contract)


def contexts(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """Conversations whose last request refers to what was established before, with talk in between."""
    names = [name for name in templates("train") if name.startswith("ladder.train_")]
    for number in range(count):
        yield _whole(names[number % len(names)], rng, number, contract)


def dictated(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """Commands that the user dictates to the letter."""
    names = [name for name in templates("train") if name.startswith("hard_values.train_")]
    for number in range(count):
        yield _whole(names[number % len(names)], rng, number, contract)


def talks(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """Step mode where no tool is needed: AJ answers at once."""
    for number in range(count):
        yield _whole("talk.train", rng, number, contract)


def state_blocks(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """Single decisions in the state-block layout: a conversation cut before one of its assistant turns."""
    for number in range(count):
        scenario = _draw("everyday.train_block", rng, number)
        messages, _ = play(scenario, contract)
        last_user = max(i for i, message in enumerate(messages) if message.role == "user")
        cuts = [i for i in range(last_user, len(messages)) if messages[i].role == "assistant"]
        # Half of the rows decide on the first call, half on the answer: both are where the patterns fail.
        cut = rng.choice((cuts[0], cuts[-1]))
        if is_cut_short(messages[:cut], contract):
            cut = cuts[0]
        target = without_note(messages[cut])
        yield Row((*messages[:cut], target), "step", "state_block", about(scenario))


def plans(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """Plan mode: the request, and the plan as a numbered list."""
    for number in range(count):
        scenario = _draw("everyday.train_remote", rng, number)
        turn = scenario.turns[0]
        yield Row((user(turn.text), reply(plan(turn))), "plan", "dialogue", about(scenario))


def chats(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """Chat and intent mode: small talk, and the word that distinguishes it from a task."""
    talks = small_talk().train
    for number in range(count):
        talk = talks[number % len(talks)]
        metadata = {"source": "conversational", "templates": [f"smalltalk.train.{number % len(talks)}"]}
        if number < len(talks):
            yield Row((user(talk.text), reply(talk.reply)), "chat", "dialogue", metadata)
        elif number % 2:
            yield Row((user(talk.text), reply("conversational")), "intent", "dialogue", metadata)
        else:
            scenario = _draw("everyday.train_remote", rng, number)
            yield Row((user(scenario.turns[0].text), reply("task")), "intent", "dialogue", about(scenario))


def is_cut_short(past: list[Message], contract: Contract) -> bool:
    """Whether a state block cuts a result short, so that an answer would state what nobody sees."""
    return any(line.endswith("…") for line in state_block(past, contract).splitlines())


def _draw(name: str, rng: Random, number: int) -> Scenario:
    personas = sorted(load_personas().personas)
    return templates("train")[name].draw(rng.randrange(2**31), personas[number % len(personas)])


def _whole(name: str, rng: Random, number: int, contract: Contract) -> Row:
    scenario = _draw(name, rng, number)
    messages, _ = play(scenario, contract)
    return Row(tuple(messages), "step", "dialogue", about(scenario))


def about(scenario: Scenario, source: str = "conversational", **more: str) -> dict[str, Any]:
    """The metadata of what is drawn from a scenario."""
    return {
        "source": source,
        **more,
        "templates": sorted({scenario.template, *(turn.phrasing for turn in scenario.turns)}),
        "persona": scenario.persona,
        "hosts": [host.name for host in scenario.hosts],
    }
