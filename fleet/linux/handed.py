"""Commands that hand a line to the shell, since none of ours can start others: the shell's functions run it."""

RUNS = 200
"""Exit code of a command whose output is a line to be run."""
NAMES = ("su", "runuser", "zgrep", "zegrep", "zfgrep", "zless", "zmore", "logrotate")
_HANDED = f"""
aj_handed() {{
    local aj_told aj_status aj_out
    case $1 in z*|logrotate) aj_told=$(command "$@" < /dev/null);; *) aj_told=$(command "$@");; esac; aj_status=$?
    if ((aj_status == {RUNS})); then eval "$aj_told"; return; fi
    [[ -z $aj_told ]] || echo "$aj_told"
    return $aj_status
}}
"""
FUNCTIONS = _HANDED + "".join(f'{name}() {{ aj_handed {name} "$@"; }}\n' for name in NAMES)
