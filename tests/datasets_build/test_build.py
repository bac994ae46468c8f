"""A data set is its recipe: built twice it is the same bytes; a row is kept, a duplicate or a counted reject."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from aj.contract import load_contract
from aj.errors import AJError, ConfigError, DataError
from aj.files import digest_file, load_yaml, read_jsonl
from aj.messages import Message, Pair, Row, read_pairs, read_rows
from aj.whole import STAGING
from aj.wire import render_row, render_turn
from datasets_build.build import build
from datasets_build.recipe import DataRecipe
from scenarios.catalogue import CATEGORIES, scenario_from_record, templates
from scenarios.error_patterns import PATTERNS
from scenarios.scenario import Scenario
from scenarios.smalltalk import small_talk
from scorers.checks.patterns import known_issue
from scorers.checks.rows import check_pair, check_row

pytestmark = pytest.mark.loop  # builds whole data sets

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "datasets_build" / "recipes"
AJ = load_contract()
TASKS = [name for name, made in templates().items() if made.split == "train" and made.category in CATEGORIES]
ALL = {
    "corrections": {"multiply": 2, "paired": 9, "count": 16},
    "dialogues": {"count": 12, "turns": [1, 3]},
    "state_blocks": {"count": 18},
    "tasks": {"count": len(TASKS)},
    "contexts": {"count": 8},
    "dictated": {"count": 6},
    "plans": {"count": 4},
    "chats": {"count": len(small_talk().train) + 8},
}
"""Parts by their kind."""


def recipe(unchecked: tuple[str, ...] = (), **parts: Any) -> DataRecipe:
    named = {name: {"kind": name, **part} for name, part in parts.items()}
    rows = sum(part["count"] for part in parts.values())
    whole = {"name": "test", "seed": 5, "rows": rows, "parts": named, "unchecked": unchecked}
    return DataRecipe.model_validate(whole | {"shortfall": "redistribute", "near_duplicates": None})


def _lock(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "lock.json").read_text(encoding="utf-8"))


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data set of every generator, for the tests that only read it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AJ_LOGS", str(tmp_path_factory.mktemp("logs")))
        return build(recipe(**ALL))


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    return tmp_path


# --- identity -------------------------------------------------------------------------------------------------------


def test_the_same_recipe_gives_the_same_folder_and_bytes(tmp_path, monkeypatch):
    few: dict[str, Any] = {name: part | {"count": 3} for name, part in ALL.items()}
    folders = []
    for place in ("here", "there"):
        monkeypatch.setenv("AJ_LOGS", str(tmp_path / place))
        folders.append(build(recipe(**few)))
    assert folders[0] != folders[1]
    assert folders[0].name == folders[1].name
    assert _files(folders[0]) == _files(folders[1])


def test_a_finished_data_set_is_not_built_again(logs):
    first = build(recipe(plans={"count": 2}))
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*")}
    assert build(recipe(plans={"count": 2})) == first
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*")} == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"hash": "x"}'])
def test_a_damaged_lock_is_named_with_what_helps(logs, content):
    first = build(recipe(plans={"count": 2}))
    (first / "lock.json").write_bytes(content)
    with pytest.raises(DataError, match=rf"lock\.json is damaged; delete {first}, then build again"):
        build(recipe(plans={"count": 2}))
    shutil.rmtree(first)
    assert build(recipe(plans={"count": 2})) == first


@pytest.mark.parametrize("name", ["sft.jsonl", "parquet/dpo.parquet"])
def test_a_data_set_that_was_changed_is_not_returned(logs, name):
    first = build(recipe(plans={"count": 2}))
    with (first / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(DataError, match=rf"{name} in .* was changed after it was built; delete the folder"):
        build(recipe(plans={"count": 2}))


def test_an_unfinished_leftover_is_no_data_set(logs):
    first = build(recipe(plans={"count": 2}))
    whole = _files(first)
    shutil.rmtree(first)
    (first.parent / f"{STAGING}{first.name}-x").mkdir()
    assert _files(build(recipe(plans={"count": 2}))) == whole


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 6},
        {"name": "other"},
        {"contract": "native"},
        {"rows": 3, "parts": {"plans": {"kind": "plans", "count": 3}}},
        {"unchecked": ("plans",)},
    ],
)
def test_any_change_of_the_recipe_is_another_data_set(logs, change):
    base = recipe(plans={"count": 2})
    changed = DataRecipe.model_validate(base.model_dump() | change)
    assert build(changed).name != build(base).name


def test_one_sources_count_moves_no_other_sources_rows(logs):
    few = {row.id for row in read_rows(build(recipe(plans={"count": 2})) / "sft.jsonl")}
    more = {row.id for row in read_rows(build(recipe(plans={"count": 2}, state_blocks={"count": 4})) / "sft.jsonl")}
    assert few < more


# --- nothing is lost ------------------------------------------------------------------------------------------------


def _adds_up(folder: Path) -> None:
    lock = _lock(folder)
    total: Counter[str] = Counter()
    for source, counts in lock["funnel"].items():
        assert counts["read"] == sum(n for name, n in counts.items() if name != "read"), source
        kind = "dpo" if source.endswith(".pairs") else "sft"
        total[kind] += counts.get("kept", 0)
        total["rejected"] += sum(n for name, n in counts.items() if name.startswith("rejected:"))
    lines = {name: sum(1 for _ in read_jsonl(folder / f"{name}.jsonl")) for name in ("sft", "dpo", "rejects")}
    assert {"sft": lines["sft"], "dpo": lines["dpo"]} == lock["rows"] == {"sft": total["sft"], "dpo": total["dpo"]}
    assert lines["rejects"] == total["rejected"]


def test_the_funnel_adds_up(folder):
    _adds_up(folder)
    assert set(_lock(folder)["funnel"]) == {*ALL, "corrections.pairs"}


def test_a_row_that_is_drawn_twice_is_kept_once_and_counted(logs):
    count = 4 * len(small_talk().train)
    folder = build(recipe(chats={"count": count}))
    _adds_up(folder)
    counts = _lock(folder)["funnel"]["chats"]
    assert (counts["kept"], counts["duplicate"] > 0) == (count, True)
    ids = [row.id for row in read_rows(folder / "sft.jsonl")]
    assert len(set(ids)) == len(ids)


def test_the_lock_has_the_hash_of_each_file(folder):
    lock = _lock(folder)
    names = {f"{name}.jsonl" for name in ("sft", "dpo", "rejects", "trl/sft", "trl/dpo")}
    assert lock["files"].keys() == names | {"parquet/sft.parquet", "parquet/dpo.parquet"}
    assert lock["files"] == {name: digest_file(folder / name) for name in lock["files"]}
    assert lock["hash"] == folder.name
    assert lock["contract"] == {"name": "aj", "hash": AJ.hash}
    assert DataRecipe.model_validate(lock["recipe"]) == recipe(**ALL)


def test_the_card_tells_the_funnel(folder):
    card = (folder / "card.md").read_text(encoding="utf-8")
    for source, counts in _lock(folder)["funnel"].items():
        assert re.search(rf"\| {re.escape(source)} \| \d+ \| {counts['read']} \| \d+ \| 0 \| {counts['kept']} \|", card)
    assert "Not checked" not in card


# --- what is kept is right ------------------------------------------------------------------------------------------


def _rows(folder: Path) -> list[Row]:
    return read_rows(folder / "sft.jsonl")


def _pairs(folder: Path) -> list[Pair]:
    return read_pairs(folder / "dpo.jsonl")


def test_every_row_and_pair_passes_the_checks(folder):
    assert [check_row(row, AJ) for row in _rows(folder)] == [[] for _ in _rows(folder)]
    assert [check_pair(pair, AJ) for pair in _pairs(folder)] == [[] for _ in _pairs(folder)]
    assert not list(read_jsonl(folder / "rejects.jsonl"))


def test_every_pattern_has_rows_and_pairs(folder):
    assert {row.metadata.get("pattern") for row in _rows(folder)} >= set(PATTERNS)
    assert {pair.metadata["pattern"] for pair in _pairs(folder)} == set(PATTERNS)


def test_the_wrong_text_stands_in_no_row(folder):
    texts = [message["content"] for row in _rows(folder) for message in render_row(row, AJ)]
    for pair in _pairs(folder):
        if pair.metadata["pattern"] != "missing_list_agents":  # there the same call is right once agents are known
            assert not [text for text in texts if pair.rejected in text], pair.rejected


def test_no_row_answers_a_pairs_prompt_with_its_wrong_text(folder):
    def prompt(messages: tuple[Message, ...], of: Row | Pair) -> str:
        return Row(messages, of.mode, of.layout).id

    answered = {prompt(row.messages[:-1], row): render_row(row, AJ)[-1]["content"] for row in _rows(folder)}
    for pair in _pairs(folder):
        assert answered[prompt(pair.messages, pair)] == render_turn(pair.chosen, AJ) != pair.rejected


def test_no_row_shows_a_documented_pattern(folder):
    for row in _rows(folder):
        last = render_row(row, AJ)[-1]["content"]
        assert known_issue(last, row.messages[:-1], AJ, row.mode) is None


def test_every_mode_and_layout_is_taught(folder):
    rows = _rows(folder)
    assert {row.mode for row in rows} == {"step", "plan", "chat", "intent"}
    assert {row.layout for row in rows} == {"dialogue", "state_block"}
    assert len({row.metadata.get("persona") for row in rows} - {None}) == 5


# --- what the gate refuses is refused here first --------------------------------------------------------------------


def test_rows_of_the_old_shape_are_rejected_with_their_code(logs):
    folder = build(recipe(old_shape={"count": 16}, plans={"count": 2}))
    _adds_up(folder)
    counts = _lock(folder)["funnel"]["old_shape"]
    assert counts == {"read": 40, "rejected:action_key": 35, "rejected:plan_as_dict": 5, "kept": 0}, "twice as many"
    rejects = [record for _, record in read_jsonl(folder / "rejects.jsonl")]
    assert len(rejects) == 40
    for reject in rejects:
        assert reject["source"] == "old_shape"
        assert reject["codes"][0] in ("action_key", "plan_as_dict")
        assert reject["why"]
        assert reject["row"]["messages"]
    assert "old_shape" not in {row.metadata["source"] for row in _rows(folder)}


def test_a_recipe_may_keep_them_only_by_naming_the_part(logs):
    folder = build(recipe(old_shape={"count": 16}, unchecked=("old_shape",)))
    _adds_up(folder)
    assert _lock(folder)["funnel"]["old_shape"]["kept"] == 16
    assert all(check_row(row, AJ) for row in _rows(folder))
    assert "Not checked against the contract, as the recipe asks: old_shape." in (folder / "card.md").read_text()


def test_a_recipe_whose_rows_are_all_rejected_is_an_error_and_leaves_nothing(logs):
    with pytest.raises(DataError, match="gives no rows"):
        build(recipe(old_shape={"count": 4}))
    assert list(logs.rglob("*.jsonl")) == []


# --- nothing of the evals is trained on -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples() -> list[dict[str, Any]]:
    return [record for path in (ROOT / "evals" / "samples").glob("*.jsonl") for _, record in read_jsonl(path)]


def test_the_templates_of_a_data_set_and_of_the_evals_are_disjoint(folder, samples):
    trained = set(_lock(folder)["templates"])
    drawn = {t for item in (*_rows(folder), *_pairs(folder)) for t in item.metadata["templates"]}
    assert trained == drawn
    assert {template for template in trained if template.startswith("smalltalk.")}
    assert {template.split(".")[0] for template in trained} >= {*CATEGORIES, "everyday", "ladder", "patterns"}
    held_out = {name for record in samples for name in (record["template"], record["scenario"]["template"])}
    held_out |= {turn.phrasing for scenario in _drawn(samples) for turn in scenario.turns}
    assert len(held_out) > 200
    assert not trained & held_out
    for template in trained:
        assert templates()[template].split == "train" if template in templates() else ".train." in template


def _drawn(samples: list[dict[str, Any]]) -> list[Scenario]:
    """The scenarios of some of the samples."""
    return [scenario_from_record(record["scenario"]) for record in Random(5).sample(samples, 120)]


def test_no_host_of_the_evals_is_named_in_a_data_set(folder, samples):
    hosts = {host.name for scenario in _drawn(samples) for host in scenario.hosts}
    words = set(re.findall(r"[\w-]+", (folder / "sft.jsonl").read_text() + (folder / "dpo.jsonl").read_text()))
    trained = {host for row in _rows(folder) for host in row.metadata.get("hosts", [])}
    assert len(hosts) > 100
    assert trained <= words, "names are found as words"
    assert not hosts & words


def test_no_request_of_the_evals_is_trained_on(folder, samples):
    held_out = {m["content"] for record in samples for m in record["messages"] if m["role"] == "user"}
    trained = {m.content for item in (*_rows(folder), *_pairs(folder)) for m in item.messages if m.role == "user"}
    assert held_out
    assert not held_out & trained


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_recipes_are_read(path):
    assert load_yaml(path, DataRecipe).name == path.stem


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: x\nsede: 3\nrows: 2\nparts: {}\n", 2, "unknown key 'sede'"),
        (
            "name: x\nseed: 3\nrows: 2\nparts:\n  a: {kind: plans, count: 2}\n  b: {kind: palns, count: 2}\n",
            6,
            "parts.b",
        ),
        (
            "name: x\nseed: 3\nrows: 2\nparts:\n  plans: {kind: plans, cuont: 2}\n",
            5,
            r"unknown key 'parts\.plans\.plans\.cuont'",
        ),
        ("name: x\nseed: 3\nrows: 2\nparts:\n  a:\n    kind: plans\n    count: many\n", 7, r"parts\.a\.plans\.count"),
        ("name: x\nseed: 3\nparts: {\n", 4, "not valid YAML"),
    ],
)
def test_a_recipe_with_a_mistake_is_refused_with_its_line(tmp_path, text, line, said):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        load_yaml(path, DataRecipe)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "file"))
    with pytest.raises(AJError, match="cannot be written"):
        build(recipe(plans={"count": 2}))
