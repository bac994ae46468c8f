"""The board's page, as a browser without scripts and as its own script would read it."""

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from inspect_ai.log import EvalLog
from inspect_ai.model import ChatMessageAssistant

from benchmarks.board import CHAMPION, simulated
from verdict.board import samples
from verdict.board.models import Titles
from verdict.board.page import to_html
from verdict.board.rows import entries, rank

HOSTILE = "</script><img src=x onerror=alert(1)><!-- $policy"


class Page(HTMLParser):
    """Elements with their attributes, and the text in each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.blocks: dict[str, str] = {}
        self.inside: tuple[str, dict[str, str | None]] = ("", {})
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside = (tag, dict(attrs))
        self.elements.append(self.inside)

    def handle_endtag(self, tag):
        self.inside = ("", {})

    def handle_data(self, data):
        tag, attributes = self.inside
        self.texts.setdefault(tag, []).append(data)
        if attributes.get("type") == "application/gzip":
            self.blocks[str(attributes["id"])] = data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def told(self, name):
        return json.loads(gzip.decompress(base64.b64decode(self.blocks[name])))


def page_of(lab, *folders, titles: Titles | None = None) -> Page:
    models = entries(folders)
    return Page(to_html(models, rank(models), titles or Titles(), lab.logs))


def test_nothing_is_loaded_and_only_the_pages_own_script_may_run(lab):
    page = page_of(lab, lab.evals("good"), lab.evals("base"))
    told = {meta.get("http-equiv"): str(meta.get("content")) for meta in page.all("meta")}
    policy = told["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.texts[kind][-1].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert [attributes for attributes in page.all("script") if attributes.get("type") != "application/gzip"] == [{}]
    used = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in used if name.startswith("on")} | used & {"src", "style", "srcdoc"}
    assert all(str(attributes["href"]).startswith("#") for attributes in page.all("a"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", page.texts["script"][-1])


def test_a_reader_of_the_screen_finds_the_main_part_captions_and_heads(lab):
    page = page_of(lab, lab.evals("good"), lab.evals("base"))
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("table")) == len(page.all("caption")) == 1
    assert {head.get("scope") for head in page.all("th")} == {"row", "col"}
    assert page.all("html") == [{"lang": "en"}]
    assert page.all("noscript")


def test_text_of_logs_is_text_wherever_it_stands(lab):
    def hostile(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "model_name": HOSTILE, "suite": HOSTILE, "dataset": HOSTILE}
        for sample in log.samples or []:
            sample.messages.append(ChatMessageAssistant(content=HOSTILE + "\u202e\x1b[2J"))

    page = page_of(lab, lab.change("good", hostile), lab.evals("base"))
    plain = page_of(lab, lab.evals("good"), lab.evals("base"))
    assert not page.all("img")
    assert len(page.all("script")) == len(plain.all("script"))
    assert HOSTILE in "".join(page.texts["span"])
    assert HOSTILE + "\\u202e\\x1b[2J" in page.told("talks")["texts"]


def test_a_log_that_names_a_path_for_its_run_reads_no_file(lab):
    (lab.logs / "secret").mkdir()
    (lab.logs / "secret" / "recipe.yaml").write_text("a secret")
    (lab.logs / "secret" / "card.md").write_text("a secret")

    def climb(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "run": "../secret", "dataset": "../secret"}

    (model,) = page_of(lab, lab.change("good", climb)).told("summary")["models"]
    assert (model["recipe"], model["card"], model["curves"]) == ("", "", [])


def test_a_model_has_its_recipe_its_data_card_and_its_training_curve(lab):
    (lab.run("good") / "recipe.yaml").write_text("name: good")
    lines = [{"stage": "SFT", "step": step, "loss": 1 / step} for step in range(1, 1001)]
    lines += [{"stage": "SFT", "step": 1001, "loss": float("nan")}, {"stage": "DPO", "step": 1, "loss": 0.7}]
    (lab.run("good") / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (lab.logs / "datasets" / "dgood" / "card.md").write_text("# Data set good")
    (model,) = page_of(lab, lab.evals("good")).told("summary")["models"]
    assert (model["recipe"], model["card"]) == ("name: good", "# Data set good")
    told = [drawing[1]["aria-label"] for drawing in model["curves"]]
    assert told[0].startswith("SFT: loss: mean of 20 1 at step 1, ")
    assert told[1] == "DPO: loss: mean of 20 0.7 at step 1, 0.7 at step 1"


def test_the_champion_is_held_against_the_base_and_the_others_against_the_champion(lab):
    page = page_of(lab, *map(lab.evals, ("base", "old", "good")), titles=Titles("good"))
    models = page.told("summary")["models"]
    names = [model["name"] for model in models]
    rivals = {model["name"]: names[model["rival"]] for model in models}
    assert rivals == {"aj-good": "aj-base", "aj-old": "aj-good", "aj-base": "aj-good"}
    assert [model["name"] for model in models if model["champion"]] == ["aj-good"]


def test_a_failing_sample_has_its_conversation_its_finding_and_what_the_other_model_said(lab):
    page = page_of(lab, *map(lab.evals, ("old", "good")), titles=Titles("good"))
    names = [model["name"] for model in page.told("summary")["models"]]
    told = page.told("talks")
    both = {
        names[talk["model"]]: talk
        for talk in told["talks"]
        if talk["id"] == "old_keys-3" and talk["task"] == "known_issues"
    }
    assert both.keys() == {"aj-old", "aj-good"}
    assert [told["texts"][place] for _, place in both["aj-old"]["turns"]] == ["known_issues old_keys 3", "right"]
    assert both["aj-old"]["findings"] == [["old_keys", "", ""]]
    assert both["aj-good"]["findings"] == []


def test_every_sample_that_falls_short_is_among_the_scores(lab):
    page = page_of(lab, lab.evals("base"))
    task = page.told("scores")["known_issues"]
    assert len(task["ids"]) == 48
    assert task["models"]["0"]["values"] == {"right": [0] * 48, "brief": [1] * 48}
    assert {task["codes"][code - 1] for code in task["models"]["0"]["codes"]} == {
        "made_up",
        "old_keys",
        "prose",
        "two_calls",
    }


def test_a_forced_promotion_shows_its_reason(tmp_path):
    models, titles = simulated(tmp_path, 6, 25)
    (event,) = Page(to_html(models, rank(models), titles, tmp_path)).told("summary")["history"]
    assert (event["run"], event["forced"], event["reason"]) == (CHAMPION, True, "needed for a demo")


@pytest.mark.parametrize(("limit", "value"), [("FAILURES", 12), ("BUDGET", 8_000)])
def test_conversations_are_bounded_shared_among_the_models_and_what_is_left_out_is_counted(
    tmp_path, monkeypatch, limit, value
):
    models, titles = simulated(tmp_path, 6, 25)
    whole = Page(to_html(models, rank(models), titles, tmp_path)).told("talks")
    assert whole["left_out"] == 0
    monkeypatch.setattr(samples, limit, value)
    told = Page(to_html(models, rank(models), titles, tmp_path)).told("talks")
    assert 0 < len(told["talks"]) < len(whole["talks"])
    assert told["left_out"] > 0
    assert {talk["model"] for talk in told["talks"]} == set(range(6))


def test_long_conversations_lose_their_middle(lab):
    def talk(log: EvalLog) -> None:
        for sample in log.samples or []:
            sample.messages += [ChatMessageAssistant(content="a" + "b" * 5_000 + "c")] * 45

    told = page_of(lab, lab.change("old", talk, tasks="tool-format")).told("talks")
    assert max(len(talk["turns"]) for talk in told["talks"]) == samples.MESSAGES + 1
    assert max(map(len, told["texts"])) < samples.LONGEST + 100
    assert any(text.startswith("ab") and text.endswith("bc") for text in told["texts"])


def test_a_model_alone_has_a_page(lab):
    page = page_of(lab, lab.evals("good"))
    assert page.told("summary")["models"][0]["rival"] is None
    assert page.told("summary")["differences"] == {"texts": [], "columns": []}


def test_scores_without_a_finite_value_are_no_numbers_of_the_page(lab):
    def endless(log: EvalLog) -> None:
        for sample in log.samples or []:
            for score in (sample.scores or {}).values():
                assert isinstance(score.value, dict)
                score.value = {name: float("inf") for name in score.value}

    page = page_of(lab, lab.change("good", endless), lab.evals("base"))
    assert page.told("scores")["known_issues"]["models"]
