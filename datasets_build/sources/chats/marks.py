"""Marks by which a record says that it, or one of its replies, is not to be learned.

label: false             KTO's undesirable answer (also kto_tag, and the names that other tools give it; -1, "rejected")
rating: -1, "bad"        the user's own verdict; of a scale, only what is below zero is certain
weight: 0                OpenAI: no loss on this message
train, trainable, loss   Axolotl, AgentInstruct and others: false or 0
masked, mask: true       the other way round
loss_mask                of a message 0 or 1, of a record one of them for each message
finish_reason: length    the answer was cut off
train_detail             Axolotl: parts of a message; one that is left out leaves out the message
"""

from collections.abc import Mapping
from typing import Any

from datasets_build.ledger import Refused

_UNLESS = (
    "weight", "loss_weight", "loss_scale", "train", "training", "trainable", "train_on", "train_on_turn", "loss",
    "learn",
)  # fmt: skip
_IF = ("masked", "is_masked", "mask", "ignore_loss", "no_loss")
_LABELS = ("label", "kto_tag", "kto_label", "is_desirable", "desirable", "accepted")
_VOTES = ("rating", "vote", "feedback", "thumb", "thumbs")
_BAD = frozenset(("bad", "negative", "rejected", "undesirable", "undesired", "dislike", "thumbs_down", "down", "-1"))
_CHECKED = ("success", "resolved", "correct", "is_correct")
"""Only false counts: a number under such a name may be the place of the right answer."""
_ENDS = ("finish_reason", "stop_reason")
_MARKS = frozenset((
    *_LABELS, *_VOTES, *_CHECKED, "rejected", *_UNLESS, *_IF, *_ENDS, "loss_mask", "train_detail",
))  # fmt: skip
_OF_METADATA = dict.fromkeys((*_LABELS, *_CHECKED)).keys()
"""In their order."""


UNFINISHED = frozenset((
    "length", "max_tokens", "max_output_tokens", "content_filter", "pause_turn", "refusal", "interrupted",
    "in_progress", "incomplete", "failed", "cancelled",
))  # fmt: skip
"""Reasons for which an answer ended before its end, by the names of several APIs."""


def is_cut(reason: Any) -> bool:
    """Whether an answer that ended for this reason is not whole."""
    return isinstance(reason, str) and reason.lower() in UNFINISHED


def is_learned(value: Mapping[str, Any]) -> bool:
    """Whether a message, or a record by the same names, may be learned."""
    if any(_says_no(value[name]) for name in _UNLESS if name in value):
        return False
    if any(is_cut(value.get(name)) for name in _ENDS):
        return False
    if any(_says_yes(value[name]) for name in _IF if name in value):
        return False
    mask = value.get("loss_mask")
    if mask is not None and not isinstance(mask, list) and _says_no(mask):
        return False
    parts = value.get("train_detail")
    return not (isinstance(parts, list) and any(isinstance(one, dict) and _says_no(one.get("train")) for one in parts))


def mask_of(value: Mapping[str, Any], messages: int) -> list[bool]:
    """Whether each message of a record is learned, by a mask beside the messages; one of another length says nothing
    certain.

    Raises:
        Refused: the mask has another length.
    """
    mask = value.get("loss_mask")
    if not isinstance(mask, list):
        return [True] * messages
    if len(mask) != messages:
        raise Refused("not_to_learn", f"'loss_mask' has {len(mask)} entries for {messages} messages")
    return [not _says_no(one) for one in mask]


def demand_learned(value: Mapping[str, Any]) -> None:
    """Raises Refused if the record as a whole is an example of what not to do."""
    inner = value.get("metadata")
    if _MARKS.isdisjoint(value) and not (isinstance(inner, dict) and not _OF_METADATA.isdisjoint(inner)):
        return
    said = next((name for name in _LABELS if name in value and _says_no(value[name])), None)
    said = said or next((name for name in (*_LABELS, *_VOTES) if name in value and _says_bad(value[name])), None)
    said = said or next((name for name in _CHECKED if value.get(name) is False), None)
    if said is None and isinstance(inner, dict):
        said = next((name for name in _OF_METADATA if inner.get(name) is False), None)
    said = "rejected" if said is None and value.get("rejected") is True else said
    if said is None and not is_learned(value):
        said = next((name for name in (*_UNLESS, *_IF, *_ENDS, "loss_mask") if name in value), "a mark")
    if said is not None:
        mark = f"{said}: {str(value.get(said, False))[:20]}"
        raise Refused("not_to_learn", f"the record is marked as one not to learn from ({mark})")


def _says_no(value: Any) -> bool:
    """False and 0, also as texts."""
    if isinstance(value, str):
        return value.strip().lower() in ("false", "0", "0.0", "no")
    return isinstance(value, bool | int | float) and not value


def _says_bad(value: Any) -> bool:
    """Below zero, or a word for it."""
    if isinstance(value, str):
        return value.strip().lower().replace(" ", "_") in _BAD
    return isinstance(value, int | float) and value < 0


def _says_yes(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("true", "1", "1.0", "yes")
    return isinstance(value, bool | int | float) and bool(value)
