"""The README is the front door: what it says of commands and files is held against the code."""

import re
from pathlib import Path

from typer.main import get_command

from evals.suite import TASKS
from loop.commands.main import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_readme_lists_every_command_with_its_help():
    commands = get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
    for name, command in commands.items():
        summary = command.help.splitlines()[0].split(":")[0].split(";")[0].rstrip(".")
        assert re.search(rf"`aj {name}\b[^`]*` \| {re.escape(summary)}", README), f"aj {name}: {summary}"


def test_every_file_that_the_readme_names_is_there():
    named = re.findall(r"(?:aj|loop|train|datasets_build|evals|scorers)/[\w./-]+\.(?:yaml|py|md)", README)
    assert len(named) > 5
    for path in named:
        assert (ROOT / path).exists(), path


def test_the_readme_tells_what_every_eval_asks():
    for task in TASKS:
        assert f"| `{task}` |" in README
