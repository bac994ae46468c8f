"""What is linted and reported: files, folders and globs; codes or families, selected or ignored."""

import difflib
import glob
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from aj.errors import ConfigError, DataError
from aj.files import Strict
from datasets_build.lint.rules import load_rules
from datasets_build.reading.files import SUFFIXES, in_folder

Codes = tuple[str, ...]


class LintConfig(Strict):
    """`[tool.aj-lint]` of a `pyproject.toml`, or an `aj-lint.toml`."""

    select: Codes = ()
    """Codes or families to report; all when empty."""
    ignore: Codes = ()
    per_file_ignores: dict[str, Codes] = Field(default={}, alias="per-file-ignores")
    """Glob -> codes or families that are ignored in the files that it matches."""
    contract: str = "aj"

    def allowed(self, path: Path) -> frozenset[str]:
        """The codes to report in a file."""
        ignored = [*self.ignore]
        for pattern, names in self.per_file_ignores.items():
            if fnmatchcase(path.as_posix(), pattern) or fnmatchcase(path.name, pattern) or path.match(pattern):
                ignored += names
        return codes_of(self.select or tuple(load_rules())) - codes_of(ignored)


def codes_of(names: Iterable[str]) -> frozenset[str]:
    """The codes, with each family replaced by its codes; raises ConfigError for a name that is neither."""
    rules = load_rules()
    families = {rule.family for rule in rules.values()}
    found: set[str] = set()
    for name in names:
        if name not in rules and name not in families:
            near = difflib.get_close_matches(name, [*rules, *families], 3) or sorted(families)
            raise ConfigError(f"There is no rule or family {name!r}; did you mean {', '.join(near)}?")
        found |= {name} if name in rules else {code for code, rule in rules.items() if rule.family == name}
    return frozenset(found)


def load_config(path: Path | None, start: Path) -> LintConfig:
    """The config at `path`, or the nearest one upwards from `start`; the defaults if there is none.

    Raises:
        ConfigError: the file cannot be read, or has an unknown key, code or family.
    """
    path = path or _nearest(start.resolve())
    if path is None:
        return LintConfig()
    values = _table(path)
    try:
        config = LintConfig.model_validate(values)
        codes_of(
            [*config.select, *config.ignore, *(name for names in config.per_file_ignores.values() for name in names)]
        )
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        known = ", ".join(field.alias or name for name, field in LintConfig.model_fields.items())
        what = (
            f"unknown key {key!r}; known: {known}" if first["type"] == "extra_forbidden" else f"{key}: {first['msg']}"
        )
        raise ConfigError(f"{path}: {what}.") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return config


def _nearest(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        if (own := place / "aj-lint.toml").is_file():
            return own
        if (project := place / "pyproject.toml").is_file():
            return project
    return None


def _table(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check the path.") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not valid TOML ({error}).") from error
    return values.get("tool", {}).get("aj-lint", {}) if path.name == "pyproject.toml" else values


def find_files(names: Sequence[str]) -> list[Path]:
    """The files that names, folders and globs refer to, each once, those of a folder in order.

    Raises:
        DataError: a name refers to nothing.
    """
    found: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            files = in_folder(path)
            missing = f"no file in it ends in {', '.join(SUFFIXES)}"
        elif path.exists():
            files, missing = [path], ""
        else:
            files = sorted(file for file in map(Path, glob.glob(name, recursive=True)) if file.is_file())
            missing = "there is no such file, and it matches none as a glob"
        if not files:
            raise DataError(f"{name}: {missing}; check the path.")
        found |= dict.fromkeys(files)
    return list(found)
