"""Commands that the user dictates verbatim: quotes, backslashes, Unicode, paths, long pipelines, several lines."""

from functools import cache
from pathlib import Path

from aj.acts import on
from aj.files import Strict, load_yaml
from aj.splits import SplitTexts
from scenarios.both.everyday import SPLITS
from scenarios.scenario import BuildScenario, Stage, Template, register

ASK = {
    "train": ("run this on {host}: {command}", "on {host} run {command}", "execute {command} on {host}", "{host}: {command}",
        "please run exactly this on {host}: {command}", "type this on {host}: {command}", "do this on {host}: {command}",
        "{command}, on {host} please", "now {command} on {host}", "use {command} on {host}, nothing else"),
    "eval": ("I need this run on {host}: {command}", "{command} <- run that on {host}", "to the letter, on {host}: {command}"),
}  # fmt: skip
WHY = "a command that is changed on the way does something else"


class HardValues(Strict):
    """Commands grouped by what makes them hard to copy."""

    quotes: SplitTexts
    backslashes: SplitTexts
    unicode: SplitTexts
    windows_paths: SplitTexts
    long: SplitTexts
    lines: SplitTexts


@cache
def commands() -> HardValues:
    return load_yaml(Path(__file__).parent / "hard_values.yaml", HardValues)


def _dictated(kind: str) -> BuildScenario:
    def build(stage: Stage) -> None:
        pool: tuple[str, ...] = getattr(commands(), kind).of(stage.split)
        number = stage.rng.randrange(len(pool))
        host, command = stage.pick(), pool[number]
        stage.turn(
            [stage.rng.choice(ASK[stage.split]).replace("{host}", host).replace("{command}", command)],
            [on(host, command)],
            {host: ()},
            f"that ran on `{host}`",
            WHY,
            exact=True,
            phrasing=f"hard_values.{kind}.{stage.split}.{number}",
        )

    return build


for split in SPLITS:
    for kind in HardValues.model_fields:
        register(Template(f"hard_values.{split}_{kind}", "hard_values", split, "medium", _dictated(kind)))
