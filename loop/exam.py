"""The exam of a training recipe: questions and graders of the evals, for a trainer that knows neither."""

from functools import partial

from aj.errors import ConfigError
from train.exam import Exam
from train.recipe import Recipe


def make_exam(recipe: Recipe) -> Exam:
    """The exam that `exam:` of the recipe asks for.

    Raises:
        ConfigError: there is no such metric.
    """
    from evals.exam import identity_of, questions, take
    from scorers.stops import REPLY_TOKENS, THOUGHT_TOKENS

    options, reasoning = recipe.exam, recipe.serve.reasoning
    assert options
    try:
        found = questions(options.metric, recipe.contract, options.seed, reasoning)
    except ConfigError as error:
        raise ConfigError(f"exam.metric: {error}") from error
    return Exam(
        id=identity_of(options.task, recipe.contract, options.seed),
        questions=found,
        max_tokens=REPLY_TOKENS + (THOUGHT_TOKENS if reasoning else 0),
        take=partial(take, options.task, recipe.contract, options.seed, reasoning),
    )
