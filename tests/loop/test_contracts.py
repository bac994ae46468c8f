"""Everything follows the contract: under other names for every tool, parameter and key, and under AJ's three tools of
March, data is built and linted, the evals check out, and the gate decides."""

from pathlib import Path

import pytest

from aj.contract import CONTRACTS, Contract, load_contract
from aj.files import load_yaml
from aj.messages import read_pairs, read_rows
from datasets_build.build import build
from datasets_build.lint.items import lint_value
from datasets_build.recipe import RECIPES, DataRecipe
from evals import reference
from evals.suite import TASKS
from loop import selfcheck
from scenarios.error_patterns import PATTERNS, draw_case
from scorers.checks.patterns import known_issue
from tests.renamed import renamed_contract, write_contract

ARMS = ("old_format", "oracle")


@pytest.fixture(params=["renamed", "three"])
def path(request, tmp_path) -> Path:
    """The contract's file."""
    return write_contract(renamed_contract(), tmp_path) if request.param == "renamed" else CONTRACTS / "three.yaml"


@pytest.fixture
def contract(path) -> Contract:
    return load_contract(path)


@pytest.mark.parametrize("name", PATTERNS)
def test_each_wrong_text_shows_the_pattern_that_it_is_meant_to_show(contract, name):
    for seed in range(6):
        for layout in ("dialogue", "state_block"):
            case = draw_case(name, "train", seed, "casual_developer", contract, layout)
            assert known_issue(case.wrong, case.past, contract, case.mode) == name


def test_data_is_built_with_every_row_and_pair_and_passes_the_lint(contract, path, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    recipe = load_yaml(RECIPES / "ci.yaml", DataRecipe)
    folders = [build(recipe.model_copy(update={"contract": name})) for name in ("aj", str(path))]
    usual, built = ((read_rows(f / "sft.jsonl"), read_pairs(f / "dpo.jsonl")) for f in folders)
    assert [len(part) for part in built] == [len(part) for part in usual]
    assert [found for part in built for value in part for found in lint_value(value, contract)] == []


@pytest.mark.loop
def test_the_evals_accept_what_is_right_and_reject_the_old_format(path, tmp_path, monkeypatch):
    agents = {name: reference.AGENTS[name] for name in ARMS}
    monkeypatch.setattr(reference, "AGENTS", agents)
    means = selfcheck.selfcheck("small", lambda _: None, str(path), limit=4)
    assert selfcheck.wrong(means) == []
    assert {m.task for m in means} == set(TASKS)
