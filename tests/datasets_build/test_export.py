"""What others read of a data set: Parquet for `datasets`, JSON lines for TRL, a card and plots for people."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from random import Random

import pytest

from aj.contract import load_contract
from aj.files import read_jsonl
from aj.messages import read_pairs, read_rows
from aj.wire import render_prompt, render_row, render_turn
from datasets_build.build import build
from datasets_build.drawn.templated import state_blocks
from datasets_build.finished.card import OUTCOMES
from datasets_build.finished.charts import LEFT, RIGHT, WIDTH, bars, histogram, stacked
from datasets_build.finished.parquet import sft_record
from datasets_build.lint.config import LintConfig, find_files
from datasets_build.lint.items import lint_item
from datasets_build.lint.run import Outcome, lint_files
from datasets_build.reading.transcripts import Transcript
from datasets_build.recipe import DataRecipe
from datasets_build.sources.shapes import parse

AJ = load_contract()
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parts = {
        "corrections": {"kind": "corrections", "multiply": 1, "paired": 4, "count": 8},
        "plans": {"kind": "plans", "count": 2},
        "state_blocks": {"kind": "state_blocks", "count": 4},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AJ_LOGS", str(tmp_path_factory.mktemp("logs")))
        return build(DataRecipe.model_validate({"name": "test", "seed": 5, "rows": 14, "parts": parts}))


def test_the_parquet_files_open_as_data_sets(folder):
    from datasets import load_dataset

    cache = str(folder.parent / "cache")
    files = {name: str(folder / "parquet" / f"{name}.parquet") for name in ("sft", "dpo")}
    opened = {
        name: load_dataset("parquet", data_files=path, split="train", cache_dir=cache).to_list()
        for name, path in files.items()
    }
    sft, dpo = opened["sft"], opened["dpo"]
    assert [row["messages"] for row in sft] == [render_row(row, AJ) for row in read_rows(folder / "sft.jsonl")]
    assert list(sft[0])[:2] == ["messages", "id"]
    for record, pair in zip(dpo, read_pairs(folder / "dpo.jsonl"), strict=True):
        assert record["prompt"] == render_prompt(pair.messages, AJ, pair.mode, pair.layout)
        assert record["chosen"] == [{"role": "assistant", "content": render_turn(pair.chosen, AJ)}]
        assert record["rejected"] == [{"role": "assistant", "content": pair.rejected}]
        assert json.loads(record["metadata"]) == pair.metadata


def test_trls_lines_are_the_same_records(folder):
    import pyarrow.parquet as pq

    for name in ("sft", "dpo"):
        table = pq.read_table(folder / "parquet" / f"{name}.parquet").to_pylist()
        assert [record for _, record in read_jsonl(folder / "trl" / f"{name}.jsonl")] == table


def test_a_data_set_without_pairs_has_an_empty_table_of_the_same_columns(monkeypatch, tmp_path):
    import pyarrow.parquet as pq

    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    recipe = DataRecipe.model_validate(
        {"name": "test", "seed": 5, "rows": 2, "parts": {"chats": {"kind": "chats", "count": 2}}}
    )
    table = pq.read_table(build(recipe) / "parquet" / "dpo.parquet")
    assert table.num_rows == 0
    assert {"prompt", "chosen", "rejected"} <= set(table.column_names)


def test_every_plot_of_the_card_is_a_file_and_every_file_is_shown(folder):
    card = (folder / "card.md").read_text(encoding="utf-8")
    drawn = {path.name for path in (folder / "charts").iterdir()}
    assert drawn == {"funnel.svg", "lengths.svg", "personas.svg", "shares.svg"}
    assert {name for name in drawn if f"(charts/{name})" in card} == drawn
    for name in drawn:
        ET.parse(folder / "charts" / name)


def test_bars_are_as_long_as_their_numbers_and_stay_on_the_page():
    page = ET.fromstring(bars("Rows <of> parts", "rows", {"wanted": {"a & b": 100, "c": 0}, "got": {"a & b": 50}}))
    widths = [float(bar.attrib["width"]) for bar in page.iter(f"{SVG}rect") if bar.find(f"{SVG}title") is not None]
    longest = WIDTH - LEFT - RIGHT
    assert sorted(widths)[-2:] == [longest / 2, longest]
    assert {"a & b", "c", "wanted", "got", "rows", "100", "50"} <= {text.text for text in page.iter(f"{SVG}text")}


def test_a_legend_names_only_what_occurs_and_the_chart_is_dark_where_the_reader_is():
    chart = stacked("Funnel", "rows", {"a": {"kept": 30, "rejected": 0}, "b": {"kept": 20, "late": 0}})
    told = {text.text for text in ET.fromstring(chart).iter(f"{SVG}text")}
    assert "kept" in told
    assert not told & {"rejected", "late"}
    assert "prefers-color-scheme:dark" in chart
    assert "#ffffff" not in chart


def test_stacked_parts_stand_side_by_side():
    page = ET.fromstring(
        stacked("Funnel", "rows", {"a": {"kept": 30, "rejected": 10}, "b": {"kept": 20, "rejected": 0}})
    )
    told = {bar[0].text: bar for bar in page.iter(f"{SVG}rect") if len(bar) and ", " in (bar[0].text or "")}
    kept, rejected = told["a, kept: 30"], told["a, rejected: 10"]
    assert float(kept.attrib["x"]) + float(kept.attrib["width"]) == pytest.approx(float(rejected.attrib["x"]), abs=0.2)


def test_every_outcome_has_a_colour_of_its_own_and_its_name_on_the_page():
    page = ET.fromstring(stacked("Funnel", "rows", {"a": dict.fromkeys(OUTCOMES, 1)}))
    marks = [bar for bar in page.iter(f"{SVG}rect") if len(bar) and bar[0].text in OUTCOMES]
    assert [bar[0].text for bar in marks] == list(OUTCOMES)
    assert len({bar.attrib["fill"] for bar in marks}) == len(OUTCOMES)
    last = next(text for text in page.iter(f"{SVG}text") if text.text == OUTCOMES[-1])
    assert float(last.attrib["x"]) + 7 * len(OUTCOMES[-1]) <= WIDTH


@pytest.mark.parametrize("values", [[], [5], [1, 1, 1], list(range(100)), [3, 4, 5, 10_000]])
def test_a_histogram_counts_every_value_once(values):
    counted = histogram(values)
    assert sum(counted.values()) == len(values)
    if values:
        assert next(iter(counted)).startswith(f"{min(values):,}–")
        assert int(list(counted)[-1].partition("–")[2].replace(",", "")) >= max(values)


def test_lint_finds_nothing_in_what_a_build_wrote_and_passes_over_its_books(folder):
    total = Outcome()
    for outcome in lint_files(find_files([str(folder)]), LintConfig()):
        total.add(outcome, 10)
    assert total.listed == []
    assert total.rows == 3 * (14 + 4)
    assert total.books >= 1


def test_an_answer_after_a_state_block_states_only_what_the_block_shows():
    rows = list(state_blocks(Random(10), AJ, 4))  # the last would answer from a result that is cut short
    for row in rows:
        (item,) = parse(sft_record(row, "part", AJ))
        assert isinstance(item, Transcript)
        assert [found.finding.why for found in lint_item(item, AJ) if found.finding.code == "ungrounded"] == []
