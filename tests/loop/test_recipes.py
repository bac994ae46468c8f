"""The recipes that come along: each can be read, and what is to be compared differs in one thing only."""

import pytest
from rich.console import Console

from aj.errors import ConfigError, ServeError
from aj.files import load_yaml
from datasets_build.recipe import RECIPES, DataRecipe
from loop.pipeline import ROOT, LoopRecipe, run_loop

LOOPS = ROOT / "loop" / "recipes"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_data_recipe_can_be_read_and_has_its_file_s_name(path):
    assert load_yaml(path, DataRecipe).name == path.stem


@pytest.mark.parametrize("path", sorted(LOOPS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_loop_recipe_names_files_that_are_there(path):
    recipe = load_yaml(path, LoopRecipe)
    assert recipe.name == path.stem
    assert [name for name in (recipe.data, recipe.train, recipe.policy) if not (ROOT / name).is_file()] == []


def test_the_two_arms_differ_in_nothing_but_the_earlier_data():
    alone, repaired = (load_yaml(RECIPES / f"{name}.yaml", DataRecipe) for name in ("corrections", "repaired"))
    earlier = repaired.parts["existing"]
    parts = {name: part for name, part in repaired.parts.items() if part is not earlier}
    without = {"name": alone.name, "rows": repaired.rows - earlier.count, "parts": parts}
    assert repaired.model_copy(update=without) == alone
    loops = [load_yaml(LOOPS / f"{name}.yaml", LoopRecipe) for name in ("corrections", "repaired")]
    assert loops[1].model_copy(update={"name": loops[0].name, "data": loops[0].data}) == loops[0]


def test_a_loop_s_training_recipe_may_extend_another(tmp_path):
    (tmp_path / "native.yaml").write_text("extends: smollm2-135m\nname: native\ncontract: native\n")
    recipe = load_yaml(LOOPS / "demo.yaml", LoopRecipe).model_copy(update={"train": str(tmp_path / "native.yaml")})
    with pytest.raises(ConfigError, match=r"is for the contract 'aj', .*native\.yaml for 'native'"):
        run_loop(recipe, Console())


def test_a_loop_whose_run_could_not_be_served_here_builds_and_trains_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    monkeypatch.delenv("VLLM_BASE_URL", raising=False)
    monkeypatch.setattr("train.serve.PLUGIN", "no-such-plugin")
    (tmp_path / "adapter.yaml").write_text("extends: smollm2-135m\nname: adapter\nexport: {merge: false}\n")
    recipe = load_yaml(LOOPS / "demo.yaml", LoopRecipe).model_copy(update={"train": str(tmp_path / "adapter.yaml")})
    with pytest.raises(ServeError, match="adapter cannot be served without the package no-such-plugin"):
        run_loop(recipe, Console())
    assert not (tmp_path / "logs").exists()
