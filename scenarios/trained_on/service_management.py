"""Service management, trained on: is it up, does it start at boot, restart it, why is it down."""

from aj.acts import on, on_all
from fleet.actions import enable, stop
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import fail_service, some_hosts, with_service, without_service

SERVICES = ("nginx", "postgresql", "redis", "grafana", "haproxy", "cron")
REASONS = ("Out of memory", "Permission denied", "certificate has expired")
DOWN = "a service that is down does not come back by itself"


@template("service_management", "train", "easy")
def starts_at_boot(stage: Stage) -> None:
    """A service that runs now may not start after the next reboot."""
    name, service, enabled = stage.pick(), stage.rng.choice(SERVICES), stage.rng.random() < 0.5
    stage.put(enable(with_service(stage.hosts[name], service), service, enabled))
    state = "enabled" if enabled else "disabled"
    stage.turn(
        ("will {host} start {service} at boot?", "{service} on {host}, does it start at boot?",
            "check if {service} is enabled on {host}", "see whether {service} starts by itself on {host}",
            "on {host}, is {service} enabled at boot?", "{service} on {host}: enabled or disabled?",
            "tell me if {service} autostarts on {host}", "is autostart on for {service} on {host}?",
            "look up whether {service} is set to start at boot on {host}",
            "find out if {host} starts {service} at boot", "is {service} switched on for boot on {host}?"),
        [on(name, f"systemctl is-enabled {service}")], {name: (state,)}, f"`{service}` on `{name}` is {state}",
        "only an enabled service comes back after a reboot", service=service, host=name,
    )  # fmt: skip


@template("service_management", "train", "medium")
def where_is_it_down(stage: Stage) -> None:
    """Some hosts run the service, some do not; only the latter are asked for."""
    service, names = stage.rng.choice(SERVICES), list(stage.hosts)
    down = some_hosts(stage)
    for name in names:
        host = with_service(stage.hosts[name], service)
        stage.put(stop(host, service) if name in down else host)
    stage.turn(
        ("on which hosts is {service} not running?", "where is {service} down?",
            "which servers have {service} stopped?", "find the hosts where {service} is not active",
            "is {service} down anywhere? which hosts?",
            "check {service} everywhere and name the hosts where it is down",
            "which of them do not run {service} right now?", "list the servers without a running {service}",
            "show me only the hosts with {service} down", "go through all servers, where is {service} off?",
            "tell me which boxes have {service} inactive"),
        [on_all(f"systemctl is-active {service}")], dict.fromkeys(down, ()),
        f"`{service}` is inactive on {listed(down)}", DOWN, never=[name for name in names if name not in down],
        service=service,
    )  # fmt: skip


@template("service_management", "train", "medium")
def restart_and_check(stage: Stage) -> None:
    """A restart followed by a check: is it really running again?"""
    name, service = stage.pick(), stage.rng.choice(SERVICES)
    host = stage.put(with_service(stage.hosts[name], service))
    stage.turn(
        ("restart {service} on {host} and check that it is back",
            "restart {service} on {host}, then tell me its state",
            "bounce {service} on {host} and make sure it is running",
            "give {service} on {host} a restart and check it after",
            "on {host}: restart {service}, is it active afterwards?", "restart {service} on {host} and verify it",
            "kick {service} on {host} and see if it comes up again",
            "{service} on {host} needs a restart, check it came up",
            "please restart {service} on {host} and confirm the state",
            "do a restart of {service} on {host} with a check after it",
            "restart {service} over on {host}, is it up then?"),
        [on(name, f"systemctl restart {service} && systemctl is-active {service}")], {name: ("active|running",)},
        f"`{service}` on `{name}` is restarted and active", "a restart that nobody checks may leave it down",
        service=service, host=name,
    )  # fmt: skip
    at = f"{name}/services/{service}"
    stage.goal(f"{at}/restarts", str(host.services[service].restarts + 1), [f"{at}/*"])
    stage.goal(f"{at}/state", "active")
    stage.sees("checks the state", name, "active")


@template("service_management", "train", "easy")
def stop_one(stage: Stage) -> None:
    """A service is stopped on one host, and stays up on all the others."""
    name, service = stage.pick(), stage.rng.choice(SERVICES)
    for other in stage.hosts:
        stage.put(with_service(stage.hosts[other], service))
    stage.turn(
        ("stop {service} on {host}", "shut down {service} on {host}", "turn {service} off on {host}",
            "halt {service} on {host}", "take {service} down on {host}", "{service} must be stopped on {host}",
            "please stop the {service} service on {host}", "on {host}, stop {service}",
            "switch off {service} on {host}", "stop {service} only on {host}",
            "can you stop {service} over on {host}?"),
        [on(name, f"systemctl stop {service}; systemctl is-active {service}")], {name: ("inactive|stopped",)},
        f"`{service}` on `{name}` is inactive now", "a stopped service answers nobody until it is started again",
        service=service, host=name,
    )  # fmt: skip
    stage.goal(f"{name}/services/{service}/state", "inactive", [f"{name}/services/{service}/*"])


@template("service_management", "train", "hard")
def why_is_it_down(stage: Stage) -> None:
    """A failed service: the journal shows why, and it can be started again."""
    name, service, why = stage.pick(), stage.rng.choice(SERVICES), stage.rng.choice(REASONS)
    stage.put(fail_service(with_service(stage.hosts[name], service), service, f"fatal: {why}"))
    stage.turn(
        ("{service} died on {host}. find out why and start it again",
            "why did {service} fail on {host}? bring it back",
            "{service} is down on {host}: check the journal, then start it",
            "see why {service} crashed on {host} and start it",
            "look into the failed {service} on {host} and get it running",
            "what killed {service} on {host}? start it after you know",
            "{service} failed on {host}, tell me the reason and start it",
            "get {service} on {host} back up, and tell me why it died",
            "read why {service} went down on {host}, then start it",
            "{host} lost {service}: reason first, then start it"),
        [on(name, f"journalctl -u {service} -n 3 --no-pager"),
        on(name, f"systemctl start {service} && systemctl is-active {service}")],
        {name: (why, "active|running|started")}, f"`{service}` on `{name}` failed with \"{why}\", it is active again",
        "without the reason it will fail again", service=service, host=name,
    )  # fmt: skip
    stage.goal(f"{name}/services/{service}/state", "active", [f"{name}/services/{service}/*"])
    stage.sees("reads the journal", name, why)


@template("service_management", "train", "hard")
def restart_but_where(stage: Stage) -> None:
    """Several hosts run the service and none is named: check, ask which one, then act on it."""
    service, names = stage.rng.choice(SERVICES), list(stage.hosts)
    for name in names:
        stage.put(with_service(stage.hosts[name], service))
    name = stage.pick()
    stage.turn(
        ("restart {service}", "can you restart {service}?", "bounce {service}", "{service} hangs, restart it",
            "give {service} a kick", "restart the {service} service", "{service} needs a restart",
            "please restart {service} for me", "kick {service} once"),
        [on_all(f"systemctl is-active {service}")], dict.fromkeys(names, ()),
        f"`{service}` runs on {listed(names)}, which one do you mean?", "a restart on the wrong host breaks what works",
        kind="ask_back", service=service,
    )  # fmt: skip
    stage.turn(
        ("the one on {host}", "{host}", "on {host}", "take {host}", "only {host}", "I mean {host}",
            "{host}, please", "that of {host}"),
        [on(name, f"systemctl restart {service}")], {name: (service,)}, f"`{service}` on `{name}`",
        "a restart loads the new config", kind="restart", host=name,
    )  # fmt: skip
    at = f"{name}/services/{service}"
    stage.goal(f"{at}/restarts", str(stage.hosts[name].services[service].restarts + 1), [f"{at}/*"])
    stage.goal(f"{at}/state", "active")


@template("service_management", "train", "hard")
def not_installed(stage: Stage) -> None:
    """The requested service is not installed on the host: say so, and touch nothing else."""
    name, service = stage.pick(), stage.rng.choice(SERVICES[:5])
    stage.put(without_service(stage.hosts[name], service))
    stage.turn(
        ("start {service} on {host}", "get {service} going on {host}", "bring up {service} on {host}",
            "launch {service} on {host}", "{service} should run on {host}, start it", "fire up {service} on {host}",
            "make {service} run on {host}", "on {host}, start {service}", "please get {service} up on {host}",
            "turn on {service} on {host}"),
        [on(name, f"systemctl start {service}")],
        {name: ("not found|not installed|no such|does not exist|doesn't exist|isn't installed",)},
        f"`{service}` did not start on `{name}`: unit not found", "a unit that is not installed cannot be started",
        kind="failed", service=service, host=name,
    )  # fmt: skip


@template("service_management", "train", "medium", size=(2, 3), windows=1)
def start_on_windows(stage: Stage) -> None:
    """A Windows service is started with PowerShell and then checked."""
    name, service = stage.pick("windows"), stage.rng.choice(("Spooler", "wuauserv", "vmms"))
    stage.put(stop(with_service(stage.hosts[name], service), service))
    stage.turn(
        ("start {service} on {host}", "the {service} service is stopped on {host}, start it",
            "get {service} running on {host}", "bring {service} up on {host}",
            "start the Windows service {service} on {host}", "{service} on {host} is off, turn it on",
            "start {service} on {host} and check it", "make sure {service} runs on {host}",
            "on {host}, start the service {service}", "{host} needs {service} started",
            "please start {service} over on {host}"),
        [on(name, f"Start-Service {service}; Get-Service {service}")], {name: ("running|started",)},
        f"`{service}` on `{name}` is running", "a Windows service stays stopped until somebody starts it",
        service=service, host=name,
    )  # fmt: skip
    stage.goal(f"{name}/services/{service}/state", "active", [f"{name}/services/{service}/*"])
