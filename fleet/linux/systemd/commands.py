"""The commands systemctl and service: starting, stopping and enabling units."""

from collections.abc import Callable
from dataclasses import replace

from bashkit import BuiltinResult

from fleet import actions
from fleet.actions import RELOADING, FailedAction
from fleet.linux.command import Command, CommandContext, Flags, UsageError, fail, lacking, parse
from fleet.linux.manual import has_verb
from fleet.linux.options import options
from fleet.linux.processes import signal_of
from fleet.linux.systemd.base_units import is_base_unit, is_mounted, mount_unit
from fleet.linux.systemd.dependencies import list_dependencies
from fleet.linux.systemd.journal_entries import FORMS
from fleet.linux.systemd.lists import ON_HOST, TYPES, overview, states_in
from fleet.linux.systemd.properties import manager_properties
from fleet.linux.systemd.unit_state import can_be_enabled
from fleet.linux.systemd.units import ON_UNITS, full_name, named_units
from fleet.model import Host
from fleet.ports import main_process
from fleet.signals import kill
from fleet.unit_files import loaded, unit_path

NO_SUCH_UNIT = 5
"""systemctl's exit code when starting or stopping a unit that is not loaded."""
_HINT = 'See "systemctl status {unit}" and "journalctl -xeu {unit}" for details.'


SYSTEMCTL = options("""
    -t --type=
    --state=
    -p --property=
    -P=
    --value
    -a --all
    --failed
    -q --quiet
    -n --lines=
    --no-legend
    --legend=
    --plain
    --reverse
    --now
    -s --signal=
    -o --output=
    ~ -l --full
    ~ -f --force
    ~ --no-pager
    ~ --no-block
    ~ --no-ask-password
    ~ --no-wall
    ~ --system
    ~ --wait
    ~ --show-types
    ~ --kill-whom= --kill-who=
""")


def _systemctl(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, SYSTEMCTL)
    if (host := loaded(context.pull())) is not context.host:
        context.change(host)
    verb, *words = flags.words or ["list-units"]
    if "o" in flags and flags.get("o") not in (*FORMS, "json-sse", "json-seq", "help"):
        return fail(f"Unknown output '{flags.get('o')}'.")
    if "n" in flags and not flags.get("n").isdecimal() and flags.get("n") != "all":
        return fail(f"Failed to parse lines '{flags.get('n')}'")
    kinds = flags.get("t", "service").split(",")
    if strange := next((kind for kind in kinds if kind not in TYPES), None):
        return fail(f"Unknown unit type or load state '{strange}'.\nUse -t help to see a list of allowed values.")
    unlisted = set(kinds) & set(TYPES) - {"service", "timer"}
    if unlisted and verb in ("list-units", "list-unit-files"):
        return lacking(context, f"systemctl {verb} -t {min(unlisted)}", BuiltinResult())
    if verb in ON_HOST:
        return ON_HOST[verb](context.host, flags, words)
    if verb == "list-dependencies":
        return list_dependencies(context, flags, words)
    if verb == "edit":
        return fail("Cannot edit units if not on a tty.")
    if verb not in ON_UNITS and verb not in _CHANGES:
        refusal = fail(f"Unknown command verb {verb}.")
        return lacking(context, f"systemctl {verb}", refusal) if has_verb("systemctl", verb) else refusal
    if not words and verb == "show":
        return manager_properties(context.host, flags)
    if not words and verb == "status" and (wanted := states_in(flags)):
        words = [name for name, service in context.host.services.items() if service.state in wanted]
    if not words and verb == "reset-failed":
        words = [name for name, service in context.host.services.items() if service.state == "failed"]
    elif not words:
        return overview(context.host) if verb == "status" else fail("Too few arguments.")
    if verb == "status":
        words = [_of_pid(context.host, word) if word.isdecimal() else word for word in words]
    if "" in words:
        return fail("Failed to mangle name: Invalid argument\nFailed to expand names: Invalid argument")
    if verb == "is-active" and all(is_mounted(context.host, word) for word in words):
        return "" if "q" in flags else "active\n" * len(words)
    words = [mount_unit(context.host, word) for word in words]
    if base := [word for word in words if is_base_unit(word) and word not in context.host.services]:
        return lacking(context, f"systemctl {verb} {base[0]}", BuiltinResult(exit_code=1))
    units = named_units(context.host, words)
    return ON_UNITS[verb](context.host, flags, units) if verb in ON_UNITS else _change(context, verb, flags, units)


def _of_pid(host: Host, word: str) -> str:
    """The unit of a process: systemctl status PID."""
    process = next((process for process in host.processes if str(process.pid) == word), None)
    if process is None:
        raise UsageError(fail(f"Failed to get unit for PID {word}: PID {word} does not belong to any loaded unit."))
    return process.service or word


GLOB_WARNING = """Warning: systemctl start called with a glob pattern.
Hint: unit globs expand to loaded units, so start will usually have no effect.
      Passing --all will also load units which are pulled in by other units.
      See systemctl(1) for more details.
"""


def _change(context: CommandContext, verb: str, flags: Flags, units: list[str]) -> str | BuiltinResult:
    """Apply `verb` to each unit; the exit code is that of the first failure."""
    globs = verb == "start" and any(mark in word for word in flags.words for mark in "*?[")
    errors, code = GLOB_WARNING if globs else "", 0
    for name in units:
        context.pull()
        text, failed = _CHANGES[verb](context, name, flags) if name in context.host.services else _unknown(verb, name)
        errors, code = errors + text, code or failed
    return BuiltinResult(stderr=errors, exit_code=code)


VerbResult = tuple[str, int]
"""The text for standard error, and the exit code."""


def _unknown(verb: str, name: str) -> VerbResult:
    unit = full_name(name)
    if verb in ("mask", "unmask"):
        return f"Unit {unit} does not exist, proceeding anyway.\n", 0
    if verb in ("enable", "disable"):
        return f"Failed to {verb} unit: Unit file {unit} does not exist.\n", 1
    if verb == "reset-failed":
        return f"Failed to reset failed state of unit {unit}: Unit {unit} not loaded.\n", 1
    why = "not loaded" if verb in ("stop", "kill") else "not found"
    return f"Failed to {verb} {unit}: Unit {unit} {why}.\n", NO_SUCH_UNIT


def _apply(context: CommandContext, name: str, done: Host | FailedAction) -> VerbResult:
    """Store the outcome of a start or restart, and describe a failure."""
    context.change(done.host if isinstance(done, FailedAction) else done)
    if not isinstance(done, FailedAction):
        return "", 0
    unit = f"{name}.service"
    why = f"Job for {unit} failed because the control process exited with error code.\n"
    return f"{why}{_HINT.format(unit=unit)}\n", 1


def _masked(context: CommandContext, verb: str, name: str) -> VerbResult | None:
    if not context.host.services[name].masked:
        return None
    return f"Failed to {verb} {name}.service: Unit {name}.service is masked.\n", 1


def _start(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    return _masked(context, "start", name) or _apply(context, name, actions.start(context.host, name))


def _stop(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    return _apply(context, name, actions.stop(context.host, name))


def _restart(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    return _masked(context, "restart", name) or _apply(context, name, actions.restart(context.host, name))


def _try_restart(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    return _restart(context, name, flags) if context.host.services[name].state == "active" else ("", 0)


def _reload(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    unit = f"{name}.service"
    if name not in RELOADING:
        return f"Failed to reload {unit}: Job type reload is not applicable for unit {unit}.\n", 3
    done = actions.reload(context.host, name)
    context.change(done.host if isinstance(done, FailedAction) else done)
    if not isinstance(done, FailedAction):
        return "", 0
    if context.host.services[name].state != "active":
        return f"{done.why}\n", 1
    return f"Job for {unit} failed.\n{_HINT.format(unit=unit)}\n", 1


def _reload_or_restart(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    reloads = name in RELOADING and context.host.services[name].state == "active"
    return (_reload if reloads else _restart)(context, name, flags)


_NOT_MEANT = """The unit files have no installation config (WantedBy=, RequiredBy=, Also=,
Alias= settings in the [Install] section, and DefaultInstance= for template
units). This means they are not meant to be enabled or disabled using systemctl.
\x20
Possible reasons for having this kind of units are:
• A unit may be statically enabled by being symlinked from another unit's
  .wants/ or .requires/ directory.
• A unit's purpose may be to act as a helper for some other unit which has
  a requirement dependency on it.
• A unit may be started when needed via activation (socket, path, timer,
  D-Bus, udev, scripted systemctl call, ...).
• In case of template units, the unit is meant to be enabled with some
  instance name specified.
"""


def _try_reload_or_restart(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    runs = context.host.services[name].state == "active"
    return _reload_or_restart(context, name, flags) if runs else ("", 0)


def _reenable(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    removed, _ = _disable(context, name, flags)
    added, code = _enable(context, name, flags)
    return removed + added, code


def _enable(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    text, service = "", context.host.services[name]
    if service.masked:
        return f"Failed to enable unit: Unit file /etc/systemd/system/{name}.service is masked.\n", 1
    if not can_be_enabled(context.host, service):
        return _NOT_MEANT, 0
    if not service.enabled:
        link = f"/etc/systemd/system/multi-user.target.wants/{name}.service"
        text = f"Created symlink {link} → {unit_path(context.host, service)}.\n"
        context.change(actions.enable(context.host, name))
    more, code = _start(context, name, flags) if "now" in flags else ("", 0)
    return text + more, code


def _disable(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    text = ""
    if context.host.services[name].enabled:
        text = f'Removed "/etc/systemd/system/multi-user.target.wants/{name}.service".\n'
        context.change(actions.enable(context.host, name, False))
    return (text, _stop(context, name, flags)[1]) if "now" in flags else (text, 0)


def _mask(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    service, link = context.host.services[name], f"/etc/systemd/system/{name}.service"
    if link in context.host.files:
        return f"Failed to mask unit: File {link} already exists.\n", 1
    text = "" if service.masked else f"Created symlink {link} → /dev/null.\n"
    context.change(context.host.with_service(replace(service, masked=True)))
    return (text, _stop(context, name, flags)[1]) if "now" in flags else (text, 0)


def _unmask(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    service = context.host.services[name]
    context.change(context.host.with_service(replace(service, masked=False)))
    return f'Removed "/etc/systemd/system/{name}.service".\n' if service.masked else "", 0


def _kill(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    main = main_process(context.host, name)
    if main is None:
        return f"Failed to kill unit {name}.service: No main process to kill\n", 1
    signal = signal_of(flags.get("s", "TERM"))
    if signal is None:
        return f"Failed to parse signal string {flags.get('s')}.\n", 1
    return _apply(context, name, kill(context.host, main.pid, signal))


def _reset_failed(context: CommandContext, name: str, flags: Flags) -> VerbResult:
    context.change(actions.reset_failed(context.host, name))
    return "", 0


_CHANGES: dict[str, Callable[[CommandContext, str, Flags], VerbResult]] = {
    "start": _start,
    "stop": _stop,
    "condstop": _stop,
    "restart": _restart,
    "try-restart": _try_restart,
    "condrestart": _try_restart,
    "reload": _reload,
    "reload-or-restart": _reload_or_restart,
    **dict.fromkeys(
        ("try-reload-or-restart", "reload-or-try-restart", "force-reload", "condreload"), _try_reload_or_restart
    ),
    "reenable": _reenable,
    "enable": _enable,
    "disable": _disable,
    "mask": _mask,
    "unmask": _unmask,
    "kill": _kill,
    "reset-failed": _reset_failed,
}


_SYSTEMD_VERBS = frozenset(("start", "stop", "restart", "status", "reload", "force-reload", "try-restart"))


def _service(context: CommandContext) -> str | BuiltinResult:
    """The older command, in which the name comes before the verb."""
    match context.argv:
        case ["--status-all"]:
            services = sorted(context.host.services.values(), key=lambda service: service.name)
            return "".join(f" [ {'+' if s.state == 'active' else '-'} ]  {s.name}\n" for s in services)
        case [name, verb]:
            if name not in context.host.services and verb not in _SYSTEMD_VERBS:
                return fail(f"{name}: unrecognized service")
            context.argv = [verb, name]
            return _systemctl(context)
        case ["--version" | "-V"]:
            return BuiltinResult(stderr="service ver. 1.65.2\n")
        case [name] if name not in context.host.services and name not in ("-h", "--help"):
            return fail(f"{name}: unrecognized service")
        case [name] if name in context.host.services:
            return lacking(context, f"service {name}", fail(f"Usage: /etc/init.d/{name} {{start|stop|restart}}", 3))
        case [_, "--full-restart"] | [_, _, _, *_]:
            return lacking(context, f"service {' '.join(context.argv)}", BuiltinResult(exit_code=1))
        case given:
            usage = "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]"
            return fail(usage, 0 if given else 1)


COMMANDS: dict[str, Command] = {"systemctl": _systemctl, "service": _service}
