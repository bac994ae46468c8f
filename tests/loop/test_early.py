"""A model that is asked twice, and a candidate of `aj loop` that is asked batch by batch, through Inspect."""

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from inspect_ai.log import read_eval_log, write_eval_log
from typer.testing import CliRunner

from aj.files import digest_weights
from evals.frozen import dataset
from evals.suite import TASKS
from loop import ab, early, pipeline
from loop import evaluate as evaluating
from loop.board import finished_evals
from loop.commands.main import app
from loop.registry import promote
from loop.targets import find_target
from tests.loop.scripted import BAD, GOOD, RUN, Scripted, write_policy
from tests.loop.scripted import logs as logs
from tests.loop.scripted import server as server
from tests.loop.test_rescore import a_check_changes
from train.serve import find_served
from verdict.gate import GateOutcome, gate, verdict_of
from verdict.policy import load_policy
from verdict.samples import DONE
from verdict.scores import read_folder

pytestmark = [pytest.mark.loop, pytest.mark.timeout(600)]
ALL = len(dataset("tool_format", "small", "aj"))
SMALL = sum(len(dataset(task, "small", "aj")) for task in TASKS)


def test_a_run_that_is_asked_twice_shows_its_noise_and_keeps_its_first_eval(logs, server):
    server.replies[f"x-{RUN}"] = GOOD
    target = find_target(RUN)
    first = evaluating.evaluate(target, "small")
    server.replies[f"x-{RUN}"] = BAD
    done = CliRunner().invoke(app, ["gate", "--aa", RUN, "--format", "json"])
    found = json.loads(done.stdout)
    valid = found["tool_format/valid"]
    assert valid["n"] == ALL
    assert valid["difference"] < -0.5
    assert valid["most"] > 0.05
    assert json.loads((first / "noise.json").read_text()) == found
    assert evaluating.evaluate(target, "small") == first, "nobody chooses between two evals"
    assert finished_evals() == [first]
    asked = server.asked.total()
    assert CliRunner().invoke(app, ["gate", "--aa", RUN]).exit_code == 0
    assert server.asked.total() == asked, "what was asked twice is not asked a third time"


def test_a_candidate_that_is_not_rejected_early_is_asked_for_the_rest_alone(logs, server, tmp_path):
    server.replies = {"tiny": GOOD, f"x-{RUN}": GOOD}
    base, target = find_target(f"base:{RUN}"), find_target(RUN)
    reference = evaluating.evaluate(base, "small")
    narrow, steps = load_policy(write_policy(tmp_path / "narrow.yaml", {"margin": 0.03})), []
    found = early.evaluate_or_reject(base, target, narrow, "small", steps.append)
    folder = found.candidate
    assert found == early.Evaluated(reference, evaluating.eval_folder(target, "small"))
    assert steps[-1].asked == ALL
    whole, batches = (
        {prompt: count for (name, prompt), count in server.asked.items() if name == model}
        for model in ("tiny", f"x-{RUN}")
    )
    assert batches.keys() == whole.keys()
    assert sum(batches.values()) < 1.05 * sum(whole.values()), "no task is asked twice"
    one, other = read_folder(folder), read_folder(reference)
    for task in TASKS:
        assert one[task].samples == other[task].samples
        assert one[task].settings["order of samples"] == other[task].settings["order of samples"]
        assert (one[task].status, one[task].limited) == ("success", False)
    assert early.evaluate_or_reject(base, target, narrow, "small", steps.append) == found
    assert gate(reference, folder, narrow, logs).outcome is GateOutcome.INCONCLUSIVE
    assert (len(steps), finished_evals()) == (4, sorted([reference, folder]))


def test_a_base_is_asked_no_further_than_the_verdict_needs(logs, server, tmp_path):
    server.replies = {"tiny": BAD, f"x-{RUN}": GOOD}
    base, target = find_target(f"base:{RUN}"), find_target(RUN)
    policy = load_policy(write_policy(tmp_path / "policy.yaml", {"margin": 0.18}))
    found = early.evaluate_or_reject(base, target, policy, "small")
    assert found.decided
    assert found.decided.judged.verdict.outcome is GateOutcome.PROMOTE
    assert finished_evals() == [found.candidate]
    assert not early.is_whole(found.reference)
    assert 0 < server.count("tiny") < ALL < SMALL <= server.count(f"x-{RUN}")
    asked = server.asked.total()
    again = early.evaluate_or_reject(base, target, policy, "small")
    assert server.asked.total() == asked
    assert again.decided
    assert again.decided.judged.verdict == found.decided.judged.verdict


def test_two_that_are_asked_to_the_end_have_a_whole_eval_each(logs, server, tmp_path):
    server.replies = {"tiny": GOOD, f"x-{RUN}": GOOD}
    models = find_target(f"base:{RUN}"), find_target(RUN)
    narrow = load_policy(write_policy(tmp_path / "narrow.yaml", {"margin": 0.03}))
    found = early.evaluate_or_reject(*models, narrow, "small")
    wholes = [evaluating.eval_folder(model, "small") for model in models]
    assert [found.reference, found.candidate, found.decided] == [*wholes, None]
    assert finished_evals() == sorted(wholes)
    asked = server.asked.total()
    assert [evaluating.evaluate(model, "small") for model in models] == wholes
    assert server.asked.total() == asked, "no sample is asked again"


@pytest.fixture
def loop(logs: Path, server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command of a loop that makes one row of data; its run is trained already."""
    row = {"instruction": "Who is online?", "response": GOOD}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    data, recipe = tmp_path / "data.yaml", tmp_path / "loop.yaml"
    data.write_text("name: x\nseed: 1\nrows: 1\nparts:\n  old: {kind: converted, count: 1, files: ['a.jsonl']}\n")
    recipe.write_text(f"name: x\ndata: {data}\ntrain: train/recipes/smollm2-135m.yaml\n")
    monkeypatch.setattr(pipeline, "train_in_child", lambda *_: logs / "runs" / RUN)
    return ["loop", str(recipe), "--root", str(tmp_path)]


def test_a_loop_whose_candidate_fails_early_ends_with_its_rejection(logs, server, loop):
    server.replies[f"x-{RUN}"] = "{"
    told = CliRunner().invoke(app, loop).stdout
    lines = told.splitlines()
    (look,) = (line for line in lines if line.startswith("look "))
    assert f" of {SMALL} samples; " in look
    assert "REJECT" in lines
    assert any(line.startswith(f"The eval ended early: x ({RUN}): ") for line in lines)
    for name in ("tiny", f"x ({RUN})"):
        assert any(line.startswith(f"The eval ended early: {name}: ") for line in lines)
    assert finished_evals() == [], "neither was asked wholly"
    tries = [json.loads(line) for line in (logs / "registry" / "tries.jsonl").read_text().splitlines()]
    assert tries == [{"reference": "base", "run": RUN}]
    asked = server.asked.total()
    done = CliRunner().invoke(app, [*loop, "--format", "json"])
    found = json.loads(done.stdout)
    assert (done.exit_code, found["promoted"], found["verdict"]["outcome"]) == (1, False, "REJECT")
    assert found["evals"] == {}
    assert found["saved"].keys() == {"tiny", f"x ({RUN})"}
    for saved in found["saved"].values():
        assert saved["asked"] < saved["samples"] == SMALL
    assert server.asked.total() == asked, "what was asked is not asked again"


def test_a_loop_with_a_champion_asks_it_wholly_and_a_candidate_that_is_worse_only_in_part(
    logs, server, loop, monkeypatch
):
    manifest = json.loads((logs / "runs" / RUN / "manifest.json").read_text())
    unasked = verdict_of(
        GateOutcome.INCONCLUSIVE,
        ["nobody asked"],
        [],
        {},
        {},
        load_policy(pipeline.ROOT / "verdict/policies/default.yaml"),
    )
    passed = replace(unasked, run=RUN, adapter=manifest["adapter"], reference="base")
    promote(logs / "runs" / RUN, passed, reason="one must reign", force=True)
    worse = logs / "runs" / "fed456"
    copytree(logs / "runs" / RUN, worse)
    (worse / "merged" / "model.safetensors").write_bytes(b"others")
    manifest |= {"hash": "fed456", "merged": digest_weights(worse / "merged"), "serving": find_served(worse).about()}
    (worse / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(pipeline, "train_in_child", lambda *_: worse)
    server.replies["x-fed456"] = "{"
    done = CliRunner().invoke(app, loop)
    lines = done.stdout.splitlines()
    assert (done.exit_code, "REJECT" in lines) == (1, True), done.output
    assert f"The champion stays: x ({RUN})." in lines
    assert any(line.startswith("The eval ended early: x (fed456): ") for line in lines)
    assert not any(line.startswith(f"The eval ended early: x ({RUN}): ") for line in lines), "it has a whole eval"
    assert 0 < server.count("x-fed456") < SMALL <= server.count(f"x-{RUN}")
    assert server.count("tiny") == 0, "there is a champion"
    assert [folder.name for folder in finished_evals()] == [evaluating.eval_folder(find_target(RUN), "small").name]
    tries = [json.loads(line) for line in (logs / "registry" / "tries.jsonl").read_text().splitlines()]
    assert tries == [{"reference": RUN, "run": "fed456"}]


def test_a_whole_eval_that_other_checks_graded_is_graded_again_and_not_asked(logs, server, monkeypatch):
    target = find_target(f"base:{RUN}")
    first = evaluating.evaluate(target, "small")
    a_check_changes(monkeypatch)
    server.asked.clear()
    found = ab.named("base", target, "small")
    assert found == ab.Answering(target.name, evaluating.eval_folder(target, "small"))
    assert found.folder != first
    assert server.asked.total() == 0
    assert ab.named("base", target, "small") == found
    assert ab.named(RUN, find_target(RUN), "small").target is not None, "who was never asked has to be"


def test_batches_that_other_checks_graded_are_graded_again_and_not_asked(logs, server, tmp_path, monkeypatch):
    policy = write_policy(tmp_path / "policy.yaml", {"margin": 0.18})
    command = ["ab", f"base:{RUN}", RUN, "--policy", str(policy), "--format", "json"]
    first = json.loads(CliRunner().invoke(app, command).stdout)
    before = {path.parent for path in logs.glob(f"batches/*/*/{DONE}")}
    a_check_changes(monkeypatch)
    server.asked.clear()
    again = json.loads(CliRunner().invoke(app, command).stdout)
    assert server.asked.total() == 0
    assert (again["outcome"], again["looks"], again["saved"]) == (first["outcome"], first["looks"], first["saved"])
    added = {path.parent for path in logs.glob(f"batches/*/*/{DONE}")} - before
    assert {folder.name for folder in added} == {folder.name for folder in before}
    (log,) = next(iter(before)).glob("*.eval")
    changed = read_eval_log(str(log))
    assert changed.samples
    changed.samples[0].output.completion = "another reply"
    write_eval_log(changed, str(log))
    for folder in added:
        rmtree(folder)
    refused = CliRunner().invoke(app, command).exception
    assert "it was changed after it was written" in str(refused), "changed answers are graded by nobody"
