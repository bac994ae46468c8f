"""A verdict for others than the terminal: Markdown for a pull request, JUnit XML, GitHub annotations.

JUnit has no schema of its own; these files keep to what Jenkins' xUnit plugin and GitLab read: a test case for each
check, a failure where it failed, an error where it is open or where the logs are no evidence.
"""

from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from aj.annotations import annotation
from aj.visible import visible
from verdict.checks import Check, reason, shown_value
from verdict.gate import GateOutcome, Verdict
from verdict.noise import WITHIN

SIGNS = {
    GateOutcome.PROMOTE: "✅",
    GateOutcome.REJECT: "❌",
    GateOutcome.INCONCLUSIVE: "❓",
    GateOutcome.INVALID: "⛔",
}


def markdown(verdict: Verdict) -> str:
    """The verdict, its reasons, and a table of the checks that did not pass, then of those that did."""
    return "\n".join(_markdown(verdict))


def _markdown(verdict: Verdict) -> Iterator[str]:
    yield f"### {SIGNS[verdict.outcome]} {verdict.outcome.name}: {_names(verdict)}"
    yield ""
    yield from (f"- {_escaped(given)}" for given in verdict.reasons)
    if verdict.regressed:
        yield f"- got worse: {_escaped(', '.join(verdict.regressed))}"
    waiting = [check for check in verdict.checks if check.state != "passed"]
    passed = [check for check in verdict.checks if check.state == "passed"]
    if waiting:
        yield from ("", *_table(waiting))
    if passed:
        yield from (
            "",
            f"<details><summary>{len(passed)} checks passed</summary>",
            "",
            *_table(passed),
            "",
            "</details>",
        )
    if any(check.within_noise for check in verdict.checks):
        yield from ("", WITHIN)
    yield ""


def _names(verdict: Verdict) -> str:
    return _escaped(f"{verdict.run or 'the candidate'} against {verdict.reference or 'the reference'}")


def _table(checks: list[Check]) -> Iterator[str]:
    yield "| metric | slice | rule | result | value | bounds | compared with |"
    yield "|---|---|---|---|--:|--:|--:|"
    for check in checks:
        named = _escaped(check.metric), _escaped(check.slice), check.rule, check.state
        numbers = shown_value(check), f"{check.low:+.3f} … {check.high:+.3f}", f"{check.threshold:+.2f}"
        yield f"| {' | '.join((*named, *numbers))} |"


_SPECIAL = str.maketrans(
    {char: f"\\{char}" for char in "\\`*_{}[]<>()+!|~$"} | {char: f"{char}\u200b" for char in "@#"}
)
"""GitHub looks for names and issues after it has read the Markdown: a space of no width parts the sign from them."""


def _escaped(text: str) -> str:
    """Text of logs and policies, in which nothing is Markdown, a mention or HTML."""
    return visible(" ".join(text.split())).translate(_SPECIAL)


def junit(verdict: Verdict) -> str:
    """JUnit XML: a test case for each check; for INVALID, one for each reason."""
    states = [check.state for check in verdict.checks]
    invalid = verdict.outcome is GateOutcome.INVALID
    counts = {
        "tests": str(len(verdict.reasons if invalid else states)),
        "failures": str(states.count("failed")),
        "errors": str(len(verdict.reasons) if invalid else states.count("open")),
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "aj gate", **counts})
    if invalid:
        for place, given in enumerate(verdict.reasons, 1):
            _case(suite, "evidence", f"evidence {place}", "error", given)
    for check in verdict.checks:
        element = {"passed": "", "failed": "failure", "open": "error"}[check.state]
        _case(suite, check.metric, f"{check.rule} {check.slice}", element, reason(check) if element else "")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True).decode() + "\n"


def _case(suite: ElementTree.Element, group: str, name: str, element: str, told: str) -> None:
    case = ElementTree.SubElement(suite, "testcase", {"classname": visible(group), "name": visible(name)})
    if element:
        ElementTree.SubElement(case, element, {"message": visible(told), "type": element})


def github(verdict: Verdict) -> str:
    """GitHub annotations: an error for what failed, a warning for what is open, and the verdict."""
    lines = [
        annotation("error" if check.state == "failed" else "warning", reason(check), title=check.metric)
        for check in verdict.checks
        if check.state != "passed"
    ]
    level = "notice" if verdict.outcome is GateOutcome.PROMOTE else "error"
    told = "; ".join(verdict.reasons) or "every check passed"
    return "\n".join([*lines, annotation(level, told, title=f"aj gate: {verdict.outcome.name}"), ""])


WRITERS: dict[str, Callable[[Verdict], str]] = {"markdown": markdown, "junit": junit, "github": github}
"""By the name that `aj gate --format` takes."""
