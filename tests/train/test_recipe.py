from pathlib import Path

import pytest

from aj.errors import ConfigError
from train.resolve import load_recipe

RECIPES = Path(__file__).parents[2] / "train" / "recipes"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_here_is_valid_and_named_as_its_file(path):
    assert load_recipe(path).name == path.stem


@pytest.mark.parametrize("name", ["qwen2.5-32b", "r1-distill-qwen-32b"])
def test_the_32b_recipes_hold_the_strategy_documents_numbers(name):
    recipe = load_recipe(RECIPES / f"{name}.yaml")
    sft = recipe.sft
    assert (recipe.lora.rank, len(recipe.lora.target_modules)) == (64, 7)
    assert (sft.learning_rate, sft.scheduler, sft.epochs) == (1e-4, "cosine", 3)
    assert (sft.batch_size, sft.gradient_accumulation) == (4, 4)


def test_an_unknown_key_is_an_error_with_its_line(tmp_path):
    text = (RECIPES / "smollm2-135m.yaml").read_text().replace("  learning_rate: 8", "  learning_rat: 8")
    assert "learning_rat:" in text
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    line = 1 + text[: text.index("learning_rat:")].count("\n")
    with pytest.raises(ConfigError, match=rf"recipe\.yaml:{line}: .*learning_rat"):
        load_recipe(path)
