"""Replies that the user corrected: what was left standing is learned, and it is better than what stood before.

Open-WebUI writes the correction to `content`, keeps what stood there as `originalContent`, and leaves `output`, from
which an unedited reply is read, as the model wrote it.
"""

import html

from datasets_build.sources.openwebui.pieces import Piece, is_output, pieces_of_output
from datasets_build.sources.openwebui.text import pieces_of
from datasets_build.sources.openwebui.tree import Node


def is_edited(node: Node) -> bool:
    """Whether a reply's text is no longer what the model wrote."""
    if not node.text.strip():
        return False
    original = node.raw.get("originalContent")
    if isinstance(original, str) and original.strip():
        return _words(pieces_of(original)) != _words(pieces_of(node.text))
    output = node.raw.get("output")
    return is_output(output) and _words(pieces_of_output(output)) != _words(pieces_of(node.text))


def standing(node: Node) -> list[Piece]:
    """The pieces of an edited reply. Calls that the text no longer shows, or never did, are those of the output."""
    shown = pieces_of(node.text)
    before = original(node)
    if any(piece.kind == "call" for piece in shown) or not any(piece.kind == "call" for piece in before):
        return shown
    return [*(piece for piece in before if piece.kind != "words"), *(piece for piece in shown if piece.kind == "words")]


def original(node: Node) -> list[Piece]:
    """The pieces of an edited reply as the model wrote it."""
    output = node.raw.get("output")
    return pieces_of_output(output) if is_output(output) else pieces_of(str(node.raw.get("originalContent") or ""))


def _words(pieces: list[Piece]) -> list[str]:
    """What was said, however it was rendered; an output holds AJ's own blocks within its words."""
    said = [piece.text for piece in pieces if piece.kind == "words"]
    shown = [piece.text for text in said for piece in pieces_of(text) if piece.kind == "words"]
    return html.unescape(" ".join(shown)).split()
