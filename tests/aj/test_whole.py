"""What is written appears whole or not at all; what a dead process left is swept, what a live one writes is not."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from aj.errors import AJError
from aj.whole import IN_USE, STAGING, resumable, scratch_folder, whole_files, whole_folder


def _write(target: Path, text: str) -> None:
    with whole_folder(target) as folder:
        (folder / "a.txt").write_text(text)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def _writing(target: Path):
    """Another process that is in the middle of writing `target`."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom aj.whole import whole_folder\n"
        "with whole_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'a.txt').write_text('half')\n    print('writing', flush=True)\n    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "writing\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# --- folders --------------------------------------------------------------------------------------------------------


def test_a_folder_appears_when_it_is_finished_and_nothing_else_stays(tmp_path):
    with whole_folder(tmp_path / "in" / "set") as folder:
        (folder / "a.txt").write_text("whole")
        assert not (tmp_path / "in" / "set").exists()
    assert _names(tmp_path / "in") == ["set"]
    assert _names(tmp_path / "in" / "set") == ["a.txt"]
    assert (tmp_path / "in" / "set").stat().st_mode & 0o055 == 0o055, "colleagues can read it"


def test_a_folder_that_fails_leaves_nothing(tmp_path):
    def fail() -> None:
        with whole_folder(tmp_path / "set") as folder:
            (folder / "a.txt").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert _names(tmp_path) == []


def test_the_first_of_two_to_finish_wins_and_an_empty_folder_is_replaced(tmp_path):
    (tmp_path / "set").mkdir()
    _write(tmp_path / "set", "first")
    _write(tmp_path / "set", "second")
    assert (tmp_path / "set" / "a.txt").read_text() == "first"
    assert _names(tmp_path) == ["set"]


def test_many_at_once_do_not_sweep_each_other(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        written = [pool.submit(_write, tmp_path / str(number % 20), "whole") for number in range(1000)]
    for each in written:
        each.result()
    assert _names(tmp_path) == sorted(map(str, range(20)))
    assert {(tmp_path / name / "a.txt").read_text() for name in _names(tmp_path)} == {"whole"}


# --- what is swept --------------------------------------------------------------------------------------------------


def test_a_killed_process_is_swept_by_the_next_writer_and_a_live_one_is_not(tmp_path):
    with _writing(tmp_path / "live"), _writing(tmp_path / "dead") as dead:
        dead.kill()
        dead.wait()
        assert len(_names(tmp_path)) == 2
        _write(tmp_path / "set", "whole")
        (left,) = (name for name in _names(tmp_path) if name != "set")
        assert left.startswith(f"{STAGING}live-")
        assert (tmp_path / left / "folder" / "a.txt").read_text() == "half"


def test_a_scratch_folder_is_gone_when_its_block_ends_and_swept_when_its_process_was_killed(tmp_path):
    with scratch_folder(tmp_path / "run") as scratch:
        (scratch / "merged").mkdir()
    assert _names(tmp_path) == []
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom aj.whole import scratch_folder\n"
        "with scratch_folder(Path(sys.argv[1])) as scratch:\n"
        "    (scratch / 'merged').mkdir()\n    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")])
    assert list(tmp_path.glob(f"{STAGING}run-*/merged"))
    with scratch_folder(tmp_path / "other"):
        assert len(_names(tmp_path)) == 1
    assert _names(tmp_path) == []


def test_only_staging_folders_are_swept(tmp_path):
    for name in (f"{STAGING}dead", f"{STAGING}locked", ".partial-of-another-program"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("half")
    (tmp_path / f"{STAGING}file").write_text("no folder")
    with FileLock(tmp_path / f"{STAGING}locked" / IN_USE):
        _write(tmp_path / "set", "whole")
    assert _names(tmp_path) == sorted([f"{STAGING}locked", ".partial-of-another-program", f"{STAGING}file", "set"])


# --- files ----------------------------------------------------------------------------------------------------------


def test_files_appear_together_or_stay_as_they_were(tmp_path):
    targets = tmp_path / "a.txt", tmp_path / "in" / "b.txt"

    def write(text: str, fail: bool = False) -> None:
        with whole_files(*targets) as files:
            for file in files:
                file.write(text)
            if fail:
                raise KeyboardInterrupt

    write("before")
    with pytest.raises(KeyboardInterrupt):
        write("after", fail=True)
    assert [path.read_text() for path in targets] == ["before", "before"]
    write("after")
    assert [path.read_text() for path in targets] == ["after", "after"]
    assert (_names(tmp_path), _names(tmp_path / "in")) == (["a.txt", "in"], ["b.txt"])
    assert targets[0].stat().st_mode & 0o044 == 0o044, "colleagues can read it"


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for writer in (whole_folder, whole_files, resumable):
        with (
            pytest.raises(AJError, match=r"cannot be written \(.*\); free or unlock .*file"),
            writer(tmp_path / "file" / "set"),
        ):
            pass
    (tmp_path / "folder").mkdir()
    with pytest.raises(AJError, match="folder cannot be written"), whole_files(tmp_path / "folder"):
        pass
    assert _names(tmp_path) == ["file", "folder"]


# --- what goes on from where it stopped -----------------------------------------------------------------------------


def test_what_can_be_resumed_is_kept_until_it_ends_well(tmp_path):
    def step(name: str) -> list[str]:
        with resumable(tmp_path / "run") as folder:
            found = sorted(path.name for path in folder.glob("*.txt"))
            (folder / name).write_text("done")
            if name == "1.txt":
                raise KeyboardInterrupt
            return found

    with pytest.raises(KeyboardInterrupt):
        step("1.txt")
    _write(tmp_path / "other", "whole")  # sweeps nothing that can be resumed
    assert step("2.txt") == ["1.txt"]
    assert _names(tmp_path) == ["other"]


def test_the_next_run_begins_whenever_one_ends(tmp_path):
    def run(_: int) -> bool:
        try:
            with resumable(tmp_path / "run") as folder:
                assert _names(folder) == [IN_USE], "what a finished run left is not found"
                for number in range(20):
                    (folder / str(number)).touch()
        except Timeout:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert any(pool.map(run, range(1000)))
    assert _names(tmp_path) == []


def test_two_do_not_resume_the_same(tmp_path):
    started = time.monotonic()
    with resumable(tmp_path / "run"), pytest.raises(Timeout), resumable(tmp_path / "run"):
        pass
    assert time.monotonic() - started < 5, "it does not wait"


def test_what_was_written_for_its_owner_alone_can_be_read_by_others(tmp_path):
    with whole_folder(tmp_path / "model") as folder:
        (folder / "part").mkdir()
        for path in (folder / "a", folder / "part" / "b"):
            path.touch(0o600)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "model").rglob("*") if path.is_file()} == {0o644}
