"""Records which run is champion: `history.jsonl`, which only grows, and `champion.json`, its last word for other tools.

The history decides. It is written first, under a lock; whatever happens to `champion.json`, the next writer mends it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from aj.errors import AJError, EvidenceError
from aj.files import logs_dir, read_jsonl, write_json, write_jsonl
from loop.history import append, breaks, last_hash, read_events
from verdict.gate import GateOutcome, Verdict, to_record
from verdict.policy import Policy
from verdict.runs import BASE, read_manifest


def registry_dir() -> Path:
    return logs_dir() / "registry"


def champion(registry: Path | None = None) -> dict[str, Any] | None:
    """{run, name, adapter, promoted_at, verdict} of the champion, or None if there is none.

    Raises:
        AJError: the history is gone, though there was a champion.
        DataError: a line of it is no event.
    """
    stack = _stack(registry or registry_dir())
    return stack[-1] if stack else None


def earlier(registry: Path | None = None) -> list[str]:
    """The runs that were champion before this one and were not rolled back, oldest first.

    Raises:
        AJError, DataError: as `champion` does.
    """
    runs = list(dict.fromkeys(entry["run"] for entry in _stack(registry or registry_dir())))
    reigning = champion(registry)
    return [run for run in runs if reigning and run != reigning["run"]]


def promote(
    run: Path, verdict: Verdict, registry: Path | None = None, reason: str = "", force: bool = False
) -> dict[str, Any]:
    """Make the run folder `run` the champion.

    `reason` is recorded. It is required for a policy other than that of the last promotion, and for `force`, which
    promotes whatever the verdict is.

    Raises:
        AJError: the reason is missing.
        EvidenceError: the verdict is not PROMOTE, is about another run or adapter, or has another reference than the
            current champion.
    """
    registry = registry or registry_dir()
    manifest = read_manifest(run)
    if verdict.outcome is not GateOutcome.PROMOTE and not force:
        raise EvidenceError(f"{run.name} did not pass the gate ({verdict.outcome.name}); `aj gate` shows why.")
    if force and not reason.strip():
        raise AJError("--force overrules the gate; say why with --reason, which is recorded.")
    if (verdict.run, verdict.adapter) != (manifest["hash"], manifest["adapter"]):
        raise EvidenceError(
            f"the verdict is about run {verdict.run}, adapter {verdict.adapter}, not about {run.name}, adapter "
            f"{manifest['adapter']}; run `aj gate` for this run."
        )
    with _locked(registry):
        current = _stack(registry)
        _check_reference(verdict, current, reason)
        entry = {
            "run": manifest["hash"],
            "name": manifest.get("name", manifest["hash"]),
            "adapter": manifest["adapter"],
            "promoted_at": _now(),
            "verdict": to_record(verdict),
            **({"reason": reason} if reason else {}),
            **({"forced": True} if verdict.outcome is not GateOutcome.PROMOTE else {}),
        }
        append(_history(registry), {"event": "promote", "at": entry["promoted_at"], "champion": entry})
        _write(registry, entry)
    return entry


def _check_reference(verdict: Verdict, current: list[dict[str, Any]], reason: str) -> None:
    reigning = current[-1]["run"] if current else BASE
    if verdict.reference != reigning:
        raise EvidenceError(
            f"the verdict compares with {verdict.reference}, but the champion is {reigning}; run `aj gate` again."
        )
    policy = (current[-1].get("verdict") or {}).get("policy") if current else None
    if policy and policy != verdict.policy and not reason.strip():
        raise AJError(
            f"The policy ({verdict.policy}) is not the one that the champion was promoted under ({policy}); "
            f"say why with `aj promote {verdict.run} --reason WHY`, which is recorded."
        )


def counted(verdict: Verdict, policy: Policy, registry: Path | None = None) -> Verdict:
    """The verdict, with one more reason from the second candidate on: how many were judged against this reference.

    Raises:
        DataError: a line of `tries.jsonl` is not JSON.
    """
    if verdict.outcome is GateOutcome.INVALID:
        return verdict
    registry = registry or registry_dir()
    path, this = registry / "tries.jsonl", {"reference": verdict.reference, "run": verdict.run}
    with _locked(registry):
        noted = [record for _, record in read_jsonl(path)] if path.exists() else []
        if this not in noted:
            noted.append(this)
            write_jsonl(path, noted)
    tries = sum(record["reference"] == verdict.reference for record in noted)
    if tries == 1:
        return verdict
    lucky = 1 - policy.confidence**tries
    told = f"candidate {tries} against this reference: of {tries} worse by exactly a margin, one passes by luck"
    return replace(verdict, reasons=(*verdict.reasons, f"{told} with a chance of {lucky:.0%}."))


def rollback(registry: Path | None = None, reason: str = "", runs: Path | None = None) -> dict[str, Any]:
    """Restore the previous champion, whose run must still exist, unchanged.

    Raises:
        AJError: there is no champion, or no previous one.
        EvidenceError: the previous run is gone or was changed.
    """
    registry = registry or registry_dir()
    with _locked(registry):
        stack = _stack(registry)
        if len(stack) < 2:
            raise AJError(f"{registry} has no previous champion; promote another run with `aj promote RUN`.")
        earlier = stack[-2]
        _check_unchanged(earlier, runs or registry.parent / "runs")
        append(_history(registry), {"event": "rollback", "at": _now(), "reason": reason, "champion": earlier})
        _write(registry, earlier)
    return earlier


def _check_unchanged(entry: dict[str, Any], runs: Path) -> None:
    if read_manifest(runs / entry["run"])["adapter"] != entry["adapter"]:
        raise EvidenceError(
            f"run {entry['run']} was changed after it was promoted; promote another run with `aj promote RUN`."
        )


def history(registry: Path | None = None) -> list[dict[str, Any]]:
    """Every promotion and rollback, oldest first.

    Raises:
        DataError: a line is no event, with file and line.
    """
    return read_events(_history(registry or registry_dir()))


def verify(registry: Path | None = None, runs: Path | None = None) -> list[str]:
    """What is wrong with the registry, sentence by sentence: the history's chain, `champion.json`, the champions' runs.

    Raises:
        DataError: a line of the history is no event.
        AJError: the history is gone, though there was a champion.
    """
    registry = registry or registry_dir()
    stack = _stack(registry)
    found = list(breaks(_history(registry)))
    if stack and _written(registry) != _as_written(registry, stack[-1]):
        found.append(
            f"{registry / 'champion.json'} is not what the history says; restore whichever was changed by hand, or let "
            "the next `aj promote` or `aj rollback` write it anew."
        )
    for entry in {entry["run"]: entry for entry in stack}.values():
        try:
            _check_unchanged(entry, runs or registry.parent / "runs")
        except EvidenceError as error:
            found.append(str(error))
    return found


def _stack(registry: Path) -> list[dict[str, Any]]:
    """Champions that a rollback can reach, the current one last."""
    stack: list[dict[str, Any]] = []
    for number, event in enumerate(history(registry), start=1):
        if event["event"] == "promote":
            stack.append(event["champion"])
        elif len(stack) < 2 or stack[-2] != event["champion"]:
            raise EvidenceError(
                f"{_history(registry)}:{number}: a rollback to {event['champion']['run']}, which is not the champion "
                "before; restore the file from a backup."
            )
        else:
            stack.pop()
    if not stack and (registry / "champion.json").exists():
        raise AJError(
            f"{registry / 'champion.json'} names a champion that is not in {_history(registry)}; restore the history."
        )
    return stack


def _history(registry: Path) -> Path:
    return registry / "history.jsonl"


def _write(registry: Path, entry: dict[str, Any]) -> None:
    write_json(registry / "champion.json", _as_written(registry, entry))


def _as_written(registry: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """What `champion.json` holds: the champion, and the hash of the last line, if the line has one itself."""
    chained = "previous" in history(registry)[-1]
    return entry | ({"history": last_hash(_history(registry))} if chained else {})


def _written(registry: Path) -> Any:
    try:
        return json.loads((registry / "champion.json").read_bytes())
    except (OSError, ValueError):
        return None  # as good as another one: `verify` reports it, and a writer mends it


@contextmanager
def _locked(registry: Path) -> Iterator[None]:
    """Hold the registry's lock; what a crash or a hand left of `champion.json` is mended first."""
    lock = FileLock(registry / ".lock")
    try:
        registry.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise AJError(f"{registry} cannot be written ({error.strerror}); unlock it, then run again.") from error
    try:
        stack = _stack(registry)
        if stack and _written(registry) != _as_written(registry, stack[-1]):
            _write(registry, stack[-1])
        yield
    finally:
        lock.release()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
