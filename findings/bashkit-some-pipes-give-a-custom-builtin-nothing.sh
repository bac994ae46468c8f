#!/usr/bin/env bash
# bashkit 0.20.1, seen 2026-11-29: behind some pipes a custom builtin named `tr` or `grep` gets no input.
#
# Guess: a custom builtin behind a pipe gets what the command before it wrote, whatever the two are called.
# Seen:  behind `cat FILE |`, builtins named `tr` and `grep` are called with `stdin` None, and so is `tr` behind
#        `grep WORD FILE |`. Behind `printf`, `sort` and `head` they get it, and any other name does everywhere.
# What the product does: `tr` stays bashkit's own, and a `grep` of the fleet's own would have to be tried so first.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install bashkit==0.20.1
cat > "$work/run.py" <<'PY'
from bashkit import Bash

BEFORE = ("cat /f", "grep hello /f", "sort /f", "head -n 1 /f", "printf 'hello\\n'")


def given(name: str) -> dict[str, str]:
    """What a custom builtin of this name is given behind each command; the others are bashkit's own."""
    bash = Bash(files={"/f": "hello\n"}, custom_builtins={name: lambda context: repr(context.stdin)})
    return {before: bash.execute_sync(f"{before} | {name} a b").stdout for before in BEFORE if before.split()[0] != name}


seen = {name: given(name) for name in ("tr", "grep", "cut", "mine")}
for name, found in seen.items():
    print(name, found)
nothing = {(name, before) for name, found in seen.items() for before, stdin in found.items() if stdin == "None"}
assert nothing == {("tr", "cat /f"), ("tr", "grep hello /f"), ("grep", "cat /f")}, nothing
assert all(stdin in ("None", repr("hello\n")) for found in seen.values() for stdin in found.values())
PY
"$work/venv/bin/python" "$work/run.py"
