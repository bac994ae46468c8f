"""Several processes that train one run: each computes some batches of a step, and gradients are averaged.

Each has the whole model (DDP), or its share of it (FSDP). A step's rows are those of the recipe, however many processes
share them, so a run's identity does not depend on them. They are started here, or by `accelerate launch` on one machine
or more.
"""

import os
import socket
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from math import gcd
from multiprocessing import active_children, get_context
from typing import ParamSpec, TypeVar

from aj.children import die_with_parent
from aj.errors import TrainError
from train.recipe import Recipe, TrainingStage

P = ParamSpec("P")
T = TypeVar("T")


def launched() -> int:
    """Processes of the launcher that has started this one; 1 without."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def number() -> int:
    """Of this process, among those that were launched."""
    return int(os.environ.get("RANK", "0"))


def is_first() -> bool:
    """Whether this process is the one that writes and reports."""
    return number() == 0


def is_sharded() -> bool:
    """Whether the launcher has asked for FSDP: a process keeps a share of the weights, and all compute every layer."""
    return os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true"


def batches_here(stage: TrainingStage) -> int:
    """Batches of a step that each process computes, one after the other."""
    return stage.gradient_accumulation // launched()


def count_processes(recipe: Recipe, wanted: int | None, fit: Callable[[int], bool]) -> int:
    """How many processes train `recipe` here: one for each GPU, or for each thread that torch would use.

    Args:
        wanted: the number that the user has asked for.
        fit: whether so many have room in the memory of this machine.

    Raises:
        TrainError: a step's batches cannot be divided among the processes that were asked for, or launched.
    """
    import torch

    stages = [stage for stage in (recipe.sft, recipe.dpo, recipe.grpo) if stage]
    batches = gcd(*(stage.gradient_accumulation for stage in stages))
    asked = launched() if launched() > 1 else wanted
    if asked:
        if batches % asked:
            raise TrainError(
                f"{asked} processes cannot share {batches} batches a step; set gradient_accumulation of the recipe's "
                f"stages to a multiple of {asked}, or start another number of processes."
            )
        return asked
    most = torch.cuda.device_count() or torch.get_num_threads()
    return max((n for n in range(1, most + 1) if batches % n == 0 and fit(n)), default=1)


def together(processes: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `work` in new processes, all at once, and return what the first of them returns.

    When one fails or this process is interrupted, all end; what they have saved stays.

    Raises:
        TrainError: a process was killed, such as by the system for want of memory.
    """
    import torch

    threads = max(1, torch.get_num_threads() // processes)
    with closing(socket.socket()) as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (threads, processes)) as pool:
        parts = [pool.submit(_take_part, n, processes, port, work, *args, **kwargs) for n in range(processes)]
        try:
            for part in as_completed(parts):
                part.result()
        except BaseException as error:
            for process in active_children():
                process.kill()  # it may wait for one that has failed
            if isinstance(error, BrokenProcessPool):
                raise TrainError(
                    f"one of {processes} processes was killed, perhaps for want of memory; run again to resume, with "
                    "--processes 1 if that was it."
                ) from error
            raise
        return parts[0].result()


def _begin(threads: int, processes: int) -> None:
    import signal

    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent ends the others
    os.environ["OMP_NUM_THREADS"] = str(threads)
    if processes == 1:  # of several GPUs, one: TRL refuses a process that sees more
        os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]


def _take_part(number: int, processes: int, port: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`work`, with the variables by which torch and accelerate know the other processes."""
    if processes > 1:
        os.environ |= {"RANK": str(number), "LOCAL_RANK": str(number), "WORLD_SIZE": str(processes)}
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return work(*args, **kwargs)
