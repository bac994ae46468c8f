"""logrotate, in the words of 3.21. What the packages' scripts do has no effect here; others are run by the shell."""

import posixpath
from dataclasses import replace
from datetime import UTC, datetime

from bashkit import BuiltinResult

from fleet.linux.account_files import groups
from fleet.linux.command import Command, CommandContext, fail, lacking
from fleet.linux.file_tree import node
from fleet.linux.handed import handed
from fleet.linux.log_rotation import LogRotation, expand, names_in, rotate
from fleet.linux.logrotate_config import ConfigReader, LogRule, UnclearRotation
from fleet.linux.manual import release
from fleet.linux.options import OptionError, options, read_options
from fleet.linux.real_files import is_real
from fleet.linux.rotation_state import STATE, is_due, read_state, state_text
from fleet.model import File

LOGROTATE = options("""
    -d --debug
    -f --force
    -v --verbose
    -s --state=
    ~ -m --mail=
    ~ --skip-state-lock
    ~ --wait-for-state-lock
    --version
""")
_NOT_MODELLED = ("-l", "--log", "-?", "--help", "--usage")
_USAGE = (
    "logrotate {} - Copyright (C) 1995-2001 Red Hat, Inc.\n"
    "This may be freely redistributed under the terms of the GNU General Public License\n\n"
    "Usage: logrotate [-dfv?] [-d|--debug] [-f|--force] [-m|--mail=command]\n"
    "        [-s|--state=statefile] [--skip-state-lock] [--wait-for-state-lock]\n"
    "        [-v|--verbose] [-l|--log=logfile] [--version] [-?|--help] [--usage]\n"
    "        [OPTION...] <configfile>\n"
)
_ABOUT = (
    "logrotate {}\n\n    Default mail command:       /usr/bin/mail\n    Default compress command:   /bin/gzip\n"
    "    Default uncompress command: /bin/gunzip\n    Default compress extension: .gz\n"
    f"    Default state file path:    {STATE}\n"
    "    ACL support:                yes\n    SELinux support:            yes\n"
)
_DEBUG = (
    "warning: logrotate in debug mode does nothing except printing debug messages!  "
    "Consider using verbose mode (-v) instead if this is not what you want.\n\n"
)
_INSECURE = (
    'insecure permissions (It\'s world writable or writable by group which is not "root") Set "su" directive in config '
    "file to tell logrotate which user/group should be used for rotation."
)


def _logrotate(context: CommandContext) -> BuiltinResult:
    version = release("logrotate", context.host) or {"22.04": "3.19.0"}.get(context.host.system.version, "3.21.0")
    try:
        flags = read_options(context.argv, LOGROTATE)
    except OptionError as error:
        refusal = fail(f"logrotate: bad argument {error.word}: unknown error", 2)
        return lacking(context, f"logrotate {error.option}", refusal) if error.option in _NOT_MODELLED else refusal
    if "version" in flags:
        return BuiltinResult(_ABOUT.format(version))
    if not flags.words:
        return BuiltinResult(stderr=_USAGE.format(version), exit_code=1)
    context.pull()
    run = LogRotation(context, flags)
    before = context.host
    try:
        _rotate_all(run)
    except UnclearRotation as why:
        context.change(before)
        return lacking(context, f"logrotate with {why}", BuiltinResult(exit_code=1))
    if not run.lines:
        return BuiltinResult(stderr=run.text, exit_code=int(run.failed))
    run.flush()
    return handed(context, "; ".join([f"aj_status={int(run.failed)}", *run.lines, "(exit $aj_status)\n"]))


def _rotate_all(run: LogRotation) -> None:
    context, flags = run.context, run.flags
    if run.dry:
        run.tell(_DEBUG)
    reader = ConfigReader(
        text_of=lambda path: _text(context, path),
        names_in=lambda path: names_in(context, path),
        mode_of=lambda path: _mode(context, path),
        expand=lambda pattern: expand(context, pattern),
    )
    for word in flags.words:
        if node(context, context.absolute(word)) is None:
            run.tell(f"error: cannot stat {word}: No such file or directory\n", error=True)
        else:
            reader.read(word)
    for line, error in reader.said:
        run.tell(f"{line}\n", error)
    if node(context, context.absolute(flags.words[0])) is None and not run.dry:
        return
    _read_state(run)
    run.tell(f"\nHandling {len(reader.rules)} logs\n")
    for rule in reader.rules:
        _apply(run, rule)
    if not run.dry:
        path = context.absolute(flags.get("s", STATE))
        old = context.host_files.file(context.host, path) or File(mode=0o640)
        written = replace(old, modified=context.host.now).holding(state_text(run.times).encode())
        context.change(context.host.with_file(path, written))


def _text(context: CommandContext, path: str) -> str | None:
    found = node(context, context.absolute(path))
    return (
        None
        if found is None or found.folder
        else context.host_files.fs.read_file(found.path).decode("utf-8", "replace")
    )


def _mode(context: CommandContext, path: str) -> int:
    found = node(context, context.absolute(path))
    return found.mode if found else 0


def _read_state(run: LogRotation) -> None:
    word = run.flags.get("s", STATE)
    found = node(run.context, run.context.absolute(word))
    if found is None and not run.dry:
        run.tell(f"Creating stub state file: {word}\n")
    if found and found.mode & 0o004 and not run.dry:
        run.tell(f"warning: state file {word} is world-readable and thus can be locked from other unprivileged users. "
            "Skipping lock acquisition...\n")  # fmt: skip
    elif not run.dry:
        run.tell(f"acquired lock on state file {word}")
    run.tell(f"Reading state from file: {word}\n")
    if found is None and run.dry:
        run.tell(f"state file {word} does not exist\n")
    run.times = read_state(run.context.host_files.fs.read_file(found.path).decode("utf-8", "replace")) if found else {}
    run.tell("Allocating hash table for state file, size 64 entries\n" + "Creating new state\n" * len(run.times))


# --- one rule -------------------------------------------------------------------------------------------------------


def _apply(run: LogRotation, rule: LogRule) -> None:
    context = run.context
    every = {"hourly": "hourly ", "daily": "after 1 days ", "size": f"{rule.size} bytes "}
    when = "forced from command line " if "f" in run.flags else every.get(rule.criterion, f"{rule.criterion} ")
    kept = f"({rule.count} rotations)" if rule.count else "(no old logs will be kept)"
    run.tell(f"\nrotating pattern: {rule.shown} {when}{kept}\n")
    least = f"only log files >= {rule.min_size} bytes are rotated, " if rule.min_size else ""
    most = f"log files >= {rule.max_size} are rotated earlier, " if rule.max_size else ""
    run.tell(f"empty log files are {'' if rule.if_empty else 'not '}rotated, {least}{most}old logs are removed\n")
    if rule.twice:
        run.tell("No logs found. Rotation not needed.\n")
        return
    group = groups(context).get(rule.su[1], 0) if len(rule.su) == 2 else 0
    if rule.su:
        run.tell(f"switching euid from 0 to 0 and egid from 0 to {group} (pid {context.host.next_pid})\n")
    paths = [path for pattern in rule.patterns for path in expand(context, pattern) or [pattern]]
    if rule.shared:
        before, run.failed = run.failed, False
        due = [path for path in paths if _considered(run, rule, path)]
        rotate(run, rule, due, stops=run.failed)
        run.failed = run.failed or before
    else:
        for path in paths:
            if _considered(run, rule, path):
                rotate(run, rule, [path])
    if rule.su:
        run.tell(f"switching euid from 0 to 0 and egid from {group} to 0 (pid {context.host.next_pid})\n")


def _considered(run: LogRotation, rule: LogRule, path: str) -> bool:
    """Whether a log is to be rotated."""
    context, now = run.context, run.context.host.now
    found = node(context, path)
    unseen = found is None and is_real(path, context.host)
    run.tell(f"considering log {path}\n")
    insecure = not rule.su and _is_insecure(context, path)
    if insecure:
        run.tell(f'error: skipping "{path}" because parent directory has {_INSECURE}\n', error=True)
    elif found is None and not unseen:
        if rule.missing_ok:
            run.tell(f"  log {path} does not exist -- skipping\n")
        else:
            run.tell(f"error: stat of {path} failed: No such file or directory\n", error=True)
    if path not in run.times:
        run.tell("Creating new state\n")
        run.times[path] = now - now % 3600
    if insecure or (found is None and not unseen):
        return False
    shown = (datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M") for time in (now, run.times[path]))
    run.tell("  Now: {}\n  Last rotated at {}\n".format(*shown))
    due = _due(run, rule, run.times[path], found.size if found else 1)
    if due and found is None:
        raise UnclearRotation(path)
    return due


def _is_insecure(context: CommandContext, path: str) -> bool:
    parent = node(context, posixpath.dirname(path))
    return parent is not None and bool(parent.mode & 0o002 or (parent.mode & 0o020 and parent.group != "root"))


def _due(run: LogRotation, rule: LogRule, last: int, size: int) -> bool:
    if "f" in run.flags:
        why: bool | str = True
    elif rule.max_size and size > rule.max_size:
        why = True
    elif rule.criterion == "size":
        why = size >= rule.size or "log size is below the 'size' threshold"
    else:
        why = is_due(rule, last, run.context.host.now)
        if isinstance(why, str):
            run.tell(f"  log does not need rotating ({why})\n")
        if rule.min_size and size < rule.min_size and why != "log has already been rotated":
            small = "the log size is smaller than the minsize value"
            run.tell(f"  log does not need rotating ('minsize' directive is used and {small})\n")
            return False
        if why is not True:
            return False
    if isinstance(why, str) or (not rule.if_empty and not size):
        run.tell(f"  log does not need rotating ({why if isinstance(why, str) else 'log is empty'})\n")
        return False
    run.tell("  log needs rotating\n")
    return True


COMMANDS: dict[str, Command] = {"logrotate": _logrotate}
