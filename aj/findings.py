"""What a check returns: findings with a stable code, like a linter's."""

from msgspec import Struct


class Finding(Struct, frozen=True):
    """One thing that is wrong with a text or a conversation."""

    code: str
    why: str
    fix: str
    span: tuple[int, int] | None = None
    """Start and end offset in the text, if the finding has a place in it."""


def codes(findings: tuple[Finding, ...] | list[Finding]) -> list[str]:
    return [finding.code for finding in findings]
