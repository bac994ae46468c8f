"""A check leaves a text without its hint alone, so whatever it finds must have the hint."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aj import extract, runtime
from aj.contract import load_contract
from aj.hints import hints_in
from datasets_build.sources import inferred
from scorers.checks import encoding, leaks, patterns, privacy, taught

FINDS = [
    (encoding._FIRST_CONTROL, encoding.ENCODING_HINT),
    (encoding._MOJIBAKE, encoding.ENCODING_HINT),
    (re.compile(encoding._LOST), encoding.ENCODING_HINT),
    (leaks._TOKENS, leaks.TOKEN_HINT),
    (leaks._HISTORY, leaks._HISTORY_HINT),
    (leaks._DIALOGUE, leaks._DIALOGUE_HINT),
    (leaks._RESULT, leaks._RESULT_HINT),
    (leaks._NONE_LISTED, leaks._NONE_HINT),
    (leaks._WRONG, leaks._WRONG_HINT),
    *((pattern, privacy.SECRET_HINT) for _, pattern in privacy._SECRETS),
    (privacy._PRIVATE, privacy.ADDRESS_HINT),
    (privacy._PRIVATE6, privacy.ADDRESS_HINT),
    (taught._SHOWN, taught._SHOWN_HINT),
    (re.compile(r"  - [a-z]+: [a-z]+ \([a-z]+\) @ \S+"), taught._SHOWN_HINT),
    (taught._INVENTED, taught._INVENTED_HINT),
    (patterns._NO_AGENTS, patterns._NO_AGENTS_HINT),
    (inferred._ASKS_FOR_A_CALL, inferred._CALL_HINT),
    (inferred._ASKS_FOR_A_PLAN, inferred._PLAN_HINT),
    (extract._UNREAD, extract._ODD_HINT),
    (extract._LONE, extract._ODD_HINT),
    (extract._IN_PATH, extract._PATH_HINT),
    (runtime._UNREAD_ESCAPE, runtime.ITS_OWN_ESCAPE),
]


@pytest.mark.parametrize(("pattern", "hint"), FINDS, ids=lambda value: getattr(value, "pattern", "")[:30])
def test_whatever_a_pattern_finds_has_its_hint(pattern, hint):
    @given(st.from_regex(pattern, fullmatch=True))
    @settings(max_examples=10, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
    def always(text: str) -> None:
        assert hints_in(text) & hint

    always()


@given(st.data())
@settings(max_examples=30)
def test_made_up_output_is_found_as_by_one_pattern_for_every_form(data):
    made_up = load_contract().made_up
    forms = [*(form.pattern for form in made_up.signs), *map(re.escape, made_up.phrases)]
    some = st.sampled_from([*forms, "[a-z *:]{0,9}"]).flatmap(lambda one: st.from_regex(re.compile(one, re.I)))
    text = " ".join(data.draw(st.lists(some, max_size=3)))
    whole, found = re.compile("|".join(forms), re.IGNORECASE).search(text), made_up.found(text)
    assert (whole and whole.span()) == (found and found.span())
