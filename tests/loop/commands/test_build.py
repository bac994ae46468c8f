"""`aj build`: a recipe by path or name, its folder on standard output, what must not be missed on standard error."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from aj.errors import ConfigError
from aj.files import by_name
from datasets_build.recipe import RECIPES
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


@pytest.mark.loop
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
    assert by_name(Path("aj-10k"), RECIPES) == RECIPES / "aj-10k.yaml"
    assert by_name(RECIPES / "demo.yaml", RECIPES) == RECIPES / "demo.yaml"
    with pytest.raises(ConfigError, match=r"unknown: there is no such file; give .* one of the names aj-10k, ci, "):
        by_name(Path("unknown"), RECIPES)


def test_a_path_of_the_documentation_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert by_name(Path("datasets_build/recipes/ci.yaml"), RECIPES) == RECIPES / "ci.yaml"
    (tmp_path / "datasets_build/recipes").mkdir(parents=True)
    own = Path("datasets_build/recipes/ci.yaml")
    own.write_text("name: mine")
    assert by_name(own, RECIPES) == own
