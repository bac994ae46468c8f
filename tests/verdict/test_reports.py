"""A verdict as Markdown, JUnit XML and GitHub annotations, from real logs, read back by real parsers."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

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
