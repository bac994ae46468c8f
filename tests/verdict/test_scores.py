import math
import shutil
from pathlib import Path

import pytest
from inspect_ai import Task, eval, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, EvalSampleLimit, read_eval_log, write_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, Scorer, Target, match, mean, scorer
from inspect_ai.solver import TaskState, generate

from aj.errors import EvidenceError
from tests.made_logs import seal
from verdict.board.rows import entries, rank
from verdict.compare import compare
from verdict.gate import GateOutcome
from verdict.samples import read_recorded
from verdict.scores import read_folder, read_models


def test_a_log_says_what_was_asked_and_what_each_sample_scored(lab):
    scores = read_folder(lab.evals("good"))["known_issues"]
    assert (scores.version, scores.status, scores.model, scores.expected) == ("3", "success", "aj-good", 48)
    assert scores.settings["generation"] == {"temperature": 0.0, "max_tokens": 64}
    assert scores.metrics == ["right", "brief"]
    wrong = scores.samples["made_up-5"]
    assert wrong.values == {"right": 0.0, "brief": 1.0}
    assert (wrong.slices, wrong.family, wrong.codes) == ({"pattern": "made_up"}, "known_issues-made_up-2", ("made_up",))


def test_slices_hold_all_samples_first_and_then_each_value(lab):
    slices = read_folder(lab.evals("good"))["known_issues"].slices("right")
    assert next(iter(slices)) == "all"
    assert len(slices["all"]) == 48
    assert len(slices["pattern=prose"]) == 12


@scorer(metrics={"first": [mean()], "second": [mean()]})
def troubled() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        kind = state.metadata["kind"]
        if kind == "broken":
            raise RuntimeError("the instrument broke")
        if kind == "undecided":
            return Score.unscored(reason="judge undecided")
        return Score(value={"first": float(state.epoch == 1), "second": 1.0})

    return score


@task
def trouble() -> Task:
    kinds = ("fine", "broken", "undecided")
    data = MemoryDataset([Sample(id=kind, input=kind, metadata={"kind": kind}) for kind in kinds])
    return Task(dataset=data, solver=generate(), scorer=troubled())


@task
def plain() -> Task:
    return Task(dataset=MemoryDataset([Sample(id=1, input="hi", target="x")]), solver=generate(), scorer=match())


def mock():
    def answer(*_) -> ModelOutput:
        output = ModelOutput.from_content("mock", "x")
        output.usage = ModelUsage()
        return output

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def test_epochs_are_averaged_and_a_broken_instrument_is_never_a_zero(tmp_path):
    eval(trouble(), model=mock(), epochs=2, log_dir=str(tmp_path), display="none", fail_on_error=False)
    samples = read_folder(tmp_path)["trouble"].samples
    assert samples["fine"].values == {"first": 0.5, "second": 1.0}
    assert (samples["broken"].values, samples["broken"].errors, samples["broken"].unscored) == ({}, 2, 0)
    assert (samples["undecided"].values, samples["undecided"].errors, samples["undecided"].unscored) == ({}, 0, 2)
    rows = rank(entries([tmp_path]))
    assert [(row.metric, row.mean, row.n) for row in rows if row.slice == "all"] == [
        ("first", 0.5, 1),
        ("second", 1.0, 1),
        ("first^2", 0.0, 1),
        ("second^2", 1.0, 1),
    ], "right in one epoch of two is not right in both"


@scorer(metrics={"first": [mean()], "second": [mean()]})
def partly() -> Scorer:
    """Asks for `first` of every other sample."""

    async def score(state: TaskState, target: Target) -> Score:
        return Score(value={"first": 1.0 if state.metadata["asks"] else math.nan, "second": 0.0})

    return score


@task
def parts() -> Task:
    data = MemoryDataset([Sample(id=n, input="x", metadata={"asks": n % 2 == 0}) for n in (1, 2)])
    return Task(dataset=data, solver=generate(), scorer=partly())


def test_a_part_that_a_sample_does_not_ask_for_is_neither_wrong_nor_unscored(tmp_path):
    eval(parts(), model=mock(), epochs=2, log_dir=str(tmp_path), display="none")
    scores = read_folder(tmp_path)["parts"]
    assert scores.metrics == ["first", "second"], "in the scorer's order, though the first sample has only the second"
    assert [(s.values, s.scored, s.unasked, s.unscored) for s in scores.samples.values()] == [
        ({"second": 0.0}, {"first": 0, "second": 2}, {"first": 2, "second": 0}, 0),
        ({"first": 1.0, "second": 0.0}, {"first": 2, "second": 2}, {"first": 0, "second": 0}, 0),
    ]
    assert read_recorded(scores.path).samples == scores.samples


@pytest.mark.parametrize("limit", ["time", "working", "cost", "operator", "token"])
def test_a_sample_that_the_machine_cut_short_is_an_error_and_not_wrong(lab, limit):
    def cut(log: EvalLog) -> None:
        (log.samples or [])[0].limit = EvalSampleLimit(type=limit, limit=1)

    folder = lab.change("good", cut, "known-issues")
    scores = read_folder(folder)["known_issues"]
    sample = scores.samples["made_up-0"]
    assert (sample.errors, bool(sample.values)) == ((0, True) if limit == "token" else (1, False))
    assert read_recorded(scores.path).samples == scores.samples


def test_two_scorers_of_one_metric_are_not_chosen_between(lab):
    """As `inspect score --action append` leaves it."""

    def append(log: EvalLog) -> None:
        for sample in log.samples or []:
            sample.scores = {**(sample.scores or {}), "right1": Score(value={"right": 1.0})}

    with pytest.raises(EvidenceError, match=r"two scorers give right \(right, right1\)"):
        read_folder(lab.change("good", append, "known-issues", sealed=False))


def test_a_plain_inspect_log_is_read_without_our_metadata(tmp_path):
    eval(plain(), model=mock(), log_dir=str(tmp_path), display="none")
    scores = read_folder(tmp_path)["plain"]
    assert scores.model == "mockllm/model"
    assert (scores.samples["1"].values, scores.samples["1"].family) == ({"match": 1.0}, None)


def test_an_empty_folder_is_no_evidence(tmp_path):
    with pytest.raises(EvidenceError, match="contains no eval logs; run `aj eval`"):
        read_folder(tmp_path)


def test_a_log_cut_short_is_no_evidence(lab):
    path = next(lab.evals("good").glob("*tool-format*"))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_folder(lab.evals("good"))


def copy_of_tool_format(folder: Path) -> Path:
    path = next(folder.glob("*tool-format*"))
    other = path.with_name(f"9999-{path.name}")
    other.write_bytes(path.read_bytes())
    return other


def test_two_successful_logs_of_one_task_are_not_chosen_between(lab):
    copy_of_tool_format(lab.evals("good"))
    with pytest.raises(EvidenceError, match="two successful logs of tool_format"):
        read_folder(lab.evals("good"))


def test_a_log_that_failed_gives_way_to_one_that_succeeded(lab):
    def fail(log: EvalLog) -> None:
        log.status = "error"

    folder = lab.change("good", fail, tasks="tool-format")
    good = next(lab.evals("good").glob("*tool-format*"))
    (folder / f"0000-{good.name}").write_bytes(good.read_bytes())
    assert read_folder(folder)["tool_format"].status == "success"


# --- which logs are read: files and folders, as Inspect's users have them --------------------------------------------


def as_json(lab, name: str) -> Path:
    """An arm's logs as `--log-format json` writes them, with other JSON beside them."""
    folder = lab.logs / "json" / name
    folder.mkdir(parents=True)
    for path in lab.evals(name).glob("*.eval"):
        write_eval_log(read_eval_log(str(path)), str(folder / f"{path.stem}.json"))
    seal(folder)
    (folder / "logs.json").write_text("{}")
    return folder


def test_logs_in_json_are_the_same_logs_and_as_good_as_evidence(lab, policy):
    folder = as_json(lab, "good")
    plain, told = read_folder(lab.evals("good")), read_folder(folder)
    assert {task: log.samples for task, log in told.items()} == {task: log.samples for task, log in plain.items()}
    assert [log.settings for log in told.values()] == [log.settings for log in plain.values()]
    assert lab.judge(policy, "base", folder).outcome is GateOutcome.PROMOTE


def test_a_log_by_itself_and_logs_in_subfolders_are_read(lab):
    (one,) = lab.evals("good").glob("*tool-format*")
    assert read_folder(one).keys() == {"tool_format"}
    below = lab.logs / "outer" / "inner"
    shutil.copytree(lab.evals("good"), below)
    assert read_folder(lab.logs / "outer").keys() == {"tool_format", "known_issues"}
    rows = compare(one, next(lab.evals("old").glob("*tool-format*")))
    assert {row.task for row in rows} == {"tool_format"}


def test_logs_of_two_models_are_never_taken_for_one(lab, policy):
    """As in Inspect's own ./logs: one model's best task must not stand beside another's."""
    mixed = lab.logs / "mixed"
    mixed.mkdir()
    for name, kind in (("good", "tool-format"), ("old", "known-issues"), ("old", "tool-format")):
        (path,) = lab.evals(name).glob(f"*{kind}*")
        shutil.copy(path, mixed / f"{name}-{path.name}")
    with pytest.raises(EvidenceError, match=r"logs of several models \(vllm//logs/runs/good/merged, .*/old/merged\)"):
        read_folder(mixed)
    assert lab.judge(policy, "base", mixed).outcome is GateOutcome.INVALID
    assert [(model["tool_format"].model, len(model)) for model in read_models(mixed)] == [("aj-good", 1), ("aj-old", 2)]
    assert {row.model for row in rank(entries([mixed]))} == {"aj-good", "aj-old"}


def test_of_two_logs_of_a_task_the_board_shows_the_newest_that_succeeded(lab):
    def fail(log: EvalLog) -> None:
        log.status = "error"

    folder = lab.change("good", fail, tasks="tool-format")
    (path,) = folder.glob("*tool-format*")
    path.rename(path.with_name(f"9999-{path.name}"))
    shutil.copy(next(lab.evals("good").glob("*tool-format*")), folder)
    (model,) = read_models(folder)
    assert model["tool_format"].status == "success"
