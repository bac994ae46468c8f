"""The pages of docs/ are run: their Python works as it stands there."""

import re
from pathlib import Path

import pytest

from scenarios.registry import templates
from scenarios.scenario import TEMPLATES

DOCS = Path(__file__).parents[1] / "docs"
ROOT = DOCS.parent


def _blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def own_templates():
    """All templates are loaded before, and what a page registers is gone afterwards."""
    templates()
    before = dict(TEMPLATES)
    yield
    TEMPLATES.clear()
    TEMPLATES.update(before)


@pytest.mark.usefixtures("own_templates")
def test_the_page_on_scenarios_runs_from_top_to_bottom(capsys):
    names = {"__name__": "docs_scenarios"}
    for block in _blocks("scenarios.md"):
        exec(compile(block, "docs/scenarios.md", "exec"), names)
    shown = capsys.readouterr().out
    assert "disk_space.older_backup_goes" in TEMPLATES
    assert "df -h /" in shown


@pytest.mark.usefixtures("own_templates")
def test_the_template_of_the_page_keeps_its_promises_on_every_seed():
    """The page checks one seed; a reader who copies the template gets all of them."""
    arranging, written, _, checking = _blocks("scenarios.md")
    names = {"__name__": "docs_scenarios"}
    exec(arranging + written, names)
    made = TEMPLATES["disk_space.older_backup_goes"]
    setup = "from aj.contract import load_contract\nfrom scenarios.oracle import play\nAJ = load_contract()\n"
    for seed in range(2, 6):
        scenario = made.draw(seed, "curious_learner")
        exec(setup + "messages, fleet = play(scenario, AJ)\n" + checking, {**names, "scenario": scenario})


def test_what_the_page_on_scenarios_registers_is_not_kept():
    assert "disk_space.older_backup_goes" not in templates()
    assert "disk_space.older_backup_goes" not in TEMPLATES


def test_every_file_that_a_page_names_is_there():
    named = [
        path
        for page in DOCS.glob("*.md")
        for path in re.findall(r"`((?:aj|tests|evals|scorers)/[\w./-]+)`", page.read_text())
    ]
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
