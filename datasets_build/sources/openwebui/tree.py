"""The tree of a chat export: its messages, the active branch, regenerations and ratings.

Open-WebUI's own form (`chat.history`), the older flat list (`chat.messages`), items without the `chat` wrapper,
feedback exports (`snapshot.chat.chat`) and ChatGPT's `mapping` all become one `Chat`. Links are read once and every
walk remembers where it was, so it ends even in a tree with a cycle.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NodeRole = Literal["user", "assistant", "system", "tool", "none"]
_ROLES: dict[Any, NodeRole] = {"user": "user", "assistant": "assistant", "system": "system", "tool": "tool"}


@dataclass(slots=True)
class Node:
    """One message of the tree; role "none" only links others (ChatGPT's roots)."""

    id: str
    parent: str | None
    role: NodeRole
    text: str
    raw: Mapping[str, Any]
    """The message itself, with `output`, `error`, `done`, `model`, `files`."""
    rating: int = 0
    """1 or -1 if the user rated it."""
    children: list[str] = field(default_factory=list)

    @property
    def error(self) -> bool:
        return bool(self.raw.get("error"))


@dataclass(slots=True)
class Chat:
    """One conversation of an export."""

    id: str
    nodes: dict[str, Node]
    current: str | None
    """The last message of the active branch; None if there are no messages."""
    system: str = ""
    files: bool = False
    """Whether files or knowledge go with every request of the chat."""

    def branch(self, last: str | None = None) -> list[Node]:
        """The messages from the root down to `last` (or the active message)."""
        walked: dict[str, Node] = {}
        place = last or self.current
        while place is not None and place in self.nodes and place not in walked:
            walked[place] = self.nodes[place]
            place = self.nodes[place].parent
        return [*walked.values()][::-1]

    @property
    def leaves(self) -> list[Node]:
        return [node for node in self.nodes.values() if not node.children]


def is_chat(value: Mapping[str, Any]) -> bool:
    """Whether a record is a chat of any of the forms that `read_chat` knows."""
    return _body(value) is not None or _is_mapping(value)


def read_chat(value: Mapping[str, Any]) -> Chat | None:
    """The chat that a record holds; None if it holds none. Its tree may be empty."""
    body = _body(value)
    if body is None:
        return _read_mapping(value) if _is_mapping(value) else None
    outer = _snapshot(value) or value
    history = body.get("history")
    stored = history.get("messages") if isinstance(history, dict) else None
    nodes = _linked(stored) if isinstance(stored, dict) else {}
    flat = body.get("messages")
    listed = [message for message in flat if isinstance(message, dict)] if isinstance(flat, list) else []
    if not nodes:
        nodes = _chained(listed)
    wanted = [history.get("currentId") if isinstance(history, dict) else None, outer.get("current_message_id")]
    wanted += [name_of(listed[-1].get("id"))] if listed else []
    files = bool(body.get("files"))
    chat = Chat(name_of(outer.get("id") or value.get("id")), nodes, _current(wanted, nodes), _system(body), files)
    _rate(value, chat)
    return chat


# --- Open-WebUI -----------------------------------------------------------------------------------------------------


def _body(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The object that holds `history` or `messages`: the chat itself."""
    inner = (_snapshot(value) or value).get("chat", value)
    if not isinstance(inner, dict):
        return None
    history = inner.get("history")
    if isinstance(history, dict) and isinstance(history.get("messages"), dict):
        return inner
    wrapped = inner is not value  # a bare `messages` list is a row of another source
    return inner if wrapped and isinstance(inner.get("messages"), list) else None


def _snapshot(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A feedback export's copy of the chat: `snapshot.chat`, which holds `chat` again."""
    snapshot = value.get("snapshot")
    chat = snapshot.get("chat") if isinstance(snapshot, dict) else None
    return chat if isinstance(chat, dict) else None


def name_of(value: Any) -> str:
    """An id or a name; empty for a value that can be neither."""
    return str(value) if isinstance(value, str | int) else ""


def _linked(stored: Mapping[str, Any]) -> dict[str, Node]:
    """Nodes under their ids. A missing `parentId` is taken from whichever message lists the node as its child."""
    messages = {name: message for name, message in stored.items() if isinstance(message, dict)}
    adopted: dict[str, str] = {}
    for name, message in messages.items():
        listed = message.get("childrenIds")
        for child in listed if isinstance(listed, list) else []:
            adopted.setdefault(name_of(child), name)
    nodes = {}
    for name, message in messages.items():
        parent = message.get("parentId")
        parent = parent if isinstance(parent, str) and parent in messages else None
        if parent is None and "parentId" not in message:
            parent = adopted.get(name)
        nodes[name] = _node(name, parent if parent != name else None, message)
    return _with_children(nodes)


def _chained(listed: list[dict[str, Any]]) -> dict[str, Node]:
    """The flat list as a chain: exports that have no tree."""
    nodes: dict[str, Node] = {}
    parent = None
    for place, message in enumerate(listed):
        name = f"{place}.{name_of(message.get('id'))}"
        nodes[name] = _node(name, parent, message)
        parent = name
    return _with_children(nodes)


def _node(name: str, parent: str | None, message: Mapping[str, Any]) -> Node:
    role = message.get("role")
    known = _ROLES.get(role, "none") if isinstance(role, str) else "none"
    annotation = message.get("annotation")
    rating = rating_of(annotation.get("rating")) if isinstance(annotation, dict) else 0
    return Node(name, parent, known, content_text(message.get("content")), message, rating)


def _with_children(nodes: dict[str, Node]) -> dict[str, Node]:
    """Children by `parentId` alone: `childrenIds` is empty or stale in many exports."""
    for node in nodes.values():
        if node.parent is not None:
            nodes[node.parent].children.append(node.id)
    return nodes


def content_text(content: Any) -> str:
    """Text, or the text parts of a list of parts; images and files have none."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part if isinstance(part, str) else part.get("text") for part in content if isinstance(part, str | dict))
    return "\n".join(text for text in texts if isinstance(text, str) and text)


def _current(wanted: list[Any], nodes: dict[str, Node]) -> str | None:
    """The first of `wanted` that exists; else the newest leaf, the last one in a tie; in a ring, any message."""
    for name in wanted:
        if isinstance(name, str) and name in nodes:
            return name
    leaves = [node for node in nodes.values() if not node.children] or [*nodes.values()]
    return max(enumerate(leaves), key=lambda leaf: (_time(leaf[1]), leaf[0]))[1].id if leaves else None


def _time(node: Node) -> float:
    time = node.raw.get("timestamp", node.raw.get("create_time"))
    return float(time) if isinstance(time, int | float) and abs(time) < 1e15 else 0.0


def _system(body: Mapping[str, Any]) -> str:
    params = body.get("params")
    text = params.get("system") if isinstance(params, dict) else None
    return text if isinstance(text, str) else ""


def rating_of(value: Any) -> int:
    """1 for a thumb up, -1 for a thumb down, 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    return {"1": 1, "+1": 1, "1.0": 1, "-1": -1, "-1.0": -1}.get(str(value).strip(), 0)


def _rate(value: Mapping[str, Any], chat: Chat) -> None:
    """A feedback export rates one message of its snapshot: `data.rating` of `meta.message_id`; its branch counts."""
    data, meta = value.get("data"), value.get("meta")
    if _snapshot(value) is None or not isinstance(data, dict) or not isinstance(meta, dict):
        return
    rated = meta.get("message_id")
    if isinstance(rated, str) and rated in chat.nodes:
        chat.current = rated
        chat.nodes[rated].rating = rating_of(data.get("rating")) or chat.nodes[rated].rating


# --- ChatGPT --------------------------------------------------------------------------------------------------------


def _is_mapping(value: Mapping[str, Any]) -> bool:
    mapping = value.get("mapping")
    if not isinstance(mapping, dict) or not mapping:
        return False
    return all(isinstance(node, dict) and ("message" in node or "parent" in node) for node in mapping.values())


def _read_mapping(value: Mapping[str, Any]) -> Chat:
    """ChatGPT's form: nodes {id, message, parent, children}; hidden system messages only link."""
    nodes: dict[str, Node] = {}
    for name, entry in value["mapping"].items():
        parent = entry.get("parent")
        parent = parent if isinstance(parent, str) and parent in value["mapping"] and parent != name else None
        message = entry.get("message")
        nodes[name] = _mapped(name, parent, message if isinstance(message, dict) else {})
    chat = Chat(name_of(value.get("conversation_id") or value.get("id")), _with_children(nodes), None)
    chat.current = _current([value.get("current_node")], chat.nodes)
    return chat


def _mapped(name: str, parent: str | None, message: Mapping[str, Any]) -> Node:
    author, content, metadata = (
        part if isinstance(part, dict) else {} for part in map(message.get, ("author", "content", "metadata"))
    )
    role = author.get("role")
    known = _ROLES.get(role, "none") if isinstance(role, str) else "none"
    parts = content.get("parts")
    text = content_text(parts) if isinstance(parts, list) else content_text(content.get("text"))
    if metadata.get("is_visually_hidden_from_conversation") or content.get("content_type") in ("thoughts", "context"):
        known = "none"
    model = metadata.get("model_slug")
    raw = {**message, "model": model if isinstance(model, str) else None}
    return Node(name, parent, known if text.strip() or known != "system" else "none", text, raw)
