"""Which rows are held out, and what each of their tokens is."""

from collections import Counter
from random import Random

import pytest
from msgspec.structs import replace

from aj.contract import load_contract
from aj.errors import TrainError
from aj.messages import Call, Message, Mode, Pair, Row, calls, reply, user
from tests.train.families import ENDS, FAMILIES
from tests.train.tiny import make_row, thoughtful
from train.held_out import _spans, encode_held_out, split_by_template

AJ, NATIVE = load_contract("aj"), load_contract("native")


def row(number, *templates, mode: Mode = "step", source="drawn"):
    return Row((user(f"{number}"), reply("Yes.")), mode=mode, metadata={"templates": list(templates), "source": source})


def several(rows, draw):
    """Rows of three templates each, out of sixty, as a built data set has them."""
    return [row(n, *(f"t{draw.randrange(60)}" for _ in range(3))) for n in range(rows)]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_of_a_held_out_template_is_trained_on(seed):
    rows = several(400, Random(seed))
    pairs = [Pair(r.messages[:1], reply("Yes."), "No.", metadata=r.metadata) for r in rows[::7]]
    split = split_by_template(rows, pairs, 0.05, seed)
    assert sorted(r.id for r in (*split.rows, *split.held_out)) == sorted(r.id for r in rows)
    trained = {name for r in (*split.rows, *split.pairs) for name in r.metadata["templates"]}
    assert all(set(r.metadata["templates"]) - trained for r in split.held_out)
    assert 0.03 * 400 <= len(split.held_out) <= 0.1 * 400
    again = split_by_template(rows, pairs, 0.05, seed)
    assert [r.id for r in again.held_out] == [r.id for r in split.held_out]


def test_each_source_and_mode_has_its_share_where_its_templates_are_small_enough():
    rows = [row(n, f"a{n // 4}") for n in range(200)] + [row(n, f"b{n}", mode="chat") for n in range(200, 240)]
    rows += [row(n, "one for all", source="hand") for n in range(240, 260)]
    split = split_by_template(rows, [], 0.1, 0)
    found = Counter((r.metadata["source"], r.mode) for r in split.held_out)
    assert found == {("drawn", "step"): 20, ("drawn", "chat"): 4}


def test_rows_without_templates_are_held_out_one_by_one():
    rows = [Row((user(f"{n}"), reply("Yes."))) for n in range(100)]
    assert len(split_by_template(rows, [], 0.05, 0).held_out) == 5
    assert split_by_template(rows, [], 0.0, 0).held_out == []


def test_a_share_that_no_template_fits_into_is_refused():
    with pytest.raises(TrainError, match=r"the smallest has 50 row\(s\); raise held_out"):
        split_by_template([row(n, f"t{n % 2}") for n in range(100)], [], 0.05, 0)


@pytest.mark.parametrize("contract", [AJ, NATIVE], ids=["aj", "native"])
def test_the_spans_of_a_turn_are_its_note_and_its_thought_and_the_call(contract):
    from aj.wire import render_turn

    call = Call("remote_bash", {"agent_id": "web01", "command": "df -h"}, "On it, and on it.", "Its disk, first.")
    for made in (call, replace(call, note=None), replace(call, note=None, reasoning=None)):
        turn = Message("assistant", call=made)
        text, spans = render_turn(turn, contract), _spans(turn, "step", contract)
        told: dict[str, str] = {}
        start = 0
        for end, kind in spans:
            told[kind] = told.get(kind, "") + text[start:end]
            start = end
        assert start == len(text) + 1
        assert ("On it, and on it." in told.get("note", "")) == bool(made.note)
        assert ("Its disk, first." in told.get("thought", "")) == bool(made.reasoning)
        assert '"remote_bash"' in told["call"]
        assert "On it" not in told["call"]
        assert "Its disk" not in told["call"]


@pytest.mark.loop
@pytest.mark.parametrize("contract", [AJ, NATIVE], ids=["aj", "native"])
def test_every_learned_token_has_its_kind(tokenizer, contract):
    first, call, result, last = make_row("web01").messages
    talk = Row((user("thanks"), reply("You’re welcome — any time.")), mode="chat")
    block = Row((first, call, result, last), layout="state_block")
    partly = Row((first, replace(call, learned=False), result, last))
    asked = Row((user("hi"), calls("list_agents")))
    rows = [make_row("web01"), talk, block, partly, asked]
    read = []
    for held in encode_held_out(rows, contract, tokenizer):
        assert [bool(kind) for kind in held.kinds] == [label != -100 for label in held.row.labels]
        kinds = dict.fromkeys(filter(None, held.kinds))
        ids = zip(held.row.input_ids, held.kinds, strict=True)
        pairs = list(ids)
        read.append({kind: tokenizer.decode([n for n, k in pairs if k == kind]) for kind in kinds})
    assert set(read[0]) == {"call", "note", "answer"}
    assert "On it!" in read[0]["note"]
    assert "df -h" not in read[0]["note"]
    assert "On it!" not in read[0]["call"]
    assert read[0]["answer"] == read[2]["answer"] == read[3]["answer"] == "`web01` is at 78%.<|im_end|>"
    assert read[1] == {"chat": "You’re welcome — any time.<|im_end|>"}
    assert set(read[2]) == set(read[3]) == {"answer"}
    assert set(read[4]) == {"call"}


@pytest.mark.loop
@pytest.mark.parametrize("contract", [AJ, NATIVE], ids=["aj", "native"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_template_tells_the_kinds_apart(of_family, family, contract):
    """Each kind has its own text and no other, whatever stands around a message; the stop token belongs to the last."""
    tokenizer = of_family(family)
    talk = Row((user("thanks"), reply("Any time.")), mode="chat")
    plan = Row((user("fill"), reply("1. Look\n2. Tell")), mode="plan")
    read = []
    for held in encode_held_out([thoughtful(), make_row("web01"), talk, plan], contract, tokenizer):
        assert [bool(kind) for kind in held.kinds] == [label != -100 for label in held.row.labels]
        pairs = list(zip(held.row.input_ids, held.kinds, strict=True))
        kinds = set(filter(None, held.kinds))
        read.append({kind: tokenizer.decode([n for n, k in pairs if k == kind]) for kind in kinds})
    thought, noted, chat, planned = read
    stop = ENDS.get(family) or tokenizer.eos_token
    assert set(thought) == {"thought", "call", "answer"}
    assert "Its load." in thought["thought"]
    assert "Its load." not in thought["call"]
    assert thought["call"].endswith(stop)
    assert thought["answer"] == f"`web01`: 0.10.{stop}"
    assert set(noted) == {"note", "call", "answer"}
    assert "On it!" in noted["note"]
    assert "df -h" in noted["call"]
    assert "On it!" not in noted["call"]
    assert chat == {"chat": f"Any time.{stop}"}
    assert planned == {"plan": f"1. Look\n2. Tell{stop}"}
