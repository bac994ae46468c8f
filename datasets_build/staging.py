"""A data set folder appears whole: written aside, renamed at the end. What a dead process left is swept."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from aj.errors import AJError

PARTIAL = ".partial-"
IN_USE = ".in-use"
"""Locked in a staging folder by the process that writes there; the system unlocks it however that process ends."""


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder`, which takes its place when the block ends well and is gone otherwise.

    Two builds of one data set write two such folders; the first to finish gives `folder`, which has the same bytes.

    Raises:
        AJError: nothing can be written there.
    """
    parent = folder.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        # Under it folders are made, swept and renamed: a new one is never seen without its own lock.
        guard = FileLock(parent / ".build.lock")
        with guard:
            _sweep(parent)
            made = Path(tempfile.mkdtemp(dir=parent, prefix=f"{PARTIAL}{folder.name}-"))
            made.chmod(0o755)  # mkdtemp's 0700 would lock colleagues out of shared logs
            in_use = FileLock(made / IN_USE)
            in_use.acquire()
    except OSError as error:
        raise AJError(f"{parent} cannot be written ({error.strerror}); free or unlock it, then run again.") from error
    try:
        yield made
        with guard:
            in_use.release()
            (made / IN_USE).unlink(missing_ok=True)
            if not (folder / "lock.json").exists():
                shutil.rmtree(folder, ignore_errors=True)
                made.rename(folder)
    finally:
        in_use.release()
        shutil.rmtree(made, ignore_errors=True)


def _sweep(parent: Path) -> None:
    for left in parent.glob(f"{PARTIAL}*"):
        try:
            with FileLock(left / IN_USE, timeout=0):
                shutil.rmtree(left, ignore_errors=True)
        except (Timeout, OSError):  # in use, or not ours to remove
            continue
