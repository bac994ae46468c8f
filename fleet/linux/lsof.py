"""The lsof command: the files and sockets that processes have open."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bashkit import BuiltinResult

from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, Flags, UsageError, lacking, parse
from fleet.linux.connectivity import SERVICES
from fleet.linux.file_tree import node
from fleet.linux.manual import said_of_help
from fleet.linux.options import options
from fleet.linux.refusals import LSOF_ABOUT as ABOUT
from fleet.linux.sockets import Socket, port_name, sockets
from fleet.model import Host, Process

LSOF = options("""
    -i[=]
    -p=
    -u=
    -c=
    -d=
    -t
    -s[=]
    -n
    -P
    -a
    -U
    -l
    -R
    ~ -w
    ~ -b
    ~ -O
""")
_WHERE = re.compile(r"([46]?)(tcp|udp)?(?:@([\w.-]+))?(?::([\w,-]+))?")
_LIBRARIES = ("/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")


@dataclass(frozen=True, slots=True)
class OpenFile:
    """What a process has open under a descriptor."""

    process: Process
    descriptor: str
    """cwd, rtd, txt, mem or a number"""
    mode: str
    kind: str
    """DIR, REG, CHR, unix, IPv4"""
    device: str
    size: str
    node: str
    name: str
    socket: Socket | None = None


def open_files(context: CommandContext, numeric: bool = True) -> Iterator[OpenFile]:
    """Everything that processes have open, by process; ports by name unless `numeric`."""
    host = context.host
    for process in sorted(host.processes, key=lambda process: process.pid):
        if process.command.startswith("["):
            yield OpenFile(process, "cwd", "", "DIR", "8,1", "4096", "2", "/")
            yield OpenFile(process, "rtd", "", "DIR", "8,1", "4096", "2", "/")
            yield OpenFile(process, "txt", "", "unknown", "", "", "", f"/proc/{process.pid}/exe")
            continue
        yield from _plain_files(context, process)
        place = 6
        for socket in sockets(host):
            if any(pid == process.pid for _, pid in socket.users):
                yield _socket_file(process, socket, str(place), numeric)
                place += 1


def _plain_files(context: CommandContext, process: Process) -> Iterator[OpenFile]:
    """The folders, the program, its libraries, the standard streams, and the log of a service."""
    host = context.host
    service = host.services.get(process.service or "")

    def regular(path: str, descriptor: str, mode: str = "") -> OpenFile:
        size = host.files[path].size if path in host.files else 1024 * (40 + len(path))
        return OpenFile(process, descriptor, mode, "REG", "8,1", str(size), str(130_000 + sum(path.encode())), path)

    here = "/var/spool/cron" if process.service == "cron" else "/"
    for descriptor, folder in (("cwd", here), ("rtd", "/")):
        yield OpenFile(process, descriptor, "", "DIR", "8,1", "4096", "2", folder)
    found = re.search(r"/[\w./+-]+", process.command if not service else service.command)
    yield regular(found[0] if found else f"/usr/bin/{process.name}", "txt")
    for path in _LIBRARIES:
        yield regular(path, "mem")
    yield OpenFile(process, "0", "r", "CHR", "1,3", "0t0", "4", "/dev/null")
    for number in ("1", "2"):
        stream = f"0x{process.pid:016x}", "0t0", str(14_000 + process.pid % 1000), "type=STREAM (CONNECTED)"
        yield OpenFile(process, number, "u", "unix", *stream)
    if service and service.log and service.log in host.files:
        yield regular(service.log, "4", "w")


def _socket_file(process: Process, socket: Socket, descriptor: str, numeric: bool) -> OpenFile:
    def end(address: str, port: int | None) -> str:
        return f"{'*' if address == '0.0.0.0' else address}:{port_name(port, numeric)}"

    number = str(20_000 + socket.local[1])
    name = f"{end(*socket.local)} (LISTEN)"
    if socket.state == "ESTAB":
        name = f"{end(*socket.local)}->{end(*socket.peer)} (ESTABLISHED)"
    return OpenFile(process, descriptor, "u", "IPv4", number, "0t0", "TCP", name, socket)


FileTest = Callable[[OpenFile], bool]


def lsof(context: CommandContext) -> str | BuiltinResult:
    context.argv, unlinked, folders = _plus_options(context.argv)
    flags = parse(context, LSOF)
    for name, form in (
        ("i", rf"{_WHERE.pattern}|[a-z]+[:@].*"),
        ("s", r"(?:tcp|udp):[\w^,-]+"),
    ):  # -i :80, -s TCP:LISTEN
        if name in flags and not flags.get(name) and flags.words and re.fullmatch(form, flags.words[0], re.IGNORECASE):
            flags.pairs = [pair for pair in flags.pairs if pair != (name, "")] + [(name, flags.words[0])]
            flags.values[name] = flags.words.pop(0)
    if unlinked:
        return BuiltinResult(exit_code=1)  # no process has a deleted file open
    tests, errors = _selections(context, flags, folders)
    listed = list(open_files(context, "P" in flags))
    alone = "a" not in flags
    found = [one for one in listed if not tests or (any if alone else all)(test(one) for test in tests)]
    if "s" in flags:
        found = [one for one in found if one.socket is None or _in_state(one.socket, flags.get("s"))]
    if "d" in flags and alone and not tests:
        found = [one for one in listed if one.descriptor in flags.get("d").split(",")]
    code = 1 if errors or not found else 0
    if "t" in flags:
        pids = dict.fromkeys(one.process.pid for one in found)
        return BuiltinResult("".join(f"{pid}\n" for pid in pids), errors, code)
    return BuiltinResult(_table(context.host, found, flags) if found else "", errors, code)


def _plus_options(argv: list[str]) -> tuple[list[str], bool, list[str]]:
    """(the other words, whether +L1 is among them, the folders of +D and +d)"""
    words, folders, unlinked = [], [], False
    left = iter(argv)
    for word in left:
        if re.fullmatch(r"\+L\d*", word):
            unlinked = True
        elif re.match(r"\+[Dd]", word):
            folders.append(word[2:] or next(left, ""))
        else:
            words.append(word)
    return words, unlinked, folders


def _selections(context: CommandContext, flags: Flags, folders: list[str]) -> tuple[list[FileTest], str]:
    """What is chosen, and what is said of names that do not exist."""
    host, tests, errors = context.host, list[FileTest](), ""
    if "i" in flags:
        wheres = [_where(host, text) for text in flags.every("i")]
        tests.append(lambda one: one.socket is not None and any(where(one.socket) for where in wheres))
    if "p" in flags:
        pids = flags.get("p").split(",")
        if wrong := next((pid for pid in pids if not pid.lstrip("^").isdecimal()), None):
            raise UsageError(_illegal(f"illegal process ID: {wrong}"))
        tests.append(lambda one: _chosen({str(one.process.pid)}, pids))
    if "u" in flags:
        users = flags.get("u").split(",")
        known = accounts(host)
        plain = [user.removeprefix("^") for user in users]
        if wrong := next((user for user in plain if user not in known and not user.isdecimal()), None):
            raise UsageError(_illegal(f"can't get UID for {wrong}"))
        tests.append(lambda one: _chosen({one.process.user, str(known.get(one.process.user))}, users))
    if "c" in flags:
        if flags.get("c").startswith(("^", "/")):
            raise UsageError(lacking(context, f"lsof -c {flags.get('c')}"))
        tests.append(lambda one: one.process.name.startswith(flags.get("c")))
    if "U" in flags:
        tests.append(lambda one: one.kind == "unix")
    if "d" in flags and "a" in flags:
        tests.append(lambda one: one.descriptor in flags.get("d").split(","))
    context.pull()
    paths, inside = [], []
    for word in (*flags.words, *folders):
        path = context.absolute(word)
        if node(context, path) is None and word in folders:
            raise UsageError(_illegal(f"WARNING: can't stat({word}): No such file or directory"))
        if node(context, path) is None:
            errors += f"lsof: status error on {word}: No such file or directory\n"
        else:
            (inside if word in folders else paths).append(path)
    if flags.words or folders:
        tests.append(lambda one: one.name in paths or any(one.name.startswith(f"{path}/") for path in inside))
    return tests, errors


def _chosen(own: set[str], words: list[str]) -> bool:
    """Whether a process is among those named; with ^ a word leaves one out."""
    left_out = {word[1:] for word in words if word.startswith("^")}
    named = {word for word in words if not word.startswith("^")}
    return not own & left_out and (not named or bool(own & named))


def _illegal(why: str) -> BuiltinResult:
    said = said_of_help("lsof")
    return BuiltinResult(stderr=f"lsof: {why}\n{ABOUT}{said.stderr if said else ''}", exit_code=1)


def _where(host: Host, text: str) -> Callable[[Socket], bool]:
    """Whether a socket is at an address such as 4TCP@10.0.0.5:80,443."""
    found = _WHERE.fullmatch(text.lower())
    if found is None and (protocol := re.match(r"[a-z]+", text)):
        raise UsageError(_illegal(f"unknown protocol name ({protocol[0]}) in: -i {text}"))
    if found is None:
        raise UsageError(_illegal(f"unacceptable port specification in: -i {text}"))
    version, protocol, address, ports = found.groups()
    numbers = [_port_range(port, text) for port in ports.split(",")] if ports else []
    local = {"localhost": "127.0.0.1", host.name: host.address}
    wanted = local.get(address or "", address)

    def fits(socket: Socket) -> bool:
        ends = {socket.local[1], socket.peer[1]}
        return (
            version != "6"
            and protocol != "udp"
            and (not address or wanted in (socket.local[0], socket.peer[0]))
            and (not numbers or any(end is not None and end in span for span in numbers for end in ends))
        )

    return fits


def _port_range(text: str, where: str) -> range:
    names = {name: number for number, name in SERVICES.items()}
    first, _, last = text.partition("-")
    ends = [int(end[:6]) if end.isdecimal() else names.get(end) for end in (first, last or first)]
    if ends[0] is None or ends[1] is None:
        raise UsageError(_illegal(f"unknown service {text} in: -i {where}"))
    return range(ends[0], ends[1] + 1)


def _in_state(socket: Socket, text: str) -> bool:
    """Whether a socket is in a state of TCP:LISTEN,^ESTABLISHED."""
    states = text.partition(":")[2].upper().split(",")
    name = "ESTABLISHED" if socket.state == "ESTAB" else socket.state
    barred = [state[1:] for state in states if state.startswith("^")]
    return name not in barred and (name in states or len(barred) == len(states))


def _table(host: Host, found: list[OpenFile], flags: Flags) -> str:
    uids = accounts(host)
    rows = [["COMMAND", "PID", "USER", "FD", " ", "TYPE", "DEVICE", "SIZE/OFF", "NODE", "NAME"]]
    rows += [
        [one.process.name[:9], str(one.process.pid),
         str(uids.get(one.process.user)) if "l" in flags else one.process.user, one.descriptor, one.mode or " ",
         one.kind, one.device, one.size, one.node, one.name]
        for one in found
    ]  # fmt: skip
    wide = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "".join(
        f"{command:<{wide[0]}} {pid:>{wide[1]}} {user:>{wide[2]}} {fd:>4}{mode}  {kind:>{wide[5]}} "
        f"{device:>{wide[6]}} {size:>{wide[7]}} {number:>{wide[8]}} {name}\n"
        for command, pid, user, fd, mode, kind, device, size, number, name in rows
    )


COMMANDS: dict[str, Command] = {"lsof": lsof}
