"""umount. What is mounted is in use, or a gap: what would then be on a folder is not known."""

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.file_tree import node
from fleet.linux.mounts import mounted
from fleet.linux.options import options
from fleet.linux.sessions import logged_in
from fleet.model import Host

UMOUNT = options("""
    -a --all
    -l --lazy
    -q --quiet
    ~ -f --force
    ~ -v --verbose
    ~ -r --read-only
    ~ -n --no-mtab
    ~ -c --no-canonicalize
""")
_KERNEL = ("/", "/dev", "/proc", "/run", "/sys", "/var")
"""Where the system itself always has files open."""


def _umount(context: CommandContext) -> BuiltinResult:
    flags = parse(context, UMOUNT)
    if "a" in flags or "l" in flags:
        return lacking(context, f"umount -{'a' if 'a' in flags else 'l'}", BuiltinResult(exit_code=32))
    if not flags.words:
        return fail("umount: bad usage\nTry 'umount --help' for more information.")
    host, errors = context.pull(), ""
    for word in flags.words:
        path = context.absolute(word)
        target = next((place for source, place, _, _ in mounted(host) if word == source or path == place), None)
        if target is None:
            why = "not mounted" if node(context, path) else "no mount point specified"
            errors += "" if "q" in flags and why == "not mounted" else f"umount: {word}: {why}.\n"
            if "q" in flags:
                return BuiltinResult(stderr=errors, exit_code=32)
        elif _in_use(host, target, context.cwd):
            errors += f"umount: {target}: target is busy.\n"
        else:
            return lacking(context, f"umount {target}", BuiltinResult(stderr=errors, exit_code=32))
    return BuiltinResult(stderr=errors, exit_code=32 if errors else 0)


def _in_use(host: Host, target: str, folder: str) -> bool:
    """Whether a process has a file or its working folder on a mount."""
    running = [service for service in host.services.values() if service.state == "active"]
    places = [place for service in running for place in (service.log, service.writes) if place]
    places += [folder, *(f"/home/{login.user}" for login in logged_in(host) if login.user != "root")]
    return target in _KERNEL or any(host.mount_of(place).target == target for place in places)


COMMANDS: dict[str, Command] = {"umount": _umount}
