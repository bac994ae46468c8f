"""Structure: are the turns of a conversation in a possible order?"""

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
    """(turn, finding) of the first turn that is out of place; one call per turn has one result."""
    before: Role | None = None
    for turn, role in enumerate(roles):
        if role not in _AFTER[before]:
            after = f"follows a turn of {before}" if before else "opens the conversation"
            return [(turn, Finding("role_order", f"a turn of {role} {after}", "put every result after its own call"))]
        before = role
    return []


def check_ends(roles: Sequence[Role], targets: Sequence[int]) -> list[tuple[int, Finding]]:
    """There is a turn to learn, and no unanswered turn after it."""
    if not targets:
        return [(-1, Finding("no_target", "there is no turn by AJ to learn from", "leave the row out"))]
    if roles[-1] != "assistant":
        why = f"the row ends with an unanswered turn of {roles[-1]}"
        return [(len(roles) - 1, Finding("unanswered_end", why, "cut it after AJ's last turn"))]
    return []
