"""The lsof command, as far as it is about listening sockets."""

import re

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, Flags, fail, lacking, parse
from fleet.linux.options import options
from fleet.model import Process

LSOF = options("""
    -i[=]
    -p=
    -u=
    -c=
    -t
    -s[=]
    ~ -n
    ~ -P
    ~ -a
""")
_WHERE = re.compile(r"[46]?(?:tcp)?(?:@(?P<host>[\w.]+))?(?::(?P<ports>[\w,-]+))?")


def lsof(context: CommandContext) -> str | BuiltinResult:
    """lsof -i for listening sockets: which process has a port open. What files a process has open is not known."""
    flags = parse(context, LSOF)
    if flags.words and "i" in flags and not flags.get("i"):  # -i :80
        flags.values["i"] = flags.words.pop(0)
    if flags.words or "i" not in flags:
        return lacking(context, " ".join(["lsof", *context.argv[:1]]), BuiltinResult(exit_code=1))
    where = _WHERE.fullmatch(flags.get("i").lower())
    if where is None:
        return (
            BuiltinResult(exit_code=1)
            if flags.get("i").lower().startswith("udp")
            else fail(f"lsof: unacceptable port specification in: -i {flags.get('i')}")
        )
    rows = []
    for service in context.host.services.values():
        main = next((process for process in context.host.processes if process.service == service.name), None)
        if main and _wanted(main, flags):
            rows += [(main, port) for port in service.ports if _covers(where["ports"], port)]
    if not rows:
        return BuiltinResult(exit_code=1)
    if "t" in flags:
        return "".join(f"{pid}\n" for pid in sorted({process.pid for process, _ in rows}))
    text = f"{'COMMAND':<9} {'PID':>6} {'USER':>8}   FD   TYPE DEVICE SIZE/OFF NODE NAME\n"
    for process, number in rows:
        name = f"{process.name[:9]:<9} {process.pid:>6} {process.user:>8}"
        text += f"{name}    {6}u  IPv4 {20_000 + number:>6}      0t0  TCP *:{number} (LISTEN)\n"
    return text


def _wanted(process: Process, flags: Flags) -> bool:
    return (
        ("p" not in flags or str(process.pid) in flags.get("p").split(","))
        and flags.get("u", process.user) == process.user
        and process.name.startswith(flags.get("c"))
    )


def _covers(ports: str | None, port: int) -> bool:
    """Whether lsof's list of ports and ranges has a port; no list has all."""
    for part in (ports or str(port)).split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and int(first[:6]) <= port <= int((last or first)[:6] or 0):
            return True
    return False


COMMANDS: dict[str, Command] = {"lsof": lsof}
