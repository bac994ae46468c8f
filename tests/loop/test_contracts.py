"""Everything follows the contract: under other names for every tool, parameter and key, and under AJ's three tools of
March, data is built and linted, the evals check out, and the gate decides."""

from pathlib import Path

import pytest
from inspect_ai import eval
from inspect_ai.model import ChatMessage, Model, ModelOutput, ModelUsage, get_model

from aj.contract import CONTRACTS, Contract, load_contract
from aj.files import load_yaml, write_json
from aj.messages import Pair, Row, read_pairs, read_rows
from datasets_build.build import build
from datasets_build.lint.items import lint_value
from datasets_build.recipe import RECIPES, DataRecipe
from evals import reference
from evals.frozen import dataset
from evals.suite import TASKS
from evals.tool_format import tool_format
from loop.selfcheck.found import wrong
from loop.selfcheck.run import selfcheck
from scenarios.error_patterns import PATTERNS, draw_case
from scorers.checks.patterns import known_issue
from scorers.samples import case_of
from tests.made_logs import arm, write_run
from tests.renamed import renamed_contract, write_contract
from verdict.gate import GateOutcome, gate
from verdict.policy import Policy

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
    for seed in range(2):
        for layout in ("dialogue", "state_block"):
            case = draw_case(name, "train", seed, "casual_developer", contract, layout)
            assert known_issue(case.wrong, case.past, contract, case.mode) == name


def built(contract: str, logs: Path) -> tuple[list[Row], list[Pair]]:
    recipe = load_yaml(RECIPES / "ci.yaml", DataRecipe).model_copy(update={"contract": contract})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AJ_LOGS", str(logs))
        folder = build(recipe)
    return read_rows(folder / "sft.jsonl"), read_pairs(folder / "dpo.jsonl")


@pytest.fixture(scope="module")
def usual(tmp_path_factory) -> tuple[list[Row], list[Pair]]:
    """The rows and pairs under AJ's contract."""
    return built("aj", tmp_path_factory.mktemp("usual"))


@pytest.mark.loop
def test_data_is_built_with_every_row_and_pair_and_passes_the_lint(contract, path, usual, tmp_path):
    found = built(str(path), tmp_path / "logs")
    assert [len(part) for part in found] == [len(part) for part in usual]
    assert [wrong for part in found for value in part for wrong in lint_value(value, contract)] == []


@pytest.mark.loop
def test_the_evals_accept_what_is_right_and_reject_the_old_format(path, tmp_path, monkeypatch):
    agents = {name: reference.AGENTS[name] for name in ARMS}
    monkeypatch.setattr(reference, "AGENTS", agents)
    checked = selfcheck("small", lambda _: None, str(path), limit=4, kinds=["reference"], jobs=1)
    assert wrong(checked) == []
    assert {m.task for m in checked.means} == set(TASKS)


@pytest.mark.loop
def test_the_gate_promotes_who_speaks_the_contract_and_refuses_who_does_not(contract, path, tmp_path):
    policy = Policy.model_validate(
        {
            "confidence": 0.95,
            "evidence": {"min_samples": 25, "max_errors": 0.02, "max_unscored": 0.02},
            "metrics": {"tool_format/valid": {"margin": 0.1, "floor": 0.7}},
        }
    )
    for name, agent in (("old", "old_format"), ("good", "oracle")):
        manifest = write_run(tmp_path, name) | {"contract": contract.hash}
        write_json(tmp_path / "runs" / name / "manifest.json", manifest)
        about = arm(name, manifest)
        for computed in ("contract", "suite", "asked", "versions", "answers"):
            del about[computed]  # the task says these itself
        task = tool_format("small", str(path))
        eval(
            task,
            scripted(agent, path, f"runs/{name}"),
            metadata=about,
            log_dir=str(tmp_path / "evals" / name),
            display="none",
        )
    old, good = tmp_path / "evals" / "old", tmp_path / "evals" / "good"
    assert gate(old, good, policy, tmp_path).outcome is GateOutcome.PROMOTE
    assert gate(good, old, policy, tmp_path).outcome is GateOutcome.REJECT


def scripted(agent: str, path: Path, name: str) -> Model:
    """A model `name` that answers each sample's prompt as a reference agent would."""
    replies = {}
    for sample in dataset("tool_format", "small", str(path)):
        case = case_of(sample.metadata or {})
        assert not isinstance(sample.input, str)
        replies[_words(sample.input)] = reference.AGENTS[agent](case, case.past, case.turn)

    def answer(messages: list[ChatMessage], *_: object) -> ModelOutput:
        output = ModelOutput.from_content("mockllm/model", replies[_words(messages)])
        output.usage = ModelUsage()  # left unset, it downloads a tokenizer
        return output

    return get_model(f"mockllm/{name}", custom_outputs=answer, memoize=False)


def _words(messages: list[ChatMessage]) -> str:
    return "\n".join(message.text for message in messages)
