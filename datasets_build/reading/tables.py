"""Parquet, the format in which hubs publish data sets: every row of a table as the bytes of a JSON object.

What JSON has no form for is told as what it stands for: a map as an object, a JSON column (`arrow.json`, which
`datasets` writes) as its value, binary text as text, a decimal without fraction as an integer. Other bytes are told by
their number alone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from datasets_build.ledger import Refused
from datasets_build.reading.records import MAX_RECORD, Raw

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"PAR1"
"""The first bytes of a Parquet file."""
ROWS = 64
"""Rows in memory at a time; their texts may have some MB each."""

Told = Callable[[Any], Any]
"""Makes what Python holds of a value what JSON holds of it."""


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
            told = {field.name: tell for field in table.schema_arrow if (tell := _told(field.type))}
            for batch in table.iter_batches(ROWS):
                for row in batch.to_pylist():
                    line += 1
                    yield _raw(line, row, told)
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = " ".join(str(error).split())[:200]
        yield Raw(line + 1, Refused("broken_table", f"the Parquet file cannot be read from here on ({said})"))


def _raw(line: int, row: dict[str, Any], told: dict[str, Told]) -> Raw:
    """Times and numbers that JSON lacks are written as texts."""
    try:
        for name, tell in told.items():
            row[name] = tell(row[name])
        data = orjson.dumps(row, default=str, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, ValueError, RecursionError) as error:
        return Raw(line, Refused("not_json", f"the row cannot be written as JSON ({error})"))
    if len(data) > MAX_RECORD:
        return Raw(line, Refused("too_large", f"the record has more than {MAX_RECORD // 2**20} MiB"))
    return Raw(line, data)


# --- types ----------------------------------------------------------------------------------------------------------


def _told(kind: "pa.DataType") -> Told | None:
    """What makes a value of this type JSON's; None if it is already."""
    import pyarrow as pa
    import pyarrow.types as types

    if isinstance(kind, pa.BaseExtensionType):
        return _unless_null(orjson.Fragment) if kind.extension_name == "arrow.json" else _told(kind.storage_type)
    if types.is_dictionary(kind):
        return _told(kind.value_type)
    if types.is_map(kind):
        key, item = _told(kind.key_type) or _same, _told(kind.item_type) or _same
        return _unless_null(lambda pairs: _object(pairs, key, item))
    if types.is_struct(kind):
        inner = {field.name: _told(field.type) or _same for field in kind.fields}
        if all(tell is _same for tell in inner.values()):
            return None
        return _unless_null(lambda value: {name: inner[name](one) for name, one in value.items()})
    if any(of(kind) for of in (types.is_list, types.is_large_list, types.is_fixed_size_list)):
        element = _told(kind.value_type)
        return _unless_null(lambda value: [element(one) for one in value]) if element else None
    if types.is_decimal(kind) and kind.scale <= 0:
        return _unless_null(lambda value: orjson.Fragment(f"{value:f}"))
    binary = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view)
    return _unless_null(_text) if any(of(kind) for of in binary) else None


def _same(value: Any) -> Any:
    return value


def _unless_null(tell: Told) -> Told:
    return lambda value: None if value is None else tell(value)


def _object(pairs: list[tuple[Any, Any]], key: Told, item: Told) -> dict[str, Any]:
    """A map as an object. Raises ValueError if it has a key twice."""
    found = {str(key(name)): item(value) for name, value in pairs}
    if len(found) < len(pairs):
        raise ValueError("a map has a key twice")
    return found


def _text(value: bytes) -> Any:
    """Binary text as text."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"bytes": len(value)}
