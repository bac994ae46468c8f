"""`aj eval`, `compare`, `board`, and the checks of the evals themselves: `selfcheck` and `judge-check`."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Group
from rich.padding import Padding

from aj.errors import AJError
from loop.commands.data import ContractName
from loop.commands.terminal import AsJson, Format, console, example, progress, say, show

if TYPE_CHECKING:
    from loop.targets import Target

app = typer.Typer()

SuiteOption = Annotated[
    Literal["small", "full", "practice"], typer.Option(help="small, full, or practice (for `aj harvest`)")
]
ContractOption = Annotated[
    str | None,
    typer.Option(help="for models that are not runs: aj (the default), native or a file; a run has its own"),
]


class BoardFormat(StrEnum):
    table = "table"
    json = "json"
    markdown = "markdown"
    html = "html"


@app.command("eval", epilog=example("aj eval champion --suite small"))
def evaluate(
    model: Annotated[str, typer.Argument(help="a run, champion, base:NAME, or any Inspect model (provider/name)")],
    suite: SuiteOption = "small",
    contract: ContractOption = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="samples per task, to try things out; the gate refuses such logs")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="times that each sample is asked")] = None,
    temperature: Annotated[float | None, typer.Option(min=0, help="instead of the tasks' own, which is 0")] = None,
    task_args: Annotated[
        list[str] | None, typer.Option("-T", help="NAME=VALUE, an argument of the tasks that know it, as for Inspect")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="ask anew, even if there is a finished eval")] = False,
) -> None:
    """Run the five evals on a model and print the folder of the logs."""
    from loop.evaluate import Settings, read_task_args
    from loop.evaluate import evaluate as run_suite
    from loop.targets import find_target

    settings = Settings(epochs, temperature, read_task_args(task_args or []))
    console.print(str(run_suite(find_target(model, contract), suite, limit, settings, again)), soft_wrap=True)


@app.command(epilog=example("aj rescore logs/evals/HASH"))
def rescore(folder: Annotated[Path, typer.Argument(help="the folder of a finished eval")]) -> None:
    """Grade a finished eval again with today's checks, without asking the model, and print the new folder."""
    from loop.rescore import rescore as grade_again

    console.print(str(grade_again(folder, say)), soft_wrap=True)


@app.command(epilog=example("aj compare base:smollm2-135m champion"))
def compare(
    a: Annotated[str, typer.Argument(help="the reference: a model as for `aj eval`, a folder of logs, or a log")],
    b: Annotated[str, typer.Argument(help="the candidate: likewise")],
    suite: SuiteOption = "small",
    contract: ContractOption = None,
    slices: Annotated[bool, typer.Option(help="show every slice as well")] = False,
    flipped: Annotated[
        bool, typer.Option("--flips", help="show instead which samples changed, with both replies and what is wrong")
    ] = False,
    metric: Annotated[
        str | None, typer.Option(help="TASK/METRIC, for --flips; by default the first metric of every task")
    ] = None,
    output: AsJson = Format.table,
) -> None:
    """Compare two models sample by sample: with confidence intervals, or with `--flips` reply by reply."""
    from verdict import compare as paired
    from verdict import flips

    both = both_arms(a, b, suite, contract)
    if flipped:
        found, counts = flips.flips(*both, metric), flips.code_counts(*both)
        show(output, flips.to_record(found, counts), lambda: flips.shown(found, counts, a, b, metric))
        return
    if metric:
        raise AJError("--metric chooses what --flips shows; add --flips.")
    logs = paired.read_both(*both)
    rows = paired.compare_all(logs)
    show(output, paired.to_records(rows), lambda: paired.table(rows, a, b, slices, paired.costs(logs)))


@app.command(epilog=example("aj why 3fba2e champion"))
def why(
    sample: Annotated[str, typer.Argument(help="the start of a sample's id, as `aj compare --flips` shows it")],
    model: Annotated[
        str, typer.Argument(help="whose failure: a model as for `aj eval`, or a folder of logs")
    ] = "champion",
    suite: SuiteOption = "small",
    contract: ContractOption = None,
    output: AsJson = Format.table,
) -> None:
    """Follow a failing sample back to the training rows that ask for the same, and to those whose words it said."""
    from loop import why as follow
    from loop.targets import find_target

    folder = Path(model) if _holds_logs(model) else finished_logs(find_target(model, contract), suite, model)
    found = follow.why(folder, sample)
    show(output, follow.to_record(found), lambda: follow.shown(found))


@app.command(epilog=example("aj board --format json"))
def board(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="logs or folders of logs; else all finished evals")
    ] = None,
    slices: Annotated[bool, typer.Option(help="show every slice as well")] = False,
    output: Annotated[BoardFormat, typer.Option("--format", help="table, json, markdown, or html")] = BoardFormat.table,
    to: Annotated[
        Path | None,
        typer.Option(help="the HTML file to write; else logs/board.html, or board.html here if FOLDERS are given"),
    ] = None,
) -> None:
    """Show the leaderboard of every model that was evaluated."""
    from evals.identities import today
    from loop.board import finished_evals, page_path, write_page
    from verdict.board import rows as ranking
    from verdict.board import terminal

    if to and output is not BoardFormat.html:
        raise AJError("--to says where the HTML file goes; add --format html.")
    found = folders or finished_evals()
    if not found:
        raise AJError("No model has been evaluated yet; run `aj eval MODEL` or `make loop`.")
    models = ranking.entries(found)
    rows = ranking.rank(models, today(), slices or output is BoardFormat.html)
    shown = rows if slices else ranking.headlines(rows)
    draw = terminal.slice_table if slices else terminal.table
    if output is BoardFormat.markdown:
        console.print(terminal.to_markdown(shown), soft_wrap=True)
    elif output is BoardFormat.html:
        path = to or (Path("board.html") if folders else page_path())
        write_page(path, models, rows)
        console.print(str(path), soft_wrap=True)
    else:
        show(Format(output), ranking.to_records(rows), lambda: draw(shown))


class AgentKind(StrEnum):
    reference = "reference"
    truth_keeping = "truth_keeping"
    truth_breaking = "truth_breaking"
    lazy = "lazy"


@app.command(epilog=example("aj selfcheck --suite small --kind truth_keeping --agent numbered_list"))
def selfcheck(
    suite: SuiteOption = "full",
    contract: ContractName = "aj",
    kind: Annotated[list[AgentKind] | None, typer.Option(help="only these agents; repeat it for several")] = None,
    agent: Annotated[str | None, typer.Option(help="only this agent")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="samples per task, to try things out; bounds are those of all")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="processes; one for each core by default")] = None,
    gaps: Annotated[
        bool, typer.Option("--gaps", help="only list what the oracle asks for and the fleet lacks")
    ] = False,
    output: AsJson = Format.table,
) -> None:
    """Check the evals themselves with agents whose scores are known. Exit code 1 if one scores what it should not."""
    if gaps:
        raise typer.Exit(bool(_show_gaps(suite, contract, limit, output)))
    from loop.selfcheck.found import KINDS, Kind, to_records, wrong
    from loop.selfcheck.run import selfcheck as check
    from loop.selfcheck.tables import tables

    chosen = {*(kind or AgentKind)}
    kinds: list[Kind] = [name for name in KINDS if AgentKind(name) in chosen]
    checked = check(suite, say, contract, limit, kinds, agent, jobs)
    show(output, to_records(checked), lambda: Group(*(Padding(table, (0, 0, 1, 0)) for table in tables(checked))))
    for line in (found := wrong(checked)):
        say(line)
    raise typer.Exit(bool(found))


def _show_gaps(suite: str, contract: str, limit: int | None, output: Format) -> int:
    """The number of gaps, after they were shown."""
    from loop.selfcheck.gaps import gaps
    from loop.selfcheck.tables import gap_table

    found = list(gaps(suite, contract, limit))
    show(output, [asdict(one) for one in found], lambda: gap_table(found))
    return len(found)


@app.command("judge-check", epilog=example("aj judge-check --model anthropic/claude-sonnet-5-5"))
def judge_check(
    model: Annotated[str | None, typer.Option(help="check this judge too: any Inspect model (provider/name)")] = None,
    output: AsJson = Format.table,
) -> None:
    """Measure how far the persona rules, and a model judge, agree with labelled replies."""
    from loop import judge_check as check

    about, labels = check.read_labels()
    rows = check.judge_check(labels, model)
    show(output, check.to_records(rows), lambda: check.table(rows, about))
    if model is None:
        progress.print(check.NOT_RUN, soft_wrap=True)


def both_arms(a: str, b: str, suite: str, contract: str | None) -> tuple[Path, Path]:
    """The logs of a reference and of a candidate, each given as a log, a folder of logs, or a model.

    A reference that is not a run is taken under the candidate's contract, unless `contract` names another one.
    """
    left, right = (
        given if isinstance(given, Path) else finished_logs(given, suite, name)
        for name, given in named_arms(a, b, contract)
    )
    return left, right


def named_arms(a: str, b: str, contract: str | None) -> "list[tuple[str, Path | Target]]":
    """What the names of a reference and a candidate mean: logs, or models under one contract, as for `both_arms`."""
    from loop.targets import find_target

    if not _holds_logs(b):
        contract = contract or find_target(b).contract
    return [(name, Path(name) if _holds_logs(name) else find_target(name, contract)) for name in (a, b)]


def finished_logs(target: "Target", suite: str, name: str) -> Path:
    """The finished eval of a model; raises EvidenceError when there is none."""
    from loop.evaluate import eval_folder
    from loop.targets import check_finished

    return check_finished(eval_folder(target, suite), name, suite)


def _holds_logs(name: str) -> bool:
    """Whether a name is a log or a folder of logs; a run's folder is none."""
    from verdict.scores import logs_in

    path = Path(name)
    return path.exists() and not (path / "manifest.json").exists() and bool(logs_in(path))
