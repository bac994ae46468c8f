import gc

import pytest

from aj.collector import uncollected


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
