"""`aj gate`, `promote` and `rollback`: who is champion."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loop.commands.evaluating import ContractOption, SuiteOption, both_arms, finished_logs
from loop.commands.terminal import Format, console, example, show

app = typer.Typer()


class GateFormat(StrEnum):
    table = "table"
    json = "json"
    markdown = "markdown"
    junit = "junit"
    github = "github"


PolicyOption = Annotated[
    Path, typer.Option(help="the policy that a candidate must meet (YAML), or the name of one in verdict/policies")
]
DEFAULT_POLICY = Path("default")


@app.command(epilog=example("aj gate champion 3f1c9e"))
def gate(
    a: Annotated[str, typer.Argument(help="the reference: champion, base:NAME, a run, or a folder of logs")],
    b: Annotated[str, typer.Argument(help="the candidate: a run, or a folder of logs")],
    suite: SuiteOption = "small",
    contract: ContractOption = None,
    policy: PolicyOption = DEFAULT_POLICY,
    output: Annotated[
        GateFormat, typer.Option("--format", help="table, json, markdown (a pull request), junit (XML), or github")
    ] = GateFormat.table,
) -> None:
    """Judge a candidate against a reference. Exit codes: 0 promote, 1 reject, 2 inconclusive, 3 invalid evidence."""
    from verdict import gate as judge
    from verdict import reports
    from verdict.policy import load_policy

    rules = load_policy(policy)
    verdict = judge.gate(*both_arms(a, b, suite, contract), rules)
    if write := reports.WRITERS.get(output):
        print(write(verdict), end="")
    else:
        show(Format(output), judge.to_record(verdict), lambda: judge.panel(verdict))
    raise typer.Exit(int(verdict.outcome))


@app.command(epilog=example("aj promote 3f1c9e"))
def promote(
    run: Annotated[str, typer.Argument(help="a run that was evaluated")],
    base: Annotated[str | None, typer.Option(help="the base model that a first champion must beat; its own")] = None,
    suite: SuiteOption = "small",
    policy: PolicyOption = DEFAULT_POLICY,
    force: Annotated[bool, typer.Option("--force", help="promote whatever the verdict is; needs --reason")] = False,
    reason: Annotated[
        str, typer.Option(help="a note for the history; needed with --force, and for another policy than last time")
    ] = "",
) -> None:
    """Make a run the champion if it passes the gate against the current one. Exit codes: as for `aj gate`."""
    from loop import registry
    from loop.targets import find_run, reference, run_target
    from verdict import gate as judge
    from verdict.policy import load_policy

    rules, folder = load_policy(policy), find_run(run)
    candidate = run_target(folder)
    reigning = reference(folder, base, candidate.contract)
    verdict = judge.gate(finished_logs(reigning, suite, reigning.name), finished_logs(candidate, suite, run), rules)
    console.print(judge.panel(verdict))
    if verdict.outcome and not force:
        raise typer.Exit(int(verdict.outcome))
    entry = registry.promote(folder, verdict, reason=reason, force=force)
    console.print(f"{entry['name']} ({entry['run'][:6]}) is the champion.")


@app.command(epilog=example('aj rollback --reason "slow on prod"'))
def rollback(reason: Annotated[str, typer.Option(help="a note for the history")] = "") -> None:
    """Restore the previous champion."""
    from loop import registry

    entry = registry.rollback(reason=reason)
    console.print(f"{entry['name']} ({entry['run'][:6]}) is the champion again.")
