"""Rows are drawn by stratum, in an order that does not hang on how they came."""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from msgspec.structs import replace

from datasets_build.mix.pool import Pool, Share, Spool, Stratum, even, natural, stratum_of
from datasets_build.offer import Offer, finished
from tests.datasets_build import made

PERSONAS, CATEGORIES = ("p1", "p2", "p3"), ("c1", "c2")


def _pool(share: Share, strata: list[Stratum], pull: Callable[[int], bool] = lambda need: False) -> Pool:
    pool = Pool("1.part", share, pull)
    for number, stratum in enumerate(strata):
        pool.add(number, f"id{number}", stratum)
    return pool


def _all(number: int) -> bool:
    return True


def _strata(count: int, multi: float) -> list[Stratum]:
    rng = Random(4)
    return [
        ("step", rng.choice(PERSONAS), rng.choice(CATEGORIES), "multi" if rng.random() < multi else "single")
        for _ in range(count)
    ]


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.5, 1.0])
def test_the_ratio_of_conversations_with_several_requests_is_exact(ratio):
    strata = _strata(600, 0.5)
    drawn = Counter(strata[number] for number in _pool(even(ratio), strata).draw(200, _all))
    turns = Counter(stratum[-1] for stratum in drawn.elements())
    assert turns["multi"] == 200 * ratio
    for kind in turns:
        of_kind = [count for stratum, count in drawn.items() if stratum[-1] == kind]
        assert max(of_kind) - min(of_kind) <= 1


def test_the_ratio_stays_exact_when_rows_are_refused_and_more_are_drawn():
    strata = _strata(600, 0.5)
    pool = _pool(even(0.3), strata)
    drawn = [*pool.draw(100, lambda number: number % 3 > 0), *pool.draw(100, lambda number: number % 3 > 0)]
    assert Counter(strata[number][-1] for number in drawn) == {"multi": 60, "single": 140}


def test_strata_stay_alike_when_rows_of_one_are_refused_and_more_come():
    strata: list[Stratum] = [("step", persona, "c", "single") for persona in PERSONAS] * 20
    pool = _pool(even(0.0), strata)

    def pull(need: int) -> bool:
        for stratum in strata[:6]:
            pool.add(len(strata), f"id{len(strata)}", stratum)
            strata.append(stratum)
        return len(strata) < 200

    pool.pull = pull
    drawn = pool.draw(30, lambda number: strata[number][1] != "p2" or number % 4 == 0)
    assert Counter(strata[number][1] for number in drawn) == dict.fromkeys(PERSONAS, 10)


def test_a_stratum_that_never_has_enough_is_made_up_by_the_others():
    strata: list[Stratum] = [("step", persona, "c", "single") for persona in PERSONAS] * 20
    drawn = _pool(even(0.0), strata).draw(30, lambda number: strata[number][1] != "p2")
    assert Counter(strata[number][1] for number in drawn) == {"p1": 15, "p3": 15}


def test_a_class_that_has_too_few_is_made_up_by_the_other():
    strata: list[Stratum] = [("step", "p", "c", "multi")] * 10 + [("step", "p", "c", "single")] * 100
    drawn = _pool(even(0.3), strata).draw(100, _all)
    assert Counter(strata[number][-1] for number in drawn) == {"multi": 10, "single": 90}


def test_natural_shares_are_those_of_the_source():
    strata: list[Stratum] = (
        [("chat", "p1", "", "single")] * 60 + [("step", "p1", "", "single")] * 30 + [("chat", "p3", "", "multi")] * 10
    )
    drawn = _pool(natural, strata).draw(50, _all)
    assert sorted(Counter(strata[number] for number in drawn).values()) == [5, 15, 30]


def test_the_order_in_which_rows_come_does_not_matter():
    strata = _strata(200, 0.3)
    forth, back = Pool("1.part", natural, lambda need: False), Pool("1.part", natural, lambda need: False)
    for number in range(200):
        forth.add(number, f"id{number}", strata[number])
    for number in reversed(range(200)):
        back.add(number, f"id{number}", strata[number])
    assert forth.draw(80, _all) == back.draw(80, _all)


def test_a_pool_asks_for_more_only_while_it_lacks_rows():
    asked: list[int] = []
    pool = Pool("1.part", natural, lambda need: False)

    def pull(need: int) -> bool:
        asked.append(need)
        start = 100 * len(asked)
        for number in range(start, start + 10):
            pool.add(number, f"id{number}", ("step", "p", "c", "single"))
        return len(asked) < 3

    pool.pull = pull
    assert len(pool.draw(10, _all)) == 10
    assert asked == [10]
    assert len(pool.draw(50, _all)) == 20
    assert len(asked) == 3


def test_a_pool_without_rows_gives_none():
    assert _pool(natural, []).draw(5, _all) == []
    assert _pool(even(0.3), _strata(5, 0.5)).draw(5, lambda number: False) == []


def test_rows_are_found_again_by_their_number(tmp_path):
    rows, pair = made.rows("a", 20), made.pair("a", 1)
    with Spool(tmp_path / "spool") as spool:
        numbers = [spool.add(finished(Offer(row)).line) for row in rows]
        of_pair = spool.add(finished(Offer(pair)).line)
        assert spool.pair(of_pair) == pair
        assert [spool.row(number) for number in reversed(numbers)] == rows[::-1]
        assert spool.row(spool.add(spool.line(numbers[3]).decode())) == rows[3]


def test_a_stratum_is_what_the_metadata_says():
    row = made.rows("a", 1, multi=1, category="disk_space")[0]
    assert stratum_of(row) == ("chat", "casual_developer", "disk_space", "multi")
    assert stratum_of(made.pair("a", 1)) == ("chat", "", "", "single")
    corrected = replace(made.pair("a", 1), metadata={"persona": "senior_engineer", "pattern": "wrong_count"})
    assert stratum_of(corrected) == ("chat", "", "wrong_count", "single")
