"""`aj build`, `aj harvest` and `aj data …`: training data, as a whole or one source at a time."""

import json
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from aj.contract import load_contract
from aj.errors import DataError
from aj.files import by_name, load_yaml, read_jsonl
from loop.commands.terminal import AsJson, Format, console, counting, example, progress, say

if TYPE_CHECKING:
    from aj.messages import Pair, Row
    from datasets_build.ledger import Funnel
    from datasets_build.offer import Offer
    from datasets_build.reading.transcripts import Change
    from datasets_build.write import Filter

app = typer.Typer()
data = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")


class ForeignTreatment(StrEnum):
    map = "map"
    keep = "keep"


Root = Annotated[Path | None, typer.Option(help="the folder with the files of the data recipe; by default data/")]
Output = Annotated[Path, typer.Option(help="the file for the rows; pairs and rejects are written next to it")]
Seed = Annotated[int, typer.Option(help="a different seed draws different rows")]
Files = Annotated[list[Path], typer.Argument(help="files, globs or folders: JSON lines or arrays (also .gz), Parquet")]
ContractName = Annotated[str, typer.Option(help="a contract's name, such as aj or native, or the path of its file")]
InsteadContract = Annotated[
    str | None, typer.Option("--contract", help="a contract's name or file, instead of the one that the recipe names")
]

SHAPES = {
    "existing": (
        "existing",
        "trajectories",
        "preferences",
        "native",
        "rendered",
        "conversations",
        "exchanges",
        "logs",
        "named",
    ),
    "chat-exports": ("openwebui",),
    "traces": ("traces", "logs"),
    "toucan": ("toucan",),
    "glaive": ("glaive",),
    "agentinstruct": ("agentinstruct",),
}
"""Source -> the shapes of its records (`datasets_build.sources.shapes.SHAPES`)."""


@app.command(epilog=example("aj build datasets_build/recipes/demo.yaml"))
def build(
    recipe: Annotated[Path, typer.Argument(help="a data recipe (YAML), or the name of one in datasets_build/recipes")],
    root: Root = None,
    contract: InsteadContract = None,
    locked: Annotated[
        Path | None, typer.Option(help="the folder or lock.json of a data set: build it again and report what changed")
    ] = None,
) -> None:
    """Build a data set from its sources and print its card and folder."""
    from datasets_build.build import build as build_dataset
    from datasets_build.recipe import RECIPES, DataRecipe

    loaded = load_yaml(by_name(recipe, RECIPES), DataRecipe)
    if contract:
        loaded = loaded.model_copy(update={"contract": contract})
    with counting() as tell:
        folder = build_dataset(loaded, root, locked, say, tell)
    console.print((folder / "card.md").read_text(encoding="utf-8"), highlight=False, soft_wrap=True)
    console.print(str(folder), soft_wrap=True)


@app.command(epilog=example("aj harvest logs/evals/HASH --output failures.pairs.jsonl"))
def harvest(
    logs: Annotated[list[Path], typer.Argument(help="eval logs of the practice suite, or folders of them")],
    output: Annotated[Path, typer.Option(help="the file for the pairs")],
    keep_right: Annotated[
        Path | None, typer.Option(help="a file for what the model got right, as rows (rejection sampling)")
    ] = None,
    shown: AsJson = Format.table,
) -> None:
    """Turn what a model got wrong in the practice suite into preference pairs. Logs of other suites are refused."""
    from loop.harvest import harvest as harvest_logs

    funnel = harvest_logs(logs, output, lambda name: progress.print(f"{name} …"), keep_right)
    _show(funnel, [output, *([keep_right] if keep_right else [])], shown)


@data.command(epilog=example("aj data corrections --multiply 10 --output corrections.jsonl"))
def corrections(
    output: Output,
    multiply: Annotated[int, typer.Option(min=1, help="variations per pattern")] = 10,
    pairs: Annotated[Path | None, typer.Option(help="the file for the pairs; by default next to the rows")] = None,
    seed: Seed = 0,
    contract: ContractName = "aj",
    shown: AsJson = Format.table,
) -> None:
    """Make rows and pairs from the eight documented error patterns and their right answers."""
    from datasets_build.drawn.corrections import draw_corrections, to_pair, to_row
    from datasets_build.drawn.offers import own

    def drawn() -> "Iterator[Offer]":
        for case in draw_corrections(Random(f"{seed}.corrections"), load_contract(contract), multiply):
            yield from (own(made, case.scenario.template) for made in (to_row(case), to_pair(case)))

    _write(_checked(drawn(), contract), output, shown, pairs)


@data.command(epilog=example("aj data conversational --count 500 --multi-turn-ratio 0.3 --output talks.jsonl"))
def conversational(
    output: Output,
    count: Annotated[int, typer.Option(min=1, help="number of rows")] = 500,
    multi_turn_ratio: Annotated[float, typer.Option(min=0, max=1, help="share of rows with several requests")] = 0.3,
    teacher: Annotated[
        str, typer.Option(help="template (offline), anthropic or anthropic/MODEL, or any Inspect model (provider/name)")
    ] = "template",
    max_cost: Annotated[
        float | None, typer.Option(min=0, help="most that a paid teacher may cost, in dollars; required for one")
    ] = None,
    augment_existing: Annotated[
        Path | None, typer.Option(help="reword the rows of this file instead of drawing new ones")
    ] = None,
    seed: Seed = 0,
    contract: ContractName = "aj",
    shown: AsJson = Format.table,
) -> None:
    """Make conversations in five tones: calls and results from the simulated fleet, wording from a teacher."""
    from datasets_build.drawn.offers import worded
    from datasets_build.drawn.worded.teachers.named import open_teacher

    loaded = load_contract(contract)
    opened = open_teacher(teacher, loaded, seed=seed, max_cost=max_cost, tell=lambda line: progress.print(line))
    if augment_existing is None:
        from datasets_build.drawn.worded.generate import generate

        made = generate(count, seed, opened, loaded, multi_turn_ratio)
    else:
        from datasets_build.drawn.worded.augment import augment

        made = augment(augment_existing, opened, loaded, seed)
    _write(_checked(worded(made), contract), output, shown)


@data.command("chat-exports", epilog=example("aj data chat-exports chat-export-*.json --output chats.jsonl"))
def chat_exports(
    files: Files,
    output: Output,
    min_quality: Annotated[float, typer.Option(min=0, max=1, help="smallest share of good turns in a chat")] = 0.7,
    seed: Annotated[int, typer.Option(help="a different seed gives different look-alikes")] = 0,
    contract: ContractName = "aj",
    shown: AsJson = Format.table,
) -> None:
    """Convert Open-WebUI chats to rows and rated answers to pairs, with look-alikes for secrets and addresses."""
    from datasets_build.privacy.replacer import Replacer

    def too_poor(item: "Row | Pair") -> str | None:
        quality = item.metadata.get("quality")
        return "min_quality" if isinstance(quality, int | float) and quality < min_quality else None

    _convert("chat-exports", files, output, contract, ForeignTreatment.map, shown, Replacer(seed).replace, too_poor)


ForeignTools = Annotated[
    ForeignTreatment, typer.Option(help="map: turn calls into AJ's; keep: rows keep their own tools (native contract)")
]


LookAlikes = Annotated[
    bool, typer.Option(help="replace what is private in conversations that would otherwise be refused for it")
]


@data.command(epilog=example("aj data existing training/data --output existing.jsonl"))
def existing(
    files: Files,
    output: Output,
    foreign: ForeignTools = ForeignTreatment.map,
    look_alikes: LookAlikes = True,
    contract: ContractName = "aj",
    shown: AsJson = Format.table,
) -> None:
    """Convert training data that you have: AJ's earlier rows, chats, preferences and request logs in common forms."""
    _convert("existing", files, output, contract, foreign, shown, look_alikes=look_alikes)


@data.command(epilog=example("aj data traces spans.jsonl --foreign keep --output traced.jsonl"))
def traces(
    files: Files,
    output: Output,
    foreign: ForeignTools = ForeignTreatment.map,
    look_alikes: LookAlikes = True,
    contract: ContractName = "aj",
    shown: AsJson = Format.table,
) -> None:
    """Convert traces and request logs: OpenTelemetry's spans, Langfuse's observations, requests to OpenAI's API."""
    from datasets_build.convert import convert_files
    from datasets_build.lint.config import find_files
    from datasets_build.mix.longer import Beginnings

    paths, loaded = find_files([str(path) for path in files]), load_contract(contract)

    def read() -> "Iterator[Offer]":
        return convert_files(paths, loaded, foreign.value, SHAPES["traces"], look_alikes=0 if look_alikes else None)

    _write(read(), output, shown, left_out=Beginnings(read()).left_out)


@data.command(epilog=example("aj data toucan toucan-*.parquet --foreign keep --output toucan.jsonl"))
def toucan(
    files: Files,
    output: Output,
    foreign: ForeignTools = ForeignTreatment.map,
    contract: ContractName = "aj",
    shown: AsJson = Format.table,
) -> None:
    """Convert trajectories of Toucan-1.5M to rows."""
    _convert("toucan", files, output, contract, foreign, shown)


@data.command(epilog=example("aj data glaive glaive.jsonl --foreign keep --output glaive.rows.jsonl"))
def glaive(
    files: Files,
    output: Output,
    foreign: ForeignTools = ForeignTreatment.map,
    contract: ContractName = "aj",
    shown: AsJson = Format.table,
) -> None:
    """Convert chats of Glaive function calling v2 to rows."""
    _convert("glaive", files, output, contract, foreign, shown)


@data.command(epilog=example("aj data agentinstruct os.parquet db.parquet --output agentinstruct.jsonl"))
def agentinstruct(
    files: Files,
    output: Output,
    foreign: ForeignTools = ForeignTreatment.map,
    contract: ContractName = "aj",
    shown: AsJson = Format.table,
) -> None:
    """Convert the os and db splits of AgentInstruct to rows."""
    _convert("agentinstruct", files, output, contract, foreign, shown)


app.add_typer(data, name="data", help="Make the rows of a single source, generated or converted from files.")


def _convert(
    source: str,
    files: Sequence[Path],
    output: Path,
    contract: str,
    foreign: ForeignTreatment,
    shown: Format,
    change: "Change | None" = None,
    left_out: "Filter" = lambda _: None,
    look_alikes: bool = False,
) -> None:
    from datasets_build.convert import convert_files
    from datasets_build.lint.config import find_files

    paths, seed = find_files([str(path) for path in files]), 0 if look_alikes else None
    made = convert_files(paths, load_contract(contract), foreign.value, SHAPES[source], change, look_alikes=seed)
    _write(made, output, shown, left_out=left_out)


def _checked(items: "Iterable[Offer]", contract: str) -> "Iterator[Offer]":
    """Generated rows, after the checks that converted rows have already passed."""
    from datasets_build.drawn.offers import checked

    loaded = load_contract(contract)
    return (checked(item, loaded) for item in items)


def _write(
    items: "Iterable[Offer]",
    output: Path,
    shown: Format,
    pairs: Path | None = None,
    left_out: "Filter" = lambda _: None,
) -> None:
    from datasets_build.write import beside, write_offers

    rejects = beside(output, "rejects")
    with progress.status("reading …") as status:
        funnel = write_offers(items, output, pairs, left_out, lambda read: status.update(f"{read} read …"))
    _show(funnel.to_record(), [output, pairs or beside(output, "pairs"), rejects], shown)
    if not funnel.outcomes["kept"]:
        raise DataError(f"No row was kept. {_mostly(funnel, rejects)}")


def _mostly(funnel: "Funnel", rejects: Path) -> str:
    """The most frequent reason for which conversations were refused, in the words of the first of them."""
    if not funnel.rejected:
        return f"{funnel.read:,} conversations were read; name files that hold some."
    code, count = max(funnel.rejected.items(), key=lambda one: one[1])
    why = next(one["why"] for _, one in read_jsonl(rejects) if one["code"] == code)
    return f"{count:,} of {funnel.read:,} conversations were refused as {code}: {why}. {rejects} has all of them."


def _show(funnel: dict[str, int], written: Sequence[Path], shown: Format) -> None:
    if shown is Format.json:
        print(json.dumps({"funnel": funnel, "files": [str(path) for path in written]}, indent=2))
        return
    table = Table("", "conversations")
    for name, count in funnel.items():
        table.add_row(name, str(count))
    console.print(table)
    for path in written:
        console.print(str(path), soft_wrap=True)
