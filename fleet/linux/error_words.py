"""Rewrites the sandbox's output and errors in bash's words, and limits their length."""

import re

from bashkit import ExecResult

from fleet.linux.terminal import TIMED_OUT

MAX_OUTPUT = 64 * 2**10
"""Characters kept of each stream."""
WORDS = (
    (r"(command not found)\. [^\n]*", r"\1"),
    (r" \(max \d+ background jobs[^\n]*", ""),
    (r"resource limit exceeded: [^\n]*", "Killed"),
    (r"file too large: [^\n]*", "File too large"),
    (r"^(real|user|sys)\t(?:0m\d+\.\d+s|unavailable)$", r"\1\t0m0.004s"),
)
"""The sandbox's hints and limits, and the real time that `time` measures -> what bash would print."""
NAMES = (
    (r"Bashkit \S+ \(virtual (\w+) interpreter\)", "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)"),
    (r"^(\w+) \(bashkit\) 0\.1", r"\1 (GNU coreutils) 9.1"),
    (r" \(bashkit\)", ""),
    (r"^# bashkit builtin: .*\n", ""),
    (r"User sandbox may run the following commands on bashkit-sandbox", "User root may run the following commands"),
)
"""Places where the sandbox reveals its name -> what a server would print."""


def translate(done: ExecResult, partial: str) -> tuple[str, str, int]:
    """(standard output, standard error, exit code); `partial` is the output before the sandbox aborted the line."""
    if done.error:
        text, code = _abort_message(done.error)
        return _bounded(partial), text, code
    output = _bounded(done.stdout)
    if "ashkit" in output:
        output = _reworded(output, NAMES)
    if "real\t" in output:  # 2>&1
        output = _reworded(output, WORDS)
    return output, _reworded(_bounded(done.stderr), WORDS), done.exit_code


def _abort_message(error: str) -> tuple[str, int]:
    """(standard error, exit code) of a line that the sandbox aborted."""
    if match := re.match(r"parse error(?: at line (\d+), column \d+)?: (.*)", error, re.DOTALL):
        return f"bash: -c: line {match[1] or 1}: {match[2]}\n", 2
    if "depth" in error:
        return "Segmentation fault\n", 139
    if "memory" in error or "bytes" in error or "too large" in error:
        return "Killed\n", 137
    return "", TIMED_OUT


def _reworded(text: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, words in rules if text else ():
        text = re.sub(pattern, words, text, flags=re.MULTILINE)
    return text


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_OUTPUT else text[:MAX_OUTPUT]
