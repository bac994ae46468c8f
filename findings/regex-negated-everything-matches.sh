#!/usr/bin/env bash
# regex 2026.11.15, seen 2026-11-29: a negated set of a class and its complement matches every character.
#
# Guess: [^\s\S] matches nothing, as in Python's own re and in .NET.
# Seen:  it matches any character, and so do [^\w\W], [^\d\D] and [^\p{L}\P{L}], in both of its versions of behaviour.
# What the product does: the translation of .NET's expressions writes (?!) for such a set.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install regex==2026.11.15
cat > "$work/run.py" <<'PY'
import re

import regex

SETS = (r"[^\s\S]", r"[^\w\W]", r"[^\d\D]")
seen = {one: (bool(re.search(one, "a")), *(bool(regex.search(one, "a", way)) for way in (regex.V0, regex.V1))) for one in SETS}
print(seen)
assert all(found == (False, True, True) for found in seen.values()), seen
PY
"$work/venv/bin/python" "$work/run.py"
