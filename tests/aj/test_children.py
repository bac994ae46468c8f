"""A child ends with its parent, however the parent ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

PARENT = """
import signal, subprocess, sys
from functools import partial
from aj.children import die_with_parent
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and this process would not end
child = subprocess.Popen(["sleep", "60"], preexec_fn=partial(die_with_parent, signal.SIGTERM), start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_a_child_ends_with_its_parent(sent):
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert is_running(child)
        os.kill(parent.pid, sent)
    until = time.monotonic() + 20
    while is_running(child) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_running(child)
