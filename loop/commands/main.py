"""The `aj` command: thin doors over functions of the same names."""

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TimeElapsedColumn

from aj.errors import AJError
from aj.files import load_yaml, logs_dir, write_text
from loop.commands import data, lint
from loop.commands.terminal import console, example, progress

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Train AJ, measure it, and promote it only on evidence. Long work continues when it is run again.",
)
app.add_typer(data.app)


class Format(StrEnum):
    table = "table"
    json = "json"
    markdown = "markdown"
    html = "html"


Suite = Annotated[str, typer.Option(help="small (the demo's), full, or practice (for aj harvest)")]
AsJson = Annotated[Format, typer.Option("--format", help="table or json")]
Root = Annotated[Path | None, typer.Option(help="where the files of the data's mix lie; data/ when not given")]
Policy = Annotated[Path, typer.Option(help="what a candidate must hold")]
DEFAULT_POLICY = Path("verdict/policies/default.yaml")


@app.command(epilog=example("aj build datasets_build/recipes/demo.yaml"))
def build(
    recipe: Annotated[Path, typer.Argument(help="a data recipe (YAML), or the name of one in datasets_build/recipes")],
    root: Root = None,
    locked: Annotated[
        Path | None, typer.Option(help="a data set's folder or lock.json: build anew, and say what has moved since")
    ] = None,
) -> None:
    """Build a data set from its sources; prints its card and its folder."""
    from datasets_build.build import build as build_dataset
    from datasets_build.recipe import DataRecipe, recipe_path

    with _counting() as tell:
        folder = build_dataset(load_yaml(recipe_path(recipe), DataRecipe), root, locked, _say, tell)
    console.print((folder / "card.md").read_text(encoding="utf-8"), markup=False, highlight=False, soft_wrap=True)
    console.print(str(folder), soft_wrap=True)


@app.command(epilog=example("aj train train/recipes/smollm2-135m.yaml --data logs/datasets/HASH"))
def train(
    recipe: Annotated[Path, typer.Argument(help="a training recipe (YAML)")],
    data: Annotated[Path, typer.Option(help="a data set folder, as `aj build` prints it")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what it would do and need")] = False,
) -> None:
    """Train an adapter: preflight, QLoRA SFT, DPO, export; prints the run's folder."""
    from train.recipe import Recipe
    from train.run import dry_run as plan
    from train.run import train as train_run

    loaded = load_yaml(recipe, Recipe)
    if dry_run:
        for what, much in plan(loaded, data).describe():
            console.print(f"{what:<16} {much}", highlight=False)
        return
    console.print(str(train_run(loaded, data, progress)), soft_wrap=True)


@app.command(epilog=example("aj serve champion --port 8000"))
def serve(
    run: Annotated[str, typer.Argument(help="a run's hash or name, or champion")] = "champion",
    port: Annotated[int, typer.Option(help="on 127.0.0.1")] = 8000,
) -> None:
    """Serve a run with vLLM, as an OpenAI-compatible endpoint on 127.0.0.1; Ctrl-C ends it."""
    from loop.targets import find_run
    from train.serve import serve as serve_run

    serve_run(find_run(run), port)


@app.command("eval", epilog=example("aj eval champion --suite small"))
def evaluate(
    model: Annotated[str, typer.Argument(help="a run, champion, base:NAME, or any Inspect model (provider/name)")],
    suite: Suite = "small",
    limit: Annotated[
        int | None, typer.Option(help="samples a task, to try things out; the gate takes no such logs")
    ] = None,
) -> None:
    """Run the five tasks on a model through Inspect; prints the folder of the logs."""
    from loop.evaluate import evaluate as run_suite
    from loop.targets import find_target

    console.print(str(run_suite(find_target(model), suite, limit=limit)), soft_wrap=True)


@app.command(epilog=example("aj compare base:smollm2-135m champion"))
def compare(
    a: Annotated[str, typer.Argument(help="the reference: a model as for `aj eval`, or a folder of logs")],
    b: Annotated[str, typer.Argument(help="the candidate, likewise")],
    suite: Suite = "small",
    slices: Annotated[bool, typer.Option(help="also every slice")] = False,
    output: AsJson = Format.table,
) -> None:
    """Compare two models sample by sample, with confidence intervals."""
    from verdict import compare as paired

    rows = paired.compare(_logs_of(a, suite), _logs_of(b, suite))
    _show(output, paired.to_records(rows), lambda: paired.table(rows, a, b, slices))


@app.command(epilog=example("aj board --format json"))
def board(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="folders of logs; all finished ones when not given")
    ] = None,
    slices: Annotated[bool, typer.Option(help="also every slice")] = False,
    output: Annotated[
        Format, typer.Option("--format", help="table, json, markdown, or html (written to logs/board.html)")
    ] = Format.table,
) -> None:
    """The leaderboard: every model that was evaluated, task by task."""
    from verdict import board as ranking

    found = folders or sorted(path.parent for path in logs_dir().glob("evals/*/done.json"))
    if not found:
        raise AJError("No model was evaluated yet; run `aj eval MODEL` or `make loop`.")
    rows = ranking.board(found)
    shown = rows if slices else ranking.headlines(rows)
    draw = ranking.slice_table if slices else ranking.table
    if output is Format.markdown:
        console.print(ranking.to_markdown(shown), markup=False, soft_wrap=True)
    elif output is Format.html:
        write_text(logs_dir() / "board.html", ranking.to_html(rows))
        console.print(str(logs_dir() / "board.html"), soft_wrap=True)
    else:
        _show(output, ranking.to_records(rows), lambda: draw(shown))


@app.command(epilog=example("aj selfcheck --suite small"))
def selfcheck(
    suite: Suite = "full",
    output: AsJson = Format.table,
) -> None:
    """Check the instruments: reference agents over the suite; exit code 1 if one scores other than it must."""
    from loop import selfcheck as check

    means = check.selfcheck(suite, lambda agent: progress.print(f"{agent} …"))
    _show(output, check.to_records(means), lambda: check.table(means))
    for line in (wrong := check.wrong(means)):
        progress.print(line)
    raise typer.Exit(bool(wrong))


@app.command(epilog=example("aj gate champion 3f1c9e"))
def gate(
    a: Annotated[str, typer.Argument(help="the reference: champion, base:NAME, a run, or a folder of logs")],
    b: Annotated[str, typer.Argument(help="the candidate: a run or a folder of logs")],
    suite: Suite = "small",
    policy: Policy = DEFAULT_POLICY,
    output: AsJson = Format.table,
) -> None:
    """Judge a candidate: exit code 0 promote, 1 reject, 2 inconclusive, 3 invalid evidence."""
    from verdict import gate as judge
    from verdict.policy import load_policy

    rules = load_policy(policy)
    verdict = judge.gate(_logs_of(a, suite), _logs_of(b, suite), rules)
    _show(output, judge.to_record(verdict), lambda: judge.panel(verdict))
    raise typer.Exit(int(verdict.outcome))


@app.command(epilog=example("aj promote 3f1c9e"))
def promote(
    run: Annotated[str, typer.Argument(help="a run that was evaluated")],
    base: Annotated[str, typer.Option(help="what a first champion must beat")] = "smollm2-135m",
    suite: Suite = "small",
    policy: Policy = DEFAULT_POLICY,
) -> None:
    """Make a run the champion, if the gate passes it against the reigning one."""
    from loop import registry
    from loop.targets import find_run, reference
    from verdict import gate as judge
    from verdict.policy import load_policy

    rules, folder, reigning = load_policy(policy), find_run(run), reference(base)
    verdict = judge.gate(_logs_of_target(reigning, suite), _logs_of(run, suite), rules)
    console.print(judge.panel(verdict))
    entry = registry.promote(folder, verdict)
    console.print(f"{entry['name']} ({entry['run'][:6]}) is the champion.")


@app.command(epilog=example('aj rollback --reason "slow on prod"'))
def rollback(reason: Annotated[str, typer.Option(help="for the history")] = "") -> None:
    """Give the title back to the champion before."""
    from loop import registry

    entry = registry.rollback(reason=reason)
    console.print(f"{entry['name']} ({entry['run'][:6]}) is the champion again.")


@app.command(epilog=example("aj loop loop/recipes/demo.yaml"))
def loop(
    recipe: Annotated[Path, typer.Argument(help="a loop recipe (YAML)")],
    root: Root = None,
    output: AsJson = Format.table,
) -> None:
    """Build, train, evaluate, compare, gate, promote; skips what is up to date. Exit code: as `aj gate`."""
    from loop.pipeline import LoopRecipe, run_loop
    from verdict.gate import to_record

    done = run_loop(load_yaml(recipe, LoopRecipe), progress if output is Format.json else console, root)
    if output is Format.json:
        evals = {role: str(folder) for role, folder in done.evals.items()}
        print(
            json.dumps(
                {"run": str(done.run), "evals": evals, "promoted": done.promoted, "verdict": to_record(done.verdict)}
            )
        )
    raise typer.Exit(0 if done.up_to_date else int(done.verdict.outcome))


@app.command("judge-check", epilog=example("aj judge-check --model anthropic/claude-sonnet-5-5"))
def judge_check(
    model: Annotated[str | None, typer.Option(help="a judge as well: any Inspect model (provider/name)")] = None,
    output: AsJson = Format.table,
) -> None:
    """Agreement of the persona rules, and of a model judge, with labelled replies."""
    from loop import judge_check as check

    about, labels = check.read_labels()
    rows = check.judge_check(labels, model)
    _show(output, check.to_records(rows), lambda: check.table(rows, about))
    if model is None:
        progress.print(check.NOT_RUN, soft_wrap=True)


def _logs_of(name: str, suite: str) -> Path:
    """A folder of logs by its path, or the finished eval of a model."""
    from loop.targets import find_target

    if Path(name).is_dir() and list(Path(name).glob("*.eval")):
        return Path(name)
    return _logs_of_target(find_target(name), suite, name)


def _logs_of_target(target: Any, suite: str, name: str | None = None) -> Path:
    from loop.evaluate import eval_folder
    from loop.targets import check_finished

    return check_finished(eval_folder(target, suite), name or target.name)


def _say(sentence: str) -> None:
    progress.print(sentence, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _counting() -> Iterator[Callable[[str, int], None]]:
    """A line on standard error for each part, with how much of it was read; nothing where that is no terminal."""
    columns = ("{task.description:<24}", "{task.completed:>9,.0f} read")
    off = not progress.is_terminal
    with Progress(SpinnerColumn(), *columns, TimeElapsedColumn(), console=progress, disable=off) as bar:
        lines: dict[str, TaskID] = {}

        def tell(name: str, read: int) -> None:
            if name not in lines:
                lines[name] = bar.add_task(name, total=None)
            bar.update(lines[name], completed=read)

        yield tell


def _show(output: Format, records: Any, table: Any) -> None:
    if output is Format.json:
        print(json.dumps(records, ensure_ascii=False, indent=2))
    else:
        console.print(table())


lint.register(app, console, progress)


def main() -> None:
    """Entry point: errors are one sentence on standard error; `--debug`, anywhere, shows where they come from."""
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        app()
    except KeyboardInterrupt:
        _fail("Stopped. Run the same command again to continue.", 130, debug)
    except AJError as error:
        _fail(str(error), error.exit_code, debug)
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        _fail(
            f"The system refused{place}: {error.strerror or error}. Mend that and run the same command again.",
            AJError.exit_code,
            debug,
        )
    except Exception as error:
        _fail(f"Unexpected {type(error).__name__}: {error}. Run again with --debug for its place.", 70, debug)


def _fail(message: str, code: int, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    Console(stderr=True).print(f"aj: {message}", markup=False, highlight=False, soft_wrap=True)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
