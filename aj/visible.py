"""Text of models, users and files as a terminal may show it: control characters are shown, not obeyed."""


def visible(text: str, keep: str = "") -> str:
    """`text` with every character that is not printable, except those in `keep`, written as Python writes it."""
    return "".join(char if char.isprintable() or char in keep else ascii(char)[1:-1] for char in text)


def beginning(text: str, most: int) -> str:
    """The first `most` lines of `text`, visible, and how many more there are."""
    lines = [visible(line) for line in text.strip().split("\n")]
    more = [f"… {len(lines) - most} more lines"] if len(lines) > most else []
    return "\n".join([*lines[:most], *more])
