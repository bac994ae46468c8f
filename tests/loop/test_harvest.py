"""Real logs of reference agents on the practice suite give pairs; logs of the gate's split give nothing."""

import importlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalError, read_eval_log, write_eval_log
from typer.testing import CliRunner

from aj.contract import load_contract
from aj.errors import DataError
from aj.messages import Pair, Row, read_pairs, read_rows
from aj.wire import judge_call
from evals.frozen import dataset
from evals.reference import reference
from evals.suite import LOOPED
from loop.commands.main import app
from loop.harvest import harvest
from scenarios.catalogue import templates
from scorers.checks.replies import check_reply
from scorers.checks.rows import check_pair, check_row

pytestmark = pytest.mark.loop  # runs real Inspect evals

AJ = load_contract()


def _task(name: str, suite: str) -> Task:
    """Some samples of each mode and layout."""
    task = getattr(importlib.import_module(f"evals.{name}"), name)(suite=suite)
    seen: Counter[tuple[str, str]] = Counter()

    def wanted(sample: Sample) -> bool:
        form = ((sample.metadata or {})["mode"], (sample.metadata or {})["layout"])
        seen[form] += 1
        return seen[form] <= 2 if name == "tool_format" else seen[form] % 12 == 0

    task.dataset = task.dataset.filter(wanted)[:10]
    return task


def _log(folder: Path, agent: str, task: Task) -> Path:
    solver = reference(agent, task.name in LOOPED)
    (log,) = eval(task, solver=solver, model=None, log_dir=str(folder), display="none", log_realtime=False)
    assert log.status == "success", log.error
    return Path(log.location)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Callable[[str, str, str], Path]:
    """The log of an agent on some samples of a task, run once."""
    logs: dict[tuple[str, str, str], Path] = {}

    def get(agent: str, task: str, suite: str = "practice") -> Path:
        key = (agent, task, suite)
        if key not in logs:
            logs[key] = _log(tmp_path_factory.mktemp("logs"), agent, _task(task, suite))
        return logs[key]

    return get


def _harvested(log: Path, output: Path) -> tuple[list[Pair], dict[str, int]]:
    funnel = harvest([log], output)
    assert funnel["read"] == sum(n for name, n in funnel.items() if name != "read")
    return read_pairs(output), funnel


@pytest.mark.parametrize("task", ["tool_format", "task_success"])
def test_every_failing_sample_gives_what_is_right_against_what_was_said(made, tmp_path, task):
    pairs, funnel = _harvested(made("old_format", task), tmp_path / "pairs.jsonl")
    assert funnel == {"read": 10, "kept": 10}
    for pair in pairs:
        assert check_row(Row((*pair.messages, pair.chosen), pair.mode, pair.layout), AJ) == []
        assert check_reply(pair.rejected, AJ, pair.mode)
        assert check_pair(pair, AJ) == []
        assert pair.metadata["pattern"] in ("wrong_output_format", "plan_as_dict")
    assert {pair.mode for pair in pairs} == ({"step", "chat", "plan", "intent"} if task == "tool_format" else {"step"})


def test_a_pair_tells_where_it_comes_from_and_is_of_the_training_split_alone(made, tmp_path):
    log = made("old_format", "task_success")
    pairs, _ = _harvested(log, tmp_path / "pairs.jsonl")
    asked = {sample.id for sample in dataset("task_success", "practice", "aj")}
    for pair in pairs:
        told = pair.metadata
        assert (told["source"], told["log"], told["task"]) == ("harvest", log.name, "task_success")
        assert (told["model"], told["code"]) == ("none/none", "action_key")
        assert told["sample"] in asked
        known = [name for name in told["templates"] if name in templates()]
        assert known
        assert all(templates()[name].split == "train" for name in known)


def test_what_passes_gives_no_pair(made, tmp_path):
    assert _harvested(made("oracle", "task_success"), tmp_path / "pairs.jsonl") == ([], _funnel(read=10, passed=10))


@pytest.mark.parametrize("task", ["tool_format", "task_success"])
def test_what_passes_gives_a_row_where_rows_are_asked_for(made, tmp_path, task):
    log, rows = made("oracle", task), tmp_path / "right.jsonl"
    funnel = harvest([log, log], tmp_path / "pairs.jsonl", right=rows)
    kept = read_rows(rows)
    assert len(kept) == funnel["kept"] == funnel["duplicate"] > 7
    assert funnel["read"] == sum(count for name, count in funnel.items() if name != "read") == 20
    assert read_pairs(tmp_path / "pairs.jsonl") == []
    for row in kept:
        assert check_row(row, AJ) == []
        assert (row.metadata["source"], row.metadata["teacher"]) == ("harvest", "none/none")
        assert all(templates()[name].split == "train" for name in row.metadata["templates"] if name in templates())
    if task == "task_success":
        assert max(len(row.messages) for row in kept) > 4


def test_a_wrong_sample_gives_a_pair_and_no_row(made, tmp_path):
    log, rows = made("old_format", "task_success"), tmp_path / "right.jsonl"
    assert harvest([log], tmp_path / "pairs.jsonl", right=rows) == {"read": 10, "kept": 10}
    assert (len(read_pairs(tmp_path / "pairs.jsonl")), read_rows(rows)) == (10, [])


def _funnel(**counts: int) -> dict[str, int]:
    return {"read": 0, "kept": 0} | counts


def test_of_many_steps_the_first_wrong_one_is_corrected_after_the_right_ones(made, tmp_path):
    pairs, _ = _harvested(made("restarts_all", "task_success"), tmp_path / "pairs.jsonl")
    later = [pair for pair in pairs if len(pair.messages) > 1]
    assert later
    for pair in later:
        assert pair.messages[-1].role == "tool"
        said = judge_call(pair.rejected, AJ).call
        assert said
        assert (said.tool, "systemctl restart" in said.params["command"]) == ("remote_bash_all", True)
        assert pair.chosen.call != said
        assert check_row(Row((*pair.messages, pair.chosen)), AJ) == []


def test_the_same_failure_in_two_logs_is_kept_once(made, tmp_path):
    log = made("old_format", "task_success")
    funnel = harvest([log, log], tmp_path / "pairs.jsonl")
    assert funnel == {"read": 20, "kept": 10, "duplicate": 10}


def test_a_log_of_the_gates_samples_is_refused_with_one_sentence_and_nothing_is_written(made, tmp_path):
    output = tmp_path / "pairs.jsonl"
    logs = [str(made("old_format", "task_success", suite)) for suite in ("practice", "small")]
    done = CliRunner().invoke(app, ["harvest", *logs, "--output", str(output)])
    assert isinstance(done.exception, DataError)
    assert done.exception.exit_code == 4
    assert "10 of its 10 samples are not from the training split" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_sample_of_the_gates_split_that_says_it_is_not_is_refused_too(made, tmp_path):
    log = read_eval_log(str(made("old_format", "task_success", "small")))
    for sample in log.samples or []:
        sample.metadata["split"] = "train"
    write_eval_log(log, str(tmp_path / "relabelled.eval"))
    with pytest.raises(DataError, match="what the gate asks must not be trained on"):
        harvest([tmp_path / "relabelled.eval"], tmp_path / "pairs.jsonl")
    assert not (tmp_path / "pairs.jsonl").exists()


def test_a_log_of_another_contract_is_refused(made, tmp_path):
    log = read_eval_log(str(made("old_format", "task_success")))
    log.eval.metadata = {**(log.eval.metadata or {}), "contract": "0ther"}
    write_eval_log(log, str(tmp_path / "other.eval"))
    with pytest.raises(DataError, match="made under another contract"):
        harvest([tmp_path / "other.eval"], tmp_path / "pairs.jsonl")


def test_a_conversation_that_the_fleet_no_longer_gives_is_counted_and_not_learned(made, tmp_path):
    log = read_eval_log(str(made("restarts_all", "task_success")))
    for sample in log.samples or []:
        for message in sample.messages[len(sample.input) :]:
            if message.role == "user":
                message.content = "Result: another world"
    write_eval_log(log, str(tmp_path / "moved.eval"))
    pairs, funnel = _harvested(tmp_path / "moved.eval", tmp_path / "pairs.jsonl")
    assert funnel["rejected:world_changed"] > 0
    assert all(len(pair.messages) == 1 for pair in pairs)


def test_an_unscored_sample_is_counted_and_a_right_text_is_not_rejected_for_itself(made, tmp_path):
    log = read_eval_log(str(made("oracle", "tool_format")))
    samples = log.samples or []
    samples[0].scores = {}
    for sample in samples[1:]:
        for score in (sample.scores or {}).values():
            score.metadata = {"code": "wrong_tool", "findings": []}
    write_eval_log(log, str(tmp_path / "doubtful.eval"))
    pairs, funnel = _harvested(tmp_path / "doubtful.eval", tmp_path / "pairs.jsonl")
    assert funnel["unscored"] == 1
    assert funnel["rejected:same_text"] + len(pairs) == 9
    assert funnel["rejected:same_text"] > 5


def test_what_a_limit_or_an_error_stopped_is_left_out_and_counted(tmp_path):
    task = _task("tool_format", "practice")
    solver = reference("old_format", loop=False)
    (log,) = eval(
        task, solver=solver, model=None, log_dir=str(tmp_path), display="none", log_realtime=False, time_limit=0
    )
    assert {sample.limit.type for sample in log.samples or [] if sample.limit} == {"time"}
    assert _harvested(Path(log.location), tmp_path / "pairs.jsonl") == ([], _funnel(read=10, interrupted=10))
    assert log.samples
    log.samples[0].limit, log.samples[0].error = None, EvalError(message="reset", traceback="", traceback_ansi="")
    write_eval_log(log, str(tmp_path / "error.eval"))
    assert _harvested(tmp_path / "error.eval", tmp_path / "pairs.jsonl")[1]["interrupted"] == 10


def test_an_empty_folder_and_an_unknown_task_are_named(tmp_path, made):
    with pytest.raises(DataError, match="contains no eval logs"):
        harvest([tmp_path], tmp_path / "pairs.jsonl")
    log = read_eval_log(str(made("old_format", "task_success")))
    log.eval.task = "arithmetic"
    write_eval_log(log, str(tmp_path / "sums.eval"))
    with pytest.raises(DataError, match="arithmetic is none of tool_format"):
        harvest([tmp_path / "sums.eval"], tmp_path / "pairs.jsonl")
