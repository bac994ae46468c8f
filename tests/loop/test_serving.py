"""What is judged is what is served: tiny models through both 32B recipes, unmerged, with real servers.

Only the base's path, the rank and the warm-up of a single step are changed in the recipes. vLLM's CPU build serves
adapters and NF4 bases as well.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from inspect_ai.log import EvalLog, read_eval_log

from aj.contract import load_contract
from aj.messages import Call, Message, Row, reply, result, user
from aj.wire import render_prompt
from evals.suite import TASKS
from tests.train.tiny import make_pair, make_row, write_dataset
from train.base import load_tokenizer, materialise
from train.resolve import load_recipe
from train.run import quiet_environment
from train.tokens import IGNORE, encode_prompt, encode_row

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
COMMIT = "711ad2ea6aa40cfca18895e8aca02ab92df1a746"
CONTRACT = load_contract("aj")
R1_TOKENS = {"bos_token": "<｜begin▁of▁sentence｜>", "eos_token": "<｜end▁of▁sentence｜>"}
R1_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}{% elif m.role == 'user' %}"
    "{{ '<｜User｜>' + m.content }}{% else %}{{ '<｜Assistant｜>' + m.content + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<｜Assistant｜><think>\\n' }}{% endif %}"
)
"""Like that of R1 models: it opens a thought, which the project's own template for them does not."""

quiet_environment()


@dataclass(frozen=True, slots=True)
class Lab:
    """A run of one of the recipes, and where it was made."""

    logs: Path
    run: Path
    tokenizer: Any

    def aj(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("aj")), *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"AJ_LOGS": str(self.logs), "HF_HUB_CACHE": str(self.logs / "hub")}

    def evaluate(self, name: str) -> dict[str, EvalLog]:
        """The logs of one sample a task, by task."""
        # A random model fills whatever room it is given, and a reasoning one has 4,352 tokens.
        done = self.aj("eval", name, "--limit", "1", "-T", "reasoning=false")
        assert done.returncode == 0, done.stderr[-3000:]
        logs = [read_eval_log(str(path)) for path in Path(done.stdout.strip().splitlines()[-1]).glob("*.eval")]
        return {log.eval.task.rpartition("/")[2]: log for log in logs}

    @contextmanager
    def server(self, *words: str) -> Iterator[str]:
        """The address of `aj serve`, which ends with the block."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [str(Path(sys.executable).with_name("aj")), "serve", *words, "--port", str(port)]
        with (self.logs / "server.txt").open("w") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=output, stderr=output)
            try:
                address = f"http://127.0.0.1:{port}"
                while not answers(address):
                    assert process.poll() is None, (self.logs / "server.txt").read_text()[-3000:]
                    time.sleep(1)
                yield address
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def answers(address: str) -> bool:
    try:
        return urllib.request.urlopen(f"{address}/health").status == 200
    except (urllib.error.URLError, ConnectionError):
        return False


def ask(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    return json.loads(urllib.request.urlopen(request, timeout=120).read())


def write_base(folder: Path, r1: bool) -> Path:
    """A Qwen2 of two layers with random weights, and the embedded base's tokenizer; `r1` gives it R1's tokens."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen2Config

    tokenizer = load_tokenizer(materialise(), "chatml")
    if r1:
        tokenizer.add_special_tokens(R1_TOKENS)
        tokenizer.add_tokens(["<｜User｜>", "<｜Assistant｜>", "<think>", "</think>"])
        tokenizer.chat_template = R1_TEMPLATE
    torch.manual_seed(0)
    sizes = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 16384}
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = Qwen2Config(**sizes, **heads, **ends, vocab_size=len(tokenizer), initializer_range=0.2)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    # As Qwen's own file does; a server that obeys it answers otherwise than the eval's settings say.
    model.generation_config.update(do_sample=True, temperature=0.7, repetition_penalty=1.5)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_lab(logs: Path, recipe: str, base: str, template: str, folder: Path, **changes: Any) -> Lab:
    """Train the recipe with `aj train`, on a base in `folder` that the recipe knows as `base`."""
    given = load_recipe(ROOT / "train" / "recipes" / f"{recipe}.yaml").model_dump(mode="json")
    given |= {"base": base, "lora": {**given["lora"], "rank": 4}, **changes}
    given["dpo"]["warmup"] = 0.0  # four pairs are one step
    (logs / "recipe.yaml").write_text(yaml.safe_dump(given))
    hosts = ["web01", "web02", "db17", "cache3"]
    data = write_dataset(make(logs / "data"), [*map(make_row, hosts), thoughtful()], [make_pair(h) for h in hosts])
    lab = Lab(logs, logs, load_tokenizer(folder, template))
    done = lab.aj("train", str(logs / "recipe.yaml"), "--data", str(data))
    assert done.returncode == 0, done.stderr[-3000:]
    return Lab(logs, Path(done.stdout.strip().splitlines()[-1]), lab.tokenizer)


def make(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def thoughtful() -> Row:
    call = Message("assistant", call=Call("remote_bash", {"agent_id": "web01", "command": "uptime"}, None, "Its load."))
    return Row((user("load of web01?"), call, result("remote_bash", "load average: 0.10"), reply("`web01`: 0.10.")))


@pytest.fixture(scope="module", params=["qwen2.5-32b", "r1-distill-qwen-32b"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A run of each 32B recipe: of a base in a folder, and of one from the hub, which is in its cache by its commit."""
    logs = tmp_path_factory.mktemp("logs")
    if request.param == "qwen2.5-32b":
        folder = write_base(logs / "base", r1=False)
        return make_lab(logs, request.param, str(folder), "chatml", folder)
    snapshot = logs / "hub" / "models--org--tiny-r1" / "snapshots" / COMMIT
    folder = write_base(snapshot, r1=True)
    return make_lab(logs, request.param, f"org/tiny-r1@{COMMIT}", "deepseek-r1", folder)


@pytest.fixture(scope="module")
def judged(lab: Lab) -> dict[str, EvalLog]:
    return lab.evaluate(lab.run.name)


def test_the_run_is_an_adapter_that_is_not_merged(lab: Lab):
    manifest = json.loads((lab.run / "manifest.json").read_text())
    assert manifest["merged"] is None
    assert (manifest["serving"]["quantization"], manifest["serving"]["rank"]) == ("nf4", 4)
    assert {line["stage"] for line in map(json.loads, (lab.run / "metrics.jsonl").read_text().splitlines())} == {
        "SFT",
        "DPO",
    }


def test_the_eval_asks_the_adapter_on_its_nf4_base_with_its_template(lab: Lab, judged: dict[str, EvalLog]):
    assert set(judged) == set(TASKS)
    manifest = json.loads((lab.run / "manifest.json").read_text())
    for log in judged.values():
        assert log.status == "success"
        assert log.eval.model.endswith(f":{lab.run / 'adapter'}")
        assert log.eval.model_args["quantization"] == "bitsandbytes"
        assert log.eval.metadata
        assert log.eval.metadata["serving"]["model"] == manifest["serving"]
        assert {event.output.model for event in replies(log)} == {str(lab.run / "adapter")}, "not the bare base"


def replies(log: EvalLog) -> list[Any]:
    return [event for sample in log.samples or [] for event in sample.events if event.event == "model"]


def test_what_rows_train_and_what_the_server_asks_with_are_the_same_tokens(lab: Lab):
    name = f"{json.loads((lab.run / 'manifest.json').read_text())['name']}-{lab.run.name}"
    with lab.server(lab.run.name) as address:
        listed = {card["id"]: card for card in ask(f"{address}/v1/models")["data"]}
        assert listed[name]["root"] == str(lab.run / "adapter")
        for row in (make_row("web01"), thoughtful()):
            trained = encode_row(row, CONTRACT, lab.tokenizer)
            for end in (1, 3):
                prompt = render_prompt(row.messages[:end], CONTRACT)
                served = ask(f"{address}/tokenize", {"model": name, "messages": prompt})["tokens"]
                assert served == encode_prompt(prompt, lab.tokenizer) == trained.input_ids[: len(served)]
                assert trained.labels[len(served)] != IGNORE, "the answer begins where the server's prompt ends"
        body = {"model": name, "messages": prompt, "temperature": 0, "max_tokens": 8}
        assert ask(f"{address}/v1/chat/completions", body)["usage"]["prompt_tokens"] == len(served)


def test_the_gate_finds_nothing_wrong_with_how_base_and_run_were_served(lab: Lab, judged: dict[str, EvalLog]):
    lab.evaluate(f"base:{lab.run.name}")
    verdict = json.loads(lab.aj("gate", *arms(lab), "--format", "json").stdout)
    assert verdict["outcome"] == "INVALID"  # one sample a task is no evidence
    assert not [reason for reason in verdict["reasons"] if "serving" in reason or "arguments" in reason]


def arms(lab: Lab) -> list[str]:
    """The folders of the base's eval and of the run's."""
    told = {json.loads(path.read_text())["model"]: str(path.parent) for path in lab.logs.glob("evals/*/done.json")}
    return [told[name] for name in sorted(told, key=lambda name: lab.run.name[:6] in name)]


def test_plain_inspect_asks_the_same_model_in_the_same_way(lab: Lab, judged: dict[str, EvalLog]):
    """Its log says whose answers it holds, and they are those of `aj eval`."""
    command = [str(Path(sys.executable).with_name("inspect")), "eval", "evals/tool_format.py", "--model"]
    options = ["-T", "suite=small", "--limit", "1", "--log-dir", str(lab.logs / "plain"), "--display", "plain"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = lab.environment | {"PATH": path}
    done = subprocess.run(
        [*command, f"aj/{lab.run}", *options], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    log, other = read_eval_log(str(next((lab.logs / "plain").glob("*.eval")))), judged["tool_format"]
    assert [reply.output.completion for reply in replies(log)] == [reply.output.completion for reply in replies(other)]
    assert log.eval.metadata
    assert other.eval.metadata
    for key in ("serving", "run", "adapter", "dataset"):
        assert log.eval.metadata[key] == other.eval.metadata[key], key


def test_the_embedded_base_unmerged_is_evaluated_as_well(tmp_path: Path):
    shutil.copytree(materialise(), tmp_path / "models" / "smollm2-135m")
    lab = make_lab(
        tmp_path, "smollm2-135m", "smollm2-135m", "chatml", tmp_path / "models" / "smollm2-135m",
        export={"merge": False},
    )  # fmt: skip
    logs = lab.evaluate(lab.run.name)
    assert {log.status for log in logs.values()} == {"success"}
    assert {log.eval.model for log in logs.values()} == {f"vllm/{materialised(lab)}:{lab.run / 'adapter'}"}


def materialised(lab: Lab) -> Path:
    return lab.logs / "models" / "smollm2-135m"
