"""The sequential A/B through Inspect: a server of two scripted models is asked batch by batch until the verdict."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import pytest
import yaml
from inspect_ai.log import read_eval_log, write_eval_log
from typer.testing import CliRunner

from aj.contract import load_contract
from aj.files import digest_file, digest_weights, write_json, write_jsonl
from evals.frozen import dataset
from evals.suite import TASKS
from loop import ab, early
from loop import evaluate as evaluating
from loop.board import finished_evals
from loop.commands.main import app
from loop.targets import find_target
from train.serve import base_served, find_served
from verdict.gate import GateOutcome, gate
from verdict.policy import load_policy
from verdict.samples import DONE
from verdict.scores import read_folder

pytestmark = pytest.mark.loop
RUN = "abc123"
GOOD = '{"tool": "list_agents", "params": {}}'
BAD = "well, well"


@dataclass
class Scripted:
    """What each model replies, and how often each prompt was asked of it."""

    address: str = ""
    replies: dict[str, str] = field(default_factory=dict)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    interrupts: int | None = None
    """The process that is interrupted at the request with the number `after`."""
    after: int = 0
    counting: Any = field(default_factory=Lock)

    def count(self, model: str) -> int:
        return sum(count for (name, _), count in self.asked.items() if name == model)


@pytest.fixture(scope="module")
def running() -> Iterator[Scripted]:
    """One address for all tests: Inspect remembers where a model is served."""
    told = Scripted()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send({"object": "list", "data": [{"id": name, "max_model_len": 4096} for name in told.replies]})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with told.counting:  # each request has a thread
                told.asked[asked["model"], json.dumps(asked["messages"])] += 1
                if told.interrupts and told.asked.total() == told.after:
                    os.kill(told.interrupts, signal.SIGINT)
            message = {"role": "assistant", "content": told.replies[asked["model"]]}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            about = {"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"]}
            self._send(about | {"choices": [choice], "usage": usage})

        def _send(self, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        told.address = f"http://127.0.0.1:{http.server_port}/v1"
        yield told
        http.shutdown()


@pytest.fixture
def server(running: Scripted, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setenv("VLLM_BASE_URL", running.address)
    running.asked.clear()
    return running


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Scripted) -> Path:
    """A finished run that was trained on two rows, and its base; the server knows both."""
    folder = tmp_path / "logs"
    monkeypatch.setenv("AJ_LOGS", str(folder))
    base, run, data = tmp_path / "tiny", folder / "runs" / RUN, folder / "datasets" / "d1"
    for model, weights in ((base, b"base"), (run / "adapter", b"adapter"), (run / "merged", b"merged")):
        model.mkdir(parents=True)
        (model / ("adapter_" * (model.name == "adapter") + "model.safetensors")).write_bytes(weights)
        (model / "config.json").write_text("{}")
    (run / "adapter" / "adapter_config.json").write_text('{"r": 16}')
    (run / "recipe.yaml").write_text(yaml.safe_dump({"contract": "aj", "export": {"merge": True}}))
    for name in ("sft", "dpo"):
        row = {"messages": [{"role": "user", "content": f"a request of {name}"}], "metadata": {"templates": [name]}}
        write_jsonl(data / f"{name}.jsonl", [row])
    files = {f"{name}.jsonl": digest_file(data / f"{name}.jsonl") for name in ("sft", "dpo")}
    write_json(data / "lock.json", {"hash": "d1", "name": "x", "templates": ["dpo", "sft"], "files": files})
    manifest = {"hash": RUN, "name": "x", "dataset": "d1", "files": files, "contract": load_contract("aj").hash}
    manifest["base"] = {"name": str(base), "revision": find_served(base).revision}
    manifest |= {"adapter": digest_weights(run / "adapter"), "merged": digest_weights(run / "merged")}
    write_json(run / "manifest.json", manifest)
    manifest["base"]["serving"] = base_served(run).about()
    write_json(run / "manifest.json", manifest | {"serving": find_served(run).about()})
    server.replies = {"tiny": BAD, f"x-{RUN}": GOOD}
    return folder


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return write_policy(tmp_path / "policy.yaml", {"margin": 0.18})


def write_policy(path: Path, rule: dict[str, Any]) -> Path:
    evidence = {"min_samples": 25, "max_errors": 0.02, "max_unscored": 0.02}
    policy = {"confidence": 0.95, "evidence": evidence, "metrics": {"tool_format/valid": rule}}
    path.write_text(yaml.safe_dump(policy))
    return path


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


@pytest.mark.timeout(600)
def test_a_candidate_that_is_not_rejected_early_is_asked_for_the_rest_alone(logs, server, tmp_path):
    server.replies = {"tiny": GOOD, f"x-{RUN}": GOOD}
    reference, target = evaluating.evaluate(find_target(f"base:{RUN}"), "small"), find_target(RUN)
    narrow, steps = load_policy(write_policy(tmp_path / "narrow.yaml", {"margin": 0.03})), []
    folder = early.evaluate_or_reject(reference, target, narrow, "small", steps.append)
    assert folder == evaluating.eval_folder(target, "small")
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
    assert early.evaluate_or_reject(reference, target, narrow, "small", steps.append) == folder
    assert gate(reference, folder, narrow, logs).outcome is GateOutcome.INCONCLUSIVE
    assert (len(steps), finished_evals()) == (4, sorted([reference, folder]))


def test_a_candidate_that_is_rejected_early_has_no_eval_and_is_rejected_again_without_being_asked(logs, server):
    reference = evaluating.evaluate(find_target(f"base:{RUN}"), "small")
    server.replies[f"x-{RUN}"] = "{"
    server.asked.clear()
    found = early.evaluate_or_reject(reference, find_target(RUN), load_policy(), "small")
    assert isinstance(found, ab.Sequential)
    assert found.judged.verdict.outcome is GateOutcome.REJECT
    (saved,) = found.saved.values()
    assert saved.asked < saved.samples
    assert finished_evals() == [reference]
    asked = server.asked.total()
    assert early.evaluate_or_reject(reference, find_target(RUN), load_policy(), "small") == found
    assert server.asked.total() == asked
