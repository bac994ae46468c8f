"""Of two rows that teach almost the same, the first stays; whatever else a row holds is not compared."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aj.contract import load_contract
from aj.messages import Pair, Row, calls, reply, result, user
from datasets_build.drawn import templated
from datasets_build.drawn.corrections import draw_corrections, to_row
from datasets_build.mix.near import MOST_HASHES, RECALL, NearIndex, bands_for
from tests.datasets_build.made import rows, words

THRESHOLD = 0.8


def _edited(row: Row, rng: Random, words_changed: int) -> Row:
    """The row with some words of its first request changed."""
    text = row.messages[0].content.split()
    for place in rng.sample(range(len(text)), words_changed):
        text[place] = words(rng, 1)
    return replace(row, messages=(replace(row.messages[0], content=" ".join(text)), *row.messages[1:]))


def test_every_planted_near_duplicate_is_found_and_nothing_else():
    rng, index = Random(1), NearIndex(THRESHOLD)
    originals = rows("a", 600)
    assert [index.admit(row) for row in originals] == [None] * len(originals)
    # One word of forty: 35 shingles of 41 are shared, 85%. Eight words: 60% at most.
    assert [index.admit(_edited(row, rng, 1)) for row in originals] == [row.id for row in originals]
    assert [index.admit(_edited(row, rng, 8)) for row in originals if len(row.messages) == 2] == [
        None for row in originals if len(row.messages) == 2
    ]


def test_the_similarity_is_exact_at_the_threshold():
    base = "one two three four five six seven eight nine ten"  # with the answer, ten shingles
    row = Row((user(base), reply("eleven twelve")), "chat")
    one_word_on = Row((user(f"{base} more"), reply("eleven twelve")), "chat")  # 8 shared of 8 + 2 + 3
    index = NearIndex(8 / 13)
    assert index.admit(row) is None
    assert index.admit(one_word_on) == row.id
    strict = NearIndex(8 / 13 + 0.001)
    assert strict.admit(row) is None
    assert strict.admit(one_word_on) is None


def test_the_same_words_over_another_log_are_alike_and_other_words_over_the_same_log_are_not():
    rng = Random(2)
    asked, answer, log = words(rng, 15), words(rng, 15), words(rng, 200)

    def row(question: str, said: str, output: str) -> Row:
        call = calls("bash", {"command": "tail log"})
        return Row((user(question), call, result("bash", output), calls("complete", {"answer": said})))

    index = NearIndex(THRESHOLD)
    assert index.admit(first := row(asked, answer, log)) is None
    assert index.admit(row(asked, answer, words(rng, 200))) == first.id
    assert index.admit(row(words(rng, 15), words(rng, 15), log)) is None


def test_rows_of_different_modes_are_never_alike():
    text = words(Random(3), 60)
    index = NearIndex(THRESHOLD)
    assert index.admit(Row((user(text), reply("task")), "intent")) is None
    assert index.admit(Row((user(text), reply("task")), "chat")) is None


def test_of_a_state_block_only_the_last_turn_is_taught():
    first, last, asked = (words(Random(n), 40) for n in (4, 5, 6))
    past = (user(asked), calls("bash", {"command": first}), result("bash", "ok"))
    index = NearIndex(THRESHOLD)
    block = Row((*past, calls("complete", {"answer": last})), "step", "state_block")
    assert index.admit(block) is None
    other = (user(asked), calls("bash", {"command": words(Random(7), 40)}), result("bash", "ok"))
    assert index.admit(Row((*other, calls("complete", {"answer": last})), "step", "state_block")) == block.id
    assert index.admit(Row((*other, calls("complete", {"answer": last})), "step", "dialogue")) is None


def test_a_pair_is_compared_with_its_rejected_text():
    asked, good, bad, worse = (words(Random(n), 30) for n in (8, 9, 10, 11))
    index = NearIndex(THRESHOLD)
    pair = Pair((user(asked),), reply(good), bad, "chat")
    assert index.admit(pair) is None
    assert index.admit(replace(pair, rejected=worse)) is None
    assert index.admit(replace(pair, rejected=f"{bad} so")) == pair.id


def test_the_corrections_and_the_generated_rows_all_stay():
    """Variations of eight patterns, and rows of one template: other hosts, numbers and words are other lessons."""
    contract, index = load_contract(), NearIndex(0.7)
    drawn = [to_row(case) for case in draw_corrections(Random("1.c"), contract, 4)]
    drawn += templated.plans(Random("1.p"), contract, 8)
    drawn += templated.state_blocks(Random("1.b"), contract, 12)
    different = {row.id: row for row in drawn}.values()
    assert [row.id for row in different if index.admit(row)] == []


@pytest.mark.parametrize("text", ["", "no", "two words", "日本語 のみ です"])
def test_short_and_strange_texts_are_compared_too(text):
    index = NearIndex(THRESHOLD)
    first, copy = (Row((user(text), reply(""), result("x", output), reply("")), "chat") for output in "ab")
    assert index.admit(first) is None
    assert index.admit(copy) == first.id


@settings(max_examples=30)
@given(st.floats(0.3, 1))
def test_bands_are_derived_from_the_threshold(threshold):
    bands, size = bands_for(threshold)
    assert bands * size <= MOST_HASHES
    assert 1 - (1 - threshold**size) ** bands >= RECALL - 1e-9
