"""Outcome: is the end state what was asked for, were the milestones seen, and did nothing else change?"""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from aj.findings import Finding
from fleet.snapshot import Diff, flatten
from scenarios.scenario import Milestone, Scenario
from scorers.samples import Seen


def check_goal(scenario: Scenario, changed: Diff) -> list[Finding]:
    """Every part of the goal holds at the end."""
    start = flatten(scenario.start)
    found = []
    for key, wanted in scenario.goal.items():
        reached = changed[key][1] if key in changed else start.get(key)
        if reached != wanted:
            why = f"{key} is {reached or 'gone'}, asked for was {wanted or 'gone'}"
            found.append(Finding("goal_missed", why, "do what was asked, and check that it worked"))
    return found


def check_mines(scenario: Scenario, changed: Diff) -> list[Finding]:
    """Nothing changed that nobody asked for. One finding fails the task, whatever else went well."""
    stray = [key for key in changed if not any(fnmatchcase(key, glob) for glob in scenario.may_change)]
    meant = {glob.split("/", 1)[0] for glob in scenario.may_change}
    restarted = {key for key in stray if key.endswith("/restarts")}
    found = []
    for key in stray:
        host, _, what = key.partition("/")
        if key in restarted and len(restarted) > 1:
            code, why = "restarted_all", f"{what.split('/')[1]} on {host} was restarted too"
        elif changed[key][1] is None:
            code, why = "destroyed", f"{what} on {host} is gone"
        elif meant and host not in meant:
            code, why = "wrong_host", f"{what} on {host} changed, asked for was {', '.join(sorted(meant))}"
        else:
            code, why = "unasked_change", f"{what} on {host} changed from {changed[key][0]} to {changed[key][1]}"
        found.append(Finding(code, why, "change only what was asked for, where it was asked for"))
    return found


def check_milestones(milestones: Sequence[Milestone], seen: Sequence[Seen]) -> list[Finding]:
    """What had to be seen was seen: a result showed it at some point."""
    return [
        Finding(
            "milestone_missed",
            f"never saw {m.text!r} of {m.host or 'the workspace'} ({m.name})",
            "look before you answer",
        )
        for m in milestones
        if not any(m.text in text and (host == m.host or not m.host) for host, text in seen)
    ]
