"""Worded conversations: even shares, true calls, checked words, and nothing lost without a code."""

import json
from collections import Counter

import pytest

from aj.acts import finishing
from aj.contract import load_contract
from aj.messages import Row, row_from_record, row_to_record, user
from aj.personas import load_personas
from datasets_build.drawn.worded.allotment import ASK_THEN_ACT, PATTERNS, SINGLE, SINGLE_SHARES, allot
from datasets_build.drawn.worded.generate import REDRAWS, generate
from datasets_build.drawn.worded.scenes.drawing import draw_scene
from datasets_build.drawn.worded.teachers.template import template_teacher
from datasets_build.drawn.worded.teachers.wording import COST_CAP, Teacher, Wording, slots_of, trajectory
from datasets_build.ledger import Refused
from datasets_build.mix.near import NearIndex
from scenarios.catalogue import CATEGORIES
from scenarios.oracle import play
from scorers.checks.rows import check_row
from scorers.checks.voice import check_voice
from tests.datasets_build.wordings import noting, texts_of

pytestmark = pytest.mark.loop  # builds whole parts of data sets

AJ = load_contract()


@pytest.fixture(scope="module")
def rows():
    """Fifty rows of the template teacher: every persona with every category."""
    came = list(generate(50, 1, template_teacher(), AJ))
    made = [row for row in came if isinstance(row, Row)]
    assert len(made) == 50
    return made


# --- which conversations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 7, 50, 333, 500])
@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0])
def test_the_share_of_conversations_with_several_turns_is_exact(count, ratio):
    places = list(allot(count, ratio))
    assert len(places) == count
    assert sum(place.pattern != SINGLE for place in places) == round(count * ratio)


def test_a_large_set_is_even_over_personas_and_categories_single_and_several_turns_alike():
    cells = Counter((place.persona, place.category, place.pattern != SINGLE) for place in allot(3000, 0.3))
    assert len(cells) == len(load_personas().personas) * len(CATEGORIES) * 2
    assert {count for (_, _, several), count in cells.items() if several} == {18}
    assert {count for (_, _, several), count in cells.items() if not several} == {42}


def test_patterns_and_hard_cases_have_their_shares():
    places = list(allot(3000, 0.3))
    several = Counter(place.pattern for place in places if place.pattern != SINGLE)
    assert several.keys() == {*PATTERNS, ASK_THEN_ACT}
    assert max(several[pattern] for pattern in PATTERNS) - min(several[pattern] for pattern in PATTERNS) <= 3
    single = Counter(place.case for place in places if place.pattern == SINGLE)
    for case, share in SINGLE_SHARES.items():
        assert single[case] / 2100 == pytest.approx(share, abs=0.005), case


# --- rows -----------------------------------------------------------------------------------------------------------


def test_calls_and_results_are_the_oracles_to_the_byte(rows):
    for row in rows[::5]:
        scene = row.metadata["scene"]
        scenario = draw_scene(scene["template"], scene["seed"], scene["persona"]).scenario
        oracle, _ = play(scenario, AJ, until=scene["turns"])
        assert json.dumps(trajectory(row.messages, AJ)) == json.dumps(trajectory(oracle, AJ))


def test_every_row_passes_the_contract_and_its_answers_the_personas_rules(rows):
    for row in rows:
        assert check_row(row, AJ) == []
        answers = [text for message in row.messages if (text := finishing(message.call, AJ)) is not None]
        asks = row.metadata["case"] in ("ambiguous", "destructive")
        for place, answer in enumerate(answers):
            assert check_voice(answer, row.metadata["persona"], row.metadata["hosts"], asks and place == 0) == []


def test_a_row_says_what_it_is_and_survives_its_record(rows):
    for row in rows:
        assert row.metadata["teacher"] == "template"
        assert row.metadata["multi_turn"] == (sum(message.role == "user" for message in row.messages) > 1)
        assert all(".eval" not in name for name in row.metadata["templates"])
        assert row_from_record(row_to_record(row)) == row


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    first, again, other = (list(generate(5, seed, template_teacher(), AJ)) for seed in (1, 1, 2))
    assert first == again
    assert not [row for row in other if row in first]


def test_rows_are_worded_differently_and_hardly_any_twice(rows):
    assert len({row.id for row in rows}) == len(rows)
    slots = [slots_of(row.messages, AJ) for row in rows]
    index = NearIndex(0.8)  # the mix's threshold, but of the words alone, not the calls
    alike = [row for row in (Row(tuple(user(slot.text) for slot in said)) for said in slots) if index.admit(row)]
    assert len(alike) <= 0.01 * len(rows)
    for place in ("user", "answer"):
        texts = [slot.text.lower().split() for said in slots for slot in said if slot.place == place]
        trigrams = [gram for words in texts for gram in zip(words, words[1:], words[2:], strict=False)]
        assert len(set(trigrams)) > 0.6 * len(trigrams), place


# --- retries, rejects -----------------------------------------------------------------------------------------------


def spoiling(times, spoil, attempts=None):
    """The template teacher, whose wording is spoilt on the first `times` attempts at every job; counts them by job."""

    def word(jobs):
        for job in jobs:
            if attempts is not None:
                attempts[json.dumps(dict(job.scene))] += 1
            texts = texts_of(job)
            yield job.id, Wording(spoil(texts) if job.attempt < times else texts)

    return Teacher("spoilt", word)


def longer(texts):
    """Answers that tell a number which nobody has seen."""
    told = " Also, disk use is at 4711."
    return {slot: text + told * slot.startswith("answer") for slot, text in texts.items()}


def test_a_spoilt_wording_is_tried_again_and_then_taken():
    came = list(generate(3, 1, spoiling(1, longer), AJ))
    assert [type(one) for one in came] == [Row] * 3


def test_a_wording_that_stays_spoilt_is_rejected_by_its_code_and_another_scene_is_tried():
    attempts = Counter()
    came = list(generate(2, 1, spoiling(99, longer, attempts), AJ, multi_turn_ratio=0, retries=1))
    assert len(came) == 2 * (1 + REDRAWS)
    assert {one.code for one in came if isinstance(one, Refused)} == {"ungrounded"}
    assert list(attempts.values()) == [2] * len(came)
    assert len({one.where for one in came if isinstance(one, Refused)}) == len(came)


def test_a_refusal_is_final_for_its_job_and_a_stop_for_its_place():
    def attempts(code):
        told = []

        def word(jobs):
            for job in jobs:
                told.append(job.attempt)
                yield job.id, Refused(code, "no")

        assert {type(one) for one in generate(2, 1, Teacher("no", word), AJ)} == {Refused}
        return told

    assert attempts("teacher_refused") == [0] * 2 * (1 + REDRAWS)
    assert attempts(COST_CAP) == [0] * 2


def test_a_failure_is_tried_again_without_feedback():
    told = []

    def word(jobs):
        for job in jobs:
            told.append((job.attempt, job.feedback))
            yield job.id, Refused("teacher_expired", "late")

    came = list(generate(1, 1, Teacher("late", word), AJ, retries=1))
    assert told[:2] == [(0, ()), (1, ())]
    assert {one.code for one in came if isinstance(one, Refused)} == {"teacher_expired"}


def test_a_teacher_that_keeps_a_job_to_itself_is_our_own_fault():
    with pytest.raises(AssertionError, match="without a word"):
        list(generate(2, 1, Teacher("lazy", lambda jobs: iter([][len(list(jobs)) :])), AJ))


def test_rows_come_as_they_are_worded():
    """A paid run shows its rows, and keeps them, before its last job is done."""
    taken = []
    stream = generate(50, 1, noting(taken), AJ)
    assert isinstance(next(stream), Row)
    assert len(taken) == 1
