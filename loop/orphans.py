"""Ends vLLM servers that a killed `aj` left behind: 4 GB each, and nobody talks to them any more."""

import os

import psutil


def end_orphans(model: str) -> int:
    """End this user's vLLM servers of `model` whose parent is gone; returns how many there were."""
    path = model.removeprefix("vllm/").split(":")[0]
    found = [process for process in psutil.process_iter(["cmdline", "ppid", "uids"]) if _is_orphan(process, path)]
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
    ours = uids is not None and uids.real == os.getuid()
    return ours and process.info["ppid"] == 1 and "serve" in command and path in command
