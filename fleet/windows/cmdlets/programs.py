"""Windows console programs: ipconfig, systeminfo, ping, findstr, and the shells that run another line."""

from dataclasses import replace

from fleet.ports import listeners
from fleet.windows.cmdlets.console import ENDLESS, ConsoleProgram, Words, console_output, has, option
from fleet.windows.cmdlets.inventory import clock_speed, manufacturer
from fleet.windows.cmdlets.network import GATEWAY, MAX_PACKETS, host_at, resolve
from fleet.windows.cmdlets.routes import route_table
from fleet.windows.cmdlets.system import restarted, short_time
from fleet.windows.failure import Unmodelled
from fleet.windows.releases import build, installed, product, product_id, release
from fleet.windows.session import Session
from fleet.windows.values import PSValue, moment

MASK = "255.255.0.0"


def hostname(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    return console_output(session, session.host.name)


def whoami(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    return console_output(session, f"{session.host.name.lower()}\\administrator")


def ipconfig(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    host = session.host
    if has(words, "flushdns"):
        done = "Successfully flushed the DNS Resolver Cache."
        return console_output(session, f"\nWindows IP Configuration\n\n{done}")
    row = _dotted
    lines = ["", "Windows IP Configuration", ""]
    full = has(words, "all")
    if full:
        lines += [
            row("Host Name", host.name),
            row("Primary Dns Suffix "),
            row("Node Type", "Hybrid"),
            row("IP Routing Enabled", "No"),
            row("WINS Proxy Enabled", "No"),
        ]
    lines += ["", "Ethernet adapter Ethernet:", "", row("Connection-specific DNS Suffix ")]
    if full:
        lines += [
            row("Description", "Red Hat VirtIO Ethernet Adapter"),
            row("Physical Address", host.mac.upper().replace(":", "-")),
            row("DHCP Enabled", "No"),
            row("Autoconfiguration Enabled", "Yes"),
        ]
    preferred = "(Preferred)" if full else ""
    lines += [
        row("IPv4 Address", host.address + preferred),
        row("Subnet Mask", MASK),
        row("Default Gateway", GATEWAY),
        *([row("DNS Servers", GATEWAY), row("NetBIOS over Tcpip", "Enabled")] if full else []),
    ]
    return console_output(session, "\n".join(lines))


def _dotted(label: str, value: str = "") -> str:
    """Pad a label with dots: "IPv4 Address. . . . . . . . . . . : 10.0.0.4" """
    dots = "".join("." if place % 2 == 0 else " " for place in range(34))
    return f"   {label}{dots[len(label) :]}: {value}"


def systeminfo(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    host = session.host
    fixes = release(host).updates
    swap, used = host.memory.swap_total, host.memory.swap_used
    most, free = host.memory.total + swap, host.memory_available + swap - used
    model = (
        "Intel64 Family 6 Model 85 Stepping 7" if "Intel" in host.system.cpu else "AMD64 Family 25 Model 1 Stepping 1"
    )

    def megabytes(kib: int) -> str:
        return f"{kib // 1024:,} MB"

    rows: list[tuple[str, str]] = [
        ("Host Name", host.name.upper()),
        ("OS Name", product(host)),
        ("OS Version", f"{host.system.version} N/A Build {build(host)}"),
        ("OS Manufacturer", "Microsoft Corporation"),
        ("OS Configuration", "Standalone Server"),
        ("OS Build Type", "Multiprocessor Free"),
        ("Registered Owner", "Windows User"),
        ("Registered Organization", ""),
        ("Product ID", product_id(host)),
        ("Original Install Date", short_time(installed(host))),
        ("System Boot Time", short_time(moment(host.boot))),
        ("System Manufacturer", "QEMU"),
        ("System Model", "Standard PC (Q35 + ICH9, 2009)"),
        ("System Type", "x64-based PC"),
        ("Processor(s)", f"1 Processor(s) Installed.\n[01]: {model} {manufacturer(host)} ~{clock_speed(host)} Mhz"),
        ("BIOS Version", "SeaBIOS 1.16.2, 4/1/2014"),
        ("Windows Directory", r"C:\Windows"),
        ("System Directory", r"C:\Windows\system32"),
        ("Boot Device", r"\Device\HarddiskVolume1"),
        ("System Locale", "en-us;English (United States)"),
        ("Input Locale", "en-us;English (United States)"),
        ("Time Zone", "(UTC) Coordinated Universal Time"),
        ("Total Physical Memory", megabytes(host.memory.total)),
        ("Available Physical Memory", megabytes(host.memory_available)),
        ("Virtual Memory: Max Size", megabytes(most)),
        ("Virtual Memory: Available", megabytes(free)),
        ("Virtual Memory: In Use", megabytes(most - free)),
        ("Page File Location(s)", r"C:\pagefile.sys" if swap else "N/A"),
        ("Domain", "WORKGROUP"),
        ("Logon Server", "N/A"),
        (
            "Hotfix(s)",
            "\n".join([f"{len(fixes)} Hotfix(s) Installed.", *(f"[{n:02d}]: {fix}" for n, fix in enumerate(fixes, 1))]),
        ),
        (
            "Network Card(s)",
            "1 NIC(s) Installed.\n[01]: Red Hat VirtIO Ethernet Adapter\n      Connection Name: Ethernet\n"
            f"      DHCP Enabled:    No\n      IP address(es)\n      [01]: {host.address}",
        ),
        (
            "Hyper-V Requirements",
            "A hypervisor has been detected. Features required for Hyper-V will not be displayed.",
        ),
    ]
    lines = [f"{label + ':':<27}{value}".replace("\n", "\n" + " " * 27).rstrip() for label, value in rows]
    return console_output(session, "\n" + "\n".join(lines))


def ping(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    count = option(words, "n") or "4"
    plain = [
        w
        for place, w in enumerate(words)
        if w[:1] not in "-/" and (place == 0 or words[place - 1].lower() not in ("-n", "/n", "-w", "-l", "/w"))
    ]
    if len(plain) != 1 or not count.isdigit() or len(count) > 9 or int(count) < 1:
        return console_output(
            session,
            "Bad value for option -n, valid range is from 1 to 4294967295."
            if plain
            else "Usage: ping [-t] [-n count] target_name",
            1,
        )
    target = plain[0]
    address = resolve(session, target)
    if address is None:
        return console_output(
            session, f"Ping request could not find host {target}. Please check the name and try again.", 1
        )
    if has(words, "t") or int(count) > MAX_PACKETS:
        session.exit_code = ENDLESS
    sent = min(int(count), MAX_PACKETS)
    session.host = replace(session.host, now=session.host.now + sent - 1)
    found = host_at(session, address)
    alive = found is not None
    named = f"{target} [{address}]" if target != address else address
    hops = 64 if found and found.platform == "linux" else 128
    line = f"Reply from {address}: bytes=32 time<1ms TTL={hops}" if alive else "Request timed out."
    got = sent if alive else 0
    lines = ["", f"Pinging {named} with 32 bytes of data:", *[line] * sent, "", f"Ping statistics for {address}:"]
    lines.append(f"    Packets: Sent = {sent}, Received = {got}, Lost = {sent - got} ({0 if alive else 100}% loss),")
    if alive:
        lines += ["Approximate round trip times in milli-seconds:", "    Minimum = 0ms, Maximum = 0ms, Average = 0ms"]
    return console_output(session, "\n".join(lines), 0 if alive else 1)


def netstat(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    flags = "".join(word.lstrip("-/") for word in words).lower()
    if "r" in flags:
        return console_output(session, route_table(session.host))
    owner = "o" in flags
    lines = [
        "",
        "Active Connections",
        "",
        "  Proto  Local Address          Foreign Address        State" + "           PID" * owner,
    ]
    for listener in listeners(session.host) if "a" in flags else []:
        local = f"{listener.address}:{listener.port}"
        state = f"LISTENING       {listener.pid}" if owner else "LISTENING"
        lines.append(f"  TCP    {local:<22} {'0.0.0.0:0':<22} {state}")
    return console_output(session, "\n".join(lines))


def shutdown(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    """Reboot in every case except `/a`: nobody could press the power button of a machine that is off."""
    if not has(words, "a") and has(words, "r", "s", "g", "p"):
        session.host = restarted(session.host)
        return []
    return (
        console_output(session, "Unable to abort the system shutdown because no shutdown was in progress.(1116)", 1)
        if words
        else []
    )


def query_user(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    if words and words[0].lower() in ("session", "process", "termserver"):
        raise Unmodelled(f"query {words[0]}")
    if words and words[0].lower() != "user":
        return console_output(session, "Invalid parameter(s)\nQUERY { USER }", 1)
    here = [login for login in session.host.logins if login.end is None]
    if not here:
        return console_output(session, "No User exists for *", 1)
    lines = [" USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME"]
    for number, login in enumerate(here, 1):
        time = moment(login.start)
        stamp = f"{time.month}/{time.day}/{time.year} {time.hour % 12 or 12}:{time:%M %p}"
        lines.append(f" {login.user:<22}{f'rdp-tcp#{number}':<18} {number:>3}  Active          .  {stamp}")
    return console_output(session, "\n".join(lines))


def powershell(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    """Run what follows -Command, or the words that are not options."""
    place = 0
    while place < len(words) and words[place].startswith("-"):
        name = words[place].lower().lstrip("-")
        if name and "command".startswith(name):
            return session.run_line(" ".join(words[place + 1 :]))
        if name in ("file", "f", "encodedcommand", "enc", "e", "ec"):
            raise Unmodelled(f"powershell -{name}")
        place += 2 if name in ("executionpolicy", "ep", "ex", "version", "outputformat", "windowstyle", "w") else 1
    return session.run_line(" ".join(words[place:])) if place < len(words) else []


PROGRAMS: dict[str, ConsoleProgram] = {
    "hostname": hostname,
    "whoami": whoami,
    "ipconfig": ipconfig,
    "systeminfo": systeminfo,
    "ping": ping,
    "netstat": netstat,
    "shutdown": shutdown,
    "quser": query_user,
    "query": query_user,
    "powershell": powershell,
}
