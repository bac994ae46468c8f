"""Recipes that extend others, and overrides: what is read, and what is refused with its place."""

from pathlib import Path

import pytest

from aj.errors import ConfigError
from train.recipe import RECIPES
from train.resolve import load_recipe, variants

PAGE = RECIPES / "smollm2-135m.yaml"


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_overrides_are_read_as_yaml_and_leave_the_rest():
    recipe = load_recipe(PAGE, ["lora.rank=16", "sft.learning_rate=5e-5", "lora.target_modules=[q_proj, v_proj]"])
    page = load_recipe(PAGE)
    assert (recipe.lora.rank, recipe.sft.learning_rate) == (16, 5e-5)
    assert recipe.lora.target_modules == ("q_proj", "v_proj")
    assert recipe.lora.alpha == page.lora.alpha
    assert recipe.dpo == page.dpo
    assert load_recipe(PAGE, ["dpo=null"]).dpo is None
    assert load_recipe(PAGE, ["sft.epochs=2"]) == load_recipe(PAGE, ["sft.epochs=2.0"])


@pytest.mark.parametrize(
    ("override", "why"),
    [
        ("lora.rnak=16", "unknown key 'lora.rnak'; known keys: alpha, dropout, dtype, rank, target_modules"),
        ("dpo.bta=1", "unknown key 'dpo.bta'; known keys: .*beta"),
        ("lr=1e-4", "unknown key 'lr'; known keys: base, "),
        ("lora.rank=many", "lora.rank: Input should be a valid integer"),
        ("lora.rank=true", "lora.rank: Input should be a valid integer"),
        ("lora.rank=1e3", "lora.rank: Input should be a valid integer"),
        ("seed=yes", "seed: Input should be a valid integer"),
        ("sft.epochs=yes", "sft.epochs: Input should be a number"),
        ("sft.epochs=.inf", "sft.epochs: Input should be a finite number"),
        ("sft.learning_rate=fast", "sft.learning_rate: Input should be a number"),
        ("sft.learning_rate=2", "sft.learning_rate: Input should be less than 1"),
        ("export.merge=1", "export.merge: Input should be a valid boolean"),
        ("lora.target_modules=q_proj", "lora.target_modules: Input should be a valid tuple"),
        ("lora.target_modules=[q_proj, 7]", r"lora.target_modules.1: Input should be a valid string"),
        ("lora=16", "lora: Input should be"),
        ("name.first=x", "name: Input should be a valid string"),
        ("lora.rank=010", "YAML reads 010 as 8"),
        ("sft.max_length=17:04", "YAML reads 17:04 as 1024"),
        ("lora.rank", "not an override; write KEY=VALUE"),
        ("=16", "not an override"),
        ("lora..rank=16", "not an override"),
        ("lora.rank=", "not an override"),
        ("lora.rank=[16", "the value is not YAML"),
        ("extends=qwen2.5-32b", "can only be written in a recipe"),
    ],
)
def test_a_wrong_override_is_refused_with_its_text(override, why):
    with pytest.raises(ConfigError, match=f"^{override.split('[')[0]}.*: .*{why}"):
        load_recipe(PAGE, ["sft.max_length=900", override] if "max" not in override else [override])


@pytest.mark.parametrize("texts", [("lora.rank=1", "lora.rank=2"), ("dpo=null", "dpo.beta=0.2")])
def test_overrides_that_contradict_each_other_are_refused_in_any_order(texts):
    for one, other in (texts, texts[::-1]):
        with pytest.raises(ConfigError, match="sets the same value; remove one"):
            load_recipe(PAGE, [one, other])


def test_what_an_override_leaves_out_is_told_with_the_override(tmp_path):
    page = write(tmp_path / "a.yaml", "extends: smollm2-135m\nname: a\ndpo: null\n")
    assert load_recipe(page).dpo is None
    with pytest.raises(ConfigError, match=r"^dpo.beta=0.2: dpo lacks epochs, .*; add them"):
        load_recipe(page, ["dpo.beta=0.2"])


def test_a_page_that_extends_another_changes_what_it_names_and_nothing_else(tmp_path):
    page = write(tmp_path / "a.yaml", "extends: smollm2-135m\nname: a\nlora: {rank: 8, target_modules: [q_proj]}\n")
    above, recipe = load_recipe(PAGE), load_recipe(page)
    changed = {"rank": 8, "target_modules": ("q_proj",)}
    assert recipe == above.model_copy(update={"name": "a", "lora": above.lora.model_copy(update=changed)})
    third = write(tmp_path / "b.yaml", "extends: a.yaml\nname: b\nlora: {rank: 4}\n")
    assert load_recipe(third).lora == recipe.lora.model_copy(update={"rank": 4})
    assert load_recipe(third, ["lora.rank=2"]).lora.rank == 2


def test_a_fault_is_told_with_the_page_and_line_that_hold_it(tmp_path):
    write(tmp_path / "above.yaml", PAGE.read_text().replace("  alpha: 64", "  alpha: 64.5"))
    line = 1 + PAGE.read_text()[: PAGE.read_text().index("  alpha: 64")].count("\n")
    page = write(tmp_path / "page.yaml", "extends: above.yaml\nname: a\nsft:\n  epochs: 2\n")
    with pytest.raises(ConfigError, match=rf"above\.yaml:{line}: lora.alpha"):
        load_recipe(page)
    write(page, "extends: smollm2-135m\nname: a\nsft:\n  epochs: no\n")
    with pytest.raises(ConfigError, match=r"page\.yaml:4: sft.epochs: Input should be a number"):
        load_recipe(page)
    write(page, "extends: smollm2-135m\nname: a\nsft:\n  epoch: 2\n")
    with pytest.raises(ConfigError, match=r"page\.yaml:4: unknown key 'sft.epoch'; known keys: .*epochs"):
        load_recipe(page)
    assert load_recipe(write(page, "extends: smollm2-135m\nname: a\n"), ["seed=3"]).seed == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name: a\nextends: page.yaml\n", r"page\.yaml:2: page.yaml extends this recipe in turn"),
        ("name: a\nextends: nowhere\n", r"page\.yaml:2: extends: nowhere: there is no such file"),
        ("name: a\nextends: [smollm2-135m]\n", r"page\.yaml:2: extends must be one recipe"),
        ("extends: smollm2-135m\n", r"page\.yaml:1: a recipe that extends another needs a name of its own"),
        ("name: a\nextends: other.yaml\n", r"other\.yaml:2: page.yaml extends this recipe in turn"),
    ],
)
def test_a_page_that_cannot_extend_another_is_refused_with_its_line(tmp_path, text, why):
    write(tmp_path / "other.yaml", "name: b\nextends: page.yaml\n")
    with pytest.raises(ConfigError, match=why):
        load_recipe(write(tmp_path / "page.yaml", text))


def test_the_32b_recipes_differ_in_what_the_second_page_says():
    one, other = (load_recipe(RECIPES / f"{name}.yaml").model_dump() for name in ("qwen2.5-32b", "r1-distill-qwen-32b"))
    assert {key for key in one if one[key] != other[key]} == {"name", "base", "template", "serve"}


def test_a_sweep_has_a_variant_for_every_combination():
    found = variants(PAGE, ["seed=3"], ["lora.rank=16,64", "lora.target_modules=[q_proj],[q_proj, v_proj]"])
    assert [(variant.recipe.lora.rank, len(variant.recipe.lora.target_modules)) for variant in found] == [
        (16, 1),
        (16, 2),
        (64, 1),
        (64, 2),
    ]
    assert found[3].overrides == ("seed=3", "lora.rank=64", "lora.target_modules=[q_proj, v_proj]")
    assert {variant.recipe.seed for variant in found} == {3}
    assert [variant.overrides for variant in variants(PAGE, [], [])] == [()]
    assert variants(PAGE, [], [], "native")[0].recipe.contract == "native"


@pytest.mark.parametrize(
    ("sweeps", "why"),
    [
        (["lora.rank=16"], "needs two values or more"),
        (["lora.rank=16,16"], "the same recipe as"),
        (["sft.epochs=1,1.0"], "the same recipe as"),
        (["lora.rank"], "not a sweep"),
        (["lora.rank=16],[3"], "not a sweep"),
        (["lora.rank=16,x"], "^lora.rank=x: lora.rank: Input should be a valid integer"),
        (["lora.rank=16,64", "lora.rank=8,4"], "sets the same value"),
    ],
)
def test_a_sweep_that_is_none_is_refused_before_anything_is_trained(sweeps, why):
    with pytest.raises(ConfigError, match=why):
        variants(PAGE, [], sweeps)
