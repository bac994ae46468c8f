"""Error records as objects: what `catch` and $Error hold."""

from dataclasses import dataclass, field

from fleet.windows.exceptions import full_name, inner
from fleet.windows.failure import Failure
from fleet.windows.values import PSObject, PSValue


@dataclass(slots=True)
class ErrorRecord(PSObject):
    failure: Failure = field(default_factory=lambda: Failure(""))
    shown: str = ""
    """as it is printed"""


def error_record(failure: Failure, line: str) -> ErrorRecord:
    """`line` is the one that failed."""
    cause = _exception(wrapped, failure.message) if (wrapped := inner(failure)) else None
    values: dict[str, PSValue] = {
        "Exception": _exception(failure.kind, failure.message, cause),
        "TargetObject": failure.target.rpartition(":")[0] or None,
        "CategoryInfo": _category(failure),
        "FullyQualifiedErrorId": failure.id,
    }
    name = "System.Management.Automation.ErrorRecord"
    return ErrorRecord(name, values, failure.message, {}, failure, failure.render(line))


def _exception(kind: str, message: str, cause: PSObject | None = None) -> PSObject:
    return PSObject(full_name(kind), {"Message": message, "InnerException": cause}, f"{full_name(kind)}: {message}")


def _category(failure: Failure) -> PSObject:
    target, _, type_ = failure.target.rpartition(":")
    values: dict[str, PSValue] = {
        "Category": failure.category,
        "Activity": failure.source,
        "Reason": failure.kind,
        "TargetName": target,
        "TargetType": type_,
    }
    return PSObject("System.Management.Automation.ErrorCategoryInfo", values, failure.summary())
