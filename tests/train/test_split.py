"""Which rows are held out: whole templates, and of no group more than its share."""

import math
from collections import Counter
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.errors import TrainError
from aj.messages import Mode, Pair, Row, calls, reply, user
from train.split import split_by_template

YES, CALL, NOTED = reply("Yes."), calls("list_agents"), calls("list_agents", note="On it!")


def row(number, *templates, mode: Mode = "step", source="drawn", turns=(YES,)):
    return Row((user(f"{number}"), *turns), mode=mode, metadata={"templates": list(templates), "source": source})


def pair(number, *templates):
    return Pair((user(f"{number}"),), YES, "No.", metadata={"templates": list(templates)})


def several(rows, draw):
    """Rows of three templates each, out of sixty, as a built data set has them."""
    return [row(n, *(f"t{draw.randrange(60)}" for _ in range(3))) for n in range(rows)]


def groups(rows):
    """How many there are of each source and mode, of each kind of text, and of all."""
    found = Counter((r.metadata["source"], r.mode) for r in rows)
    found += Counter(kind for r in rows for kind in kinds(r))
    return found + Counter({"rows": len(rows)})


def kinds(row):
    calls = [turn.call for turn in row.messages[1:]]
    noted = {"note" for call in calls if call and call.note}
    return noted | {"call" if call else {"step": "answer"}.get(row.mode, row.mode) for call in calls}


@st.composite
def data_sets(draw):
    names = st.lists(st.sampled_from([f"t{n}" for n in range(draw(st.integers(1, 30)))]), max_size=3)
    said = st.sampled_from([(YES,), (CALL,), (NOTED, CALL), (CALL, YES)])
    made = st.tuples(names, st.sampled_from(["step", "step", "chat"]), st.sampled_from("aaab"), said)
    drawn = draw(st.lists(made, min_size=1, max_size=120))
    rows = [
        row(n, *templates, mode=mode, source=source, turns=(reply("Hi."),) if mode == "chat" else turns)
        for n, (templates, mode, source, turns) in enumerate(drawn)
    ]
    pairs = [pair(n, *templates) for n, templates in enumerate(draw(st.lists(names, max_size=20)))]
    return rows, pairs


@settings(max_examples=60)
@given(data_sets(), st.sampled_from([0.01, 0.05, 0.2, 0.49]), st.integers(0, 3))
def test_whole_templates_are_held_out_and_no_group_loses_more_than_its_share(made, share, seed):
    rows, pairs = made
    with suppress(TrainError):
        split = split_by_template(rows, pairs, share, seed)
        refuse_wrong(split, rows, pairs, share)
        again = split_by_template(rows, pairs, share, seed)
        assert [r.id for r in again.held_out] == [r.id for r in split.held_out]


def refuse_wrong(split, rows, pairs, share):
    assert split.held_out
    assert sorted(r.id for r in (*split.rows, *split.held_out)) == sorted(r.id for r in rows)
    trained = {name for r in (*split.rows, *split.pairs) for name in r.metadata["templates"]}
    assert all(set(r.metadata["templates"]) - trained for r in split.held_out if r.metadata["templates"])
    sizes, kept = groups(rows), groups(split.rows)
    assert set(kept) == set(sizes)
    assert all(count <= math.ceil(share * sizes[group]) for group, count in groups(split.held_out).items())
    assert len(pairs) - len(split.pairs) <= math.ceil(share * len(pairs))
    assert bool(split.pairs) == bool(pairs)


@settings(max_examples=60)
@given(data_sets(), st.sampled_from([0.05, 0.2]), st.integers(0, 3))
def test_no_template_more_could_have_been_held_out(made, share, seed):
    rows, pairs = made
    held = set()
    with suppress(TrainError):
        held = {r.id for r in split_by_template(rows, pairs, share, seed).held_out}
    sizes = groups(rows)
    for name in {name for r in rows for name in r.metadata["templates"]}:
        more = [r for r in rows if r.id in held or name in r.metadata["templates"]]
        lost = sum(bool({name} & set(p.metadata["templates"])) for p in pairs)
        if len(more) > len(held) and not lost:
            after = groups(more)
            assert any(after[group] > min(math.ceil(share * sizes[group]), sizes[group] - 1) for group in after)


@pytest.mark.parametrize("seed", range(5))
def test_about_the_share_is_held_out_of_rows_with_many_templates(seed):
    rows = several(400, Random(seed))
    held = split_by_template(rows, [pair(n, *r.metadata["templates"]) for n, r in enumerate(rows[::7])], 0.05, seed)
    assert 12 <= len(held.held_out) <= 20


def test_each_source_and_mode_has_its_share_where_its_templates_are_small_enough():
    rows = [row(n, f"a{n // 4}") for n in range(200)] + [row(n, f"b{n}", mode="chat") for n in range(200, 240)]
    rows += [row(n, "one for all", source="hand") for n in range(240, 260)]
    split = split_by_template(rows, [], 0.1, 0)
    found = Counter((r.metadata["source"], r.mode) for r in split.held_out)
    assert found == {("drawn", "step"): 20, ("drawn", "chat"): 4}


def test_a_template_that_is_large_elsewhere_is_not_drawn_for_its_row_here():
    rows = [
        row(0, "t", source="a"),
        *(row(n, "t", source="b") for n in range(1, 81)),
        *(row(n) for n in range(81, 101)),
    ]
    split = split_by_template(rows, [], 0.05, 0)
    assert not any("t" in r.metadata["templates"] for r in split.held_out)
    assert 1 <= len(split.held_out) <= 6


@pytest.mark.parametrize("seed", range(8))
def test_rare_kinds_are_held_out_too(seed):
    rows = [row(n, turns=(CALL,)) for n in range(300)] + [row(n, mode="chat") for n in range(300, 304)]
    rows += [row(n, turns=(NOTED, YES)) for n in range(304, 310)]
    assert set(groups(split_by_template(rows, [], 0.01, seed).held_out)) >= {"call", "chat", "note", "answer"}


def test_rows_without_templates_are_held_out_one_by_one():
    rows = [Row((user(f"{n}"), reply("Yes."))) for n in range(100)]
    assert len(split_by_template(rows, [], 0.05, 0).held_out) == 5
    assert split_by_template(rows, [], 0.0, 0).held_out == []


def test_templates_that_have_most_of_the_pairs_are_not_held_out():
    rows = [row(n, f"t{n % 50}") for n in range(100)]
    pairs = [pair(n, f"t{n % 49}") for n in range(49 * 3)]
    assert len(split_by_template(rows, pairs, 0.05, 0).pairs) >= 0.94 * len(pairs)
    assert split_by_template(rows, [pair(0, "t1")], 0.05, 0).pairs


@pytest.mark.parametrize(
    "rows",
    [
        [row(n, f"t{n % 2}") for n in range(100)],  # two templates of fifty rows
        [row(n, source=f"{n}") for n in range(5)],  # each the only one of its source
        [row(0)],
        [row(n, "t") for n in range(9)],
        [],
    ],
)
def test_a_share_that_no_template_fits_into_is_refused(rows):
    with pytest.raises(
        TrainError, match=rf"^held_out 0.05 of {len(rows)} row\(s\) holds nothing out: .* set it to 0\.$"
    ):
        split_by_template(rows, [], 0.05, 0)
