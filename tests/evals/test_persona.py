"""The persona eval on agents with one style for everybody, and its contrast over epochs and parts of the suite."""

import math

import pytest
from inspect_ai import score
from inspect_ai.log import EvalLog
from inspect_ai.model import ModelOutput, ModelUsage
from inspect_ai.solver import Solver, solver

from aj.acts import call_of, finish
from aj.wire import render_call
from evals.agents.oracle import oracle
from evals.persona import persona
from scorers.persona_match import persona_match
from scorers.samples import case_of

pytestmark = pytest.mark.loop  # runs real Inspect evals

GROUPS = ("0", "2")
"""Two questions, each asked by five users."""
ONE_STYLE = (
    "Status: {facts}. So that's where it stands now. What's next?",
    "Yep, that's {facts}. Want me to check more?",
    "{facts}. TL;DR: got it, because it means you're good. Hang tight. Want me to check more?",
)


@solver
def speaker(style: str | None = None, padded: bool = False, until: int = 99) -> Solver:
    """The oracle, or, until an epoch, the true facts in one style for everybody; `padded` says it a little differently
    each epoch."""

    async def solve(state, generate):
        case = case_of(state.metadata)
        said = oracle(case, case.past, case.turn)
        if style is not None and state.epoch <= until:
            count = f", {case.turn.truth.count}" if case.turn.truth.count else ""
            said = render_call(
                call_of(finish(style.format(facts=case.turn.items + count)), case.contract), case.contract
            )
        if padded and state.epoch > 1:
            said = said.replace('."', '. "')
        state.output = ModelOutput.from_content("mock", said)
        state.output.usage = ModelUsage()
        return state

    return solve


@pytest.fixture
def asked(evaluate):
    def run(speaks: Solver, groups: tuple[str, ...] = GROUPS, **options: int) -> EvalLog:
        task = persona(suite="small")
        task.dataset = task.dataset.filter(lambda sample: (sample.metadata or {})["group"] in groups)
        return evaluate(task, solver=speaks, **options)

    return run


def _results(log: EvalLog) -> dict[str, float]:
    assert log.results
    return {
        f"{scored.name}.{name}": metric.value
        for scored in log.results.scores
        for name, metric in scored.metrics.items()
        if name in ("mean", "contrast")
    }


@pytest.mark.parametrize("style", ONE_STYLE)
def test_one_style_for_five_users_matches_one_of_them(asked, style):
    results = _results(asked(speaker(style)))
    assert results["match.mean"] <= 0.2
    assert results["style.mean"] <= 0.2
    assert results["facts.mean"] == 1.0
    assert results["match.contrast"] == 0.0


def test_contrast_is_read_epoch_by_epoch(asked):
    log = asked(speaker(padded=True), epochs=2)
    assert _results(log) == {"match.mean": 1.0, "match.contrast": 1.0, "style.mean": 1.0, "facts.mean": 1.0}
    assert _results(score(log, persona_match(), action="overwrite", display="none")) == _results(log)


def test_contrast_counts_each_epoch_and_not_the_last_alone(asked):
    log = asked(speaker(ONE_STYLE[0], until=1), epochs=2)
    assert _results(log)["match.contrast"] == 0.5


def test_contrast_is_not_a_number_when_no_question_was_answered_to_all_five(asked):
    assert math.isnan(_results(asked(speaker(), limit=3))["match.contrast"])
