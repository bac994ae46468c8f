"""Commands about the machine: hostname, uname, lsb_release, hostnamectl, uuidgen, reboot and shutdown."""

from dataclasses import replace
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.actions import FailedAction, start
from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.kernel_settings import at_boot
from fleet.linux.options import options
from fleet.linux.refusals import surplus
from fleet.model import Host, JournalEntry

CODENAMES = {"20.04": "focal", "22.04": "jammy", "24.04": "noble", "11": "bullseye", "12": "bookworm"}
BOOT_SECONDS = 35
"""Seconds from the command to the first login after a reboot."""


HOSTNAME = options("""
    ~ -f --fqdn --long
    ~ -s --short
    -A --all-fqdns
    -I --all-ip-addresses
    -i --ip-address
    -d --domain
    -y --yp --nis
""")
"""Hosts have no domain: the full name is the short one."""


def hostname(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, HOSTNAME)
    host = context.host
    if flags.words:
        return lacking(context, "hostname NAME", fail("hostname: you must be root to change the host name"))
    if "y" in flags:
        return BuiltinResult("hostname: Local domain name not set\n", exit_code=1)
    if "I" in flags:
        return f"{host.address} \n"
    if "A" in flags:  # the names that the addresses resolve to
        return f"{host.name} \n"
    if "i" in flags:
        return "127.0.1.1\n"
    return "" if "d" in flags else f"{host.name}\n"


UNAME = options("""
    -a --all
    -s --kernel-name
    -n --nodename
    -r --kernel-release
    -v --kernel-version
    -m --machine
    -p --processor
    -i --hardware-platform
    -o --operating-system
""")


def uname(context: CommandContext) -> str:
    flags = parse(context, UNAME, most=0)
    system = context.host.system
    ubuntu = system.id == "ubuntu"
    build = system.kernel.split("-")[1] if "-" in system.kernel else "1"
    version = f"#{build}-Ubuntu SMP" if ubuntu else f"#1 SMP PREEMPT_DYNAMIC Debian {system.kernel.rsplit('-', 1)[0]}"
    kind = "x86_64" if ubuntu else "unknown"
    values = {"s": "Linux", "n": context.host.name, "r": system.kernel, "v": version, "m": "x86_64", "p": kind,
        "i": kind, "o": "GNU/Linux"}  # fmt: skip
    if "a" in flags:
        return " ".join(value for value in values.values() if value != "unknown") + "\n"
    return " ".join(value for flag, value in values.items() if flag in (flags.values or {"s": ""})) + "\n"


def arch(context: CommandContext) -> str:
    parse(context, most=0)
    return "x86_64\n"


NPROC = options("""
    ~ --all
    --ignore=
""")


def nproc(context: CommandContext) -> str | BuiltinResult:
    less = parse(context, NPROC, most=0).get("ignore", "0")
    if not less.isdigit():
        return fail(f"nproc: invalid number: ‘{less}’")
    return f"{max(context.host.system.cores - int(less[:9]), 1)}\n"


LSB_RELEASE = options("""
    -a --all
    -i --id
    -d --description
    -r --release
    -c --codename
    -s --short
    -v --version
""")


def lsb_release(context: CommandContext) -> BuiltinResult:
    flags = parse(context, LSB_RELEASE, most=0)
    system = context.host.system
    rows = {
        "i": ("Distributor ID", system.id.capitalize()),
        "d": ("Description", system.name),
        "r": ("Release", system.version),
        "c": ("Codename", CODENAMES.get(system.version, "n/a")),
    }
    wanted = [row for flag, row in rows.items() if flag in flags or "a" in flags]
    modules = "a" in flags or "v" in flags or not wanted
    return BuiltinResult(
        "".join(f"{value}\n" if "s" in flags else f"{label}:\t{value}\n" for label, value in wanted),
        "No LSB modules are available.\n" if modules else "",
    )


HOSTNAMECTL = options("""
    ~ --no-ask-password
    --static
    --transient
    --pretty
""")
_HOSTNAMECTL = ("hostname", "icon-name", "chassis", "deployment", "location")


def hostnamectl(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, HOSTNAMECTL)
    verb, *names = flags.words or ["status"]
    verb = verb.removeprefix("set-")
    if verb not in ("status", *_HOSTNAMECTL):
        return fail(f"Unknown command verb {verb}.")
    if len(names) > (verb != "status"):
        return surplus("hostnamectl", names[-1])
    if names:
        return lacking(context, f"hostnamectl {verb} NAME", fail("Could not set property: Access denied"))
    asked = [name for name in ("pretty", "static", "transient") if name in flags]
    host = context.host
    if asked and verb in ("status", "hostname"):
        return f"{'' if asked[0] == 'pretty' else host.name}\n"
    if verb != "status":
        known = {"hostname": host.name, "icon-name": "computer-vm", "chassis": "vm"}
        return f"{known.get(verb, '')}\n"
    boot = sha256(f"{host.name} {host.boot}".encode()).hexdigest()
    rows = [
        ("Static hostname", host.name),
        ("Icon name", "computer-vm"),
        ("Chassis", "vm"),
        ("Machine ID", machine_id(host)),
        ("Boot ID", boot[:32]),
        ("Virtualization", "kvm"),
        ("Operating System", host.system.name),
        ("Kernel", f"Linux {host.system.kernel}"),
        ("Architecture", "x86-64"),
    ]
    return "".join(f"{label:>16}: {value}\n" for label, value in rows)


def machine_id(host: Host) -> str:
    return sha256(host.name.encode()).hexdigest()[:32]


REBOOT = options("""
    -p --poweroff
    ~ --halt
    ~ --reboot
    ~ -f --force
    ~ -n --no-sync
    ~ -d --no-wtmp
    ~ --no-wall
    -w --wtmp-only
""")
"""Nobody could press the button of a host that is off: it starts again, whatever was asked for."""


def reboot(context: CommandContext) -> str:
    """reboot, poweroff and halt: all processes are new, and enabled services run if they can start."""
    flags = parse(context, REBOOT, most=1)
    if "w" not in flags:
        context.change(_restarted(context.host))
    return ""


SHUTDOWN = options("""
    ~ -H --halt
    ~ -P -h --poweroff
    ~ -r --reboot
    ~ --no-wall
    -k
    -c
""")


def shutdown(context: CommandContext) -> str | BuiltinResult:
    """Reboot at once, except for `-c`, and for `-k`, which only warns. A later time is a gap."""
    flags = parse(context, SHUTDOWN)
    if {"c", "k"} & flags.values.keys():
        return ""
    time = flags.words[0] if flags.words else "+1"
    if time not in ("now", "+0"):
        return lacking(context, "shutdown TIME", fail(f"Failed to parse time specification: {time}"))
    context.change(_restarted(context.host))
    return ""


def _restarted(host: Host) -> Host:
    """The host after a reboot: the kernel's own processes stay, with new times."""
    boot = host.now + 5
    own = tuple(
        replace(process, started=boot, seconds=0)
        for process in host.processes
        if process.service is None and (process.pid < 1000 or process.command.startswith("["))
    )
    memory = replace(host.memory, swap_total=host.memory.swap_total or host.memory.swap_off, swap_off=0)
    logins = tuple(replace(login, end=login.end or host.now) for login in host.logins)
    host = replace(host, boot=boot, now=boot + BOOT_SECONDS, processes=own, logins=logins, memory=memory)
    host = replace(host, loads=(0.0, 0.0), waiting=0.0)
    host = replace(
        host, journal=(*host.journal, JournalEntry(boot, "kernel", 0, 6, f"Linux version {host.system.kernel}"))
    )
    host = at_boot(host)
    for service in host.services.values():
        host = host.with_service(replace(service, state="inactive", since=boot))
    for service in list(host.services.values()):
        if service.enabled:
            done = start(host, service.name)
            host = done.host if isinstance(done, FailedAction) else done
    return host


UUIDGEN = options("""
    ~ -r --random
""")


def uuidgen(context: CommandContext) -> str:
    """Derived from the host's next process id, which advances: bashkit's own would differ from run to run."""
    parse(context, UUIDGEN, most=0)
    host = context.host
    digits = sha256(f"uuid {host.name} {host.next_pid}".encode()).hexdigest()
    context.change(replace(host, next_pid=host.next_pid + 1))
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}\n"


COMMANDS: dict[str, Command] = {
    "uuidgen": uuidgen,
    "hostname": hostname,
    "uname": uname,
    "arch": arch,
    "nproc": nproc,
    "lsb_release": lsb_release,
    "hostnamectl": hostnamectl,
    "reboot": reboot,
    "shutdown": shutdown,
    "poweroff": reboot,
    "halt": reboot,
}
