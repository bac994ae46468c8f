"""The scenarios that AJ may be trained in: drawn from the templates for training, never from those of the evals."""

from collections.abc import Iterator, Sequence
from itertools import count, islice
from random import Random

from aj.errors import TrainError
from aj.personas import load_personas
from scenarios.catalogue import templates
from scenarios.scenario import Scenario, Template
from train.recipe import Grpo


def scenes(stage: Grpo, seed: int) -> list[Scenario]:
    """Those that the stage plays, in order. Raises TrainError as `draw` does."""
    return list(islice(draw(stage.templates, seed), stage.scenarios))


def draw(names: Sequence[str], seed: int) -> Iterator[Scenario]:
    """Scenarios without end, over these templates (or those of these categories) and all personas.

    Raises:
        TrainError: a name is unknown, or held out for evals.
    """
    made = training_templates(names)
    rng, personas = Random(seed), sorted(load_personas().personas)
    return (rng.choice(made).draw(seed + n, rng.choice(personas)) for n in count())


def training_templates(names: Sequence[str]) -> list[Template]:
    """The templates with these names, or of these categories.

    Raises:
        TrainError: a name is unknown, or held out for evals.
    """
    known = templates("train")
    found = [made for made in known.values() if made.name in names or made.category in names]
    missing = set(names) - {made.name for made in found} - {made.category for made in found}
    if missing:
        raise TrainError(
            f"grpo.templates: {', '.join(sorted(missing))}: no such template is trained on, and those of the evals are "
            f"held out; name categories ({', '.join(sorted({made.category for made in known.values()}))}) or templates."
        )
    return found
