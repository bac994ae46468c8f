"""Ends vLLM servers that a killed `aj` left behind: 4 GB each, and nobody uses them any more."""

import os

import psutil

STARTERS = ("aj", "inspect", "python", "pytest")
"""Names of processes that start a server; the new parent of an orphan is some kind of init."""


def end_orphans(model: str) -> int:
    """End this user's vLLM servers of `model` whose starter is gone; return how many there were."""
    path = model.removeprefix("vllm/").split(":")[0]
    found = [process for process in psutil.process_iter(["cmdline", "uids"]) if _is_orphan(process, path)]
    for server in found:
        family = [*server.children(recursive=True), server]
        for process in family:
            process.terminate()
        _, alive = psutil.wait_procs(family, timeout=10)
        for process in alive:
            process.kill()
    return len(found)


def _is_orphan(process: psutil.Process, path: str) -> bool:
    command, uids = process.info["cmdline"] or [], process.info["uids"]
    if uids is None or uids.real != os.getuid() or "serve" not in command or path not in command:
        return False
    try:
        parent = process.parent()
        return parent is None or not parent.name().startswith(STARTERS)
    except psutil.NoSuchProcess:
        return False
