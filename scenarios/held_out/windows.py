"""Windows hosts, held out: other questions, other services, and what stands in the way of a change."""

from dataclasses import replace

from aj.acts import here, on, on_all
from fleet.actions import stop
from fleet.model import File
from fleet.workspace import FOLDER
from scenarios.scenario import Stage, template
from scenarios.trouble import (
    add_event,
    add_process,
    bumped,
    free_on_c,
    healthy,
    log_of,
    set_value,
    some_hosts,
    version,
    wants_file,
    with_service,
    with_usage,
    write,
)

GB = 1024**3
ORDERS_LOG = r"C:\Apps\Orders\logs\orders.log"
SETTINGS = r"C:\Apps\Orders\appsettings.json"


@template("targeted_diagnosis", "eval", "easy", size=(2, 3), windows=1)
def sessions_on_windows(stage: Stage) -> None:
    """Who is logged on to a Windows host."""
    name = stage.pick("windows")
    login = next(login for login in stage.hosts[name].logins if login.end is None)
    stage.turn(
        ("who has a session on the Windows machine {host} at this moment?", "which user is logged on to {host} (Windows)?",
            "is anybody logged on to the Windows host {host}? who?", "{host}, a Windows box: whose session is open?"),
        [on(name, "quser")], {name: (login.user,)}, f"`{login.user}` is logged on to `{name}`",
        "a restart would throw them out", host=name,
    )  # fmt: skip


@template("targeted_diagnosis", "eval", "hard", size=(2, 3), windows=1)
def program_behind_a_port(stage: Stage) -> None:
    """The program that owns a port of a Windows host: from the port to the process, and to its name."""
    name = stage.pick("windows")
    host = stage.put(with_service(stage.hosts[name], "W3SVC"))
    owner = next(p for p in host.processes if p.service == "W3SVC")
    stage.turn(
        ("name the program behind port 443 on {host}, the Windows machine, with its pid",
            "port 443 of {host} (Windows) belongs to which program and pid?",
            "what program answers on 443 on the Windows box {host}, and under which pid?",
            "trace port 443 on {host} (a Windows host) back to its program; pid too"),
        [on(name, "Get-NetTCPConnection -LocalPort 443 -State Listen"), on(name, f"Get-Process -Id {owner.pid}")],
        {name: ("svchost", str(owner.pid))}, f"`svchost` with pid {owner.pid} listens on port 443 of `{name}`",
        "only the program's name says whom to ask", host=name,
    )  # fmt: skip


@template("process_hunting", "eval", "hard", size=(2, 3), windows=1)
def the_bigger_of_two(stage: Stage) -> None:
    """Two processes of one name: the one with more memory goes, the other one stays."""
    name, program = stage.pick("windows"), stage.rng.choice(("exporter", "mailmerge", "renderer"))
    command = rf"C:\Batch\{program}.exe"
    host, first = add_process(stage.hosts[name], command, resident=stage.rng.randrange(90_000, 300_000), user="SYSTEM")
    host, second = add_process(host, command, resident=stage.rng.randrange(700_000, 900_000), user="SYSTEM")
    stage.put(host)
    stage.turn(
        ("{program} runs twice on {host} (Windows). stop the copy that takes more memory, by its pid, not the other",
            "of the two {program} processes on the Windows box {host}, end just the bigger one by memory; its pid?",
            "Windows machine {host} has {program} twice: stop the one with more memory, keep its twin. which pid was it?",
            "end the larger {program} on {host} (it is Windows, larger by memory) and leave the smaller one running"),
        [on(name, f"Get-Process {program} | Sort-Object WS -Descending"), on(name, f"Stop-Process -Id {second}")],
        {name: (str(second),)}, f"`{program}` with pid {second} on `{name}` is ended",
        "a pid names one process, a name may mean several", host=name, program=program,
    )  # fmt: skip
    stage.goal(f"{name}/processes/{second}", None)
    stage.sees("sees both", name, str(first))


@template("local_workspace", "eval", "easy", size=(2, 3), windows=1)
def share_in_my_notes(stage: Stage) -> None:
    """A Windows path in the local notes, beside a Linux one."""
    share = stage.rng.choice((r"E:\Backups\nightly", r"D:\Program Data\dumps", r"E:\Team\old releases"))
    stage.put(write(stage.local, f"{FOLDER}/backup.ini", f"[linux]\npath = /backup\n[windows]\npath = {share}\n"))
    stage.turn(
        ("backup.ini in my project has a [windows] section: what path is in it?",
            "where do Windows backups go, by the backup.ini in this folder?",
            "quote the path under [windows] from my backup.ini", "my backup.ini: path of the [windows] part?"),
        [here("cat backup.ini")], {"": (share,)}, f"the path for Windows is `{share}`",
        "a backup in the wrong place is not found when it is needed",
    )  # fmt: skip


@template("service_management", "eval", "hard", size=(2, 3), windows=1)
def it_is_disabled(stage: Stage) -> None:
    """A Windows service that cannot be started, because it is disabled: say so, and change nothing."""
    name, service = stage.pick("windows"), stage.rng.choice(("DNS", "W3SVC", "MSSQLSERVER"))
    host = stop(with_service(stage.hosts[name], service), service)
    stage.put(host.with_service(replace(host.services[service], enabled=False, masked=True)))
    stage.turn(
        ("try to start {service} on {host}, a Windows machine. if it will not, find out why and touch nothing",
            "start {service} on the Windows box {host}; should it refuse, just name the reason, it may be its start type",
            "see if {service} on {host} (Windows) can be started. if not: why? change no settings",
            "attempt to start {service} on {host}, which is Windows. report the obstacle if there is one, fix nothing"),
        [on(name, f"Start-Service {service}"), on(name, f"(Get-Service {service}).StartType")],
        {name: ("disabled",)}, f"`{service}` did not start on `{name}`: it is disabled",
        "somebody disabled it on purpose", kind="failed", service=service, host=name,
    )  # fmt: skip
    stage.sees("sees the start type", name, "Disabled")


@template("service_management", "eval", "medium", size=(2, 3), windows=1)
def by_itself_from_now_on(stage: Stage) -> None:
    """A Windows service that is started by hand shall start by itself."""
    name, service = stage.pick("windows"), stage.rng.choice(("DNS", "W3SVC", "MSSQLSERVER"))
    host = with_service(stage.hosts[name], service)
    stage.put(host.with_service(replace(host.services[service], enabled=False)))
    stage.turn(
        ("after each reboot somebody starts {service} on {host} (Windows) by hand. make it Automatic and show me the start type",
            "set {service} on the Windows host {host} to Automatic, then verify the start type",
            "{service} on {host}, Windows, must come up by itself: make its start type Automatic and read it back",
            "change the start type of {service} to Automatic on {host} (a Windows box) and prove it"),
        [on(name, f"Set-Service {service} -StartupType Automatic"), on(name, f"(Get-Service {service}).StartType")],
        {name: ("automatic",)}, f"`{service}` on `{name}` has the start type Automatic",
        "what starts by hand is forgotten at night", service=service, host=name,
    )  # fmt: skip
    stage.goal(f"{name}/services/{service}/enabled", "True")
    stage.sees("reads it back", name, "Automatic")


@template("log_investigation", "eval", "medium", size=(2, 3), windows=1)
def how_many_on_windows(stage: Stage) -> None:
    """How often a message stands in a Windows log."""
    name, count = stage.pick("windows"), stage.rng.randrange(4, 12)
    lines = ["INFO cache refreshed"] * stage.rng.randrange(3, 9) + ["WARN voucher rejected"] * count
    host = with_service(stage.hosts[name], "OrdersSvc")
    stage.put(write(host, ORDERS_LOG, log_of(stage, lines)))
    stage.turn(
        ("count the rejected vouchers in {file} on {host} (Windows)",
            "number of lines with 'voucher rejected' in {file} on the Windows machine {host}?",
            "{file} on {host}, a Windows box: how many times 'voucher rejected'?",
            "how often was a voucher rejected, by {file} on Windows host {host}?"),
        [on(name, f"(Select-String 'voucher rejected' {ORDERS_LOG}).Count")], {name: (str(count),)},
        f"{count} vouchers were rejected on `{name}`", "a number shows whether it grows", file=ORDERS_LOG, host=name,
    )  # fmt: skip


@template("log_investigation", "eval", "hard", size=(2, 3), windows=3)
def whose_disk_complains(stage: Stage) -> None:
    """A warning in the System log of one of several Windows hosts."""
    bad, event = stage.pick(), stage.rng.choice((51, 129, 153))
    stage.put(add_event(stage.hosts[bad], "disk", "An I/O request was retried on disk 0.", 4, event, 3000))
    stage.turn(
        ("one of the machines logs warnings from the source disk. whose, and with which event id?",
            "find the server whose System log has events of the provider disk, and their id",
            "somewhere the provider disk writes to the System log: which node, what event id?",
            "which node has disk events in its System log? event id too, please"),
        [on_all("Get-EventLog System -Source disk")], {bad: (str(event),)},
        f"`{bad}` logs disk events with id {event}", "a disk that repeats requests fails soon", never=stage.others(bad),
    )  # fmt: skip


@template("config_comparison", "eval", "hard", size=(2, 3), windows=3)
def another_port(stage: Stage) -> None:
    """One Windows host is set to another port."""
    odd, usual, other = stage.pick(), "8080", stage.rng.choice(("8085", "8099", "9080"))
    for name in stage.hosts:
        host = with_service(stage.hosts[name], "OrdersSvc")
        stage.put(set_value(host, SETTINGS, "Port", other if name == odd else usual))
    stage.turn(
        ("orders listens on {port} everywhere but on one machine, by {path}. which one, and what Port does it have?",
            "every {path} should say Port {port}: who strays, and to what?",
            "one Port in {path} is not {port}. on which node, and what is it there?",
            "go through {path} on all nodes and find the Port that is not {port}"),
        [on_all(f"Select-String Port {SETTINGS}")], {odd: (other,)}, f"`{odd}` has Port {other}",
        "clients look for it on the usual port", never=stage.others(odd), path=SETTINGS, port=usual,
    )  # fmt: skip


@template("deployment_check", "eval", "medium", size=(2, 3), windows=1)
def newest_release_folder(stage: Stage) -> None:
    """Release folders on a Windows host; the newest is not the last in the alphabet."""
    name, first = stage.pick("windows"), f"{stage.rng.randrange(2, 8)}.{stage.rng.randrange(1, 9)}."
    numbers = [f"{first}{patch}" for patch in (8, 9, 10 + stage.rng.randrange(5))]
    host = stage.hosts[name]
    for number in stage.rng.sample(numbers, 3):
        host = write(host, rf"C:\Releases\{number}\shop.dll", f"{number}\n")
    stage.put(host)
    stage.turn(
        (r"what is the highest release under C:\Releases on {host} (Windows)?",
            r"C:\Releases on the Windows machine {host}: which release number is the newest?",
            r"look into C:\Releases on {host}, a Windows box, and tell me the latest release number",
            r"which release could we deploy from C:\Releases on Windows host {host}? the newest number, please"),
        [on(name, r"Get-ChildItem C:\Releases -Name")], {name: (numbers[-1],)},
        f"`{numbers[-1]}` is the newest release on `{name}`", "10 comes after 9, whatever the alphabet says",
        host=name,
    )  # fmt: skip


@template("disk_space", "eval", "hard", size=(2, 3), windows=1)
def the_biggest_dump_goes(stage: Stage) -> None:
    """Of several dumps on drive C the biggest is found, then deleted; the others stay."""
    name = stage.pick("windows")
    files = stage.rng.sample(("orders.dmp", "w3wp.dmp", "spool.dmp", "agent.dmp"), 3)
    host = with_usage(stage.hosts[name], stage.rng.randrange(30, 50), "C:")
    for file, size in zip(files, (3, 1, 1), strict=True):
        host = host.with_file(rf"C:\Dumps\{file}", File(bulk=size * GB, modified=host.now - 90_000))
    stage.put(host)
    big = rf"C:\Dumps\{files[0]}"
    left = free_on_c(host.with_file(big, None))
    stage.turn(
        (r"what is the biggest file in C:\Dumps on {host} (a Windows host)?",
            r"name the largest dump under C:\Dumps on the Windows machine {host}",
            r"C:\Dumps on {host}, Windows: which file there is largest?",
            r"which dump in C:\Dumps takes most space on Windows box {host}?"),
        [on(name, r"Get-ChildItem C:\Dumps | Sort-Object Length -Descending | Select-Object -First 1")],
        {name: (files[0],)}, f"`{files[0]}` is the biggest on `{name}`", "one file often is the whole problem",
        host=name,
    )  # fmt: skip
    stage.turn(
        ("remove that one, not its neighbours, and say what C: has free then", "that file may go. free on C: afterwards?",
            "delete just that one and report what is available on C:", "drop it, then measure drive C"),
        [on(name, f"Remove-Item {big}"), on(name, "Get-PSDrive C")], {name: (f"{left}|{left}G",)},
        f"`{files[0]}` is deleted, `{name}` has {left} GB free on C:", "one file often is the whole problem",
    )  # fmt: skip
    stage.goal(f"{name}/files/{big}", None)
    stage.sees("looks afterwards", name, left)


@template("hybrid_workflow", "eval", "hard", size=(2, 3), windows=1)
def my_level_on_windows(stage: Stage) -> None:
    """A value from the local config is brought into a JSON file on a Windows host."""
    name, level = stage.pick("windows"), stage.rng.choice(("Debug", "Warning", "Error"))
    stage.put(write(stage.local, f"{FOLDER}/logging.ini", f"level = {level}\nkeep = 14 days\n"))
    host = stage.put(with_service(stage.hosts[name], "OrdersSvc"))
    stage.turn(
        ("my logging.ini has a level. put it in place of Information in {path} on {host} (Windows), and read it back",
            "{path} on the Windows machine {host} says Information; replace that by the level of my logging.ini and verify",
            "in {path} on {host}, a Windows host, Information must become the level that my logging.ini has. check after",
            "take the level out of my logging.ini and let it replace Information in {path} on Windows box {host}; proof, please"),
        [here("cat logging.ini"),
        on(name, f"(Get-Content {SETTINGS}) -replace 'Information','{level}' | Set-Content {SETTINGS}; "
            f"Select-String LogLevel {SETTINGS}")],
        {name: (level,)}, f"LogLevel on `{name}` is `{level}` now", "both sides should log alike",
        path=SETTINGS, host=name,
    )  # fmt: skip
    wants_file(stage, set_value(host, SETTINGS, "LogLevel", level), SETTINGS)
    stage.sees("reads it back", name, level)


@template("multi_agent_health", "eval", "hard", size=(2, 3), windows=3)
def automatic_but_stopped(stage: Stage) -> None:
    """Services that start by themselves and yet do not run: which, and on which Windows hosts."""
    down = {name: stage.rng.choice(("DNS", "OrdersSvc", "vmms")) for name in some_hosts(stage)}
    for name in stage.hosts:
        host = healthy(stage.hosts[name])
        stage.put(stop(with_service(host, down[name]), down[name]) if name in down else host)
    stage.turn(
        ("which services are set to Automatic and yet stopped, machine by machine? leave out those without any",
            "go over all nodes: any service with the start type Automatic that is stopped? where and which",
            "find the Automatic services that do not run, on whichever node they are",
            "across the servers, what should have started by itself (Automatic) but is stopped?"),
        [on_all("Get-Service | Where-Object { $_.StartType -eq 'Automatic' -and $_.Status -eq 'Stopped' }")],
        {name: (service,) for name, service in down.items()},
        ", ".join(f"`{service}` on `{name}` is Automatic but stopped" for name, service in down.items()),
        "such a service failed, or somebody forgot it", never=[name for name in stage.hosts if name not in down],
    )  # fmt: skip


@template("deployment_check", "eval", "hard", size=(2, 3), windows=3)
def behind_the_others(stage: Stage) -> None:
    """One Windows host still has the release before."""
    path, new, late = r"C:\Shop\current.txt", version(stage), stage.pick()
    for name in stage.hosts:
        stage.put(write(stage.hosts[name], path, f"{new if name == late else bumped(new)}\n"))
    stage.turn(
        ("a rollout missed one machine. compare {path} on all nodes: who is behind, and at what?",
            "{path} has the release of each node. which node is behind the rest, with which release?",
            "who still carries the old release in {path}, and what does it read there?",
            "check {path} across the servers for the straggler and quote its release"),
        [on_all(f"Get-Content {path}")], {late: (new,)}, f"`{late}` is behind, with `{new}`",
        "customers get an answer that depends on the machine", never=stage.others(late), path=path,
    )  # fmt: skip
