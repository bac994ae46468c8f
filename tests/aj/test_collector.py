import gc
import weakref

import pytest

from aj.collector import uncollected


class Lost:
    """Something that can name itself."""

    itself: "Lost"


@uncollected()
def is_on() -> bool:
    return gc.isenabled()


@uncollected()
def damaged() -> None:
    raise ValueError("damaged")


def test_nothing_is_collected_within_a_block_and_all_is_as_before_after_it():
    assert gc.isenabled()
    with uncollected():
        assert not is_on()
        assert not gc.isenabled(), "a block within a block does not end it"
    assert gc.isenabled()
    assert not is_on(), "and so at every call"
    with pytest.raises(ValueError, match="damaged"):
        damaged()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.fixture
def nothing_frozen():
    """The suite freezes what it has imported (tests/conftest.py)."""
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.mark.usefixtures("nothing_frozen")
def test_what_a_block_made_is_old_and_its_cycles_are_collected_with_all_others():
    with uncollected():
        made: list[list[int]] = [[] for _ in range(3)]
        lost = Lost()
        lost.itself = lost
        gone = weakref.ref(lost)
        del lost
    assert {id(one) for one in made} <= {id(one) for one in gc.get_objects(generation=2)}
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert gone() is None


@pytest.mark.usefixtures("nothing_frozen")
def test_what_somebody_else_froze_stays_frozen():
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with uncollected():
            pass
        assert gc.get_freeze_count() == frozen > 0
    finally:
        gc.unfreeze()
