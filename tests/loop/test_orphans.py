"""Servers of evals that were killed are ended, and no others."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from loop.orphans import OWNER, end_orphans, mark_servers

WAITS = "import sys; print(flush=True); sys.stdin.read()"


@contextmanager
def server(owner: str | None, word: str = "serve") -> Iterator[psutil.Process]:
    """A process that looks like a vLLM server, with the mark of `owner`; ready when it is yielded."""
    environment = {name: value for name, value in os.environ.items() if name != OWNER}
    command = [sys.executable, "-c", WAITS, word, "/some/model"]
    marked = environment | ({OWNER: owner} if owner else {})
    with subprocess.Popen(command, env=marked, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield psutil.Process(process.pid)
        process.kill()


def me() -> tuple[int, float]:
    return os.getpid(), psutil.Process().create_time()


def a_dead_one() -> int:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


def test_the_server_of_an_eval_that_is_gone_is_ended():
    with server(f"{a_dead_one()} 1.0") as orphan:
        assert end_orphans() == 1
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_the_server_of_an_eval_that_still_runs_is_left_alone():
    pid, started = me()
    with server(f"{pid} {started}") as used:
        assert end_orphans() == 0
        assert used.is_running()


def test_a_server_that_somebody_else_started_is_left_alone_whatever_its_parent_is():
    with server(None) as foreign:
        assert end_orphans() == 0
        assert foreign.is_running()


def test_what_an_eval_that_is_gone_started_beside_its_server_is_left_alone():
    with server(f"{a_dead_one()} 1.0", "convert") as other:
        assert end_orphans() == 0
        assert other.is_running()


def test_a_new_process_with_the_number_of_a_dead_eval_is_not_that_eval():
    pid, started = me()
    with server(f"{pid} {started - 3600}") as orphan:
        assert end_orphans() == 1
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_what_this_process_starts_belongs_to_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(OWNER, "")
    mark_servers()
    with server(os.environ[OWNER]):
        assert end_orphans() == 0
