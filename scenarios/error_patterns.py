"""The eight documented error patterns as cases: a context, the right next turn, and the wrong text observed."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from aj.acts import Act, call_of, finish, here, on_all
from aj.contract import Contract
from aj.messages import Call, Layout, Message, Mode, reply, user, without_note
from aj.splits import Split
from aj.wire import NO_TOOL, render_call, render_earlier
from scenarios.catalogue import templates
from scenarios.oracle import plan, play, solve
from scenarios.scenario import Scenario, ScriptedTurn

WrongText = Callable[[Scenario, Contract, Random], str]


@dataclass(frozen=True, slots=True)
class ErrorPattern:
    """One documented failure: the requests and context that provoke it, and what the wrong output looks like."""

    intents: tuple[str, ...]
    known: bool
    """Whether the agents have already been discovered."""
    wrong: WrongText
    mode: Mode = "step"


@dataclass(frozen=True, slots=True)
class PatternCase:
    """One drawn instance. `scenario` ends with the current turn; `past` is the oracle's conversation up to it."""

    pattern: str
    scenario: Scenario
    past: tuple[Message, ...]
    right: Message
    wrong: str
    mode: Mode
    layout: Layout

    @property
    def turn(self) -> ScriptedTurn:
        return self.scenario.turns[-1]


def draw_case(name: str, split: Split, seed: int, persona: str, contract: Contract, layout: Layout) -> PatternCase:
    """Draw an instance of pattern `name`: hosts, phrasing and context depend on the seed."""
    pattern = PATTERNS[name]
    scenario = templates(split)[f"patterns.{split}_{name}"].draw(seed, persona)
    turn, wrong = scenario.turns[-1], pattern.wrong(scenario, contract, Random(seed))
    if pattern.mode == "plan":
        return PatternCase(name, scenario, (user(turn.text),), reply(plan(turn)), wrong, "plan", "dialogue")
    past, fleet = play(scenario, contract, until=len(scenario.turns) - 1)
    past.append(user(turn.text))
    right = solve(turn, persona, past, fleet, contract)[0]
    if layout == "state_block":
        right = without_note(right)  # notes open a conversation, and a state block does not show what was said before
    return PatternCase(name, scenario, tuple(past), right, wrong, "step", layout)


def _command(scenario: Scenario) -> str:
    return scenario.turns[-1].steps[0].command


def _host(scenario: Scenario) -> str:
    return scenario.turns[-1].steps[0].host


def _said(act: Act, contract: Contract) -> str:
    return render_call(call_of(act, contract), contract)


def _wrong_output_format(scenario: Scenario, contract: Contract, rng: Random) -> str:
    hosts = " ".join(host.name for host in scenario.hosts)
    return render_earlier(here(f"for h in {hosts}; do ssh $h {_command(scenario)}; done"), contract)


def _tool_none(scenario: Scenario, contract: Contract, rng: Random) -> str:
    return render_call(Call(NO_TOOL), contract)


def _lost_context(scenario: Scenario, contract: Contract, rng: Random) -> str:
    return render_earlier(finish("There are no agents to check yet."), contract)


def _hallucinated(scenario: Scenario, contract: Contract, rng: Random) -> str:
    return _said(here(f"run_on_remote {_host(scenario)} {_command(scenario)}"), contract)


def _wrong_count(scenario: Scenario, contract: Contract, rng: Random) -> str:
    count = rng.choice([n for n in (1, 2, 3, 4, 5) if n != len(scenario.hosts)])
    answer = f"There {'is' if count == 1 else 'are'} {count} agent{'s' * (count > 1)} online."
    return _said(finish(answer), contract)


def _code_block(scenario: Scenario, _: Contract, rng: Random) -> str:
    host = _host(scenario)
    return f"You can restart it on {host} like this:\n\n```bash\nssh {host}\n{_command(scenario)}\n```"


def _missing_discovery(scenario: Scenario, contract: Contract, rng: Random) -> str:
    return _said(on_all(_command(scenario)), contract)


def _plan_as_dict(scenario: Scenario, contract: Contract, rng: Random) -> str:
    lines = plan(scenario.turns[-1]).splitlines()
    return "\n".join(f"- { {'step': n, 'action': line.split('. ', 1)[1]} }" for n, line in enumerate(lines, start=1))


PATTERNS: dict[str, ErrorPattern] = {
    "wrong_output_format": ErrorPattern(("hostname",), True, _wrong_output_format),
    "tool_none_error": ErrorPattern(("count",), True, _tool_none),
    "lost_context": ErrorPattern(("load",), True, _lost_context),
    "hallucinated_commands": ErrorPattern(("files", "log"), True, _hallucinated),
    "wrong_count": ErrorPattern(("count",), True, _wrong_count),
    "code_block_instead_of_action": ErrorPattern(("restart",), True, _code_block),
    "missing_list_agents": ErrorPattern(("disk", "load", "hostname"), False, _missing_discovery),
    "plan_as_dict": ErrorPattern(("memory", "service", "disk", "log"), False, _plan_as_dict, "plan"),
}
