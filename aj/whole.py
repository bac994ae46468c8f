"""Files and folders that appear complete or not at all: they are written next to their target, then renamed.

A staging folder stays locked while its process lives (the system unlocks it however that process ends), so the next
writer can remove what a dead process left, and never what a live one is writing.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from filelock import FileLock, Timeout

from aj.errors import AJError

STAGING = ".aj-partial-"
"""How the name of a staging folder begins."""
UNFINISHED = ".aj-unfinished-"
"""How the name of a folder begins that the next run continues; never swept."""
IN_USE = ".in-use"
"""The file in such a folder that its process locks."""


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder that becomes `target` if the block succeeds, and is removed otherwise.

    If `target` has content by then, it stays: of two processes that make the same thing, the first to finish wins.

    Raises:
        AJError: nothing can be written next to `target`.
    """
    with _staging(target) as staging:
        folder = staging / "folder"
        folder.mkdir()
        yield folder
        _let_others_read(folder)
        try:
            folder.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise _unwritable(target, error) from error


def _let_others_read(folder: Path) -> None:
    """safetensors writes files that only their owner can read, and a colleague could not serve a shared model."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o044)


@contextmanager
def whole_files(*targets: Path) -> Iterator[list[TextIO]]:
    """Open text files that replace `targets` if the block succeeds, and are removed otherwise.

    Raises:
        AJError: nothing can be written next to one of the targets.
    """
    with ExitStack() as stack:
        staged = [stack.enter_context(_staging(target)) / "file" for target in targets]
        with ExitStack() as opened:
            files: list[TextIO] = []
            for path in staged:
                files.append(opened.enter_context(path.open("w", encoding="utf-8", newline="\n")))
            yield files
            for file in files:
                file.flush()
                os.fsync(file.fileno())
        for path, target in zip(staged, targets, strict=True):
            try:
                path.replace(target)
            except OSError as error:
                raise _unwritable(target, error) from error


@contextmanager
def scratch_folder(target: Path) -> Iterator[Path]:
    """A folder next to `target` for what only the block needs, removed at its end.

    If its process is killed, the next one that writes there removes it.

    Raises:
        AJError: nothing can be written next to `target`.
    """
    with _staging(target) as folder:
        yield folder


def unfinished(target: Path) -> Path:
    """Where `resumable` prepares it."""
    return target.with_name(f"{UNFINISHED}{target.name}")


@contextmanager
def resumable(target: Path) -> Iterator[Path]:
    """The folder in which `target` is prepared: removed if the block succeeds, kept for the next run otherwise.

    Raises:
        Timeout: another process is using it.
        AJError: it cannot be written.
    """
    folder = unfinished(target)
    lock = FileLock(folder / IN_USE, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield folder
        # Under another name first: the next run may begin in its folder while this one is still being removed.
        shutil.rmtree(folder.rename(folder.with_name(f"{STAGING}{target.name}-{uuid4().hex}")))
    finally:
        lock.release()


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A new, locked folder next to `target`, removed at the end whatever happens."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        folder, lock = _locked(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _locked(target: Path) -> tuple[Path, FileLock]:
    while True:
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{STAGING}{target.name}-"))
        lock = FileLock(folder / IN_USE, timeout=0)
        try:
            lock.acquire()
        except (FileNotFoundError, FileExistsError, Timeout):
            continue  # another process has swept it, or is sweeping it (FileExistsError), before it was locked
        return folder, lock


def _sweep(parent: Path) -> None:
    for left in parent.glob(f"{STAGING}*"):
        try:
            with FileLock(left / IN_USE, timeout=0):
                shutil.rmtree(left, ignore_errors=True)
        except OSError:  # in use (a Timeout is an OSError), or not ours to remove
            continue


def _unwritable(target: Path, error: OSError) -> AJError:
    return AJError(
        f"{target} cannot be written ({error.strerror or error}); free or unlock {target.parent}, then run again."
    )
