"""The board's page in a real browser, from disk, with its own policy in force."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.board import simulated
from verdict.board.page import to_html
from verdict.board.rows import rank

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
pytestmark = [
    pytest.mark.loop,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here; Debian's package `chromium` has it"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    models, titles = simulated(folder, 8, 200)
    (folder / "board.html").write_text(to_html(models, rank(models), titles, folder), encoding="utf-8")
    return folder / "board.html"


def drawn(page: Path, place: str = "") -> str:
    """The page's elements once its script has run, without the data and the script."""
    line = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={page.parent / 'browser'}"]
    line += ["--virtual-time-budget=20000", "--dump-dom", f"{page.as_uri()}{place}"]
    shown = subprocess.run(line, capture_output=True, text=True, timeout=100, check=True).stdout
    return re.sub(r"<script.*?</script>", "", shown, flags=re.DOTALL)


def heading(shown: str) -> str:
    return re.findall(r"<h1[^>]*>(.*?)</h1>", shown)[-1]


@pytest.mark.parametrize(
    ("place", "title", "there"),
    [
        ("", "Ranking", 'href="#/model/model%207"'),
        ("#/slices?metric=persona%2Fmatch&by=distance", "Slices", "persona/<wbr>match"),
        ("#/slices?show=difference", "Slices", "better"),
        ("#/codes?task=persona", "Failure codes", "wrong_<wbr>tool"),
        ("#/cost", "Cost", "80,000"),
        ("#/champions", "Champions", "needed for a demo"),
        ("#/model/model%201", "model 1", "failing samples"),
        ("#/sample/persona/1/model%200", "persona 1", "What changed on the fleet"),
        ("#/model/nobody", "Not found", "no model nobody"),
        ("#/%E0%A4%A", "Ranking", "model 7"),
    ],
)
def test_every_page_opens_by_its_address(page, place, title, there):
    shown = drawn(page, place)
    assert heading(shown) == title if title != "Ranking" else '<section id="ranking">' in shown
    assert there in shown


def test_the_ranking_is_filtered_and_sorted_by_its_address(page):
    shown = drawn(page, "#/?q=model+3&sort=model&up=yes")
    assert "1 of 8 models" in shown
    rows = re.findall(r"<tr data-place[^>]*>", shown)
    assert sum("hidden" in row for row in rows) == 7


def test_distances_are_columns_in_the_order_of_their_numbers(page):
    shown = drawn(page, "#/slices?by=distance")
    heads = re.findall(r"<button[^>]*>([^<]*)</button>", shown.partition('id="page"')[2])
    assert heads == ["model", "all samples", "1", "2", "4", "8", "16"]
