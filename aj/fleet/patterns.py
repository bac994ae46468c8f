"""The eight documented error patterns as cases: a context, the right next turn, and the wrong text that was seen."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from aj.contract import Contract
from aj.fleet.asks import Ask, catalogue, facts
from aj.fleet.fleet import Fleet
from aj.fleet.oracle import plan, solve
from aj.fleet.scenarios import Scenario, draw_scenario, play
from aj.messages import Layout, Message, Mode, reply, user, without_note
from aj.personas import load_personas
from aj.splits import Split

BEFORE: tuple[str, ...] = ("count", "disk", "load")
"""What is asked first, so that the agents are already known."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One documented failure: which requests show it, after which context, and how the wrong output looks."""

    intents: tuple[str, ...]
    known: bool
    """Whether the agents were discovered before."""
    wrong: Callable[[Ask, Fleet, Random], str]
    mode: Mode = "step"


@dataclass(frozen=True, slots=True)
class Case:
    """One drawn instance. `scenario` ends on the ask at hand; `past` is the oracle's conversation up to it."""

    pattern: str
    scenario: Scenario
    past: tuple[Message, ...]
    right: Message
    wrong: str
    mode: Mode
    layout: Layout

    @property
    def ask(self) -> Ask:
        return self.scenario.asks[-1]


def draw_case(rng: Random, split: Split, name: str, contract: Contract, layout: Layout | None = None) -> Case:
    """An instance of pattern `name`; hosts, phrasing, persona and context all vary."""
    pattern = PATTERNS[name]
    intents = [rng.choice(pattern.intents)]
    if pattern.known:
        intents.insert(0, rng.choice(BEFORE))
    scenario = _in_scope(rng, split, intents)
    past, fleet = play(scenario, contract, until=len(intents) - 1)
    ask = scenario.asks[-1]
    wrong = pattern.wrong(ask, fleet, rng)
    if pattern.mode == "plan":
        return Case(name, scenario, (user(ask.text),), reply(plan(ask)), wrong, "plan", "dialogue")
    right = solve(ask, past, fleet, contract, Random(scenario.seed))[0]
    layout = layout or rng.choice(("dialogue", "state_block", "state_block"))
    if layout == "state_block":
        right = without_note(right)  # a note opens a conversation; a state block does not show what was said before
    return Case(name, scenario, (*past, user(ask.text)), right, wrong, "step", layout)


def _in_scope(rng: Random, split: Split, intents: list[str]) -> Scenario:
    """Draw until the last ask has a definite place: a pattern is about the fleet, or about one named host."""
    fleet_wide = "fleet" in catalogue().intents[intents[-1]].scopes
    persona = rng.choice(sorted(load_personas().personas))
    while True:
        scenario = draw_scenario(rng, split, intents, persona)
        last = scenario.asks[-1]
        if last.scope == "fleet" if fleet_wide else last.host is not None and last.host in last.text:
            return scenario


def _wrong_output_format(ask: Ask, fleet: Fleet, _: Random) -> str:
    loop = f"for h in {' '.join(fleet.hosts)}; do ssh $h {ask.command}; done"
    return json.dumps({"action": "execute_command", "command": loop})


def _tool_none(ask: Ask, fleet: Fleet, _: Random) -> str:
    return json.dumps({"tool": "none", "params": {}})


def _lost_context(ask: Ask, fleet: Fleet, _: Random) -> str:
    return json.dumps({"action": "direct_answer", "response": "There are no agents to check yet."})


def _hallucinated(ask: Ask, fleet: Fleet, _: Random) -> str:
    return json.dumps({"tool": "bash", "params": {"command": f"run_on_remote {ask.host} {ask.command}"}})


def _wrong_count(ask: Ask, fleet: Fleet, rng: Random) -> str:
    count = rng.choice([n for n in (1, 2, 3, 4, 5) if n != len(facts(ask, fleet.hosts, fleet.local))])
    answer = f"There {'is' if count == 1 else 'are'} {count} agent{'s' * (count > 1)} online."
    return json.dumps({"tool": "complete", "params": {"answer": answer}})


def _code_block(ask: Ask, fleet: Fleet, _: Random) -> str:
    return f"You can restart it on {ask.host} like this:\n\n```bash\nssh {ask.host}\n{ask.command}\n```"


def _missing_discovery(ask: Ask, fleet: Fleet, _: Random) -> str:
    return json.dumps({"tool": "remote_bash_all", "params": {"command": ask.command}})


def _plan_as_dict(ask: Ask, fleet: Fleet, _: Random) -> str:
    steps = [{"step": n, "action": line.split(". ", 1)[1]} for n, line in enumerate(plan(ask).splitlines(), start=1)]
    return "\n".join(f"- {step}" for step in steps)


PATTERNS: dict[str, Pattern] = {
    "wrong_output_format": Pattern(("hostname",), True, _wrong_output_format),
    "tool_none_error": Pattern(("count",), True, _tool_none),
    "lost_context": Pattern(("load",), True, _lost_context),
    "hallucinated_commands": Pattern(("files", "log"), True, _hallucinated),
    "wrong_count": Pattern(("count",), True, _wrong_count),
    "code_block_instead_of_action": Pattern(("restart",), True, _code_block),
    "missing_list_agents": Pattern(("disk", "load", "hostname"), False, _missing_discovery),
    "plan_as_dict": Pattern(("memory", "service", "disk", "log"), False, _plan_as_dict, "plan"),
}
