"""Error records as objects: what `catch` and $Error hold."""

from fleet.windows.failure import Failure
from fleet.windows.values import PSObject, PSValue


def error_record(failure: Failure) -> PSObject:
    kind = PSObject(f"System.{failure.kind}", {"Message": failure.message}, failure.message)
    values: dict[str, PSValue] = {
        "Exception": kind,
        "TargetObject": failure.target.rpartition(":")[0] or None,
        "CategoryInfo": _category(failure),
        "FullyQualifiedErrorId": failure.id,
    }
    return PSObject("System.Management.Automation.ErrorRecord", values, failure.message)


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
