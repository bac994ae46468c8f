"""Chat exports of Open-WebUI and ChatGPT: a transcript for the active branch, a preference for rated siblings.

The active branch leads up from `currentId`; without that, from the end of the flat list or the newest leaf. If a parent
is missing, the branch starts below it. Other branches are alternatives that the user abandoned: they are counted in the
metadata and only give preferences.

A turn is not a target if the user rated it bad, if it shows a fault that `quality` knows, if it was cut off, or if it
tells of a file or a source that the export does not hold. A reply that the user corrected is learned as corrected, and
preferred to what stood there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from msgspec.structs import replace

from aj.messages import Mode
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Preference, Transcript, Turn
from datasets_build.sources.chats.marks import is_cut
from datasets_build.sources.openwebui.edits import is_edited, original, standing
from datasets_build.sources.openwebui.pieces import (
    Piece,
    is_output,
    is_unfinished,
    pieces_of_message,
    pieces_of_output,
    states_calls,
)
from datasets_build.sources.openwebui.quality import faults, score
from datasets_build.sources.openwebui.text import pieces_of
from datasets_build.sources.openwebui.tree import Chat, Node, is_chat, name_of, read_chat
from datasets_build.sources.openwebui.turns import Assembled, assemble, states_call
from datasets_build.sources.openwebui.unseen import brings_files, cites

REASONS = {
    "no_chat": "the record holds no chat",
    "empty_chat": "the chat holds no messages",
    "no_reply": "the active branch has no message of the assistant",
    "failed_turn": "replies that failed and hold no text",
    "unknown_call": "calls whose arguments the export does not hold; their results are kept",
    "unfinished_call": "calls that never ended, with the words before them",
    "rated_tools": "a rated reply uses tools, so it is not certain which of its turns was rated",
    "rated_nothing": "the rated replies hold no text, or the same text",
    "edited_tools": "a corrected reply uses tools otherwise than before, so it is not certain what was corrected",
    "unseen_source": "replies tell of pictures, files or sources that a row does not hold",
}
"""By code: why a chat, or a part of it, cannot be trained on."""


def matches(value: Mapping[str, Any]) -> bool:
    """Whether a record is a chat of an export."""
    return is_chat(value)


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    """One chat: its active branch, its rated siblings, and what was lost of it, by code.

    Hostile input gives `Refused`, never an exception.
    """
    chat = read_chat(value)
    if chat is None:
        yield Refused("no_chat", REASONS["no_chat"])
        return
    if chat.current is None:
        yield Refused("empty_chat", REASONS["empty_chat"])
        return
    read = _Reader(chat.files)
    branch = chat.branch()
    talk = read.turns(branch)
    if any(turn.role == "assistant" for turn in talk.turns):
        yield _transcript(chat, branch, talk)
    else:
        yield Refused("no_reply", REASONS["no_reply"])
    for code, count in talk.lost.items():
        yield Refused(code, f"{count} {REASONS[code]}")
    yield from _preferences(chat, read)
    yield from _corrections(chat, read)


# --- the active branch ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Talk:
    """A branch as turns."""

    turns: list[Turn] = field(default_factory=list)
    system: str = ""
    faults: list[str | None] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)
    unseen: bool = False
    """Whether what was said so far rests on files that a row cannot hold."""

    def lose(self, code: str, count: int) -> None:
        if count:
            self.lost[code] = self.lost.get(code, 0) + count


class _Reader:
    """Reads each message of a chat once, however many branches it is on."""

    def __init__(self, files: bool) -> None:
        self._files = files
        self._pieces: dict[str, list[Piece]] = {}

    def pieces(self, node: Node) -> list[Piece]:
        if node.id not in self._pieces:
            self._pieces[node.id] = _pieces(node)
        return self._pieces[node.id]

    def turns(self, branch: Sequence[Node]) -> _Talk:
        """The turns of a branch; a reply is everything between two requests."""
        talk = _Talk(unseen=self._files)
        replies = _replies(branch)
        talk.faults = faults([_shown(reply) for reply in replies if not _failed(reply)])
        found = iter(talk.faults)
        for group in _groups(branch):
            talk.unseen = talk.unseen or any(map(brings_files, group))
            if group[0].role == "system":
                talk.system = talk.system or group[0].text
            elif group[0].role == "user":
                talk.turns.append(Turn("user", group[0].text))
            elif _failed(group):
                talk.lose("failed_turn", 1)
            else:
                done = self.assembled(group)
                target = bool(talk.turns) and next(found) is None and not any(map(_spoiled, group))
                if target and (talk.unseen or any(cites(node, self.pieces(node)) for node in group)):
                    target = False
                    talk.lose("unseen_source", 1)
                talk.turns += [
                    turn if target or turn.role == "tool" else replace(turn, target=False) for turn in done.turns
                ]
                talk.lose("unknown_call", done.unknown)
                talk.lose("unfinished_call", done.unfinished)
        return talk

    def assembled(self, group: Sequence[Node]) -> Assembled:
        return assemble([piece for node in group for piece in self.pieces(node)])


def _pieces(node: Node) -> list[Piece]:
    output = node.raw.get("output")
    if is_edited(node):
        return standing(node)
    if is_output(output):
        return pieces_of_output(output)
    return pieces_of_message(node) if states_calls(node) else pieces_of(node.text)


def _groups(branch: Sequence[Node]) -> list[list[Node]]:
    """Each message on its own, but those of one use of tools together: calls, results, the answer."""
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
    if node.rating < 0 or node.error or node.raw.get("done") is False:
        return True
    output, metadata = node.raw.get("output"), node.raw.get("metadata")
    ended = metadata.get("finish_details") if isinstance(metadata, dict) else None
    if node.raw.get("status") == "in_progress" or (isinstance(ended, dict) and is_cut(ended.get("type"))):
        return True
    return is_output(output) and not is_edited(node) and is_unfinished(output)


def _shown(reply: Sequence[Node]) -> str:
    """A reply as the user saw it, for the quality score."""
    return "\n\n".join(node.text for node in reply)


def _transcript(chat: Chat, branch: Sequence[Node], talk: _Talk) -> Transcript:
    lost = {f"{code}s": count for code, count in talk.lost.items()}
    found = sorted({fault for fault in talk.faults if fault})
    extra = {"quality": score(talk.faults), "faults": found, **_ratings(branch), **lost}
    left = sum(leaf.id != branch[-1].id for leaf in chat.leaves)
    metadata = _metadata(chat, branch) | extra | ({"branches_left": left} if left else {})
    last = max(place for place, turn in enumerate(talk.turns) if turn.role == "assistant")
    turns = tuple(talk.turns[: last + 1])
    return Transcript(turns, _mode(turns), system=talk.system or chat.system, metadata=metadata)


def _mode(turns: Sequence[Turn]) -> Mode:
    """Step mode if a tool was used anywhere or a text holds a call; otherwise chat."""
    used = any(turn.call or turn.role == "tool" for turn in turns)
    return "step" if used or any(turn.role == "assistant" and states_call(turn.text) for turn in turns) else "chat"


def _metadata(chat: Chat, branch: Sequence[Node]) -> dict[str, Any]:
    """Without the title: it repeats what was said, and is not trained on."""
    models = [name_of(node.raw.get("model")) for node in branch if node.role == "assistant"]
    teacher = next((model for model in reversed(models) if model), "unknown")
    return {"source": "openwebui", "licence": "own", "origin": chat.id, "teacher": teacher}


def _ratings(branch: Sequence[Node]) -> dict[str, Any]:
    ratings = [node.rating for node in branch if node.rating]
    return {"ratings": {"good": ratings.count(1), "bad": ratings.count(-1)}} if ratings else {}


# --- rated siblings -------------------------------------------------------------------------------------------------


def _preferences(chat: Chat, read: _Reader) -> Iterator[Parsed]:
    """A good and a bad reply to one request. If there are several, all are used, the rarer kind repeatedly."""
    for parent in chat.nodes.values():
        siblings = [chat.nodes[child] for child in parent.children if chat.nodes[child].role == "assistant"]
        good = [node for node in siblings if node.rating > 0]
        bad = [node for node in siblings if node.rating < 0]
        if not good or not bad or parent.role != "user":
            continue
        talk = read.turns(chat.branch(parent.id))
        if talk.unseen:
            yield Refused("unseen_source", f"rated {REASONS['unseen_source']}")
            continue
        past = tuple(talk.turns)
        pairs = zip(good, cycle(bad), strict=False) if len(good) >= len(bad) else zip(cycle(good), bad, strict=False)
        for better, worse in pairs:
            yield _preference(chat, read, past, better, worse)


def _corrections(chat: Chat, read: _Reader) -> Iterator[Parsed]:
    """What the user left standing over what the model had written."""
    for node in chat.nodes.values():
        parent = chat.nodes.get(node.parent or "")
        if node.role != "assistant" or parent is None or parent.role != "user" or not is_edited(node):
            continue
        talk = read.turns(chat.branch(parent.id))
        (*calls, chosen), (*before, rejected) = (
            done.turns or [Turn("assistant")] for done in (read.assembled([node]), assemble(original(node)))
        )
        if talk.unseen or brings_files(node):
            yield Refused("unseen_source", f"corrected {REASONS['unseen_source']}")
        elif calls != before or chosen.role != "assistant" or rejected.role != "assistant":
            yield Refused("edited_tools", REASONS["edited_tools"])
        else:
            past = (*talk.turns, *calls)
            mode = _mode((*past, chosen, rejected))
            yield Preference(past, chosen, rejected, mode, metadata=_metadata(chat, [node]) | {"edited": True})


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
    """Open-WebUI's keyword for the reason of a rating; a comment is the user's own text and is left out."""
    annotation = node.raw.get("annotation")
    return name_of(annotation.get("reason")) if isinstance(annotation, dict) else ""
