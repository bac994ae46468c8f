"""One word, one type: no two modules define a type of the same name, and docs/words.md names types that exist."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("aj", "fleet", "scenarios", "scorers", "evals", "datasets_build", "train", "verdict", "loop")
WORD = re.compile(r"^- \*\*([^*]+)\*\*: .+ \(`([^`]+)`\)$", re.MULTILINE)
WORDS = dict(WORD.findall((ROOT / "docs" / "words.md").read_text(encoding="utf-8")))


def _is_alias(node: ast.stmt) -> bool:
    """Whether an assignment names a type: `X = Literal[...]`, `Callable[...]`, `A | B`, and the like."""
    if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
        return False
    name, value = node.targets[0].id, node.value
    if not name[0].isupper() or name.isupper():  # a constant, such as LAYOUTS
        return False
    return isinstance(value, ast.Subscript) or (isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr))


def _types(module: Path) -> Iterator[str]:
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif _is_alias(node):
            yield ast.unparse(node).partition(" = ")[0]


def test_no_public_type_name_is_defined_in_two_modules():
    modules = defaultdict(list)
    for room in ROOMS:
        for module in sorted((ROOT / room).rglob("*.py")):
            for name in _types(module):
                modules[name].append(str(module.relative_to(ROOT)))
    assert {name: where for name, where in modules.items() if len(where) > 1 and not name.startswith("_")} == {}


def test_the_page_defines_the_words_that_a_reader_needs():
    assert len(WORDS) >= 20
    assert (ROOT / "docs" / "words.md").read_text(encoding="utf-8").count("\n- ") == len(WORDS)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_names_a_type_or_module_that_exists(word):
    where = WORDS[word]
    if where.endswith(".py"):
        assert (ROOT / where).is_file()
    else:
        module, _, name = where.rpartition(".")
        assert name in _types(ROOT / f"{module.replace('.', '/')}.py")
