"""`aj lint`: the linter, and the repair that it offers."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from aj.errors import AJError, DataError
from loop.commands.terminal import console, example, progress

if TYPE_CHECKING:
    from rich.status import Status

    from datasets_build.lint.config import LintConfig
    from datasets_build.repair.files import FixReport


app = typer.Typer()


class LintFormat(StrEnum):
    table = "table"
    json = "json"
    sarif = "sarif"
    github = "github"


LintedFiles = Annotated[list[str] | None, typer.Argument(help="files, folders or globs", show_default=False)]
Selected = Annotated[
    list[str] | None, typer.Option(help="codes or families to report; repeat the option, or separate them with commas")
]
Ignored = Annotated[list[str] | None, typer.Option(help="codes or families to leave out")]


@app.command(epilog=example("aj lint data/ --select tool_none_error"))
def lint(
    files: LintedFiles = None,
    select: Selected = None,
    ignore: Ignored = None,
    config: Annotated[Path | None, typer.Option(help="a pyproject.toml or aj-lint.toml; default: the nearest")] = None,
    contract: Annotated[str | None, typer.Option(help="the name or YAML file of a contract")] = None,
    output: Annotated[LintFormat, typer.Option("--format", help="how findings are printed")] = LintFormat.table,
    samples: Annotated[int, typer.Option(min=0, help="findings per code below the table")] = 1,
    explain: Annotated[str | None, typer.Option(help="explain a code")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="write repaired rows to the --output folder")] = False,
    output_folder: Annotated[Path | None, typer.Option("--output", help="a new folder for --fix")] = None,
    diff: Annotated[bool, typer.Option("--diff", help="show what --fix would change")] = False,
    look_alikes: Annotated[
        bool,
        typer.Option(
            help="replace secrets, addresses and names; otherwise rows with a secret or a private address are left out"
        ),
    ] = True,
) -> None:
    """Report which rows teach which failure, by file and line. Exit code 1 if there are findings."""
    from aj.contract import load_contract
    from datasets_build.lint.config import codes_of, find_files, load_config

    if explain:
        return _explain(explain)
    if not files:
        raise AJError("Nothing to lint; name files, folders or globs, such as `aj lint data/*.jsonl`.")
    settings = load_config(config, Path.cwd())
    chosen = {"select": _parted(select), "ignore": (*settings.ignore, *_parted(ignore)), "contract": contract}
    settings = settings.model_copy(update={key: value for key, value in chosen.items() if value})
    codes_of([*settings.select, *settings.ignore])
    load_contract(settings.contract)  # an unknown contract is an error before anything is printed
    paths = find_files(files)
    if fix or diff:
        given = [Path(name) for name in files if Path(name).exists()] or paths
        with progress.status("repairing …") as status:
            report = _fix(given, settings, output_folder, diff, look_alikes, status)
        if output_folder:
            console.print(_fixed(report), soft_wrap=True)
            if not report.total.converted:
                raise DataError(f"No row was kept; {output_folder / 'quarantine.jsonl'} says why, line by line.")
        return
    raise typer.Exit(_lint(paths, settings, output, samples))


def _parted(names: list[str] | None) -> tuple[str, ...]:
    return tuple(name.strip() for text in names or () for name in text.split(",") if name.strip())


def _explain(code: str) -> None:
    from rich.markdown import Markdown

    from datasets_build.lint.config import codes_of
    from datasets_build.lint.pages import page
    from datasets_build.lint.rules import load_rules

    for found in sorted(codes_of([code])):
        console.print(Markdown(page(load_rules()[found])))


def _lint(paths: list[Path], settings: "LintConfig", output: LintFormat, samples: int) -> int:
    """Print the findings and return the exit code."""
    from datasets_build.lint import report as report
    from datasets_build.lint.run import Outcome, lint_files

    total = Outcome()
    with _counting() as count:
        outcomes = lint_files(paths, settings, samples if output is LintFormat.table else None, count)
        if output is LintFormat.table:
            report.fold(outcomes, total, samples)
        else:
            tell = {
                LintFormat.json: report.json_parts,
                LintFormat.sarif: report.sarif_parts,
                LintFormat.github: report.github_parts,
            }[output]
            for part in tell(outcomes, total):
                sys.stdout.write(part)
    if output is LintFormat.table:
        console.print(report.table(total))
        for line in ("", *report.sample_lines(total)) if total.listed else ():
            console.print(line, highlight=False, soft_wrap=True)
    return int(bool(total.by_code))


@contextmanager
def _counting() -> Iterator:
    """Rows and bytes read so far; nothing without a terminal."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} rows, {task.fields[size]:,} MB"), TimeElapsedColumn())
    with Progress(*columns, console=progress, transient=True, disable=not progress.is_terminal) as bar:
        task, size = bar.add_task("lint", total=None, size=0), 0

        def count(rows: int, read: int) -> None:
            nonlocal size
            size += read
            bar.update(task, advance=rows, size=size // 10**6)

        yield count


def _fix(
    paths: list[Path], settings: "LintConfig", output: Path | None, diff: bool, look_alikes: bool, status: "Status"
) -> "FixReport":
    from aj.contract import load_contract
    from datasets_build.repair.files import fix_files
    from datasets_build.write import TELL_EVERY

    if output is None and not diff:
        raise AJError("--fix writes to a new folder; name it with --output FOLDER, or look first with --diff.")

    def tell(path: Path, records: int) -> None:
        if records % TELL_EVERY == 0:
            status.update(Text(f"{path.name}: {records:,} records …"))

    with tempfile.TemporaryDirectory() as scratch:
        folder = output or Path(scratch) / "fixed"
        seed = 0 if look_alikes else None
        report = fix_files(paths, folder, load_contract(settings.contract), tell, seed)
        if diff:
            status.stop()
            with (folder / "changes.diff").open(encoding="utf-8") as changes:
                for line in changes:
                    sys.stdout.write(line)
    return report


def _fixed(report: "FixReport") -> str:
    total = report.total
    lines = [
        f"{total.read:,} items in {len(report.files):,} files: {total.converted - total.repaired:,} unchanged, "
        f"{total.repaired:,} repaired, {total.read - total.converted:,} quarantined; written to {report.output}"
    ]
    for title, counts in (("repaired", total.repairs), ("quarantined", total.rejected)):
        lines += [
            f"  {title:<12} {count:>8,}  {code}" for code, count in sorted(counts.items(), key=lambda one: -one[1])
        ]
    return "\n".join(lines)
