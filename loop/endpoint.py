"""What a model server that runs already says of the model that it answers with."""

import json
import os
from pathlib import Path
from typing import Any

import httpx

from aj.errors import AJError, ServeError
from aj.files import write_json
from loop.targets import Target

SAID = "endpoint.json"
"""What the server said when an eval began: one that is resumed must ask the same model."""


def check_endpoint(target: Target, folder: Path) -> dict[str, Any] | None:
    """Ask the target's server for its model, and write the answer down in the eval's folder; None if we start it.

    Raises:
        ServeError: the server does not serve the run.
        AJError: the eval is unfinished, and began with another model.
    """
    said = None if target.arguments else ask(target.model)
    if target.served and not target.arguments and (said is None or said["id"] != target.served.name):
        raise ServeError(
            f"the server that is asked for {target.model} does not serve {target.served.name}; start it there with "
            "`aj serve`, or let `aj eval` start one (without VLLM_BASE_URL)."
        )
    path = folder / SAID
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else said
    if before != said:
        raise AJError(
            f"{folder} is an unfinished eval of another model (its server said {before}, and now says {said}); delete "
            "that folder, then run again."
        )
    if said and not target.arguments:
        write_json(path, said)
    return said


def ask(model: str) -> dict[str, Any] | None:
    """What `/v1/models` says of an Inspect model: its id, root, context and creation; None if that cannot be asked."""
    provider, _, name = model.partition("/")
    if provider == "openai-api":
        service, _, name = name.partition("/")
        provider = service
    prefix = provider.upper().replace("-", "_")
    url, key = os.environ.get(f"{prefix}_BASE_URL"), os.environ.get(f"{prefix}_API_KEY", "none")
    if not url:
        return None
    try:
        answer = httpx.get(f"{url.rstrip('/')}/models", headers={"Authorization": f"Bearer {key}"}, timeout=10)
        cards = answer.raise_for_status().json()["data"]
        card = next((card for card in cards if card["id"] == name), None)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    # vLLM gives the time of the question as `created`, so it tells nothing.
    return card and {key: card[key] for key in ("id", "root", "max_model_len") if key in card}
