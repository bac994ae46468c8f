"""dpkg and dpkg-query: what is installed, and which package a file belongs to."""

import re
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.options import options
from fleet.linux.refusals import DPKG_HINTS
from fleet.model import Host, Service
from fleet.software import software

_HEAD = """Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
"""
_QUERIES = """
    -l --list
    -s --status
    -L --listfiles
    -S --search
"""
DPKG = options(
    _QUERIES
    + """
    -C --audit
    --configure
    --get-selections
    --print-architecture
    ~ -a --pending
    ~ --no-pager
"""
)
DPKG_QUERY = options(
    _QUERIES
    + """
    -W --show
    -f --showformat=
    ~ --no-pager
"""
)
_LONG = {"l": "list", "s": "status", "L": "listfiles", "S": "search", "W": "show", "C": "audit"}
_HINT = "Use dpkg --{0} (= dpkg-deb --{0}) to {1}."


def title(package: str) -> str:
    return next((s.title for s in software().linux.values() if s.package == package), f"{package} for Debian systems")


def _dpkg(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, DPKG if context.name == "dpkg" else DPKG_QUERY)
    host, words = context.host, flags.words
    acts = [name for name in dict(flags.pairs) if name not in ("f", "a", "no-pager")]
    if not acts:
        return _wrong(context.name, "need an action option")
    if len(acts) > 1:
        first, second = (f"-{act} (--{_LONG[act]})" if act in _LONG else f"--{act}" for act in acts[:2])
        return _wrong(context.name, f"conflicting actions {second} and {first}")
    match acts[0]:
        case "print-architecture":
            return _wrong("dpkg", "--print-architecture takes no arguments") if words else "amd64\n"
        case "get-selections":
            return "".join(f"{name:<40}install\n" for name in sorted(host.packages))
        case "l" | "W":
            return _listed(host, words, flags.get("f", "${Package}\t${Version}\n"), shown="W" in flags)
        case "S" if not words:
            return _wrong("dpkg-query", "--search needs at least one file name pattern argument")
        case "S":
            return _searched(host, words)
        case "configure" if not words and "a" not in flags:
            return _wrong("dpkg", "--configure needs at least one package name argument")
        case "configure" | "C":
            return ""
        case act:
            return _shown(host, words, act)


def _wrong(name: str, why: str) -> BuiltinResult:
    return fail(f"{name}: error: {why}\n\n{DPKG_HINTS[name]}", 2)


def _shown(host: Host, names: list[str], act: str) -> str | BuiltinResult:
    """What -s or -L prints of each package."""
    if not names and act == "L":
        return _wrong("dpkg-query", "--listfiles needs at least one package name argument")
    show = _about if act == "s" else _files
    errors = ""
    for name in names:
        if name not in host.packages and act == "s":
            errors += f"dpkg-query: package '{name}' is not installed and no information is available\n"
        elif name not in host.packages:
            errors += f"dpkg-query: package '{name}' is not installed\n"
    if errors:
        errors += _HINT.format(*(("info", "examine archive files") if act == "s" else ("contents",
            "list archive files contents"))) + "\n"  # fmt: skip
    text = "\n".join(show(host, name) for name in names or sorted(host.packages) if name in host.packages)
    return BuiltinResult(text, errors, 1 if errors else 0)


def _searched(host: Host, paths: list[str]) -> BuiltinResult:
    owners = {path: _owner(host, path) for path in paths}
    text = "".join(f"{owner}: {path}\n" for path, owner in owners.items() if owner)
    lost = [path if path.startswith("/") else f"*{path}*" for path, owner in owners.items() if not owner]
    errors = "".join(f"dpkg-query: no path found matching pattern {path}\n" for path in lost)
    return BuiltinResult(text, errors, 1 if errors else 0)


def _listed(host: Host, patterns: list[str], form: str, shown: bool) -> BuiltinResult:
    names = sorted(n for n in host.packages if not patterns or any(fnmatchcase(n, pattern) for pattern in patterns))
    lost = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]
    errors = "".join(f"dpkg-query: no packages found matching {pattern}\n" for pattern in lost)
    code = 1 if lost else 0
    if shown or not names:
        return BuiltinResult("".join(_filled(host, name, form) for name in names), errors, code)
    rows = [[name, host.packages[name], "amd64", title(name)] for name in names]
    heads = ["Name", "Version", "Architecture", "Description"]
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    lines = ["||/ " + " ".join(head.ljust(width) for head, width in zip(heads, widths, strict=True)).rstrip()]
    lines += ["+++-" + "-".join("=" * width for width in widths)]
    lines += [
        "ii  " + " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return BuiltinResult(_HEAD + "".join(f"{line}\n" for line in lines), errors, code)


def _filled(host: Host, name: str, form: str) -> str:
    values = {"Package": name, "Version": host.packages[name], "Status": "install ok installed",
        "Architecture": "amd64", "binary:Package": name, "db:Status-Abbrev": "ii "}  # fmt: skip
    form = form.removeprefix("=").replace(r"\n", "\n").replace(r"\t", "\t")
    return re.sub(r"\$\{([\w:-]+)(?:;-?\d+)?\}", lambda match: values.get(match[1], ""), form)


def _about(host: Host, name: str) -> str:
    return (
        f"Package: {name}\nStatus: install ok installed\nPriority: optional\nSection: admin\nInstalled-Size: 1024\n"
        f"Architecture: amd64\nVersion: {host.packages[name]}\nDescription: {title(name)}\n"
    )


def _files(host: Host, name: str) -> str:
    config = [s.config for s in services_of(host, name) if s.config]
    return "".join(f"{path}\n" for path in ("/.", "/usr", "/usr/share", f"/usr/share/doc/{name}", *config))


def _owner(host: Host, path: str) -> str:
    """The package that contains a path; "" if none does."""
    for name in host.packages:
        for service in services_of(host, name):
            if path in (service.config, service.command.split(" ")[0]):
                return name
    program = path.rsplit("/", 1)[-1]
    return program if program in host.packages else ""


def services_of(host: Host, package: str) -> list[Service]:
    """The host's services that come from a package."""
    names = [name for name, entry in software().linux.items() if entry.package == package]
    return [host.services[name] for name in names if name in host.services]


COMMANDS: dict[str, Command] = {"dpkg": _dpkg, "dpkg-query": _dpkg}
