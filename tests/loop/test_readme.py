"""The README and docs/commands.md are the front door: what they say of commands and files is held against the code."""

import re
import shlex
from pathlib import Path
from typing import Any

from typer.main import get_command

from evals.suite import TASKS
from loop.commands.main import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS: dict[str, Any] = get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]


def test_the_command_page_lists_every_command_with_its_help():
    page = (ROOT / "docs" / "commands.md").read_text()
    for name, command in COMMANDS.items():
        summary = re.split(r"[.;:] ", command.help.splitlines()[0])[0].rstrip(".")
        assert re.search(rf"`aj {name}\b[^`]*` \| {re.escape(summary)}", page), f"aj {name}: {summary}"


def test_every_command_that_a_page_shows_can_be_typed_as_it_is_printed():
    lines = [line.strip() for page in PAGES for line in re.findall(r"^ {4}(.+)$", page.read_text(), re.MULTILINE)]
    assert [line for line in lines if line.startswith("aj ")] == [], "a new shell does not find aj"
    typed = [shlex.split(line, comments=True) for line in lines if line.startswith(".venv/bin/aj ")]
    assert len(typed) > 20
    for _, name, *words in typed:
        command = COMMANDS[name]
        if name == "data":
            command, *words = command.commands[words[0]], *words[1:]
        known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known, f"aj {name} {words}"


def test_every_file_that_the_readme_names_is_there():
    named = re.findall(r"(?:aj|loop|train|datasets_build|evals|scorers|verdict|docs)/[\w./-]+\.(?:yaml|py|md)", README)
    assert len(named) > 5
    for path in named:
        assert (ROOT / path).exists(), path


def test_the_readme_tells_what_every_eval_asks():
    for task in TASKS:
        assert f"| `{task}` |" in README


def test_the_readme_lists_every_package():
    layout = README.partition("## Repository layout")[2]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {name for name in packages if f"    {name}/ " not in layout} == set()
