"""Cmdlets for scheduled tasks: Get-ScheduledTask and Get-ScheduledTaskInfo."""

from collections.abc import Iterable
from datetime import datetime

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cim_views import task_class
from fleet.windows.cmdlets.cim_functions import no_such_value
from fleet.windows.failure import Unmodelled
from fleet.windows.matching import is_wildcard, like
from fleet.windows.scheduled_tasks import NEVER_RUN, ScheduledTask, may_exist, scheduled_tasks
from fleet.windows.values import EnumText, PSObject, PSValue, moment, to_text

STATES = {"Disabled": 1, "Ready": 3, "Running": 4}
STATE_TYPE = "Microsoft.PowerShell.Cmdletization.GeneratedTypes.ScheduledTask.StateEnum"
NEVER = datetime(1999, 11, 30)
"""The last run of what has never run."""
TRIGGERS = {"daily": "Daily", "weekly": "Weekly", "hours": "Time", "boot": "Boot", "logon": "Logon"}


def _chosen(call: CmdletCall) -> list[ScheduledTask]:
    """The tasks that -TaskName and -TaskPath name; a name or path that fits none is reported."""
    found = list(scheduled_tasks())
    for name, key in (("TaskPath", "folder"), ("TaskName", "name")):
        wanted = call.texts(name)
        if not wanted:
            continue
        for one in wanted:
            if not any(like(getattr(task, key), one) for task in found):
                _missing(call, name, one)
        found = [task for task in found if any(like(getattr(task, key), one) for one in wanted)]
    return found


def _missing(call: CmdletCall, name: str, wanted: str) -> None:
    if may_exist(wanted) or (name == "TaskName" and any(may_exist(path) for path in call.texts("TaskPath"))):
        raise Unmodelled(f"{call.cmdlet.name} {wanted}")
    if is_wildcard(wanted):
        return
    no_such_value(call, "MSFT_ScheduledTask", name, wanted)


def record(task: ScheduledTask) -> PSObject:
    handler = task.run.startswith("{")
    action: dict[str, PSValue] = (
        {"Id": None, "ClassId": task.run, "Data": None, "PSComputerName": None}
        if handler
        else {
            "Id": None,
            "Arguments": task.arguments or None,
            "Execute": task.run,
            "WorkingDirectory": None,
            "PSComputerName": None,
        }
    )
    kind = "MSFT_TaskComHandlerAction" if handler else "MSFT_TaskExecAction"
    group = task.user == "Administrators"
    principal: dict[str, PSValue] = {
        "DisplayName": None,
        "GroupId": task.user if group else None,
        "Id": "LocalSystem",
        "LogonType": "Group" if group else "ServiceAccount",
        "RunLevel": "Highest",
        "UserId": None if group else task.user,
        "PSComputerName": None,
    }
    values: dict[str, PSValue] = {
        "State": EnumText(task.state, STATES[task.state], STATE_TYPE),
        "Actions": [PSObject(task_class(kind), action, kind)],
        "Author": task.author or None,
        "Date": None,
        "Description": task.description or None,
        "Documentation": None,
        "Principal": PSObject(task_class("MSFT_TaskPrincipal2"), principal, "MSFT_TaskPrincipal2"),
        "Source": None,
        "TaskName": task.name,
        "TaskPath": task.folder,
        "Triggers": _triggers(task),
        "URI": task.path,
        "Version": None,
        "PSComputerName": None,
    }
    return PSObject(task_class("MSFT_ScheduledTask"), values, f'MSFT_ScheduledTask (TaskName = "{task.name}", …)')


def _triggers(task: ScheduledTask) -> list[PSValue] | None:
    if not task.trigger:
        return None
    start = f"2016-01-01T{task.starts_at // 3600:02d}:{task.starts_at // 60 % 60:02d}:00" if task.period else None
    more = {"daily": {"DaysInterval": 1}, "weekly": {"DaysOfWeek": 1, "WeeksInterval": 1}}.get(task.trigger, {})
    kind = f"MSFT_Task{TRIGGERS[task.trigger]}Trigger"
    values: dict[str, PSValue] = {
        "Enabled": True,
        "EndBoundary": None,
        "ExecutionTimeLimit": None,
        "Id": None,
        "StartBoundary": start,
        **more,
        "PSComputerName": None,
    }
    return [PSObject(task_class(kind), values, kind)]


def get_scheduled_task(call: CmdletCall) -> Iterable[PSValue]:
    return [record(task) for task in _chosen(call)]


def get_scheduled_task_info(call: CmdletCall) -> Iterable[PSValue]:
    if call.piped or call.has("InputObject"):
        given = call.value("InputObject") if call.has("InputObject") else call.input
        paths = [
            to_text(one.get("TaskPath")) + to_text(one.get("TaskName"))
            for one in (given if isinstance(given, list) else [given])
            if isinstance(one, PSObject)
        ]
    else:
        folder = call.text("TaskPath", "\\")
        start = folder if folder.endswith("\\") else f"{folder}\\"
        paths = [name if name.startswith("\\") else start + name for name in call.texts("TaskName")]
    return [info for path in paths for info in _info(call, path)]


def _info(call: CmdletCall, path: str) -> list[PSValue]:
    task = next((task for task in scheduled_tasks() if task.path.lower() == path.lower()), None)
    if task is None and may_exist(path):
        raise Unmodelled(f"{call.cmdlet.name} {path}")
    if task is None:
        target = "PS_ScheduledTask:Root/Microsoft/...S_ScheduledTask"
        call.fail(
            "The system cannot find the file specified.", "HRESULT 0x80070002", "ObjectNotFound", target, "CimException"
        )
        return []
    host = call.session.host
    last, following = task.last_run(host), task.next_run(host)
    values: dict[str, PSValue] = {
        "LastRunTime": NEVER if last is None else moment(last),
        "LastTaskResult": NEVER_RUN if last is None else 0,
        "NextRunTime": None if following is None else moment(following),
        "NumberOfMissedRuns": 0,
        "TaskName": task.name,
        "TaskPath": task.folder,
        "PSComputerName": None,
    }
    return [PSObject(task_class("MSFT_TaskDynamicInfo"), values, "MSFT_TaskDynamicInfo")]


CMDLETS = (
    Cmdlet(
        "Get-ScheduledTask",
        get_scheduled_task,
        "TaskName TaskPath",
        lacks="CimSession|Session ThrottleLimit AsJob",
        function=True,
    ),
    Cmdlet(
        "Get-ScheduledTaskInfo",
        get_scheduled_task_info,
        "TaskName TaskPath",
        "InputObject",
        lacks="CimSession|Session ThrottleLimit AsJob",
        function=True,
    ),
)
