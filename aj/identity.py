"""Identity: the digest of the code and data files that an eval, a data set or a run is really made with.

Code is digested after parsing, so comments, docstrings and layout do not count. Imports are read from the source, also
inside functions; nothing is actually imported. A root is a module (`evals.persona`), or one definition of a module
(`scenarios.both.talk:talk`). Of a module that is imported by name, only the definitions that are used count, and the
statements that run for their effect. So a new template, or a new function in a shared module, changes the identity of
nothing that does not use it.

A data file counts if a counted statement names it in a string constant, and if it is in the module's folder or below.
YAML is digested after parsing. Files chosen at run time (contracts, recipes, policies, samples) are identified by
whoever chooses them.
"""

import ast
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aj.files import digest, digest_file, parse_yaml

HOUSE = Path(__file__).parents[1]
DATA = (".yaml", ".json", ".jsonl", ".jinja", ".txt")

Name = tuple[str, str]
"""A module and a name in it; "" means the whole module."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One top-level statement of a module."""

    shape: str
    """Digest of its syntax tree."""
    defines: frozenset[str]
    """Names; empty for a statement that runs for its effect."""
    uses: frozenset[str]
    """Names, and words of string constants, which may be names (forward references)."""
    imports: frozenset[Name]
    files: frozenset[str]
    """String constants that could name a data file."""
    is_template: bool
    """Registered by the decorator `@template`: the templates of a file are independent of each other."""


def identity(*roots: str, without: Sequence[str] = (), house: Path | None = None) -> str:
    """The digest of `roots` and of everything they use, without the modules (or packages) named in `without`.

    `house` is the checkout to read, by default this one.

    Raises:
        KeyError: a root does not exist.
        ValueError: a relative import, which is not followed.
    """
    house = house or HOUSE
    parts = []
    for module, places in sorted(used(*roots, without=without, house=house).items()):
        counted = [_read(module, house)[place] for place in sorted(places)]
        named = sorted({name for statement in counted for name in statement.files})
        below = _data_below(_path(module, house).parent)
        data = [_digest_data(path) for name in named for path in below.get(name, ())]
        parts.append((module, [statement.shape for statement in counted], data))
    return digest(parts)


def used(*roots: str, without: Sequence[str] = (), house: Path | None = None) -> dict[str, set[int]]:
    """The modules that `identity` covers, and the places of the statements that count in each."""
    house = house or HOUSE
    waiting = {(module, name) for module, _, name in (root.partition(":") for root in roots)}
    for module, name in waiting:
        if not _exists(module, house) or (name and name not in _places(module, house)):
            raise KeyError(f"{house} has no {module} that defines {name or 'anything'}")
    cut = cache(lambda module: f"{module}.".startswith(tuple(f"{name}." for name in without)))
    found: dict[str, set[int]] = {}
    seen: set[Name] = set()
    while waiting:
        module, name = waiting.pop()
        seen.add((module, name))
        if not cut(module):
            places, leads = _reach(module, name, house)
            found.setdefault(module, set()).update(places)
            waiting |= leads - seen
    return found


_EFFECTS = "*"
"""Stands for the statements of a module that define nothing."""


@cache
def _reach(module: str, name: str, house: Path) -> tuple[frozenset[int], frozenset[Name]]:
    """The statements that a name stands for, and the names that count because of them."""
    statements, places = _read(module, house), _places(module, house)
    counted = places.get(name, places[""])
    leads = {(module, _EFFECTS), *((package, "") for package in _packages(module) if _exists(package, house))}
    for statement in (statements[place] for place in counted):
        leads |= {(module, use) for use in statement.uses if use in places}
        leads |= {target for asked in statement.imports if (target := _target(*asked, house))}
    return frozenset(counted), frozenset(leads)


@cache
def _places(module: str, house: Path) -> dict[str, tuple[int, ...]]:
    """Where each name is defined; under "" everything but templates, under `_EFFECTS` what defines nothing."""
    found: dict[str, tuple[int, ...]] = {"": (), _EFFECTS: ()}
    for place, statement in enumerate(_read(module, house)):
        for name in (*statement.defines, *([] if statement.defines else [_EFFECTS])):
            found[name] = (*found.get(name, ()), place)
        if not statement.is_template:
            found[""] = (*found[""], place)
    return found


def _packages(module: str) -> list[str]:
    """The packages that contain a module, which are imported before it."""
    words = module.split(".")
    return [".".join(words[:end]) for end in range(1, len(words))]


@cache
def _target(module: str, name: str, house: Path) -> Name | None:
    """What an import brings of the project: a module whole, or one name of it; None where it is not the project's."""
    if name and _exists(f"{module}.{name}", house):
        return f"{module}.{name}", ""
    return (module, name) if _exists(module, house) else None


@cache
def _exists(module: str, house: Path) -> bool:
    return _path(module, house).is_file()


@cache
def _path(module: str, house: Path) -> Path:
    base = house.joinpath(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_name(f"{base.name}.py")


@cache
def _data_below(folder: Path) -> dict[str, list[Path]]:
    """The data files of a folder and its subfolders, by name."""
    found: dict[str, list[Path]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix in DATA):
        found.setdefault(path.name, []).append(path)
    return found


@cache
def _digest_data(path: Path) -> str:
    return _digest_yaml(path.read_bytes()) if path.suffix == ".yaml" else digest_file(path)


@cache
def _digest_yaml(text: bytes) -> str:
    # The order of keys is kept, since a draw may follow it.
    return digest(json.dumps(parse_yaml(text.decode()), default=str))


# --- reading --------------------------------------------------------------------------------------------------------

_PURE = {"cache", "contextmanager", "dataclass", "lru_cache", "template"}
"""Decorators without an effect of their own; what stands under another one counts wherever its module does."""


@cache
def _read(module: str, house: Path) -> tuple[Statement, ...]:
    return _parse(_path(module, house).read_bytes())


@cache
def _parse(source: bytes) -> tuple[Statement, ...]:
    """The statements of a module, without docstrings and without what only a type checker imports."""
    nodes = (single for node in ast.parse(source).body if not _is_idle(node) for single in _singles(node))
    return tuple(map(_statement, nodes))


def _singles(node: ast.stmt) -> Iterable[ast.stmt]:
    """An import of several names as several imports, each of which may be unused."""
    if isinstance(node, ast.Import):
        return [ast.Import([alias]) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [ast.ImportFrom(node.module, [alias], node.level) for alias in node.names]
    return [node]


def _statement(node: ast.stmt) -> Statement:
    walk = _Walk()
    walk.visit(node)
    decorators = {_root(decorator) for decorator in getattr(node, "decorator_list", ())}
    return Statement(
        shape=digest("\n".join(walk.shape)),
        defines=frozenset(_defined(node) if decorators <= _PURE else ()),
        uses=frozenset(walk.uses),
        imports=frozenset(walk.imports),
        files=frozenset(walk.files),
        is_template="template" in decorators,
    )


def _root(decorator: ast.expr) -> str:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return function.id if isinstance(function, ast.Name) else ""


def _defined(node: ast.stmt) -> Iterable[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import() | ast.ImportFrom():
            return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _is_idle(node: ast.AST) -> bool:
    """A docstring, or what only a type checker imports."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=[]):
            return True
    return False


_UNSEEN = {"ctx", "kind", "type_comment", "type_ignores"}
"""Fields of a syntax tree that follow from others, or that only say how something was written."""
_WORD = re.compile(r"[A-Za-z_]\w*")
_FORWARD = 80
"""Characters of the longest string that may be a forward reference."""


class _Walk:
    """A statement's syntax tree as lines of text, and what was found on the way.

    The text is written here because `ast.dump` and `ast.unparse` differ between versions of Python.
    """

    def __init__(self) -> None:
        self.shape: list[str] = []
        self.uses: set[str] = set()
        self.imports: set[Name] = set()
        self.files: set[str] = set()

    def visit(self, node: ast.AST) -> None:
        """Write the node's kind, its non-empty fields, and a closing mark."""
        self._meet(node)
        write = self.shape.append
        write(type(node).__name__)
        for field in node._fields:
            value = getattr(node, field, None)
            if field in _UNSEEN or value == [] or (value is None and not isinstance(node, ast.Constant)):
                continue
            write(field)
            for item in value if isinstance(value, list) else (value,):
                if not isinstance(item, ast.AST):
                    write(f"{type(item).__name__} {item!r}")
                elif not _is_idle(item):
                    self.visit(item)
        write(")")

    def _meet(self, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name):
                self.uses.add(name)
            case ast.Constant(value=str() as text):
                if text.endswith(DATA):
                    self.files.add(text)
                if len(text) <= _FORWARD:
                    self.uses |= set(_WORD.findall(text))
            case ast.Import(names=names):
                self.imports |= {(alias.name, "") for alias in names}
            case ast.ImportFrom(module=str() as module, names=names, level=0):
                self.imports |= {(module, alias.name) for alias in names}
            case ast.ImportFrom():
                raise ValueError("a relative import, which identities cannot follow; write the module's whole name")
