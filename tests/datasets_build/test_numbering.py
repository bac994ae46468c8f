"""Steps are returned in the order that they state, without the numbers that state it."""

import pytest

from datasets_build.ledger import Refused
from datasets_build.reading.numbering import Steps, in_order

KEYS = ("step", "order", "number")
TEXTS = ("Look", "Mend")


def lead(step):
    return next((key for key in ("action", "description", "step") if isinstance(step.get(key), str)), None)


def ordered(value) -> Steps:
    return in_order(value, KEYS, lead)


FORMS = ["{0}. {1}", "{0}) {0}. {1}", "Step {0}: {0}. {1}", "Step {0} - {1}", "STEP {0} {1}", "({0}) {1}", "[{0}] {1}",
         "#{0} {1}", "**{0}.** {1}", "**Step {0}:** {1}", "**Step {0}**: {1}", "{0}: {1}", "{0} - {1}", "{0}.{1}",
         "{0}/2 {1}", "Step {0} of 2: {1}", "{0}\ufe0f\u20e3 {1}", "- {0}. {1}", "* Step {0}: {1}",
         "{0}.) {1}", "0{0}. {1}", "Step-{0}: {1}", "(Step {0}) {1}", "### Step {0}: {1}", "{0} : {1}"]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_number_before_a_text_goes_in_whatever_form(form):
    assert ordered([form.format(place, text) for place, text in enumerate(TEXTS, 1)]) == ([*TEXTS], True)
    assert ordered([form.format(place, text) for place, text in ((2, "Mend"), (1, "Look"))]) == ([*TEXTS], True)


@pytest.mark.parametrize(
    "numbers", [("a)", "b)"), ("A.", "B."), ("(a)", "(b)"), ("i.", "ii."), ("Step one:", "Step two:")]
)
def test_letters_and_words_count_where_they_are_in_order(numbers):
    assert ordered([f"{number} {text}" for number, text in zip(numbers, TEXTS, strict=True)]) == ([*TEXTS], True)


@pytest.mark.parametrize(
    "texts",
    [
        ["443: open it", "80: close it"],
        ["2 - 3 replicas", "1 - 2 nodes"],
        ["A. Smith looks", "J. Doe mends"],
        ["3.5 GB are free", "1.5 GB are used"],
        ["2FA is on", "1Password too"],
        ["a look", "b side"],
        ["First, look", "Then, mend"],
    ],
)
def test_what_need_not_be_a_number_of_a_step_stays(texts):
    assert ordered(texts) == (texts, False)


@pytest.mark.parametrize(
    "steps",
    [
        [{"step": 2, "action": "Mend"}, {"step": 1, "action": "Look"}],
        [{"order": "2", "action": "Mend"}, {"order": "1", "action": "Look"}],
        [{"step": "1/2", "action": "Look"}, {"step": "2/2", "action": "Mend"}],
        [{"number": 1.0, "action": "1. Look"}, {"number": 2.0, "action": "2. Mend"}],
        [{"step": "Step 1", "action": "Look"}, {"step": "Step 2", "action": "Mend"}],
        [{"step": {"order": 1, "action": "Look"}}, {"step": {"order": 2, "action": "Mend"}}],
        [{"step_1": {"action": "Look"}}, {"step_2": {"action": "Mend"}}],
        {"2": {"action": "Mend"}, "1": {"action": "Look"}},
        {"step2": {"action": "Mend"}, "step1": {"action": "Look"}},
        {"second": {"action": "Mend"}, "first": {"action": "Look"}},
        [{"step": "one", "action": "Look"}, {"step": "two", "action": "Mend"}],
        {"step_0": {"action": "Look"}, "step_1": {"action": "Mend"}},
    ],
)
def test_objects_come_in_the_order_of_their_numbers_wherever_these_stand(steps):
    assert ordered(steps) == ([{"action": text} for text in TEXTS], True)


@pytest.mark.parametrize(
    "steps",
    [
        ["1. Look", "3. Mend"],
        ["1. Look", "Wait", "2. Mend"],
        ["Step 2: Look", "Step 3: Mend"],
        [{"step": 1, "action": "Look"}, {"step": 1, "action": "Mend"}, {"step": 2, "action": "Tell"}],
        [{"step": 4, "action": "Look"}, {"step": 2, "action": "Mend"}],
        {"step_9": "Look", "step_10": "Mend"},
    ],
)
def test_numbers_that_leave_a_step_out_leave_its_place_unknown(steps):
    with pytest.raises(Refused) as refusal:
        ordered(steps)
    assert refusal.value.code == "unclear_order"


def test_markdown_may_number_every_item_with_one_and_some_may_have_none():
    assert ordered(["1. Look", "1. Mend"]).steps == [*TEXTS]
    assert ordered(["Look", "2. Mend"]).steps == [*TEXTS]


def test_bold_type_that_goes_on_behind_a_number_goes_on():
    assert ordered(["**1. Look** around", "**2. Mend** it"]).steps == ["**Look** around", "**Mend** it"]
