"""Words for a state, and what contradicts them: a service that is active is not stopped."""

POLES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "up": (
        frozenset({"active", "running", "runs", "started", "alive", "online", "restarted", "up"}),
        frozenset({"inactive", "failed", "stopped", "dead", "exited", "offline", "crashed", "down"}),
    ),
    "enabled": (frozenset({"enabled"}), frozenset({"disabled"})),
    "there": (frozenset({"exists", "exist"}), frozenset({"missing", "gone", "deleted", "removed", "absent"})),
    "same": (
        frozenset({"same", "equal", "identical", "match"}),
        frozenset({"differ", "differs", "different", "unequal"}),
    ),
    "open": (frozenset({"open", "listening", "listens"}), frozenset({"closed"})),
    "true": (frozenset({"true"}), frozenset({"false"})),
}
"""axis -> words of its one pole and of the other"""
LITERAL_OPPOSITE = {
    "inactive": ("active",),
    "stopped": ("running", "active"),
    "down": ("up", "running", "active"),
    "offline": ("online",),
    "disabled": ("enabled",),
    "missing": ("there", "found", "present"),
    "not running": ("running",),
    "not active": ("active",),
    "not enabled": ("enabled",),
    "no longer enabled": ("enabled",),
    "not found": ("found",),
    "not there": ("there",),
    "not installed": ("installed",),
    "does not exist": ("exist", "exists"),
    "not": ("running", "active", "up", "exist", "exists", "found", "there"),
}
"""a word for a state -> words whose denial says the same"""


DENIALS = frozenset(
    {"not", "no", "none", "nothing", "never", "unknown", "will not", "does not", "do not", "is not", "can not"}
)
"""Values that a denial of anything states."""
SYNONYMS = (
    frozenset({"active", "running", "up"}),
    frozenset({"inactive", "stopped", "down", "not running", "not active"}),
)
"""states that a person names by any of these words; a failed service is not just a stopped one"""


def with_synonyms(alternatives: tuple[str, ...]) -> tuple[str, ...]:
    """The alternatives and, where one is a state, its other names."""
    more = (word for words in SYNONYMS if words & set(alternatives) for word in sorted(words))
    return tuple(dict.fromkeys([*alternatives, *more]))


def opposites(alternatives: tuple[str, ...]) -> frozenset[str]:
    """The words that contradict a state given as alternatives; none if they are no state, or not of one pole."""
    known = {
        (axis, side) for word in alternatives for axis, poles in POLES.items() for side in (0, 1) if word in poles[side]
    }
    if len({axis for axis, _ in known}) != len(known):
        return frozenset()
    return frozenset(word for axis, side in known for word in POLES[axis][1 - side]) - set(alternatives)
