"""What each token of a held-out row is."""

import pytest
from msgspec.structs import replace

from aj.contract import load_contract
from aj.messages import Call, Message, Row, calls, reply, user
from tests.train.families import ENDS, FAMILIES
from tests.train.tiny import make_row, thoughtful
from train.held_out import _spans, mark_kinds
from train.tokens import encode_rows

AJ, NATIVE = load_contract("aj"), load_contract("native")


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
    for held in mark_kinds(rows, encode_rows(rows, contract, tokenizer), contract, tokenizer):
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
    rows, read = [thoughtful(), make_row("web01"), talk, plan], []
    for held in mark_kinds(rows, encode_rows(rows, contract, tokenizer), contract, tokenizer):
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
