"""Which replies tell of something that the export does not hold: pictures, files, knowledge, pages of the web.

A file that was attached once is sent with every later request, so it counts for all later replies of its branch.
"""

from collections.abc import Sequence

from datasets_build.sources.chats.messages import PICTURE, SOURCE_MARK
from datasets_build.sources.openwebui.pieces import Piece
from datasets_build.sources.openwebui.tree import Node

_PARTS = ("image_url", "image", "file", "input_image", "input_file", "input_audio", "video", "audio")


def brings_files(node: Node) -> bool:
    """Whether a message has files or pictures: Open-WebUI's, the parts of a content, ChatGPT's attachments."""
    raw = node.raw
    metadata, content = raw.get("metadata"), raw.get("content")
    if node.role == "user" and PICTURE in node.text:
        return True
    if raw.get("files") or raw.get("images") or (isinstance(metadata, dict) and metadata.get("attachments")):
        return True
    parts = content.get("parts") if isinstance(content, dict) else content
    found = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return any(part.get("type") in _PARTS or "asset_pointer" in part for part in found)


def cites(node: Node, pieces: Sequence[Piece]) -> bool:
    """Whether a reply rests on sources that are not results of its own calls."""
    if not (node.raw.get("sources") or node.raw.get("citations")):
        return False
    return bool(SOURCE_MARK.search(node.text)) or not any(piece.kind == "result" for piece in pieces)
