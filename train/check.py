"""What `aj train --check` shows before hours of training: tokens by source, lengths, what is learned, how long."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import quantiles

from train.dataset import read_dataset
from train.exam import Examiner
from train.material import Material, prepare
from train.precision import Precision
from train.recipe import Recipe
from train.run import quiet_environment
from train.tokens import IGNORE, TokenizedRow, spread

USED: dict[Precision, float] = {"bfloat16": 0.15, "float32": 0.6}
"""Share of the speed of bare matrix products that training reaches: measured on the embedded model, one CPU thread,
with the units for matrices that a server has (AMX), and with AVX2."""
MEASURED = 0.3
"""Seconds for which the speed of this machine is measured."""


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    rows: int
    tokens: int
    learned: int
    longest: int


@dataclass(frozen=True, slots=True)
class Preview:
    material: Material
    sources: list[Source]
    lengths: dict[str, int]
    """Tokens that this share of the rows have at most."""
    hours: float
    """A rough estimate: within a factor of two on a CPU."""

    def audit(self, count: int) -> Iterator[tuple[str, list[tuple[str, bool]]]]:
        """Of `count` rows, evenly over the data set: the id, and the text in pieces, with whether each is learned."""
        for example in spread(self.material.examples, count):
            pieces = groupby(zip(example.input_ids, example.labels, strict=True), key=lambda pair: pair[1] != IGNORE)
            decode = self.material.tokenizer.decode
            yield example.id, [(decode([token for token, _ in part]), learned) for learned, part in pieces]


def check(recipe: Recipe, dataset: Path, processes: int | None = None, examiner: Examiner | None = None) -> Preview:
    """Read and check everything that `train` would, without loading weights.

    Raises: see `train.material.prepare`.
    """
    quiet_environment()
    material = prepare(recipe, dataset, download=False, processes=processes, examiner=examiner)
    named = {row.id: str(row.metadata.get("source", "unnamed")) for row in read_dataset(dataset).rows}
    found: dict[str, list[TokenizedRow]] = defaultdict(list)
    for example in material.examples:
        found[named[example.id]].append(example)
    sources = [_count(name, rows) for name, rows in sorted(found.items())]
    speed = _speed(material.plan.processes, recipe.quantization.precision)
    hours = material.plan.flop / speed / 3600
    return Preview(material, sources, _lengths(material.examples), hours)


def _count(name: str, rows: Sequence[TokenizedRow]) -> Source:
    lengths = [len(row.input_ids) for row in rows]
    learned = sum(label != IGNORE for row in rows for label in row.labels)
    return Source(name, len(rows), sum(lengths), learned, max(lengths))


def _lengths(rows: Sequence[TokenizedRow]) -> dict[str, int]:
    lengths = sorted(len(row.input_ids) for row in rows)
    cuts = quantiles(lengths, n=100, method="inclusive") if len(lengths) > 1 else lengths * 99
    return {"50%": round(cuts[49]), "90%": round(cuts[89]), "99%": round(cuts[98]), "100%": lengths[-1]}


def _speed(processes: int, precision: Precision) -> float:
    """Floating-point operations a second that training can be expected to do here, on as many GPUs, or the CPU."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    layer, tokens = (torch.randn(1536, 1536, device=device, dtype=getattr(torch, precision)) for _ in range(2))
    done, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < MEASURED:
        for _ in range(10):
            product = tokens @ layer
        product[0, 0].item()  # waits until the device has done them
        done += 10
    devices = processes if device == "cuda" else 1
    return USED[precision] * devices * done * 2 * 1536**3 / passed
