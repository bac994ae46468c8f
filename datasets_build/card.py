"""The data set card: where every row came from, as Markdown."""

from typing import Any


def card(lock: dict[str, Any]) -> str:
    """A page for people, computed from the lock: the lock is the only copy of every number."""
    lines = [
        f"# Data set {lock['name']} ({lock['hash']})",
        "",
        f"{lock['rows']['sft']} rows and {lock['rows']['dpo']} preference pairs for contract "
        f"`{lock['contract']['name']}` ({lock['contract']['hash']}), seed {lock['seed']}.",
        "",
        "| source | read | kept | duplicate | rejected |",
        "|---|---|---|---|---|",
    ]
    for source, counts in lock["funnel"].items():
        rejected = sum(n for name, n in counts.items() if name.startswith("rejected:"))
        lines.append(
            f"| {source} | {counts['read']} | {counts.get('kept', 0)} | {counts.get('duplicate', 0)} | {rejected} |"
        )
    if unchecked := lock["recipe"]["unchecked"]:
        lines += ["", f"Not checked against the contract, as the recipe asks: {', '.join(unchecked)}."]
    return "\n".join([*lines, ""])
