"""`aj runs`, `aj history` and `aj registry`: what was trained and promoted; checking and mirroring that record."""

from collections.abc import Iterator
from datetime import UTC
from typing import Annotated, Any

import typer

from aj.errors import AJError, EvidenceError
from aj.files import logs_dir
from loop.commands.terminal import AsJson, Format, console, example, say, show

app = typer.Typer()
registry_app = typer.Typer(help="Check the record of promotions; mirror it to MLflow.", no_args_is_help=True)
app.add_typer(registry_app, name="registry")


@app.command(epilog=example("aj runs --format json"))
def runs(output: AsJson = Format.table) -> None:
    """List every run: unfinished ones, then the trained, newest first, with base, finished evals, and the champion."""
    rows = [*_unfinished(), *_runs()]
    if not rows and output is Format.table:
        raise AJError("Nothing has been trained yet; run `aj train RECIPE --data FOLDER` or `make loop`.")
    show(
        output,
        rows,
        lambda: _table(["run", "name", "overrides", "base", "trained", "evals", ""], map(_run_cells, rows)),
    )


def _unfinished() -> Iterator[dict[str, Any]]:
    from train.checkpoints import unfinished_runs

    for run, told, reached in unfinished_runs(logs_dir() / "runs"):
        yield {"run": run, **told, "trained": None, "reached": reached, "evals": {}, "champion": False}


def _runs() -> Iterator[dict[str, Any]]:
    from loop.registry import champion
    from loop.targets import finished_at, names_of
    from verdict.runs import read_object

    reigning = champion()
    evals = _evals()
    finished = {path.parent: finished_at(path.parent) for path in logs_dir().glob("runs/*/manifest.json")}
    for run, at in sorted(finished.items(), key=lambda item: item[1], reverse=True):
        told = read_object(run / "manifest.json")
        name, recipe = names_of(told)
        yield {
            "run": run.name,
            "name": name,
            "recipe": recipe,
            "overrides": told.get("overrides", []),
            "base": (told.get("base") or {}).get("name"),
            "dataset": told.get("dataset"),
            "trained": at.astimezone(UTC).isoformat(timespec="minutes"),
            "reached": "finished",
            "evals": evals.get(run.name, {}),
            "champion": reigning is not None and reigning["run"] == run.name,
        }


def _evals() -> dict[str, dict[str, list[str]]]:
    """Run -> suite -> folders of its finished evals."""
    from inspect_ai.log import read_eval_log

    from verdict.samples import DONE
    from verdict.scores import logs_in

    found: dict[str, dict[str, list[str]]] = {}
    for done in sorted(logs_dir().glob(f"evals/*/{DONE}")):
        logs = logs_in(done.parent)
        if not logs:
            continue
        metadata = read_eval_log(str(logs[0]), header_only=True).eval.metadata or {}
        suites = found.setdefault(str(metadata.get("run")), {})
        suites.setdefault(str(metadata.get("suite")), []).append(str(done.parent))
    return found


def _run_cells(row: dict[str, Any]) -> list[str]:
    evals = ", ".join(
        suite if len(folders) == 1 else f"{suite} × {len(folders)}" for suite, folders in row["evals"].items()
    )
    trained = row["trained"][:16].replace("T", " ") if row["trained"] else row["reached"]
    names = row["run"][:6], str(row["name"]), " ".join(row["overrides"]), str(row["base"]), trained
    return [*names, evals or "none", "champion" if row["champion"] else ""]


@app.command(epilog=example("aj history"))
def history(output: AsJson = Format.table) -> None:
    """List every promotion and rollback, oldest first, with the gate's verdict and the reason that was given."""
    from loop.registry import history as events

    found = events()
    if not found and output is Format.table:
        raise AJError("Nothing has been promoted yet; run `aj promote RUN` or `make loop`.")
    show(
        output,
        found,
        lambda: _table(["at (UTC)", "event", "run", "name", "verdict", "reason"], map(_event_cells, found)),
    )


def _event_cells(event: dict[str, Any]) -> list[str]:
    crowned = event["champion"]
    verdict = str((crowned.get("verdict") or {}).get("outcome", ""))
    if event["event"] == "rollback":
        verdict = ""
    elif crowned.get("forced"):
        verdict += ", forced"
    reason = event.get("reason") or (crowned.get("reason", "") if event["event"] == "promote" else "")
    at = str(event.get("at", ""))[:16].replace("T", " ")
    return [at, event["event"], crowned["run"][:6], crowned["name"], verdict, reason]


@registry_app.command(epilog=example("aj registry verify"))
def verify() -> None:
    """Check the history's chain of hashes, `champion.json`, and the champions' runs. Exit code 3 if one is broken."""
    from loop.registry import champion
    from loop.registry import history as events
    from loop.registry import verify as problems

    found = problems()
    for problem in found:
        say(problem)
    if found:
        raise typer.Exit(EvidenceError.exit_code)
    reigning = champion()
    who = f"the champion is {reigning['name']} ({reigning['run'][:6]})" if reigning else "there is no champion"
    console.print(f"The registry is whole: events: {len(events())}; {who}.", soft_wrap=True)


@registry_app.command("mirror", epilog=example("aj registry mirror http://127.0.0.1:5000"))
def mirror_to(
    url: Annotated[str, typer.Argument(help="MLflow's server", envvar="MLFLOW_TRACKING_URI")],
    model: Annotated[str, typer.Option(help="the name of the registered model")] = "aj",
) -> None:
    """Mirror the promotions to MLflow's model registry: a version for each, and the alias `champion`.

    Run it again after every promotion or rollback: it adds what is missing. Logs in as MLflow's own client does, with
    MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD.
    """
    from loop.mirror import mirror
    from loop.registry import history as events

    happened = events()
    if not happened:
        raise AJError("Nothing has been promoted yet; run `aj promote RUN` first.")
    added = mirror(happened, url, model)
    names = f": {', '.join(added)}" if added else ""
    console.print(
        f"Versions added to {model}: {len(added)}{names}; champion is {happened[-1]['champion']['name']}.",
        soft_wrap=True,
    )


def _table(heads: list[str], rows: Iterator[list[str]]) -> Any:
    from verdict.tables import Sheet

    sheet = Sheet("", heads, [])
    for row in rows:
        sheet.add(*row)
    return sheet
