"""The scenario templates that a recipe may train in: those for training, never those of the evals."""

from collections.abc import Sequence

from aj.errors import TrainError
from scenarios.catalogue import templates
from scenarios.scenario import Template


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
