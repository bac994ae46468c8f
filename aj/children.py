"""Child processes that end with their parent, however the parent ends (Linux)."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(sent: signal.Signals = signal.SIGKILL) -> None:
    """Called in a child: it is sent this signal when its parent is gone, also by `kill -9`.

    Elsewhere than on Linux, nothing is done.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, sent)
