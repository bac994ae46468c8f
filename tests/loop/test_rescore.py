"""Answers that are graded anew: with today's graders, into a folder of their own, without asking a model."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from inspect_ai import score
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import ModelAPI, ModelOutput, ModelUsage, modelapi
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState

from aj.errors import AJError, EvidenceError
from evals import identities
from evals.suite import TASKS
from loop.evaluate import eval_folder, evaluate
from loop.rescore import rescore
from loop.targets import Target as Model
from scorers.task_done import task_done
from tests.made_logs import right, seal
from verdict.compare import compare
from verdict.gate import GateOutcome
from verdict.scores import read_folder

pytestmark = pytest.mark.loop  # runs real Inspect evals


class Silent(ModelAPI):
    """Says that it is done, whatever it is asked."""

    async def generate(self, input, tools, tool_choice, config) -> ModelOutput:
        output = ModelOutput.from_content("silent", "Done.")
        output.usage = ModelUsage()  # left unset, it downloads a tokenizer
        return output


@modelapi("silent")
def silent() -> type[ModelAPI]:
    return Silent


SILENT = Model("silent", "silent/model", "silent/model")


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A real eval of a model that says nothing of use, two samples a task."""
    logs = tmp_path_factory.mktemp("logs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AJ_LOGS", str(logs))
        evaluate(SILENT, "small", limit=2)
        yield logs


@pytest.fixture
def logs(evaluated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(evaluated, tmp_path / "logs")
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    return tmp_path / "logs"


def changed(folder: Path, change) -> None:
    """As if `aj eval` had written the logs so."""
    for path in folder.glob("*.eval"):
        log = read_eval_log(str(path))
        change(log)
        write_eval_log(log, str(path))
    seal(folder)


def a_check_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the checks of every scorer had been edited since."""
    monkeypatch.setattr(identities, "graded", lambda task: f"other-{task}")


def test_the_same_graders_give_the_same_folder_at_once(logs):
    folder = eval_folder(SILENT, "small", limit=2)
    before = {path: path.stat().st_mtime_ns for path in logs.rglob("*")}
    assert rescore(folder) == folder
    assert {path: path.stat().st_mtime_ns for path in logs.rglob("*")} == before


def test_the_answers_are_graded_anew_and_not_asked_for_again(logs, monkeypatch):
    folder = eval_folder(SILENT, "small", limit=2)
    first = read_folder(folder)
    a_check_changes(monkeypatch)

    def refuse(*_: object) -> None:
        raise AssertionError("a model was asked")

    monkeypatch.setattr("loop.evaluate._run", refuse)
    again = evaluate(SILENT, "small", limit=2)
    assert again != folder
    told, before = (json.loads((one / "done.json").read_text()) for one in (again, folder))
    assert before.pop("seconds") > 0, "of asking, which only the first took"
    assert told == before
    assert again == eval_folder(SILENT, "small", limit=2) == evaluate(SILENT, "small", limit=2)
    second = read_folder(again)
    for task in TASKS:
        assert (logs / "evals" / folder.name / second[task].path.name).exists(), "the earlier logs stay"
        assert first[task].samples == second[task].samples, "the code is the same here, so the scores are"
        assert first[task].graders == second[task].graders
        assert first[task].expected == second[task].expected


def test_a_sample_that_ended_in_an_error_stays_one(logs, monkeypatch):
    folder = eval_folder(SILENT, "small", limit=2)

    def fail(log: EvalLog) -> None:
        from inspect_ai.log import EvalError

        sample = (log.samples or [])[0]
        sample.error = EvalError(message="boom", traceback="", traceback_ansi="")
        sample.scores, sample.store = {}, {}

    changed(folder, fail)
    a_check_changes(monkeypatch)
    for scores in read_folder(rescore(folder)).values():
        assert [(sample.errors, bool(sample.values)) for sample in scores.samples.values()] == [(1, False), (0, True)]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("asked", "the code that asks has changed since"),
        ("contract", "the contract has changed"),
        ("samples", "samples"),
    ],
)
def test_answers_to_other_questions_are_not_graded(logs, monkeypatch, key, reason):
    folder = eval_folder(SILENT, "small", limit=2)

    def other(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), key: "other"}

    changed(folder, other)
    a_check_changes(monkeypatch)
    with pytest.raises(EvidenceError, match=reason):
        rescore(folder)
    assert len(list((logs / "evals").glob("*"))) == 1, "nothing is left behind"


def test_answers_that_were_changed_are_not_graded_and_scores_that_were_are_given_anew(logs):
    folder = eval_folder(SILENT, "small", limit=2)
    first = read_folder(folder)["persona"].samples
    path = next(folder.glob("*persona*.eval"))
    log = read_eval_log(str(path))
    for sample in log.samples or []:
        for given in (sample.scores or {}).values():
            assert isinstance(given.value, dict)
            given.value = dict.fromkeys(given.value, 1.0)
    write_eval_log(log, str(path))
    elsewhere = folder.rename(logs / "elsewhere")
    assert read_folder(elsewhere)["persona"].samples != first
    assert read_folder(rescore(elsewhere))["persona"].samples == first
    shutil.rmtree(folder)
    for sample in log.samples or []:
        sample.output.completion = "What a nice day."
    write_eval_log(log, str(elsewhere / path.name))
    with pytest.raises(EvidenceError, match=r"it was changed after it was written; delete .* and run `aj eval` again"):
        rescore(elsewhere)


def test_logs_that_do_not_say_whose_answers_they_hold_are_refused(logs):
    folder = eval_folder(SILENT, "small", limit=2)

    def forget(log: EvalLog) -> None:
        log.eval.metadata = {key: value for key, value in (log.eval.metadata or {}).items() if key != "answers"}

    changed(folder, forget)
    with pytest.raises(EvidenceError, match="does not say whose answers it contains; run `aj eval` again"):
        rescore(folder)


def test_an_unfinished_eval_is_refused(logs):
    folder = eval_folder(SILENT, "small", limit=2)
    next(folder.glob("*persona*.eval")).unlink()
    with pytest.raises(EvidenceError, match="no finished log of persona"):
        rescore(folder)


def test_an_unfinished_eval_of_the_same_is_not_overwritten(logs, monkeypatch):
    folder = eval_folder(SILENT, "small", limit=2)
    a_check_changes(monkeypatch)
    eval_folder(SILENT, "small", limit=2).mkdir()
    with pytest.raises(AJError, match="contains the same eval, unfinished"):
        rescore(folder)


def test_a_truth_that_has_changed_since_is_not_graded_by(logs):
    """As `inspect score` would from a checkout in which a template was changed."""
    path = next((logs / "evals").glob("*/*task-success*.eval"))
    log = read_eval_log(str(path), resolve_attachments=True)
    for sample in log.samples or []:
        sample.metadata["world"] = "other"
    with pytest.raises(Exception, match="has changed since this sample was asked"):
        score(log, task_done(), action="overwrite", model="mockllm/model", display="none")


# --- the gate, on logs that `inspect score --action overwrite` graded anew ------------------------------------------


@scorer(metrics={"right": [mean()], "brief": [mean()]}, name="right")
def lenient() -> Scorer:
    """As the scorer `right` of another checkout: it takes any answer for right."""

    async def grade(state: TaskState, target: Target) -> Score:
        about = {"code": None, "findings": [], "grader": "1en1e47"}
        return Score(value={"right": 1.0, "brief": 1.0}, metadata=about)

    return grade


def by_inspect(lab, name: str, by: Scorer, sealed: bool = True) -> Path:
    """A copy of an arm whose known_issues were graded anew, as `inspect score --action overwrite` does it.

    `sealed`: and as `aj rescore` writes it.
    """
    folder = lab.change(name, lambda log: None)
    (path,) = folder.glob("*known-issues*")
    graded = score(read_eval_log(str(path)), by, action="overwrite", model="mockllm/model", display="none")
    write_eval_log(graded, str(path))
    if sealed:
        seal(folder)
    return folder


def test_a_log_that_another_checkout_graded_is_invalid_and_says_why(lab, policy):
    folder = by_inspect(lab, "same", lenient())
    verdict = lab.judge(policy, "old", folder)
    assert verdict.outcome is GateOutcome.INVALID
    (reason,) = verdict.reasons
    assert reason.startswith(
        "known_issues: the two logs were graded by different code (97ade4 against 1en1e47); run `aj"
    )
    with pytest.raises(EvidenceError, match="graded by different code"):
        compare(lab.evals("old"), folder)


def test_a_log_that_inspect_graded_in_its_place_is_invalid_and_can_be_graded_again(lab, policy):
    folders = [by_inspect(lab, name, lenient(), sealed=False) for name in ("old", "good")]
    verdict = lab.judge(policy, *folders)
    assert verdict.outcome is GateOutcome.INVALID
    assert [reason.split(";")[0] for reason in verdict.reasons] == [
        f"known_issues, the {side}: its scores were changed after they were written"
        for side in ("reference", "candidate")
    ]


def test_graded_by_the_same_code_on_both_sides_they_compare_and_gate(lab, policy):
    folders = [by_inspect(lab, name, lenient()) for name in ("old", "good")]
    assert all(row.a == row.b == 1 for row in compare(*folders) if row.task == "known_issues")
    assert lab.judge(policy, *folders).outcome is not GateOutcome.INVALID


def test_graded_back_by_the_code_of_the_first_time_they_gate_again(lab, policy):
    assert lab.judge(policy, "old", by_inspect(lab, "good", right())).outcome is GateOutcome.PROMOTE
