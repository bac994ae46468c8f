"""A recipe as it is run: the pages that it extends, its own page, and the overrides of a command line.

`aj train RECIPE lora.rank=16 --sweep sft.learning_rate=1e-4,2e-4`
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from aj.errors import ConfigError
from aj.files import by_name, first_fault, line_of, parse_yaml, read_yaml
from train.recipe import RECIPES, Recipe

EXTENDS = "extends"


@dataclass(frozen=True, slots=True)
class Variant:
    """One recipe of a sweep."""

    overrides: tuple[str, ...]
    """As on the command line: `lora.rank=16`."""
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class _Page:
    path: Path
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Override:
    text: str
    keys: tuple[str, ...]
    value: Any


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe, over what it `extends`, under `overrides` (`lora.rank=16`).

    Mappings are merged key by key; any other value, lists included, replaces the one below it.

    Raises:
        ConfigError: an unknown key, a value of the wrong type, or a circle of pages. The message starts with
            `file:line:`, or with the override.
    """
    pages = _pages(path)
    changes = [_read_override(text) for text in overrides]
    _refuse_contradictions(changes)
    values: dict[str, Any] = {}
    for page in reversed(pages):
        values = _merge(values, page.values)
    for change in changes:
        values = _merge(values, _nested(change.keys, change.value))
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        location, told = first_fault(error, Recipe)
        raise ConfigError(f"{_place(location, pages, changes)}: {told}") from error


def variants(path: Path, overrides: Sequence[str], sweeps: Sequence[str], contract: str | None = None) -> list[Variant]:
    """Every combination of the values in `sweeps` (`lora.rank=16,64`), each under `overrides`; without sweeps, one.

    `contract` replaces that of the recipe.

    Raises:
        ConfigError: as `load_recipe` does, for any variant; or two variants are the same recipe.
    """
    chosen = [(*overrides, *texts) for texts in product(*map(_choices, sweeps))]
    instead = {"contract": contract} if contract else {}
    found = [Variant(texts, load_recipe(path, texts).model_copy(update=instead)) for texts in chosen]
    for number, variant in enumerate(found):
        if twin := next((other for other in found[:number] if other.recipe == variant.recipe), None):
            raise ConfigError(
                f"{' '.join(variant.overrides)}: the same recipe as {' '.join(twin.overrides)}; remove one."
            )
    return found


def _pages(path: Path) -> list[_Page]:
    """The page itself first, then what it extends, and so on."""
    pages: list[_Page] = []
    while True:
        values = read_yaml(path)
        above = values.pop(EXTENDS, None)
        pages.append(_Page(path, values))
        if above is None:
            return pages
        line = f"{path}:{line_of(path, (EXTENDS,))}"
        if not isinstance(above, str):
            raise ConfigError(f"{line}: {EXTENDS} must be one recipe, a name or a path (found {above!r}).")
        if "name" not in values:
            raise ConfigError(f"{line}: a recipe that extends another needs a name of its own; add `name:`.")
        beside = path.parent / above
        try:
            path = beside if beside.is_file() else by_name(Path(above), RECIPES)
        except ConfigError as error:
            raise ConfigError(f"{line}: {EXTENDS}: {error}") from error
        if any(page.path.resolve() == path.resolve() for page in pages):
            raise ConfigError(f"{line}: {above} extends this recipe in turn; remove one `{EXTENDS}:`.")


def _read_override(text: str) -> _Override:
    key, equals, written = text.partition("=")
    keys = tuple(key.split("."))
    if not equals or not all(keys) or not written.strip():
        raise ConfigError(f"{text}: not an override; write KEY=VALUE, such as lora.rank=16 or dpo=null.")
    if keys[0] == EXTENDS:
        raise ConfigError(f"{text}: `{EXTENDS}:` can only be written in a recipe; give that recipe instead.")
    try:
        value = parse_yaml(written)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{text}: the value is not YAML ({getattr(error, 'problem', None) or error}).") from error
    # YAML 1.1 reads 010 as eight, and 1:30 as ninety.
    if isinstance(value, int) and not isinstance(value, bool) and str(value) != written.strip():
        raise ConfigError(f"{text}: YAML reads {written.strip()} as {value}; write {key}={value} if that is meant.")
    return _Override(text, keys, value)


def _refuse_contradictions(changes: Sequence[_Override]) -> None:
    for one, other in pairwise(sorted(changes, key=lambda change: change.keys)):
        if other.keys[: len(one.keys)] == one.keys:
            raise ConfigError(f"{other.text}: {one.text} sets the same value; remove one of them.")


def _choices(sweep: str) -> list[str]:
    """`lora.rank=16,64` as `lora.rank=16` and `lora.rank=64`; a list in brackets is one value."""
    key, equals, written = sweep.partition("=")
    text = f"[{written}]"
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        node = None
    if not equals or not isinstance(node, yaml.SequenceNode) or node.end_mark.index != len(text):
        raise ConfigError(f"{sweep}: not a sweep; write KEY=VALUE,VALUE, such as lora.rank=16,64.")
    values = [text[item.start_mark.index : item.end_mark.index] for item in node.value]
    if len(values) < 2:
        raise ConfigError(f"{sweep}: a sweep needs two values or more; give a single one without --sweep.")
    return [f"{key}={value}" for value in values]


def _nested(keys: Sequence[str], value: Any) -> dict[str, Any]:
    for key in reversed(keys):
        value = {key: value}
    return value


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merge(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _place(location: tuple[int | str, ...], pages: Sequence[_Page], changes: Sequence[_Override]) -> str:
    """Where the value at `location` was written: an override, or `file:line` of the page that has most of it."""
    layers: list[tuple[dict[str, Any], _Override | _Page]] = [
        *((_nested(change.keys, change.value), change) for change in reversed(changes)),
        *((page.values, page) for page in pages),
    ]
    depth, place = -1, layers[-1][1]
    for values, layer in layers:
        known, last = _follow(values, location)
        if known > depth:
            depth, place = known, layer
        if not isinstance(last, dict):
            break  # it has replaced what lies below
    return place.text if isinstance(place, _Override) else f"{place.path}:{line_of(place.path, location)}"


def _follow(values: Any, location: tuple[int | str, ...]) -> tuple[int, Any]:
    """How many keys of `location` exist in `values`, and what they lead to."""
    for depth, key in enumerate(location):
        try:
            values = values[key]
        except (KeyError, IndexError, TypeError):
            return depth, values
    return len(location), values
