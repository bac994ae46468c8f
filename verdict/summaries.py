"""A log without its samples: its header, and its summaries, one object for each sample and epoch with its scores."""

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from verdict.archive import open_members

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

HEADER = "header.json"
MEMBER = "summaries.json"
"""Of a log that is finished, as the header is; one that is being written has both in pieces."""


class SummaryScore(msgspec.Struct, frozen=True):
    """A score, as a summary tells it."""

    value: Any
    metadata: dict[str, Any] | None = None


class Usage(msgspec.Struct, frozen=True):
    """The tokens that one model read and wrote."""

    input_tokens: int = 0
    output_tokens: int = 0


class Summary(msgspec.Struct, frozen=True):
    """What is read of a sample's summary: half of it, so that a large log fits into half of the memory."""

    id: int | str
    epoch: int
    metadata: dict[str, Any] | None = None
    scores: dict[str, SummaryScore] | None = None
    """By scorer."""
    error: Any = None
    limit: str | None = None
    model_usage: dict[str, Usage] | None = None
    working_time: float | None = None
    """In seconds."""


_DECODER = msgspec.json.Decoder(list[Summary])


def read_told(path: Path) -> tuple["EvalLog", list[Summary]]:
    """The header and the summaries.

    Raises:
        Exception: whatever zip, zstd, JSON and Inspect raise on a damaged log.
    """
    from inspect_ai.log import read_eval_log  # with it, zipfile reads zstd

    if path.suffix == ".eval":
        with open_members(path, (HEADER, MEMBER)) as archive:
            if {HEADER, MEMBER} <= archive.NameToInfo.keys():
                alone = io.BytesIO()
                with zipfile.ZipFile(alone, "w") as header:
                    header.writestr(HEADER, archive.read(HEADER))
                alone.seek(0)
                return read_eval_log(alone, header_only=True), _latest(archive.read(MEMBER))
    return read_eval_log(str(path), header_only=True), read_summaries(path)


def read_summaries(path: Path) -> list[Summary]:
    """As JSON: Inspect's own reader checks and shortens each again, which takes twenty times as long.

    Raises:
        Exception: as `read_told` does.
    """
    from inspect_ai.log import read_eval_log_sample_summaries

    if path.suffix == ".eval":
        with open_members(path, (MEMBER,)) as archive:
            if MEMBER in archive.NameToInfo:
                return _latest(archive.read(MEMBER))
    told = [summary.model_dump() for summary in read_eval_log_sample_summaries(str(path))]
    return msgspec.convert(told, list[Summary])


def _latest(member: bytes) -> list[Summary]:
    """The last one of a sample counts: Inspect appends when it asks again."""
    return list({(str(summary.id), summary.epoch): summary for summary in _summaries(member)}.values())


def _summaries(member: bytes) -> list[Summary]:
    try:
        return _DECODER.decode(member)
    except msgspec.DecodeError:  # for NaN, which is no JSON: what a sample does not ask for
        return msgspec.convert(parse(member), list[Summary])


def parse(member: bytes) -> Any:
    """The JSON of a log's member, which may hold NaN; twice as fast as `json.loads`."""
    from pydantic_core import from_json

    try:
        return from_json(member, cache_strings="keys")
    except ValueError:  # also for half of a surrogate pair, which `json` reads
        return json.loads(member)
