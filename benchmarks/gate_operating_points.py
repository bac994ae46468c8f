"""How often the gate's intervals are right, by simulation: python benchmarks/gate_operating_points.py

The samples of a family share a chance to be lost (or won), drawn from a beta distribution; `rho` is their correlation:
at 1, a family falls as a whole. The reference scores .97. Prints for each number of samples n and family size m:

    worse     P(promote) if the candidate is worse by exactly the margin: should be at most .05
    equal     P(promote) if it is equally good (one sample in fifty changes, either way)
    reject    P(shown worse) if it is equally good: should be at most .05
    covers    how often the 95% interval of one arm's score contains the truth
"""

import argparse
from itertools import product

import numpy as np

from verdict.stats import difference_estimate, score_estimate

CHURN = 0.01
"""Share of samples that an equally good candidate loses, and wins."""

BASE = 0.97
ALPHA = 0.05


def family_rates(mean: float, rho: float, count: int, random: np.random.Generator) -> np.ndarray:
    if rho == 1:
        return (random.random(count) < mean).astype(float)
    spread = (1 - rho) / rho
    return random.beta(mean * spread, (1 - mean) * spread, count)


def changes(drop: float, rho: float, count: int, size: int, random: np.random.Generator) -> np.ndarray:
    """-1, 0 or 1 per sample, family after family; the mean is -drop."""
    lost = random.binomial(size, family_rates(drop + CHURN, rho, count, random))
    won = np.minimum(random.binomial(size, family_rates(CHURN, rho, count, random)), size - lost)
    return np.concatenate([np.repeat([-1.0, 1.0, 0.0], [a, b, size - a - b]) for a, b in zip(lost, won, strict=True)])


def cell(n: int, size: int, rho: float, margin: float, draws: int) -> list[float]:
    random = np.random.default_rng(7)
    count = n // size
    families = [str(index) for index in np.repeat(np.arange(count), size)]
    worse = [difference_estimate(changes(margin, rho, count, size, random).tolist(), families) for _ in range(draws)]
    equal = [difference_estimate(changes(0, rho, count, size, random).tolist(), families) for _ in range(draws)]
    scores = [random.binomial(size, family_rates(BASE, rho, count, random)) for _ in range(draws)]
    arms = [score_estimate([float(i < right) for right in arm for i in range(size)], families) for arm in scores]
    return [
        float(np.mean([estimate.p_above(-margin) < ALPHA for estimate in worse])),
        float(np.mean([estimate.p_above(-margin) < ALPHA for estimate in equal])),
        float(np.mean([estimate.p_below(0) < ALPHA for estimate in equal])),
        float(np.mean([arm.low(ALPHA / 2) <= BASE <= arm.high(ALPHA / 2) for arm in arms])),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="The gate's operating points, by simulation.")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--margin", type=float, default=0.05)
    arguments = parser.parse_args()
    print(f"margin {arguments.margin}, {arguments.draws} draws per cell\n   n  m  rho  worse  equal reject covers")
    for n, size, rho in product((25, 100, 200, 400, 800), (1, 4, 10), (0.3, 1.0)):
        if size == 1 and rho < 1:
            continue  # a family of one has no correlation
        figures = " ".join(f"{figure:6.3f}" for figure in cell(n, size, rho, arguments.margin, arguments.draws))
        print(f"{n:4d} {size:2d} {rho:4.1f} {figures}", flush=True)


if __name__ == "__main__":
    main()
