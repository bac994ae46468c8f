"""What decides how the answers of a log came about: every setting of Inspect's header, but those listed as harmless."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

HARMLESS = {
    "how a request travels, not what it says; one that fails is an error, and errors are counted": (
        *("max_retries", "timeout", "attempt_timeout", "stream_idle_timeout"),
        *("max_connections", "adaptive_connections", "batch"),
    ),
    "how many things run at once, and where they wait": (
        *("max_samples", "max_tasks", "max_subprocesses", "max_sandboxes", "max_dataset_memory"),
        *("sandbox_cleanup", "sandbox_prebuilt"),
        *("data_parallel_size", "api_server_count"),
    ),
    "when an eval with errors gives up; errors are counted from the samples": ("fail_on_error", "continue_on_fail"),
    "what is written to the log or shown beside the answers": (
        *("log_samples", "log_realtime", "log_images", "log_model_api", "log_buffer", "log_shared"),
        *("score_display", "notification", "acp_server"),
    ),
    "which samples were asked: that is read from the samples themselves": ("limit", "sample_id"),
    "where a server of ours listens": ("host", "port"),
}
"""Reason -> the settings (of generation, of the eval, of the model) that cannot change an answer or its score.

Any other setting is compared, also one that a later Inspect adds.
"""

BY_CONTENT = frozenset(
    {"quantization", "chat_template", "revision", "enable_lora", "max_lora_rank", "served_model_name"}
)
"""Arguments of a vLLM server that the metadata `serving` tells by content, as part of the model."""

_DEFAULTS = {"epochs": 1, "score_on_error": False}
"""Of an eval whose header leaves them out."""
_HARMLESS = frozenset(name for names in HARMLESS.values() for name in names)


def settings(log: "EvalLog") -> dict[str, Any]:
    """What both arms must share, by the name that sentences give it; read from the header alone."""
    spec = log.eval
    # Inspect lets the model's own settings give way to the task's, and those to the command line's: both are in `plan`.
    generation = spec.model_generate_config.merge(log.plan.config)
    # `aj eval` passes as arguments what `serving` tells, and that is compared on its own. Arguments for the provider
    # `aj` are somebody's own: they overrule what `serving` tells.
    serving = (spec.metadata or {}).get("serving")
    served = serving.get("server", serving) if isinstance(serving, dict) else {}
    by_content = BY_CONTENT if served and not spec.model.startswith("aj/") else frozenset()
    return {
        "generation": _told(generation.model_dump(exclude_none=True, mode="json")),
        "task arguments": spec.task_args,
        "solver": [step.model_dump(mode="json") for step in _steps(log)],
        "scorers": [scorer.model_dump(mode="json", exclude_none=True) for scorer in spec.scorers or []],
        "model graders": {role: str(model) for role, model in (spec.model_roles or {}).items()},
        "model arguments": {
            name: value
            for name, value in _told(spec.model_args).items()
            if name not in by_content and served.get(name) != value
        },
        "eval settings": {**_DEFAULTS, **_told(spec.config.model_dump(exclude_none=True, mode="json"))},
        "sandbox": spec.sandbox.model_dump(mode="json") if spec.sandbox else None,
        "order of samples": [str(sample) for sample in spec.dataset.sample_ids or []],
        "packages": spec.packages,
    }


def retuned(log: "EvalLog") -> tuple[str, ...]:
    """Settings that were changed while the eval ran (`inspect ctl config`) and bear on answers."""
    changes = (change for update in log.config_updates or [] for change in update.changes)
    return tuple(sorted({change.name for change in changes if change.config != "concurrency"} - _HARMLESS))


def _steps(log: "EvalLog") -> Iterator[Any]:
    yield from log.plan.steps
    if log.plan.finish:
        yield log.plan.finish


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _HARMLESS}
