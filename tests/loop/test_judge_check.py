"""`aj judge-check`: agreement with the labels, computed from real verdicts of the rules and of scripted judges."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import ChatMessage, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import SampleScore, Score, krippendorff_alpha
from typer.testing import CliRunner

from aj.errors import AJError
from aj.personas import load_personas
from loop.commands import main
from loop.judge_check import NOT_RUN, Label, RaterAgreement, alpha, judge_check, kappa, read_labels
from scorers.judge import FITS

ABOUT, LABELS = read_labels()
PERSONAS = load_personas().personas.keys()


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    return tmp_path


def of(rows: list[RaterAgreement], rater: str, group: str = "all") -> RaterAgreement:
    (row,) = [row for row in rows if row.rater.startswith(rater) and row.group == group]
    return row


# The labels


def test_there_are_enough_labels_of_both_kinds_for_every_persona():
    assert len(LABELS) >= 200
    assert {label.persona for label in LABELS} == PERSONAS
    fits = Counter((label.persona, label.fits) for label in LABELS)
    assert min(fits.values()) >= 25


def test_labels_have_distinct_ids_and_replies_and_say_why():
    assert len({label.id for label in LABELS}) == len(LABELS)
    assert len({(label.user, label.reply) for label in LABELS}) == len(LABELS)
    assert all(label.why for label in LABELS)


def test_every_term_stands_in_the_request_or_the_reply():
    for label in LABELS:
        assert all(term in f"{label.user} {label.reply}" for term in label.terms), label.id


def test_the_file_says_who_labelled_it():
    assert "labelled by the authors of this project" in ABOUT


def test_labels_are_judgement_so_the_rules_do_not_match_all_of_them():
    row = of(judge_check(LABELS), "rules")
    assert row.good_rejected
    assert row.bad_accepted
    assert row.accuracy is not None
    assert 0.85 < row.accuracy < 1


# The statistics


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1100", "1100", 1.0),
        ("1100", "0011", -1.0),
        ("1100", "1010", 0.0),
        ("1" * 25 + "0" * 25, "1" * 20 + "0" * 5 + "1" * 10 + "0" * 15, 0.4),  # po = .7, pe = .5
        ("1111", "1111", None),
        ("", "", None),
    ],
)
def test_kappa_takes_off_agreement_by_chance(one, other, expected):
    assert kappa([mark == "1" for mark in one], [mark == "1" for mark in other]) == (
        None if expected is None else pytest.approx(expected)
    )


def test_alpha_is_the_one_that_inspect_computes():
    labels = [label.fits for label in LABELS]
    given = [label.fits != (number % 7 == 0) for number, label in enumerate(LABELS)]
    pairs = [SampleScore(score=Score(value=[int(a), int(b)])) for a, b in zip(labels, given, strict=True)]
    inspects: Any = krippendorff_alpha("nominal")
    assert alpha(labels, given) == pytest.approx(inspects(pairs))


def test_alpha_of_one_and_the_same_verdict_is_undefined():
    assert alpha([True, True], [True, True]) is None


# The judge


def scripted(speak):
    def answer(messages: list[ChatMessage], *_: Any) -> ModelOutput:
        output = ModelOutput.from_content("mock", speak(messages[-1].text))
        output.usage = ModelUsage()  # left unset, it downloads a tokenizer
        return output

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def test_a_judge_that_knows_the_labels_agrees_with_all_it_decides(logs):
    labels = LABELS[::9]
    known = {label.reply: label for label in labels}
    first = labels[0]

    def knows(asked: str) -> str:
        reply = asked.split("<reply-", 1)[1].split(">\n", 1)[1].split("\n</reply-", 1)[0]
        label: Label = known[reply]
        if label.id == first.id:
            return "I would rather not say."
        return f"ANSWER: {'A' if (f'A: {FITS}' in asked) == label.fits else 'B'}"

    rows = judge_check(labels, scripted(knows))
    row = of(rows, "judge mockllm/model")
    assert (row.n, row.undecided) == (len(labels), 1)
    assert (row.accuracy, row.kappa, row.alpha) == (1, 1, 1)
    assert of(rows, "judge", first.persona).undecided == 1
    assert of(rows, "rules").undecided == 0
    assert list((logs / "judge").glob("*.eval"))


def test_a_judge_that_breaks_is_reported_with_its_log(logs):
    def breaks(asked: str) -> str:
        raise RuntimeError("quota used up")

    with pytest.raises(AJError, match=r"quota used up.*its log is .*\.eval"):
        judge_check(LABELS[:3], scripted(breaks))


def test_an_unknown_judge_is_named():
    with pytest.raises(AJError, match="nowhere/model cannot judge"):
        judge_check(LABELS[:3], "nowhere/model")


# The command


def test_the_command_without_a_model_says_how_to_run_the_judge(logs):
    result = CliRunner().invoke(main.app, ["judge-check"])
    assert result.exit_code == 0
    assert NOT_RUN in result.stderr
    assert "labelled by the authors of this project" in " ".join(result.stdout.split())


def test_the_command_gives_its_numbers_as_json(logs):
    result = CliRunner().invoke(main.app, ["judge-check", "--format", "json"])
    rows = json.loads(result.stdout)
    assert {row["group"] for row in rows} == {"all", "seen", "unseen", *PERSONAS}
    assert rows[0]["rater"] == "rules"
    assert rows[0]["n"] == len(LABELS)
