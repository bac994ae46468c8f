"""The template teacher: nothing of the evals in its texts, every text of it usable, the same for the same seed."""

import re
from functools import cache
from random import Random

import pytest

from aj.contract import load_contract
from aj.messages import Row
from aj.personas import load_personas
from datasets_build.drawn.worded.generate import generate
from datasets_build.drawn.worded.scenes.drawing import draw_scene, scenes
from datasets_build.drawn.worded.scenes.questions import catalogue as questions
from datasets_build.drawn.worded.teachers.template import answers, coded, expand, facts, requests
from datasets_build.drawn.worded.teachers.tones import outside, toned
from scenarios.catalogue import CATEGORIES, templates
from scenarios.requests import catalogue
from scenarios.scenario import Stage
from scenarios.smalltalk import small_talk
from tests.datasets_build.wordings import drawn_jobs, noting, texts_of

AJ = load_contract()
PERSONAS = sorted(load_personas().personas)


@pytest.fixture(scope="module")
def tried():
    """Every attempt that was made for `rows`."""
    return []


@pytest.fixture(scope="module")
def rows(tried):
    return [row for row in generate(20, 11, noting(tried), AJ) if isinstance(row, Row)]


def _plain(text):
    return " ".join(text.lower().strip(" ?!.,:").split())


# --- the evals' words -----------------------------------------------------------------------------------------------


def _wraps(split):
    """Every wrap of a split, as a pattern of a whole message."""
    for persona in load_personas().personas.values():
        for wrap in persona.wrap.of(split):
            before, after = (_plain(part) for part in wrap.split("{text}"))
            yield re.compile(rf"{re.escape(before)}\W*\b.+\b\W*{re.escape(after)}") if before or after else None


def _parts(split):
    """What the wraps of a split put before and after the request."""
    for persona in load_personas().personas.values():
        for wrap in persona.wrap.of(split):
            yield from (_plain(part) for part in wrap.split("{text}") if _plain(part))


@cache
def _eval_requests():
    """Every request of the evals, from the catalogue and from all templates, with a slot for each host."""

    class Listening(Stage):
        def turn(self, texts, steps, said, items, why, **rest):
            heard.extend((text, tuple(self.hosts)) for text in texts)
            super().turn(texts, steps, said, items, why, **rest)

    heard: list[tuple[str, tuple[str, ...]]] = [
        (text, ()) for intent in catalogue().intents.values() for text in intent.eval
    ]
    heard += [(talk.text, ()) for talk in small_talk().eval]
    for made in templates().values():
        if made.split == "eval":
            made.build(Listening(made.name, "eval", 1, "senior_engineer", made.size, made.windows))
    plain = set()
    for text, hosts in heard:
        for name in sorted(hosts, key=len, reverse=True):
            text = text.replace(name, "{host}")
        plain.add(_plain(text))
    return plain


def _own_texts():
    """Every text of a user that this teacher, or a scene of its own, may write."""
    grammar = requests()
    lists = [*grammar.personas.values(), grammar.shared]
    yield from (entry for of in lists for entries in of.values() for entry in entries)
    yield from (text for asked in questions().values() for question in asked for text in question.texts)
    for name in scenes():
        if name not in templates():
            yield from (
                turn.text for seed in (1, 2) for turn in draw_scene(name, seed, "senior_engineer").scenario.turns
            )


def test_no_text_of_a_user_is_a_part_of_an_evals_wrap_or_a_request_of_an_eval():
    held_out = {*_parts("eval"), *_eval_requests()} - set(_parts("train"))
    assert len(held_out) > 500
    assert {"teach me", "psst"} <= held_out
    own = {_plain(re.sub(r"\{\w+\}", " ", text)) for text in _own_texts()}
    assert sorted(own & held_out) == []


def test_no_worded_request_wears_an_evals_wrap_or_is_a_request_of_an_eval(rows):
    wraps, held_out = [wrap for wrap in _wraps("eval") if wrap], _eval_requests()
    for row in rows:
        for message in row.messages:
            said = _plain(message.content) if message.role == "user" else ""
            assert not [wrap.pattern for wrap in wraps if wrap.fullmatch(said)], said
            for name in row.metadata["hosts"]:
                said = said.replace(name, "{host}")
            assert said not in held_out


def test_an_evals_wrap_would_be_seen():
    wraps = [wrap for wrap in _wraps("eval") if wrap]
    for said in ("psst check the disk on web01 tysm", "teach me: check the disk on web01. and why"):
        assert any(wrap.fullmatch(said) for wrap in wraps), said
    assert not any(wrap.fullmatch("check the disk on web01") for wrap in wraps)
    assert any("{host}" in text for text in _eval_requests())


# --- the grammar ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_symbol_of_the_grammar_has_its_list(persona):
    """Each entry of each list, expanded: a name without a list raises KeyError."""
    names = "v ask asked Ask ASK bare Bare facts Facts bullets why question Question count"
    given: dict[str, str] = dict.fromkeys(names.split(), "x")
    topic = {f"topic_{name}": entries for name, entries in answers().topics["disk_space"].items()}
    for lists in ({**requests().shared, **requests().personas[persona]}, {**topic, **answers().personas[persona]}):
        for entries in lists.values():
            for entry in entries:
                assert "{" not in expand(entry, lists, Random(1), given)


def test_a_name_without_a_list_is_a_fault():
    with pytest.raises(KeyError):
        expand("{no_such}", {}, Random(1))


def test_every_persona_has_every_kind_and_every_category_its_topics():
    assert set(requests().personas) == set(answers().personas) == set(PERSONAS)
    assert set(answers().topics) == set(CATEGORIES)
    for lists in answers().personas.values():
        assert {"facts", "known", "list", "count", "restart", "ask_back", "failed", "note"} <= lists.keys()


def test_every_other_way_to_tell_a_fact_belongs_to_a_request():
    known = {
        f"{name}.{turn}"
        for name in scenes()
        for turn in range(len(draw_scene(name, 1, "senior_engineer").scenario.turns))
    }
    known |= {f"{intent}.{scope}" for intent, entry in catalogue().intents.items() for scope in entry.scopes}
    assert set(facts()) - known == set()


def test_no_frame_of_an_answer_holds_a_number_or_code():
    """What an answer states must stand in what was seen."""
    frames = [
        entry
        for lists in (*answers().personas.values(), *answers().topics.values())
        for entries in lists.values()
        for entry in entries
    ]
    assert [frame for frame in frames if re.search(r"[\d`]", re.sub(r"\{\w+\}", "", frame))] == []


def test_nearly_all_wordings_are_taken_at_the_first_try(rows, tried):
    assert len(rows) == 20
    assert sum(job.attempt > 0 for job in tried) <= 2


def test_an_answer_without_a_look_does_not_say_that_it_looked():
    asked = [job for job in drawn_jobs(30, multi_turn_ratio=0) if job.case == "nothing_to_call"]
    assert asked
    assert {message.role for job in asked for message in job.messages} == {"user", "assistant"}
    said = [texts_of(job, seed)["answer_0"] for seed in range(20) for job in asked]
    looked = r"\b(?:I (?:looked|checked|read|ran)|checked|had a look|read live|measured)\b"
    assert [text for text in said if re.search(looked, text, re.IGNORECASE)] == []


def test_a_job_is_worded_alike_for_one_seed_and_otherwise_for_another():
    (job,) = drawn_jobs(1)
    assert texts_of(job, 0) == texts_of(job, 0) != texts_of(job, 5)


# --- spelling -------------------------------------------------------------------------------------------------------


def test_names_and_paths_keep_their_letters_however_a_user_spells():
    text = "Please check The /etc/You/Please.conf on Web-01 and thanks"
    for seed in range(30):
        for persona in PERSONAS:
            said = toned(text, persona, ["/etc/You/Please.conf", "Web-01"], requests().spelling, Random(seed))
            assert "/etc/You/Please.conf" in said
            assert "Web-01" in said
    assert outside("a B c", ["B"], str.upper) == "A B C"


def test_a_casual_user_shortens_and_an_executive_does_not():
    text = "Could you check the disk, please? Thanks"
    casual = {toned(text, "casual_developer", [], requests().spelling, Random(seed)) for seed in range(40)}
    assert len(casual) > 5
    assert any(" u " in said for said in casual)
    assert toned(text, "executive_brief", [], requests().spelling, Random(1)) == text


def test_bare_technical_terms_are_put_into_code_once():
    assert coded("`mysql` could not write to /var/lib/mysql on db02", ["mysql", "db02"]) == (
        "`mysql` could not write to `/var/lib/mysql` on `db02`"
    )
    assert coded("nothing here", ["mysql"]) == "nothing here"
    assert coded("mysqld", ["mysql"]) == "mysqld"
