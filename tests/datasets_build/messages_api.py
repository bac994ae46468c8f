"""A small stand-in for Anthropic's API, behind the SDK's own transport: Message Batches with their real shapes."""

import json
from collections.abc import Callable
from typing import Any

import anthropic
import httpx2

KEY = "sk-ant-api03-not-a-real-key"
Reply = Callable[[dict[str, Any]], dict[str, Any]]
"""A request of a batch -> the `result` of its line."""


def succeeded(text: str, stop: str = "end_turn", tokens: tuple[int, int] = (1000, 400)) -> dict[str, Any]:
    usage = {
        "input_tokens": tokens[0],
        "output_tokens": tokens[1],
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
    }
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": usage,
    }
    return {"type": "succeeded", "message": message}


def errored(kind: str) -> dict[str, Any]:
    error = {"type": kind, "message": "no"}
    return {"type": "errored", "error": {"type": "error", "error": error, "request_id": None}}


class Provider:
    """Batches by id. Each takes `slow` looks to end; results come last request first."""

    def __init__(self, reply: Reply, slow: int = 0) -> None:
        self.reply, self.slow = reply, slow
        self.batches: dict[str, list[dict[str, Any]]] = {}
        self.looks: dict[str, int] = {}
        self.now = 1_800_000_000.0
        self.seen: list[str] = []
        """method and path of every call"""
        self.before: Callable[[str], httpx2.Response | None] = lambda _: None
        """may answer, or fail, a call before it does anything"""
        self.after_create: Callable[[], None] = lambda: None
        """may fail a creation after it was done"""

    def client(self) -> anthropic.Anthropic:
        transport = httpx2.MockTransport(self._handle)
        return anthropic.Anthropic(api_key=KEY, http_client=httpx2.Client(transport=transport), max_retries=2)

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        call = f"{request.method} {request.url.path}"
        self.seen.append(call)
        assert request.headers["authorization"] == f"Bearer {KEY}"
        if (answer := self.before(call)) is not None:
            return answer
        if call == "POST /v1/messages/batches":
            return self._create(json.loads(request.content))
        if call == "GET /v1/messages/batches":
            data = [self._shown(batch) for batch in reversed(self.batches)]
            return httpx2.Response(200, json={"data": data, "has_more": False, "first_id": None, "last_id": None})
        batch, _, rest = request.url.path.removeprefix("/v1/messages/batches/").partition("/")
        if rest == "results":
            lines = [
                json.dumps({"custom_id": r["custom_id"], "result": self.reply(r)})
                for r in reversed(self.batches[batch])
            ]
            return httpx2.Response(200, content="".join(f"{line}\n" for line in lines).encode())
        self.looks[batch] += 1
        return httpx2.Response(200, json=self._shown(batch))

    def _create(self, body: dict[str, Any]) -> httpx2.Response:
        batch = f"msgbatch_{len(self.batches)}"
        assert len({request["custom_id"] for request in body["requests"]}) == len(body["requests"])
        self.batches[batch], self.looks[batch] = body["requests"], 0
        self.after_create()
        return httpx2.Response(200, json=self._shown(batch))

    def _shown(self, batch: str) -> dict[str, Any]:
        size, ended = len(self.batches[batch]), self.looks[batch] > self.slow
        counts = {
            "processing": 0 if ended else size,
            "succeeded": size if ended else 0,
            "errored": 0,
            "canceled": 0,
            "expired": 0,
        }
        moment = "2027-01-15T08:00:00Z"
        return {
            "id": batch,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": counts,
            "created_at": moment,
            "expires_at": moment,
            "ended_at": moment if ended else None,
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"https://api.anthropic.com/v1/messages/batches/{batch}/results" if ended else None,
        }


def failing(status: int, kind: str, **headers: str) -> httpx2.Response:
    body = {"type": "error", "error": {"type": kind, "message": "no"}}
    return httpx2.Response(status, json=body, headers=headers)
