"""`aj gate`, `ab`, `promote` and `rollback`: who is champion."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group

from aj.errors import ConfigError
from loop.commands.evaluating import ContractOption, SuiteOption, both_arms, finished_logs, named_arms
from loop.commands.terminal import AsJson, Format, console, example, say, show

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
    a: Annotated[
        str | None, typer.Argument(help="the reference: champion, base:NAME, a run, or a folder of logs")
    ] = None,
    b: Annotated[str | None, typer.Argument(help="the candidate: a run, or a folder of logs")] = None,
    suite: SuiteOption = "small",
    contract: ContractOption = None,
    policy: PolicyOption = DEFAULT_POLICY,
    planned: Annotated[
        Path | None, typer.Option("--plan", help="judge nothing; say what this policy can decide on the suite")
    ] = None,
    asked_twice: Annotated[
        str | None,
        typer.Option(
            "--aa", metavar="RUN", help="judge nothing; evaluate this run again, and store how far its scores lie apart"
        ),
    ] = None,
    output: Annotated[
        GateFormat, typer.Option("--format", help="table, json, markdown (a pull request), junit (XML), or github")
    ] = GateFormat.table,
) -> None:
    """Judge a candidate against a reference. Exit codes: 0 promote, 1 reject, 2 inconclusive, 3 invalid evidence.

    With --aa, as in `aj gate --aa champion`, one model is asked twice: what its scores differ by is noise.
    """
    from loop.judging import judge
    from verdict import reports
    from verdict.gate import panel, to_record
    from verdict.policy import load_policy

    judged_nothing = planned is not None or asked_twice is not None
    if judged_nothing and (a is not None or (planned is not None and asked_twice is not None)):
        raise ConfigError("--plan and --aa judge nothing; give one of them, and no models beside it.")
    if planned:
        return _plan(planned, suite, output)
    if asked_twice:
        return _noise(asked_twice, suite, contract, output)
    if a is None or b is None:
        raise ConfigError(
            "Name the reference and the candidate, as in `aj gate champion RUN`, or give --plan POLICY or --aa RUN."
        )
    _check_frozen(suite)
    rules = load_policy(policy)
    verdict = judge(*both_arms(a, b, suite, contract), rules, suite)
    if write := reports.WRITERS.get(output):
        print(write(verdict), end="")
    else:
        show(Format(output), to_record(verdict), lambda: panel(verdict))
    raise typer.Exit(int(verdict.outcome))


@app.command(epilog=example("aj ab champion 3f1c9e --policy default"))
def ab(
    base: Annotated[str, typer.Argument(help="the reference: champion, base:NAME, a run, or a folder of logs")],
    candidate: Annotated[str, typer.Argument(help="the candidate: a run, or a folder of logs")],
    suite: SuiteOption = "small",
    contract: ContractOption = None,
    policy: PolicyOption = DEFAULT_POLICY,
    output: AsJson = Format.table,
) -> None:
    """Evaluate both batch by batch, and stop when the gate's verdict is certain. Exit codes: as for `aj gate`.

    Each look asks a further batch of every open task; a whole eval that is finished is used as it is.
    """
    from loop import ab as sequential
    from verdict import gate as judge
    from verdict.policy import load_policy

    _check_frozen(suite)
    rules = load_policy(policy)
    left, right = (sequential.named(name, given, suite) for name, given in named_arms(base, candidate, contract))
    found = sequential.run(left, right, rules, suite, lambda step: say(sequential.line(step)))
    verdict = found.judged.verdict
    show(output, sequential.to_record(found), lambda: Group(judge.panel(verdict), *sequential.savings(found)))
    raise typer.Exit(int(verdict.outcome))


def _plan(policy: Path, suite: str, output: GateFormat) -> None:
    from evals.suite import asks
    from verdict import plan
    from verdict.policy import load_policy

    _check_frozen(suite)
    found = plan.plan(load_policy(policy), suite, asks)
    show(_table_or_json(output), plan.to_record(found), lambda: plan.table(found))


def _noise(run: str, suite: str, contract: str | None, output: GateFormat) -> None:
    from loop.noise import measure
    from loop.targets import find_target
    from verdict import noise

    _check_frozen(suite)
    written = _table_or_json(output)
    found = measure(find_target(run, contract), suite)
    show(written, noise.to_record(found), lambda: noise.table(found))


def _table_or_json(output: GateFormat) -> Format:
    if output not in (GateFormat.table, GateFormat.json):
        raise ConfigError("Without a verdict there is a table or JSON; give --format table or --format json.")
    return Format(output)


def _check_frozen(suite: str) -> None:
    from verdict.frozen import SUITES

    if suite not in SUITES:
        raise ConfigError(f"The suite {suite!r} is not frozen; give --suite small or --suite full.")


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
    from loop.judging import judge
    from loop.targets import find_run, reference, run_target
    from verdict.gate import panel
    from verdict.policy import load_policy

    _check_frozen(suite)
    rules, folder = load_policy(policy), find_run(run)
    candidate = run_target(folder)
    reigning = reference(folder, base, candidate.contract)
    crowned = "champion" if registry.champion() else f"base:{base or run}"
    arms = finished_logs(reigning, suite, crowned), finished_logs(candidate, suite, run)
    verdict = registry.counted(judge(*arms, rules, suite), rules)
    console.print(panel(verdict))
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
