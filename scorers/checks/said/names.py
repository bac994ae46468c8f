"""Where a name stands in a text, as a whole word: `web-1` does not stand in `my-web-1` or `web-12`."""

from collections.abc import Iterator


def stands(text: str, name: str) -> bool:
    return next(places(text, name), None) is not None


def places(text: str, name: str) -> Iterator[int]:
    """Where it stands, from left to right. No regex: compiling one takes longer."""
    place = text.find(name)
    while place >= 0:
        end = place + len(name)
        whole = not (_goes_on(text[place - 1 : place]) or _goes_on(text[end : end + 1]))
        if whole:
            yield place
        place = text.find(name, end if whole and name else place + 1)


def _goes_on(char: str) -> bool:
    return char == "-" or is_word(char)


def is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
