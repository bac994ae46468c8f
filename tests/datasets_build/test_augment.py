"""Existing rows get personality: their words change, their calls do not, and none is lost."""

import json

import pytest
from msgspec.structs import replace

from aj.contract import load_contract
from aj.errors import DataError
from aj.messages import Row, calls, reply, result, row_to_record, user
from aj.personas import load_personas
from datasets_build.drawn.worded.augment import augment
from datasets_build.drawn.worded.teachers.template import template_teacher
from datasets_build.drawn.worded.teachers.wording import Teacher, Wording, slots_of, trajectory
from datasets_build.ledger import Refused
from tests.datasets_build.wordings import texts_of

AJ = load_contract()
LISTED = "Available agents:\n  - web01: web01 (linux) @ 10.0.0.2:7000"
STEP = Row(
    (
        user("check the disk on web01"),
        calls("list_agents"),
        result("list_agents", LISTED),
        calls("remote_bash", {"agent_id": "web01", "command": "df -h /"}),
        result("remote_bash", "/dev/sda1 40G 18G 22G 45% /"),
        calls("complete", {"answer": "web01 is at 45%."}),
    ),
    metadata={"source": "existing", "persona": "curious_learner"},
)
PLAN = Row((user("check the disk on web01"), reply("1. Discover the agents.\n2. Run `df -h /`.")), "plan")


def augmented(*rows, teacher=None, **options):
    return list(augment([row_to_record(row) for row in rows], teacher or template_teacher(), AJ, **options))


def test_words_change_and_calls_and_results_stay_to_the_byte():
    (row,) = augmented(STEP)
    assert isinstance(row, Row)
    assert json.dumps(trajectory(row.messages, AJ)) == json.dumps(trajectory(STEP.messages, AJ))
    old, new = ({slot.name: slot.text for slot in slots_of(made.messages, AJ)} for made in (STEP, row))
    assert old.keys() == new.keys()
    assert all(old[name] != new[name] for name in old)
    assert "`web01`" in new["answer_0"]
    assert "45%" in new["answer_0"]
    assert row.metadata["source"] == "existing"
    assert row.metadata["reworded_from"] == STEP.id
    assert (row.metadata["persona"], row.metadata["teacher"]) == ("curious_learner", "template")


def test_rows_without_a_persona_get_all_of_them_in_turn():
    rows = augmented(*(replace(STEP, metadata={}) for _ in range(5)))
    assert {row.metadata["persona"] for row in rows if isinstance(row, Row)} == set(load_personas().personas)


def test_a_plan_stays_and_its_request_is_worded():
    (row,) = augmented(PLAN)
    assert isinstance(row, Row)
    assert row.messages[1] == PLAN.messages[1]
    assert row.messages[0] != PLAN.messages[0]
    assert (row.mode, row.layout) == ("plan", "dialogue")


def test_a_turn_that_is_context_only_stays_as_it_is():
    wrong = replace(calls("complete", {"answer": "No idea."}), learned=False)
    asked = Row((user("check the disk on web01"), wrong, *STEP.messages), metadata=STEP.metadata)
    (row,) = augmented(asked)
    assert isinstance(row, Row)
    assert row.messages[1] == wrong
    assert row.messages[-1] != STEP.messages[-1]


def test_an_answer_that_loses_or_makes_up_a_fact_is_rejected_by_its_code():
    attempts = []

    def spoil(change):
        def word(jobs):
            for job in jobs:
                attempts.append(job.attempt)
                yield job.id, Wording({name: change(text) for name, text in texts_of(job).items()})

        return Teacher("spoilt", word)

    for change, code in (
        (lambda text: text.replace("45%", "54%"), "answer_lost_fact"),
        (lambda text: text.replace("web01", "web02"), "request_lost_term"),
    ):
        (rejected,) = augmented(STEP, teacher=spoil(change), retries=1)
        assert isinstance(rejected, Refused)
        assert (rejected.code, rejected.where) == (code, "record 1")
    assert attempts == [0, 1, 0, 1]


def test_rows_in_are_rows_out_and_rejects():
    broken = row_to_record(STEP) | {"id": "changed"}
    came = list(augment([row_to_record(STEP), broken, {"messages": "no"}, row_to_record(PLAN)], template_teacher(), AJ))
    assert len(came) == 4
    rejected = [one for one in came if isinstance(one, Refused)]
    assert [(one.code, one.where) for one in rejected] == [("not_a_row", "record 2"), ("not_a_row", "record 3")]


def test_a_row_that_breaks_the_contract_is_not_passed_on():
    twice = replace(
        STEP, messages=(*STEP.messages[:3], calls("list_agents"), result("list_agents", LISTED), STEP.messages[5])
    )
    (rejected,) = augmented(twice, retries=0)
    assert isinstance(rejected, Refused)
    assert rejected.code == "second_discovery"


def test_a_refused_row_is_counted_once():
    attempts = []

    def word(jobs):
        for job in jobs:
            attempts.append(job.attempt)
            yield job.id, Refused("teacher_refused", "no")

    (rejected,) = augmented(STEP, teacher=Teacher("no", word))
    assert isinstance(rejected, Refused)
    assert (rejected.code, attempts) == ("teacher_refused", [0])


def test_a_file_is_read_line_by_line_and_names_its_lines(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row_to_record(STEP)) + "\n\n" + '{"messages": []}\n')
    row, rejected = augment(path, template_teacher(), AJ)
    assert isinstance(row, Row)
    assert isinstance(rejected, Refused)
    assert rejected.where == f"{path}:3"
    path.write_text("no json\n")
    with pytest.raises(DataError, match=r"rows\.jsonl:1"):
        list(augment(path, template_teacher(), AJ))
