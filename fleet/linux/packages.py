"""Package commands: dpkg and apt. Installing or removing a package also adds or removes its service."""

import re
from dataclasses import replace
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet import actions
from fleet.actions import FailedAction
from fleet.hardware import PACKAGES
from fleet.linux import programs
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.options import options
from fleet.model import File, Host, Service
from fleet.software import software

TOOLS = {"htop": "3.2.2-2", "jq": "1.6-2.1", "tree": "2.1.0-1", "ncdu": "1.18-0.2", "tmux": "3.3a-3",
    "vim": "2:9.0.1378-2", "net-tools": "2.10-0.1", "dnsutils": "1:9.18.28-1~deb12u2", "sysstat": "12.6.1-1",
    "iotop": "0.6-42", "unzip": "6.0-28", "rsync": "3.2.7-1", "wget": "1.21.3-1+b2", "strace": "6.1-0.1",
    "lsof": "4.95.0-1", "fail2ban": "1.0.2-2"}  # fmt: skip
"""Packages that can be installed in addition to those in `software.yaml`."""
NEEDED = 20 * 1024
"""KiB that apt requires free where it keeps its archives."""
_HEAD = """Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
"""
_READING = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n"
_CHANGING = ("install", "reinstall", "remove", "purge", "autoremove", "upgrade", "dist-upgrade", "full-upgrade")
_ARCHIVES = "/var/cache/apt/archives"
_UNSTABLE = "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n"


def available() -> dict[str, str]:
    """Every installable package -> its newest version."""
    found = {**PACKAGES, **TOOLS}
    for entry in software().linux.values():
        if entry.package and entry.versions:
            found[entry.package] = entry.versions[0]
    return found


def _title(package: str) -> str:
    return next((s.title for s in software().linux.values() if s.package == package), f"{package} for Debian systems")


# --- dpkg -----------------------------------------------------------------------------------------------------------


def _dpkg(context: CommandContext) -> str | BuiltinResult:
    flags = parse(
        context,
        "lsLSWi:r:P:f:",
        ["list", "status", "listfiles", "search", "show", "showformat=", "print-architecture", "get-selections",
         "audit", "configure", "version"],
        {"list": "l", "status": "s", "listfiles": "L", "search": "S", "show": "W", "showformat": "f"},
    )  # fmt: skip
    host, words = context.host, flags.words
    if "print-architecture" in flags:
        return "amd64\n"
    if "get-selections" in flags:
        return "".join(f"{name:<40}install\n" for name in sorted(host.packages))
    if "l" in flags or "W" in flags:
        return _listed(host, words, flags.get("f", "${Package}\t${Version}\n"), shown="W" in flags)
    if "S" in flags:
        return _owner(host, words)
    if "s" in flags or "L" in flags:
        if lost := [name for name in words if name not in host.packages]:
            hint = "Use dpkg --info (= dpkg-deb --info) to examine archive files."
            return fail(f"dpkg-query: package '{lost[0]}' is not installed and no information is available\n{hint}")
        return "\n".join(_about(host, name) if "s" in flags else _files(host, name) for name in words)
    if "audit" in flags or "configure" in flags:
        return ""
    return fail("dpkg: error: need an action option\n\nType dpkg --help for help about installing packages", 2)


def _listed(host: Host, patterns: list[str], form: str, shown: bool) -> str | BuiltinResult:
    names = sorted(n for n in host.packages if not patterns or any(fnmatchcase(n, pattern) for pattern in patterns))
    if patterns and not names:
        return fail(f"dpkg-query: no packages found matching {patterns[0]}")
    if shown:
        return "".join(_filled(host, name, form) for name in names)
    rows = [[name, host.packages[name], "amd64", _title(name)] for name in names]
    heads = ["Name", "Version", "Architecture", "Description"]
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    lines = ["||/ " + " ".join(head.ljust(width) for head, width in zip(heads, widths, strict=True)).rstrip()]
    lines += ["+++-" + "-".join("=" * width for width in widths)]
    lines += [
        "ii  " + " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return _HEAD + "".join(f"{line}\n" for line in lines)


def _filled(host: Host, name: str, form: str) -> str:
    values = {"Package": name, "Version": host.packages[name], "Status": "install ok installed",
        "Architecture": "amd64", "binary:Package": name, "db:Status-Abbrev": "ii "}  # fmt: skip
    form = form.removeprefix("=").replace(r"\n", "\n").replace(r"\t", "\t")
    return re.sub(r"\$\{([\w:-]+)(?:;-?\d+)?\}", lambda match: values.get(match[1], ""), form)


def _about(host: Host, name: str) -> str:
    return (
        f"Package: {name}\nStatus: install ok installed\nPriority: optional\nSection: admin\nInstalled-Size: 1024\n"
        f"Architecture: amd64\nVersion: {host.packages[name]}\nDescription: {_title(name)}\n"
    )


def _files(host: Host, name: str) -> str:
    config = [s.config for s in _services(host, name) if s.config]
    return "".join(f"{path}\n" for path in ("/.", "/usr", "/usr/share", f"/usr/share/doc/{name}", *config))


def _owner(host: Host, paths: list[str]) -> str | BuiltinResult:
    path = paths[0] if paths else ""
    for name in host.packages:
        for service in _services(host, name):
            if path in (service.config, service.command.split(" ")[0]):
                return f"{name}: {path}\n"
    if path.rsplit("/", 1)[-1] in host.packages:
        return f"{path.rsplit('/', 1)[-1]}: {path}\n"
    return fail(f"dpkg-query: no path found matching pattern {path}")


def _services(host: Host, package: str) -> list[Service]:
    """The host's services that come from a package."""
    names = [name for name, entry in software().linux.items() if entry.package == package]
    return [host.services[name] for name in names if name in host.services]


# --- apt ------------------------------------------------------------------------------------------------------------


APT = options("""
    -y --yes --assume-yes
    -s --simulate --dry-run --just-print --no-act
    --installed
    --upgradable --upgradeable
    --purge
    --reinstall
    ~ --auto-remove
    ~ -q --quiet[=]
    ~ -f --fix-broken
    ~ --no-install-recommends
    ~ --only-upgrade
    ~ --allow-downgrades
    ~ --manual-installed
    ~ -a --all-versions
    ~ -V --verbose-versions
    ~ -o=
""")


def _apt(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, APT)
    verb, *names = flags.words or [""]
    host = context.pull()
    warning = _UNSTABLE if context.name == "apt" else ""
    if verb == "list":
        return BuiltinResult(stdout=_apt_list(host, names, flags.values), stderr=warning)
    if verb == "update":
        lines = [
            f"Hit:{n} http://deb.debian.org/debian {suite} InRelease"
            for n, suite in enumerate(("stable", "stable-updates"), 1)
        ]
        return BuiltinResult(
            stdout="\n".join([*lines, _READING.rstrip(), "All packages are up to date.\n"]), stderr=warning
        )
    if verb in ("show", "policy", "search"):
        return _apt_cache(context, verb, names)
    if verb in ("clean", "autoclean"):
        return ""
    if verb in _CHANGING:
        done = _apt_change(context, verb, names, sure="y" in flags, dry="s" in flags)
        return BuiltinResult(done.stdout, warning + done.stderr, done.exit_code)
    return fail(f"E: Invalid operation {verb}", 100)


def _apt_list(host: Host, patterns: list[str], options: dict[str, str]) -> str:
    text = "Listing...\n"
    offered = available()
    for name in sorted({*host.packages, *(() if "installed" in options else offered)}):
        if patterns and not any(fnmatchcase(name, pattern) for pattern in patterns):
            continue
        if "upgradable" in options:
            continue  # drawn hosts are up to date
        here = name in host.packages
        suffix = " [installed]" if here else ""
        text += f"{name}/stable{',now' * here} {host.packages.get(name) or offered[name]} amd64{suffix}\n"
    return text


def _apt_cache(context: CommandContext, verb: str, names: list[str]) -> str | BuiltinResult:
    host, offered = context.host, available()
    if verb == "search":
        found = sorted(name for name in offered if names and names[0] in name)
        return "".join(f"{name} - {_title(name)}\n" for name in found)
    text = ""
    for name in names:
        if name not in offered and name not in host.packages:
            return fail(f"N: Unable to locate package {name}", 0 if verb == "policy" else 100)
        candidate = host.packages.get(name) or offered[name]
        if verb == "policy":
            mark = "***" if name in host.packages else "   "
            text += f"{name}:\n  Installed: {host.packages.get(name, '(none)')}\n"
            text += f"  Candidate: {candidate}\n  Version table:\n"
            text += f" {mark} {candidate} 500\n        500 http://deb.debian.org/debian stable/main amd64 Packages\n"
        else:
            text += f"Package: {name}\nVersion: {candidate}\nPriority: optional\nDescription: {_title(name)}\n\n"
    return text


def _apt_cache_command(context: CommandContext) -> str | BuiltinResult:
    verb, *names = context.argv or [""]
    if verb not in ("policy", "show", "search"):
        return fail(f"E: Invalid operation {verb}", 100)
    return _apt_cache(context, verb, names)


def _apt_change(context: CommandContext, verb: str, words: list[str], sure: bool, dry: bool) -> BuiltinResult:
    """install, remove and purge; the other verbs have nothing to do on an up-to-date host."""
    host, adding = context.host, verb in ("install", "reinstall")
    names = [word.split("=")[0] for word in words] if verb in ("install", "reinstall", "remove", "purge") else []
    if lost := [name for name in names if name not in available() and name not in host.packages]:
        return BuiltinResult(stdout=_READING, stderr=f"E: Unable to locate package {lost[0]}\n", exit_code=100)
    chosen = [name for name in names if (name in host.packages) != adding]
    text = _READING + _planned(host, [name for name in names if name not in chosen], chosen, adding)
    if not chosen or dry:
        return BuiltinResult(stdout=text)
    if not adding and not sure:
        return BuiltinResult(stdout=f"{text}Do you want to continue? [Y/n] Abort.\n", exit_code=1)
    if adding and host.available(host.mount_of(_ARCHIVES)) < NEEDED:
        why = f"E: You don't have enough free space in {_ARCHIVES}/.\n"
        return BuiltinResult(stdout=text, stderr=why, exit_code=100)
    for name in chosen:
        host = install(host, name, available()[name]) if adding else remove(host, name)
        text += f"Setting up {name} ({host.packages[name]}) ...\n" if adding else f"Removing {name} ...\n"
    context.change(host)
    return BuiltinResult(stdout=text)


def _planned(host: Host, idle: list[str], chosen: list[str], adding: bool) -> str:
    """What apt announces before it acts."""
    text = ""
    for name in idle:
        newest = f"{name} is already the newest version ({host.packages.get(name, '')}).\n"
        text += newest if adding else f"Package '{name}' is not installed, so not removed\n"
    if chosen:
        what = "NEW packages will be installed" if adding else "packages will be REMOVED"
        text += f"The following {what}:\n  {' '.join(chosen)}\n"
    added, removed = (len(chosen), 0) if adding else (0, len(chosen))
    return f"{text}0 upgraded, {added} newly installed, {removed} to remove and 0 not upgraded.\n"


def install(host: Host, package: str, version: str) -> Host:
    """The host with a package installed, its service enabled and, if possible, started."""
    host = replace(host, packages={**host.packages, package: version})
    for name, entry in software().linux.items():
        if entry.package != package or name in host.services:
            continue
        if entry.config and entry.config not in host.files:
            text = entry.text.replace("{host}", host.name)
            host = host.with_file(entry.config, File(text, modified=host.now))
        service = Service(
            name, entry.title, "inactive", True, entry.command, entry.user, entry.ports, entry.workers, entry.resident,
            since=host.now, config=entry.config, log=entry.log, writes=entry.writes,
        )  # fmt: skip
        done = actions.start(host.with_service(service), name)
        host = done.host if isinstance(done, FailedAction) else done
    return host


def remove(host: Host, package: str) -> Host:
    """The host without a package and its service; as with `apt remove`, configuration files stay."""
    for service in _services(host, package):
        host = actions.stop(host, service.name)
        host = replace(host, services={name: s for name, s in host.services.items() if name != service.name})
    return replace(host, packages={name: version for name, version in host.packages.items() if name != package})


def _snap(context: CommandContext) -> str | BuiltinResult:
    return "No snaps are installed yet. Try 'snap install hello-world'.\n"


COMMANDS: dict[str, Command] = {
    "dpkg": _dpkg,
    "dpkg-query": _dpkg,
    "apt": _apt,
    "apt-get": _apt,
    "apt-cache": _apt_cache_command,
    "snap": _snap,
    **programs.COMMANDS,
}
