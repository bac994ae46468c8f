"""The exam of a checkpoint: practice samples, answered all at once and round by round, and graded as in the evals."""

import asyncio

import pytest

from aj.errors import ConfigError
from evals import exam
from evals.agents.oracle import oracle
from evals.reference import play
from evals.suite import LOOPED

pytestmark = pytest.mark.loop  # drawing the samples takes seconds
SEED = 1000


class Oracle:
    """Answers as the oracle does, whoever asks; notes how many were asked at once."""

    def __init__(self, task, samples):
        self.said, self.rounds = {}, []
        for sample in samples:
            self.record(task, sample)

    def record(self, task, sample):
        state = exam._state(sample)

        def agent(case, past, turn):
            text = oracle(case, past, turn)
            self.said[repr(exam._prompt(state.messages))] = text
            return text

        asyncio.run(play(agent, state, task in LOOPED))

    def __call__(self, prompts):
        self.rounds.append(len(prompts))
        return [(self.said[repr(prompt)], True) for prompt in prompts]


@pytest.mark.parametrize(
    ("metric", "others"), [("tool_format/right", {"valid"}), ("task_success/success", {"facts", "valid"})]
)
def test_right_replies_score_one_and_no_reply_or_one_that_does_not_end_scores_nothing(metric, others):
    task = metric.partition("/")[0]
    chosen = list(exam.questions(metric, "aj", SEED))[::25][:5]
    samples = [sample for sample in exam._samples(task, "aj", SEED, False) if sample.id in chosen]
    right = Oracle(task, samples)
    scores = exam.take(task, "aj", SEED, False, chosen, right)
    assert scores[metric] == 1
    assert scores["samples"] == 5
    assert {f"{task}/{other}" for other in others} < scores.keys()
    assert right.rounds == sorted(right.rounds, reverse=True)
    assert right.rounds[0] == 5
    assert (len(right.rounds) > 1) == (task in LOOPED)
    assert exam.take(task, "aj", SEED, False, chosen, lambda asked: [("", True)] * len(asked))[metric] == 0
    cut = exam.take(
        task, "aj", SEED, False, chosen, lambda asked: [(right.said.get(repr(a), ""), False) for a in asked]
    )
    assert cut[metric] == 0


def test_a_metric_that_nobody_measures_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"tool_format has no metric 'wrong'; use one of valid, right\."):
        exam.questions("tool_format/wrong", "aj", SEED)
    with pytest.raises(ConfigError, match=r"there is no task 'tools'; use one of tool_format, "):
        exam.questions("tools/right", "aj", SEED)


def test_no_sample_is_one_of_the_gates():
    from evals.identities import records

    asked = exam.questions("tool_format/right", "aj", SEED).keys()
    assert not asked & {record["id"] for record in records("tool_format", "full")}
