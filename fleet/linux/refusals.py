"""How each real tool refuses an option: its words, and its exit status."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from bashkit import BuiltinResult

from fleet.linux.manual import said_of_help


@dataclass(frozen=True, slots=True)
class Refusal:
    """An option that a tool does not take as it was given."""

    name: str
    """of the tool, as it was called"""
    option: str
    """-x, --name"""
    why: Literal["unknown", "needs", "takes none", "ambiguous"] = "unknown"
    word: str = ""
    """the whole argument"""


Refuse = Callable[[Refusal], BuiltinResult]


def getopt_words(refusal: Refusal) -> str:
    """The C library's sentence."""
    name, option = refusal.name, refusal.option
    if refusal.why == "needs":
        return f"{name}: option " + (
            f"'{option}' requires an argument" if option.startswith("--") else f"requires an argument -- '{option[1:]}'"
        )
    if refusal.why == "takes none":
        return f"{name}: option '{option}' doesn't allow an argument"
    if refusal.why == "ambiguous":
        return f"{name}: option '{option}' is ambiguous"
    return f"{name}: " + (
        f"unrecognized option '{option}'" if option.startswith("--") else f"invalid option -- '{option[1:]}'"
    )


def hinting(code: int = 1) -> Refuse:
    """coreutils, util-linux: the sentence, and where to read on."""

    def refuse(refusal: Refusal) -> BuiltinResult:
        hint = f"Try '{refusal.name} --help' for more information."
        return BuiltinResult(stderr=f"{getopt_words(refusal)}\n{hint}\n", exit_code=code)

    return refuse


def explaining(code: int = 1) -> Refuse:
    """procps, psmisc, iproute2: the sentence, and the help."""

    def refuse(refusal: Refusal) -> BuiltinResult:
        said = said_of_help(refusal.name)
        more = said.stdout + said.stderr if said else ""
        return BuiltinResult(stderr=f"{getopt_words(refusal)}\n{more}", exit_code=code)

    return refuse


def _hostname(refusal: Refusal) -> BuiltinResult:
    said = said_of_help("hostname")
    return BuiltinResult(said.stdout + said.stderr if said else "", f"{getopt_words(refusal)}\n", 255)


def bare(code: int = 1) -> Refuse:
    """systemd: the sentence alone."""
    return lambda refusal: BuiltinResult(stderr=f"{getopt_words(refusal)}\n", exit_code=code)


def _curl(refusal: Refusal) -> BuiltinResult:
    why = "requires parameter" if refusal.why == "needs" else "is unknown"
    hint = "curl: try 'curl --help' or 'curl --manual' for more information"
    return BuiltinResult(stderr=f"curl: option {refusal.option}: {why}\n{hint}\n", exit_code=2)


def _wget(refusal: Refusal) -> BuiltinResult:
    usage = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options."
    return BuiltinResult(stderr=f"{getopt_words(refusal)}\n{usage}\n", exit_code=2)


def _apt(refusal: Refusal) -> BuiltinResult:
    shown = refusal.option if refusal.option.startswith("--") else f"'{refusal.option[1:]}' [from {refusal.word}]"
    end = "" if refusal.option.startswith("--") else "."
    start, stop = ("\x1b[1;31mE: \x1b[0m", "\x1b[0m") if refusal.name == "apt" else ("E: ", "")
    why = f"Command line option {shown} is not understood in combination with the other options{end}"
    text = f"{start}{why}{stop}\n"
    return BuiltinResult(stderr=text, exit_code=100)


def _dpkg(refusal: Refusal) -> BuiltinResult:
    kind = {"needs": f"{refusal.option} option takes a value"}.get(refusal.why, f"unknown option {refusal.option}")
    return BuiltinResult(stderr=f"{refusal.name}: error: {kind}\n\n{DPKG_HINTS[refusal.name]}\n", exit_code=2)


DPKG_HINTS = {
    "dpkg-query": "Use --help for help about querying packages.",
    "dpkg": """Type dpkg --help for help about installing and deinstalling packages [*];
Use 'apt' or 'aptitude' for user-friendly package management;
Type dpkg -Dhelp for a list of dpkg debug flag values;
Type dpkg --force-help for a list of forcing options;
Type dpkg-deb --help for help about manipulating *.deb files;

Options marked [*] produce a lot of output - pipe it through 'less' or 'more' !""",
}


def _docker(refusal: Refusal) -> BuiltinResult:
    if refusal.why == "needs":
        short = f"'{refusal.option[1:]}' in {refusal.word}"
        what = "flag needs an argument: " + (refusal.option if refusal.option.startswith("--") else short)
    elif refusal.option.startswith("--"):
        what = f"unknown flag: {refusal.option}"
    else:
        what = f"unknown shorthand flag: '{refusal.option[1:]}' in {refusal.word or refusal.option}"
    return BuiltinResult(stderr=f"{what}\nSee '{refusal.name} --help'.\n", exit_code=125)


LSOF_ABOUT = """lsof 4.95.0
 latest revision: https://github.com/lsof-org/lsof
 latest FAQ: https://github.com/lsof-org/lsof/blob/master/00FAQ
 latest (non-formatted) man page: https://github.com/lsof-org/lsof/blob/master/Lsof.8
"""


def _lsof(refusal: Refusal) -> BuiltinResult:
    said = said_of_help("lsof")
    usage = LSOF_ABOUT + (said.stderr if said else "")
    letter = refusal.option[1:2]
    return BuiltinResult(stderr=f"lsof: illegal option character: {letter}\n{usage}", exit_code=1)


def _gzip(refusal: Refusal) -> BuiltinResult:
    hint = f"Try `{refusal.name} --help' for more information."
    return BuiltinResult(stderr=f"{getopt_words(refusal)}\n{hint}\n", exit_code=1)


def _getent(refusal: Refusal) -> BuiltinResult:
    hint = "Try `getent --help' or `getent --usage' for more information."
    return BuiltinResult(stderr=f"{getopt_words(refusal)}\n{hint}\n", exit_code=64)


def _nginx(refusal: Refusal) -> BuiltinResult:
    if refusal.why == "needs":
        wants = "file name" if refusal.option == "-c" else "parameter"
        return BuiltinResult(stderr=f'nginx: option "{refusal.option}" requires {wants}\n', exit_code=1)
    return BuiltinResult(stderr=f'nginx: invalid option: "{refusal.option[1]}"\n', exit_code=1)


def _crontab(refusal: Refusal) -> BuiltinResult:
    text = f"{getopt_words(refusal)}\ncrontab: usage error: unrecognized option\nusage:\tcrontab [-u user] file\n"
    text += "\tcrontab [ -u user ] [ -i ] { -e | -l | -r }\n"
    return BuiltinResult(stderr=text, exit_code=1)


NC_USAGE = "usage: nc [-46CDdFhklNnrStUuvZz] [-w timeout] [destination] [port]"


def _showing(usage: str, code: int) -> Refuse:
    """The sentence, and a usage of a few words."""
    return lambda refusal: BuiltinResult(stderr=f"{getopt_words(refusal)}\n{usage}\n", exit_code=code)


def _diffutils(refusal: Refusal) -> BuiltinResult:
    hint = f"{refusal.name}: Try '{refusal.name} --help' for more information."
    return BuiltinResult(stderr=f"{getopt_words(refusal)}\n{hint}\n", exit_code=2)


def _grep(refusal: Refusal) -> BuiltinResult:
    """zgrep leaves it to grep."""
    usage = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information."
    return BuiltinResult(stderr=f"{getopt_words(replace(refusal, name='grep'))}\n{usage}\n", exit_code=2)


def _silent(refusal: Refusal) -> BuiltinResult:
    return BuiltinResult(exit_code=1)


_REFUSALS: dict[str, Refuse] = {
    **dict.fromkeys(("ls", "dir", "vdir", "sort", "grep"), hinting(2)),
    **dict.fromkeys(("env", "nice", "nohup", "timeout"), hinting(125)),
    **dict.fromkeys(
        ("free", "uptime", "vmstat", "w", "killall", "pstree", "watch", "pmap", "slabtop", "sysctl", "fuser"),
        explaining(),
    ),
    **dict.fromkeys(("pgrep", "pkill"), explaining(2)),
    **dict.fromkeys(("systemctl", "journalctl", "timedatectl", "hostnamectl", "loginctl"), bare()),
    "top": bare(0),
    **dict.fromkeys(("reboot", "poweroff", "halt", "shutdown"), bare()),
    "ss": explaining(255),
    "netstat": explaining(3),
    "curl": _curl,
    "wget": _wget,
    **dict.fromkeys(("apt", "apt-get", "apt-cache", "apt-mark"), _apt),
    **dict.fromkeys(("dpkg", "dpkg-query"), _dpkg),
    "getent": _getent,
    "gzip": _gzip,
    "hostname": _hostname,
    "lsof": _lsof,
    "nginx": _nginx,
    **dict.fromkeys(("diff", "cmp"), _diffutils),
    "crontab": _crontab,
    **dict.fromkeys(("nc", "ncat"), _showing(NC_USAGE, 1)),
    "ping": _showing("\nUsage\n  ping [options] <destination>", 2),
    "pidof": _silent,
    **dict.fromkeys(("zgrep", "zegrep", "zfgrep"), _grep),
    "swapoff": hinting(16),
    "systemd-analyze": bare(),
    "arp": explaining(3),
    "passwd": explaining(6),
    **dict.fromkeys(("useradd", "userdel", "usermod", "groupadd", "groupdel", "chage"), explaining(2)),
}
"""Tool -> how it refuses, where that is not coreutils' way."""


def refused(refusal: Refusal) -> BuiltinResult:
    """What the tool prints."""
    if refusal.name.partition(" ")[0] == "docker":
        return _docker(refusal)
    return _REFUSALS.get(refusal.name, hinting())(refusal)


_PROCPS = ("uptime", "free", "vmstat", "slabtop", "pstree")
_UTIL_LINUX = ("dmesg", "lscpu", "mount")
_SYSTEMD = ("timedatectl", "hostnamectl", "reboot", "poweroff", "halt")


def surplus(name: str, operand: str) -> BuiltinResult:
    """What a tool prints that takes fewer operands."""
    hint = f"Try '{name} --help' for more information."
    if name in _PROCPS:
        said = said_of_help(name)
        return BuiltinResult(stderr=f"\n{said.stdout + said.stderr}" if said else "", exit_code=1)
    if name in _SYSTEMD:
        return BuiltinResult(stderr="Too many arguments.\n", exit_code=1)
    if name == "nginx":
        return BuiltinResult(stderr=f'nginx: invalid option: "{operand}"\n', exit_code=1)
    if name == "lsb_release":
        return BuiltinResult(stderr="No arguments are permitted\n", exit_code=1)
    what = "bad usage" if name in _UTIL_LINUX else f"extra operand ‘{operand}’"
    return BuiltinResult(stderr=f"{name}: {what}\n{hint}\n", exit_code=1)
