"""systemctl status: what it prints for one unit."""

from fleet.linux.systemd.journal_entries import of_unit, short
from fleet.linux.systemd.unit_state import (
    LastRun,
    ago,
    file_state,
    last_run,
    moment,
    ran_from,
    result,
    span,
    started_as,
    sub_state,
)
from fleet.model import Host, Service
from fleet.ports import main_process
from fleet.signals import signal_of_end
from fleet.unit_files import drop_ins, set_in, unit_path, unit_type

DOCUMENTATION = {
    "nginx": ("man:nginx(8)",),
    "apache2": ("https://httpd.apache.org/docs/2.4/",),
    "haproxy": ("man:haproxy(1)", "file:/usr/share/doc/haproxy/configuration.txt.gz"),
    "redis": ("http://redis.io/documentation,", "man:redis-server(1)"),
    "mysql": ("man:mysqld(8)", "http://dev.mysql.com/doc/refman/en/using-systemd.html"),
    "grafana": ("http://docs.grafana.org",),
    "prometheus": ("https://prometheus.io/docs/introduction/overview/", "man:prometheus(1)"),
    "docker": ("https://docs.docker.com",),
    "cron": ("man:cron(8)",),
    "ssh": ("man:sshd(8)", "man:sshd_config(5)"),
}
"""Documentation= of the units that packages ship."""


def status_text(host: Host, service: Service, lines: str = "10") -> str:
    """What `systemctl status` prints for one service."""
    unit, dot = f"{service.name}.service", {"active": "●", "inactive": "○", "failed": "×"}[service.state]
    state = file_state(host, service)
    preset = "" if state == "static" else "; preset: enabled"
    loaded = f"loaded ({unit_path(host, service)}; {state}{preset})"
    if service.masked:
        loaded = f"masked (Reason: Unit {unit} is masked.)"
    text = f"{dot} {unit} - {service.title}\n     Loaded: {loaded}\n"
    if dropped := drop_ins(host, service.name):
        folder = dropped[0].rpartition("/")[0]
        text += f"    Drop-In: {folder}\n             └─{', '.join(path.rpartition('/')[2] for path in dropped)}\n"
    text += f"     Active: {_activity(host, service)}\n"
    if (began := ran_from(host, service)) is not None:
        text += f"   Duration: {span(service.since - began)}\n"
    if documents := DOCUMENTATION.get(service.name):
        text += f"       Docs: {documents[0]}\n" + "".join(f"             {one}\n" for one in documents[1:])
    main = main_process(host, service.name)
    if service.state == "active" and main:
        text += _starters(host, service, main.pid)
        own = [main, *(p for p in host.processes if p.service == service.name and p is not main)]
        text += f"   Main PID: {main.pid} ({main.name})\n"
        text += f"      Tasks: {len(own)} (limit: {host.memory.total // 880})\n"
        text += f"     Memory: {sum(p.resident for p in own) / 1024:.1f}M\n"
        text += f"        CPU: {span(sum(p.seconds for p in own))}\n"
        text += f"     CGroup: /system.slice/{unit}\n"
        for process in own:
            branch = "└─" if process is own[-1] else "├─"
            command = f'"{process.command}"' if ": " in process.command else process.command
            text += f"             {branch}{process.pid} {command}\n"
    elif ended := last_run(host, service):
        text += _ended(host, service, ended)
    count = int(lines) if lines.isdecimal() else 10
    entries = of_unit(host, service.name)[-count:] if count else []
    return text + "".join(f"{line}\n" for line in ["", *(short(host, entry) for entry in entries)] if entries)


def _starters(host: Host, service: Service, pid: int) -> str:
    """The processes that have started a running unit and ended, as a unit of type forking has."""
    if unit_type(host, service.name) != "forking":
        return ""
    before = set_in(host, service.name, "ExecStartPre").replace("'", "")
    lines = [("ExecStartPre", before)] if before else []
    lines.append(("ExecStart", started_as(service)))
    return "".join(
        f"    Process: {pid - len(lines) + place} {key}={line} (code=exited, status=0/SUCCESS)\n"
        for place, (key, line) in enumerate(lines)
    )


def init_scope(host: Host) -> str:
    """systemctl status 1"""
    own = next(process for process in host.processes if process.pid == 1)
    return (
        "● init.scope - System and Service Manager\n     Loaded: loaded\n  Transient: yes\n"
        f"     Active: active (running) since {moment(host.boot)}; {ago(host.now - host.boot)} ago\n"
        f"       Docs: man:systemd(1)\n      Tasks: 1\n     Memory: {own.resident / 1024:.1f}M\n"
        f"        CPU: {span(own.seconds)}\n     CGroup: /init.scope\n             └─1 {own.command}\n"
    )


def _activity(host: Host, service: Service) -> str:
    since = f"since {moment(service.since)}; {ago(host.now - service.since)} ago"
    if service.state == "failed":
        return f"failed (Result: {result(host, service)}) {since}"
    if service.state == "inactive" and not service.since:
        return "inactive (dead)"
    return f"{service.state} ({sub_state(host, service)}) {since}"


def _ended(host: Host, service: Service, ended: LastRun) -> str:
    """How the processes of the last run ended: of a forking unit, the one that has started the other."""
    forking = unit_type(host, service.name) == "forking"
    failed_to_start = service.state == "failed" and not signal_of_end(service.exit_code)
    first = "code=exited, status=0/SUCCESS" if forking and not failed_to_start else ended.told
    text = f"    Process: {ended.pid} ExecStart={started_as(service)} ({first})\n"
    if not (forking and failed_to_start):
        text += f"   Main PID: {ended.pid} ({ended.told})\n"
    return f"{text}        CPU: 21ms\n"
