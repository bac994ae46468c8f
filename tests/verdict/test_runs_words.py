"""Why logs are not of the suite, of their run, or of a run that may be trusted, sentence by sentence."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aj.errors import EvidenceError
from aj.files import digest_file, digest_model, digest_weights, write_json, write_jsonl
from tests.made_records import FOUR, LOG, ONE, RECORDED, SERVED, TOLD, with_samples
from verdict import frozen, runs, trained

# --- the suite ------------------------------------------------------------------------------------------------------


@pytest.fixture
def suite(tmp_path):
    """The frozen samples of the log: four small ones, and one of the full suite alone."""
    turns = [{"role": "user", "content": "first"}, {"role": "assistant", "content": "."}]
    records = [
        {"id": name, "small": name != "e", "template": "t1", "slice": {"kind": "x"}, "messages": [*turns, last]}
        for name in "abcde"
        for last in [{"role": "user", "content": f"ask {name}"}]
    ]
    records[0]["scenario"] = {"template": "t2"}
    write_jsonl(tmp_path / "known.jsonl", records)
    return tmp_path


def unlike(suite: Path, inputs: dict[str, str] | None = None, **changes: Any) -> list[str]:
    log = replace(LOG, metadata=TOLD | {"samples": digest_file(suite / "known.jsonl")})
    if "metadata" in changes:
        changes["metadata"] = log.metadata | changes["metadata"]
    asked = {name: f"first, then ask {name}." for name in FOUR}
    return list(
        frozen.unlike_the_suite(replace(log, **changes), replace(RECORDED, inputs=asked | (inputs or {})), suite)
    )


def test_a_log_is_about_the_frozen_samples_all_of_them_as_they_stand(suite):
    path = suite / "known.jsonl"
    assert unlike(suite) == []
    assert unlike(suite, metadata={"suite": "practice"}) == [
        "it was run on the suite practice, not on small or full; run `aj eval` for one of those."
    ]
    frozen_anew = f"its samples are not those of {path} (they were frozen anew, or elsewhere); run `aj eval` again."
    assert unlike(suite, metadata={"samples": "s2"}) == [frozen_anew]
    assert unlike(suite, task="other") == [frozen_anew.replace("known", "other")]
    assert unlike(suite, metadata={"suite": "full"}) == [
        "1 of 5 samples of the suite full are not in it; run it without --limit."
    ]
    assert unlike(suite, samples=FOUR | {"e": replace(ONE, id="e")}) == [
        "1 of its samples are not in the suite small; run `aj eval` again."
    ]
    for other in ({"template": "t"}, {"family": "t"}, {"slices": {}}, {"split": "train"}):
        assert unlike(suite, samples=with_samples(**other)) == [
            f"2 samples have another template, family, slice or split than in {path}; run `aj eval` again."
        ]
    assert unlike(suite, {"b": "first"}) == [f"1 samples ask something else than in {path}; run `aj eval` again."]


def test_a_suite_asks_the_templates_and_the_users_words_of_all_its_samples(suite):
    assert frozen.asked_by(["known", "no such task"], suite) == (
        {"t1", "t2"},
        {"first", *(f"ask {name}" for name in "abcde")},
    )


# --- the run --------------------------------------------------------------------------------------------------------


MANIFEST = {
    "hash": "one",
    "adapter": "ad",
    "contract": "c1",
    "dataset": "d1",
    "serving": SERVED["model"],
    "base": {"name": "org/smol", "serving": SERVED["model"]},
}


@pytest.mark.parametrize(
    ("log", "manifest", "said"),
    [
        ({}, {}, []),
        ({"answered_by": "vllm/aj-one"}, {}, []),
        *(
            (
                {"answered_by": f"vllm//logs/runs/{other}/merged"},
                {},
                [f"known was answered by vllm//logs/runs/{other}/merged, which is not run one; run `aj eval one`."],
            )
            for other in ("two", "one2", "done")
        ),
        (
            {},
            {"serving": None},
            ["the manifest of one does not say how the run is served; train the run again."],
        ),
        *(
            ({}, {key: "x"}, [f"the {key} that was scored ({told}) is not the run's (x); run `aj eval one`."])
            for key, told in (("adapter", "ad"), ("contract", "c1"), ("dataset", "d1"))
        ),
        (
            {"metadata": TOLD | {"serving": {"model": {"revision": "r2"}}}},
            {},
            [
                'the model that was scored ({"revision": "r2"}) is not the run\'s ({"revision": "r1"}); '
                "run `aj eval one`."
            ],
        ),
    ],
)
def test_logs_of_a_run_are_of_what_its_manifest_records(log, manifest, said):
    assert list(runs.unlike_the_run([replace(LOG, **log)], MANIFEST | manifest)) == said


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ({"answered_by": "vllm//models/smol"}, []),
        ({"answered_by": "vllm/org/smol:two"}, []),
        (
            {"answered_by": "vllm//models/other"},
            ["known was answered by vllm//models/other, which is not the candidate's base; run `aj eval base:one`."],
        ),
        (
            {
                "answered_by": "vllm//models/smol",
                "metadata": TOLD | {"serving": {"model": {"context": 4096, "revision": "r2"}}},
            },
            [
                'it ({"context": 4096, "revision": "r2"}) is not the candidate\'s base, served as the candidate is '
                '({"context": null, "revision": "r1"}); run `aj eval base:one`.'
            ],
        ),
        (
            {"answered_by": "vllm//models/smol", "metadata": TOLD | {"serving": {"model": None}}},
            [
                "it (null) is not the candidate's base, served as the candidate is "
                '({"revision": "r1"}); run `aj eval base:one`.'
            ],
        ),
    ],
)
def test_logs_of_a_base_are_of_the_candidates_own_served_as_it_is(log, said):
    assert list(runs.unlike_the_base([replace(LOG, **log)], MANIFEST)) == said


def finished(folder: Path, **changes: Any) -> Path:
    """A run `one` with an adapter alone, and the manifest that records it."""
    run = folder / "one"
    (run / "adapter").mkdir(parents=True)
    (run / "adapter" / "adapter_model.safetensors").write_bytes(b"weights")
    (run / "adapter" / "adapter_config.json").write_text("{}")
    told = {"hash": "one", "adapter": digest_weights(run / "adapter"), "merged": None}
    serving = {"adapter": digest_model(run / "adapter")}
    write_json(run / "manifest.json", told | {"serving": serving} | changes)
    return run


def test_the_manifest_of_a_run_as_it_was_trained_is_read(tmp_path):
    assert runs.read_manifest(finished(tmp_path))["hash"] == "one"
    assert runs.read_manifest(finished(tmp_path / "old", serving=None))["serving"] is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hash": "two"}, "{run}/manifest.json belongs to run two; train the run again."),
        ({"merged": "ab"}, "{run} has another kind of model than its manifest records; train the run again."),
        (
            {"adapter": "0" * 12},
            "{run}/adapter does not contain the weights that its manifest records; train the run again.",
        ),
        (
            {"adapter": None},
            "{run}/adapter does not contain the weights that its manifest records; train the run again.",
        ),
        (
            {"serving": {"adapter": "x"}},
            "{run} has another configuration, tokenizer or chat template than its manifest records; "
            "train the run again.",
        ),
    ],
)
def test_a_run_that_is_not_what_its_manifest_records_is_no_evidence(tmp_path, changes, said):
    run = finished(tmp_path, **changes)
    with pytest.raises(EvidenceError) as caught:
        runs.read_manifest(run)
    assert str(caught.value) == said.format(run=run)


def test_a_run_without_its_files_is_no_evidence(tmp_path):
    run = finished(tmp_path)
    weights = run / "adapter" / "adapter_model.safetensors"
    weights.unlink()
    with pytest.raises(EvidenceError, match=r"one cannot be read \(No such file or directory: .*; train the run again"):
        runs.read_manifest(run)
    with pytest.raises(EvidenceError, match=r"two/manifest.json is missing; without it nothing can be promoted\.$"):
        runs.read_manifest(tmp_path / "two")
    (run / "manifest.json").write_text("[]")
    with pytest.raises(EvidenceError, match=r"json is not a JSON object; delete it and make it again\.$"):
        runs.read_manifest(run)
    (run / "manifest.json").write_text("{")
    with pytest.raises(EvidenceError, match=r"json cannot be read \(Expecting .*\); delete it and make it again\.$"):
        runs.read_manifest(run)


# --- the data set ---------------------------------------------------------------------------------------------------


def data_set(
    folder: Path, lock: dict[str, Any], *, ask: str = "restart nginx", templates: Any = ("t8",)
) -> dict[str, Any]:
    """A data set of one row, whose lock is changed afterwards; returns the manifest of a run that knows its files."""
    folder.mkdir()
    turn = {"role": "user", "content": ask}
    rows = [
        {"messages": [turn, {"role": "assistant", "content": "Which suite?"}], "metadata": {"templates": templates}}
    ]
    write_jsonl(folder / "sft.jsonl", rows)
    files = {"sft.jsonl": digest_file(folder / "sft.jsonl")}
    names = [*templates, "part.sharegpt"] if isinstance(templates, tuple) else ["part.sharegpt"]
    write_json(folder / "lock.json", {"hash": "d1", "templates": names, "files": files | {"card.md": "x"}} | lock)
    return {"dataset": "d1", "files": files}


LEAKS = [
    ({}, {}, {}, []),
    ({"hash": "d2"}, {}, {}, ["{data}/lock.json is not that of data set d1; build the data set and train again."]),
    (
        {"files": {}},
        {},
        {},
        [
            "sft.jsonl in {data} are not the files that its lock names; build the data set and train again.",
            "{data} is not what the run was trained on: its manifest records other files; "
            "build the data set and train again.",
        ],
    ),
    (
        {},
        {"files": {"sft.jsonl": "x"}},
        {},
        [
            "{data} is not what the run was trained on: its manifest records other files; "
            "build the data set and train again."
        ],
    ),
    *(
        (
            {"templates": names},
            {},
            {},
            ["{data}/lock.json does not name the templates of this data set; build the data set and train again."],
        )
        for names in ([], None, ["t8", 3])
    ),
    *(
        (
            {"templates": names},
            {},
            {},
            ["{data}/lock.json names other templates than its rows; build the data set and train again."],
        )
        for names in (["t8", "t9"], ["part.sharegpt"])
    ),
    (
        {},
        {},
        {"templates": ("T1", "t2", "t-3", "t4")},
        ["4 templates of the suite were trained on (T1, t-3, t2); build the data set without them."],
    ),
    (
        {},
        {},
        {"ask": "Which  Suite?!"},
        ["1 requests of the suite were trained on ('which suite'); build the data set without them."],
    ),
]


@pytest.mark.parametrize(("lock", "manifest", "rows", "said"), LEAKS)
def test_a_run_must_be_trained_on_what_its_lock_names_and_on_nothing_of_the_suite(tmp_path, lock, manifest, rows, said):
    known = data_set(tmp_path / "d", lock, **rows) | manifest
    found = list(trained.leaks(tmp_path / "d", known, {"t1", "T2", "t 3", "t4"}, {"Which suite?"}))
    assert found == [line.format(data=tmp_path / "d") for line in said]


@pytest.mark.parametrize("metadata", [None, {}, {"templates": "t1"}, {"templates": None}])
def test_rows_that_name_no_templates_are_of_parts(tmp_path, metadata):
    known = data_set(tmp_path / "d", {}, templates=None)
    (tmp_path / "d" / "sft.jsonl").write_text(json.dumps({"messages": None, "metadata": metadata}) + "\n")
    files = {"sft.jsonl": digest_file(tmp_path / "d" / "sft.jsonl")}
    write_json(tmp_path / "d" / "lock.json", {"hash": "d1", "templates": ["part.x"], "files": files})
    assert list(trained.leaks(tmp_path / "d", known | {"files": files}, {"t1"}, set())) == []


def test_a_data_set_without_its_lock_cannot_be_judged(tmp_path):
    known = data_set(tmp_path / "d", {})
    (tmp_path / "d" / "lock.json").unlink()
    (said,) = trained.leaks(tmp_path / "d", known, set(), set())
    assert said == f"{tmp_path / 'd' / 'lock.json'} is missing; without it nothing can be promoted."
