"""How all tests run: without a time limit an example, with the same examples each time, by file.

Property tests have no time limit an example: on a busy machine the first one pays for every import and cache. They draw
the same examples each time, so that a commit that passed passes again; `--hypothesis-profile=new` draws new ones.
"""

import gc
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("new", deadline=None)
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")


# What imports make stays until the end: looking for garbage among it took a tenth of the time.
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


LONGEST_FIRST = ("train", "evals", "loop", "scorers", "aj")
"""Folders, so that at the end no worker waits long for another."""

REAL_FIRST = ("loop", "datasets_build", "train")
"""The same of what `-m loop` runs."""

INSPECT = ("evals", "loop", "verdict", "test_docs.py")
"""What runs evals, or reads the made logs of one."""


def is_real(config: pytest.Config) -> bool:
    """Whether `-m loop` was asked for."""
    return config.option.markexpr == "loop"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    rank = {folder: place for place, folder in enumerate(REAL_FIRST if is_real(config) else LONGEST_FIRST)}
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank.get(item.nodeid.split("/")[1], len(rank)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file's tests stay on one worker. So do all that run Inspect: what they share is made once.

    Of what `-m loop` runs, those take half of the time, so that one worker would wait for the other.
    """
    from xdist.scheduler import LoadScopeScheduling

    shared = () if is_real(config) else INSPECT

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "inspect" if file.split("/")[1] in shared else file

    config.option.loadscopereorder = False  # by number of tests, of which the longest have few
    return ByFile(config, log)
