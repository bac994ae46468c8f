"""Windows hosts, trained on: what an administrator asks of one, category by category, in PowerShell."""

from dataclasses import replace

from aj.acts import here, on, on_all
from fleet.actions import stop
from fleet.model import Host
from fleet.workspace import FOLDER
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import (
    add_event,
    add_process,
    fill_disk,
    free_on_c,
    set_value,
    some_hosts,
    version,
    wants_file,
    with_service,
    write,
)

SETTINGS = r"C:\Apps\Orders\appsettings.json"
RELEASE = r"C:\Apps\Shop\VERSION"


@template("targeted_diagnosis", "train", "medium", size=(2, 3), windows=1)
def who_listens_on_windows(stage: Stage) -> None:
    """The process id behind a port of a Windows host."""
    name = stage.pick("windows")
    service, port = stage.rng.choice((("MSSQLSERVER", 1433), ("DNS", 53)))
    host = stage.put(with_service(stage.hosts[name], service))
    pid = next(process.pid for process in host.processes if process.service == service)
    stage.turn(
        ("which process id listens on port {port} of {host}?", "who holds port {port} on {host}? give me the pid",
            "what pid has port {port} open on {host}?", "find the pid behind port {port} on {host}",
            "port {port} on {host}, which process is it? the pid will do", "on {host}, what pid owns port {port}?",
            "look up the pid that listens on {port} on {host}", "tell me the pid on port {port} of {host}",
            "{host} runs Windows: which pid is on port {port}?"),
        [on(name, f"Get-NetTCPConnection -LocalPort {port} -State Listen")], {name: (str(pid),)},
        f"process {pid} listens on port {port} of `{name}`", "the pid leads to the program and to its service",
        host=name, port=str(port),
    )  # fmt: skip


@template("process_hunting", "train", "medium", size=(2, 3), windows=1)
def most_memory_on_windows(stage: Stage) -> None:
    """The process that holds the most memory on a Windows host."""
    name, program = stage.pick("windows"), stage.rng.choice(("reports", "thumbnailer", "crawler"))
    host, _ = add_process(
        stage.hosts[name], rf"C:\Tools\{program}.exe", resident=stage.rng.randrange(1_400_000, 1_900_000), user="SYSTEM"
    )
    stage.put(host)
    stage.turn(
        ("which process uses the most memory on {host}?", "what eats the memory of {host}?",
            "find the biggest process by memory on {host}", "top memory user on the Windows host {host}?",
            "{host} is short of memory, which process has most of it?", "name the process with the most RAM on {host}",
            "who takes most of the memory on {host}?", "look for the largest process on {host}",
            "on {host}, which program holds the most memory?"),
        [on(name, "Get-Process | Sort-Object WS -Descending | Select-Object -First 1")], {name: (program,)},
        f"`{program}` uses the most memory on `{name}`", "memory that one program holds is missing for all others",
        host=name,
    )  # fmt: skip


@template("process_hunting", "train", "medium", size=(2, 3), windows=1)
def end_a_program_on_windows(stage: Stage) -> None:
    """A named program is ended, and nothing else."""
    name, program = stage.pick("windows"), stage.rng.choice(("reports", "thumbnailer", "crawler"))
    host, pid = add_process(stage.hosts[name], rf"C:\Tools\{program}.exe", cpu=35.0, user="SYSTEM")
    stage.put(host)
    stage.turn(
        ("end {program} on {host}", "stop the program {program} on {host}", "kill {program} on the Windows host {host}",
            "{program} on {host} hangs, end it", "shut {program} on {host} down", "please end {program} over on {host}",
            "{program} on {host} must go, end it", "on {host}, stop {program}", "get rid of the process {program} on {host}"),
        [on(name, f"Stop-Process -Name {program}")], {name: (program,)}, f"`{program}` on `{name}` is ended",
        "a program that hangs does no work, and keeps its files open", host=name, program=program,
    )  # fmt: skip
    stage.goal(f"{name}/processes/{pid}", None)


@template("local_workspace", "train", "easy", size=(2, 3), windows=1)
def where_it_goes_on_windows(stage: Stage) -> None:
    """A Windows path in a local file: backslashes and blanks are part of the value."""
    folder = stage.rng.choice((r"C:\Apps\Shop", r"D:\Web Apps\shop", r"C:\Program Files\Shop\bin"))
    stage.put(write(stage.local, f"{FOLDER}/targets.txt", f"linux=/srv/app\nwindows={folder}\n"))
    stage.turn(
        ("which folder does my targets.txt name for Windows?", "what is the windows line in my local targets.txt?",
            "read the Windows target from targets.txt here", "where does my targets.txt deploy to on Windows?",
            "show the windows entry of targets.txt in my workspace", "the Windows path in my targets.txt?",
            "look into targets.txt here, what does it say for windows?", "get the windows folder out of targets.txt",
            "local targets.txt: which path for Windows?"),
        [here("grep windows targets.txt")], {"": (folder,)}, f"for Windows it is `{folder}`",
        "a deploy to the wrong folder changes nothing that runs",
    )  # fmt: skip


@template("service_management", "train", "easy", size=(2, 3), windows=1)
def start_type_on_windows(stage: Stage) -> None:
    """How a Windows service starts: by itself, when it is needed, or never."""
    name, service = stage.pick("windows"), stage.rng.choice(("Spooler", "wuauserv", "vmms"))
    kind = stage.rng.choice(("Automatic", "Manual", "Disabled"))
    host = with_service(stage.hosts[name], service)
    wanted = replace(host.services[service], enabled=kind == "Automatic", masked=kind == "Disabled")
    stage.put(host.with_service(wanted))
    stage.turn(
        ("what is the start type of {service} on {host}?", "how does {service} start on {host}?",
            "startup type of {service} on {host}?", "is {service} on {host} automatic, manual or disabled?",
            "check the start type of {service} on {host}", "which startup type has {service} on {host}?",
            "look up how {service} is set to start on {host}", "on {host}, what startup type does {service} have?",
            "tell me the StartType of {service} on {host}"),
        [on(name, f"(Get-Service {service}).StartType")], {name: (kind,)},
        f"`{service}` on `{name}` has the start type {kind}", "only an automatic service comes back after a reboot",
        service=service, host=name,
    )  # fmt: skip


@template("service_management", "train", "hard", size=(2, 3), windows=1)
def switch_off_for_good_on_windows(stage: Stage) -> None:
    """A Windows service is stopped, and must not start again."""
    name, service = stage.pick("windows"), stage.rng.choice(("Spooler", "wuauserv", "vmms"))
    stage.put(with_service(stage.hosts[name], service))
    stage.turn(
        ("disable {service} on {host} and stop it", "stop {service} on {host} and set it to disabled",
            "{service} must not run on {host} any more: stop it, disable it", "switch {service} off for good on {host}",
            "turn {service} off on {host} and disable it", "on {host}, stop {service} and disable its start",
            "stop and disable {service} on {host}", "take {service} on {host} out of service, disabled and stopped",
            "please disable {service} on {host}, and stop it now"),
        [on(name, f"Set-Service {service} -StartupType Disabled; Stop-Service {service}"),
        on(name, f"Get-Service {service} | Select-Object Status, StartType")],
        {name: ("stopped|not running", "disabled")}, f"`{service}` on `{name}` is stopped and disabled",
        "a service that nobody needs is one more way in", service=service, host=name,
    )  # fmt: skip
    at = f"{name}/services/{service}"
    stage.goal(f"{at}/state", "inactive", [f"{at}/*"])
    stage.goal(f"{at}/enabled", "masked")


@template("log_investigation", "train", "medium", size=(2, 3), windows=1)
def newest_error_event(stage: Stage) -> None:
    """The newest error in a Windows host's System log."""
    name = stage.pick("windows")
    text = stage.rng.choice(
        (
            "The driver detected a controller error on disk 1.",
            "The time provider has found no server to ask.",
            "The previous system shutdown was unexpected.",
        )
    )
    stage.put(add_event(stage.hosts[name], "System", text, 3, 11, ago=stage.rng.randrange(20, 250)))
    stage.turn(
        ("what is the newest error in the System log of {host}?", "last error event on {host}? the System log",
            "read the latest error from the System event log on {host}", "newest System error on {host}?",
            "which error came last in the System log on {host}?", "get the last error event from {host}, System log",
            "check the System log of {host} for the newest error", "on {host}, what does the last System error say?",
            "show me the most recent error in the System log of {host}"),
        [on(name, "(Get-EventLog System -EntryType Error -Newest 1).Message")], {name: (text.rstrip("."),)},
        f"`{name}`: {text}", "the event log tells what the services do not", host=name,
    )  # fmt: skip


@template("config_comparison", "train", "medium", size=(2, 3), windows=3)
def whose_log_level_differs(stage: Stage) -> None:
    """The same setting on all Windows hosts, and the one that differs."""
    usual, odd_one = stage.rng.sample(("Information", "Warning", "Debug", "Error"), 2)
    odd = stage.pick()
    for name in stage.hosts:
        host = with_service(stage.hosts[name], "OrdersSvc")
        stage.put(set_value(host, SETTINGS, "LogLevel", odd_one if name == odd else usual))
    stage.turn(
        ("which host has another LogLevel than {usual} in {path}?", "whose LogLevel in {path} is not {usual}?",
            "LogLevel in {path} should be {usual}, who differs?", "check LogLevel in {path} everywhere, who has not {usual}?",
            "find the host where LogLevel in {path} is not {usual}", "compare LogLevel in {path}, one is not {usual}",
            "on which server is LogLevel in {path} different from {usual}?",
            "one host does not have LogLevel {usual} in {path}, which one?",
            "look at LogLevel in {path} on all of them, where is it not {usual}?"),
        [on_all(f"Select-String LogLevel {SETTINGS}")], {odd: (odd_one,)}, f"`{odd}` has LogLevel `{odd_one}`",
        "hosts that log differently cannot be compared", never=stage.others(odd), path=SETTINGS, usual=usual,
    )  # fmt: skip


@template("deployment_check", "train", "medium", size=(2, 3), windows=3)
def who_lacks_a_file_on_windows(stage: Stage) -> None:
    """A file of the app that is missing on some Windows hosts."""
    path = rf"C:\Apps\Shop\{stage.rng.choice(('web.config', 'shop.dll', 'license.txt'))}"
    lacking = some_hosts(stage)
    for name in stage.hosts:
        host = stage.hosts[name].with_file(path, None)
        stage.put(host if name in lacking else write(host, path, "shop\n"))
    stage.turn(
        ("which hosts lack {path}?", "where is {path} missing?", "is {path} on every server? name those without it",
            "check for {path} everywhere, who does not have it?", "find the machines without {path}",
            "on which boxes is there no {path}?", "did {path} arrive everywhere? who lacks it?",
            "look for {path} on all of them and name the gaps", "who is missing {path}?"),
        [on_all(f"Test-Path {path}")], dict.fromkeys(lacking, ()), f"`{path}` is missing on {listed(lacking)}",
        "an app without one of its files fails at the first use", path=path,
        never=[name for name in stage.hosts if name not in lacking],
    )  # fmt: skip


@template("disk_space", "train", "hard", size=(2, 3), windows=1)
def delete_a_dump_on_windows(stage: Stage) -> None:
    """A memory dump is deleted, and drive C looked at again."""
    name, path = stage.pick("windows"), rf"C:\Dumps\{stage.rng.choice(('orders', 'w3wp', 'indexer'))}.dmp"
    host = stage.put(fill_disk(stage.hosts[name], path, stage.rng.randrange(82, 97)))
    left = free_on_c(host.with_file(path, None))
    stage.turn(
        ("delete {path} on {host}. how much is free on C: then?", "remove {path} from {host} and check drive C",
            "{host} is nearly full, delete {path} and tell me what is free on C:",
            "get rid of {path} on {host}, free space on C: after that?", "drop {path} on {host} and measure C: again",
            "on {host}, delete {path} and show the free space on C:", "clear {path} on {host}, what is free on C: now?",
            "remove the dump {path} on {host}, then look at C:", "erase {path} on {host}. free space on C: afterwards?"),
        [on(name, f"Remove-Item {path}"), on(name, "Get-PSDrive C")], {name: (f"{left}|{left}G",)},
        f"`{path}` is deleted, `{name}` has {left} GB free on C:", "a full system drive stops the services that write",
        path=path, host=name,
    )  # fmt: skip
    stage.goal(f"{name}/files/{path}", None)
    stage.sees("looks afterwards", name, left)


@template("hybrid_workflow", "train", "hard", size=(2, 3), windows=1)
def my_version_to_windows(stage: Stage) -> None:
    """The local version is written to a Windows host, and read back."""
    name, mine = stage.pick("windows"), stage.local.files[f"{FOLDER}/VERSION"].content.strip()
    stage.put(write(stage.hosts[name], RELEASE, f"{version(stage)}\n"))
    stage.turn(
        ("write my local version into {path} on {host}", "put my VERSION into {path} on {host} and show it",
            "copy the version here to {path} on {host}", "{path} on {host} should hold my VERSION",
            "set {path} on {host} to my local version", "update {path} on {host} with my VERSION",
            "read VERSION here and write it to {path} on {host}", "bring {path} on {host} to the version I have here",
            "take my VERSION and save it as {path} on {host}"),
        [here("cat VERSION"), on(name, f"Set-Content {RELEASE} '{mine}'; Get-Content {RELEASE}")], {name: (mine,)},
        f"`{RELEASE}` on `{name}` is `{mine}` now", "a look afterwards shows that it was written",
        path=RELEASE, host=name,
    )  # fmt: skip
    wants_file(stage, write(stage.hosts[name], RELEASE, f"{mine}\n"), RELEASE)


@template("multi_agent_health", "train", "medium", size=(2, 3), windows=3)
def updates_everywhere(stage: Stage) -> None:
    """Windows Update on all hosts: where is it stopped?"""
    stopped = some_hosts(stage)
    for name in stage.hosts:
        host: Host = with_service(stage.hosts[name], "wuauserv")
        stage.put(stop(host, "wuauserv") if name in stopped else host)
    stage.turn(
        ("on which hosts is wuauserv stopped?", "where is Windows Update not running? the service is wuauserv",
            "check wuauserv everywhere and name the hosts where it is stopped", "who has wuauserv stopped?",
            "find the servers whose wuauserv does not run", "wuauserv: which hosts have it stopped?",
            "go through all of them, where is wuauserv stopped?", "list the machines with a stopped wuauserv",
            "is wuauserv stopped anywhere? where?"),
        [on_all("Get-Service wuauserv")], dict.fromkeys(stopped, ()), f"`wuauserv` is stopped on {listed(stopped)}",
        "a host without updates keeps its holes", never=[name for name in stage.hosts if name not in stopped],
    )  # fmt: skip
