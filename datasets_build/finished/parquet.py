"""The finished rows in the forms that others read: TRL's JSON lines, and Parquet that `datasets.load_dataset` opens.

A row's messages are rendered here for the contract, as the trainer would: in a table, `datasets` would fill the
differing arguments of calls up with nulls, and TRL knows nothing of AJ's wire form. Tools and metadata are JSON text
for the same reason.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aj.contract import Contract
from aj.messages import Pair, Row
from aj.wire import render_prompt, render_row, render_turn

BATCH = 1_000
"""Rows in memory before they are written."""

_TEXT = pa.string()
_CHAT = pa.list_(pa.struct([("role", _TEXT), ("content", _TEXT)]))
_TOLD: list[tuple[str, pa.DataType]] = [
    (name, _TEXT) for name in ("id", "part", "source", "mode", "layout", "persona", "licence", "tools", "metadata")
]
SFT = pa.schema([("messages", _CHAT), *_TOLD])
DPO = pa.schema([("prompt", _CHAT), ("chosen", _CHAT), ("rejected", _CHAT), *_TOLD])


class Export:
    """The two files of one kind, `trl/<kind>.jsonl` and `parquet/<kind>.parquet`, written as the rows come."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        for place in ("trl", "parquet"):
            (folder / place).mkdir(exist_ok=True)
        self._lines = (folder / "trl" / f"{name}.jsonl").open("w", encoding="utf-8")
        self._table = pq.ParquetWriter(folder / "parquet" / f"{name}.parquet", schema, compression="zstd")
        self._schema = schema
        self._batch: list[dict[str, Any]] = []

    def __enter__(self) -> "Export":
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()
        self._table.close()
        self._lines.close()

    def write(self, record: dict[str, Any]) -> None:
        self._lines.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._batch.append(record)
        if len(self._batch) == BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._batch:
            self._table.write_table(pa.Table.from_pylist(self._batch, schema=self._schema))
            self._batch = []


def sft_record(row: Row, part: str, contract: Contract) -> dict[str, Any]:
    """TRL's conversational form: every assistant message is a target, so no row may come here with one that is not."""
    return {"messages": render_row(row, contract), **_told(row, part)}


def dpo_record(pair: Pair, part: str, contract: Contract) -> dict[str, Any]:
    """TRL's preference form with an explicit prompt."""
    return {
        "prompt": render_prompt(pair.messages, contract, pair.mode, pair.layout),
        "chosen": [{"role": "assistant", "content": render_turn(pair.chosen, contract)}],
        "rejected": [{"role": "assistant", "content": pair.rejected}],
        **_told(pair, part),
    }


def _told(item: Row | Pair, part: str) -> dict[str, Any]:
    metadata: Mapping[str, Any] = item.metadata

    def text(key: str) -> str:
        return str(metadata.get(key) or "")

    return {
        "id": item.id,
        "part": part,
        "source": text("source"),
        "mode": item.mode,
        "layout": item.layout,
        "persona": text("persona"),
        "licence": text("licence"),
        "tools": json.dumps(list(getattr(item, "tools", ())), ensure_ascii=False),
        "metadata": json.dumps(metadata, ensure_ascii=False),
    }
