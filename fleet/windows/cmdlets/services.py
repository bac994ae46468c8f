"""Service cmdlets: Get-Service, and those that start, stop and configure services."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from fleet.actions import FailedAction, restart, start, stop
from fleet.model import Host, Service
from fleet.ports import main_process
from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.matching import like
from fleet.windows.values import EnumText, PSObject, PSValue
from fleet.windows.views import SERVICE

DISABLED = "The service cannot be started, either because it is disabled or it has no enabled devices."


STATUS = {name: EnumText(name, number, f"{SERVICE}Status") for name, number in (("Stopped", 1), ("Running", 4))}
START_TYPE = {
    name: EnumText(name, number, "System.ServiceProcess.ServiceStartMode")
    for name, number in (("Automatic", 2), ("Manual", 3), ("Disabled", 4))
}
SERVICE_TYPE = EnumText("Win32OwnProcess", 16, "System.ServiceProcess.ServiceType")


def status(service: Service) -> EnumText:
    return STATUS["Running" if service.state == "active" else "Stopped"]


def start_type(service: Service) -> EnumText:
    """Automatic if the service starts at boot, Disabled if nothing may start it, otherwise Manual."""
    return START_TYPE["Disabled" if service.masked else "Automatic" if service.enabled else "Manual"]


def account(service: Service) -> str:
    """Whom it runs as, in the words of the service control manager."""
    return "LocalSystem" if service.user == "SYSTEM" else service.user


def set_start_type(host: Host, name: str, kind: str) -> Host:
    """The host whose service has a start type: "automatic", "manual" or "disabled"."""
    return host.with_service(
        replace(host.services[name], enabled=kind.startswith("automatic"), masked=kind == "disabled")
    )


def started(host: Host, name: str) -> Host | FailedAction:
    """Start a service, unless it is disabled."""
    if host.services[name].masked and host.services[name].state != "active":
        return FailedAction(host, DISABLED)
    return start(host, name)


def restarted(host: Host, name: str) -> Host | FailedAction:
    """Restart a service; one that is disabled is stopped and stays so."""
    if host.services[name].masked:
        return FailedAction(stop(host, name), DISABLED)
    return restart(host, name)


def pid(host: Host, service: Service) -> int:
    """The pid of a service's main process; 0 if it is not running."""
    main = main_process(host, service.name)
    return main.pid if main else 0


def record(service: Service) -> PSObject:
    """A service as Get-Service gives it."""
    running = service.state == "active"
    values: dict[str, PSValue] = {
        "Name": service.name,
        "RequiredServices": [],
        "CanPauseAndContinue": False,
        "CanShutdown": running,
        "CanStop": running,
        "DisplayName": service.title,
        "DependentServices": [],
        "MachineName": ".",
        "ServiceName": service.name,
        "ServicesDependedOn": [],
        "ServiceHandle": None,
        "Status": status(service),
        "ServiceType": SERVICE_TYPE,
        "StartType": start_type(service),
        "Site": None,
        "Container": None,
    }
    return PSObject(SERVICE, values, service.name)


def chosen(call: CmdletCall) -> list[Service]:
    """The services selected by -Name, -DisplayName or the pipeline; missing ones are reported."""
    host = call.session.host
    by_name = host.once(
        "services by name", lambda: sorted(host.services.values(), key=lambda service: service.name.lower())
    )
    everything = list(by_name)
    if call.has("DisplayName"):
        return _named(call, everything, call.texts("DisplayName"), lambda service: service.title, "display name")
    names = call.names("Name", "Name", "ServiceName")
    if not names:
        return [] if call.piped else everything
    return _named(call, everything, names, lambda service: service.name, "service name")


def _named(
    call: CmdletCall, everything: list[Service], names: list[str], key: Callable[[Service], str], what: str
) -> list[Service]:
    found: list[Service] = []
    for name in names:
        fits = [service for service in everything if like(key(service), name)]
        if call.cmdlet.name != "Get-Service":  # the other cmdlets accept a display name too
            fits = fits or [service for service in everything if like(service.title, name)]
        if not fits and not any(mark in name for mark in "*?["):
            text = f"Cannot find any service with {what} '{name}'."
            kind = "NoServiceFoundForGivenName" if what == "service name" else "NoServiceFoundForGivenDisplayName"
            call.fail(text, kind, "ObjectNotFound", f"{name}:String", "ServiceCommandException")
        found += [service for service in fits if service not in found]
    return found


def get_service(call: CmdletCall) -> Iterable[PSValue]:
    found = chosen(call)
    for pattern in call.texts("Exclude"):
        found = [service for service in found if not like(service.name, pattern)]
    for patterns in [call.texts("Include")] if call.has("Include") else []:
        found = [service for service in found if any(like(service.name, pattern) for pattern in patterns)]
    return [record(service) for service in found]


def _change(call: CmdletCall, act: Callable[[Host, str], Host | FailedAction]) -> Iterable[PSValue]:
    """Apply `act` to each selected service, and report failures."""
    if not call.piped and not call.bound.keys() & {"Name", "DisplayName", "InputObject"}:
        text = "Cannot process command because of one or more missing mandatory parameters: Name."
        raise call.cmdlet.unbound(text, "MissingMandatoryParameter", call.span)
    changed = []
    for service in chosen(call):
        if call.what_if(call.cmdlet.name, f"{service.title} ({service.name})"):
            continue
        done = act(call.session.host, service.name)
        call.session.host = done.host if isinstance(done, FailedAction) else done
        if isinstance(done, FailedAction):
            _not_started(call, service)
        changed.append(record(call.session.host.services[service.name]))
    return changed if call.flag("PassThru") else []


def _not_started(call: CmdletCall, service: Service) -> None:
    text = (
        f"Service '{service.title} ({service.name})' cannot be started due to the following error: "
        f"Cannot start service {service.name} on computer '.'."
    )
    target = "System.ServiceProcess.ServiceController:ServiceController"
    call.fail(text, "CouldNotStartService", "OpenError", target, "ServiceCommandException")


def start_service(call: CmdletCall) -> Iterable[PSValue]:
    return _change(call, started)


def stop_service(call: CmdletCall) -> Iterable[PSValue]:
    return _change(call, stop)


def restart_service(call: CmdletCall) -> Iterable[PSValue]:
    return _change(call, restarted)


def set_service(call: CmdletCall) -> Iterable[PSValue]:
    given = call.text("StartupType")[:80]
    kind = given.lower()
    if kind and kind not in ("automatic", "manual", "disabled"):
        text = (
            f"Cannot bind parameter 'StartupType'. Cannot convert value \"{given}\" to type "
            '"System.ServiceProcess.ServiceStartMode". Error: "Unable to match the identifier name '
            f"{given} to a valid enumerator name. Specify one of the following enumerator names and try again:\n"
            'Boot, System, Automatic, Manual, Disabled"'
        )
        raise call.cmdlet.unbound(text, "CannotConvertArgumentNoMessage", call.span)

    def act(host: Host, name: str) -> Host | FailedAction:
        if kind:
            host = set_start_type(host, name, kind)
        match call.text("Status").lower():
            case "running":
                return started(host, name)
            case "stopped":
                return stop(host, name)
            case _:
                return host

    return _change(call, act)


CMDLETS = (
    Cmdlet(
        "Get-Service",
        get_service,
        "Name|ServiceName",
        "DisplayName Include Exclude",
        lacks="DependentServices|DS RequiredServices|SDO|ServicesDependedOn ComputerName|Cn InputObject",
    ),
    Cmdlet("Start-Service", start_service, "Name|ServiceName", "DisplayName InputObject", "PassThru"),
    Cmdlet("Stop-Service", stop_service, "Name|ServiceName", "DisplayName InputObject", "Force NoWait PassThru"),
    Cmdlet("Restart-Service", restart_service, "Name|ServiceName", "DisplayName InputObject", "Force PassThru"),
    Cmdlet(
        "Set-Service",
        set_service,
        "Name|ServiceName",
        "StartupType|StartMode Status",
        "PassThru",
        lacks="Description DisplayName ComputerName InputObject",
    ),
)
