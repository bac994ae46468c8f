"""Text of models, users and files as a terminal may show it: control characters are shown, not obeyed."""


def visible(text: str, keep: str = "") -> str:
    """`text` with every character that is not printable, except those in `keep`, written as Python writes it."""
    return "".join(char if char.isprintable() or char in keep else ascii(char)[1:-1] for char in text)
