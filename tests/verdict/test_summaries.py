"""Summaries are read past Inspect's own reader, and say the same."""

import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.log import read_eval_log_sample_summaries

from verdict.summaries import MEMBER, parse, read_summaries

TEXTS = st.text(st.characters(codec=None))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(width=64) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.booleans())
def test_any_json_is_read_as_python_reads_it(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass" if ascii_only else "replace")
    assert repr(parse(text)) == repr(json.loads(text))


@pytest.mark.parametrize("arm", ["good", "same"])
def test_a_log_has_the_summaries_that_inspect_reads_from_it(lab, arm):
    """`good` is written as `.eval`, `same` as `.json`."""
    for path in lab.evals(arm).glob("*_*.*"):
        ours = {(str(told.id), told.epoch): told for told in read_summaries(path)}
        theirs = read_eval_log_sample_summaries(str(path))
        assert len(ours) == len(theirs) > 0
        for summary in theirs:
            told = ours[str(summary.id), summary.epoch]
            assert {name: score.value for name, score in (told.scores or {}).items()} == {
                name: score.value for name, score in (summary.scores or {}).items()
            }
            assert told.metadata == summary.metadata
            assert (told.error, told.limit) == (summary.error, summary.limit)
            assert told.working_time == summary.working_time


def test_of_a_sample_that_was_asked_twice_the_later_summary_counts(lab):
    (path,) = lab.evals("good").glob("*known-issues*")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(parts[MEMBER])
    before = read_summaries(path)
    parts[MEMBER] = json.dumps([told[0] | {"error": "asked again"}, *told]).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    assert read_summaries(path) == before
    assert [summary.error for summary in read_eval_log_sample_summaries(str(path))] == [None] * len(told)
