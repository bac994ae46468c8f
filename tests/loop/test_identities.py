"""Who asked, who graded, what was built and what was trained: which change makes which of them another."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from aj import identity as identities
from aj.contract import load_contract
from aj.files import load_yaml
from datasets_build.drawn.generators import COUNTED, templates_of
from datasets_build.mix import origin
from datasets_build.recipe import DataRecipe
from evals.identities import NOT_ASKING, asked, graded
from evals.suite import GRADERS, TASKS
from scenarios.catalogue import templates
from train.base import conversion
from train.material import trained_by

HOUSE = identities.HOUSE
ROOMS = ("aj", "fleet", "scenarios", "scorers", "evals", "datasets_build", "train", "verdict", "loop")

Change = Callable[[str], str]
At = Callable[[dict[str, Change]], dict[str, dict[str, str]]]


RECIPES = {name: load_yaml(HOUSE / f"datasets_build/recipes/{name}.yaml", DataRecipe) for name in ("demo", "aj-10k")}


def everything() -> dict[str, dict[str, str]]:
    return {
        "asked": {task: asked(task, "full") for task in TASKS},
        "graded": {task: graded(task) for task in TASKS},
        "built": {name: origin.code(recipe) for name, recipe in RECIPES.items()},
        "accepted": {"": origin.checks()},
        "trained": {"": trained_by()},
        "base": {"": conversion()},
    }


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> At:
    """All identities in a checkout in which some files were changed."""

    def identified(changes: dict[str, Change]) -> dict[str, dict[str, str]]:
        changed_rooms = {path.split("/")[0] for path in changes}
        for name in ROOMS:
            if name in changed_rooms:
                shutil.copytree(HOUSE / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (tmp_path / name).symlink_to(HOUSE / name)
        for path, change in changes.items():
            text = (tmp_path / path).read_text()
            assert change(text) != text, path
            (tmp_path / path).write_text(change(text))
        monkeypatch.setattr(identities, "HOUSE", tmp_path)
        return everything()

    return identified


@pytest.fixture(scope="module")
def now() -> dict[str, dict[str, str]]:
    return everything()


def differing(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> dict[str, set[str]]:
    """What is another identity, by kind."""
    found = {kind: {name for name in before[kind] if before[kind][name] != after[kind][name]} for kind in before}
    return {kind: names for kind, names in found.items() if names}


def another_docstring(text: str) -> str:
    """Another first docstring, a comment, and a blank line."""
    return re.sub(r'"""[^"]*"""', '"""Told in other words."""', text, count=1) + "\n# A comment.\n"


def stricter(text: str) -> str:
    """A statement more in every function, before it returns."""
    return re.sub(r"^( +)return ", r"\1bool()\n\1return ", text, flags=re.MULTILINE)


DOCSTRINGS = [
    *("aj/wire.py", "aj/identity.py", "fleet/linux/ps.py", "scenarios/requests.py", "scenarios/both/everyday.py"),
    *("scenarios/held_out/disk_space.py", "scenarios/trained_on/disk_space.py", "scorers/task_done.py"),
    *("scorers/checks/answers.py", "scorers/world/outcome.py", "evals/agent.py", "evals/frozen.py"),
    *("datasets_build/build.py", "train/sft.py", "train/tokens.py", "loop/evaluate.py", "verdict/gate.py"),
]


def test_a_docstring_or_a_comment_changes_nothing(at, now):
    assert differing(now, at(dict.fromkeys(DOCSTRINGS, another_docstring))) == {}


NEW = """

NEW = "a text of its own"


@template("{category}", "{split}", "easy")
def a_new_one(stage: Stage) -> None:
    '''Another template.'''
    stage.turn((NEW,), [here("ls")], {{"": ()}}, "it", "it matters")
"""


def added(split: str) -> Change:
    """A template more in a file."""

    def change(text: str) -> str:
        names = [name for name in ("here", "template") if f" {name}" not in text]
        imports = f"from scenarios.scenario import {', '.join(names)}\n" if names else ""
        return text.replace("\nfrom ", f"\n{imports}from ", 1) + NEW.format(category="disk_space", split=split)

    return change


@pytest.mark.parametrize("split_of_both", ["train", "eval"])
def test_added_templates_change_nothing_that_does_not_draw_from_them(at, now, split_of_both):
    files = {
        "scenarios/held_out/disk_space.py": added("eval"),
        "scenarios/trained_on/disk_space.py": added("train"),
        "scenarios/both/everyday.py": added(split_of_both),
    }
    assert differing(now, at(files)) == {}


CHECKS = sorted(
    path
    for unit in identities.used(*GRADERS.values())
    if unit.startswith(("scorers.checks.", "scorers.world."))
    and (HOUSE / (path := unit.replace(".", "/") + ".py")).is_file()  # a package is an empty file
)


def test_the_scorers_import_checks():
    assert {"scorers/checks/answers.py", "scorers/world/outcome.py"} <= set(CHECKS)


@pytest.mark.loop
@pytest.mark.parametrize("path", CHECKS)
def test_a_changed_check_voids_the_scores_that_it_gave_and_nothing_else(at, now, path):
    changed = differing(now, at({path: stricter}))
    made_by_checks = {"built": {"aj-10k"}, "accepted": {""}}  # of the demo's rows they only accept or refuse each
    changed = {kind: names for kind, names in changed.items() if made_by_checks.get(kind) != names}
    module = path.removesuffix(".py").replace("/", ".")
    users = {task for task in TASKS if module in identities.used(GRADERS[task])}
    assert changed == {"graded": users}
    assert users


@pytest.mark.parametrize("task", TASKS)
def test_what_asks_holds_no_check(task):
    units = identities.used(f"evals.{task}", without=NOT_ASKING)
    assert not [unit for unit in units if unit.startswith(("scorers.checks", "scorers.world"))]


def replaced(old: str, new: str) -> Change:
    return lambda text: text.replace(old, new, 1)


A_STATEMENT_MORE = replaced("\n    return ", "\n    bool()\n    return ")


@pytest.mark.loop
@pytest.mark.parametrize(
    ("path", "change", "kinds"),
    [
        ("fleet/linux/ps.py", replaced("PID", "PiD"), {"asked", "graded", "built"}),
        ("aj/prompts.py", A_STATEMENT_MORE, {"asked", "built", "trained"}),
        ("aj/personas.yaml", replaced("hey", "hello"), {"asked", "graded", "built"}),
        ("evals/agent.py", replaced("SPARE_CALLS = 4", "SPARE_CALLS = 5"), {"asked"}),
        ("scenarios/smalltalk.yaml", replaced("good morning", "morning"), {"asked", "built"}),
        ("datasets_build/mix/shares.py", A_STATEMENT_MORE, {"built"}),
        ("train/trainer.py", replaced("stage.learning_rate", "10 * stage.learning_rate"), {"trained"}),
        ("train/split.py", replaced("math.ceil", "round"), {"trained"}),
        ("scenarios/held_out/disk_space.py", replaced("WHY = ", 'WHY = "" + '), {"asked"}),
    ],
)
def test_whoever_does_it_differently_is_another_one(at, now, path, change, kinds):
    assert set(differing(now, at({path: change}))) == kinds


def test_what_neither_asks_nor_grades_nor_makes_anything_changes_nothing(at, now):
    files = {
        "datasets_build/finished/card.py": A_STATEMENT_MORE,
        "train/preflight.py": A_STATEMENT_MORE,
        "train/serve.py": A_STATEMENT_MORE,
        "loop/commands/training.py": replaced("    raise typer.Exit", "    print()\n    raise typer.Exit"),
        "scorers/judge_rubric.yaml": replaced("task:", "always_: x\ntask:"),
        "verdict/gate.py": A_STATEMENT_MORE,
        "evals/draws.py": replaced("LAYOUTS:", "MORE = 1\nLAYOUTS:"),
    }
    assert differing(now, at(files)) == {}


def test_every_template_names_the_code_that_makes_it():
    identities.used(*(template.root for template in templates().values()))  # KeyError: a root that does not exist
    for template in templates().values():
        module, _, name = template.root.partition(":")
        assert module.count(".") == 2, "it is the module that registers it, not one that it borrows a function from"
        assert name


@pytest.mark.loop
def test_every_module_that_is_loaded_to_ask_and_to_grade_is_looked_at():
    """Identities are read from the source; here they are held against what Python really loads."""
    code = "import evals.task_success, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in loaded if name.split(".")[0] in ROOMS}
    assert {"fleet.linux.ps", "scorers.checks.answers"} <= ours
    assert ours <= set(identities.used("evals.task_success", "evals.draws"))


def test_the_demo_draws_only_from_templates_of_both_splits():
    drawn = {
        template.root.partition(":")[0] for part in RECIPES["demo"].parts.values() for template in templates_of(part)
    }
    assert drawn
    assert all(module.startswith("scenarios.both.") for module in drawn)


def test_a_recipe_that_draws_from_a_category_draws_from_all_of_its_templates():
    tasks = DataRecipe.model_validate(
        {"name": "t", "seed": 1, "rows": 1, "parts": {"tasks": {"kind": "tasks", "count": 1}}}
    )
    (part,) = tasks.parts.values()
    names = {template.name for template in templates("train").values() if template.category == "disk_space"}
    assert names <= {template.name for template in templates_of(part)}


@pytest.mark.loop
@pytest.mark.parametrize("kind", sorted(COUNTED))
def test_a_generator_draws_from_no_other_template_than_it_says(kind):
    part = DataRecipe.model_validate(
        {"name": "t", "seed": 1, "rows": 1, "parts": {kind: {"kind": kind, "count": 1}}}
    ).parts[kind]
    allowed = {template.name for template in templates_of(part)}
    rows = islice(COUNTED[kind](Random(1), load_contract(), 20), 20)
    named = {name for row in rows for name in row.metadata["templates"]}
    drawn = {name for name in templates("train") if any(one == name or one.startswith(f"{name}.") for one in named)}
    assert drawn <= allowed
