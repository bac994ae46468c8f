"""The sysctl command."""

import re
from collections.abc import Iterable

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, Flags, fail, parse
from fleet.linux.file_tree import node
from fleet.linux.kernel_settings import (
    READ_ONLY,
    WRITE_ONLY,
    configuration,
    path_of,
    rows_of,
    set_to,
    settings,
    written,
)
from fleet.linux.options import options

SYSCTL = options("""
    -a -A -X --all
    -b --binary
    -e --ignore
    -N --names
    -n --values
    -p -f --load[=]
    --system
    -r --pattern=
    -q --quiet
    -w --write
    --dry-run
    ~ --deprecated
    ~ -o
    ~ -x
""")
_NOTHING = "sysctl: no variables specified\nTry `sysctl --help' for more information."


def _sysctl(context: CommandContext) -> BuiltinResult:
    if "-d" in context.argv:
        context.argv = ["--help"]
    flags = parse(context, SYSCTL)
    context.change(written(context.host_files.fs, context.pull()))
    if "system" in flags or "p" in flags:
        return _loaded(context, flags)
    words, out, errors, code = flags.words, "", "", 0
    if "a" in flags:
        words = ["/"]
    elif not words:
        return fail(_NOTHING)
    for word in words:
        key, sign, value = word.partition("=")
        if sign:
            done = _write(context, flags, key.strip(), value.strip())
        elif "w" in flags:
            done = fail("sysctl: command line(0): invalid syntax, continuing...")
        else:
            done = _read(context, flags, word)
        out, errors, code = out + done.stdout, errors + done.stderr, done.exit_code or code
    return BuiltinResult(out, errors, code)


def _read(context: CommandContext, flags: Flags, word: str) -> BuiltinResult:
    if not word:
        return fail('sysctl: "" is an unknown key', 255)
    name = word.replace("/", ".").strip(".")
    found = {key: value for key, value in settings(context.host).items() if _below(key, name)}
    if not found and name not in WRITE_ONLY:
        return _unknown(word, flags)
    if "r" in flags:
        found = {key: value for key, value in found.items() if re.search(flags.get("r"), key)}
    return BuiltinResult(_shown(found.items(), flags))


def _below(key: str, name: str) -> bool:
    return not name or key == name or key.startswith(f"{name}.")


def _shown(rows: Iterable[tuple[str, str]], flags: Flags) -> str:
    if "N" in flags:
        return "".join(f"{key}\n" for key, _ in rows)
    if "b" in flags:
        return "".join(value for _, value in rows)
    return "".join(f"{value}\n" if "n" in flags else f"{key} = {value}\n" for key, value in rows)


def _unknown(word: str, flags: Flags) -> BuiltinResult:
    if "e" in flags:
        return BuiltinResult()
    return fail(f"sysctl: cannot stat {path_of(word)}: No such file or directory")


def _write(context: CommandContext, flags: Flags, word: str, value: str) -> BuiltinResult:
    key = word.replace("/", ".").lstrip("-")
    if key not in settings(context.host) and key not in WRITE_ONLY:
        return _unknown(word.lstrip("-"), flags)
    if "dry-run" not in flags:
        done = set_to(context.host, key, value)
        if done is None:
            return fail(f'sysctl: setting key "{key}": Invalid argument', 0 if READ_ONLY.fullmatch(key) else 1)
        context.change(done)
    return BuiltinResult("" if "q" in flags else _shown([(key, value)], flags))


def _loaded(context: CommandContext, flags: Flags) -> BuiltinResult:
    """-p FILE..., or --system: what files say."""
    held = {**context.host_files.standing, **context.host.files}
    system = "system" in flags
    words = configuration(held) if system else [flags.get("p") or "/etc/sysctl.conf", *flags.words]
    if not system and not flags.get("p") and flags.words:
        words = flags.words
    out, errors, code = "", "", 0
    rows: list[tuple[str, str]] = []
    for word in words:
        out += f"* Applying {word} ...\n" if system and "q" not in flags else ""
        found = None if word == "-" else node(context, context.absolute(word))
        if word != "-" and (found is None or found.folder):
            errors, code = errors + f'sysctl: cannot open "{word}": No such file or directory\n', 1
            continue
        read = context.host_files.fs.read_file(found.path) if found else context.stdin.encode()
        text = read.decode("utf-8", "replace")
        for number, key, value in rows_of(text):
            if key:
                rows.append((key, value))
            else:
                errors += f"sysctl: {word}({number}): invalid syntax, continuing...\n"
    for key, value in rows:
        done = _write(context, flags, key, value)
        out, errors, code = out + done.stdout, errors + done.stderr, done.exit_code or code
    return BuiltinResult(out, errors, code)


COMMANDS: dict[str, Command] = {"sysctl": _sysctl}
