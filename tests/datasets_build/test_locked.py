"""A data set is built again byte for byte from its lock, or what moved is said; builds side by side do no harm."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aj.errors import DataError
from aj.findings import Finding
from aj.messages import read_rows
from aj.whole import STAGING
from datasets_build.build import build
from datasets_build.finished.locked import read_lock
from datasets_build.mix import accepted, collect, intake, origin
from datasets_build.recipe import ConvertedPart, DataRecipe
from scorers.checks.rows import check_row
from tests.datasets_build import made

ROOT = Path(__file__).parents[2]
RECIPE: dict[str, Any] = {
    "name": "locked",
    "seed": 2,
    "rows": 44,
    "shortfall": "redistribute",
    "parts": {
        "talk": {"kind": "chats", "count": 14},
        "a": {"kind": "converted", "count": 30, "files": ["a/*.jsonl"]},
    },
}


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setitem(collect.STREAMS, ConvertedPart, made.stream)
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    made.write(tmp_path / "data" / "a" / "x.jsonl", [*made.rows("a", 50), *(made.pair("a", n) for n in range(3))])
    return tmp_path / "data"


def _recipe(**change: Any) -> DataRecipe:
    return DataRecipe.model_validate(RECIPE | change)


def _again(locked: Path, data: Path, **change: Any) -> list[str]:
    said: list[str] = []
    build(_recipe(**change), data, locked, said.append)
    return said


def _bytes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.loop
def test_the_same_bytes_are_made_again_in_another_process_with_other_hashes(data, tmp_path):
    fleet = {
        "corrections": {"kind": "corrections", "multiply": 1, "count": 8},
        "dialogues": {"kind": "dialogues", "count": 1},
    }
    change = {"rows": 53, "parts": RECIPE["parts"] | fleet}  # rows of every kind of seed
    folder = build(_recipe(**change), data)
    code = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from datasets_build.mix import collect\n"
        "from datasets_build.build import build\n"
        "from datasets_build.recipe import ConvertedPart, DataRecipe\n"
        "from tests.datasets_build import made\n"
        "collect.STREAMS[ConvertedPart] = made.stream\n"
        "print(build(DataRecipe.model_validate(json.loads(sys.argv[1])), Path(sys.argv[2])))\n"
    )
    elsewhere = {**os.environ, "PYTHONHASHSEED": "7", "AJ_LOGS": str(tmp_path / "elsewhere"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, json.dumps(RECIPE | change), str(data)]
    done = subprocess.run(command, cwd=ROOT, env=elsewhere, capture_output=True, text=True, check=True)
    other = Path(done.stdout.strip())
    assert other.name == folder.name
    assert _bytes(other) == _bytes(folder)
    assert len(_bytes(folder)) == 13  # 5 JSONL, 2 Parquet, lock, card, 4 charts


def test_a_locked_build_of_nothing_that_moved_says_so(data):
    folder = build(_recipe(), data)
    before = _bytes(folder)
    (said,) = _again(folder, data)
    assert said == f"The same bytes as {folder.name} in all 7 files; nothing that the lock names has changed."
    assert _again(folder / "lock.json", data) == [said]
    assert _bytes(folder) == before


def test_a_locked_build_makes_a_lost_folder_again(data, tmp_path):
    folder = build(_recipe(), data)
    before = _bytes(folder)
    lock = shutil.copy(folder / "lock.json", tmp_path / "kept.json")
    shutil.rmtree(folder)
    _again(Path(lock), data)
    assert _bytes(folder) == before


def test_a_changed_source_is_named_with_the_rows_it_moved(data):
    folder = build(_recipe(), data)
    made.write(data / "a" / "x.jsonl", made.rows("a", 20))
    made.write(data / "a" / "y.jsonl", made.rows("b", 20))
    with pytest.raises(DataError) as caught:
        _again(folder, data)
    said = str(caught.value)
    assert "rows of sft are gone (a " in said
    assert "rows of sft are new (a " in said
    assert "3 rows of dpo are gone" in said
    assert "source a/x.jsonl: " in said
    assert "source a/y.jsonl is new" in said
    assert {path.name for path in folder.parent.glob("[!.]*")} == {folder.name}, "and nothing is left behind"


def test_a_build_that_cannot_be_made_again_says_what_moved(data):
    folder = build(_recipe(shortfall="fail"), data)
    (data / "a" / "x.jsonl").unlink()
    with pytest.raises(DataError, match=r"No file of the mix is under .* Changed since: source a/x\.jsonl is gone\."):
        _again(folder, data, shortfall="fail")


@pytest.mark.parametrize("change", [{"seed": 3}, {"name": "other"}])
def test_another_recipe_is_named(data, change):
    folder = build(_recipe(), data)
    try:
        said = _again(folder, data, **change)
    except DataError as error:
        said = [str(error)]
    assert any("the recipe: " in sentence and next(iter(change)) in sentence for sentence in said)


def test_code_that_changed_is_told_even_if_no_byte_did(data, monkeypatch):
    folder = build(_recipe(), data)
    monkeypatch.setattr(origin, "code", lambda recipe: "0123456789ab")
    (said,) = _again(folder, data)
    assert said.startswith("The same bytes")
    assert "code: " in said
    assert "0123456789ab now" in said
    assert build(_recipe(), data) != folder, "rows that other code made are another data set"


def test_a_data_set_stays_up_to_date_under_changed_checks_that_accept_its_rows(data, monkeypatch):
    folder = build(_recipe(), data)
    before = _bytes(folder)
    monkeypatch.setattr(origin, "checks", lambda: "0123456789ab")
    told: list[str] = []
    assert build(_recipe(), data, say=told.append) == folder
    assert told == [*read_lock(folder)["shortfalls"], told[-1]]
    assert "0123456789ab now), and its rows are still what would be built" in told[-1]
    assert _bytes(folder) == before


def test_a_data_set_with_a_row_that_a_changed_check_refuses_is_built_again_beside_it(data, monkeypatch):
    folder = build(_recipe(), data)
    before = _bytes(folder)
    victim = read_rows(folder / "sft.jsonl")[0].id

    def stricter(row, contract):
        return [Finding("too_short", "it is too short", "write more")] if row.id == victim else check_row(row, contract)

    monkeypatch.setattr(origin, "checks", lambda: "0123456789ab")
    for module in (accepted, intake):
        monkeypatch.setattr(module, "check_row", stricter)
    again = build(_recipe(), data)
    assert again != folder
    assert read_lock(again)["hash"] == again.name
    assert victim not in {row.id for row in read_rows(again / "sft.jsonl")}
    assert _bytes(folder) == before, "runs were trained on it"
    assert build(_recipe(), data) == again
    assert build(_recipe(unchecked=["talk", "a"]), data).name != folder.name, "another recipe"


def test_rows_that_a_recipe_keeps_unchecked_are_not_checked_again(data, monkeypatch):
    folder = build(_recipe(unchecked=["talk", "a"]), data)
    monkeypatch.setattr(origin, "checks", lambda: "0123456789ab")
    monkeypatch.setattr(accepted, "check_row", lambda row, contract: [Finding("never", "never", "never")])
    assert build(_recipe(unchecked=["talk", "a"]), data) == folder


@pytest.mark.parametrize("text", ["", "[]", '{"hash": "x"}', None])
def test_what_is_no_lock_is_refused(data, tmp_path, text):
    path = tmp_path / "lock.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match="is not a data set's lock"):
        _again(path, data)


# --- side by side ---------------------------------------------------------------------------------------------------


def test_builds_of_one_recipe_at_once_give_one_whole_folder(data):
    with ThreadPoolExecutor(3) as pool:
        folders = {future.result() for future in [pool.submit(build, _recipe(), data) for _ in range(3)]}
    (folder,) = folders
    assert _again(folder, data)[0].startswith("The same bytes")
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == [folder.name]


def test_what_a_dead_build_left_is_swept(data, tmp_path):
    dead = tmp_path / "logs" / "datasets" / f"{STAGING}dead"
    dead.mkdir(parents=True)
    (dead / "sft.jsonl").write_text("half")
    folder = build(_recipe(), data)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_folder_that_lost_its_lock_is_neither_taken_nor_overwritten(data):
    folder = build(_recipe(), data)
    (folder / "lock.json").unlink()
    with pytest.raises(DataError, match=r"has lost its lock\.json; remove the folder"):
        build(_recipe(), data)


def test_a_build_that_fails_leaves_nothing(data):
    def interrupt(part: str, read: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(_recipe(), data, tell=interrupt)
    assert list((data.parent / "logs" / "datasets").iterdir()) == []
