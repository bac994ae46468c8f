"""Ends the vLLM servers of evals that were killed: 4 GB each, and nobody uses them any more.

Inspect's server inherits the environment of the eval that starts it, so each carries the process that it belongs to.
A server without that mark was started by somebody else, and is never touched.
"""

import os

import psutil

OWNER = "AJ_EVAL_PROCESS"
"""Environment variable of a server: the process that it belongs to, as `PID START`."""


def mark_servers() -> None:
    """Let the servers that this process starts from now on belong to it."""
    os.environ[OWNER] = f"{os.getpid()} {psutil.Process().create_time()}"


def end_orphans() -> int:
    """End this user's servers whose eval is gone; return how many there were."""
    found = [process for process in psutil.process_iter(["cmdline", "uids"]) if _is_orphan(process)]
    for server in found:
        family = [*server.children(recursive=True), server]
        for process in family:
            process.terminate()
        _, alive = psutil.wait_procs(family, timeout=10)
        for process in alive:
            process.kill()
    return len(found)


def _is_orphan(process: psutil.Process) -> bool:
    command, uids = process.info["cmdline"] or [], process.info["uids"]
    if uids is None or uids.real != os.getuid() or "serve" not in command:
        return False
    try:
        owner = process.environ().get(OWNER)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return owner is not None and not _lives(*owner.split())


def _lives(pid: str, started: str) -> bool:
    """Whether the process still runs; a later one with the same number started at another time."""
    try:
        # The clock's start is rounded, and moves when the clock is set: two seconds are the same moment.
        return abs(psutil.Process(int(pid)).create_time() - float(started)) < 2
    except psutil.NoSuchProcess:
        return False
