"""dpkg and dpkg-query: what is installed, and which package a file belongs to."""

import re
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.manual import commands_of, has_command, package_of
from fleet.linux.options import options
from fleet.linux.package_versions import SIGNS, order
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
    --print-foreign-architectures
    --compare-versions
    -V --verify
    -i --install
    -r --remove
    -P --purge
    -c --contents
    -I --info
    -p --print-avail
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
_LONG = {"l": "list", "s": "status", "L": "listfiles", "S": "search", "W": "show", "C": "audit", "V": "verify",
    "i": "install", "r": "remove", "P": "purge", "c": "contents", "I": "info", "p": "print-avail"}  # fmt: skip
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
        case "print-foreign-architectures":
            return ""
        case "compare-versions":
            return _compared(words)
        case "i" | "c" | "I" if words:
            return _archive(context, acts[0], words)
        case "r" | "P" | "V" if words:
            return _removed(context, acts[0], words)
        case "V":
            return ""
        case "i" | "c" | "I" | "r" | "P" as act:
            what = "package archive file" if act in "icI" else "package name"
            return _wrong("dpkg", f"--{_LONG[act]} needs at least one {what} argument")
        case "get-selections":
            lost = [word for word in words if not any(fnmatchcase(name, word) for name in host.packages)]
            errors = "".join(f"dpkg: no packages found matching {word}\n" for word in lost)
            found = [n for n in sorted(host.packages) if not words or any(fnmatchcase(n, word) for word in words)]
            return BuiltinResult("".join(_selected(host, name) for name in found), errors)
        case "l" | "W":
            return _listed(host, words, flags.get("f", "${Package}\t${Version}\n"), shown="W" in flags)
        case "S" if not words:
            return _wrong("dpkg-query", "--search needs at least one file name pattern argument")
        case "S":
            return _searched(host, words)
        case "configure" if lost := [word for word in words if word not in host.packages]:
            errors = "".join(
                f"dpkg: error processing package {word} (--configure):\n"
                f" no package named '{word}' is installed, cannot configure\n"
                for word in lost
            )
            listed = "".join(f" {word}\n" for word in lost)
            return BuiltinResult(stderr=f"{errors}Errors were encountered while processing:\n{listed}", exit_code=1)
        case "p" if words:
            errors = "".join(f"dpkg-query: package '{word}' is not available\n" for word in words)
            return BuiltinResult(stderr=errors, exit_code=1)
        case "configure" if not words and "a" not in flags:
            return _wrong("dpkg", "--configure needs at least one package name argument")
        case "configure" | "C":
            return ""
        case act:
            return _shown(host, words, act)


def _compared(words: list[str]) -> BuiltinResult:
    if len(words) != 3:
        return _wrong("dpkg", "--compare-versions takes three arguments: <version> <relation> <version>")
    first, sign, second = words
    if sign not in SIGNS:
        return _wrong("dpkg", "--compare-versions bad relation")
    return BuiltinResult(exit_code=0 if order(first, second) in SIGNS[sign] else 1)


def _archive(context: CommandContext, act: str, words: list[str]) -> BuiltinResult:
    """What needs an archive of a package: no host has one."""
    context.pull()
    lost = next((word for word in words if context.absolute(word) not in context.host.files), None)
    if lost is None:
        return lacking(context, f"dpkg -{act}", BuiltinResult(exit_code=2))
    if act == "i":
        return fail(f"dpkg: error: cannot access archive '{lost}': No such file or directory", 2)
    return fail(f"dpkg-deb: error: failed to read archive '{lost}': No such file or directory", 2)


def _removed(context: CommandContext, act: str, words: list[str]) -> BuiltinResult:
    lost = [word for word in words if word not in context.host.packages]
    if act == "V":
        errors = "".join(f"dpkg: package '{word}' is not installed\n" for word in lost)
        return BuiltinResult(stderr=errors, exit_code=1 if lost else 0)
    if len(lost) < len(words):
        return lacking(context, f"dpkg -{act}", BuiltinResult(exit_code=1))
    return BuiltinResult(
        stderr="".join(f"dpkg: warning: ignoring request to remove {word} which isn't installed\n" for word in lost)
    )


def _wrong(name: str, why: str) -> BuiltinResult:
    return fail(f"{name}: error: {why}\n\n{DPKG_HINTS[name]}", 2)


def _shown(host: Host, names: list[str], act: str) -> str | BuiltinResult:
    """What -s or -L prints of each package."""
    if not names and act == "L":
        return _wrong("dpkg-query", "--listfiles needs at least one package name argument")
    show = _about if act in ("s", "p") else _files
    errors = ""
    for name in names:
        if name not in host.packages and act in ("s", "p"):
            errors += f"dpkg-query: package '{name}' is not installed and no information is available\n"
        elif name not in host.packages:
            errors += f"dpkg-query: package '{name}' is not installed\n"
    if errors:
        errors += _HINT.format(*(("info", "examine archive files") if act in ("s", "p") else ("contents",
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
    for row in rows:
        cells = " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(f"{'h' if row[0] in host.holds else 'i'}i  {cells.rstrip()}")
    return BuiltinResult(_HEAD + "".join(f"{line}\n" for line in lines), errors, code)


def _filled(host: Host, name: str, form: str) -> str:
    values = {"Package": name, "Version": host.packages[name], "Status": "install ok installed",
        "Architecture": "amd64", "binary:Package": name, "db:Status-Abbrev": "ii ", "Section": _section(name),
        "db:Status-Status": "installed", "db:Status-Want": "install", "Source": name}  # fmt: skip
    form = form.removeprefix("=").replace(r"\n", "\n").replace(r"\t", "\t")
    return re.sub(r"\$\{([\w:-]+)(?:;-?\d+)?\}", lambda match: values.get(match[1], ""), form)


def _selected(host: Host, name: str) -> str:
    tabs = "\t" * max(6 - len(name) // 8, 1)
    return f"{name}{tabs}{'hold' if name in host.holds else 'install'}\n"


_SECTIONS = {"nginx": "httpd", "apache2": "httpd", "curl": "web", "openssh-server": "net", "git": "vcs",
    "bash": "shells", "python3": "python", "coreutils": "utils", "openssl": "utils", "haproxy": "net",
    "tzdata": "localization", "postgresql-15": "database", "redis-server": "database", "prometheus": "net",
    "jq": "utils", "vim": "editors"}  # fmt: skip
_PRIORITIES = {"bash": "required", "coreutils": "required", "tzdata": "required", "cron": "important",
    "systemd": "important"}  # fmt: skip


def _section(name: str) -> str:
    return _SECTIONS.get(name, "admin")


def _about(host: Host, name: str) -> str:
    return (
        f"Package: {name}\nStatus: install ok installed\nPriority: {_PRIORITIES.get(name, 'optional')}\n"
        f"Section: {_section(name)}\nInstalled-Size: 1024\n"
        f"Architecture: amd64\nVersion: {host.packages[name]}\nDescription: {title(name)}\n"
    )


def _files(host: Host, name: str) -> str:
    services = services_of(host, name)
    config = [service.config for service in services if service.config]
    units = [f"/lib/systemd/system/{service.name}.service" for service in services]
    own = [found[0] for service in services if (found := _PROGRAM.search(service.command))]
    programs = [f"/usr/bin/{command}" for command in commands_of(name)] or own
    paths = ("/.", "/usr", "/usr/share", "/usr/share/doc", f"/usr/share/doc/{name}", *config, *units, *programs)
    return "".join(f"{path}\n" for path in paths)


_PROGRAM = re.compile(r"/usr/s?bin/[\w.-]+")
_FOLDERS = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")


def _owner(host: Host, path: str) -> str:
    """The package that contains a path; "" if none does."""
    for name in host.packages:
        for service in services_of(host, name):
            program = _PROGRAM.search(service.command)
            config = service.config if service.name != "ssh" else None  # which its package writes when it is set up
            if path in (config, program and program[0], f"/lib/systemd/system/{service.name}.service"):
                return name
    program = path.rpartition("/")[2]
    if path.startswith(_FOLDERS) and has_command(host, program):
        return package_of(program)
    return program if program in host.packages else ""


def services_of(host: Host, package: str) -> list[Service]:
    """The host's services that come from a package."""
    names = [name for name, entry in software().linux.items() if entry.package == package]
    return [host.services[name] for name in names if name in host.services]


COMMANDS: dict[str, Command] = {"dpkg": _dpkg, "dpkg-query": _dpkg}
