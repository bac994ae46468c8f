"""How AJ's earlier chats show what AJ did: a plan, a block for each tool (heading, output in a fence), then the answer.

Nothing more is known of a call than the heading of its block says:

    **<discovery> output:**  **Available Agents:**     a discovery, which has no arguments: the call is certain
    **Execute `df -h` on `web01`:**                    execute with command and agent: certain
    **Remote (web01):** `df -h`   **Command:** `df`    remote_execute, execute_shell: certain
    **File: /etc/hosts**                               read_file with its path: certain
    **<any other tool> output:**  **Command output:**  which command ran, and where, is unknown

Except for the discovery, these are tools of earlier catalogues; the repair knows which acts they were.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aj.acts import DISCOVER, call_of
from aj.contract import load_contract
from datasets_build.sources.openwebui.pieces import Piece

COMMAND_LIMIT = 8_000
"""The most characters of a command in a heading."""

_HEADING = re.compile(
    r"^(?:> ?)?(?:\*\*(?:(?P<tool>\w{1,64}) (?:output|results?):\*\*|(?P<label>Available Agents|Directory listing|"
    r"File content|Command output):\*\*|(?P<file>File: )|(?P<shell>Command:\*\* `)|(?P<remote>Remote \())|"
    r"(?:\*\*)?(?P<execute>Execute `))",
    re.MULTILINE,
)
_DISCOVERED = "Available Agents"
_LABELS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "Directory listing": ("scan_workspace", None),
    "File content": ("read_file", None),
    "Command output": ("execute_shell", None),
}
_FENCE = re.compile(r"\s*(?P<folded><details>\s*<summary>[^<]{0,200}</summary>\s*)?```[^\n`]*\n")
_FENCE_LINE = re.compile(r"^```([^\n`]*)$", re.MULTILINE)
_FOLD_END = re.compile(r"\s*</details>")
_COMMENT = re.compile(r"<!-- aj:[^>]{0,200}-->[ \t]*\n?")
_PLAN_STEP = re.compile(r"(?:[✅⏳⬜•☐*-]|⏭️?|\d{1,2}[.)]) ?\S")
_PROGRESS = re.compile(r"_Progress: \d+/\d+_")
_MARKS = ("📋", "💭", "<!-- aj:", "**Thinking:**", "**Reasoning model answer", "_Progress:")


@dataclass(slots=True)
class Scan:
    """A text that is only searched forward; the result of each search is remembered."""

    text: str
    _found: dict[str, tuple[int, int]] = field(default_factory=dict)
    _heading: tuple[int, re.Match[str] | None] | None = None

    def find(self, needle: str, start: int) -> int:
        """Like `str.find`, with a single pass over the text for each needle in all."""
        since, place = self._found.get(needle, (-1, -1))
        if not 0 <= since <= start or (place >= 0 and place < start):
            place = self.text.find(needle, start)
            self._found[needle] = (start, place)
        return place

    def heading(self, start: int) -> re.Match[str] | None:
        """The heading of the next block."""
        if self._heading is not None:
            since, match = self._heading
            if since <= start and (match is None or match.start() >= start):
                return match
        match = _HEADING.search(self.text, start)
        self._heading = (start, match)
        return match


def read_block(scan: Scan, heading: re.Match[str]) -> tuple[int, list[Piece]] | None:
    """(the end of the block, its call and its result); None if no output follows the heading."""
    label = _read_label(scan, heading)
    if label is None:
        return None
    tool, params, place = label
    fence = _FENCE.match(scan.text, place)
    if fence is None:
        return None
    stop, end = _end_of_fence(scan, fence.end())
    if fence["folded"] and (fold := _FOLD_END.match(scan.text, end)):
        end = fold.end()
    output = scan.text[fence.end() : stop].removesuffix("\n")
    return end, [Piece("call", tool=tool, params=params), Piece("result", output, tool=tool)]


def _read_label(scan: Scan, heading: re.Match[str]) -> tuple[str, dict[str, Any] | None, int] | None:
    """(tool, its arguments if they are certain, the end of the heading)."""
    end = heading.end()
    discovery = call_of(DISCOVER, load_contract())
    if tool := heading["tool"]:
        return tool, discovery.params if tool == discovery.tool else None, end
    if heading["label"] == _DISCOVERED:
        return discovery.tool, discovery.params, end
    if heading["label"]:
        return *_LABELS[heading["label"]], end
    if heading["file"]:
        stop, line = scan.text.find("**", end, end + COMMAND_LIMIT), scan.text.find("\n", end, end + COMMAND_LIMIT)
        return ("read_file", {"path": scan.text[end:stop]}, stop + 2) if end < stop <= line else None
    if heading["execute"]:
        return _read_execute(scan.text, end)
    agent = ""
    if heading["remote"]:
        stop = scan.text.find("):** `", end, end + 200)
        if stop < 0:
            return None
        agent, end = scan.text[end:stop], stop + len("):** `")
    stop = scan.text.find("`\n", end, end + COMMAND_LIMIT)
    if stop < 0:
        return None
    command = {"command": scan.text[end:stop]}
    if not heading["remote"]:
        return "execute_shell", command, stop + 1
    # The runtime showed "host" if no agent was named.
    return "remote_execute", {"agent_id": agent} | command if agent not in ("", "host") else None, stop + 1


def _read_execute(text: str, start: int) -> tuple[str, dict[str, Any] | None, int] | None:
    """Execute `command` on `agent`: with or without bold marks, with or without an agent."""
    ends = [(text.find(mark, start, start + COMMAND_LIMIT), len(mark)) for mark in ("`:**\n", "`:\n")]
    stop, length = min(((at, size) for at, size in ends if at >= 0), default=(-1, 0))
    if stop < 0:
        return None
    command, on, agent = text[start:stop].rpartition("` on `")
    if not on:
        return "execute", {"command": agent}, stop + length
    # The runtime showed "unknown" if no agent was named.
    params = {"agent_id": agent, "command": command} if agent != "unknown" else None
    return "execute", params, stop + length


def _end_of_fence(scan: Scan, start: int) -> tuple[int, int]:
    """(the end of the output, the end of its fence). Fences with a language within the output are closed first.

    If that would swallow the next block, the first bare fence ends it. An output that is cut off runs to the end.
    """
    depth, first = 1, None
    for match in _FENCE_LINE.finditer(scan.text, start):
        depth += 1 if match[1].strip() else -1
        if not match[1].strip():
            first = first or match
            following = scan.heading(first.end())
            if following is not None and following.start() < match.start():
                return first.start(), first.end()
            if depth == 0:
                return match.start(), match.end()
    return (first.start(), first.end()) if first else (len(scan.text), len(scan.text))


# --- words ----------------------------------------------------------------------------------------------------------


def clean(words: str) -> Iterator[Piece]:
    """What was said, without the marks of AJ's display: its comments, plans, thoughts and rules around the answer.

    Yields:
        At most one piece of thoughts, then at most one of words.
    """
    if not any(mark in words for mark in _MARKS):
        yield from _said(words)
        return
    kept, thoughts, planning = [], [], False
    for line in _COMMENT.sub("", words).splitlines():
        bare = line.removeprefix(">").strip()
        if bare.startswith("📋") and "Task Plan" in bare:
            planning = True
        elif planning and _PLAN_STEP.match(bare):
            continue
        elif bare.startswith("💭") and "{" not in bare:
            thoughts.append(bare.removeprefix("💭").strip())
        elif bare.startswith("**Thinking:**"):
            thoughts.append(bare.removeprefix("**Thinking:**").strip())
        elif bare.startswith("**Reasoning model answer") or _PROGRESS.fullmatch(bare):
            continue
        else:
            planning = False
            kept.append(bare.removeprefix("💭").strip() if bare.startswith("💭") else line)
    if thought := "\n".join(filter(None, thoughts)):
        yield Piece("thought", thought)
    yield from _said("\n".join(kept))


def _said(text: str) -> Iterator[Piece]:
    """The words without the rules (`---`) that separate them from the blocks around them."""
    if "---" in text:
        lines = text.splitlines()
        places = [place for place, line in enumerate(lines) if line.strip() not in ("", "---")]
        text = "\n".join(lines[places[0] : places[-1] + 1]) if places else ""
    if words := text.strip():
        yield Piece("words", words)
