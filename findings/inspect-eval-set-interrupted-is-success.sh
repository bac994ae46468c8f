#!/usr/bin/env bash
# inspect-ai 0.3.285, seen 2026-11-29: an eval_set that is interrupted returns success, and no logs.
#
# Guess: Ctrl-C during `eval_set` raises KeyboardInterrupt, as its code says ("check for cancelled"), or returns False.
# Seen:  it prints "Completed all tasks ... successfully" and returns (True, []); the log's status is `cancelled`.
# What the product does: fewer logs than tasks are an interrupt (`loop/evaluate.py`), so no such eval counts as finished.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install inspect-ai==0.3.285
cat > "$work/run.py" <<'PY'
import asyncio
import os
import signal
import threading
from pathlib import Path

from inspect_ai import Task, eval_set, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import read_eval_log
from inspect_ai.solver import Generate, Solver, TaskState, solver

started = threading.Event()


@solver
def slow() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        started.set()
        await asyncio.sleep(30)
        return state

    return solve


@task
def one() -> Task:
    return Task(dataset=MemoryDataset([Sample(input="?")]), solver=slow())


def interrupt() -> None:
    started.wait()
    os.kill(os.getpid(), signal.SIGINT)


threading.Thread(target=interrupt, daemon=True).start()
finished, logs = eval_set([one()], log_dir="logs", model="mockllm/model", display="none")
(path,) = Path("logs").glob("*.eval")
status = read_eval_log(str(path), header_only=True).status
print(f"finished {finished}, logs {logs}, status {status}")
assert (finished, logs, status) == (True, [], "cancelled")
PY
cd "$work"
"$work/venv/bin/python" run.py
