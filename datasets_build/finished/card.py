"""The data set card: where every row came from, as Markdown with plots."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datasets_build.finished.charts import bars, histogram, stacked

INTAKE = ("records", "read", "converted", "repaired")
OUTCOMES = ("kept", "unused", "duplicate", "near duplicate", "filtered", "contaminated", "rejected")


def card(lock: Mapping[str, Any], lengths: Mapping[str, Sequence[int]]) -> str:
    """A page for people, computed from the lock and the rows' lengths: no number here is kept anywhere else."""
    lines = [
        f"# Data set {lock['name']} ({lock['hash']})",
        "",
        f"{lock['rows']['sft']:,} rows and {lock['rows']['dpo']:,} preference pairs for contract "
        f"`{lock['contract']['name']}` ({lock['contract']['hash']}), seed {lock['seed']}.",
        *_shortfalls(lock),
        *_shares(lock),
        *_funnel(lock),
        *_content(lock),
        *_lengths(lock, lengths),
        *_origin(lock),
    ]
    return "\n".join([*lines, ""])


def plots(lock: Mapping[str, Any], lengths: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """File name -> SVG."""
    every = [length for some in lengths.values() for length in some]
    shares = lock["shares"].items()
    wanted = {name: share["wanted"] for name, share in shares}
    got = {name: share["got"] + share["repeated"] for name, share in shares}
    return {
        "funnel.svg": stacked("What became of each source", "conversations", _outcomes(lock)),
        "lengths.svg": bars("Length of the rows", f"rows, by {lock['unit']}", {"rows": histogram(every)}),
        "personas.svg": bars("Rows by persona", "rows", {"rows": lock["content"]["strata"].get("persona", {})}),
        "shares.svg": bars("Rows of each part", "rows", {"wanted": wanted, "got": got}),
    }


def _shortfalls(lock: Mapping[str, Any]) -> Iterator[str]:
    if lock["shortfalls"]:
        yield from ["", "**Not every part has its rows:**", "", *(f"- {said}" for said in lock["shortfalls"])]
    else:
        yield from ["", "Every part has exactly the rows it should."]


def _shares(lock: Mapping[str, Any]) -> Iterator[str]:
    yield from ["", "## Shares", "", "| part | wanted | got | repeats | share |", "|---|---:|---:|---:|---:|"]
    total = sum(share["got"] + share["repeated"] for share in lock["shares"].values()) or 1
    for name, share in lock["shares"].items():
        part = (share["got"] + share["repeated"]) / total
        yield f"| {name} | {share['wanted']:,} | {share['got']:,} | {share['repeated']:,} | {part:.1%} |"
    recipe = lock["recipe"]
    yield from ["", f"Where a part has too few rows, {_policy(recipe['shortfall'])}. What each part takes:", ""]
    for name, part in recipe["parts"].items():
        own = f" Where it has too few, {_policy(part['shortfall'])}." if part["shortfall"] else ""
        yield f"- {name}: {'; '.join(_takes(part))}.{own}"
    yield from ["", "![Rows of each part](charts/shares.svg)"]


KINDS = {
    "corrections": "the documented error patterns, {multiply} times each",
    "worded": "conversations from the simulated fleet, worded by {teacher}, {multi_turn_ratio:.0%} of several turns",
    "converted": "conversations of files",
}
FOREIGN = {"map": "tools that are not AJ's become AJ's", "keep": "tools that are not AJ's stay as they are"}
FILTERS = {
    "min_quality": "quality {:g} at least",
    "min_score": "graded {:g} of 5 at least",
    "tool_families": "own tools only for {}",
    "max_characters": "{:,} characters at most",
    "max_tokens": "{:,} tokens at most",
}


def _takes(part: Mapping[str, Any]) -> Iterator[str]:
    """What a part takes, in plain words."""
    yield KINDS.get(part["kind"], "{kind} from the simulated fleet").format(**part)
    if part["kind"] == "converted":
        yield ", ".join(part["files"])
        yield FOREIGN[part["foreign"]]
        if part["private"]:
            yield "secrets, addresses and names replaced"
    for name, words in FILTERS.items():
        if value := part["filters"][name]:
            yield words.format(" or ".join(value) if name == "tool_families" else value)


def _policy(policy: Any) -> str:
    if isinstance(policy, Mapping):
        return f"its rows come again, none more than {policy['repeat']} times in all"
    return "the build stops" if policy == "fail" else "the other parts give more"


def _outcomes(lock: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """By source: its outcomes, with their reasons left out."""
    table: dict[str, dict[str, int]] = {}
    for source, counts in lock["funnel"].items():
        table[source] = dict.fromkeys(OUTCOMES, 0)
        for name, number in counts.items():
            if name != "read":
                table[source][name.partition(":")[0].replace("_", " ")] += number
    return table


def _funnel(lock: Mapping[str, Any]) -> Iterator[str]:
    names = ("source", *INTAKE, *OUTCOMES)
    yield from ["", "## Funnel", ""]
    yield "Read are conversations; what became of them adds up to that, or the build stops."
    yield from ["", f"| {' | '.join(names)} |", f"|---{'|---:' * (len(names) - 1)}|"]
    for source, counts in _outcomes(lock).items():
        numbers = {"read": lock["funnel"][source]["read"], **lock["intake"][source], **counts}
        yield f"| {source} | {' | '.join(str(numbers[name]) for name in names[1:])} |"
    reasons = [
        f"- {source}: {_listed({name.partition(':')[2]: number for name, number in sorted(refused.items())})}"
        for source, counts in lock["funnel"].items()
        if (refused := {name: number for name, number in counts.items() if ":" in name})
    ]
    repairs = [f"- {source}: {_listed(codes)}" for source, codes in lock["repairs"].items()]
    if reasons:
        yield from ["", "Refused, by reason:", "", *reasons]
    if repairs:
        yield from ["", "Repaired, by code:", "", *repairs]
    if (near := lock["near_duplicates"])["compared"]:
        rate = near["found"] / near["compared"]
        yield from ["", f"Near-duplicates: {near['found']} of {near['compared']} rows and pairs compared ({rate:.2%})."]
    if unchecked := lock["recipe"]["unchecked"]:
        yield from ["", f"Not checked against the contract, as the recipe asks: {', '.join(unchecked)}."]
    yield from ["", "![What became of each source](charts/funnel.svg)"]


def _content(lock: Mapping[str, Any]) -> Iterator[str]:
    content = lock["content"]
    yield from ["", "## What is in it", "", "| | rows |", "|---|---|"]
    for name, counts in content["strata"].items():
        yield f"| {name} | {_listed(counts)} |"
    yield f"| teacher | {_listed(content['teachers'])} |"
    yield f"| licence (pairs too) | {_listed(content['licences'])} |"
    if left := content["not_exported"]:
        yield from ["", f"`trl/` and `parquet/` lack {left:,} rows with a reply that is context only (`weight: 0`):"]
        yield "TRL would learn it."
    yield from ["", "![Rows by persona](charts/personas.svg)"]


def _lengths(lock: Mapping[str, Any], lengths: Mapping[str, Sequence[int]]) -> Iterator[str]:
    yield from ["", "## Lengths", "", f"In {lock['unit']}, system prompt included.", ""]
    yield from ["| part | rows | median | 95% | longest |", "|---|---:|---:|---:|---:|"]
    for part, some in sorted(lengths.items()):
        ordered = sorted(some)
        at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 1)]
        yield f"| {part} | {len(ordered)} | {' | '.join(f'{value:,}' for value in at)} |"
    yield from ["", "![Length of the rows](charts/lengths.svg)"]


def _origin(lock: Mapping[str, Any]) -> Iterator[str]:
    yield from ["", "## Where it is from, and again", ""]
    if lock["inputs"]:
        yield from ["| file | bytes | sha256 |", "|---|---:|---|"]
        yield from (f"| {one['path']} | {one['bytes']:,} | {one['sha256']} |" for one in lock["inputs"])
        yield ""
    libraries = ", ".join(f"{name} {version}" for name, version in lock["libraries"].items())
    yield f"Made by code {lock['code']} ({libraries}). Its recipe is in lock.json."
    yield "`aj build RECIPE --locked FOLDER` makes the same bytes again, or says what has changed."


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())
