"""What signals do to processes, and what the service manager makes of a main process that has ended."""

from dataclasses import replace

from fleet.actions import (
    RELOADING,
    FailedAction,
    log_by_manager,
    manager_says,
    reload,
    respawned,
    start,
    stop,
)
from fleet.model import Host, Process, Service
from fleet.ports import main_process
from fleet.unit_files import restart_policy, set_in

SIGNALS = ("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
    "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH",
    "IO", "PWR", "SYS")  # fmt: skip
"""By number, from 1."""
DEADLY = frozenset(("HUP", "INT", "QUIT", "ABRT", "KILL", "TERM", "SEGV"))
"""Signals that end a process here; of the others only STOP and CONT have an effect."""
CLEAN = frozenset(("HUP", "INT", "TERM", "PIPE"))
"""Ends that systemd takes for success (systemd.service(5), SuccessExitStatus=)."""
DUMPED = frozenset(("QUIT", "ABRT", "SEGV"))
"""Signals after which the kernel writes a core dump."""
LIMIT, WITHIN = 5, 10
"""systemd's DefaultStartLimitBurst and DefaultStartLimitIntervalSec: so many restarts in so many seconds are enough."""


def kill(host: Host, pid: int, signal: str = "KILL") -> Host | FailedAction:
    """Send a signal to a process. What a main process's end means is for the service manager to say; a worker is
    respawned by its main process."""
    process = next((p for p in host.processes if p.pid == pid), None)
    if process is None:
        return FailedAction(host, f"({pid}) - No such process")
    if pid == 1 or process.command.startswith("[") or process.state.startswith("Z"):
        return host  # init, kernel threads and zombies ignore signals
    if signal in ("STOP", "CONT"):
        return _held(host, process, signal)
    if signal not in DEADLY:
        return host
    if process.service is None:
        return replace(host, processes=tuple(p for p in host.processes if p.pid != pid and p.parent != pid))
    if process != main_process(host, process.service):
        return respawned(host, process)
    service = host.services[process.service]
    if signal == "HUP" and service.name == "cron":
        return host  # it only opens its log anew
    if signal == "HUP" and service.name in RELOADING:
        done = reload(host, service.name)
        return done.host if isinstance(done, FailedAction) else done
    return ended(host, service, signal)


def _held(host: Host, process: Process, signal: str) -> Host:
    state = f"T{process.state[1:]}" if signal == "STOP" else process.state.replace("T", "S")
    held = replace(process, state=state)
    return replace(host, processes=tuple(held if p is process else p for p in host.processes))


def ended(host: Host, service: Service, signal: str) -> Host:
    """The host after a service's main process was ended by a signal: inactive, failed, or started again."""
    journal = host.journal
    host = replace(stop(host, service.name), journal=journal)
    clean = signal in CLEAN or (service.command.startswith("nginx") and signal == "QUIT")
    clean = clean or _listed(host, service, "SuccessExitStatus", signal)
    number = SIGNALS.index(signal) + 1
    if host.platform == "windows":
        host = log_by_manager(host, service, "", "terminated unexpectedly", 4)
        return host.with_service(replace(service, state="failed", since=host.now, exit_code=128 + number))
    unit = f"{service.name}.service"
    if clean:
        host = manager_says(host, service, f"{unit}: Deactivated successfully.")
        host = host.with_service(replace(service, state="inactive", since=host.now, exit_code=0))
    else:
        code = "dumped" if dumps(host, signal) else "killed"
        result = "core-dump" if dumps(host, signal) else "signal"
        host = manager_says(host, service, f"{unit}: Main process exited, code={code}, status={number}/{signal}", 5)
        host = manager_says(host, service, f"{unit}: Failed with result '{result}'.", 4)
        host = host.with_service(replace(service, state="failed", since=host.now, exit_code=128 + number))
    return _restarted(host, host.services[service.name]) if _restarts(host, service, signal, clean) else host


def _listed(host: Host, service: Service, key: str, signal: str) -> bool:
    """Whether a list of statuses in the unit, such as SuccessExitStatus=143 SIGKILL, names a signal."""
    return bool({signal, f"SIG{signal}"}.intersection(set_in(host, service.name, key).split()))


def _restarts(host: Host, service: Service, signal: str, clean: bool) -> bool:
    """Whether the unit's Restart= starts it again after such an end."""
    if _listed(host, service, "RestartPreventExitStatus", signal):
        return False
    if _listed(host, service, "RestartForceExitStatus", signal):
        return True
    policy = restart_policy(host, service.name)
    return (
        policy in ("always", "on-success") if clean else policy in ("always", "on-failure", "on-abnormal", "on-abort")
    )


def _restarted(host: Host, service: Service) -> Host:
    """The host after systemd has started a unit again, or has given up on it."""
    unit = f"{service.name}.service"
    times = [entry.time for entry in host.journal if entry.unit == service.name and _SCHEDULED in entry.message]
    if sum(host.now - time < WITHIN for time in times) >= LIMIT:
        host = manager_says(host, service, f"{unit}: Start request repeated too quickly.", 4)
        host = manager_says(host, service, f"{unit}: Failed with result '{_result_of(host, service)}'.", 4)
        host = manager_says(host, service, f"Failed to start {service.title}.", 3)
        return host.with_service(replace(host.services[service.name], state="failed"))
    host = manager_says(host, service, f"{unit}: {_SCHEDULED} {automatic_restarts(host, service.name) + 1}.")
    host = manager_says(host, service, f"Stopped {service.title}.")
    host = host.with_service(replace(service, state="inactive", restarts=service.restarts + 1))
    done = start(host, service.name)
    return done.host if isinstance(done, FailedAction) else done


_SCHEDULED = "Scheduled restart job, restart counter is at"


def _result_of(host: Host, service: Service) -> str:
    return result_of(host, service.exit_code) if service.state == "failed" else "start-limit-hit"


def signal_of_end(exit_code: int) -> str | None:
    """The signal that ended a run; None if it ended by itself, such as with systemd's own 203/EXEC."""
    return SIGNALS[exit_code - 129] if 128 < exit_code <= 128 + len(SIGNALS) else None


def dumps(host: Host, signal: str) -> bool:
    """Whether a signal leaves a core dump: Ubuntu hands it to apport, Debian allows services none."""
    return signal in DUMPED and host.system.id != "debian"


def result_of(host: Host, exit_code: int) -> str:
    """systemd's Result of a run that ended with this exit code; over 128 a signal ended it."""
    if signal := signal_of_end(exit_code):
        return "core-dump" if dumps(host, signal) else "signal"
    return "exit-code" if exit_code else "success"


def automatic_restarts(host: Host, name: str) -> int:
    """NRestarts: how often systemd has started a unit again since somebody last did."""
    for entry in reversed(host.journal):
        if entry.unit == name and entry.pid == 1:
            if _SCHEDULED in entry.message:
                return int(entry.message.rstrip(".").rpartition(" ")[2])
            if entry.message.startswith("Stopping "):
                return 0
    return 0
