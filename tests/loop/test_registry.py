import json
import subprocess
import sys
from dataclasses import replace

import pytest

from aj.errors import AJError, DataError, EvidenceError
from loop.registry import champion, history, promote, rollback
from verdict.gate import GateOutcome, Verdict


def passing(lab, run: str, reference: str) -> Verdict:
    manifest = json.loads((lab.run(run) / "manifest.json").read_text())
    return Verdict(GateOutcome.PROMOTE, (), (), (), None, run, manifest["adapter"], reference, "policy")


def crown(lab, run: str, reference: str):
    return promote(lab.run(run), passing(lab, run, reference), lab.logs / "registry")


def test_the_first_champion_is_judged_against_the_base_and_the_next_against_the_champion(lab):
    registry = lab.logs / "registry"
    assert champion(registry) is None
    crown(lab, "good", "base")
    crown(lab, "same", "good")
    reigning = champion(registry)
    assert reigning is not None
    assert (reigning["run"], reigning["name"]) == ("same", "aj-same")
    assert reigning["verdict"]["outcome"] == "PROMOTE"
    assert [event["champion"]["run"] for event in history(registry)] == ["good", "same"]


@pytest.mark.parametrize("outcome", [GateOutcome.REJECT, GateOutcome.INCONCLUSIVE, GateOutcome.INVALID])
def test_without_a_passing_verdict_nothing_is_promoted(lab, outcome):
    verdict = replace(passing(lab, "good", "base"), outcome=outcome)
    with pytest.raises(EvidenceError, match=f"did not pass the gate \\({outcome.name}\\)"):
        promote(lab.run("good"), verdict, lab.logs / "registry")
    assert champion(lab.logs / "registry") is None


def test_a_verdict_about_another_run_promotes_nothing(lab):
    with pytest.raises(EvidenceError, match="the verdict is about run same"):
        promote(lab.run("good"), passing(lab, "same", "base"), lab.logs / "registry")


def test_a_verdict_about_another_adapter_promotes_nothing(lab):
    verdict = replace(passing(lab, "good", "base"), adapter="0" * 12)
    with pytest.raises(EvidenceError, match="adapter 000000000000, not about good"):
        promote(lab.run("good"), verdict, lab.logs / "registry")


def test_weights_changed_after_the_verdict_are_not_promoted(lab):
    verdict = passing(lab, "good", "base")
    (lab.run("good") / "adapter" / "adapter_model.safetensors").write_bytes(b"other")
    with pytest.raises(EvidenceError, match="does not contain the weights that its manifest records"):
        promote(lab.run("good"), verdict, lab.logs / "registry")


def test_a_verdict_against_a_model_that_is_not_champion_any_more_promotes_nothing(lab):
    stale = passing(lab, "old", "base")
    crown(lab, "good", "base")
    with pytest.raises(EvidenceError, match="compares with base, but the champion is good"):
        promote(lab.run("old"), stale, lab.logs / "registry")
    assert champion(lab.logs / "registry")["run"] == "good"  # pyright: ignore[reportOptionalSubscript]


def test_a_rollback_gives_the_title_back_and_leaves_the_history_whole(lab):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    crown(lab, "same", "good")
    assert rollback(registry, "slow in production")["run"] == "good"
    assert champion(registry)["run"] == "good"  # pyright: ignore[reportOptionalSubscript]
    assert [event["event"] for event in history(registry)] == ["promote", "promote", "rollback"]
    with pytest.raises(AJError, match="has no previous champion"):
        rollback(registry)


def test_a_rollback_to_a_run_that_was_changed_is_refused(lab):
    crown(lab, "good", "base")
    crown(lab, "same", "good")
    (lab.run("good") / "adapter" / "adapter_model.safetensors").write_bytes(b"other")
    with pytest.raises(EvidenceError, match="does not contain the weights that its manifest records"):
        rollback(lab.logs / "registry")


def test_a_crash_between_the_two_files_is_mended_by_the_next_writer(lab):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    before = (registry / "champion.json").read_bytes()
    crown(lab, "same", "good")
    (registry / "champion.json").write_bytes(before)  # as if killed before the second write
    with pytest.raises(EvidenceError, match="the champion is same"):
        crown(lab, "old", "good")
    assert champion(registry)["run"] == "same"  # pyright: ignore[reportOptionalSubscript]


def test_a_champion_without_history_is_not_overwritten(lab):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    (registry / "history.jsonl").unlink()
    with pytest.raises(AJError, match="restore the history"):
        crown(lab, "same", "base")


def test_a_broken_history_is_named_by_its_line(lab):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    with (registry / "history.jsonl").open("a") as file:
        file.write('{"event": "prom\n')
    with pytest.raises(DataError, match=r"history.jsonl:2: not a JSON object"):
        crown(lab, "same", "good")


def test_a_registry_that_cannot_be_written_says_so(lab):
    (lab.logs / "registry").write_text("a file where a folder belongs")
    with pytest.raises(AJError, match="cannot be written"):
        crown(lab, "good", "base")


CONTENDER = """
import json, sys
from pathlib import Path
from aj.errors import EvidenceError
from verdict.gate import GateOutcome, Verdict
from loop.registry import promote
logs, run = Path(sys.argv[1]), sys.argv[2]
adapter = json.loads((logs / "runs" / run / "manifest.json").read_text())["adapter"]
try:
    verdict = Verdict(GateOutcome.PROMOTE, (), (), (), None, run, adapter, "base", "p")
    promote(logs / "runs" / run, verdict, logs / "registry")
except EvidenceError:
    sys.exit(3)
"""


def test_of_many_promotions_at_once_one_wins_and_nothing_is_corrupted(lab):
    command = [sys.executable, "-c", CONTENDER, str(lab.logs)]
    contenders = [subprocess.Popen([*command, run]) for run in ("good", "old", "same", "good")]
    codes = sorted(contender.wait(timeout=60) for contender in contenders)
    assert codes == [0, 3, 3, 3]
    events = history(lab.logs / "registry")
    assert len(events) == 1
    assert champion(lab.logs / "registry") == events[0]["champion"]
