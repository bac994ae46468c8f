"""Earlier AJ data, unchanged: `{system, instruction, response}`.

History that was flattened into `instruction` (`[Previous message]: …`, `Context: … Task: …`) stays in the user's text;
a `context` beside it comes before it, as there. The mode is inferred.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Transcript, Turn, one_conversation
from datasets_build.sources.inferred import metadata_of, mode_of
from datasets_build.sources.trajectories import request_of


def matches(value: Mapping[str, Any]) -> bool:
    return "response" in value and "instruction" in value and not value.get("input") and not value.get("history")


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_transcript, value)


def _transcript(value: Mapping[str, Any]) -> Transcript:
    instruction, response = value["instruction"], _text(value["response"])
    system = value.get("system")
    system = system if isinstance(system, str) else ""
    request = request_of(instruction, value.get("context")) if isinstance(instruction, str) else None
    if request is None or response is None:
        raise Refused("no_text", "'instruction' or 'response' is not a text")
    turns = (Turn("user", request), Turn("assistant", response))
    return Transcript(turns, mode_of(response, system, request), system=system, metadata=metadata_of(value))


def _text(value: Any) -> str | None:
    """The response; one that was stored as an object becomes its JSON."""
    if isinstance(value, dict | list):
        try:
            return json.dumps(value, ensure_ascii=False)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, str) else None
