"""Captured terminal output: without escape codes and prompts, and MySQL's rows as its client prints them."""

import ast
import re
from typing import Any

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)"  # a window title
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # colours, the cursor
    r"|\x1b[@-Z\\^_=>]"
)
_PROMPT = re.compile(r"^[\w-]{1,40}@[0-9a-f]{12}:[^\n#$]{0,200}[#$](?: |$)", re.MULTILINE)
"""The prompt of a container's shell, whose host name is twelve hex digits."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ERROR = re.compile(r"(\d{4}) \((\w{5})\): (.*)", re.DOTALL)

MAX_ROWS = 50_000
"""Characters of a result that are read as rows; a longer one is unchanged."""


def clean_terminal(text: str) -> str:
    """What the command printed, without colours, titles, carriage returns and the shell's prompt."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", _PROMPT.sub("", text)).strip("\n").rstrip()


def mysql_lines(text: str) -> str:
    """Rows as `mysql --batch --skip-column-names` prints them, from the text of a Python list of tuples.

    Any text that is not certainly such a list (one that is cut off, or with other values) is unchanged.
    """
    text = text.strip()
    if match := _ERROR.fullmatch(text):
        return f"ERROR {match[1]} ({match[2]}) at line 1: {match[3]}"
    if not text.startswith("[") or len(text) > MAX_ROWS:
        return text
    try:
        body = ast.parse(text, mode="eval").body
        if not isinstance(body, ast.List) or not all(isinstance(row, ast.Tuple) for row in body.elts):
            return text
        return "\n".join(
            "\t".join(_field(cell) for cell in row.elts) for row in body.elts if isinstance(row, ast.Tuple)
        )
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _field(node: ast.expr) -> str:
    """One value as the client prints it. Raises ValueError on a kind whose printed form is not certain."""
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"-{_field(node.operand)}"
    if isinstance(node, ast.Call) and not node.keywords and all(isinstance(arg, ast.Constant) for arg in node.args):
        kind = ast.unparse(node.func)
        values: list[Any] = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        if kind == "Decimal" and len(values) == 1 and isinstance(values[0], str):
            return values[0]
        if kind == "datetime.date" and len(values) == 3 and all(type(value) is int for value in values):
            return "{:04d}-{:02d}-{:02d}".format(*values)
        if kind == "datetime.datetime" and 5 <= len(values) <= 6 and all(type(value) is int for value in values):
            return "{:04d}-{:02d}-{:02d} {:02d}:{:02d}:{:02d}".format(*values, *[0] * (6 - len(values)))
    raise ValueError("a value whose printed form is not known")


def _constant(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\0", "\\0")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("a value whose printed form is not known")
