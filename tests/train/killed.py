"""python -m tests.train.killed RECIPE DATA POINT…: starts one run once for each point, and kills it there.

Each start is a child of its own, of a process that has imported everything and computed nothing.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from train.run import quiet_environment

quiet_environment()

from tests.train.lottery import examiner, rewards  # noqa: E402
from train import dpo, export, grpo, manifest, run, sft, trainer  # noqa: E402, TID253
from train.metrics import Metrics  # noqa: E402
from train.recipe import Recipe  # noqa: E402

PLACES: dict[str, tuple[Any, str]] = {
    "SFT checkpoint": (trainer, "mark_complete"),  # the first one after the resume is written, and not yet marked
    "after SFT": (sft, "save_adapter"),
    "before DPO": (dpo, "train_dpo"),
    "GRPO checkpoint": (trainer, "mark_complete"),
    "after GRPO": (grpo, "save_adapter"),
    "in the export": (export, "load_exported"),  # the merged model is written, and not yet compared
    "while finishing": (manifest, "base_served"),
}


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def after(work: Callable[..., Any]) -> Callable[..., Any]:
    def and_die(*args: Any) -> Any:
        work(*args)
        die()

    return and_die


def in_the_line_of(stage: str, step: int) -> Callable[..., Any]:
    append = Metrics.append

    def torn(self: Metrics, line: dict[str, Any], *other: str) -> None:
        if (self.stage, line["step"]) == (stage, step):
            with self.path.open("a") as file:
                file.write('{"stage": "')
            die()
        append(self, line, *other)

    return torn


def set_trap(point: str) -> None:
    if " step " in point:
        stage, _, step = point.partition(" step ")
        setattr(Metrics, "append", in_the_line_of(stage, int(step)))  # noqa: B010
    elif point == "finished":
        setattr(run, "finish", after(run.finish))  # noqa: B010
    else:
        module, name = PLACES[point]
        assert hasattr(module, name), f"{module.__name__} has no {name}"
        setattr(module, name, die)


def main(recipe: str, data: str, *points: str) -> None:
    for point in points:
        child = os.fork()
        if not child:
            set_trap(point)
            setattr(grpo, "world", rewards)  # noqa: B010
            run.train(Recipe.model_validate_json(recipe), Path(data), examiner=examiner)
            os._exit(1)  # it should not have come so far
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            print(point, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
