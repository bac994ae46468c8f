"""Open-WebUI chat exports, and ChatGPT's: one transcript for the active branch, one preference for rated siblings.

The active branch is the walk up from `currentId`; without one, from the last of the flat list or the newest leaf.
Where a root is not the start of the talk (a parent is missing), the branch starts at what is left. Other branches are
alternatives that the user left: they count in the metadata and give preferences only.

A turn is no target if the user rated it bad, if it shows a fault that `chat_quality` knows, or if it was cut off.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import Any

from aj.messages import Mode
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Preference, Transcript, Turn
from datasets_build.sources.openwebui.pieces import Piece, is_output, pieces_of_message, pieces_of_output, states_calls
from datasets_build.sources.openwebui.quality import faults, score
from datasets_build.sources.openwebui.text import pieces_of
from datasets_build.sources.openwebui.tree import Chat, Node, is_chat, name_of, read_chat
from datasets_build.sources.openwebui.turns import Assembled, assemble, states_call

REASONS = {
    "no_chat": "the record holds no chat",
    "empty_chat": "the chat holds no messages",
    "no_reply": "no message of the assistant's is left on the active branch",
    "failed_turn": "replies failed, and hold no text",
    "unknown_call": "calls whose arguments the export does not hold; their results are kept",
    "unfinished_call": "calls that never ended, and the words before them",
    "rated_tools": "a rated reply uses tools: which of its turns the rating means is not certain",
    "rated_nothing": "the rated replies hold no text, or the same text",
}
"""Code: why nothing of a chat, or of a part of it, can be trained on."""


def matches(value: Mapping[str, Any]) -> bool:
    """Whether a record is a chat of an export."""
    return is_chat(value)


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    """One chat: its active branch, its rated siblings, and what is lost of it by code.

    Hostile input gives `Refused`, never an exception.
    """
    chat = read_chat(value)
    if chat is None:
        yield Refused("no_chat", REASONS["no_chat"])
        return
    if chat.current is None:
        yield Refused("empty_chat", REASONS["empty_chat"])
        return
    read = _Reader()
    branch = chat.branch()
    told = read.tell(branch)
    if any(turn.role == "assistant" for turn in told.turns):
        yield _transcript(chat, branch, told)
    else:
        yield Refused("no_reply", REASONS["no_reply"])
    for code, count in told.lost.items():
        yield Refused(code, f"{count} {REASONS[code]}")
    yield from _preferences(chat, read)


# --- the active branch ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Told:
    """A branch as turns."""

    turns: list[Turn] = field(default_factory=list)
    system: str = ""
    faults: list[str | None] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)

    def lose(self, code: str, count: int) -> None:
        if count:
            self.lost[code] = self.lost.get(code, 0) + count


class _Reader:
    """Reads each message of a chat once, however many branches it stands on."""

    def __init__(self) -> None:
        self._pieces: dict[str, list[Piece]] = {}

    def pieces(self, node: Node) -> list[Piece]:
        if node.id not in self._pieces:
            self._pieces[node.id] = _pieces(node)
        return self._pieces[node.id]

    def tell(self, branch: Sequence[Node]) -> _Told:
        """The turns of a branch; a reply is all that stands between two requests."""
        told = _Told()
        replies = _replies(branch)
        told.faults = faults([_shown(reply) for reply in replies if not _failed(reply)])
        found = iter(told.faults)
        for group in _groups(branch):
            if group[0].role == "system":
                told.system = told.system or group[0].text
            elif group[0].role == "user":
                told.turns.append(Turn("user", group[0].text))
            elif _failed(group):
                told.lose("failed_turn", 1)
            else:
                done = self.assembled(group)
                target = bool(told.turns) and next(found) is None and not any(map(_spoiled, group))
                told.turns += [
                    turn if target or turn.role == "tool" else replace(turn, target=False) for turn in done.turns
                ]
                told.lose("unknown_call", done.unknown)
                told.lose("unfinished_call", done.unfinished)
        return told

    def assembled(self, group: Sequence[Node]) -> Assembled:
        return assemble([piece for node in group for piece in self.pieces(node)])


def _pieces(node: Node) -> list[Piece]:
    output = node.raw.get("output")
    if is_output(output):
        return pieces_of_output(output)
    return pieces_of_message(node) if states_calls(node) else pieces_of(node.text)


def _groups(branch: Sequence[Node]) -> list[list[Node]]:
    """Each message on its own, but the messages of one use of tools together: calls, results, the answer."""
    groups: list[list[Node]] = []
    for node in branch:
        if (
            groups
            and _is_reply(node)
            and _is_reply(groups[-1][-1])
            and (states_calls(node) or states_calls(groups[-1][-1]))
        ):
            groups[-1].append(node)
        elif node.role != "none":
            groups.append([node])
    return groups


def _is_reply(node: Node) -> bool:
    return node.role in ("assistant", "tool")


def _replies(branch: Sequence[Node]) -> list[list[Node]]:
    return [group for group in _groups(branch) if _is_reply(group[0])]


def _failed(reply: Sequence[Node]) -> bool:
    return not any(node.text.strip() or is_output(node.raw.get("output")) or states_calls(node) for node in reply)


def _spoiled(node: Node) -> bool:
    """Rated bad, cut off by an error, or still being written when it was exported."""
    return node.rating < 0 or node.error or node.raw.get("done") is False


def _shown(reply: Sequence[Node]) -> str:
    """A reply as the user saw it, for the rules of quality."""
    return "\n\n".join(node.text for node in reply)


def _transcript(chat: Chat, branch: Sequence[Node], told: _Told) -> Transcript:
    lost = {f"{code}s": count for code, count in told.lost.items()}
    found = sorted({fault for fault in told.faults if fault})
    extra = {"quality": score(told.faults), "faults": found, **_ratings(branch), **lost}
    left = sum(leaf.id != branch[-1].id for leaf in chat.leaves)
    metadata = _metadata(chat, branch) | extra | ({"branches_left": left} if left else {})
    last = max(place for place, turn in enumerate(told.turns) if turn.role == "assistant")
    turns = tuple(told.turns[: last + 1])
    return Transcript(turns, _mode(turns), system=told.system or chat.system, metadata=metadata)


def _mode(turns: Sequence[Turn]) -> Mode:
    """Step mode if a tool was used anywhere, or a call stands in the text; else they just talked."""
    used = any(turn.call or turn.role == "tool" for turn in turns)
    return "step" if used or any(turn.role == "assistant" and states_call(turn.text) for turn in turns) else "chat"


def _metadata(chat: Chat, branch: Sequence[Node]) -> dict[str, Any]:
    """No title: it repeats what was said, and nobody trains on it."""
    models = [name_of(node.raw.get("model")) for node in branch if node.role == "assistant"]
    teacher = next((model for model in reversed(models) if model), "unknown")
    return {"source": "openwebui", "licence": "own", "origin": chat.id, "teacher": teacher}


def _ratings(branch: Sequence[Node]) -> dict[str, Any]:
    ratings = [node.rating for node in branch if node.rating]
    return {"ratings": {"good": ratings.count(1), "bad": ratings.count(-1)}} if ratings else {}


# --- rated siblings -------------------------------------------------------------------------------------------------


def _preferences(chat: Chat, read: _Reader) -> Iterator[Parsed]:
    """A good and a bad reply to one request. With several of a kind each is used, the fewer of them repeatedly."""
    for parent in chat.nodes.values():
        siblings = [chat.nodes[child] for child in parent.children if chat.nodes[child].role == "assistant"]
        good = [node for node in siblings if node.rating > 0]
        bad = [node for node in siblings if node.rating < 0]
        if not good or not bad or parent.role != "user":
            continue
        past = tuple(read.tell(chat.branch(parent.id)).turns)
        pairs = zip(good, cycle(bad), strict=False) if len(good) >= len(bad) else zip(cycle(good), bad, strict=False)
        for better, worse in pairs:
            yield _preference(chat, read, past, better, worse)


def _preference(chat: Chat, read: _Reader, past: tuple[Turn, ...], better: Node, worse: Node) -> Parsed:
    chosen, rejected = read.assembled([better]), read.assembled([worse])
    if any(done.unknown or done.unfinished or len(done.turns) > 1 for done in (chosen, rejected)):
        return Refused("rated_tools", REASONS["rated_tools"])
    if not chosen.turns or not rejected.turns or chosen.turns == rejected.turns:
        return Refused("rated_nothing", REASONS["rated_nothing"])
    turns = (*past, chosen.turns[0], rejected.turns[0])
    reasons = {name: _reason(node) for name, node in (("chosen", better), ("rejected", worse)) if _reason(node)}
    metadata = _metadata(chat, [better]) | {"reasons": reasons}
    return Preference(past, chosen.turns[0], rejected.turns[0], _mode(turns), metadata=metadata)


def _reason(node: Node) -> str:
    """Open-WebUI's own word for why a reply was rated so; a comment is the user's, and stays out."""
    annotation = node.raw.get("annotation")
    return name_of(annotation.get("reason")) if isinstance(annotation, dict) else ""
