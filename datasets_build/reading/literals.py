"""Python's literals, which some data sets hold in place of JSON: read as strictly as that, and never evaluated."""

import ast
from typing import Any


def read_literal(text: str) -> Any:
    """The value of a literal.

    Raises:
        ValueError: it is none, or a key of a dict occurs twice, of which Python would take the last.
    """
    try:
        return value_of(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(f"no literal ({type(error).__name__})") from error


def value_of(node: ast.expr) -> Any:
    """The value of a literal's node; raises as `read_literal`."""
    try:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Dict):
                keys = [ast.literal_eval(key) for key in inner.keys if key]
                if len(set(keys)) < len(keys):
                    raise ValueError("a key occurs twice")
        return ast.literal_eval(node)
    except (TypeError, MemoryError, RecursionError) as error:
        raise ValueError(f"no literal ({type(error).__name__})") from error
