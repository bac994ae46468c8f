"""A server of two scripted models, a run and its base, for tests that ask models through Inspect."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import pytest
import yaml

from aj.contract import load_contract
from aj.files import digest_file, digest_weights, write_json, write_jsonl
from train.serve import base_served, find_served

RUN = "abc123"
GOOD = '{"tool": "list_agents", "params": {}}'
BAD = "well, well"


@dataclass
class Scripted:
    """What each model replies, to anything or to a conversation, and how often each prompt was asked of it."""

    address: str = ""
    replies: dict[str, str | Callable[[list[Any]], str]] = field(default_factory=dict)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    interrupts: int | None = None
    """The process that is interrupted at the request with the number `after`."""
    after: int = 0
    counting: Any = field(default_factory=Lock)

    def count(self, model: str) -> int:
        return sum(count for (name, _), count in self.asked.items() if name == model)


@cache
def running() -> Scripted:
    """One address for all tests of a process, while it lives: Inspect remembers where a model is served."""
    told = Scripted()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            models = [{"id": name, "max_model_len": 4096} for name in told.replies]
            self._send(json.dumps({"object": "list", "data": models}))

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with told.counting:  # each request has a thread
                told.asked[asked["model"], json.dumps(asked["messages"])] += 1
                if told.interrupts and told.asked.total() == told.after:
                    os.kill(told.interrupts, signal.SIGINT)
            reply = told.replies[asked["model"]]
            message = {"role": "assistant", "content": reply if isinstance(reply, str) else reply(asked["messages"])}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            about = {"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"]}
            if asked.get("stream"):
                choice["delta"] = choice.pop("message")
                chunk = json.dumps(about | {"object": "chat.completion.chunk", "choices": [choice], "usage": usage})
                self._send(f"data: {chunk}\n\ndata: [DONE]\n\n", "text/event-stream")
            else:
                self._send(json.dumps(about | {"choices": [choice], "usage": usage}))

        def _send(self, text: str, kind: str = "application/json") -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=http.serve_forever, daemon=True).start()
    told.address = f"http://127.0.0.1:{http.server_port}/v1"
    return told


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    scripted = running()
    monkeypatch.setenv("VLLM_BASE_URL", scripted.address)
    scripted.asked.clear()
    return scripted


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


def write_policy(path: Path, rule: dict[str, Any]) -> Path:
    evidence = {"min_samples": 25, "max_errors": 0.02, "max_unscored": 0.02}
    policy = {"confidence": 0.95, "evidence": evidence, "metrics": {"tool_format/valid": rule}}
    path.write_text(yaml.safe_dump(policy))
    return path
