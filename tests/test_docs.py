"""The pages of docs/ are run: their Python works as printed, and what they claim holds."""

import re
from pathlib import Path
from runpy import run_path
from textwrap import indent

import pytest
from rich.console import Console

from scenarios.catalogue import templates
from scenarios.scenario import TEMPLATES
from tests.made_logs import installed_packages_are_listed_once as installed_packages_are_listed_once
from tests.made_logs import lab as lab
from tests.made_logs import made as made
from tests.made_logs import policy as policy
from verdict.gate import panel
from verdict.policy import Policy

DOCS = Path(__file__).parents[1] / "docs"
ROOT = DOCS.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]


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
    rooms = "aj|datasets_build|evals|fleet|loop|scenarios|scorers|tests|train|verdict"
    named = [
        path
        for page in PAGES
        for path in re.findall(rf"`((?:{rooms})/[\w./-]+)`", page.read_text())
        if "NAME" not in path
    ]
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_link_within_the_repository_leads_somewhere():
    links = [
        (page, link)
        for page in PAGES
        for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]*)?\)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert links == []


# The gate: the figures of the page are computed, and its verdicts are those of real logs.


def test_the_figures_of_the_page_on_the_gate_are_right():
    names: dict[str, object] = {"__name__": "docs_gate"}
    for block in _blocks("gate.md"):
        exec(compile(block, "docs/gate.md", "exec"), names)


@pytest.mark.parametrize(
    ("reference", "candidate", "margin"),
    [("base", "good", 0.15), ("good", "old", 0.15), ("good", "same", 0.03), ("good", "good", 0.15)],
)
def test_the_verdicts_of_the_page_on_the_gate_are_those_of_real_logs(lab, policy, reference, candidate, margin):
    asked = policy.model_dump()
    asked["metrics"]["known_issues/right"]["margin"] = margin
    page = (DOCS / "gate.md").read_text()
    console = Console(width=1000)
    with console.capture() as shown:
        console.print(panel(lab.judge(Policy.model_validate(asked), reference, candidate)))
    verdict = shown.get().partition("┏")[0].rstrip()
    assert indent(verdict, "    ") in page


MAPS = run_path(str(DOCS / "file_maps.py"))


@pytest.mark.parametrize("room", MAPS["ROOMS"])
def test_the_map_of_a_room_is_what_its_modules_say(room):
    """Written by `make maps` from the first lines of the docstrings."""
    assert (ROOT / room / "README.md").read_text(encoding="utf-8") == MAPS["room_map"](ROOT / room, MAPS["ROOMS"][room])


@pytest.mark.parametrize("room", MAPS["ROOMS"])
def test_every_module_says_in_its_first_line_what_it_is_for(room):
    modules = [module for module in (ROOT / room).rglob("*.py") if module.name != "__init__.py"]
    assert (ROOT / room / "README.md").read_text(encoding="utf-8").count("\n- ") == len(modules)
