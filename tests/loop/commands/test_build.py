"""`aj build`: a recipe by path or name, its folder on standard output, what must not be missed on standard error."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from datasets_build.recipe import RECIPES, recipe_path
from loop.commands.main import app


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    path = tmp_path / "talk.yaml"
    path.write_text(
        "name: talk\nseed: 1\nrows: 14\nshortfall: redistribute\nparts:\n"
        "  talk: {kind: chats, count: 4}\n"
        "  fixes: {kind: corrections, count: 10, multiply: 1}\n"
    )
    return str(path)


def test_the_card_and_the_folder_are_printed_and_a_shortfall_is_said_beside_them(recipe, tmp_path):
    done = CliRunner().invoke(app, ["build", recipe, "--root", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stdout.startswith("# Data set talk (")
    folder = Path(done.stdout.splitlines()[-1])
    assert (folder / "lock.json").exists()
    assert "fixes has 8 of 10 rows (8 read)." in done.stderr
    assert "The mix has 12 of 14 rows; 2 are missing." in done.stderr
    again = CliRunner().invoke(app, ["build", recipe, "--root", str(tmp_path), "--locked", str(folder)])
    assert again.exit_code == 0
    assert f"The same bytes as {folder.name} in all 7 files" in again.stderr


def test_a_recipe_is_found_by_its_name():
    assert recipe_path(Path("aj-10k")) == RECIPES / "aj-10k.yaml"
    assert recipe_path(RECIPES / "demo.yaml") == RECIPES / "demo.yaml"
    assert recipe_path(Path("unknown")) == Path("unknown")
