"""Rewrites the sandbox's output and errors in bash's words, and limits their length."""

import re
from collections.abc import Callable

from bashkit import ExecResult

from fleet.gaps import Gap
from fleet.linux.manual import real_options, said_of_help, said_of_version
from fleet.linux.plain_lines import Done
from fleet.linux.refusals import Refusal, refused
from fleet.linux.terminal import TIMED_OUT
from fleet.model import Host

_Rules = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]

MAX_OUTPUT = 64 * 2**10
"""Characters kept of each stream."""
WORDS = (
    (r"(command not found)\. [^\n]*", r"\1"),
    (r" \(max \d+ background jobs[^\n]*", ""),
    (r"fc: editing history is not supported in bashkit", "fc: no command found"),
    (r"resource limit exceeded: [^\n]*", "Killed"),
    (r"^(real|user|sys)\t(?:0m\d+\.\d+s|unavailable)$", r"\1\t0m0.004s"),
    (r"^(real|user|sys) (?:\d+\.\d+|unavailable)$", r"\1 0.00"),
)
"""The sandbox's hints and limits, and the real time that `time` measures -> what bash would print."""
UNHINTED = frozenset(("systemctl", "journalctl", "timedatectl", "hostnamectl", "hostname", "reboot", "poweroff", "halt",
    "shutdown", "top", "bash", "curl", "find", "git", "diff", "cmp", "loginctl", "systemd-analyze"))  # fmt: skip
"""Tools that do not say where to read on."""


def _hinted(found: re.Match[str]) -> str:
    """A refusal, and where to read on."""
    if found[1] in UNHINTED:
        return found[0]
    return f"{found[0]}\nTry '{found[1]} --help' for more information."


def _escaped(text: str) -> str:
    return text.replace("\n", "\\n").replace("\t", "\\t")


def _usage(name: str) -> str:
    said = said_of_help(name)
    return said.stdout.rstrip("\n") if said else ""


_MISSING = "missing operand|extra operand .*|not enough arguments|you must specify a list of .*"
_REFUSED = "invalid option -- .*|unrecognized option .*|option requires an argument .*"
SAYINGS: _Rules = (
    (r"^timeout: missing (?:operand|command)\nUsage: .*$", "Try 'timeout --help' for more information."),
    (r"^timeout: invalid time interval '(.*)'$",
     r"timeout: invalid time interval ‘\1’\nTry 'timeout --help' for more information."),
    (r"^head: (?!cannot|invalid|error)(.*): No such file or directory$",
     r"head: cannot open '\1' for reading: No such file or directory"),
    (r"^sort: (?!cannot|open)(\S.*): No such file or directory$", r"sort: cannot read: \1: No such file or directory"),
    (r"^(head|seq|tac): (invalid [^:]*): '(.*)'$", r"\1: \2: ‘\3’"),
    (r"^cut: you must specify a list of fields$", "cut: you must specify a list of bytes, characters, or fields"),
    (rf"^(\w+): ({_MISSING})$(?!\nTry)", _hinted),
    (rf"^([\w.-]+): ({_REFUSED})$(?!\n+(?:Try|Usage|usage))", _hinted),
    (r"^error: unexpected argument '(-[^']+)' found\n[^\x00]*?\nUsage: ([\w.-]+) .*\n\nFor more information, try .*$",
     lambda found: refused(Refusal(found[2], found[1])).stderr.rstrip("\n")),
    (r"^(tar: .*: Cannot open: No such file or directory)$", r"\1\ntar: Error is not recoverable: exiting now"),
    (r"^tar: You must specify one of -c, -x, or -t$", "tar: You must specify one of the '-Acdtrux', '--delete' or "
     "'--test-label' options\nTry 'tar --help' or 'tar --usage' for more information."),
    (r"^tar: Unexpected end of archive$", "tar: This does not look like a tar archive"),
    (r"^(tar: (?:.*: Cannot stat: No such file or directory|This does not look like a tar archive))$(?!\ntar: )",
     r"\1\ntar: Exiting with failure status due to previous errors"),
    (r"^(tar: (?:invalid|unrecognized) option .*)\nTry .*$",
     r"\1\nTry 'tar --help' or 'tar --usage' for more information."),
    (r"^(dd: (?:invalid number|unrecognized operand):?) '(.*)'$", r"\1 ‘\2’"),
    (r"^(dd: unrecognized operand .*)$", r"\1\nTry 'dd --help' for more information."),
    (r"^(jq: Unknown option .*\nUse jq --help for help with command-line options)\.$",
     r"\1,\nor see the jq manpage, or online docs  at https://stedolan.github.io/jq"),
    (r"^awk: cmd\. line:\d+: fatal: not enough arguments to satisfy format string\n\t`([^\x00]*?)'\n\t.*$",
     lambda found: f"awk: run time error: not enough arguments passed to printf(\"{_escaped(found[1])}\")\n"
     '\tFILENAME="" FNR=0 NR=0'),
    (r"^awk: cmd\. line:\d+: .*\nawk: cmd\. line:\d+: +\^ unexpected newline or end of string$",
     "awk: line 2: missing } near end of file"),
    (r"^Usage: awk \[POSIX[^\x00]*", "Usage: mawk [Options] [Program] [file ...]"),
    (r"^Usage: sed \[OPTION\]\.\.\. \{script\}[^\x00]*", lambda _: _usage("sed")),
    (r"^(sed: (?:invalid|unrecognized) option .*)\nTry .*$", lambda found: f"{found[1]}\n{_usage('sed')}"),
    (r"^awk: fatal: cannot open file `(.*)' for reading: (No such file or directory)$", r"awk: cannot open \1 (\2)"),
)  # fmt: skip
"""What the shell's own commands say on standard error -> what the real ones say."""
NAMES = (
    (r"^Bashkit \S+ \(virtual (\w+) interpreter\)$", "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)"),
    (r"^GNU Awk 5.2.1 \(bashkit\)$", "mawk 1.3.4 20200120"),
    (r"^jq-1\.8$", "jq-1.6"),
    (r" \(bashkit\)", ""),
    (r"^# bashkit builtin: .*\n", ""),
    (r"User sandbox may run the following commands on bashkit-sandbox", "User root may run the following commands"),
    (r"^The sandbox has a single user; .*\n", ""),
    (r"^Virtual shell interpreter \(not GNU bash\)\n", ""),
    (r"in the virtual filesystem", "in the file system"),
)
"""Places where the sandbox reveals its name -> what a server would print."""
_VERSION = re.compile(r"^([\w.-]+) (?:\(bashkit\) 0\.1|0\.20\.1)$", re.MULTILINE)
CODES = (
    (r"\Aerror: unexpected argument", 2, 1),
    (r"^bash: (?:line \d+: )?[\w@*#?-]+: unbound variable\n\Z", 1, 127),
    (r"\Atar: (?:invalid|unrecognized) option .*\n(?:Try .*\n)?\Z", 2, 64),
    (r"\Agzip: .*: unknown suffix -- ignored\n\Z", 1, 2),
    (r"\Aawk: cmd\. line:", 1, 2),
)
"""What a line says on standard error, and its exit code -> that of a real one."""
ERRNO = (
    (r"io error: (?:parent directory not found|file not found|not found)", "No such file or directory"),
    (r"io error: is a directory", "Is a directory"),
    (r"io error: not a directory", "Not a directory"),
    (r"io error: ([a-z])", lambda found: found[1].upper()),
    (r"io error: ", ""),
)
"""The sandbox's words for the system's errors -> the C library's."""
_OPTION = re.compile(
    r"^([\w.-]+): (?:invalid option -- '(\w)'|(?:unrecognized|unknown|unsupported) option '?(-[\w-]+)'?)"
)


def translate(done: ExecResult | Done, partial: str, host: Host, folder: str) -> tuple[str, str, int]:
    """(standard output, standard error, exit code) of a line that ended in `folder`; `partial` is the output before the
    sandbox aborted it."""
    if done.error:
        text, code = _abort_message(done.error)
        return _named(_bounded(partial), host), text, code
    output = _named(_bounded(done.stdout), host)
    if "real\t" in output:  # 2>&1
        output = _reworded(output, WORDS)
    errors = _reworded(_named(_bounded(done.stderr), host), WORDS)
    if "No such" in errors and folder != "/":
        errors = re.sub(rf"^([\w.-]+: ){re.escape(folder)}/", r"\1", errors, flags=re.MULTILINE)
    errors = _reworded(errors, SAYINGS)
    code = done.exit_code
    for pattern, told, meant in CODES:
        if code == told and re.search(pattern, done.stderr):
            code = meant
    return output, _LIMIT.sub("", errors) if errors else "", code


_LIMIT = re.compile(
    r"^[\w.-]+: (?!unrecognized option).*(?:(?:output|line) limit|exceeds? (?:the )?(?:VFS|maximum|\d+ byte)"
    r"|limit exceeded|byte limit|zip bomb|\(limit \d|ashkit|virtual (?:mode|environment)|sandbox|failed unexpectedly"
    r"|kfifo not supported)"
    r".*\n?",
    re.MULTILINE,
)
"""What a command says that met one of the sandbox's limits."""


def shell_gaps(done: ExecResult | Done) -> list[Gap]:
    """What a line asked of the shell's own commands that only real ones have."""
    if done.error and _abort_message(done.error)[1] == TIMED_OUT and "timeout" not in done.error:
        return [Gap("fault", f"bash: {done.error}")]
    lines = done.stderr.splitlines()
    asked = [(found[1], found[3] or f"-{found[2]}") for line in lines if (found := _OPTION.match(line))]
    options = [Gap("option", f"{name} {option}") for name, option in asked if option in real_options(name)]
    return options + [Gap("fault", line.strip()) for line in _LIMIT.findall(_reworded(done.stderr, (*NAMES, *WORDS)))]


def _named(text: str, host: Host) -> str:
    """The text with the names and versions of real tools in place of the sandbox's."""
    if "ashkit" in text or "0.20.1" in text or "irtual " in text or "sandbox" in text or "jq-1.8" in text:
        text = _VERSION.sub(lambda found: _version(found[1], host) or found[0], text)
        text = _reworded(text, NAMES)
    return _reworded(text, ERRNO) if "io error" in text else text


def _version(name: str, host: Host) -> str | None:
    said = said_of_version(name, host)
    return said.stdout.partition("\n")[0] if said else None  # in a pipe, `head -1` has already been applied


def _abort_message(error: str) -> tuple[str, int]:
    """(standard error, exit code) of a line that the sandbox aborted."""
    if match := re.match(r"parse error(?: at line (\d+), column \d+)?: (.*)", error, re.DOTALL):
        return f"bash: -c: line {match[1] or 1}: {match[2]}\n", 2
    if "depth" in error:
        return "Segmentation fault\n", 139
    if "memory" in error or "bytes" in error or "too large" in error:
        return "Killed\n", 137
    return "", TIMED_OUT


def _reworded(text: str, rules: _Rules) -> str:
    for pattern, words in rules if text else ():
        text = re.sub(pattern, words, text, flags=re.MULTILINE)
    return text


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_OUTPUT else text[:MAX_OUTPUT]
