"""Rows made for tests of the mix, and a stream of them from files, in place of the converters."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from aj.messages import Pair, Row, pair_from_record, pair_to_record, reply, row_from_record, row_to_record, user
from datasets_build.ledger import Refused
from datasets_build.mix.collect import Context, files_of
from datasets_build.offer import Offer

SYLLABLES = ("ka", "lo", "mi", "ne", "pu", "ra", "si", "to", "ve", "zu", "ba", "de", "fi", "go", "hu", "ja")
PERSONAS = ("casual_developer", "senior_engineer", "stressed_oncall")


def words(rng: Random, count: int) -> str:
    return " ".join("".join(rng.choice(SYLLABLES) for _ in range(3)) for _ in range(count))


def rows(source: str, count: int, multi: float = 0.3, **metadata: Any) -> list[Row]:
    """Chats of words that no other source has; `multi` of them with two requests."""
    made = []
    for number in range(count):
        rng = Random(f"{source}.{number}")
        turns = [user(words(rng, 20)), reply(words(rng, 20))]
        if rng.random() < multi:
            turns += [user(words(rng, 20)), reply(words(rng, 20))]
        told = {"source": source, "licence": "MIT", "persona": PERSONAS[number % 3], **metadata}
        made.append(Row(tuple(turns), "chat", "dialogue", told))
    return made


def pair(source: str, number: int) -> Pair:
    rng = Random(f"{source}.pair.{number}")
    asked, good, bad = (words(rng, 20) for _ in range(3))
    return Pair((user(asked),), reply(good), bad, "chat", "dialogue", {"source": source, "licence": "MIT"})


def write(path: Path, items: Sequence[Row | Pair | dict[str, Any]]) -> Path:
    """A file that `stream` reads: rows, pairs, and {"code", "why"} for a record that gives no row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [
        row_to_record(item) if isinstance(item, Row) else pair_to_record(item) if isinstance(item, Pair) else item
        for item in items
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def stream(name: str, part: Any, context: Context) -> Iterator[Offer]:
    """What `datasets_build.mix.collect` does with files, of records that are rows already."""
    for path in files_of(part.files, context.root):
        with path.open(encoding="utf-8") as file:
            for line, text in enumerate(file, start=1):
                record = json.loads(text)
                where = f"{path.relative_to(context.root)}:{line}"
                if "code" in record:
                    yield Offer(Refused(record["code"], record["why"], where))
                elif "chosen" in record:
                    yield Offer(pair_from_record(record), where)
                else:
                    row = row_from_record(record)
                    yield Offer(row, where, tuple(row.metadata.get("mended", ())))
