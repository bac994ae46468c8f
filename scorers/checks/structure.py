"""Structure: do the turns of a conversation follow each other as they can?"""

from collections.abc import Sequence

from aj.findings import Finding
from aj.messages import Role

_AFTER: dict[Role | None, tuple[Role, ...]] = {
    None: ("user",),
    "user": ("assistant",),
    "assistant": ("user", "tool"),
    "tool": ("assistant", "user"),
}


def check_order(roles: Sequence[Role]) -> list[tuple[int, Finding]]:
    """(turn, finding) of the first turn that cannot stand where it does; one call a turn gives one result."""
    before: Role | None = None
    for turn, role in enumerate(roles):
        if role not in _AFTER[before]:
            after = f"follows a turn of {before}" if before else "opens the conversation"
            return [(turn, Finding("role_order", f"a turn of {role} {after}", "put every result after its own call"))]
        before = role
    return []


def check_ends(roles: Sequence[Role], targets: Sequence[int]) -> list[tuple[int, Finding]]:
    """There is a turn to learn, and none after it that nobody answers."""
    if not targets:
        return [(-1, Finding("no_target", "no turn of AJ's is there to learn from", "leave the row out"))]
    if roles[-1] != "assistant":
        why = f"the row ends on a turn of {roles[-1]}, which nobody answers"
        return [(len(roles) - 1, Finding("unanswered_end", why, "cut it after AJ's last turn"))]
    return []
