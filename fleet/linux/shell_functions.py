"""Functions in every shell of a host, over bashkit's commands that know no users, another clock, or another awk."""

import re

from fleet.linux.compressing import FUNCTIONS as GZIP
from fleet.linux.find import FUNCTION
from fleet.linux.handed import FUNCTIONS

SUDO = r"""
sudo() {
    local aj_user=root aj_start= aj_home aj_shell aj_entry
    while (($#)); do
        case $1 in
            --) shift; break;;
            -u|--user) aj_user=$2; shift 2;;
            -u?*) aj_user=${1#-u}; shift;;
            --user=*) aj_user=${1#--user=}; shift;;
            -p|--prompt) shift 2;;
            -[AnHEPS]|--askpass|--non-interactive|--set-home|--preserve-env|--preserve-groups|--stdin) shift;;
            --prompt=*) shift;;
            -[is]) aj_start=$1; shift;;
            --login|--shell) aj_start=-${1:2:1}; aj_start=${aj_start/-l/-i}; shift;;
            -[kKv]|--reset-timestamp|--remove-timestamp|--validate) if (($# == 1)); then return 0; fi; shift;;
            -[AnHEPSiskKv]?*) set -- "${1:0:2}" "-${1:2}" "${@:2}";;
            -*) aj-lacks "sudo $1"; return 1;;
            *) break;;
        esac
    done
    if [[ $aj_user == root && ! $aj_start ]]; then
        aj_home=/root
    else
        aj_entry=$(aj-who "$aj_user") || return 1
        IFS=: read -r aj_user aj_home aj_shell <<< "$aj_entry"
    fi
    if [[ $aj_start == -i && $aj_shell != *sh ]]; then
        [[ $aj_shell != */nologin ]] || echo "This account is currently not available."
        return 1
    fi
    while [[ ${1-} == [A-Za-z_]*=* && ${1%%=*} != *[!A-Za-z_0-9]* ]]; do local -x "$1"; shift; done
    if [[ $aj_start ]]; then set -- bash ${1:+-c "$*"}; elif (($# == 0)); then command sudo; return; fi
    case $1 in
        cd|export|source|alias|unset|eval|exec|set|umask|.) false;;
        */*) [[ -x $1 ]];;
        *) aj_found "$1";;
    esac || {
        echo "sudo: $1: command not found" >&2
        return 1
    }
    if [[ $aj_user != root ]]; then
        aj-may "$aj_user" "$@" || return 1
        local -x SHELL=$aj_shell
    fi
    if [[ $aj_start == -i && -d $aj_home ]]; then
        (cd "$aj_home"; HOME=$aj_home USER=$aj_user LOGNAME=$aj_user SUDO_USER=root SUDO_COMMAND=$1 "$@")
        return
    fi
    HOME=$aj_home USER=$aj_user LOGNAME=$aj_user SUDO_USER=root SUDO_COMMAND=$1 "$@"
}
"""
"""The shell's own sudo runs everything as root: this one knows the users, and tells our commands who runs them."""
TIMEOUT = """
timeout() {
    local aj_word aj_seconds= aj_next= aj_signal=TERM aj_keeps= aj_tells= aj_status
    for aj_word; do
        case $aj_next in
            signal) aj_signal=$aj_word; aj_next=; continue;;
            kill) aj_next=; continue;;
            command) break;;
        esac
        case $aj_word in
            --) continue;;
            -k|--kill-after) aj_next=kill; continue;;
            -s|--signal) aj_next=signal; continue;;
            -s?*) aj_signal=${aj_word#-s}; continue;;
            --signal=*) aj_signal=${aj_word#*=}; continue;;
            --preserve-status) aj_keeps=1; continue;;
            -v|--verbose) aj_tells=1; continue;;
            -k?*|--k*=*|--foreground|--help|--version) continue;;
            --*) aj_word="unrecognized option '$aj_word'";;
            -?*) aj_word="invalid option -- '${aj_word:1:1}'";;
            [0-9]*|.[0-9]*|inf*) aj_seconds=$aj_word; aj_next=command; continue;;
            *) break;;
        esac
        echo "timeout: $aj_word" >&2
        echo "Try 'timeout --help' for more information." >&2
        return 125
    done
    if [[ $aj_next == command ]] && (($# > 1)) && ! aj_found "$aj_word"; then
        echo "timeout: failed to run command ‘$aj_word’: No such file or directory" >&2
        return 127
    fi
    AJ_SECONDS=$aj_seconds command timeout "$@"
    aj_status=$?
    ((aj_status == 124)) || return $aj_status
    aj-awake
    aj_signal=${aj_signal#SIG}
    [[ -z $aj_tells ]] || echo "timeout: sending signal $aj_signal to command ‘$aj_word’" >&2
    case $aj_signal in KILL|9) return 137;; esac
    [[ -n $aj_keeps ]] || return 124
    case $aj_signal in TERM|15) return 143;; INT|2) return 130;; HUP|1) return 129;; esac
    aj-lacks "timeout --preserve-status -s $aj_signal"
}
"""
"""The shell's own timeout knows the real clock only."""
HISTORY = "history() { :; }\n"
"""A shell that runs one line keeps no history; this one would show it."""
XARGS = """
xargs() {
    case ${1-} in
        -[!0adEeIiLlnPprstx-]*|--[!adeimnoprsvh]*) command xargs "$@"; return;;
    esac
    command xargs "$@"
    local aj_status=$?
    case $aj_status in 0|126|127) return $aj_status;; 255) return 124;; *) return 123;; esac
}
"""
"""The shell's own xargs ends as its last command did, even if it has not run any."""
AWK = r"""
awk() {
    case $* in
        *IGNORECASE*|*BEGINFILE*|*ENDFILE*|*FIELDWIDTHS*|*FPAT*|*PROCINFO*|*switch*\(*|*@include*)
            aj-lacks "awk: a word of gawk's"
            return 2;;
        *[!/*]\*\**)
            echo "awk: line 1: syntax error at or near *" >&2
            return 2;;
    esac
    local aj_gawk='(^|[^[:alnum:]_])(gensub|asorti?|patsplit|isarray|typeof|and|x?or|compl|[lr]shift|strtonum)[(]'
    local aj_read_otherwise='[^[:blank:]][{][0-9]+,?[0-9]*[}]|0x[0-9a-fA-F]|\\[<>y]'
    if [[ $* =~ $aj_gawk ]]; then
        echo "awk: line 2: function ${BASH_REMATCH[2]} never defined" >&2
        return 2
    elif [[ $* =~ $aj_read_otherwise ]]; then
        aj-lacks "awk: mawk reads ${BASH_REMATCH[0]} in its own way"
        return 2
    fi
    case $* in
        *[-+*/%^]*|*printf*|*[0-9][eE][0-9]*|*[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]*)
            command awk "$@" | aj-mawk "$@"
            return ${PIPESTATUS[0]};;
    esac
    command awk "$@"
}
"""
"""The shell's own awk is gawk; Debian's and Ubuntu's is mawk."""
UNKNOWN = "sudoedit() { aj-lacks sudoedit; }\n"
# The shell looks at a file sooner than it looks for a command.
FOUND = (
    "aj_found() { [[ $1 == */* && -e $1 ]] || [[ -f /usr/bin/$1 && -x /usr/bin/$1 ]] || "
    'command -v "$1" > /dev/null; }\n'
)
ALL = FOUND + UNKNOWN + SUDO + FUNCTIONS + FUNCTION + XARGS + AWK + GZIP + TIMEOUT + HISTORY
NAMES = frozenset(re.findall(r"^([\w-]+)\(\) ", ALL, re.MULTILINE))
