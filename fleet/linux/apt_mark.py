"""apt-mark: which packages are held back, and which were installed by hand."""

from dataclasses import replace

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.manual import release, said_of_help
from fleet.linux.options import options
from fleet.linux.packages import available
from fleet.model import Host

APT_MARK = options("""
    -s --simulate --dry-run --just-print --no-act --recon
    ~ -q --quiet[=]
    ~ -o=
    ~ -c=
    ~ -f=
""")
_SHOWS = ("showhold", "showheld", "showholds", "showmanual", "showauto")
_CHANGES = ("hold", "unhold", "manual")
_LATER = (
    "auto",
    "minimize-manual",
    "install",
    "remove",
    "deinstall",
    "purge",
    "showinstall",
    "showremove",
    "showpurge",
)
"""Verbs of a real apt-mark that are not simulated."""


def _apt_mark(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, APT_MARK)
    if not flags.words:
        said = said_of_help("apt-mark")
        head = f"apt {release('apt', context.host)} (amd64)\n"
        return BuiltinResult(head + (said.stdout if said else ""), exit_code=1)
    verb, *names = flags.words
    host = context.host
    if verb in _SHOWS:
        listed = {"showm": set(host.packages), "showa": set[str]()}.get(verb[:5], set(host.holds))
        return "".join(f"{name}\n" for name in sorted(listed) if not names or name in names)
    if verb not in _CHANGES:
        refusal = fail(f"E: Invalid operation {verb}", 100)
        return lacking(context, f"apt-mark {verb}", refusal) if verb in _LATER else refusal
    known = [name for name in names if name in host.packages or name in available()]
    errors = "".join(f"E: Unable to locate package {name}\n" for name in names if name not in known)
    if not known:
        return fail(f"{errors}E: No packages found", 100)
    text = ""
    for name in known:
        text += f"{_marked(host, verb, name)}\n"
        holds = host.holds | {name} if verb == "hold" else host.holds - {name} if verb == "unhold" else host.holds
        host = host if "s" in flags or name not in host.packages else replace(host, holds=holds)
    context.change(host)
    return BuiltinResult(text, errors, 100 if errors else 0)


def _marked(host: Host, verb: str, name: str) -> str:
    """What is said of a package. One that is not installed can be held too, which has no effect here."""
    held = name in host.holds
    if verb == "hold":
        return f"{name} was already set on hold." if held else f"{name} set on hold."
    if verb == "unhold":
        return f"Canceled hold on {name}." if held else f"{name} was already not on hold."
    return f"{name} was already set to manually installed."


COMMANDS: dict[str, Command] = {"apt-mark": _apt_mark}
