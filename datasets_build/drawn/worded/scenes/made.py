"""Templates that only the worded generator draws from: not registered with the fleet, and all for training."""

from collections.abc import Callable

from scenarios.scenario import BuildScenario, Difficulty, Template

Made = list[Template]


def keep(
    made: Made, category: str, difficulty: Difficulty, size: tuple[int, int] = (2, 4)
) -> Callable[[BuildScenario], BuildScenario]:
    """Add the function below to `made` as a template of the train split, named `category.function`."""

    def add(build: BuildScenario) -> BuildScenario:
        name = f"{category}.{getattr(build, '__name__', 'template')}"
        made.append(Template(name, category, "train", difficulty, build, size))
        return build

    return add
