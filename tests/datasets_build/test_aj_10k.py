"""The strategy document's mix in full, with every source large enough: to the row, and the same bytes twice."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from aj.contract import load_contract
from aj.files import read_jsonl
from aj.messages import Row, read_pairs, read_rows
from datasets_build.mix.contamination import SAMPLES, asked
from datasets_build.mix.near import NearIndex
from scorers.checks.rows import check_pair, check_row
from tests.datasets_build.large import write_sources

pytestmark = [pytest.mark.loop, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
AJ = load_contract()
SHARES = {
    "corrections": 80, "conversational": 3000, "existing": 3000, "toucan": 2000, "agentinstruct": 1000,
    "chat_exports": 920,
}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> list[Path]:
    """Two builds at once, in processes that order their sets each in its own way."""
    place = tmp_path_factory.mktemp("aj-10k")
    write_sources(place / "data")
    builds = []
    for seed in ("1", "2"):
        told = os.environ | {"PYTHONHASHSEED": seed, "AJ_LOGS": str(place / seed)}
        command = [sys.executable, "-m", "loop.commands.main", "build", "aj-10k", "--root", str(place / "data")]
        builds.append(subprocess.Popen(command, cwd=ROOT, env=told, stdout=subprocess.DEVNULL))
    assert [build.wait() for build in builds] == [0, 0]
    return [folder for seed in ("1", "2") for folder in (place / seed / "datasets").iterdir() if folder.is_dir()]


@pytest.fixture(scope="module")
def rows(folders) -> list[Row]:
    return read_rows(folders[0] / "sft.jsonl")


@pytest.fixture(scope="module")
def lock(folders) -> dict[str, Any]:
    return json.loads((folders[0] / "lock.json").read_text(encoding="utf-8"))


def test_every_part_has_its_rows_exactly(rows, lock):
    assert len(rows) == 10_000
    assert lock["shares"] == {name: {"wanted": n, "got": n, "repeated": 0} for name, n in SHARES.items()}
    assert lock["shortfalls"] == []
    talks = [row for row in rows if row.metadata["source"] == "conversational"]
    assert len(talks) == 3000
    assert sum(len([m for m in row.messages if m.role == "user"]) > 1 for row in talks) == 900
    personas = Counter(row.metadata["persona"] for row in talks)
    assert set(personas.values()) == {600}


def test_nothing_is_lost_between_the_files_and_the_mix(lock):
    for counts in lock["funnel"].values():
        assert counts["read"] == sum(number for outcome, number in counts.items() if outcome != "read")


def test_no_two_rows_are_alike(rows):
    assert len({row.id for row in rows}) == len(rows)
    index = NearIndex(0.8)
    assert [row.id for row in rows if index.admit(row)] == []


def test_no_row_holds_what_an_eval_asks(rows):
    evals = asked()
    assert [row.id for row in rows if evals.met_in(row, AJ)] == []
    requests = {
        message["content"]
        for path in sorted(SAMPLES.glob("*.jsonl"))
        for _, record in read_jsonl(path)
        for message in record["messages"]
        if message["role"] == "user" and len(message["content"]) > 40
    }
    said = "\n".join(message.content for row in rows for message in row.messages if message.role == "user")
    assert len(requests) > 400
    assert [request for request in requests if request in said] == []


def test_every_row_and_pair_passes_the_checks(rows, folders):
    assert {row.id: found for row in rows if (found := check_row(row, AJ))} == {}
    pairs = read_pairs(folders[0] / "dpo.jsonl")
    assert len(pairs) == 80
    assert {pair.id: found for pair in pairs if (found := check_pair(pair, AJ))} == {}


def test_both_builds_have_the_same_bytes(folders):
    first, second = ({str(p.relative_to(f)): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in folders)
    assert folders[0].name == folders[1].name
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert len(first) > 10
