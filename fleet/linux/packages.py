"""Package commands: apt and snap. Installing or removing a package also adds or removes its service."""

from dataclasses import replace
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet import actions
from fleet.actions import FailedAction
from fleet.hardware import PACKAGES
from fleet.linux import dpkg, programs
from fleet.linux.command import Command, CommandContext, fail, lacking, not_found, parse
from fleet.linux.dpkg import services_of, title
from fleet.linux.manual import has_verb, release, said_of_help, said_of_version
from fleet.linux.options import options
from fleet.linux.system import CODENAMES
from fleet.model import File, Host, Service
from fleet.software import software

TOOLS = {"htop": "3.2.2-2", "jq": "1.6-2.1", "tree": "2.1.0-1", "ncdu": "1.18-0.2", "tmux": "3.3a-3",
    "vim": "2:9.0.1378-2", "net-tools": "2.10-0.1", "dnsutils": "1:9.18.28-1~deb12u2", "sysstat": "12.6.1-1",
    "iotop": "0.6-42", "unzip": "6.0-28", "rsync": "3.2.7-1", "wget": "1.21.3-1+b2", "strace": "6.1-0.1",
    "lsof": "4.95.0-1", "fail2ban": "1.0.2-2"}  # fmt: skip
"""Packages that can be installed in addition to those in `software.yaml`."""
NEEDED = 20 * 1024
"""KiB that apt requires free where it keeps its archives."""
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


# --- apt ------------------------------------------------------------------------------------------------------------


APT = options("""
    -y --yes --assume-yes
    -v
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
    ~ -a --all-versions
    ~ -o=
""")
APT_CACHE = options("""
    ~ -q --quiet[=]
    ~ -o=
""")
_CACHE_VERBS = frozenset(
    ("gencaches", "showpkg", "showsrc", "stats", "dump", "dumpavail", "unmet", "depends", "rdepends", "pkgnames",
     "dotty", "xvcg", "madison")
)  # fmt: skip
"""Those of a real apt-cache that are not simulated."""


def _apt(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, APT)
    if "v" in flags:
        said = said_of_version(context.name, context.host)
        return said.stdout if said else ""
    if not flags.words:
        return _help(context)
    verb, *names = flags.words
    host = context.pull()
    warning = _UNSTABLE if context.name == "apt" else ""
    if verb == "list":
        return BuiltinResult(stdout=_apt_list(host, names, flags.values), stderr=warning)
    if verb == "update":
        mirror, suite = source(host)
        lines = [f"Hit:{n} {mirror} {suite}{part} InRelease" for n, part in enumerate(("", "-updates"), 1)]
        return BuiltinResult(
            stdout="\n".join([*lines, _READING.rstrip(), "All packages are up to date.\n"]), stderr=warning
        )
    if verb in ("show", "policy", "search"):
        done = _apt_cache(context, verb, names)
        told = done if isinstance(done, BuiltinResult) else BuiltinResult(done)
        return BuiltinResult(told.stdout, warning + told.stderr, told.exit_code)
    if verb in ("autoclean", "check"):
        return BuiltinResult(_READING, warning)
    if verb == "clean":
        return BuiltinResult(stderr=warning)
    if verb in _CHANGING:
        done = _apt_change(context, verb, names, sure="y" in flags, dry="s" in flags)
        return BuiltinResult(done.stdout, warning + done.stderr, done.exit_code)
    refusal = BuiltinResult(stderr=f"{warning}E: Invalid operation {verb}\n", exit_code=100)
    return lacking(context, f"{context.name} {verb}", refusal) if has_verb("apt-get", verb) else refusal


def _help(context: CommandContext) -> BuiltinResult:
    said = said_of_help(context.name)
    head = f"apt {release('apt', context.host)} (amd64)\n"
    return BuiltinResult(head + (said.stdout if said else ""), exit_code=1)


def source(host: Host) -> tuple[str, str]:
    """(mirror, release) from which a host takes its packages."""
    mirror = "http://archive.ubuntu.com/ubuntu" if host.system.id == "ubuntu" else "http://deb.debian.org/debian"
    return mirror, CODENAMES.get(host.system.version, "stable")


def _apt_list(host: Host, patterns: list[str], options: dict[str, str]) -> str:
    text = "Listing...\n"
    suite = source(host)[1] if host.system.id == "ubuntu" else "stable"
    offered = available()
    for name in sorted({*host.packages, *(() if "installed" in options else offered)}):
        if patterns and not any(fnmatchcase(name, pattern) for pattern in patterns):
            continue
        if "upgradable" in options:
            continue  # drawn hosts are up to date
        here = name in host.packages
        suffix = " [installed]" if here else ""
        text += f"{name}/{suite}{',now' * here} {host.packages.get(name) or offered[name]} amd64{suffix}\n"
    return text


def _apt_cache(context: CommandContext, verb: str, names: list[str]) -> str | BuiltinResult:
    host, offered = context.host, available()
    if verb == "search":
        found = sorted(name for name in offered if names and names[0] in name)
        return "".join(f"{name} - {title(name)}\n" for name in found)
    text, (mirror, suite) = "", source(host)
    for name in names:
        if name not in offered and name not in host.packages:
            if verb == "policy":
                continue  # apt says so to a terminal only
            return BuiltinResult(stderr="E: No packages found\n", exit_code=100)
        candidate = host.packages.get(name) or offered[name]
        if verb == "policy":
            mark = "***" if name in host.packages else "   "
            text += f"{name}:\n  Installed: {host.packages.get(name, '(none)')}\n"
            text += f"  Candidate: {candidate}\n  Version table:\n"
            text += f" {mark} {candidate} 500\n        500 {mirror} {suite}/main amd64 Packages\n"
        else:
            text += f"Package: {name}\nVersion: {candidate}\nPriority: optional\nDescription: {title(name)}\n\n"
    return text


def _apt_cache_command(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, APT_CACHE)
    if not flags.words:
        return _help(context)
    verb, *names = flags.words
    if verb not in ("policy", "show", "search"):
        refusal = fail(f"E: Invalid operation {verb}", 100)
        return lacking(context, f"apt-cache {verb}", refusal) if verb in _CACHE_VERBS else refusal
    return _apt_cache(context, verb, names)


def _apt_change(context: CommandContext, verb: str, words: list[str], sure: bool, dry: bool) -> BuiltinResult:
    """install, remove and purge; the other verbs have nothing to do on an up-to-date host."""
    host, adding = context.host, verb in ("install", "reinstall")
    names = [word.split("=")[0] for word in words] if verb in ("install", "reinstall", "remove", "purge") else []
    if lost := [name for name in names if name not in available() and name not in host.packages]:
        return BuiltinResult(stdout=_READING, stderr=f"E: Unable to locate package {lost[0]}\n", exit_code=100)
    chosen = [name for name in names if (name in host.packages) != adding]
    text = _READING + _planned(host, [name for name in names if name not in chosen], chosen, adding)
    if chosen and dry:
        text += "".join(_simulated(host, name, verb) for name in chosen)
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


def _simulated(host: Host, name: str, verb: str) -> str:
    """What apt -s says that it would do with a package."""
    if verb in ("remove", "purge"):
        return f"{'Purg' if verb == 'purge' else 'Remv'} {name} [{host.packages[name]}]\n"
    told = f"{name} ({available()[name]} {host.system.id.capitalize()}:{host.system.version}/stable [amd64])"
    return f"Inst {told}\nConf {told}\n"


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
    for service in services_of(host, package):
        host = actions.stop(host, service.name)
        host = replace(host, services={name: s for name, s in host.services.items() if name != service.name})
    return replace(host, packages={name: version for name, version in host.packages.items() if name != package})


def _snap(context: CommandContext) -> BuiltinResult:
    """snap list, on Ubuntu: no host has snaps."""
    if context.host.system.id != "ubuntu":
        return not_found("snap")
    if context.argv != ["list"]:
        return lacking(context, " ".join(["snap", *context.argv[:1]]), BuiltinResult(exit_code=1))
    return BuiltinResult(stderr="No snaps are installed yet. Try 'snap install hello-world'.\n")


COMMANDS: dict[str, Command] = {
    **dpkg.COMMANDS,
    "apt": _apt,
    "apt-get": _apt,
    "apt-cache": _apt_cache_command,
    "snap": _snap,
    **programs.COMMANDS,
}
