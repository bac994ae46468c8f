"""The number of the shell that runs a line, which $$ names: bashkit's own is always 1."""

import re

_PID = r"\$\$|\$\{\$\}"
_PIECES = re.compile(rf"""\\.|\$?'[^']*'|"(?:\\.|[^"\\])*"|{_PID}""", re.DOTALL)
_INSIDE = re.compile(rf"(\\.)|{_PID}", re.DOTALL)
_AS_IT_IS = re.compile(r"""<<-?\s*['"\\][^\n]*\n""")
"""What begins a text in which nothing is put in."""
_OTHERS = re.compile(r"(?<![\w.])(?:(?:ba|da)?sh|eval|trap)\s")
"""What may run a line that stands between quotes."""


def with_pid(line: str, pid: int) -> str:
    """The line with its shell's number in place of $$, where the shell would put it."""

    def put(found: re.Match[str]) -> str:
        piece = found[0]
        if piece[0] == '"':
            return _INSIDE.sub(lambda inner: inner[1] or str(pid), piece)
        return str(pid) if re.fullmatch(_PID, piece) else piece

    text = _AS_IT_IS.search(line)
    end = text.end() if text else len(line)
    return _PIECES.sub(put, line[:end]) + line[end:]


def asks_another(line: str) -> bool:
    """Whether a line with its own number put in may still ask for one that is not known: that of another shell."""
    left = re.search(_PID, re.sub(r"\\\\|\\\$", "", line))
    return bool(re.search(r"\$\{?(?:BASHPID|PPID)\b", line) or (left and _OTHERS.search(line)))
