"""Cmdlets that query WMI: Get-CimInstance, Get-WmiObject, Get-ComputerInfo."""

import re
from collections.abc import Iterable
from datetime import datetime

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cim_views import cim, wmi
from fleet.windows.cmdlets.inventory import CLASSES
from fleet.windows.failure import Failure, Unmodelled
from fleet.windows.matching import like
from fleet.windows.members import get_property
from fleet.windows.operators import equal, order
from fleet.windows.releases import build, installed, product, release
from fleet.windows.values import PSObject, PSValue, moment, to_text
from fleet.windows.wmi_names import is_class

MAX_CONDITIONS = 20
"""Most conditions in a -Filter."""
CONDITION = re.compile(
    r"\s*(?P<name>\w+)\s*(?P<operator>=|<>|!=|>=|<=|>|<|\blike\b)\s*(?P<value>'[^']*'|\"[^\"]*\"|-?[\w.]+)\s*(?P<joint>\band\b|\bor\b|$)",
    re.IGNORECASE,
)


def _instances(call: CmdletCall, old: bool) -> Iterable[PSValue]:
    name, conditions = call.text("ClassName"), call.text("Filter")
    if query := re.fullmatch(
        r"\s*select\s+.+?\s+from\s+(\w+)(?:\s+where\s+(.+))?", call.text("Query")[:2000], re.IGNORECASE | re.DOTALL
    ):
        name, conditions = query[1], query[2] or ""
    known = next((key for key in CLASSES if key.lower() == name.lower()), None)
    if known is None and is_class(name):
        raise Unmodelled(f"{call.cmdlet.name} {name}")
    if known is None:
        text = f'Invalid class "{name}"' if old else "Invalid class "
        kind = "GetWMIManagementException" if old else "HRESULT 0x80041010"
        if old:
            raise call.failure(text, kind, "InvalidType", ":", "ManagementException")
        raise call.failure(text, kind, "MetadataError", f"root\\cimv2:{name}:String", "CimException")
    rows = CLASSES[known](call.session.host)
    records = [PSObject(wmi(known) if old else cim(known), row, f"{known} (…)") for row in rows]
    if conditions:
        records = [record for record in records if _fits(record, conditions, call)]
    if old:
        for record in records:
            record.values.update({k: _dmtf(v) for k, v in record.values.items() if isinstance(v, datetime)})
            record.text = f"\\\\{call.session.host.name.upper()}\\root\\cimv2:{known}"
    for record in records:
        record.values["PSComputerName"] = None if not call.has("ComputerName") else call.text("ComputerName")
    return records


def _dmtf(time: datetime) -> str:
    return time.strftime("%Y%m%d%H%M%S.000000+000")


def _fits(record: PSObject, conditions: str, call: CmdletCall) -> bool:
    """Whether a WQL filter matches: comparisons joined by and/or, which have equal precedence here."""
    holds, joint, at = True, "and", 0
    for _ in range(MAX_CONDITIONS):
        found = CONDITION.match(conditions, at)
        if found is None:
            raise call.failure("Invalid query ", "HRESULT 0x80041017", "InvalidArgument", ":", "CimException")
        one = _compare(get_property(record, found["name"]), found["operator"].lower(), found["value"].strip("'\""))
        holds = (holds and one) if joint == "and" else (holds or one)
        joint, at = found["joint"].lower(), found.end()
        if not joint:
            return holds
    raise call.failure("Quota violation ", "HRESULT 0x8004106C", "LimitsExceeded", ":", "CimException")


def _compare(left: PSValue, operator: str, right: str) -> bool:
    if isinstance(left, bool):
        right_value: PSValue = right.lower() == "true" or right == "1"
        return (left == right_value) == (operator == "=")
    if operator == "like":
        return like(to_text(left), right.replace("`", "``").replace("%", "*").replace("_", "?"))
    try:
        match operator:
            case "=":
                return equal(left, right)
            case "<>" | "!=":
                return not equal(left, right)
            case ">":
                return order(left, right) > 0
            case "<":
                return order(left, right) < 0
            case ">=":
                return order(left, right) >= 0
            case _:
                return order(left, right) <= 0
    except Failure:
        return False  # WQL finds nothing where PowerShell would report an error


def get_cim(call: CmdletCall) -> Iterable[PSValue]:
    return _instances(call, old=False)


def get_wmi(call: CmdletCall) -> Iterable[PSValue]:
    return _instances(call, old=True)


def get_computer_info(call: CmdletCall) -> Iterable[PSValue]:
    host = call.session.host
    values: dict[str, PSValue] = {
        "WindowsProductName": product(host).removeprefix("Microsoft "),
        "WindowsCurrentVersion": "6.3",
        "WindowsVersion": release(host).id,
        "WindowsInstallationType": "Server",
        "CsName": host.name.upper(),
        "CsDNSHostName": host.name,
        "CsDomain": "WORKGROUP",
        "CsManufacturer": "QEMU",
        "CsModel": "Standard PC (Q35 + ICH9, 2009)",
        "CsNumberOfLogicalProcessors": host.system.cores,
        "CsNumberOfProcessors": 1,
        "CsProcessors": [host.system.cpu],
        "CsTotalPhysicalMemory": host.memory.total * 1024,
        "OsName": product(host),
        "OsVersion": host.system.version,
        "OsBuildNumber": build(host),
        "OsArchitecture": "64-bit",
        "OsLastBootUpTime": moment(host.boot),
        "OsLocalDateTime": moment(host.now),
        "OsUptime": moment(host.now) - moment(host.boot),
        "OsInstallDate": installed(host),
        "OsTotalVisibleMemorySize": host.memory.total,
        "OsFreePhysicalMemory": host.memory_available,
        "OsNumberOfProcesses": len(host.processes),
        "TimeZone": "(UTC) Coordinated Universal Time",
    }
    if call.has("Property"):
        wanted = call.texts("Property")
        known = PSObject("Microsoft.PowerShell.Commands.ComputerInfo", values)
        for name in wanted:  # one that only a real host knows is a gap
            get_property(known, name)
        values = {name: value for name, value in values.items() if any(like(name, one) for one in wanted)}
    return [PSObject("Microsoft.PowerShell.Commands.ComputerInfo", values)]


CMDLETS = (
    Cmdlet(
        "Get-CimInstance",
        get_cim,
        "ClassName|Class",
        "Filter Query ComputerName|CN Property",
        lacks="Namespace KeyOnly CimSession ResourceUri Shallow",
        error_class="Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
    ),
    Cmdlet(
        "Get-WmiObject",
        get_wmi,
        "ClassName|Class",
        "Filter Query ComputerName|CN Property",
        lacks="Namespace List Amended Authentication Credential AsJob",
    ),
    Cmdlet("Get-ComputerInfo", get_computer_info, "Property"),
)
