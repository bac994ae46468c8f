"""A verdict as Markdown, JUnit XML and GitHub annotations, from real logs, read back by real parsers."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from verdict.gate import Check, GateOutcome, Verdict
from verdict.reports import WRITERS, github, junit, markdown

HOSTILE = "<img src=x> | @everyone [a](b) `c`\x1b[2J\n::error::owned ]]>"


def cases(text):
    root = ElementTree.fromstring(text.encode())
    found = list(root.iter("testcase"))
    assert int(root.attrib["tests"]) == len(found)
    for count, element in (("failures", "failure"), ("errors", "error")):
        assert int(root.attrib[count]) == sum(case.find(element) is not None for case in found)
    return found


def test_every_check_is_a_test_case_and_a_failed_one_fails(lab, policy):
    verdict = lab.judge(policy, "good", "old")
    found = cases(junit(verdict))
    assert len(found) == len(verdict.checks)
    failed = {case.attrib["name"] for case in found if case.find("failure") is not None}
    assert failed == {f"{check.rule} {check.slice}" for check in verdict.checks if check.state == "failed"}
    assert failed


def test_a_promotion_has_no_failure_and_no_error(lab, policy):
    verdict = lab.judge(policy, "base", "good")
    assert all(len(case) == 0 for case in cases(junit(verdict)))
    assert "\n" not in github(verdict).rstrip("\n")
    assert github(verdict).startswith("::notice title=aj gate%3A PROMOTE::")


def test_logs_that_are_no_evidence_are_errors_with_their_reasons(lab, policy):
    verdict = lab.judge(policy, "good", "good")
    (case,) = cases(junit(verdict))
    (error,) = case
    assert (error.tag, error.attrib["message"]) == ("error", verdict.reasons[0])
    assert github(verdict).startswith("::error title=aj gate%3A INVALID::")


def test_an_open_check_is_an_error_since_nothing_is_shown(lab, policy):
    metrics = {name: rule.model_copy(update={"margin": 0.02}) for name, rule in policy.metrics.items()}
    verdict = lab.judge(policy.model_copy(update={"metrics": metrics}), "good", "same")
    assert [case[0].tag for case in cases(junit(verdict)) if len(case)] == ["error"] * len(
        [check for check in verdict.checks if check.state == "open"]
    )
    assert github(verdict).count("::warning ") == sum(check.state == "open" for check in verdict.checks) > 0


def test_markdown_shows_what_did_not_pass_and_folds_what_did(lab, policy):
    told = markdown(lab.judge(policy, "good", "old"))
    assert told.startswith("### ❌ REJECT: old against good\n")
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(told)
    assert html.count("<table>") == 2
    assert "<td>failed</td>" in html.split("<details>")[0]
    assert "<td>failed</td>" not in html.split("<details>")[1]


@pytest.mark.parametrize("name", WRITERS)
def test_names_in_logs_are_text_and_nothing_else(lab, policy, name):
    verdict = lab.judge(policy, "good", "old")
    check = replace(verdict.checks[0], metric=HOSTILE, slice=HOSTILE, state="failed")
    told = WRITERS[name](replace(verdict, checks=(check,), reasons=(HOSTILE,), regressed=(HOSTILE,), run=HOSTILE))
    assert "\x1b" not in told or name == "github"
    if name == "junit":
        (case,) = cases(told)
        assert "<img src=x>" in case.attrib["classname"]
    if name == "github":
        assert [line[:8] for line in told.splitlines()] == ["::error ", "::error "]
    if name == "markdown":
        html = MarkdownIt("commonmark", {"html": True}).enable("table").render(told)
        assert "<img" not in html
        assert "<a " not in html
        assert html.count("<td") == 7
        assert "@everyone" not in html


# --- word for word, from a plain verdict ----------------------------------------------------------------------------

OPEN = Check("known/right", "slice", "kind=x", "open", -0.05, -0.2, 0.1, -0.1, 300)
FAILED = replace(OPEN, rule="floor", slice="all", state="failed", value=0.5, low=0.4, high=0.6, threshold=0.7)
PASSED = replace(OPEN, rule="margin", slice="all", state="passed")
VERDICT = Verdict(
    GateOutcome.REJECT, ("it fell.",), (PASSED, OPEN, FAILED), ("known/right kind=x",), None, "new", "ad", "old", "p"
)
HEADS = ["| metric | slice | rule | result | value | bounds | compared with |", "|---|---|---|---|--:|--:|--:|"]
FELL = "known/right: score 0.500 [0.400, 0.600] against the floor 0.70: shown to be worse."
WAITS = (
    "known/right kind=x: change -0.050 [-0.200, +0.100] where -0.10 is tolerated: not shown either way; "
    "about 300 samples would decide."
)


def test_a_rejection_as_markdown():
    assert markdown(VERDICT).split("\n") == [
        "### ❌ REJECT: new against old",
        "",
        "- it fell.",
        "- got worse: known/right kind=x",
        "",
        *HEADS,
        "| known/right | kind=x | slice | open | -0.050 | -0.200 … +0.100 | -0.10 |",
        "| known/right | all | floor | failed | +0.500 | +0.400 … +0.600 | +0.70 |",
        "",
        "<details><summary>1 checks passed</summary>",
        "",
        *HEADS,
        "| known/right | all | margin | passed | -0.050 | -0.200 … +0.100 | -0.10 |",
        "",
        "</details>",
        "",
    ]


@pytest.mark.parametrize(
    ("outcome", "sign"), [("PROMOTE", "✅"), ("REJECT", "❌"), ("INCONCLUSIVE", "❓"), ("INVALID", "⛔")]
)
def test_a_verdict_of_nobody_on_nothing_as_markdown(outcome, sign):
    bare = replace(VERDICT, outcome=GateOutcome[outcome], checks=(), regressed=(), run=None, reference=None)
    assert markdown(bare) == f"### {sign} {outcome}: the candidate against the reference\n\n- it fell.\n"


def test_what_markdown_reads_as_a_sign_is_escaped():
    told = markdown(replace(VERDICT, reasons=("a_b*c <d> @me #7\n\ne",), checks=(), regressed=()))
    assert told.split("\n")[2] == "- a\\_b\\*c \\<d\\> @\u200bme #\u200b7 e"


def test_a_rejection_as_junit():
    assert junit(VERDICT) == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        '<testsuites tests="3" failures="1" errors="1">\n'
        '  <testsuite name="aj gate" tests="3" failures="1" errors="1">\n'
        '    <testcase classname="known/right" name="margin all" />\n'
        '    <testcase classname="known/right" name="slice kind=x">\n'
        f'      <error message="{WAITS}" type="error" />\n'
        "    </testcase>\n"
        '    <testcase classname="known/right" name="floor all">\n'
        f'      <failure message="{FELL}" type="failure" />\n'
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n"
    )


def test_logs_that_are_no_evidence_are_a_test_case_for_each_reason_in_junit():
    told = junit(replace(VERDICT, outcome=GateOutcome.INVALID, reasons=("one.", "two."), checks=()))
    assert '<testsuites tests="2" failures="0" errors="2">' in told
    for place, said in ((1, "one."), (2, "two.")):
        assert f'classname="evidence" name="evidence {place}">\n      <error message="{said}" type="error" />' in told


def test_a_verdict_as_githubs_annotations():
    assert github(VERDICT).split("\n") == [
        f"::warning title=known/right::{WAITS}",
        f"::error title=known/right::{FELL}",
        "::error title=aj gate%3A REJECT::it fell.",
        "",
    ]
    promoted = replace(VERDICT, outcome=GateOutcome.PROMOTE, checks=(PASSED,), reasons=())
    assert github(promoted) == "::notice title=aj gate%3A PROMOTE::every check passed\n"
    assert "::it fell.; it broke.\n" in github(replace(promoted, reasons=("it fell.", "it broke.")))
