"""Which samples changed, with both replies: real logs of two models, and of a task with epochs and tool calls."""

import json
from io import StringIO

import pytest
from inspect_ai import Task, eval, task
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate
from rich.console import Console

from aj.errors import AJError
from verdict.flips import CodeCount, code_counts, flips, shown, to_record


def names(found, broken):
    return {(flip.task, flip.sample) for flip in found if flip.broken is broken}


def test_what_one_model_lost_and_won_is_listed_with_what_was_broken_first(lab):
    found = flips(lab.evals("base"), lab.evals("good"))
    assert len(names(found, False)) == 46 + 26
    assert not names(found, True)
    back = flips(lab.evals("good"), lab.evals("base"))
    assert names(back, True) == names(found, False)
    assert [flip.broken for flip in flips(lab.evals("good"), lab.evals("old"))] == [True] * 19


def test_the_arms_swapped_give_the_same_flips_mirrored(lab):
    there, back = flips(lab.evals("good"), lab.evals("old")), flips(lab.evals("old"), lab.evals("good"))
    assert {(f.sample, f.a, f.b) for f in there} == {(f.sample, f.b, f.a) for f in back}
    counts = code_counts(lab.evals("old"), lab.evals("good"))
    mirrored = {CodeCount(c.task, c.code, c.b, c.a, c.broken, c.fixed) for c in counts}
    assert {*code_counts(lab.evals("good"), lab.evals("old"))} == mirrored


def test_a_model_against_itself_has_no_flips(lab):
    assert flips(lab.evals("good"), lab.evals("same")) == []
    assert all((c.fixed, c.broken) == (0, 0) for c in code_counts(lab.evals("good"), lab.evals("same")))


def test_a_flip_says_what_was_asked_what_was_replied_and_what_is_wrong(lab):
    def sulk(log: EvalLog) -> None:
        for sample in (log.samples or [])[:1]:
            sample.messages[-1].content = "no\x1b[2J way"

    flip = next(f for f in flips(lab.evals("good"), lab.change("base", sulk)) if f.sample == "made_up-0")
    assert (flip.task, flip.metric, flip.epoch, flip.request) == ("known_issues", "right", 1, "known_issues made_up 0")
    assert (flip.a.value, flip.a.code, flip.a.text) == (1.0, None, "right")
    assert (flip.b.value, flip.b.code, flip.b.text) == (0.0, "made_up", "no\x1b[2J way")
    told = StringIO()
    Console(file=told, width=80).print(shown([flip], []))
    assert "no\\x1b[2J way" in told.getvalue()
    assert "\x1b" not in told.getvalue()
    assert json.loads(json.dumps(to_record([flip], [])))["flips"][0]["broken"]


def test_one_metric_can_be_named_and_another_one_is_refused_with_those_there_are(lab):
    assert flips(lab.evals("base"), lab.evals("good"), "known_issues/brief") == []
    with pytest.raises(
        AJError, match=r"no metric speed; name one of known_issues/right, known_issues/brief, "
    ) as refused:
        flips(lab.evals("base"), lab.evals("good"), "speed")
    assert refused.value.exit_code == 4, "it says nothing of the logs"


def test_failures_are_counted_by_code_those_that_grew_first(lab):
    rows = code_counts(lab.evals("good"), lab.evals("old"))
    assert rows[0] == CodeCount("known_issues", "old_keys", 0, 12, 0, 12)
    counts = {(row.code, row.a, row.b) for row in rows if row.task == "known_issues"}
    assert counts == {("old_keys", 0, 12), ("prose", 1, 1), ("made_up", 1, 1)}


@task
def asked_twice() -> Task:
    data = [Sample(id="a/b", input="say yes", target="yes")]
    return Task(dataset=data, solver=generate(), scorer=match(), name="twice")


def plain_log(folder, *said):
    replies = iter(said)

    def reply(*_):
        output = ModelOutput.from_content("mock", next(replies))
        output.usage = ModelUsage()
        return output

    model = get_model("mockllm/model", custom_outputs=reply, memoize=False)
    eval(asked_twice(), model=model, epochs=2, max_connections=1, log_dir=str(folder), display="none")
    return folder


def test_logs_of_plain_inspect_are_read_and_the_epoch_that_differs_is_shown(tmp_path):
    (flip,) = flips(plain_log(tmp_path / "a", "yes", "yes"), plain_log(tmp_path / "b", "yes", "no"))
    assert (flip.sample, flip.request, flip.a.text, flip.b.text) == ("a/b", "say yes", "yes", "no")
    assert flip.broken
    assert flip.b.code is None


def test_a_sample_that_was_only_asked_more_often_is_no_flip(lab):
    def again(log: EvalLog) -> None:
        log.eval.config.epochs = 2
        wrong = [sample.model_copy(deep=True, update={"epoch": 2}) for sample in log.samples or []]
        for sample in wrong:
            for score in (sample.scores or {}).values():
                assert isinstance(score.value, dict)
                score.value = dict.fromkeys(score.value, 0.0)
        log.samples = [*(log.samples or []), *wrong]

    assert flips(lab.evals("good"), lab.change("same", again)) == []
