"""Child processes that end with their parent, however the parent ends (Linux)."""

import ctypes
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # prctl(2)


def dying_with_parent(sent: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """For `subprocess.Popen(preexec_fn=…)`: the child is sent this signal when its parent is gone, also by `kill -9`.

    Elsewhere than on Linux, nothing is done.
    """

    def prepare() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, sent)

    return prepare
