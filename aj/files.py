"""Reading and writing the files that stages exchange: strict YAML, JSON lines, atomic writes, content hashes."""

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from aj.errors import AJError, ConfigError, DataError
from aj.quick_json import quick_json

Model = TypeVar("Model", bound=BaseModel)

HASH_LENGTH = 12
"""Hex digits in the name of a folder: 48 bits, enough for a million runs without a collision."""


SAMPLES = Path(__file__).parents[1] / "evals" / "samples"
"""The frozen samples of the evals, `TASK.jsonl`: other stages read what is asked here, and import no eval."""
WORDINGS = "wordings.txt"
"""File in SAMPLES with every wording that the samples could have been written with, one a line."""


class Strict(BaseModel):
    """Base of everything read from YAML: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Misplaced(ValueError):
    """A validator's complaint about a part of its input; `at` are the keys that lead to that part."""

    def __init__(self, why: str, *at: str | int) -> None:
        super().__init__(why)
        self.at = at


def logs_dir() -> Path:
    """Where everything is written: `$AJ_LOGS`, or `logs/` in the checkout."""
    return Path(os.environ.get("AJ_LOGS") or Path(__file__).parents[1] / "logs")


def load_yaml(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into `model`.

    Raises:
        ConfigError: the file is missing, is not YAML, or has an unknown key or a wrong value;
            the message starts with `file:line:`.
    """
    return validate_yaml(path, read_yaml(path), model)


def by_name(path: Path, folder: Path) -> Path:
    """`path`, or the YAML file in `folder` that has this name, where `path` does not exist from here.

    Raises:
        ConfigError: there is neither; it names those in `folder`.
    """
    named = folder / f"{path}.yaml"
    within = folder.parents[1] / path  # as the documentation writes it: from the checkout's root
    found = next((found for found in (path, named, within) if found.exists()), None)
    if found is None:
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise ConfigError(f"{path}: there is no such file; give its path, or one of the names {known}.")
    return found


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; raises ConfigError as `load_yaml` does."""
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check the path.") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise ConfigError(f"{path}:{line}: not valid YAML ({getattr(error, 'problem', None) or error}).") from error
    if not isinstance(values, dict):
        if values is None:
            raise ConfigError(f"{path}:1: the file is empty; it must consist of 'key: value' lines.")
        raise ConfigError(f"{path}:1: the file must consist of 'key: value' lines, not of a {type(values).__name__}.")
    return values


_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C loader reads the same values ten times as fast."""


class _OneOfEach(_SafeLoader):
    """PyYAML lets the last of two equal keys win, without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key.value!r} is there twice; remove one", problem_mark=key.start_mark
                )
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> Any:
    """The values of a YAML text; raises yaml.YAMLError, also when a mapping has one key twice."""
    return yaml.load(text, Loader=_OneOfEach)


def validate_yaml(path: Path, values: dict[str, Any], model: type[Model]) -> Model:
    """Turn the values in `path` into `model`; raises ConfigError with the line of the first fault."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        location, told = first_fault(error, model)
        raise ConfigError(f"{path}:{line_of(path, location)}: {told}") from error


def first_fault(error: ValidationError, model: type[BaseModel]) -> tuple[tuple[int | str, ...], str]:
    """The keys that lead to the fault that helps most, and a sentence that explains it."""
    # A misspelled key is a missing one as well: the first sentence helps, the second does not.
    faults = error.errors()
    first = min(faults, key=lambda fault: fault["type"] != "extra_forbidden")
    first["loc"] += getattr(first.get("ctx", {}).get("error"), "at", ())
    if first["type"] == "missing":
        return first["loc"], _lacking(first["loc"][:-1], faults)
    return first["loc"], _explain(first, model)


def line_of(path: Path, location: tuple[int | str, ...]) -> int:
    """The line (from 1) of the deepest part of `location` that exists in a YAML file."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    line = node.start_mark.line + 1 if node else 1
    for key in location:
        if isinstance(node, yaml.MappingNode):
            pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
            found = next(((k, v) for k, v in pairs if k.value == str(key)), None)
            if found is None:
                continue  # the tag of a union, which the file does not have
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            item: yaml.Node = node.value[key]
            line, node = item.start_mark.line + 1, item
    return line


def _explain(error: Any, model: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the file"
    if error["type"] == "extra_forbidden":
        known = _known_keys(model, error["loc"][:-1])
        hint = f"known keys: {', '.join(known)}" if known else "remove it or correct its spelling"
        return f"unknown key '{where}'; {hint}."
    return f"{where}: {error['msg'].removeprefix('Value error, ')} (found {str(error.get('input'))[:60]!r})."


def _lacking(mapping: tuple[int | str, ...], faults: Sequence[Any]) -> str:
    """Everything that a mapping lacks, in one sentence: who writes a file from nothing learns it at once."""
    lacking = [str(fault["loc"][-1]) for fault in faults if fault["type"] == "missing" and fault["loc"][:-1] == mapping]
    where = ".".join(str(part) for part in mapping) or "the file"
    return f"{where} lacks {', '.join(lacking)}; add {'it' if len(lacking) == 1 else 'them'}."


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys of the mapping that `location` leads to; none if it is not the only kind that may stand there."""
    for key in location:
        field = model.model_fields.get(str(key))
        kinds = [field.annotation, *get_args(field.annotation)] if field else []
        models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if len(models) != 1:
            return []
        model = models[0]
    return sorted(model.model_fields)


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) for every line that is not blank.

    Raises:
        DataError: a line is not a JSON object in UTF-8; the message starts with `file:line:`.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    record = _loads(line)
                except (ValueError, RecursionError) as error:
                    raise DataError(f"{path}:{number}: not a JSON object ({error}); fix or remove the line.") from error
                if not isinstance(record, dict):
                    raise DataError(
                        f"{path}:{number}: not a JSON object but a {type(record).__name__}; fix or remove the line."
                    )
                yield number, record
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path.") from error


def _loads(line: bytes) -> Any:
    """What `json` reads in a line, in a fifth of the time for nearly all."""
    try:
        return msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):  # for NaN, half of a surrogate pair, a byte order mark
        return json.loads(line)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, also under concurrent writers.

    Raises:
        AJError: the folder cannot be written (full disk, read-only).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fchmod(handle, 0o644)  # mkstemp's 0600 would lock colleagues out of shared logs
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise AJError(
            f"{path} cannot be written ({error.strerror}); free or unlock {path.parent}, then run again."
        ) from error


def write_jsonl(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines in raw UTF-8 (AJ's runtime corrupts `\\u2014`-style escapes)."""
    write_text(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


def write_json(path: Path, value: Any) -> None:
    """Write one indented JSON document."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=str)


def digest(*parts: Any) -> str:
    """The identity of values: the first hex digits of a sha256 over canonical JSON."""
    data = quick_json(parts, sort_keys=True) or _CANONICAL.encode(parts).encode()
    return hashlib.sha256(data).hexdigest()[:HASH_LENGTH]


def digest_file(path: Path) -> str:
    """The sha256 of a file's bytes, shortened like every identity."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:HASH_LENGTH]


def digest_weights(folder: Path) -> str:
    """The identity of the weights of a model or adapter: of its safetensors file, or of all its shards.

    Raises:
        OSError: there is no such file, or one cannot be read.
    """
    shards = [digest_file(path) for path in sorted(folder.glob("*.safetensors"))]
    if not shards:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder / "*.safetensors"))
    return shards[0] if len(shards) == 1 else digest(*shards)


SERVED = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
"""Files of a model's folder that decide what it answers: weights, configuration, tokenizer, chat template."""
READ_WHOLE = 1 << 30
"""Bytes up to which a file is read whole. Larger ones, shards of big models, are sampled: 64 GB would take minutes."""


def digest_model(folder: Path) -> str:
    """The identity of a model's or an adapter's folder: everything that a server loads from it, by name and content.

    Of a file above 1 GiB, sixteen samples of 64 KiB are read, which any training changes.

    Raises:
        OSError: a file cannot be read.
    """
    paths = sorted({path for pattern in SERVED for path in folder.glob(pattern)})
    return digest(
        [(path.name, digest_file(path) if path.stat().st_size <= READ_WHOLE else _sampled(path)) for path in paths]
    )


def _sampled(path: Path) -> str:
    size = path.stat().st_size
    seen = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for part in range(16):
            file.seek(size * part // 16)
            seen.update(file.read(65536))
    return seen.hexdigest()[:HASH_LENGTH]
