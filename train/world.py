"""Scenarios as a world to act in: who speaks for AJ gets what the user and the fleet say, and at the end a reward.

The world is that of the evals; its templates are those for training. `scenarios.held_out` is never loaded.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from aj.acts import Act, act_of, meaning_of
from aj.conduct import check_conduct
from aj.contract import Contract
from aj.messages import Message, calls, reply, result, user
from aj.state import sources_of
from aj.wire import judge_call, render_prompt, render_turn
from fleet.snapshot import diff
from scenarios.scenario import Scenario
from scorers.samples import seen_on
from scorers.traces import check_turn_answer
from scorers.world.outcome import check_goal, check_milestones, check_mines

SPARE_CALLS = 4
"""As in the evals: calls per request in addition to the oracle's steps."""


@dataclass
class Episode:
    """One conversation in a fleet of its own: `prompt` begins it, and `hear` is called with each reply until `over`."""

    scenario: Scenario
    contract: Contract
    past: list[Message] = field(default_factory=list)
    over: bool = False
    replies: int = 0
    valid: int = 0
    true: int = 0
    """Requests that were answered truthfully."""
    acted: list[set[str]] = field(default_factory=list)
    """What AJ ran commands on, for each request."""
    gap: bool = False
    """The fleet lacks what AJ asked for, so nobody can judge."""

    def __post_init__(self) -> None:
        self.fleet = self.scenario.fleet()
        self._begin(0)

    def _begin(self, turn: int) -> str:
        self.turn, self.calls = turn, 0
        self.acted.append(set())
        self.past.append(user(self.scenario.turns[turn].text))
        return self.scenario.turns[turn].text

    def prompt(self) -> list[dict[str, str]]:
        return render_prompt(self.past, self.contract)

    def hear(self, text: str) -> str | None:
        """What is said to AJ after its reply: a result, the next request, or None once the conversation is over."""
        judgement = judge_call(text, self.contract)
        call = judgement.dispatched or judgement.attempted
        self.replies, self.valid, self.calls = self.replies + 1, self.valid + judgement.ok, self.calls + 1
        limit = len(self.scenario.turns[self.turn].steps) + SPARE_CALLS
        if call is None or check_conduct(call, self.past, self.contract) or self.calls > limit:
            self.past.append(reply(text))
            self.over = True
            return None
        self.past.append(calls(call.tool, call.params, call.note))
        act = None if judgement.error else meaning_of(call, self.contract)
        if act and act.kind == "finish":
            return self._answered(act.words)
        if act and act.runs:
            self.acted[-1].add(_target(act))
        output = result(call.tool, self.fleet.dispatch(act) if act else judgement.error)
        self.past.append(output)
        self.gap = bool(self.fleet.gaps)
        self.over = self.gap
        return None if self.over else render_turn(output, self.contract)

    def _answered(self, words: str) -> str | None:
        played: dict[str, Any] = {"error": None, "answer": words, "sources": sources_of(self.past)}
        self.true += not check_turn_answer(played, self.scenario.turns[self.turn], self.scenario)
        self.over = self.turn + 1 == len(self.scenario.turns)
        return None if self.over else self._begin(self.turn + 1)

    def reward(self) -> float | None:
        """From 0 to 1: a quarter each for valid replies, for acting where the oracle does, for the end state and what
        had to be seen, and for true answers.

        0 if anything changed that nobody asked for; None if nobody can judge. What asks for no end state and for
        nothing to be seen gives that quarter to whoever answers truthfully.
        """
        if self.gap:
            return None
        changed = diff(self.scenario.start, self.fleet.snapshot())
        if check_mines(self.scenario, changed):
            return 0.0
        wanted = bool(self.scenario.goal or self.scenario.milestones)
        missed = check_goal(self.scenario, changed) + check_milestones(self.scenario.milestones, self._seen())
        turns = self.scenario.turns
        right = [
            acted == {_target(step) for step in turn.steps} for acted, turn in zip(self.acted, turns, strict=False)
        ]
        truth = self.true / len(turns)
        reached = (not missed) if wanted else truth
        return (self.valid / max(1, self.replies) + sum(right) / len(turns) + reached + truth) / 4

    def _seen(self) -> list[tuple[str, str]]:
        names = [host.name for host in self.scenario.hosts]
        return [
            seen
            for asked, told in pairwise(self.past)
            if told.role == "tool" and (act := act_of(asked.call, self.contract))
            for seen in seen_on(act, told.content, names)
        ]


def _target(act: Act) -> str:
    return "every agent" if act.kind == "on_all" else act.host or "the workspace"
