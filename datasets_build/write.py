"""What one source offers, written to files: rows, pairs and refusals, together or not at all."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from aj.messages import Pair, Row
from aj.whole import whole_files
from datasets_build.ledger import Funnel, Refused
from datasets_build.offer import Offer, finished

Filter = Callable[[Row | Pair], str | None]
"""The name of the filter that leaves an item out, or None."""

TELL_EVERY = 100
"""Conversations between two reports of progress."""


def write_offers(
    offers: Iterable[Offer],
    output: Path,
    pairs: Path | None = None,
    left_out: Filter = lambda _: None,
    tell: Callable[[int], None] = lambda _: None,
) -> Funnel:
    """Write rows to `output`, with pairs and refusals in files next to it: all three, or none if interrupted.

    Args:
        pairs: where pairs go; `<output>.pairs.jsonl` by default.
        tell: gets the number of conversations read so far, now and then.

    Raises:
        AJError: a file cannot be written.
    """
    funnel, seen = Funnel(), {Row: set[int](), Pair: set[int]()}  # numbers: of a million rows each takes 70 bytes
    targets = (output, pairs or beside(output, "pairs"), beside(output, "rejects"))
    with whole_files(*targets) as (row_file, pair_file, reject_file):
        for offer in map(finished, offers):
            item = offer.value
            funnel.take(item, offer.repaired, offer.opens)
            if funnel.read % TELL_EVERY == 0:
                tell(funnel.read)
            if isinstance(item, Refused):
                told = {"where": item.where, "code": item.code, "why": item.why}
                reject_file.write(json.dumps(told) + "\n")
                continue
            identity, known = int(item.id, 16), seen[type(item)]
            if identity in known:
                funnel.end("duplicate")
            elif name := left_out(item):
                funnel.end(f"filtered:{name}")
            else:
                known.add(identity)
                funnel.end("kept")
                (row_file if isinstance(item, Row) else pair_file).write(offer.line)
        funnel.check(str(output))
    return funnel


def beside(output: Path, what: str) -> Path:
    """`rows.jsonl` -> `rows.<what>.jsonl`."""
    return output.with_name(f"{output.stem if output.suffix == '.jsonl' else output.name}.{what}.jsonl")
