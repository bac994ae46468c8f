"""Near misses: pairs of what a model confuses once it has the format: whose tone to take, and which host is meant.

The rejected text differs from the right one in that alone, so that preference training has something to tell apart.
"""

from collections.abc import Iterator
from random import Random

from msgspec.structs import replace

from aj.acts import Act, act_of, call_of, finish
from aj.contract import Contract
from aj.messages import Layout, Message, Pair, without_note
from aj.personas import load_personas
from aj.state import discovered
from aj.wire import render_turn
from datasets_build.drawn.templated import about, is_cut_short
from scenarios.catalogue import templates
from scenarios.oracle import answer, play
from scenarios.scenario import Scenario
from scorers.checks.voice import check_voice


def near_misses(rng: Random, contract: Contract) -> Iterator[Pair]:
    """Pairs without end, half of each kind; a scenario in which nothing can be confused gives none."""
    personas = sorted(load_personas().personas)
    ladder = sorted(name for name in templates("train") if name.startswith("ladder.train_"))
    while True:
        for persona in personas:
            drawn = templates("train")["everyday.train_block"].draw(rng.randrange(2**31), persona)
            if pair := other_tone(drawn, rng.choice([name for name in personas if name != persona]), contract):
                yield pair
            drawn = templates("train")[rng.choice(ladder)].draw(rng.randrange(2**31), persona)
            if pair := other_host(drawn, rng, contract):
                yield pair


def other_tone(scenario: Scenario, persona: str, contract: Contract) -> Pair | None:
    """The answer, against the same facts as `persona` would hear them; None if its user could hear them so as well."""
    messages, _ = play(scenario, contract)
    wrong = answer(scenario.turns[-1], persona)
    if not check_voice(wrong, scenario.persona, ()):
        return None
    if is_cut_short(messages[:-1], contract):
        return None
    return _pair(messages, finish(wrong), scenario, "state_block", contract)


def other_host(scenario: Scenario, rng: Random, contract: Contract) -> Pair | None:
    """The first command after the last request, against the same one on another host that was found."""
    messages, _ = play(scenario, contract)
    asked = max(place for place, message in enumerate(messages) if message.role == "user")
    right = act_of(messages[asked + 1].call, contract)
    if right is None or right.kind != "on_one":
        return None
    others = [agent.id for agent in discovered(messages[: asked + 1], contract) or () if agent.id != right.host]
    if not others:
        return None
    wrong = replace(right, host=rng.choice(others))
    return _pair(messages[: asked + 2], wrong, scenario, "dialogue", contract)


def _pair(right: list[Message], wrong: Act, scenario: Scenario, layout: Layout, contract: Contract) -> Pair:
    rejected = render_turn(Message("assistant", call=call_of(wrong, contract)), contract)
    return Pair(tuple(right[:-1]), without_note(right[-1]), rejected, "step", layout, about(scenario, "near_misses"))
