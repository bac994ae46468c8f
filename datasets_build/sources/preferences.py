"""Earlier AJ preferences, unchanged. Two forms, both with `prompt`, `chosen` and `rejected` as flat strings:

    {prompt, context, chosen, rejected, category, explanation}
    {prompt, chosen, rejected, metadata: {preference_reason, margin, category}}

The prompt does not hold the context, so the user's text begins with it (`Context: …`, `Task: …`). The mode is that of
the chosen response; where that one is prose, a rejected call or plan shows what was asked for.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Preference, Turn, one_conversation
from datasets_build.sources.existing import metadata_of, mode_of
from datasets_build.sources.trajectories import request_of


def matches(value: Mapping[str, Any]) -> bool:
    return {"prompt", "chosen", "rejected"} <= value.keys()


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_preference, value)


def _preference(value: Mapping[str, Any]) -> Preference:
    prompt, chosen, rejected = (value.get(key) for key in ("prompt", "chosen", "rejected"))
    if not isinstance(prompt, str) or not isinstance(chosen, str) or not isinstance(rejected, str):
        raise Refused("no_text", "'prompt', 'chosen' or 'rejected' is not a text")
    request = request_of(prompt, value.get("context"))
    if request is None:
        raise Refused("no_text", "'context' is not a text")
    metadata = metadata_of(value)
    said = {key: value[key] for key in ("category", "explanation") if isinstance(value.get(key), str)}
    system = value.get("system")
    asked = (system if isinstance(system, str) else "", prompt)
    mode = mode_of(chosen, *asked)
    if mode == "chat" and (wanted := mode_of(rejected, *asked)) != "intent":
        mode = wanted
    return Preference(
        (Turn("user", request),),
        Turn("assistant", chosen),
        Turn("assistant", rejected),
        mode,
        metadata={**said, **metadata},
    )
