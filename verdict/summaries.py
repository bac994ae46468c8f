"""A log without its samples: its header, and its summaries, one object for each sample and epoch with its scores."""

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

HEADER = "header.json"
MEMBER = "summaries.json"
"""Of a log that is finished, as the header is; one that is being written has both in pieces."""


def read_told(path: Path) -> tuple["EvalLog", list[dict[str, Any]]]:
    """The header and the summaries; a large log's directory, which has an entry for each sample, is read once.

    Raises:
        Exception: whatever zip, zstd, JSON and Inspect raise on a damaged log.
    """
    from inspect_ai.log import read_eval_log  # with it, zipfile reads zstd

    if path.suffix == ".eval":
        with zipfile.ZipFile(path) as archive:
            if {HEADER, MEMBER} <= archive.NameToInfo.keys():
                alone = io.BytesIO()
                with zipfile.ZipFile(alone, "w") as header:
                    header.writestr(HEADER, archive.read(HEADER))
                alone.seek(0)
                return read_eval_log(alone, header_only=True), _latest(archive.read(MEMBER))
    return read_eval_log(str(path), header_only=True), read_summaries(path)


def read_summaries(path: Path) -> list[dict[str, Any]]:
    """As JSON: Inspect's own reader checks and shortens each again, which takes twenty times as long.

    Raises:
        Exception: as `read_told` does.
    """
    from inspect_ai.log import read_eval_log_sample_summaries

    if path.suffix == ".eval":
        with zipfile.ZipFile(path) as archive:
            if MEMBER in archive.NameToInfo:
                return _latest(archive.read(MEMBER))
    return [summary.model_dump() for summary in read_eval_log_sample_summaries(str(path))]


def _latest(member: bytes) -> list[dict[str, Any]]:
    """The last one of a sample counts: Inspect appends when it asks again."""
    return list({(str(summary["id"]), summary["epoch"]): summary for summary in parse(member)}.values())


def parse(member: bytes) -> Any:
    """The JSON of a log's member, which may hold NaN; twice as fast as `json.loads`."""
    from pydantic_core import from_json

    try:
        return from_json(member, cache_strings="keys")
    except ValueError:  # also for half of a surrogate pair, which `json` reads
        return json.loads(member)
