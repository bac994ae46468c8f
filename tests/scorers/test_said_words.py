"""How a word of an answer is read: in one spelling, said or denied, and in any form of a value."""

import pytest

from scorers.checks.said.kinds import NUMBER, STATE, TERM, VERSION, Mention, is_measured, kind_of, pattern_of, places
from scorers.checks.said.spelling import plain, spelled_out
from scorers.checks.said.stance import in_general, stance
from scorers.checks.said.states import opposites, with_synonyms
from scorers.checks.said.values import says, shares

# --- spelling -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "one"),
    [
        *(
            (text, "3.1G")
            for text in ("3.1 GiB", "3.1GB", "3.1Gi", "3.1 gb", "3.1 gigabytes", "3.1 gibibytes", "3.1 G")
        ),
        *((text, "12K") for text in ("12 kb", "12 K", "12 kilobytes")),
        *((text, "5M") for text in ("5 megs", "5 MB", "5 mebibytes")),
        *((text, "2T") for text in ("2 TB", "2 terabytes", "2TiB")),
        *(
            (text, "91%")
            for text in ("91 %", "91 percent", "91 per cent", "91 pct", "91 Percent", "ninety-one percent")
        ),
        *((text, "90%") for text in ("ninety percent", "Ninety per cent")),
        ("twenty two percent", "22%"),
        ("Twelve percent", "12%"),
        ("zero percent", "0%"),
        ("“a” ‘b’ c\u00a0d\u202fe\u2009f", "\"a\" 'b' c d e f"),
        *((text, text) for text in ("12 k", "5 minutes", "7 Tbit", "3 gigantic", "ninety per centimetre", "%", "two")),
    ],
)
def test_sizes_shares_and_quotes_have_one_spelling(text, one):
    assert plain(text) == one


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("**Nginx** IS Active", "nginx is active"),
        ("It won't", "it will not"),
        ("I can’t, you cannot", "i can not, you can not"),
        ("It ain't so", "it is not so"),
        ("It isn't, didn't, wouldn't", "it is not, did not, would not"),
        ("web01's can", "web01's can"),
    ],
)
def test_emphasis_and_contractions_are_spelled_out_in_lower_case(text, one):
    assert spelled_out(text) == one


# --- stance ---------------------------------------------------------------------------------------------------------


def of_marked(text: str, near: bool = False) -> str:
    """The stance of what stands in <angle brackets>."""
    before, _, rest = text.partition("<")
    word, _, after = rest.partition(">")
    return stance(f"{before}{word}{after}", len(before), len(before) + len(word), near)


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("said", "`nginx` is <active>."),
        ("said", "it is not only <active> but enabled"),
        ("said", "no problem, it is <active>"),
        ("said", "it is not failed: it is <active>"),
        ("said", "it has not failed, and it is <active>"),
        ("said", "it was failed before; it is <active>"),
        ("said", "i checked whether it is <active>: yes."),
        ("said", "is it up? it is <active>"),
        ("said", "it was not restarted yet it is <active>"),
        ("said", "it is not stopped, however: it is <active>"),
        ("said", "there is nothing but <active> units"),
        ("said", "it is <active>, nothing to do"),
        ("denied", "it is not <active>"),
        ("denied", "it never got <active>"),
        ("denied", "it is no longer <active>"),
        ("denied", "no `nginx` is <active>"),
        ("denied", "it is not, however, <active>"),
        ("denied", "it is neither enabled, reachable nor <active>"),
        ("denied", "it is not stopped, nor <failed>"),
        ("denied", "it is not stopped, or <failed>"),
        ("denied", "it is <active>? no."),
        ("denied", "<active>: not really"),
        ("denied", "<active> is wrong"),
        ("denied", "it is not, unfortunately, <active>"),
        ("denied", "it is not, as of now, <active>"),
        ("denied", "it is not (yet) <active>"),
        ("denied", "it is not yet <active>"),
        ("denied", "it has not yet become <active>"),
        ("denied", "none of them is yet <active>"),
        ("denied", "it has yet to become <active>"),
        ("denied", "it failed to become <active>"),
        ("denied then", "it was not <active>"),
        ("denied then", "it is not <active> until noon"),
        ("past", "it was <active>"),
        ("past", "it went from <failed> to active"),
        ("past", "<failed> earlier"),
        ("open", "it might be <active>"),
        ("open", "it should be <active>"),
        ("open", "is it <active>?"),
        ("open", "make sure that it is <active>"),
        ("open", "if it is <active>, all is well"),
    ],
)
def test_a_word_is_said_denied_past_or_left_open_within_its_clause(how, text):
    assert of_marked(text) == how


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("nothing is wrong on <web01>", "said", "denied"),
        ("it does not run here but not on the <web01>", "denied", "denied"),
        ("it does not run on <web01>", "said", "denied"),
        ("rather than on <web01>", "denied", "denied"),
    ],
)
def test_a_name_is_denied_only_by_what_stands_right_before_it(text, near, far):
    assert (of_marked(text, near=True), of_marked(text)) == (near, far)


@pytest.mark.parametrize(
    ("text", "general"),
    [
        ("`nginx` is <active>", False),
        ("it matters, since a service that is <down> stays down", True),
        ("if a disk is <full>, writes stop", True),
        ("a restart makes it <active>", True),
        ("everything else is <active>", True),
        ("the rest is fine, `nginx` is <down>", False),
        ("pro tip: look twice. it is <down>", False),
    ],
)
def test_a_lesson_and_what_is_said_of_others_is_in_general(text, general):
    before, _, after = text.partition("<")
    assert in_general(before + after.replace(">", ""), len(before)) is general


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind", "measured"),
    [
        ("45%", NUMBER, True),
        ("3.1g", NUMBER, True),
        ("1,234", NUMBER, False),
        ("1.1.4", VERSION, True),
        ("v1.1.4-rc.1", VERSION, True),
        ("active", STATE, False),
        ("nginx", TERM, False),
    ],
)
def test_a_value_is_a_number_a_version_a_state_or_a_term(value, kind, measured):
    assert (kind_of(value), is_measured(value)) == (kind, measured)


@pytest.mark.parametrize(
    ("value", "forms", "others"),
    [
        ("61.0%", ("61.0%", "61%", "61.00%"), ("61.5%", "61", "161%", "61%x")),
        ("0.50", ("0.50", "0.5", "0.500"), ("0.51", "0.505", "10.50")),
        ("2", ("2", "two"), ("2%", "2.0", "12", "22")),
        ("1234567", ("1234567", "1,234,567", "1234,567"), ("12,34567", "1,234,567,8", "0,1234567")),
        ("13", ("13",), ("thirteen", "1,3")),
        ("3.1g", ("3.1g", "3.10g"), ("3.1", "3.1m", "3.1gb")),
        ("1.1.4", ("1.1.4", "v1.1.4"), ("1.1.4.5", "11.1.4", "1.1.40", "1.1.4-rc1")),
        ("92 days", ("92 days", "92-days", "92 `days`"), ("92  days", "192 days", "92 days-old")),
        ("no such file", ("no such file", "no  such `file`"), ("no such files", "no-such-file")),
        (":80", (":80",), (":8080",)),
        ("--full", ("--full", "x--full"), ("--fullest", "--full-run")),
        ("_x", ("_x",), ("a_x", "a-_x")),
    ],
)
def test_a_value_is_found_whole_and_in_any_form_of_it(value, forms, others):
    assert [form for form in forms if not pattern_of(value).search(f"at {form}, so")] == []
    assert [other for other in others if pattern_of(value).search(f"at {other}, so")] == []


def test_up_is_a_state_only_where_it_is_no_other_verbs():
    claim = "i look up what is up. `nginx` came `up` after i set up all"
    assert [claim[place.start - 3 : place.end] for place in places(claim, "up")] == ["is up", "e `up"]


def test_a_mention_knows_its_sentence():
    claim = "it was 4.2. now it is 5.1; fine. and so on"
    place = Mention(claim, claim.index("5.1"), claim.index("5.1") + 3)
    assert (place.text, place.sentence) == ("5.1", " now it is 5.1")
    assert claim[place.sentence_start :].startswith(" now")
    assert Mention("it is 5.1", 6, 9).sentence == "it is 5.1"


@pytest.mark.parametrize(
    ("words", "others"),
    [
        (("active",), {"inactive", "failed", "stopped", "dead", "exited", "offline", "crashed", "down"}),
        (("disabled", "off"), {"enabled"}),
        (("failed", "active"), set()),
        (("nginx",), set()),
    ],
)
def test_states_of_one_pole_have_opposites(words, others):
    assert opposites(words) == others


def test_a_state_has_other_names_and_a_failed_service_is_not_just_stopped():
    assert with_synonyms(("active", "ok")) == ("active", "ok", "running", "up")
    assert with_synonyms(("failed",)) == ("failed",)


@pytest.mark.parametrize(
    ("claim", "value", "right"),
    [
        ("it is active", "active|running", True),
        ("it is running", "active", True),
        ("it is not inactive", "active", False),
        ("it is not running", "inactive", True),
        ("this matters because active services stay active", "active", False),
        ("it was active", "active", True),
        ("it was 40, it is 10 now", "40", False),
        ("it was 40, it is 40 now", "40", True),
        ("it was not active, it is active again", "active", True),
        ("it was not active, it is active", "active", False),
        ("it is on 1.1.4 or 4.2.6", "1.1.4", False),
        ("it is on 4.2.6 or 1.1.4", "1.1.4", False),
        ("it went from 4.2.6 to 1.1.4", "1.1.4", True),
        ("it is on 1.1.4 or not", "1.1.4", False),
        ("it has 40 or 41", "41", False),
        ("it has 41 or 40", "41", False),
        ("it went from 40 to 41", "41", True),
        ("it is on 1.1.4. it is on 4.2.6", "1.1.4", False),
        ("it is on 1.1.4, the latest is 4.2.6", "1.1.4", True),
        ("it is at 45%, 55% free", "45%", True),
        ("it is at 45%, the limit is 90%", "45%", True),
        ("it is at 45%. it is at 55%", "45%", False),
        ("`a` is at 45%. `b` is at 55%", "45%", True),
        ("it is active, but it has failed", "active", False),
        ("it had failed, it is active again", "active", True),
        ("`nginx` is active, `redis` is down", "active", True),
        ("there is no such thing", "no", True),
        ("it might not be there", "not", True),
    ],
)
def test_a_value_is_said_undenied_and_without_a_rival(claim, value, right):
    assert says([claim], value) is right


def test_other_true_values_are_no_rivals():
    claims = ["it went from 8080 to 8443", "at 1.1.4 or 4.2.6"]
    assert says(claims[:1], "8443", ["8080"])
    assert says(claims[1:], "1.1.4", ["4.2.6"])
    assert not says(claims[1:], "1.1.4", ["4.2.7"])
    assert says(["it has 40 or 41"], "41", ["40"])
    assert says(["it has 41 or 40"], "41", ["40"])


@pytest.mark.parametrize(
    ("claim", "value", "right"),
    [
        ("at 45% as well", "45%", True),
        ("not at 45%", "45%", False),
        ("it is active", "active", True),
        ("it was active", "active", True),
        ("is it active?", "active", False),
        ("and `nginx`", "nginx", True),
        ("`nginx` is left alone", "nginx", False),
        ("and not `nginx`", "nginx", False),
    ],
)
def test_a_value_may_be_shared_with_another_host(claim, value, right):
    assert shares([claim], value) is right
