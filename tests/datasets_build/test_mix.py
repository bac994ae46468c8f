"""The mix has exactly the rows it should, or says what is short; what becomes of every row is counted."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from aj.contract import load_contract
from aj.errors import ConfigError, DataError
from aj.files import load_yaml, read_jsonl
from aj.messages import Row, read_pairs, read_rows, reply, user
from aj.wire import render_row
from datasets_build.build import build
from datasets_build.mix import collect
from datasets_build.recipe import RECIPES, ConvertedPart, CorrectionsPart, DataRecipe, WordedPart
from tests.datasets_build import made

SAID: list[str] = []


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Converters replaced by a stream of rows that are made already; the folder where their files lie."""
    monkeypatch.setitem(collect.STREAMS, ConvertedPart, made.stream)
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    SAID.clear()
    return tmp_path / "data"


def _recipe(parts: dict[str, Any], **more: Any) -> DataRecipe:
    """A recipe; a part without a kind is one of files, a number a part of files that has only its count."""
    whole = {}
    for name, part in parts.items():
        part = part if isinstance(part, dict) else {"count": part}
        whole[name] = part if "kind" in part else {"kind": "converted", "files": [f"{name}/*.jsonl"], **part}
    rows = sum(part["count"] for part in whole.values())
    return DataRecipe.model_validate({"name": "test", "seed": 3, "rows": rows, "parts": whole, **more})


def _build(recipe: DataRecipe, root: Path) -> tuple[Path, dict[str, Any]]:
    folder = build(recipe, root, say=SAID.append)
    lock = json.loads((folder / "lock.json").read_text(encoding="utf-8"))
    for name, counts in lock["funnel"].items():
        assert counts["read"] == sum(number for outcome, number in counts.items() if outcome != "read"), name
        told = lock["intake"][name]
        rejects = sum(number for outcome, number in counts.items() if outcome.startswith("rejected:"))
        assert counts["read"] - rejects <= told["converted"] <= counts["read"]
        assert told["records"] <= counts["read"]
    kept = sum(counts.get("kept", 0) for name, counts in lock["funnel"].items() if not name.endswith(".pairs"))
    repeats = sum(share["repeated"] for share in lock["shares"].values())
    assert len(read_rows(folder / "sft.jsonl")) == lock["rows"]["sft"] == kept + repeats == len(lock["order"]["sft"])
    assert len(read_pairs(folder / "dpo.jsonl")) == lock["rows"]["dpo"] == len(lock["order"]["dpo"])
    return folder, lock


def _by_source(folder: Path) -> Counter[str]:
    return Counter(row.metadata["source"] for row in read_rows(folder / "sft.jsonl"))


# --- exact counts ---------------------------------------------------------------------------------------------------


def test_every_part_has_exactly_its_rows_in_the_shares_of_its_source(files):
    for name, size in (("a", 260), ("b", 120), ("c", 60)):
        made.write(files / name / "x.jsonl", made.rows(name, size))
    folder, lock = _build(_recipe({"a": 130, "b": 60, "c": 10}), files)
    assert _by_source(folder) == {"a": 130, "b": 60, "c": 10}
    rows = read_rows(folder / "sft.jsonl")
    assert len({row.id for row in rows}) == 200
    assert lock["shortfalls"] == SAID == []
    assert lock["funnel"]["a"] == {"read": 260, "kept": 130, "unused": 130}
    source = Counter((row.metadata["persona"], len(row.messages)) for row in made.rows("a", 260))
    drawn = Counter((row.metadata["persona"], len(row.messages)) for row in rows if row.metadata["source"] == "a")
    assert all(abs(drawn[stratum] - size / 2) < 1 for stratum, size in source.items())


def test_another_file_moves_no_more_rows_than_it_gives(files):
    made.write(files / "a" / "x.jsonl", made.rows("a", 200, multi=0))
    recipe = _recipe({"a": 100})
    before = [row.id for row in read_rows(_build(recipe, files)[0] / "sft.jsonl")]
    made.write(files / "a" / "0.jsonl", made.rows("new", 40, multi=0))
    after = read_rows(_build(recipe, files)[0] / "sft.jsonl")
    given = {row.id for row in after if row.metadata["source"] == "new"}
    assert 0 < len(given) <= 40
    stayed = [row.id for row in after if row.id not in given]
    assert stayed == [identity for identity in before if identity in set(stayed)], "and they stand in the same order"


def test_generated_parts_make_no_more_than_they_must(files):
    made.write(files / "a" / "x.jsonl", made.rows("a", 10))
    corrections = {"kind": "corrections", "count": 8, "multiply": 1}
    folder, lock = _build(_recipe({"corrections": corrections, "plans": _plans(4, 5), "a": 6}), files)
    assert {name: share["got"] for name, share in lock["shares"].items()} == {"corrections": 8, "plans": 4, "a": 6}
    assert lock["rows"]["dpo"] == 8
    assert lock["funnel"]["plans"] == {"read": 4, "kept": 4}, "the spare ones were not asked for"
    assert {row.metadata["licence"] for row in read_rows(folder / "sft.jsonl")} == {"Apache-2.0", "MIT"}


def _plans(count: int, spare: int) -> dict[str, Any]:
    return {"kind": "plans", "count": count, "spare": spare}


def test_a_generator_gives_its_first_rows_whatever_their_number(files):
    few, many = (
        {row.id for row in read_rows(_build(_recipe({"plans": _plans(count, 0)}), files)[0] / "sft.jsonl")}
        for count in (4, 9)
    )
    assert few < many


def test_only_the_first_variations_are_paired_where_a_recipe_says_so(files):
    part = {"kind": "corrections", "count": 16, "multiply": 2}
    every = _build(_recipe({"fixes": part}), files)[0]
    folder, lock = _build(_recipe({"fixes": part | {"paired": 9}}), files)
    assert lock["rows"] == {"sft": 16, "dpo": 9}
    assert {pair.id for pair in read_pairs(folder / "dpo.jsonl")} < {p.id for p in read_pairs(every / "dpo.jsonl")}
    _, lock = _build(_recipe({"fixes": part | {"pairs": 8}}), files)
    assert lock["funnel"]["fixes.pairs"] == {"read": 16, "kept": 8, "unused": 8}


# --- too few --------------------------------------------------------------------------------------------------------


def test_a_part_that_is_short_fails_with_what_to_do(files):
    made.write(files / "a" / "x.jsonl", made.rows("a", 10))
    with pytest.raises(
        DataError, match=r"a has 10 of 12 rows \(10 read\); b has 0 of 5 rows \(no file matches b/\*\.jsonl\).*--root"
    ):
        _build(_recipe({"a": 12, "b": 5}), files)
    assert not list((files.parent / "logs" / "datasets").glob("[!.]*")), "and nothing is left behind"


def test_what_is_lacking_is_shared_out_in_proportion_and_said(files):
    for name, size in (("a", 200), ("b", 200)):
        made.write(files / name / "x.jsonl", made.rows(name, size))
    made.write(files / "c" / "x.jsonl", [*made.rows("c", 3), {"code": "no_call", "why": "none"}])
    folder, lock = _build(_recipe({"a": 60, "b": 20, "c": 24, "d": 6}, shortfall="redistribute"), files)
    assert _by_source(folder) == {"a": 80, "b": 27, "c": 3}  # 27 rows, three to one
    assert lock["shortfalls"] == SAID
    assert SAID == [
        "c has 3 of 24 rows (4 read: 1 rejected).",
        "d has 0 of 6 rows (no file matches d/*.jsonl).",
        "Rows given by other parts in their place: a 20, b 7.",
    ]
    assert "- c has 3 of 24 rows (4 read: 1 rejected)." in (folder / "card.md").read_text(encoding="utf-8")
    _build(_recipe({"a": 60, "b": 20, "c": 24, "d": 6}, shortfall="redistribute"), files)
    assert SAID[3:] == SAID[:3], "a finished data set says it again"


def test_what_no_part_can_give_is_said_to_be_lacking(files):
    made.write(files / "a" / "x.jsonl", made.rows("a", 15))
    made.write(files / "b" / "x.jsonl", made.rows("b", 2))
    _, lock = _build(_recipe({"a": 10, "b": 20}, shortfall="redistribute"), files)
    assert lock["rows"]["sft"] == 17
    assert SAID[-1] == "The mix has 17 of 30 rows; 13 are missing."


def test_the_card_says_what_each_part_takes_and_what_happens_when_it_is_short(files):
    made.write(files / "a" / "x.jsonl", made.rows("a", 9))
    filters = {"min_score": 4, "tool_families": ["shell", "logs"], "max_characters": 24000}
    parts = {
        "a": {"count": 2, "filters": filters, "foreign": "keep", "private": True},
        "b": {"count": 2, "files": ["a/*.jsonl"], "shortfall": {"repeat": 3}},
        "plans": _plans(2, 0) | {"shortfall": "fail"},
    }
    folder, _ = _build(_recipe(parts, shortfall="redistribute"), files)
    card = (folder / "card.md").read_text(encoding="utf-8").splitlines()
    taken = "conversations of files; a/*.jsonl; tools that are not AJ's"
    assert (
        f"- a: {taken} stay as they are; secrets, addresses and names replaced; graded 4 of 5 at least; "
        "own tools only for shell or logs; 24,000 characters at most."
    ) in card
    assert (
        f"- b: {taken} become AJ's. Where it has too few, its rows come again, none more than 3 times in all." in card
    )
    assert "- plans: plans from the simulated fleet. Where it has too few, the build stops." in card
    assert "Where a part has too few rows, the other parts give more. What each part takes:" in card
    assert "Every part has exactly the rows it should." in card


def test_a_mix_without_any_of_its_files_looks_in_the_wrong_place(files):
    with pytest.raises(
        DataError, match=r"No file of the mix is under .*data; give .* a/\*\.jsonl, b/\*\.jsonl with --root"
    ):
        _build(_recipe({"plans": _plans(2, 9), "a": 2, "b": 3}, shortfall="redistribute"), files)


def test_a_generator_gives_its_spare_rows_and_no_more(files):
    made.write(files / "a" / "x.jsonl", made.rows("a", 1))
    _, lock = _build(_recipe({"plans": _plans(4, 3), "a": 10}, shortfall="redistribute"), files)
    assert lock["shares"]["plans"] == {"wanted": 4, "got": 7, "repeated": 0}


@pytest.mark.parametrize(("count", "repeated", "lacking"), [(14, 4, 0), (25, 15, 0), (40, 20, 10)])
def test_rows_are_repeated_as_often_as_the_recipe_allows(files, count, repeated, lacking):
    made.write(files / "a" / "x.jsonl", made.rows("a", 10))
    made.write(files / "b" / "x.jsonl", made.rows("b", 50))
    folder, lock = _build(_recipe({"a": {"count": count, "shortfall": {"repeat": 3}}, "b": 5}), files)
    assert lock["shares"]["a"] == {"wanted": count, "got": 10, "repeated": repeated}
    times = Counter(row.id for row in read_rows(folder / "sft.jsonl") if row.metadata["source"] == "a")
    assert max(times.values()) - min(times.values()) <= 1
    assert max(times.values()) <= 3
    assert f"a has 10 of {count} rows (10 read): {repeated} are repeats, no row appears more than 3 times" in SAID[0]
    assert (f"{lacking} are missing" in SAID[-1]) == (lacking > 0)


# --- what is left out -----------------------------------------------------------------------------------------------


def test_near_duplicates_of_another_part_are_left_out_and_replaced(files):
    rows = made.rows("a", 40, multi=0)
    near = [_with_answer(row, row.messages[1].content + " so") for row in rows]
    made.write(files / "a" / "x.jsonl", rows)
    made.write(files / "b" / "x.jsonl", [*near, *made.rows("b", 30, multi=0)])
    folder, lock = _build(_recipe({"a": 40, "b": 25}), files)
    assert _by_source(folder) == {"a": 40, "b": 25}
    found = lock["funnel"]["b"]["near_duplicate"]
    assert found > 0
    assert lock["near_duplicates"] == {"compared": 65 + found, "found": found}
    said = [record for _, record in read_jsonl(folder / "rejects.jsonl")]
    assert {record["why"].removeprefix("like ") for record in said} <= {row.id for row in rows}
    _, lock = _build(_recipe({"a": 40, "b": 65}, near_duplicates=None), files)
    assert lock["funnel"]["b"] == {"read": 70, "kept": 65, "unused": 5}


def _with_answer(row: Row, text: str) -> Row:
    return Row((row.messages[0], reply(text)), row.mode, row.layout, {**row.metadata, "source": "near"})


def test_a_copy_in_another_part_counts_only_when_the_first_is_in_the_mix(files):
    rows = made.rows("a", 40)
    made.write(files / "a" / "x.jsonl", [*rows, *rows[:5]])
    made.write(files / "b" / "x.jsonl", rows)
    _, lock = _build(_recipe({"a": 15, "b": 25}), files)
    assert lock["funnel"]["a"] == {"read": 45, "kept": 15, "duplicate": 5, "unused": 25}
    counts = lock["funnel"]["b"]
    assert counts["kept"] == 25
    assert 0 < counts["duplicate"] <= 15


def test_rows_of_the_evals_and_rows_that_break_the_contract_are_left_out(files):
    held_out = "I'm taking a Linux course. tell me how many agents we have. What's going on there?"
    leaked = Row((user(held_out), reply("Four.")), "chat", "dialogue", {"source": "a"})
    broken = Row((user("do it"), reply('{"action": "execute_command"}')), "step", "dialogue", {"source": "a"})
    unread = {"code": "broken_json", "why": "not JSON"}
    made.write(files / "a" / "x.jsonl", [leaked, unread, broken, *made.rows("a", 5)])
    folder, lock = _build(_recipe({"a": 5}), files)
    # Whether a row is looked at hangs on its place in the order; with every row asked for, all of them are.
    _, lock = _build(_recipe({"a": 7}, shortfall="redistribute"), files)
    expected = {"contaminated:phrase": 1, "rejected:action_key": 1, "rejected:broken_json": 1}
    assert lock["funnel"]["a"] == {"read": 8, "kept": 5, **expected}
    assert {row.metadata["source"] for row in read_rows(folder / "sft.jsonl")} == {"a"}


def test_pairs_come_with_their_part_as_many_as_it_says(files):
    rows = made.rows("a", 5)
    made.write(files / "a" / "x.jsonl", [*rows, *(made.pair("a", number) for number in range(6))])
    _, lock = _build(_recipe({"a": 5}), files)
    assert lock["funnel"]["a.pairs"] == {"read": 6, "kept": 6}
    _, lock = _build(_recipe({"a": {"count": 5, "pairs": 2}}), files)
    assert lock["funnel"]["a.pairs"] == {"read": 6, "kept": 2, "unused": 4}


def test_repairs_are_counted_by_code_and_by_row(files):
    mended = [*made.rows("m", 3, mended=["action_key", "fences"]), *made.rows("n", 2, mended=["fences"])]
    made.write(files / "a" / "x.jsonl", [*mended, *made.rows("a", 4), {"code": "no_call", "why": "none"}])
    folder, lock = _build(_recipe({"a": 9}), files)
    assert lock["intake"]["a"] == {"records": 10, "converted": 9, "repaired": 5}
    assert lock["repairs"] == {"a": {"action_key": 3, "fences": 5}}
    assert "| a | 10 | 10 | 9 | 5 | 9 |" in (folder / "card.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("filters", "good", "bad"),
    [
        ({"min_quality": 0.7}, {"quality": 0.7}, {"quality": 0.69}),
        ({"min_quality": 0.7}, {}, {"quality": 0}),
        ({"min_score": 4}, {"quality": {"completeness": 4, "share": 0.5}}, {"quality": {"conciseness": 3}}),
    ],
)
def test_a_filter_takes_what_it_should_and_counts_the_rest(files, filters, good, bad):
    made.write(files / "a" / "x.jsonl", [*made.rows("good", 4, **good), *made.rows("bad", 3, **bad)])
    folder, lock = _build(_recipe({"a": {"count": 4, "filters": filters}}), files)
    assert _by_source(folder) == {"good": 4}
    assert lock["funnel"]["a"] == {"read": 7, "kept": 4, f"filtered:{next(iter(filters))}": 3}


def test_long_rows_are_filtered_by_the_length_of_what_is_trained_on(files):
    long = Row((user(" ".join(["word"] * 900)), reply("Yes.")), "chat", "dialogue", {"source": "long"})
    made.write(files / "a" / "x.jsonl", [long, *made.rows("a", 3)])
    _, lock = _build(_recipe({"a": {"count": 3, "filters": {"max_characters": 4000}}}), files)
    assert lock["funnel"]["a"] == {"read": 4, "kept": 3, "filtered:max_characters": 1}


def test_lengths_are_told_in_a_tokenizers_tokens(files, tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    short, long = made.rows("a", 3, multi=0), made.rows("b", 3, multi=1)
    made.write(files / "a" / "x.jsonl", [*short, *long])
    part = {"count": 3, "filters": {"max_tokens": 110}}
    recipe = _recipe({"a": part}, tokenizer=str(tmp_path / "tokenizer.json"))
    folder, lock = _build(recipe, files)
    assert lock["funnel"]["a"] == {"read": 6, "kept": 3, "filtered:max_tokens": 3}
    assert lock["unit"] == "tokens"
    assert lock["inputs"][-1]["path"] == recipe.tokenizer
    words = sum(len(re.findall(r"\w+|[^\w\s]+", m["content"])) for m in render_row(short[0], load_contract()))
    assert f"| a | 3 | {words} | {words} | {words} |" in (folder / "card.md").read_text(encoding="utf-8")
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"other\.json is no tokenizer\.json"):
        _build(_recipe({"a": part}, tokenizer=str(tmp_path / "other.json")), files)


# --- recipes --------------------------------------------------------------------------------------------------------


def test_the_strategy_documents_mix_is_there_to_the_row():
    mix = load_yaml(RECIPES / "aj-10k.yaml", DataRecipe)
    counts = {name: part.count for name, part in mix.parts.items()}
    assert counts == {
        "corrections": 80,
        "conversational": 3000,
        "existing": 3000,
        "toucan": 2000,
        "agentinstruct": 1000,
        "chat_exports": 920,
    }
    assert mix.rows == 10_000
    corrections, worded, chats = (mix.parts[name] for name in ("corrections", "conversational", "chat_exports"))
    assert isinstance(corrections, CorrectionsPart)
    assert corrections.multiply == 10
    assert isinstance(worded, WordedPart)
    assert (worded.multi_turn_ratio, worded.teacher) == (0.3, "template")
    assert isinstance(chats, ConvertedPart)
    assert (chats.private, chats.filters.min_quality) == (True, 0.7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rows: 3\nparts: {a: {kind: converted, count: 2, files: [x]}}", "add up to 2, not to rows: 3"),
        ("rows: 2\nparts: {a: {kind: converted, count: 2}}", "lacks files; add it"),
        ("rows: 2\nparts: {a: {kind: converted, count: 2, files: [../x]}}", "must lie under the build's root"),
        ("rows: 2\nparts: {a: {kind: copied, count: 2}}", "kind"),
        ("rows: 2\nparts: {a: {kind: converted, count: 2, files: [x], shortfall: {repeat: 1}}}", "repeat"),
        ("rows: 2\nparts: {a: {kind: planes, count: 2}}", "'tasks', .*'plans'"),
        ("rows: 2\nparts: {a: {kind: plans, count: 2}}\nunchecked: [plans]", "plans, which is no part"),
        ("rows: 2\nparts: {a: {kind: converted, count: 2, files: [x], filters: {max_tokens: 9}}}", "tokenizer"),
    ],
)
def test_a_recipe_with_a_mistake_is_refused(tmp_path, text, said):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"name: x\nseed: 3\n{text}\n")
    with pytest.raises(ConfigError, match=said) as caught:
        load_yaml(path, DataRecipe)
    assert str(caught.value).startswith(f"{path}:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources:\n  plans: {count: 2}", r"sources: no longer .*write each source as a part, such as `parts: "),
        ("mix:\n  rows: 2\n  parts: {a: {kind: plans, count: 2}}", r"mix: no longer .*move its `rows`, `parts`"),
    ],
)
def test_a_recipe_of_the_earlier_grammar_is_told_what_to_write_now(tmp_path, text, said):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"name: x\nseed: 3\n\n{text}\n")
    with pytest.raises(ConfigError, match=said) as caught:
        load_yaml(path, DataRecipe)
    assert str(caught.value).startswith(f"{path}:4: ")
