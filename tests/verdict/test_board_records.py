"""What the board's page holds of each model: facts and costs, its past, differences, failures, and its talks."""

from dataclasses import replace
from typing import Any

import pytest

from aj.files import write_json
from benchmarks.board import simulated
from verdict.board import samples
from verdict.board.models import Titles, failure_counts, history_records, model_record, rival_of
from verdict.board.page import _cell, _numbers, _ranked, _summary, _table
from verdict.board.rows import BoardRow, Entry, rank
from verdict.board.samples import Packed, conversations, score_columns


@pytest.fixture
def models(tmp_path):
    return simulated(tmp_path, 2, 25)[0]


def rows_of(table: dict[str, Any]) -> list[tuple[Any, ...]]:
    """A table of the page, row by row again."""
    texts = table["texts"]
    columns = [
        column["numbers"] if "numbers" in column else [texts[place] for place in column["texts"]]
        for column in table["columns"]
    ]
    return list(zip(*columns, strict=True))


# --- a model --------------------------------------------------------------------------------------------------------


def test_a_model_has_its_facts_and_what_it_cost_over_all_tasks(models, tmp_path):
    _, entry = models
    first = replace(entry.first, created="2026-02-01T10:00:00+00:00")
    changed = {**entry.tasks, first.task: replace(first, samples={"0": replace(first.samples["0"], errors=2)})}
    record = model_record(Entry("model 1", changed), Titles("1"), tmp_path)
    assert record == {
        "name": "model 1",
        "run": "1",
        "suite": "full",
        "dataset": "d1",
        "created": "2026-02-01 10:00",
        "champion": True,
        "facts": [
            ["run", "1"],
            ["answered by", "vllm/model-1"],
            ["generation", "temperature 0"],
            ["epochs", "1"],
            ["logs", str(tmp_path)],
        ],
        "epochs": 25,
        "input": 10_000,
        "output": 2_250,
        "seconds": 62.5,
        "errors": 2,
        "recipe": "",
        "card": "",
        "curves": [],
    }
    assert not model_record(entry, Titles("2"), tmp_path)["champion"]
    nameless = Entry("x", {"t": replace(first, metadata={})})
    assert not model_record(nameless, Titles(""), tmp_path)["champion"], "a base model has no run, and is no champion"


def test_a_model_whose_run_is_here_has_its_overrides_and_the_exam_of_its_last_stage(models, tmp_path):
    _, entry = models
    folder = tmp_path / "here" / "runs" / "1"
    chosen = {"SFT": {"step": 8, "persona/match": 0.25}, "DPO": {"step": 0, "persona/match": 0.5}}
    write_json(folder / "manifest.json", {"overrides": ["seed=3", "lora.rank=2"], "exam": {"chosen": chosen}})
    elsewhere, here = (model_record(entry, Titles(), logs)["facts"] for logs in (tmp_path, folder.parents[1]))
    assert here == [*elsewhere, ["overrides", "seed=3 lora.rank=2"], ["exam", "persona/match 0.500, DPO step 0"]]
    write_json(folder / "manifest.json", {"exam": None})  # as most runs have it, and those before there were overrides
    assert model_record(entry, Titles(), folder.parents[1])["facts"] == elsewhere


def test_the_past_is_told_newest_first_a_promotion_with_its_verdict_and_a_rollback_with_its_own_reason():
    crowned = {"run": "a1", "name": "aj\x1b", "verdict": {"outcome": "REJECT"}, "forced": True, "reason": "for a demo"}
    events = [
        {"event": "promote", "at": "2026-01-05T10:00:59+00:00", "champion": crowned},
        {"event": "promote", "champion": {"run": "b2", "name": "b", "verdict": None}},
        {"event": "rollback", "at": "2026-01-06T11:00:00+00:00", "champion": crowned, "reason": "it was slow"},
        {"event": "rollback", "champion": crowned},
    ]
    plain = {
        "at": "",
        "event": "rollback",
        "run": "a1",
        "name": "aj\\x1b",
        "verdict": "",
        "reason": "",
        "forced": False,
    }
    assert history_records(Titles("a1", events)) == [
        plain,
        plain | {"at": "2026-01-06 11:00", "reason": "it was slow"},
        plain | {"event": "promote", "run": "b2", "name": "b"},
        plain
        | {"at": "2026-01-05 10:00", "event": "promote", "verdict": "REJECT", "reason": "for a demo", "forced": True},
    ]


def of(name: str, run: str | None, suite: str, entry: Entry) -> Entry:
    about = {"run": run, "suite": suite}
    return Entry(name, {task: replace(scores, metadata=about) for task, scores in entry.tasks.items()})


def test_a_model_is_held_against_one_that_was_asked_the_same_suite(models):
    best, base, last = (of(name, name, "full", models[0]) for name in ("best", "base", "last"))
    other = of("other", "champion", "small", models[0])
    ranked = [other, best, base, last]
    assert rival_of(last, ranked, Titles("champion")) is best, "the champion was asked another suite"
    assert rival_of(last, ranked, Titles("base")) is base
    assert rival_of(best, ranked, Titles("best")) is base
    assert rival_of(best, ranked, Titles()) is base
    assert rival_of(other, ranked, Titles()) is None


def test_failures_are_counted_by_task_and_code_once_a_sample(models):
    scores = models[0].first
    one, two = (replace(scores.samples[key], codes=codes) for key, codes in (("0", ("a", "a", "b")), ("1", ("a",))))
    entry = Entry("m", {"t\x1b": replace(scores, samples={"0": one, "1": two})})
    assert failure_counts(entry) == {("t\\x1b", "a"): 2, ("t\\x1b", "b"): 1}


# --- the summary ----------------------------------------------------------------------------------------------------


def test_the_summary_holds_every_row_every_difference_and_every_failure(models):
    models = [Entry(entry.name, {"tool_format": entry.tasks["tool_format"]}) for entry in models]
    rows = rank(models)
    summary = _summary(models, [{"name": "0"}, {"name": "1"}], rows, [1, None])
    assert summary["models"] == [{"name": "0", "rival": 1}, {"name": "1", "rival": None}]
    assert rows_of(summary["rows"]) == [
        (
            int(r.model[-1]),
            f"{r.task}/{r.metric}",
            r.slice,
            round(r.mean, 4),
            round(r.low, 4),
            round(r.high, 4),
            r.n,
            r.flaw,
        )
        for r in rows
    ]
    told = {row[:3]: row[3:] for row in rows_of(summary["differences"])}
    assert {place for place, *_ in told} == {0}
    assert len(told) == len(rows) / 2
    by_key = {(r.model, f"{r.task}/{r.metric}", r.slice): r for r in rows}
    for (_, metric, part), (diff, low, high, n) in told.items():
        mine, theirs = by_key["model 0", metric, part], by_key["model 1", metric, part]
        assert (n, diff) == (mine.n, pytest.approx(mine.mean - theirs.mean, abs=2e-4))
        assert low <= diff <= high
    counted = {(place, *key): n for place, entry in enumerate(models) for key, n in failure_counts(entry).items()}
    assert {row[:3]: row[3] for row in rows_of(summary["codes"])} == counted


def test_columns_of_text_name_each_text_once_and_an_infinite_number_is_none():
    assert _table([(1, "a", 0.5), (2, "b", None), (3, "a", 1.0)]) == {
        "texts": ["a", "b"],
        "columns": [{"numbers": [1, 2, 3]}, {"texts": [0, 1, 0]}, {"numbers": [0.5, None, 1.0]}],
    }
    assert _numbers(0.123456, float("inf"), float("nan"), 1.0) == (0.1235, None, None, 1.0)


ROW = BoardRow("new & old", "known_issues", "right", "all", 0.75, 0.5, 0.875, 48, "")


def test_a_score_is_drawn_on_a_scale_from_0_to_1():
    assert _cell(ROW) == (
        "<td data-sort=0.7500><span class=v>0.75 <small>0.50–0.88</small></span>"
        '<svg class=bar viewBox="0 0 100 8" preserveAspectRatio=none aria-hidden=true>'
        "<rect class=line y=3 width=100 height=2 />"
        "<rect class=span x=50.0 y=1 width=37.5 height=6 />"
        "<rect class=dot x=74.2 width=1.5 height=8 /></svg></td>"
    )
    low = _cell(replace(ROW, mean=0.0, low=-0.2, high=0.0, flaw="x"))
    assert " †</span>" in low
    assert "x=0.0 y=1 width=0.5" in low
    assert "class=dot x=0.0 " in low
    high = _cell(replace(ROW, mean=1.0, low=0.9, high=1.2))
    assert "x=90.0 y=1 width=10.0" in high
    assert "class=dot x=98.5 " in high


def test_a_line_of_the_ranking_has_its_place_its_scores_and_how_it_was_asked():
    model = {"name": "new & old", "champion": True, "suite": "small", "dataset": "<d>", "created": "2026-01-01 10:00"}
    found = {"new & old": {"a/b": ROW}}
    told = _ranked(2, model, found, ["a/b", "c/d"])
    assert told == (
        "<tr data-place=1><th scope=row data-sort=2><span class=rank>2</span> <span class=name>new &amp; old</span> "
        f"<span class=badge>champion</span></th>{_cell(ROW)}<td></td>"
        "<td class=v>small</td><td class=v>&lt;d&gt;</td><td class=v>2026-01-01 10:00</td></tr>\n"
    )
    flawed = {"new & old": {"a/b": replace(ROW, flaw="x")}}
    assert "<span class=rank>–</span>" in _ranked(2, model | {"champion": False}, flawed, ["a/b"])
    assert "champion" not in _ranked(2, model | {"champion": False}, flawed, ["a/b"])


# --- samples --------------------------------------------------------------------------------------------------------


def test_scores_name_each_sample_once_and_a_model_without_it_has_none(models):
    scores = replace(models[0].first, task="t")
    kept = replace(scores.samples["0"], slices={"b": "2", "a": "1"}, codes=("z", "y"), values={"valid": 0.12345})
    right = replace(scores.samples["1"], slices={}, codes=(), values={"valid": 1.0, "right": 0.0})
    several = [
        Entry("x", {"t": replace(scores, samples={"0": kept})}),
        Entry("y", {"t": replace(scores, samples={"1": right})}),
        Entry("z", {}),
    ]
    assert score_columns(several) == {
        "t": {
            "ids": ["1", "0"],
            "slices": [[], ["a=1", "b=2"]],
            "codes": ["y", "z"],
            "models": {
                0: {"values": {"valid": [None, 0.123], "right": [None, None]}, "codes": [0, 2]},
                1: {"values": {"valid": [1, None], "right": [0, None]}, "codes": [0, 0]},
            },
        }
    }


def test_a_failing_sample_is_told_beside_what_its_rival_said_to_the_same(models):
    told = conversations(models, [1, None], lambda task, metric: metric in ("valid", "right"))
    failing = [{(talk["task"], talk["id"]) for talk in told["talks"] if talk["model"] == place} for place in range(2)]
    for place, entry in enumerate(models):
        short = {
            (task, sample.id)
            for task, scores in entry.tasks.items()
            for sample in scores.samples.values()
            if sample.codes or any(sample.values.get(metric, 1) < 1 for metric in ("valid", "right"))
        }
        assert failing[place] >= short
    assert failing[0] <= failing[1]
    assert told["left_out"] == 0
    assert len(set(told["texts"])) == len(told["texts"])
    talk = told["talks"][0]
    assert (talk["epoch"], talk["epochs"], talk["error"]) == (1, 1, "")
    assert talk["changed"] == [["web-0/services/nginx/state", "running", "stopped"]]
    assert [role for role, _ in talk["turns"]] == ["system", "user", "assistant", "tool", "assistant"]
    assert told["texts"][talk["turns"][1][1]] == talk["request"]
    assert talk["findings"][0][1:] == ["0.42 is not what the host said", "say what it said"]
    assert talk["explained"] == "0.42 is not what the host said"


SAMPLE = {"id": "a", "epoch": 1, "input": "how is it?", "messages": [{"role": "user", "content": "how is it?"}]}


def test_a_talk_is_the_first_epoch_with_a_finding():
    bad = {
        "valid": {"value": 0, "explanation": "no", "metadata": {"code": "prose"}},
        "more": {"explanation": "nor that"},
    }
    second = SAMPLE | {"epoch": 2, "scores": bad}
    told = samples._talk([SAMPLE, second])
    assert (told["epoch"], told["epochs"], told["findings"]) == (2, 2, [["prose", "", ""]])
    assert told["explained"] == "no\nnor that"
    plain = samples._talk([{"id": "a", "epoch": 1, "input": "how\x1b is it?", "error": {"message": "bo\x1bom"}}])
    assert (plain["epoch"], plain["error"], plain["request"]) == (1, "bo\\x1bom", "how\\x1b is it?")
    assert plain["turns"] == [["user", "how\\x1b is it?"]]
    assert (plain["findings"], plain["explained"], plain["changed"]) == ([], "", [])


def test_what_changed_in_the_world_is_told_before_and_after():
    store = {"World:changed": {"web01/nginx": ["down", None], "odd": [1], "text": "x"}, "other": {"a": [1, 2]}}
    assert samples._talk([SAMPLE | {"store": store}])["changed"] == [["web01/nginx", "down", "absent"]]


def test_long_talks_and_texts_lose_their_middle_and_say_how_much():
    turns = [{"role": "user", "content": str(n)} for n in range(samples.MESSAGES + 2)]
    told = samples._talk([SAMPLE | {"messages": turns[:-2]}])["turns"]
    assert len(told) == samples.MESSAGES
    told = samples._talk([SAMPLE | {"messages": turns}])["turns"]
    half = samples.MESSAGES // 2
    assert [text for _, text in told] == [
        *map(str, range(half)),
        "2 messages",
        *map(str, range(half + 2, 2 * half + 2)),
    ]
    assert told[half][0] == "left out"
    half = samples.LONGEST // 2
    assert samples._cut("a" * half + "b" * half) == "a" * half + "b" * half
    assert samples._cut("a" * half + "xyz" + "b" * half) == "a" * half + "\n[3 characters left out]\n" + "b" * half


def test_talks_are_packed_whole_or_not_at_all_each_once(monkeypatch):
    talk = samples._talk([SAMPLE])
    packed = Packed()
    assert packed.add({(0, "t", "a"): talk, (1, "t", "a"): talk})
    assert packed.texts == ["how is it?"]
    assert [(one["model"], one["task"], one["id"], one["turns"]) for one in packed.talks] == [
        (0, "t", "a", [["user", 0]]),
        (1, "t", "a", [["user", 0]]),
    ]
    monkeypatch.setattr(samples, "BUDGET", packed._bytes)
    assert packed.add({(0, "t", "a"): talk}), "it is there already"
    assert not packed.add({(0, "t", "b"): talk, (0, "t", "a"): talk})
    assert len(packed.talks) == 2
    assert Packed().add({(0, "t", "a"): talk, (1, "t", "a"): talk}), "as much as the budget"
    monkeypatch.setattr(samples, "BUDGET", packed._bytes - 1)
    assert not Packed().add({(0, "t", "a"): talk, (1, "t", "a"): talk})


def test_the_failures_come_in_turn_by_code(models):
    scores = models[0].first
    codes = {"1": ("a",), "2": ("a",), "3": ("b",), "4": (), "5": ()}
    of = {
        key: replace(scores.samples["0"], id=key, codes=code, values={"valid": float(key != "4"), "right": 0.0})
        for key, code in codes.items()
    }
    entry = Entry("m", {"t": replace(scores, samples=of)})
    found = samples._failing(entry, 7, lambda task, metric: (task, metric) == ("t", "valid"))
    assert found == [(7, "t", "1"), (7, "t", "3"), (7, "t", "4"), (7, "t", "2")]
