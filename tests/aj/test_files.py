"""Strict reading, whole-or-nothing writing, and identities that follow the content."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aj.errors import AJError, ConfigError, DataError
from aj.files import (
    HASH_LENGTH,
    Strict,
    digest,
    digest_file,
    digest_weights,
    load_yaml,
    logs_dir,
    read_jsonl,
    write_jsonl,
    write_text,
)


class Page(Strict):
    name: str
    lines: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: a\nnmae: b\n", 2, "unknown key 'nmae'; known keys: lines, name"),
        ("name: a\nlines:\n  - 1\n  - two\n", 4, r"lines\.1"),
        ("lines: [1]\n", 1, "the file lacks name; add it"),
        ("nmae: b\n", 1, "unknown key 'nmae'; known keys: lines, name"),
        ("", 1, "the file is empty"),
        ("# nothing yet\n", 1, "the file is empty"),
    ],
)
def test_a_wrong_key_or_value_is_refused_with_its_line(tmp_path, text, line, said):
    path = tmp_path / "page.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        load_yaml(path, Page)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_a_good_page_is_read(tmp_path):
    (tmp_path / "page.yaml").write_text("name: é\nlines: [1, 2]\n", encoding="utf-8")
    assert load_yaml(tmp_path / "page.yaml", Page) == Page(name="é", lines=(1, 2))


def test_json_lines_come_with_their_line_numbers_and_blank_lines_are_skipped(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n\n{"a": 2}\n')
    assert list(read_jsonl(path)) == [(1, {"a": 1}), (3, {"a": 2})]


@pytest.mark.parametrize(
    "line", [b"{", b"[1]", b"3", b'{"a": "\xff"}', b'{"a": "\x01"}', b"nul", b'{"a": ' * 100_000], ids=range(7)
)
def test_a_line_that_is_not_a_json_object_in_utf8_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n' + line + b"\n")
    with pytest.raises(DataError) as caught:
        list(read_jsonl(path))
    assert str(caught.value).startswith(f"{path}:2: ")


def test_a_byte_order_mark_is_read_over(tmp_path):
    (tmp_path / "rows.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\n')
    assert list(read_jsonl(tmp_path / "rows.jsonl")) == [(1, {"a": 1})]


def test_a_missing_file_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        list(read_jsonl(tmp_path / "none.jsonl"))


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none())))
def test_what_is_written_is_what_is_read(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    write_jsonl(path, records)
    assert [record for _, record in read_jsonl(path)] == records


def test_json_lines_are_raw_utf8(tmp_path):
    write_jsonl(tmp_path / "rows.jsonl", [{"a": "é—😀"}])
    assert (tmp_path / "rows.jsonl").read_text(encoding="utf-8") == '{"a": "é—😀"}\n'


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AJError, match=r"cannot be written .* then run again"):
        write_text(tmp_path / "file" / "below" / "a.txt", "x")


def test_a_write_that_fails_leaves_the_folder_as_it_was(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "inside").touch()  # a folder that is not empty cannot be replaced by a file
    with pytest.raises(AJError):
        write_text(target, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_an_interrupted_write_leaves_the_old_content(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writers_at_the_same_time_never_mix(tmp_path):
    path, texts = tmp_path / "a.txt", [str(n) * 200_000 for n in range(8)]
    threads = [threading.Thread(target=write_text, args=(path, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_what_was_written(tmp_path):
    write_text(tmp_path / "a.txt", "x")
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


def test_a_digest_follows_the_content_and_not_the_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert len(digest("x")) == HASH_LENGTH
    distinct = [("a", "b"), ("ab",), (["a", "b"],), ({"a": "b"},), ("a", None), (1,), ("1",), (True,)]
    assert len({digest(*parts) for parts in distinct}) == len(distinct)


def test_a_digest_is_the_same_in_every_process():
    assert digest({"a": [1, "é"]}) == digest(json.loads('{"a": [1, "\\u00e9"]}')) == "75c1bb6906f9"


def test_a_files_digest_follows_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b").write_bytes(b"x")
    (tmp_path / "c").write_bytes(b"x\n")
    assert digest_file(tmp_path / "a") == digest_file(tmp_path / "b") != digest_file(tmp_path / "c")


def test_weights_in_shards_have_one_digest_that_follows_each_of_them(tmp_path):
    with pytest.raises(FileNotFoundError, match="safetensors"):
        digest_weights(tmp_path)
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"one")
    single = digest_weights(tmp_path)
    assert single == digest_file(tmp_path / "model-00001-of-00002.safetensors")
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(b"two")
    both = digest_weights(tmp_path)
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(b"2")
    assert len({single, both, digest_weights(tmp_path)}) == 3


def test_logs_go_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    assert logs_dir() == tmp_path
    monkeypatch.setenv("AJ_LOGS", "")
    assert logs_dir() == Path(__file__).parents[2] / "logs"


_TEXTS = st.text(st.characters(codec=None), max_size=5)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(_TEXTS, _JSON, max_size=3), st.booleans())
def test_a_line_is_read_as_python_reads_it(tmp_path_factory, record, ascii_only):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    line = json.dumps(record, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    path.write_bytes(line + b"\n")
    assert repr(list(read_jsonl(path))) == repr([(1, json.loads(line))])


@pytest.mark.parametrize(
    "line",
    [b'{"a": 1e999}', b'{"a": NaN}', b'{"a": "\\ud800"}', b'\xef\xbb\xbf{"a": 1}', b'{"a": 1, "a": 2}', b'{"a": -0}'],
)
def test_a_line_that_only_python_reads_is_read(tmp_path, line):
    (tmp_path / "odd.jsonl").write_bytes(line)
    assert repr(list(read_jsonl(tmp_path / "odd.jsonl"))) == repr([(1, json.loads(line))])
