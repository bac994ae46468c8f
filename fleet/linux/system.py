"""Commands about the machine: hostname, uname, lscpu, lsb_release, dmesg, crontab, reboot and shutdown."""

from dataclasses import replace
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.actions import FailedAction, start
from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.options import options
from fleet.model import Host, JournalEntry

CODENAMES = {"20.04": "focal", "22.04": "jammy", "24.04": "noble", "11": "bullseye", "12": "bookworm"}
BOOT_SECONDS = 35
"""Seconds from the command to the first login after a reboot."""


def hostname(context: CommandContext) -> str | BuiltinResult:
    same = {"fqdn": "f", "long": "f", "short": "s", "all-ip-addresses": "I", "ip-address": "i", "domain": "d"}
    flags = parse(context, "fsIid", list(same), same)
    host = context.host
    if flags.words:
        return fail("hostname: you don't have permission to set the host name")
    if "I" in flags:
        return f"{host.address} \n"
    if "i" in flags:
        return "127.0.1.1\n"
    return "\n" if "d" in flags else f"{host.name}\n"


def uname(context: CommandContext) -> str | BuiltinResult:
    same = {"all": "a", "kernel-name": "s", "nodename": "n", "kernel-release": "r", "kernel-version": "v",
        "machine": "m", "processor": "p", "hardware-platform": "i", "operating-system": "o"}  # fmt: skip
    flags = parse(context, "asnrvmpio", list(same), same)
    if flags.words:
        return fail(f"uname: extra operand ‘{flags.words[0]}’\nTry 'uname --help' for more information.")
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
    parse(context)
    return "x86_64\n"


def nproc(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, "", ["all", "ignore="])
    less = flags.get("ignore", "0")
    if not less.isdigit():
        return fail(f"nproc: {less}: invalid number to ignore")
    return f"{max(context.host.system.cores - int(less[:9]), 1)}\n"


LSCPU = options("""
    ~ -y --physical
""")


def lscpu(context: CommandContext) -> str:
    parse(context, LSCPU)
    system = context.host.system
    amd = "AMD" in system.cpu
    rows = [
        ("Architecture:", "x86_64"),
        ("CPU op-mode(s):", "32-bit, 64-bit"),
        ("Address sizes:", "48 bits physical, 48 bits virtual"),
        ("Byte Order:", "Little Endian"),
        ("CPU(s):", str(system.cores)),
        ("On-line CPU(s) list:", f"0-{system.cores - 1}" if system.cores > 1 else "0"),
        ("Vendor ID:", "AuthenticAMD" if amd else "GenuineIntel"),
        ("Model name:", system.cpu),
        ("CPU family:", "25" if amd else "6"),
        ("Thread(s) per core:", "1"),
        ("Core(s) per socket:", str(system.cores)),
        ("Socket(s):", "1"),
        ("Hypervisor vendor:", "KVM"),
        ("Virtualization type:", "full"),
        ("NUMA node(s):", "1"),
    ]
    return "".join(f"{label:<24}{value}\n" for label, value in rows)


def lsb_release(context: CommandContext) -> str:
    same = {"all": "a", "id": "i", "description": "d", "release": "r", "codename": "c", "short": "s"}
    flags = parse(context, "aidrcsv", list(same), same)
    system = context.host.system
    rows = {
        "i": ("Distributor ID", system.id.capitalize()),
        "d": ("Description", system.name),
        "r": ("Release", system.version),
        "c": ("Codename", CODENAMES.get(system.version, "n/a")),
    }
    wanted = [row for flag, row in rows.items() if flag in flags or "a" in flags]
    if "s" in flags:
        return "".join(f"{value}\n" for _, value in wanted)
    return "".join(f"{label}:\t{value}\n" for label, value in wanted) or "No LSB modules are available.\n"


def hostnamectl(context: CommandContext) -> str | BuiltinResult:
    host = context.host
    if context.argv[:1] in (["hostname"], ["--static"]):
        return f"{host.name}\n"
    if context.argv[:1] not in ([], ["status"]):
        return fail("Could not set static hostname: Access denied")
    identity = sha256(host.name.encode()).hexdigest()
    boot = sha256(f"{host.name} {host.boot}".encode()).hexdigest()
    rows = [
        ("Static hostname", host.name),
        ("Icon name", "computer-vm"),
        ("Chassis", "vm"),
        ("Machine ID", identity[:32]),
        ("Boot ID", boot[:32]),
        ("Virtualization", "kvm"),
        ("Operating System", host.system.name),
        ("Kernel", f"Linux {host.system.kernel}"),
        ("Architecture", "x86-64"),
    ]
    return "".join(f"{label:>16}: {value}\n" for label, value in rows)


def dmesg(context: CommandContext) -> str:
    same = {"ctime": "T", "level": "l", "human": "H", "follow": "w", "kernel": "k"}
    flags = parse(context, "THkwxl:n:", ["ctime", "level=", "human", "follow", "kernel", "nopager"], same)
    host = context.host
    levels = {"emerg": 0, "alert": 1, "crit": 2, "err": 3, "warn": 4, "notice": 5, "info": 6, "debug": 7}
    wanted = {levels.get(name) for name in flags.get("l").split(",")} if "l" in flags else set(range(8))
    first = [JournalEntry(host.boot, "kernel", 0, 6, f"Linux version {host.system.kernel} (x86_64-linux-gnu)")]
    lines = [entry for entry in (*first, *host.journal) if entry.unit == "kernel" and entry.priority in wanted]

    def when(entry: JournalEntry) -> str:
        return formatted(entry.time, "%a %b %e %T %Y") if "T" in flags else f"{entry.time - host.boot:>5d}.000000"

    return "".join(f"[{when(entry)}] {entry.message}\n" for entry in lines)


def reboot(context: CommandContext) -> str | BuiltinResult:
    """Reboot: all processes are new, and enabled services run if they can start."""
    parse(context, "fpnhrc", ["force", "no-wall", "halt", "reboot", "poweroff"])
    context.change(_restarted(context.host))
    return ""


def shutdown(context: CommandContext) -> str | BuiltinResult:
    """Reboot, except for `-c`, and for `-k`, which only warns. Nobody could press the button of a host that is off."""
    flags = parse(context, "rhPHkc", ["reboot", "poweroff", "halt", "no-wall"])
    if not {"c", "k"} & flags.values.keys():
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
    logins = tuple(replace(login, end=login.end or host.now) for login in host.logins)
    host = replace(
        host, boot=boot, now=boot + BOOT_SECONDS, processes=own, logins=logins, loads=(0.0, 0.0), waiting=0.0
    )
    host = replace(
        host, journal=(*host.journal, JournalEntry(boot, "kernel", 0, 6, f"Linux version {host.system.kernel}"))
    )
    for service in host.services.values():
        host = host.with_service(replace(service, state="inactive", since=boot))
    for service in list(host.services.values()):
        if service.enabled:
            done = start(host, service.name)
            host = done.host if isinstance(done, FailedAction) else done
    return host


def uuidgen(context: CommandContext) -> str:
    """Derived from the host's next process id, which advances: bashkit's own would differ from run to run."""
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
    "lscpu": lscpu,
    "lsb_release": lsb_release,
    "hostnamectl": hostnamectl,
    "dmesg": dmesg,
    "reboot": reboot,
    "shutdown": shutdown,
    "poweroff": shutdown,
    "halt": shutdown,
}
