"""An identity is what code does: comments, docstrings and layout do not count, and what is imported does."""

from pathlib import Path

import pytest

from aj import identity as identities
from aj.identity import HOUSE, identity, used

MODULES = {
    "room/__init__.py": "",
    "room/check.py": '''
"""A check."""
from typing import TYPE_CHECKING

from room.words import WORDS

if TYPE_CHECKING:
    from room.unused import Nothing


def check(text: str) -> "Nothing":
    """Say whether a text is known."""
    from room.late import strip

    return strip(text) in WORDS
''',
    "room/words.py": "from pathlib import Path\n\nWORDS = Path(__file__).parent / 'words.yaml'\n",
    "room/words.yaml": "# all of them\nfirst: a\nsecond: b\n",
    "room/other.yaml": "first: a\n",
    "room/late.py": "def strip(text: str) -> str:\n    return text.strip()\n",
    "room/unused.py": "class Nothing: ...\n",
    "room/worlds.py": '''
from room.late import strip
from room.scenario import here, template

FIRST = 1


@template("easy")
def first(stage):
    """The first world."""
    return here(_first(stage))


def _first(stage):
    return FIRST


@template("hard")
def second(stage):
    return strip(stage)
''',
    "room/scenario.py": "def template(name):\n    return lambda build: build\n\n\ndef here(stage):\n    return stage\n",
}


@pytest.fixture
def house(tmp_path: Path):
    """Write the rooms into a new folder, with one text in a file changed."""
    count = iter(range(100))

    def made(path: str = "room/check.py", old: str = "", new: str = "") -> Path:
        folder = tmp_path / str(next(count))
        for name, text in MODULES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            assert name != path or old in text
            (folder / name).write_text(text.replace(old, new, 1) if name == path else text)
        return folder

    return made


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("room/check.py", "A check.", "Another sentence."),
        ("room/check.py", '    """Say whether a text is known."""\n', ""),
        ("room/check.py", "def check(text: str)", "def check(\n    text: str,  # as it came\n)"),
        ("room/check.py", "from room.unused import Nothing", "from room.words import Path as Nothing"),
        ("room/words.yaml", "# all of them\n", "# not all\n\n"),
        ("room/words.yaml", "first: a", "first: 'a'"),
        ("room/other.yaml", "first: a", "first: c"),
        ("room/unused.py", "...", "pass"),
        ("room/words.py", "WORDS =", "OTHERS = 1\nWORDS ="),
        ("room/late.py", "def strip", "def longer(text: str) -> str:\n    return text + text\n\n\ndef strip"),
    ],
)
def test_what_changes_nothing_that_the_code_does_changes_no_identity(house, path, old, new):
    assert identity("room.check", house=house(path, old, new)) == identity("room.check", house=house())


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("room/check.py", "in WORDS", "not in WORDS"),
        ("room/late.py", "text.strip()", "text.rstrip()"),
        ("room/words.py", "WORDS =", "print(1)\nWORDS ="),
        ("room/words.yaml", "second: b", "second: c"),
        ("room/words.yaml", "first: a\nsecond: b", "second: b\nfirst: a"),
    ],
)
def test_what_the_code_does_differently_is_another_identity(house, path, old, new):
    assert identity("room.check", house=house(path, old, new)) != identity("room.check", house=house())


def test_an_identity_covers_what_is_imported_also_late_and_not_what_only_a_type_checker_reads(house):
    assert set(used("room.check", house=house())) == {"room", "room.check", "room.words", "room.late"}
    assert set(used("room.check", without=["room.late"], house=house())) == {"room", "room.check", "room.words"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return strip(stage)", "return stage"),
        ('@template("hard")', '@template("easy")\ndef third(stage): ...\n\n\n@template("hard")'),
        ("import here, template", "import here, template, there"),
        ("FIRST = 1", "SECOND = 2\nFIRST = 1"),
        ("from room.late import strip\n", "from room.late import strip\nfrom room.unused import Nothing\n"),
    ],
)
def test_a_template_is_not_changed_by_another_one_in_its_file(house, old, new):
    before, after = (identity("room.worlds:first", house=at) for at in (house(), house("room/worlds.py", old, new)))
    assert before == after


@pytest.mark.parametrize(
    ("old", "new"),
    [("return here(", "return ("), ("FIRST = 1", "FIRST = 2"), ("return FIRST", "return -FIRST")],
)
def test_a_template_is_changed_by_what_it_uses(house, old, new):
    before, after = (identity("room.worlds:first", house=at) for at in (house(), house("room/worlds.py", old, new)))
    assert before != after


def test_a_template_covers_only_what_it_uses_itself(house):
    assert set(used("room.worlds:second", house=house())) == {"room", "room.worlds", "room.late", "room.scenario"}


def test_a_statement_that_is_run_for_its_effect_always_counts(house):
    changed = house("room/worlds.py", "FIRST = 1", "FIRST = 1\nprint(second)")
    assert identity("room.worlds:first", house=changed) != identity("room.worlds:first", house=house())


@pytest.mark.parametrize("root", ["room.nothing", "room.worlds:nothing", "room.check:WORD"])
def test_a_root_that_does_not_exist_is_an_error(house, root):
    with pytest.raises(KeyError):
        identity(root, house=house())


def test_a_relative_import_is_an_error_and_not_left_out(house):
    with pytest.raises(ValueError, match="relative import"):
        identity("room.check", house=house("room/check.py", "from room.words", "from .words"))


CHOSEN = {"contracts", "recipes", "policies", "samples", "chat_templates", "clusters", "configs"}
"""Folders whose files are chosen at run time, and are identified by whoever chooses them."""
ROOMS = ("aj", "fleet", "scenarios", "scorers", "evals", "datasets_build", "train", "verdict", "loop")


def test_no_data_file_is_without_a_module_that_names_it():
    files = {path for room in ROOMS for path in (HOUSE / room).rglob("*") if path.suffix in identities.DATA}
    modules = [path for room in ROOMS for path in (HOUSE / room).rglob("*.py")]
    named = {
        path
        for module in modules
        for statement in identities._parse(module.read_bytes())
        for name in statement.files
        for path in identities._data_below(module.parent).get(name, ())
    }
    unnamed = {path for path in files - named if path.parent.name not in CHOSEN}
    assert unnamed == {HOUSE / "scorers" / "judge_labels.jsonl"}  # measures the judge; no score depends on it
