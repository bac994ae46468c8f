"""Commands for the shell's functions: to say that something is lacking, and to ask whether a user may do a thing."""

import re

from bashkit import BuiltinResult

from fleet.linux.account_files import GROUP, account, memberships, rows
from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, fail, lacking
from fleet.linux.file_tree import FileNode, node

_ADMINISTRATION = frozenset(
    ("systemctl", "service", "kill", "pkill", "killall", "docker", "mount", "umount", "swapoff", "apt", "apt-get",
     "dpkg", "useradd", "usermod", "userdel", "groupadd", "groupdel", "passwd", "reboot", "shutdown", "poweroff", "ufw",
     "iptables", "nginx", "hostnamectl", "timedatectl", "journalctl", "dmesg", "lsof", "crontab", "chown", "renice")
)  # fmt: skip
_UNKNOWN = "sudo: unknown user {}\nsudo: error initializing audit plugin sudoers_audit"
_WRITING = re.compile(r"\b(?:touch|tee|rm|rmdir|mv|cp|mkdir|ln|chmod|chgrp|truncate|sed -i|install|dd)\b|>")
_PATH = re.compile(r"(?<![\w.:/])/[\w.@+/-]*")


def _lacks(context: CommandContext) -> BuiltinResult:
    return lacking(context, " ".join(context.argv), BuiltinResult(exit_code=1))


def _who(context: CommandContext) -> str | BuiltinResult:
    """A user, by name or as #NUMBER: name, home and shell; or what sudo says if there is none."""
    wanted = "".join(context.argv[:1])
    context.pull()
    if wanted.startswith("#"):
        numbers = {str(number): name for name, number in accounts(context.host).items()}
        wanted = numbers.get(wanted[1:], "")
    user = account(context, wanted)
    return f"{user.name}:{user.home}:{user.shell}\n" if user else fail(_UNKNOWN.format("".join(context.argv)))


def _may(context: CommandContext) -> BuiltinResult:
    """USER COMMAND WORDS...: 0 unless the user might be denied something, which is a gap: the shell's own commands act
    as root, whoever runs them."""
    user, command, line = "".join(context.argv[:1]), "".join(context.argv[1:2]), " ".join(context.argv[1:])
    context.pull()
    denied = command.rpartition("/")[2] in _ADMINISTRATION or any(
        not _permits(context, user, path, writes=bool(_WRITING.search(line))) for path in _PATH.findall(line)
    )
    return lacking(context, f"sudo -u {user} {command}", BuiltinResult(exit_code=1)) if denied else BuiltinResult()


def _permits(context: CommandContext, user: str, path: str, writes: bool) -> bool:
    there = node(context, context.absolute(path))
    if there is None or (writes and not path.startswith("/dev/")):
        folder = node(context, context.absolute(path).rpartition("/")[0] or "/")
        if folder is not None and writes and not _bits(context, user, folder) & 2:
            return False
    if there is None:
        return True
    return bool(_bits(context, user, there) & (2 if writes and not there.folder else 4))


def _bits(context: CommandContext, user: str, there: FileNode) -> int:
    """What the permissions of a file give to a user: read 4, write 2, execute 1."""
    if there.owner == user:
        return there.mode >> 6 & 7
    groups = {user, *memberships(rows(context, GROUP), user)}
    return (there.mode >> 3 if there.group in groups else there.mode) & 7


COMMANDS: dict[str, Command] = {"aj-lacks": _lacks, "aj-may": _may, "aj-who": _who}
