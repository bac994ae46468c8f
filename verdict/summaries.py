"""The sample summaries of a log: one object for each sample and epoch, with scores and without messages."""

import json
import zipfile
from pathlib import Path
from typing import Any

MEMBER = "summaries.json"
"""Of a log that is finished; one that is being written has them in pieces."""


def read_summaries(path: Path) -> list[dict[str, Any]]:
    """As JSON: Inspect's own reader checks and shortens each again, which takes twenty times as long.

    Raises:
        Exception: whatever zip, zstd, JSON and Inspect raise on a damaged log.
    """
    from inspect_ai.log import read_eval_log_sample_summaries  # with it, zipfile reads zstd

    if path.suffix == ".eval":
        with zipfile.ZipFile(path) as archive:
            if MEMBER in archive.namelist():
                # The last one of a sample counts: Inspect appends when it asks again.
                told = parse(archive.read(MEMBER))
                return list({(str(summary["id"]), summary["epoch"]): summary for summary in told}.values())
    return [summary.model_dump() for summary in read_eval_log_sample_summaries(str(path))]


def parse(member: bytes) -> Any:
    """The JSON of a log's member, which may hold NaN; twice as fast as `json.loads`."""
    from pydantic_core import from_json

    try:
        return from_json(member, cache_strings="keys")
    except ValueError:  # also for half of a surrogate pair, which `json` reads
        return json.loads(member)
