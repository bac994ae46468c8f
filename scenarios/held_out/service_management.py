"""Service management, held out: services and situations that are not trained on."""

from aj.acts import on, on_all
from fleet.actions import enable, stop
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import ABSENT, add_process, fail_service, healthy, some_hosts, unknown_host, with_service

SERVICES = ("mysql", "rabbitmq", "prometheus", "apache2", "orders", "billing")
REASONS = ("too many open files", "license key is invalid", "cannot resolve db.internal")


@template("service_management", "eval", "easy")
def back_after_a_reboot(stage: Stage) -> None:
    """Will the service start again after a reboot?"""
    name, service, enabled = stage.pick(), stage.rng.choice(SERVICES), stage.rng.random() < 0.5
    stage.put(enable(with_service(stage.hosts[name], service), service, enabled))
    state = "enabled" if enabled else "disabled"
    stage.turn(
        ("when {host} reboots, is {service} enabled to come up again?",
            "will systemd bring {service} up after a reboot of {host}? enabled or not?",
            "before we reboot {host}: is the {service} unit enabled or disabled?",
            "is {service} enabled or disabled as a unit on {host}?"),
        [on(name, f"systemctl is-enabled {service}")], {name: (state,)}, f"`{service}` on `{name}` is {state}",
        "after a reboot only enabled units come up", service=service, host=name,
    )  # fmt: skip


@template("service_management", "eval", "easy")
def which_of_two(stage: Stage) -> None:
    """Two services of one host in one command; one of them is stopped."""
    name = stage.pick()
    up, down = stage.rng.sample(("mysql", "rabbitmq", "prometheus", "billing"), 2)
    stage.put(stop(with_service(with_service(stage.hosts[name], up), down), down))
    first, second = stage.rng.sample((up, down), 2)
    stage.turn(
        ("{first} and {second} on {host}: one of them does not run, which?",
            "is it {first} or {second} that is off on {host}?",
            "of {first} and {second} on {host}, name the one that is not active",
            "see {first} and {second} on {host}, who is inactive of the two?"),
        [on(name, f"systemctl is-active {first} {second}")], {name: (down,)}, f"`{down}` is inactive on `{name}`",
        "one may well run without the other", never=[up], first=first, second=second, host=name,
    )  # fmt: skip


@template("service_management", "eval", "medium")
def failed_units(stage: Stage) -> None:
    """Which units have failed, and where; hosts without any must not be named."""
    names = list(stage.hosts)
    failing = some_hosts(stage)
    units = {name: stage.rng.choice(SERVICES) for name in failing}
    for name in names:
        host = healthy(stage.hosts[name])
        if name in units:
            host = fail_service(with_service(host, units[name]), units[name], stage.rng.choice(REASONS))
        stage.put(host)
    stage.turn(
        ("any failed systemd units across our servers? host and unit",
            "which units are in a failed state, and on which servers?", "give me every failed unit with its host",
            "do we have hosts with failed units? which units?"),
        [on_all("systemctl --failed --no-legend")], {name: (f"{unit}|{unit}.service",) for name, unit in units.items()},
        ", ".join(f"`{name}` has `{unit}` failed" for name, unit in units.items()),
        "a failed unit waits for somebody to look", never=[name for name in names if name not in units],
    )  # fmt: skip


@template("service_management", "eval", "medium")
def reload_without_a_break(stage: Stage) -> None:
    """A reload instead of a restart, so that no connection drops."""
    name, service = stage.pick(), stage.rng.choice(("apache2", "prometheus"))
    host = stage.put(with_service(stage.hosts[name], service))
    stage.turn(
        ("make {service} on {host} read its config again without restarting it",
            "reload {service} on {host}, no restart, nobody may be cut off",
            "{service} on {host} has a new config, reload it gracefully",
            "do a reload of {service} on {host}, it must keep serving"),
        [on(name, f"systemctl reload {service} && systemctl is-active {service}")],
        {name: ("reload|reloaded|re-read|read",)}, f"`{service}` on `{name}` is reloaded and active",
        "a reload keeps the open connections", service=service, host=name,
    )  # fmt: skip
    at = f"{name}/services/{service}"
    stage.goal(f"{at}/reloads", str(host.services[service].reloads + 1))
    stage.goal(f"{at}/restarts", str(host.services[service].restarts))


@template("service_management", "eval", "medium")
def not_at_the_next_boot(stage: Stage) -> None:
    """Disabled for the next boot, but left running now."""
    name, service = stage.pick(), stage.rng.choice(SERVICES)
    host = stage.put(with_service(stage.hosts[name], service))
    stage.turn(
        ("keep {service} running on {host}, but it must not come up at the next boot",
            "disable {service} on {host} for the next boot, do not stop it now",
            "take {service} out of the boot sequence of {host}, leave it running for today",
            "{service} on {host} should no longer start at boot; do not stop it"),
        [on(name, f"systemctl disable {service}; systemctl is-enabled {service}")],
        {name: ("disabled|not enabled|no longer starts|no longer enabled|won't start|won't come up|will not",)},
        f"`{service}` on `{name}` is disabled, and not stopped", "disable is about the next boot, stop is about now",
        service=service, host=name,
    )  # fmt: skip
    at = f"{name}/services/{service}"
    stage.goal(f"{at}/enabled", "False")
    stage.goal(f"{at}/state", host.services[service].state)


@template("service_management", "eval", "hard")
def only_where_it_died(stage: Stage) -> None:
    """The service has failed on one of several hosts: start it there, leave the others alone."""
    service, names = stage.rng.choice(SERVICES), list(stage.hosts)
    dead = stage.pick()
    for name in names:
        stage.put(with_service(stage.hosts[name], service))
    stage.put(fail_service(stage.hosts[dead], service, stage.rng.choice(REASONS)))
    stage.turn(
        ("one of our {service} instances has crashed. find it and bring it up, hands off the healthy ones",
            "revive {service} on the host where it failed, leave the rest alone",
            "{service} crashed somewhere, start it there and nowhere else",
            "look for the {service} that failed and get just that one going"),
        [on_all(f"systemctl is-active {service}"),
        on(dead, f"systemctl start {service} && systemctl is-active {service}")],
        {dead: ("active|running|started|up|back",)}, f"`{service}` had failed on `{dead}`, it is active again there",
        "healthy instances must not be disturbed", service=service,
    )  # fmt: skip
    stage.goal(f"{dead}/services/{service}/state", "active", [f"{dead}/services/{service}/*"])
    stage.sees("finds the failed one", dead, "failed")


@template("service_management", "eval", "hard")
def its_port_is_taken(stage: Stage) -> None:
    """A service cannot start because a stray process uses its port: report it, and kill nothing unasked."""
    name = stage.pick()
    service, port = stage.rng.choice((("prometheus", 9090), ("rabbitmq", 15672), ("orders", 8080)))
    host = stop(with_service(stage.hosts[name], service), service)
    stage.put(add_process(host, f"python3 -m http.server {port}")[0])
    stage.turn(
        ("try to start {service} on {host}; if it refuses, tell me what is in its way and leave it at that",
            "start {service} on {host}, and if that fails only report the cause",
            "{service} should be started on {host}. no luck? then just say why",
            "attempt a start of {service} on {host} and report what happens, fix nothing else"),
        [on(name, f"systemctl start {service}"), on(name, f"journalctl -u {service} -n 4 --no-pager")],
        {name: (str(port),)}, f"`{service}` did not start on `{name}`: port {port} is already in use",
        "two programs cannot listen on one port", kind="failed", service=service, host=name,
    )  # fmt: skip
    stage.may(f"{name}/services/{service}/*")
    stage.sees("sees the cause", name, "in use")


@template("service_management", "eval", "hard")
def no_such_host(stage: Stage) -> None:
    """The named host does not exist: say which hosts do, and act on none of them."""
    service, names = stage.rng.choice(SERVICES), list(stage.hosts)
    for name in names:
        stage.put(with_service(stage.hosts[name], service))
    ghost = unknown_host(stage)
    stage.turn(
        ("{host} should restart its {service}", "{service} on {host} acts up, restart it there",
            "restart the {service} that runs on {host}", "{host} needs its {service} restarted"),
        [], {"": (ghost, ABSENT), **dict.fromkeys(names, ())},
        f"there is no agent `{ghost}`, the agents are {listed(names)}", "only an agent of the list can be reached",
        kind="failed", service=service, host=ghost,
    )  # fmt: skip


@template("service_management", "eval", "hard", size=(3, 4), windows=2)
def on_the_windows_machines(stage: Stage) -> None:
    """Only the two Windows hosts of a mixed fleet have this service; it takes PowerShell."""
    service = stage.rng.choice(("DNS", "W3SVC", "OrdersSvc"))
    names = [name for name, host in stage.hosts.items() if host.platform == "windows"]
    stopped = stage.rng.choice(names)
    for name in names:
        host = with_service(stage.hosts[name], service)
        stage.put(stop(host, service) if name == stopped else host)
    stage.turn(
        ("status of the Windows service {service} on each of our Windows machines",
            "how is {service} on the Windows servers? each one", "check {service} on both Windows boxes",
            "our two Windows hosts: what does {service} do on each?"),
        [on(name, f"Get-Service {service}") for name in names],
        {name: ("stopped|not running" if name == stopped else "running",) for name in names},
        ", ".join(f"`{service}` on `{name}` is {'stopped' if name == stopped else 'running'}" for name in names),
        "a Windows service is asked for in PowerShell", never=[n for n in stage.hosts if n not in names],
        service=service,
    )  # fmt: skip
