"""Everything that is read is counted once: as a row or pair, or as a refusal with its code."""

import pickle
from collections import Counter

import pytest

from aj.messages import Pair, Row, reply, user
from datasets_build.ledger import Funnel, Refused

ROW = Row((user("x"), reply("y")), "chat")
PAIR = Pair((user("x"),), reply("y"), "z", "chat")


def test_a_refusal_is_raised_passed_on_and_sent_to_another_process_as_the_same_value():
    refused = Refused("not_json", "it breaks off", where="a.jsonl:3")
    with pytest.raises(Refused, match="it breaks off") as caught:
        raise refused
    assert caught.value == pickle.loads(pickle.dumps(refused)) == Refused("not_json", "it breaks off", "a.jsonl:3")
    assert refused != Refused("not_json", "it breaks off")
    assert len({refused, Refused("not_json", "it breaks off", "a.jsonl:3")}) == 1


def test_rows_in_are_rows_out_and_refusals():
    funnel = Funnel()
    funnel.take(ROW, ("bom", "action_key", "bom"))
    funnel.take(PAIR, opens=False)
    funnel.take(Refused("not_json", "it breaks off"))
    with pytest.raises(AssertionError, match=r"a\.jsonl lost conversations"):
        funnel.check("a.jsonl")
    funnel.end("kept")
    funnel.end("duplicate")
    funnel.check("a.jsonl")
    assert (funnel.records, funnel.read, funnel.converted, funnel.repaired) == (2, 3, 2, 1)
    assert funnel.repairs == {"bom": 1, "action_key": 1}
    assert funnel.rejected == {"not_json": 1}


@pytest.mark.parametrize("wrong", [{"converted": 2}, {"repaired": 1}, {"records": 2}])
def test_more_than_was_read_is_a_fault(wrong):
    with pytest.raises(AssertionError, match="more"):
        Funnel(**({"read": 1} | wrong), outcomes=Counter(kept=1)).check()


def test_a_funnel_that_lost_something_says_so():
    with pytest.raises(AssertionError, match="lost"):
        Funnel(read=2, converted=1).check()


def test_the_sum_of_two_funnels_counts_both():
    total = Funnel()
    for code in ("a", "a", "b"):
        one = Funnel()
        one.take(Refused(code, ""))
        one.take(ROW, ("bom",))
        one.end("kept")
        total.add(one)
    total.check()
    assert total.ended() == {"read": 6, "rejected:a": 2, "rejected:b": 1, "kept": 3}
    assert total.to_record() == {"read": 6, "converted": 3, "repaired": 3, "repaired:bom": 3} | total.ended()


def test_outcomes_are_listed_in_the_order_in_which_things_happen():
    funnel = Funnel()
    for outcome in ("kept", "unused", "near_duplicate", "filtered:b", "filtered:a", "passed", "duplicate"):
        funnel.take(ROW)
        funnel.end(outcome)
    funnel.take(Refused("x", ""))
    assert list(funnel.ended()) == [
        "read", "passed", "rejected:x", "duplicate", "filtered:a", "filtered:b", "near_duplicate", "unused", "kept",
    ]  # fmt: skip
    assert list(Funnel().to_record().items())[-1] == ("kept", 0)
