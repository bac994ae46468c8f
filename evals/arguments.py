"""What is wrong with a task's arguments or model roles is one sentence, before anything is asked."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from inspect_ai import Task
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.model import model_roles
from inspect_ai.model._model import active_model
from pydantic import ValidationError, validate_call
from rich.markup import escape

from aj.errors import AJError, ConfigError

P = ParamSpec("P")


def checked(make: Callable[P, Task]) -> Callable[P, Task]:
    """Let a task refuse arguments that are not what its signature says.

    Raises:
        ConfigError: an argument is wrong. Where Inspect makes the task, it becomes a PrerequisiteError, like every
            AJError of `make`: Inspect prints other errors with a traceback.
    """
    valid = validate_call(make)

    @wraps(make)
    def made(*args: P.args, **given: P.kwargs) -> Task:
        try:
            return _made(valid, *args, **given)
        except AJError as error:
            if active_model() is None:
                raise
            raise PrerequisiteError(escape(str(error))) from error  # it is read as markup

    return made


def _made(valid: Callable[P, Task], *args: P.args, **given: P.kwargs) -> Task:
    try:
        return _told_whose(valid(*args, **given))
    except ValidationError as error:
        first = error.errors()[0]
        why = first["msg"][:1].lower() + first["msg"][1:]
        raise ConfigError(f"-T {first['loc'][0]}={first['input']} does not fit: {why}.") from error


def _told_whose(task: Task) -> Task:
    """Let the task's log say which run answers and how it is served, where the provider `aj` serves it."""
    if model := active_model():
        task.metadata = {**(task.metadata or {}), **getattr(model.api, "told", {})}
    return task


def require_role(role: str, option: str) -> None:
    """Raises ConfigError if the eval that is being started has no model with this role, which `option` needs.

    A task made in Python outside an eval is not refused: its roles come later.
    """
    if active_model() is not None and role not in model_roles():
        raise ConfigError(f"-T {option}=true needs a model; add --model-role {role}=PROVIDER/NAME.")
