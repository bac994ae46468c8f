"""How logrotate rotates logs: older ones move up, the log gets a new name, scripts run, one is packed or removed."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from shlex import quote

from fleet.linux.account_files import account, groups
from fleet.linux.command import CommandContext
from fleet.linux.file_tree import children, node
from fleet.linux.gzip_format import packed
from fleet.linux.logrotate_config import LogRule, UnclearRotation
from fleet.linux.options import Flags
from fleet.model import File

_REOPENING = re.compile(r"\s*(?:invoke-rc\.d [\w-]+ rotate|/usr/lib/rsyslog/rsyslog-rotate)\b.*")
"""Scripts that tell a service of the new file, which has no effect here."""


@dataclass(slots=True)
class LogRotation:
    """One call, with what it has said and run so far: lines for the shell."""

    context: CommandContext
    flags: Flags
    times: dict[str, int] = field(default_factory=dict)
    text: str = ""
    lines: list[str] = field(default_factory=list)
    failed: bool = False

    @property
    def dry(self) -> bool:
        return "d" in self.flags

    def tell(self, message: str, error: bool = False) -> None:
        self.failed = self.failed or error
        if message.startswith("error: ") or self.dry or "v" in self.flags:
            self.text += message

    def run(self, rule: LogRule, kind: str, paths: Iterable[str]) -> None:
        """A script of a rule, with its logs as the first argument."""
        script = rule.scripts.get(kind)
        if script is None:
            return
        self.tell(f"running {kind} script\n")
        kept = "\n".join(line for line in script.splitlines() if not _REOPENING.fullmatch(line))
        if self.dry or not kept.strip():
            return
        names = " ".join(paths)
        how, pattern = ("shared", " ".join(rule.patterns)) if rule.shared else ("non-shared", names)
        why = f"error: error running {how} {kind} script for {pattern} of '{' '.join(rule.patterns)} '\n"
        self.flush()
        told = f"{{ printf %s {quote(why)} >&2; aj_status=1; }}"
        self.lines.append(f"bash -c {quote(kept)} logrotate_script {quote(names)} || {told}")

    def flush(self) -> None:
        self.lines += [f"printf %s {quote(self.text)} >&2"] if self.text else []
        self.text = ""


def names_in(context: CommandContext, path: str) -> list[str] | None:
    found = node(context, context.absolute(path))
    return [child.name for child in children(context, found)] if found and found.folder else None


def expand(context: CommandContext, pattern: str) -> list[str]:
    folder, name = posixpath.split(pattern)
    if re.search(r"[*?\[]", folder):
        raise UnclearRotation("a pattern of folders")
    names = [one for one in names_in(context, folder) or () if fnmatchcase(one, name) and not one.startswith(".")]
    return [posixpath.join(folder, one) for one in sorted(names)]


def rotate(run: LogRotation, rule: LogRule, paths: list[str], stops: bool = False) -> None:
    """Rotate logs that share their scripts; `stops`: only make room, since one of them is missing."""
    if not paths:
        return
    goals = {path: goal for path in paths if (goal := _made_room(run, rule, path))}
    if not goals or stops:
        return
    run.run(rule, "prerotate", goals)
    for path, goal in goals.items():
        _moved(run, rule, path, goal)
    run.run(rule, "postrotate", goals)
    for path, goal in goals.items():
        if rule.count == 0 and not rule.dated:
            run.tell(f"disposeName will be {goal}\nremoving old log {goal}\n")
            _change(run, goal, None)
        elif rule.compress and not rule.delays:
            _compress(run, rule, goal)
        last = f"{path}.{rule.count + 1}{'.gz' if rule.compress else ''}"
        if rule.count and not rule.dated and node(run.context, last):
            run.tell(f"removing old log {last}\n")
            _change(run, last, None)
        run.times[path] = run.context.host.now - run.context.host.now % 60


def _made_room(run: LogRotation, rule: LogRule, path: str) -> str:
    """Move the older logs up; the new name of this one, "" if it stays."""
    context, end = run.context, ".gz" if rule.compress else ""
    hourly = rule.criterion == "hourly"
    suffix = datetime.fromtimestamp(context.host.now, UTC).strftime("-%Y%m%d%H" if hourly else "-%Y%m%d")
    run.tell(f"rotating log {path}, log->rotateCount is {rule.count}\ndateext suffix '{suffix}'\n")
    run.tell(f"glob pattern '-{'[0-9]' * (10 if hourly else 8)}'\n")
    goal = f"{path}{suffix}" if rule.dated else f"{path}.1"
    if rule.dated:
        older = expand(context, f"{path}-{'[0-9]' * 8}{'' if rule.delays else end}")
        if len(older) >= max(rule.count, 1) or (rule.compress and rule.delays):
            raise UnclearRotation("dateext and old logs")
        run.tell("" if older else "glob finding old rotated logs failed\n")
        if node(context, goal) or node(context, f"{goal}{end}"):
            run.tell(f"error: destination {goal} already exists, skipping rotation\n", error=True)
            return ""
        return goal
    if rule.compress and rule.delays:
        if node(context, f"{path}.1"):
            _compress(run, rule, f"{path}.1")
        else:
            run.tell(f"previous log {path}.1 does not exist\n")
    for place in range(max(rule.count, 1), 0, -1):
        old, new = f"{path}.{place}{end}", f"{path}.{place + 1}{end}"
        run.tell(f"renaming {old} to {new} (rotatecount {max(rule.count, 1)}, logstart 1, i {place}), \n")
        file = context.host.files.get(old)
        if file is not None:
            _change(run, new, file)
            _change(run, old, None)
        elif not run.dry:
            run.tell(f"old log {old} does not exist\n")
    last = f"{path}.{max(rule.count, 1) + 1}{end}"
    run.tell("" if node(context, last) else f"log {last} doesn't exist -- won't try to dispose of it\n")
    return goal


def _moved(run: LogRotation, rule: LogRule, path: str, goal: str) -> None:
    """Give a log its new name, and make a new one if the rule says so."""
    file = run.context.host.files.get(path, File())
    empty = replace(file, content="", raw=b"", bulk=0, modified=run.context.host.now)
    if rule.truncates:
        run.tell(f"copying {path} to {goal}\ntruncating {path}\n")
        _change(run, goal, replace(file, modified=run.context.host.now))
        _change(run, path, empty)
        return
    run.tell(f"renaming {path} to {goal}\n")
    _change(run, goal, file)
    _change(run, path, None)
    if rule.creates is not None:
        mode, owner, group = (*rule.creates, *("", "", "")[len(rule.creates) :])
        new = replace(
            empty, mode=int(mode, 8) if mode else file.mode, owner=owner or file.owner, group=group or file.group
        )
        user, numbers = account(run.context, new.owner), groups(run.context)
        gid = numbers.get(new.group or new.owner, user.gid if user else 0)
        run.tell(f"creating new {path} mode = 0{new.mode:o} uid = {user.uid if user else 0} gid = {gid}\n")
        _change(run, path, new)


def _compress(run: LogRotation, rule: LogRule, path: str) -> None:
    run.tell("compressing log with: /bin/gzip\n")
    if rule.su and not run.dry:
        numbers = account(run.context, rule.su[0]), groups(run.context).get(rule.su[-1], 0)
        uid, gid = numbers[0].uid if numbers[0] else 0, numbers[1]
        run.tell(f"switching uid to {uid} and gid to {gid} permanently (pid {run.context.host.next_pid + 1})\n")
    file = run.context.host.files.get(path)
    if file is not None:
        _change(run, f"{path}.gz", replace(file, bulk=0).holding(packed(file.data, "", 0, 6)))
        _change(run, path, None)


def _change(run: LogRotation, path: str, file: File | None) -> None:
    if not run.dry:
        run.context.change(run.context.host.with_file(path, file))
