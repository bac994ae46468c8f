"""Commands that hand a line to the shell, since none of ours can start others: the shell's functions run it."""

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, lacking

MARK = "AJ_FUNCTION"
"""The variable by which a command knows that a function of the shell has called it: in `bash -c` there are none."""
RUNS = 200
"""Exit code of a command whose output is a line to be run."""
NAMES = ("su", "runuser", "zgrep", "zegrep", "zfgrep", "zless", "zmore", "logrotate")
_HANDED = f"""
aj_handed() {{
    local aj_told aj_status aj_out
    case $1 in
        z*|logrotate) aj_told=$({MARK}=1 command "$@" < /dev/null); aj_status=$?;;
        *) aj_told=$({MARK}=1 command "$@"); aj_status=$?;;
    esac
    if ((aj_status == {RUNS})); then eval "$aj_told"; return; fi
    [[ -z $aj_told ]] || echo "$aj_told"
    return $aj_status
}}
"""
FUNCTIONS = _HANDED + "".join(f'{name}() {{ aj_handed {name} "$@"; }}\n' for name in NAMES)


def handed(context: CommandContext, line: str, warning: str = "") -> BuiltinResult:
    """A line for the shell's function, which returns the line's status."""
    return BuiltinResult(line, warning, RUNS) if MARK in context.env else without_function(context)


def without_function(context: CommandContext) -> BuiltinResult:
    return lacking(context, f"{context.name} in a shell within the shell", BuiltinResult(exit_code=1))
