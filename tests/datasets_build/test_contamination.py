"""A row that holds anything the evals ask is told by its template, by a host it acts on, or by a run of words."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from aj.contract import load_contract
from aj.errors import DataError
from aj.files import SAMPLES, WORDINGS, read_jsonl
from aj.messages import Pair, Row, calls, reply, result, user
from datasets_build.mix.contamination import GRAM, asked
from scenarios.requests import catalogue

AJ = load_contract()


@pytest.fixture(scope="module")
def samples() -> list[dict[str, Any]]:
    return [record for path in sorted(SAMPLES.glob("*.jsonl")) for _, record in read_jsonl(path)]


def _chat(text: str, **metadata: Any) -> Row:
    return Row((user(text), reply("Right.")), "chat", "dialogue", metadata)


def test_every_request_of_every_sample_is_met_again(samples):
    evals = asked()
    requests = {m["content"] for record in samples for m in record["messages"] if m["role"] == "user"}
    assert len(requests) > 500
    assert {evals.met_in(_chat(request), AJ) for request in requests} == {"phrase"}
    assert {evals.met_in(_chat(f"Well: {request.upper()} ..."), AJ) for request in requests if _long(request)} == {
        "phrase"
    }


def _long(request: str) -> bool:
    return len(request.replace("-", " ").split()) > GRAM


def test_every_template_of_a_sample_is_met_again(samples):
    for record in samples[::50]:
        for template in (record["template"], record["scenario"]["template"]):
            assert asked().met_in(_chat("hello there", templates=["x", template]), AJ) == "template"


def test_a_row_that_acts_on_an_evals_host_or_lists_it_is_of_an_evals_world(samples):
    host = sorted(asked().hosts)[0]
    done = calls("complete", {"answer": "It is up."})
    acts = (calls("remote_bash", {"agent_id": host, "command": "uptime"}), result("remote_bash", "up 3 days"), done)
    lists = (
        calls("list_agents"),
        result("list_agents", f"Available agents:\n  - {host}: {host} (linux) @ 10.0.0.1:7000"),
    )
    assert asked().met_in(Row((user("look"), *acts)), AJ) == "host"
    assert asked().met_in(Row((user("look"), *lists, done)), AJ) == "host"
    assert asked().met_in(Pair((user("look"), *lists), done, "no"), AJ) == "host"
    assert asked().met_in(_chat(f"What a nice name: {host}"), AJ) is None


def test_a_short_request_counts_only_whole_and_other_words_do_not_count(tmp_path):
    turns = [{"role": "user", "content": "how many boxes are there?"}]
    record = {"template": "t.0", "scenario": {"template": "s"}, "messages": turns}
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    (tmp_path / WORDINGS).write_text("")
    evals = asked(tmp_path)
    assert evals.met_in(_chat("How many boxes, are there"), AJ) == "phrase"
    assert evals.met_in(_chat("how many boxes are there in the cellar?"), AJ) is None
    assert evals.met_in(_chat("how many are there"), AJ) is None


FILLS = {"service": "nginx", "nth": "third"}


def _filled(text: str) -> str:
    return re.sub(r"\{([a-z_]+)\}", lambda slot: FILLS.get(slot[1], "kappa-3"), text)


def test_a_training_request_at_any_training_place_is_met_nowhere():
    places = [
        place for name in type(catalogue().places).model_fields for place in getattr(catalogue().places, name).train
    ]
    asks = [
        _filled(text.replace("{where}", place))
        for i in catalogue().intents.values()
        for text in i.train
        for place in places
    ]
    assert len(asks) > 5000
    assert [text for text in asks if asked().met_in(_chat(text), AJ)] == []


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("how full is the /data volume of web-1?", "wording"),
        ("HOW FULL IS THE /data VOLUME OF WEB-1", "wording"),
        ("so, tell me: how full is the /data volume of web-1, and why?", "wording"),
        ("nginx, sorry", "wording"),
        ("web-1, sorry", None),
        ("the notes.txt one", "wording"),
        ("the highest one", None),
        ("drop the top one", "wording"),
        ("drop the top one from the list", None),
        ("how full is the root disk of web-1?", None),
    ],
)
def test_a_long_wording_is_met_inside_a_request_and_a_short_one_as_the_whole_of_it(text, met):
    assert asked().met_in(_chat(text), AJ) == met


@pytest.mark.parametrize(
    ("text", "said"), [(None, "holds no eval samples"), ('{"messages": []}\n', r"a\.jsonl:1: not a")]
)
def test_samples_that_cannot_be_read_are_an_error(tmp_path: Path, text, said):
    if text:
        (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(DataError, match=said):
        asked(tmp_path)
