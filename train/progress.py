"""What a person sees of a stage while it trains: a bar in a terminal, and elsewhere, as in a log, lines."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from train.processes import is_first

SMOOTHED = 20
"""Steps of which the mean is shown: a step may have a single row, whose loss says nothing."""
LINE_STEPS, LINE_S = 20, 60.0
"""Steps from one line of a log to the next, or seconds, if those are over first."""
SPEED_S = 3600.0
"""Seconds whose steps tell the time left. By rich's own 30, it is not told of steps that take longer."""


class StageProgress:
    """The progress of one stage; `begin` and `see` tell it."""

    def __init__(self, stage: str, bar: Progress, lines: bool) -> None:
        self.stage, self.bar, self.lines = stage, bar, lines
        self.task = bar.add_task(stage, total=None, shown="loss -")
        self.values: deque[float] = deque(maxlen=SMOOTHED)
        self.line_step, self.line_time = 0, bar.get_time()

    def begin(self, step: int, steps: int) -> None:
        """The stage goes on after `step`, of `steps`."""
        self.bar.update(self.task, total=steps, completed=step)
        self.line_step, self.line_time = step, self.bar.get_time()

    def see(self, step: int, logged: Mapping[str, Any]) -> None:
        """What the trainer has logged of a step: the loss, but of GRPO the reward: its loss says nothing."""
        self.bar.update(self.task, completed=step)
        measure = next((name for name in ("reward", "loss") if name in logged), None)
        if measure is None:
            return
        self.values.append(logged[measure])
        shown = f"{measure} {fmean(self.values):.3f}"
        self.bar.update(self.task, shown=shown)
        now = self.bar.get_time()
        if self.lines and (step >= self.line_step + LINE_STEPS or now >= self.line_time + LINE_S):
            (task,) = self.bar.tasks
            left = "" if task.time_remaining is None else f", {timedelta(seconds=round(task.time_remaining))} left"
            self.bar.console.print(f"{self.stage} step {step} of {task.total:.0f}, {shown}{left}", highlight=False)
            self.line_step, self.line_time = step, now


@contextmanager
def stage_progress(
    stage: str, console: Console, get_time: Callable[[], float] | None = None
) -> Iterator[StageProgress]:
    """A stage's progress on the console while the block runs; of several processes, only the first one shows it.

    `get_time`: in seconds; by default the system's.
    """
    with Progress(
        TextColumn("{task.description:<4}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[shown]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        get_time=get_time,
        disable=not is_first(),
        speed_estimate_period=SPEED_S,
    ) as bar:
        yield StageProgress(stage, bar, lines=not console.is_terminal)
