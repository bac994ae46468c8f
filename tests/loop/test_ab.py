"""The sequential A/B through Inspect: a server of two scripted models is asked batch by batch until the verdict."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import read_eval_log, write_eval_log
from typer.testing import CliRunner

from aj.files import write_json
from evals.frozen import dataset
from loop import ab
from loop import evaluate as evaluating
from loop.board import finished_evals
from loop.commands.main import app
from loop.targets import find_target
from tests.loop.scripted import BAD, GOOD, RUN, write_policy
from tests.loop.scripted import logs as logs
from tests.loop.scripted import server as server
from verdict.samples import DONE

pytestmark = pytest.mark.loop


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return write_policy(tmp_path / "policy.yaml", {"margin": 0.18})


def compare(policy: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["ab", f"base:{RUN}", RUN, "--policy", str(policy), *words])


def told(policy: Path) -> tuple[int, dict[str, Any]]:
    done = compare(policy, "--format", "json")
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done.exit_code, json.loads(done.stdout)


ALL = len(dataset("tool_format", "small", "aj"))


def test_a_clearly_better_candidate_is_promoted_at_the_first_look(logs, server, policy):
    code, found = told(policy)
    assert (code, found["outcome"], len(found["looks"])) == (0, "PROMOTE", 1)
    assert found["reasons"] == ["all 1 checks passed."]
    asked = found["looks"][0]["asked"]
    assert asked <= 0.3 * ALL
    assert server.count("tiny") == server.count(f"x-{RUN}") == asked
    assert found["saved"][f"x ({RUN})"]["samples"] == ALL
    assert finished_evals() == [], "no board takes a batch for a whole eval"


def test_a_clearly_worse_candidate_is_rejected_at_the_first_look(logs, server, policy):
    server.replies = {"tiny": GOOD, f"x-{RUN}": BAD}
    done = compare(policy)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "REJECT"
    assert "tool_format/valid: change -" in done.stdout
    assert re.fullmatch(rf"x \({RUN}\): \d+ of {ALL} samples \(\d+%\), [\d.]+ of about [\d.]+ minutes\.", lines[-1])


def test_an_interrupted_comparison_goes_on_with_what_is_missing_and_one_that_stays_open_asks_everything(
    logs, server, tmp_path
):
    server.replies = {"tiny": GOOD, f"x-{RUN}": GOOD}
    policy = write_policy(tmp_path / "narrow.yaml", {"margin": 0.03})
    command = [Path(sys.executable).with_name("aj"), "ab", f"base:{RUN}", RUN, "--policy", policy]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        server.interrupts, server.after = process.pid, 3 * (ALL // 4) + 10
        said = process.communicate(timeout=300)[1]
    assert process.returncode == 130, said
    assert "look 1 of 4: " in said
    server.interrupts = None
    first = dict(server.asked)
    finished = [path.parent for path in sorted(logs.glob(f"batches/*/*/{DONE}"))]
    assert 2 <= len(finished) <= 3
    code, found = told(policy)
    assert (code, found["outcome"], len(found["looks"])) == (2, "INCONCLUSIVE", 4), found["reasons"]
    assert found["looks"][-1]["asked"] == ALL
    assert "not shown either way" in found["reasons"][0]
    assert set(server.asked.values()) <= {1, 2}, "only what was under way when the interrupt came is asked twice"
    again = [prompt for prompt, count in server.asked.items() if count == 2]
    assert len(again) <= 16, again
    assert all(prompt in first for prompt in again)
    before = server.asked.total()
    assert told(policy)[0] == 2
    assert server.asked.total() == before, "what was asked is not asked again"


def test_a_changed_batch_is_no_evidence(logs, server, policy):
    assert told(policy)[0] == 0
    (batch,) = (path.parent for path in logs.glob(f"batches/*/*/{DONE}") if RUN in path.read_text())
    (log,) = batch.glob("*.eval")
    changed = read_eval_log(str(log))
    assert changed.samples
    changed.samples[0].output.completion = "another reply"
    write_eval_log(changed, str(log))
    code, found = told(policy)
    assert (code, found["outcome"]) == (3, "INVALID")
    assert "it was changed after it was written" in found["reasons"][0]
    gated = CliRunner().invoke(app, ["gate", str(batch), str(batch), "--policy", str(policy)])
    assert gated.exit_code == 3
    assert "samples of the suite small are not in it" in gated.stdout


def test_a_finished_whole_eval_is_taken_as_it_is(logs):
    target = find_target(RUN)
    assert ab.named(RUN, target, "small").target == target
    folder = evaluating.eval_folder(target, "small")
    write_json(folder / DONE, {})
    assert ab.named(RUN, target, "small") == ab.Answering(target.name, folder)


def test_a_policy_of_an_unknown_task_and_a_suite_that_is_not_frozen_are_errors(logs, policy):
    assert "give --suite small or --suite full" in str(compare(policy, "--suite", "practice").exception)
    policy.write_text(policy.read_text().replace("tool_format", "tool_from"))
    assert "The policy gates tool_from, which is no task" in str(compare(policy).exception)
