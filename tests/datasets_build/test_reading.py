"""Reading: any file of JSON objects, streamed; every line gives a record or says why it gives none."""

import codecs
import datetime
import decimal
import gzip
import io
import json
import re
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aj.errors import DataError
from datasets_build.ledger import Refused
from datasets_build.reading import files as reading
from datasets_build.reading.files import read_records

OBJECT = {"a": "zwölf", "b": [1, {"c": None}]}


@pytest.fixture
def read(tmp_path):
    def read_bytes(data: bytes):
        (tmp_path / "file").write_bytes(data)
        return list(read_records(tmp_path / "file"))

    return read_bytes


def _told(found):
    return [(r.line, r.value.code if isinstance(r.value, Refused) else r.value) for r in found]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", []),
        (b"\n \r\n", []),
        (b'{"a": 1}\n\n{"a": 2}', [(1, {"a": 1}), (3, {"a": 2})]),
        (b'{"a": 1}\r\n{"a": 2}\r\n', [(1, {"a": 1}), (2, {"a": 2})]),
        (b'[{"a": 1}, {"a": 2}]', [(1, {"a": 1}), (1, {"a": 2})]),
        (b'\n[\n{"a": 1},\n\n  {"a":\n2}\n]\n', [(3, {"a": 1}), (5, {"a": 2})]),
        (b'[{"a": 1}]\n[{"a": 2}]\n', [(1, {"a": 1}), (2, {"a": 2})]),
        (b'{\n  "a": [\n    {}\n  ]\n}\n{\n  "a": 2\n}\n', [(1, {"a": [{}]}), (6, {"a": 2})]),
        (b"[]", []),
        (codecs.BOM_UTF8 * 2 + b"[]", []),
        (b"\xbb[", [(1, "not_json")]),
        (codecs.BOM_UTF8 + b'\xbb{"a": 1}', [(1, "not_json")]),
        (b'[\xbb{"a": 1},\xef\xbb]', [(1, "not_an_object"), (1, {"a": 1}), (1, "not_an_object")]),
        (b'[{"a": 1}]' + codecs.BOM_UTF8 + b'[{"a": 2}]', [(1, {"a": 1}), (1, {"a": 2})]),
        (
            b'[1, {"a": 1}, "x, {", null]',
            [(1, "not_an_object"), (1, {"a": 1}), (1, "not_an_object")] * 1 + [(1, "not_an_object")],
        ),
        (
            b'{"a": 1\n{"a": 2}\nnull\n[1]\nword\n',
            [(1, "not_json"), (2, {"a": 2}), (3, "not_an_object"), (4, "not_an_object"), (5, "not_json")],
        ),
        (b'{"a": 1,\n{"a": 2}\n', [(1, "not_json"), (2, {"a": 2})]),
        (b'[{"a": "\\"]}{["}, {"b": "\\\\"}]', [(1, {"a": '"]}{['}), (1, {"b": "\\"})]),
        (b'[\n  {"a": "x},\n  {"a": 2},\n  {"a": 3}\n]', [(2, "not_json"), (3, {"a": 2}), (4, {"a": 3})]),
        (b'[\n  {"a": x},\n  {"a": 2}\n]', [(2, "not_json"), (3, {"a": 2})]),
        (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", [(1, "too_deep")]),
        (b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}", [(1, "too_deep")]),
        (b'{"a": ' + b"9" * 5000 + b"}", [(1, "not_json")]),
    ],
)
def test_every_line_or_element_is_told_with_its_line(read, data, told):
    assert _told(read(data)) == told


@pytest.mark.parametrize(
    ("data", "value", "faults"),
    [
        (codecs.BOM_UTF8 + b'{"a": 1}', {"a": 1}, ("bom",)),
        (codecs.BOM_UTF8 + b'[{"a": 1}]', {"a": 1}, ("bom",)),
        ('{"a": "ü"}\n'.encode("utf-16"), {"a": "ü"}, ("bom",)),
        (b'{"a": "x\ty\x01"}', {"a": "x\ty\x01"}, ("control_character",)),
        (b'{"a": "x\xff"}', {"a": "x\ufffd"}, ("bad_utf8",)),
        (b'{"a": "\\ud83d"}', {"a": "\ufffd"}, ("lone_surrogate",)),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}, ()),
        (b'{"a": NaN, "b": -Infinity, "c": 1e999}', {"a": None, "b": None, "c": None}, ("not_a_number",)),
        (b'{"a": 1, "a": 2}', {"a": 2}, ("duplicate_key",)),
        (rb'{"a": 1, "\u0061": 2}', {"a": 2}, ("duplicate_key",)),
        (rb'{"b": "\u0022\u0022", "a": [{"c": 1, "c": 2}]}', {"b": '""', "a": [{"c": 2}]}, ("duplicate_key",)),
        (rb'{"a\u0022": 1, "a\"": 2}', {'a"': 2}, ("duplicate_key",)),
        (rb'{"b": "\u0022", "c": "\\u0022"}', {"b": '"', "c": "\\u0022"}, ()),
        (b'{"a": "\\u0022"}', {"a": '"'}, ()),
        ('{"a": "\ufffd"}'.encode(), {"a": "\ufffd"}, ()),
    ],
)
def test_what_leaves_no_doubt_is_overlooked_and_named(read, data, value, faults):
    (record,) = read(data)
    assert (record.value, record.faults) == (value, faults)
    json.dumps(record.value, ensure_ascii=False).encode()  # whatever was read can be written


def test_gzip_is_known_by_its_first_bytes_and_a_broken_one_says_so(read):
    data = b"".join(b'{"a": %d}\n' % n for n in range(20000))
    packed = gzip.compress(data)
    assert len(read(packed)) == 20000
    *whole, last = read(packed[: len(packed) // 2])
    assert whole
    assert not any(isinstance(r.value, Refused) for r in whole)
    assert isinstance(last.value, Refused)
    assert (last.value.code, last.line) == ("broken_gzip", len(whole) + 1)


def _table(rows) -> bytes:
    return _written(pa.Table.from_pylist(rows))


def _written(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", row_group_size=50)
    return buffer.getvalue()


def test_a_parquet_file_gives_every_row_of_its_table(read):
    rows = [{"id": n, "said": [{"from": "human", "value": f"zwölf {n}"}], "score": None} for n in range(200)]
    found = read(_table(rows))
    assert [(r.line, r.value, r.faults) for r in found] == [(n + 1, row, ()) for n, row in enumerate(rows)]


def test_what_json_does_not_have_is_a_text(read):
    when = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    (record,) = read(_table([{"when": when, "price": decimal.Decimal("1.50"), "raw": b"\xff"}]))
    assert record.value == {"when": "2026-01-02T00:00:00+00:00", "price": "1.50", "raw": {"bytes": 1}}


def test_a_decimal_without_fraction_is_an_integer(read):
    big = 123_456_789_012_345_678_901_234_567_890
    kind = pa.decimal128(38, 0)
    columns = [pa.array([decimal.Decimal(big), None], kind), pa.array([[decimal.Decimal(-big)], []], pa.list_(kind))]
    found = [record.value for record in read(_written(pa.table(columns, ["n", "of"])))]
    assert found == [{"n": big, "of": [-big]}, {"n": None, "of": []}]


@pytest.mark.parametrize("kind", ["binary", "large_binary", "large_string", "string_view", "binary_view", "dictionary"])
def test_text_is_text_in_whatever_type_a_table_holds_it(read, kind):
    texts = ["zwölf", None, ""]
    whole = pa.array(texts).dictionary_encode() if kind == "dictionary" else pa.array(texts).cast(getattr(pa, kind)())
    inside = [whole, pa.array([["x"], None, []], pa.list_(pa.binary()))]
    table = pa.table([*inside, pa.StructArray.from_arrays([whole], ["in"])], ["text", "list", "struct"])
    assert [record.value for record in read(_written(table))] == [
        {"text": text, "list": listed, "struct": {"in": text}}
        for text, listed in zip(texts, [["x"], None, []], strict=True)
    ]


def test_json_columns_and_maps_read_as_the_json_that_they_came_from(read):
    row = {"role": "user", "content": "12", "tool_calls": [{"arguments": {"n": 2**70, "deep": [1, "z", None]}}]}
    said = pa.ExtensionArray.from_storage(pa.json_(pa.string()), pa.array([json.dumps(row), "null", None]))
    listed = pa.ListArray.from_arrays([0, 1, 2, 3], said)
    maps = pa.array([[("k", [("in", b"v")])], [], None], pa.map_(pa.string(), pa.map_(pa.string(), pa.binary())))
    found = read(_written(pa.table([said, listed, maps], ["said", "listed", "map"])))
    assert [record.value for record in found] == [
        {"said": row, "listed": [row], "map": {"k": {"in": "v"}}},
        {"said": None, "listed": [None], "map": {}},
        {"said": None, "listed": [None], "map": None},
    ]


def test_integers_of_any_size_stay_integers(read):
    text = b'{"big": 18446744073709551616, "less": -9223372036854775809, "part": 0.1234567890123456789012}'
    (record,) = read(text)
    assert (record.value, record.faults) == ({"big": 2**64, "less": -(2**63) - 1, "part": 0.1234567890123456789012}, ())


def test_a_table_that_breaks_off_says_where(read):
    data = bytearray(_table([{"said": f"{number} {'words ' * number}"} for number in range(200)]))
    place = data.index(b"\x28\xb5\x2f\xfd", len(data) // 2)  # a compressed page of a later group of rows
    data[place : place + 40] = bytes(40)
    *whole, last = read(bytes(data))
    assert [r.line for r in whole] == list(range(1, len(whole) + 1))
    assert 0 < len(whole) < 200
    assert (last.value.code, last.line) == ("broken_table", len(whole) + 1)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_byte_of_a_table_stops_the_work(tmp_path_factory, changes):
    data = bytearray(_table([{"said": "x" * 100, "score": {"a": None, "b": [n]}} for n in range(100)]))
    for place, byte in changes:
        data[4 + int(place * (len(data) - 5))] = byte
    path = tmp_path_factory.getbasetemp() / "mutated.parquet"
    path.write_bytes(data)
    found = list(read_records(path))
    assert not any(isinstance(record.value, Refused) for record in found[:-1])


@pytest.mark.parametrize(
    "text", ['{"a": "%s"}\n{"b": 1}\n', '[{"a": "%s"},\n{"b": 1}]', '[\n  {"a": "%s"},  {"b": 1}]']
)
def test_a_record_over_the_limit_is_read_past_in_pieces(read, monkeypatch, text):
    monkeypatch.setattr(reading, "MAX_RECORD", 1000)
    monkeypatch.setattr(reading, "CHUNK", 64)
    big, small = read((text % ("x\\\\" * 2000)).encode())
    assert (big.value.code, small.value) == ("too_large", {"b": 1})


def test_a_decompression_bomb_takes_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_RECORD", 2**20)
    with gzip.GzipFile(tmp_path / "bomb", "wb") as file:
        file.write(b'{"a": "')
        for _ in range(16):
            file.write(bytes(2**20))
    tracemalloc.start()
    found = list(read_records(tmp_path / "bomb"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [r.value.code for r in found if isinstance(r.value, Refused)] == ["too_large"]
    assert peak < 8 * 2**20


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=5)


@given(OBJECTS, st.sampled_from([None, 1, 4]), st.booleans(), st.integers(1, 40))
@settings(max_examples=60)
def test_every_layout_gives_the_same_objects(tmp_path_factory, objects, indent, array, chunk):
    assume(array or not objects or objects[0])  # `{}` alone on the first line opens JSON lines
    path = tmp_path_factory.mktemp("reading") / "file"
    text = json.dumps(objects, indent=indent) if array else "\n".join(json.dumps(o, indent=indent) for o in objects)
    path.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "CHUNK", chunk)
        found = list(read_records(path))
    assert [r.value for r in found if not isinstance(r.value, Refused)] == objects
    assert len(found) == len(objects)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"[", b"[\n", b"{\n", b'{"a": "', codecs.BOM_UTF8, codecs.BOM_UTF16_LE]),
)
@settings(max_examples=200)
def test_any_bytes_can_be_read_and_no_line_is_lost(tmp_path_factory, data, start):
    path = tmp_path_factory.mktemp("reading") / "file"
    path.write_bytes(start + data)
    found = list(read_records(path))
    opening = re.sub(rb"^(?:\s|\xef\xbb\xbf)*", b"", data)
    if not start and not opening.startswith((b"[", b"{", b"\x1f\x8b", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        assert len(found) == sum(1 for line in data.split(b"\n") if line.strip())
    assert [r.line for r in found] == sorted(r.line for r in found)


@pytest.mark.parametrize("chunk", range(1, 5))
def test_a_mark_between_records_is_none_of_them_wherever_a_chunk_ends(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(reading, "CHUNK", chunk)
    (tmp_path / "file").write_bytes(b'[\n{"a": 1},' + codecs.BOM_UTF8 + b'{"a": 2}]\xef')
    assert _told(read_records(tmp_path / "file")) == [(2, {"a": 1}), (2, {"a": 2}), (2, "not_an_object")]


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        list(read_records(tmp_path / "none"))
