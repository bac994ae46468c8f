import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from aj.errors import AJError, DataError, EvidenceError
from loop.registry import champion, counted, history, promote, rollback, verify
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


def test_tries_against_a_champion_are_counted_and_the_chance_of_luck_is_said(lab, policy):
    registry, told = lab.logs / "registry", []
    for run in ("good", "same", "good", "old"):
        told.append(counted(passing(lab, run, "base"), policy, registry).reasons)
    assert told[0] == ()
    assert told[1] == told[2], "the same candidate judged again is no new try"
    luck = "of 3 worse by exactly a margin, one passes by luck with a chance of 14%."
    assert told[3] == (f"candidate 3 against this reference: {luck}",)
    assert counted(passing(lab, "old", "good"), policy, registry).reasons == ()


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


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"verdict": [1]}, "verdict"),
        ({"verdict": "PROMOTE"}, "verdict"),
        ({"reason": 3}, "reason"),
        ({"run": 3}, "run"),
    ],
)
def test_a_line_of_the_history_with_a_part_of_another_kind_is_named(tmp_path, change, told):
    crowned = {"run": "a", "name": "a", "adapter": "x", **change}
    (tmp_path / "history.jsonl").write_text(json.dumps({"event": "promote", "champion": crowned}) + "\n")
    with pytest.raises(DataError, match=rf"history.jsonl:1: .*{told}.*; restore the file from a backup"):
        history(tmp_path)


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


# What a crash, a full disk or a hand leaves behind.


def files(registry):
    return {path.name: path.read_bytes() for path in registry.iterdir() if path.suffix in (".json", ".jsonl")}


def test_a_history_cut_anywhere_names_the_old_or_the_new_champion(lab):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    before = (registry / "history.jsonl").read_bytes()
    crown(lab, "same", "good")
    after = (registry / "history.jsonl").read_bytes()
    assert after.startswith(before)
    for size in range(len(before), len(after) + 1):
        (registry / "history.jsonl").write_bytes(after[:size])
        reigning = champion(registry)
        assert reigning is not None
        assert reigning["run"] == ("same" if size == len(after) else "good")
    (registry / "history.jsonl").write_bytes(after[:-5])
    crown(lab, "old", "good")
    assert [event["champion"]["run"] for event in history(registry)] == ["good", "old"]
    assert verify(registry) == []


def _killed_at(lab, step: int) -> bool:
    """Promote in a process that is killed at its `step`th access to a file; whether it was killed."""
    child = os.fork()
    if child == 0:
        seen = 0

        def kill(event: str, _: object) -> None:
            nonlocal seen
            if event in ("open", "os.rename", "os.truncate", "os.remove", "tempfile.mkstemp"):
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        verdict = passing(lab, "same", "good")
        sys.addaudithook(kill)
        promote(lab.run("same"), verdict, lab.logs / "registry")
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_killed_at_any_access_to_a_file_the_old_or_the_new_champion_is_left_and_the_work_goes_on(lab):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    start, seen = files(registry), set()
    for step in range(1, 1000):
        killed = _killed_at(lab, step)
        reigning = champion(registry)
        assert reigning is not None
        seen.add(reigning["run"])
        if reigning["run"] == "good":
            crown(lab, "same", "good")
        else:
            rollback(registry)  # a writer, which mends what the crash left
        assert verify(registry) == []
        for name, content in start.items():
            (registry / name).write_bytes(content)
        if not killed:
            break
    assert not killed, "the work came to its end"
    assert seen == {"good", "same"}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '"x"', None])
def test_the_history_says_who_is_champion_whatever_became_of_the_other_file(lab, content):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    crown(lab, "same", "good")
    path = registry / "champion.json"
    before = path.read_bytes()
    path.unlink() if content is None else path.write_text(content)
    reigning = champion(registry)
    assert reigning is not None
    assert reigning["run"] == "same"
    assert "champion.json is not what the history says" in verify(registry)[0]
    with pytest.raises(EvidenceError):
        crown(lab, "old", "good")
    assert path.read_bytes() == before, "mended, and nobody lost the title"


# A history that somebody changed.


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_changed_line_is_found_out(lab, line):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    crown(lab, "same", "good")
    crown(lab, "old", "same")
    assert verify(registry) == []
    lines = (registry / "history.jsonl").read_text().splitlines(keepends=True)
    lines[line] = lines[line].replace("PROMOTE", "REJECT")
    (registry / "history.jsonl").write_text("".join(lines))
    (problem,) = verify(registry)
    assert (f"history.jsonl:{line + 2}" if line < 2 else "champion.json") in problem


@pytest.mark.parametrize("line", [0, 1])
def test_a_removed_line_is_found_out(lab, line):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    crown(lab, "same", "good")
    crown(lab, "old", "same")
    lines = (registry / "history.jsonl").read_text().splitlines(keepends=True)
    del lines[line]
    (registry / "history.jsonl").write_text("".join(lines))
    assert f"history.jsonl:{line + 1} does not follow" in verify(registry)[0]


def test_a_history_of_before_there_were_hashes_is_continued(lab):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    (event,) = history(registry)
    del event["previous"]
    (registry / "history.jsonl").write_text(json.dumps(event) + "\n")
    (registry / "champion.json").write_text(json.dumps(event["champion"]))
    assert verify(registry) == []
    crown(lab, "same", "good")
    assert verify(registry) == []
    assert "previous" in history(registry)[1]


def test_a_champion_whose_weights_changed_is_found_out(lab):
    crown(lab, "good", "base")
    (lab.run("good") / "adapter" / "adapter_model.safetensors").write_bytes(b"other")
    (problem,) = verify(lab.logs / "registry")
    assert "does not contain the weights that its manifest records" in problem


# Promotions that need a reason.


def test_to_overrule_the_gate_takes_a_reason_which_is_recorded(lab):
    registry, run = lab.logs / "registry", lab.run("good")
    refused = replace(passing(lab, "good", "base"), outcome=GateOutcome.REJECT)
    for reason in ("", "  "):
        with pytest.raises(AJError, match="say why with --reason"):
            promote(run, refused, registry, reason, force=True)
    promote(run, refused, registry, "the fleet needs it tonight", force=True)
    (event,) = history(registry)
    assert (event["champion"]["reason"], event["champion"]["forced"]) == ("the fleet needs it tonight", True)
    assert event["champion"]["verdict"]["outcome"] == "REJECT"


def test_force_does_not_promote_what_the_verdict_is_not_about(lab):
    with pytest.raises(EvidenceError, match="the verdict is about run same"):
        promote(lab.run("good"), passing(lab, "same", "base"), lab.logs / "registry", "because", force=True)


def test_another_policy_than_last_time_takes_a_reason(lab):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    other = replace(passing(lab, "same", "good"), policy="another")
    with pytest.raises(AJError, match=r"The policy \(another\) is not the one .* \(policy\); say why"):
        promote(lab.run("same"), other, registry)
    assert promote(lab.run("same"), other, registry, "wider margins")["reason"] == "wider margins"
