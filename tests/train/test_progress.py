"""What a person sees of a stage while it trains."""

from io import StringIO

import pytest
from rich.console import Console

from train.progress import stage_progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def trained(measures: list[dict[str, float]], step_s: float, terminal: bool = False, before: int = 0) -> str:
    """What is written on a console of 80 columns while a stage of 100 steps logs these, each after `step_s`."""
    clock = Clock()
    console = Console(file=StringIO(), width=80, force_terminal=terminal, color_system=None)
    with stage_progress("GRPO", console, clock) as progress:
        progress.begin(before, 100)
        for step, logged in enumerate(measures, before + 1):
            clock.now += step_s
            progress.see(step, logged)
            if terminal:
                progress.bar.refresh()
    return console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if " step " in line]


def test_a_log_gets_a_line_every_twenty_steps_with_the_mean_loss_of_those():
    said = lines(trained([{"loss": 2.0}] * 20 + [{"loss": 1.0}] * 20, step_s=1))
    assert said == [
        "GRPO step 20 of 100, loss 2.000, 0:01:20 left",
        "GRPO step 40 of 100, loss 1.000, 0:01:00 left",
    ]


def test_a_log_gets_a_line_a_minute_if_steps_take_long_and_they_tell_when_it_will_end():
    said = lines(trained([{"loss": 0.0, "reward": 0.25}, {"loss": 0.0, "reward": 0.75}], step_s=110))
    assert said == ["GRPO step 1 of 100, reward 0.250", "GRPO step 2 of 100, reward 0.500, 2:59:40 left"]


def test_a_bar_fits_into_80_columns_and_tells_the_time_left_of_steps_of_minutes():
    shown = trained([{"loss": 0.1, "reward": 0.5}] * 3, step_s=300, terminal=True)
    last = [line for line in shown.replace("\r", "\n").split("\n") if "3/100" in line][-1]
    assert "reward 0.500" in last
    assert "8:05:00" in last
    assert not lines(shown)


def test_the_steps_before_a_resume_do_not_count_as_fast_ones():
    (said,) = lines(trained([{"loss": 1.0}] * 20, step_s=2, before=40))
    assert said == "GRPO step 60 of 100, loss 1.000, 0:01:20 left"


@pytest.mark.parametrize("logged", [{}, {"eval_loss": 1.0}])
def test_what_has_no_loss_advances_the_bar_and_is_no_line(logged: dict[str, float]):
    said = trained([logged] * 30, step_s=10)
    assert "30/100" in said
    assert not lines(said)
