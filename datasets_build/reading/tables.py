"""Parquet, the format in which hubs publish data sets: every row of a table as the bytes of a JSON object."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from datasets_build.ledger import Refused
from datasets_build.reading.records import MAX_RECORD, Raw

MAGIC = b"PAR1"
"""The first bytes of a Parquet file."""
ROWS = 64
"""Rows in memory at a time; their texts may have some MB each."""


def rows_of(path: Path) -> Iterator[Raw]:
    """Every row of a Parquet file, the first one as line 1; a table that breaks off ends with the refusal.

    Raises:
        OSError: the file cannot be opened.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    line = 0
    try:
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(ROWS):
                for row in batch.to_pylist():
                    line += 1
                    yield _raw(line, row)
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = " ".join(str(error).split())[:200]
        yield Raw(line + 1, Refused("broken_table", f"the Parquet file cannot be read from here on ({said})"))


def _raw(line: int, row: dict[str, Any]) -> Raw:
    """Times and numbers that JSON lacks are written as texts."""
    try:
        data = orjson.dumps(row, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        return Raw(line, Refused("not_json", f"the row cannot be written as JSON ({error})"))
    if len(data) > MAX_RECORD:
        return Raw(line, Refused("too_large", f"the record has more than {MAX_RECORD // 2**20} MiB"))
    return Raw(line, data)
