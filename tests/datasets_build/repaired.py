"""What the repair makes of records and conversations in their shortest form."""

import json

from aj.contract import Contract, load_contract
from aj.messages import Call, Row
from aj.wire import render_turn
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.repair.settle import Settled, settle
from datasets_build.sources import existing
from scorers.checks.rows import check_row

CONTRACT = load_contract()
EXPERT = "You are AJ, an expert for servers."
AGENTS = "Available agents:\n  - web01: web01 (linux) @ 203.0.113.5:50051"


def settled(response, instruction="Show the free space", system=EXPERT, contract=CONTRACT) -> Settled:
    """What becomes of one earlier record."""
    text = response if isinstance(response, str) else json.dumps(response)
    (item,) = existing.parse({"system": system, "instruction": instruction, "response": text})
    return settle(item, contract)


def conversation(*turns: Turn, contract: Contract = CONTRACT) -> Settled:
    return settle(Transcript(turns), contract)


def row_of(outcome: Settled) -> Row:
    assert isinstance(outcome.value, Row), outcome.value
    return outcome.value


def last_call(outcome: Settled) -> Call | None:
    return row_of(outcome).messages[-1].call


def code_of(outcome: Settled) -> str:
    assert isinstance(outcome.value, Refused)
    assert outcome.value.why
    return outcome.value.code


def said(response, **given) -> str:
    """What AJ says in the repaired row, as it is trained on."""
    row = row_of(settled(response, **given))
    assert check_row(row, CONTRACT) == []
    return render_turn(row.messages[-1], CONTRACT)


def call(response, **given):
    return json.loads(said(response, **given))


def code(response, **given) -> str:
    return code_of(settled(response, **given))
