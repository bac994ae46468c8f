"""Console programs that manage services: sc and net."""

from collections.abc import Sequence

import regex

from fleet.actions import FailedAction, stop
from fleet.model import Host, Service
from fleet.windows.cmdlets.console import ConsoleProgram, Words, console_output
from fleet.windows.cmdlets.services import DISABLED, account, pid, set_start_type, start_type, started
from fleet.windows.cmdlets.system import local_users
from fleet.windows.failure import Unmodelled
from fleet.windows.session import Session
from fleet.windows.values import PSValue

NET_VERBS = (
    "accounts", "computer", "config", "continue", "file", "group", "help", "helpmsg", "localgroup", "pause", "session",
    "share", "statistics", "time", "use", "user", "view",
)  # fmt: skip
SC_VERBS = """
failure qfailure description qdescription create delete sdshow sdset qtriggerinfo enumdepend getkeyname getdisplayname
pause continue interrogate control sidtype qsidtype privs qprivs boot lock querylock
"""
"""What else the real programs do."""


def _find(host: Host, name: str) -> Service | None:
    wanted = name.lower()
    return next((s for s in host.services.values() if wanted in (s.name.lower(), s.title.lower())), None)


def _state_lines(service: Service, more: Sequence[str] = ()) -> list[str]:
    running = service.state == "active"
    code = 1067 if service.state == "failed" else 0
    return [
        "",
        f"SERVICE_NAME: {service.name}",
        *more,
        "        TYPE               : 10  WIN32_OWN_PROCESS",
        f"        STATE              : {'4  RUNNING' if running else '1  STOPPED'}",
        *(["                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)"] if running else []),
        f"        WIN32_EXIT_CODE    : {code}  (0x{code:x})",
        "        SERVICE_EXIT_CODE  : 0  (0x0)",
        "        CHECKPOINT         : 0x0",
        "        WAIT_HINT          : 0x0",
    ]


def _config_lines(service: Service) -> list[str]:
    kind = {"Automatic": "2   AUTO_START", "Manual": "3   DEMAND_START", "Disabled": "4   DISABLED"}[
        start_type(service)
    ]
    return [
        "[SC] QueryServiceConfig SUCCESS",
        "",
        f"SERVICE_NAME: {service.name}",
        "        TYPE               : 10  WIN32_OWN_PROCESS",
        f"        START_TYPE         : {kind}",
        "        ERROR_CONTROL      : 1   NORMAL",
        f"        BINARY_PATH_NAME   : {service.command}",
        "        LOAD_ORDER_GROUP   :",
        "        TAG                : 0",
        f"        DISPLAY_NAME       : {service.title}",
        "        DEPENDENCIES       :",
        f"        SERVICE_START_NAME : {account(service)}",
    ]


def service_control(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    verb = words[0].lower() if words else ""
    if verb in ("query", "queryex") and (len(words) == 1 or "=" in words[1]):
        every = any(word.lower() == "all" for word in words)
        shown = [s for s in session.host.services.values() if s.state == "active" or every]
        shown.sort(key=lambda service: service.name.lower())
        return console_output(
            session, "\n".join(line for s in shown for line in _state_lines(s, [f"DISPLAY_NAME: {s.title}"]))
        )
    verbs = {
        "query": "EnumQueryServicesStatus:OpenService",
        "queryex": "EnumQueryServicesStatus:OpenService",
        "qc": "OpenService",
        "start": "StartService: OpenService",
        "stop": "OpenService",
        "config": "OpenService",
    }
    if verb in SC_VERBS.split():
        raise Unmodelled(f"sc {verb}")
    if verb not in verbs or len(words) < 2:
        return console_output(
            session,
            "DESCRIPTION:\n        SC is a command line program used for communicating with the\n"
            "        Service Control Manager and services.\nUSAGE:\n"
            "        sc <server> [command] [service name] <option1> <option2>...",
            1,
        )
    service = _find(session.host, words[1])
    if service is None:
        return console_output(
            session,
            f"[SC] {verbs[verb]} FAILED 1060:\n\nThe specified service does not exist as an installed service.\n",
            1060,
        )
    if verb == "qc":
        return console_output(session, "\n".join(_config_lines(service)))
    if verb == "config":
        kind = regex.fullmatch(r"start=\s*(auto|demand|disabled|delayed-auto)", " ".join(words[2:]).lower())
        if kind is None:
            raise Unmodelled(f"sc config {' '.join(words[2:])}")
        kinds = {"demand": "manual", "disabled": "disabled"}
        session.host = set_start_type(session.host, service.name, kinds.get(kind[1], "automatic"))
        return console_output(session, "[SC] ChangeServiceConfig SUCCESS")
    if verb in ("start", "stop"):
        return _control(session, service, verb)
    more = [f"        PID                : {pid(session.host, service)}"] if verb == "queryex" else []
    return console_output(session, "\n".join([*_state_lines(service), *more]))


def _control(session: Session, service: Service, verb: str) -> list[PSValue]:
    """sc start and sc stop."""
    running = service.state == "active"
    if running == (verb == "start"):
        code, why = (
            (1056, "An instance of the service is already running.")
            if running
            else (1062, "The service has not been started.")
        )
        name = "StartService" if verb == "start" else "ControlService"
        return console_output(session, f"[SC] {name} FAILED {code}:\n\n{why}\n", code)
    done = started(session.host, service.name) if verb == "start" else stop(session.host, service.name)
    session.host = done.host if isinstance(done, FailedAction) else done
    if isinstance(done, FailedAction):
        if session.host.services[service.name].masked:
            return console_output(session, f"[SC] StartService FAILED 1058:\n\n{DISABLED}\n", 1058)
        return console_output(
            session,
            "[SC] StartService FAILED 1053:\n\n"
            "The service did not respond to the start or control request in a timely fashion.\n",
            1053,
        )
    return console_output(session, "\n".join(_state_lines(session.host.services[service.name])))


def net(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    verb, name = (words[0].lower() if words else ""), " ".join(words[1:])
    if verb == "start" and not name:
        titles = sorted(s.title for s in session.host.services.values() if s.state == "active")
        return console_output(
            session,
            "\n".join(
                [
                    "These Windows services are started:",
                    "",
                    *(f"   {t}" for t in titles),
                    "",
                    "The command completed successfully.",
                    "",
                ]
            ),
        )
    if verb == "user" and not name:
        return console_output(session, _users(session.host))
    if verb == "use" and not name:  # no host of the fleet has mapped a drive
        return console_output(session, "New connections will be remembered.\n\nThere are no entries in the list.\n\n")
    if verb in NET_VERBS:
        raise Unmodelled(f"net {verb}")
    if verb not in ("start", "stop"):
        return console_output(session, "The syntax of this command is:\n\nNET\n    [ START | STOP ]", 1)
    service = _find(session.host, name)
    if service is None:
        return console_output(session, f"The service name is invalid.\n{_help(2185)}", 2)
    running, label = service.state == "active", f"The {service.title} service"
    if verb == "start" and running:
        return console_output(session, f"The requested service has already been started.\n{_help(2182)}", 2)
    if verb == "stop" and not running:
        return console_output(session, f"{label} is not started.\n{_help(3521)}", 2)
    done = started(session.host, service.name) if verb == "start" else stop(session.host, service.name)
    session.host = done.host if isinstance(done, FailedAction) else done
    if isinstance(done, FailedAction) and session.host.services[service.name].masked:
        return console_output(session, f"System error 1058 has occurred.\n\n{DISABLED}\n", 2)
    if isinstance(done, FailedAction):
        return console_output(
            session,
            f"{label} is starting.\n{label} could not be started.\n\n"
            f"The service did not report an error.\n{_help(3534)}",
            2,
        )
    if verb == "start":
        return console_output(session, f"{label} is starting.\n{label} was started successfully.\n")
    return console_output(session, f"{label} is stopping.\n{label} was stopped successfully.\n")


def _users(host: Host) -> str:
    """net user: three names a line."""
    names = list(local_users(host))
    rows = ["".join(f"{name:<25}" for name in names[place : place + 3]) for place in range(0, len(names), 3)]
    head = f"\nUser accounts for \\\\{host.name.upper()}\n\n{'-' * 79}"
    return "\n".join([head, *rows, "The command completed successfully.\n"])


def _help(number: int) -> str:
    return f"\nMore help is available by typing NET HELPMSG {number}.\n"


PROGRAMS: dict[str, ConsoleProgram] = {"sc": service_control, "net": net, "net1": net}
