"""How often the gate errs, and what it finds, by simulation through its own functions: python benchmarks/gate.py

Prints two tables in Markdown, one row for each number of samples and kind of families:

    worse    the largest P(pass) of a candidate that is worse by exactly the margin, over all cells of the row: base
             scores from .5 to .99, correlations of 0, .3 and .8 within families
    equal    P(pass) of a candidate that is equally good, if one sample in ten flips, correlated by .3

for the gate, and for three rules in use elsewhere: a paired t-test of all samples against the margin, "McNemar's test
shows no drop", and "the drop is smaller than the margin". Samples of a family share a chance to be lost (or won), drawn
from a beta distribution; scores of many values are normal, with a family effect. Everything is seeded.
"""

import argparse
from collections.abc import Callable
from functools import cache
from itertools import product

import numpy as np
from scipy.stats import binomtest, ttest_1samp

from verdict.checks import Demand, decide
from verdict.policy import Limits, MetricPolicy, Policy
from verdict.stats import difference_of_families

ALPHA = 0.05
CORRELATIONS = (0.0, 0.3, 0.8)
BASES = {0.5: 0.15, 0.8: 0.05, 0.95: 0.015, 0.99: 0.0}
"""The reference's score, and what share of samples a candidate wins that loses the margin: it has few to win at .99."""
FLIPS = 0.05
"""Share of samples that an equally good candidate loses, and wins: one sample in ten flips."""
UNEQUAL = (1, 1, 2, 3, 5, 8, 13, 2, 1, 4)
DESIGNS: dict[str, np.ndarray] = {
    **{f"{n} samples, families of 1": np.ones(n, int) for n in (10, 30, 60, 100, 135, 300, 500, 2000)},
    **{f"{n} samples, families of 5": np.full(n // 5, 5) for n in (60, 135, 300, 500, 2000)},
    **{f"{n} samples, families of 20": np.full(n // 20, 20) for n in (60, 160, 500, 2000)},
    **{f"{40 * k} samples, families of 1 to 13": np.tile(UNEQUAL, k) for k in (3, 12, 50)},
    "240 samples, one family of 100": np.array([100, *[1] * 140]),
}
Random = np.random.Generator
Rule = Callable[[np.ndarray, np.ndarray, float], bool]
"""Is a candidate passed? From each family's sum of differences, the families' sizes, and the margin."""


@cache
def _gate(changed: tuple[tuple[float, int], ...], margin: float) -> bool:
    return difference_of_families(*zip(*changed, strict=True)).p_above(-margin) < ALPHA


def gate(sums: np.ndarray, sizes: np.ndarray, margin: float) -> bool:
    """Many draws are the same but for the order of the families."""
    return _gate(tuple(sorted(zip(sums.tolist(), sizes.tolist(), strict=True))), margin)


def paired_t(sums: np.ndarray, sizes: np.ndarray, margin: float) -> bool:
    """Of samples, as if there were no families; only whole changes."""
    changed = np.abs(sums).sum()
    n, mean = sizes.sum(), sums.sum() / sizes.sum()
    spread = max(changed / n - mean**2, 0.0) * n / (n - 1)
    return bool(mean > -margin if spread == 0 else (mean + margin) / np.sqrt(spread / n) > 1.645)


def mcnemar(sums: np.ndarray, sizes: np.ndarray, margin: float) -> bool:
    lost, won = int(-sums[sums < 0].sum()), int(sums[sums > 0].sum())
    return lost + won == 0 or binomtest(lost, lost + won, alternative="greater").pvalue >= ALPHA


def threshold(sums: np.ndarray, sizes: np.ndarray, margin: float) -> bool:
    return sums.sum() / sizes.sum() > -margin


RULES: dict[str, Rule] = {"gate": gate, "paired t": paired_t, "McNemar": mcnemar, "threshold": threshold}


def shared(count: np.ndarray, rate: float, rho: float, random: Random) -> np.ndarray:
    """How many of `count` samples of each family are hit, at a mean `rate` and with a correlation of `rho`."""
    if rho == 0 or rate == 0:
        return random.binomial(count, rate)
    spread = (1 - rho) / rho
    return random.binomial(count, random.beta(rate * spread, (1 - rate) * spread, count.shape))


def changes(sizes: np.ndarray, drop: float, won: float, rho: float, draws: int, random: Random) -> np.ndarray:
    """Each family's sum of differences, draw by draw: `won` of the samples are won, and that share plus `drop` lost."""
    count = np.broadcast_to(sizes, (draws, len(sizes)))
    lost = shared(count, won + drop, rho, random)
    return shared(count - lost, won / (1 - won - drop), rho, random) - lost


def passes(rule: Rule, drawn: np.ndarray, sizes: np.ndarray, margin: float) -> float:
    return float(np.mean([rule(sums, sizes, margin) for sums in drawn]))


def right_and_wrong(margin: float, draws: int, random: Random) -> float:
    """Prints the first table; returns the largest P(pass) of the gate where it should be at most ALPHA."""
    names = list(RULES)
    print(f"| right or wrong, margin {margin} |", " | ".join(f"worse: {n}" for n in names), end=" | ")
    print(" | ".join(f"equal: {n}" for n in names), "|\n|---" + "|---" * 2 * len(names) + "|")
    highest = 0.0
    for label, sizes in DESIGNS.items():
        rhos = CORRELATIONS if sizes.max() > 1 else (0.0,)
        worse = dict.fromkeys(names, 0.0)
        for (base, won), rho in product(BASES.items(), rhos):
            if base > 0.9 and sizes.sum() > 1000 and rho == 0:
                continue  # nothing is close there
            drawn = changes(sizes, margin, won, rho, draws, random)
            found = passes(gate, drawn, sizes, margin)
            if found > ALPHA:
                found = passes(gate, changes(sizes, margin, won, rho, 4 * draws, random), sizes, margin)
            worse["gate"] = max(worse["gate"], found)
            for name in names[1:]:
                worse[name] = max(worse[name], passes(RULES[name], drawn[: draws // 8], sizes, margin))
        equal = changes(sizes, 0.0, FLIPS, 0.3, draws // 4, random)
        found = [passes(RULES[name], equal, sizes, margin) for name in names]
        highest = max(highest, worse["gate"])
        cells = [f"{number:.3f}".lstrip("0") if number < 1 else "1" for number in (*worse.values(), *found)]
        print(f"| {label} |", " | ".join(cells), "|", flush=True)
    return highest


def family_means(
    true: float, spread: float, rho: float, size: int, shape: tuple[int, int], random: Random
) -> np.ndarray:
    noise = np.sqrt(rho) * random.normal(size=shape) + np.sqrt((1 - rho) / size) * random.normal(size=shape)
    return np.clip(true + spread * noise, -1, 1)


def many_values(margin: float, draws: int, random: Random) -> float:
    """The same for scores of many values, beside Student's t of the families' means."""
    print(f"\n| many values, margin {margin} | worse: gate | worse: t of families", end=" | ")
    print("equal: gate | equal: t of families |\n|---|---|---|---|---|")
    highest = 0.0

    def by_both(means: np.ndarray, size: int) -> np.ndarray:
        by_t = ttest_1samp(means, -margin, axis=1, alternative="greater")[1]
        return np.array([passes(gate, means * size, np.full(means.shape[1], size), margin), np.mean(by_t < ALPHA)])

    for families, size, spread in product((3, 5, 8, 30, 100), (1, 20), (0.1, 0.3)):
        worst, equal = np.zeros(2), np.ones(2)
        for rho in CORRELATIONS if size > 1 else (0.0,):
            found = by_both(family_means(-margin, spread, rho, size, (draws, families), random), size)
            if found[0] > ALPHA:
                found = by_both(family_means(-margin, spread, rho, size, (4 * draws, families), random), size)
            worst = np.maximum(worst, found)
            equal = np.minimum(
                equal, by_both(family_means(0.0, spread, rho, size, (draws // 4, families), random), size)
            )
        highest = max(highest, worst[0])
        numbers = " | ".join(f"{number:.3f}" for number in (*worst, *equal))
        print(f"| {families} families of {size}, standard deviation {spread} | {numbers} |", flush=True)
    return highest


def several(margin: float, draws: int, random: Random) -> None:
    """P(PROMOTE) of a whole policy of five metrics through `decide`."""
    rule = MetricPolicy(margin=margin)
    limits = Limits(min_samples=25, max_errors=0.02, max_unscored=0.02)
    policy = Policy(confidence=1 - ALPHA, evidence=limits, metrics={f"task/{n}": rule for n in range(5)})
    sizes = np.full(100, 2)
    print(f"\n| five metrics, margin {margin}, 200 samples in families of 2 | PROMOTE |\n|---|---|")
    for label, drops in {
        "one worse by the margin, the others better by 10 points": (margin, -0.1, -0.1, -0.1, -0.1),
        "all worse by the margin": (margin,) * 5,
        "all equal": (0.0,) * 5,
    }.items():
        arms = [
            changes(sizes, max(drop, 0.0), 0.05, 0.3, draws, random)
            + (shared(np.full((draws, len(sizes)), 2), -drop, 0.3, random) if drop < 0 else 0)
            for drop in drops
        ]
        promoted = 0
        for sums in zip(*(np.clip(arm, -2, 2) for arm in arms), strict=True):
            demands = [
                Demand(f"task/{n}", "margin", "all", difference_of_families(one, sizes), -margin, 0.0)
                for n, one in enumerate(sums)
            ]
            promoted += all(check.state == "passed" for check in decide(demands, policy))
        print(f"| {label} | {promoted / draws:.3f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="How often the gate errs, by simulation.")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--margin", type=float, default=0.1)
    arguments = parser.parse_args()
    random = np.random.default_rng(7)
    highest = max(
        right_and_wrong(arguments.margin, arguments.draws, random),
        many_values(arguments.margin / 2, arguments.draws, random),
    )
    several(arguments.margin, arguments.draws // 8, random)
    error = np.sqrt(ALPHA * (1 - ALPHA) / arguments.draws)
    print(
        f"\nhighest P(pass | worse by the margin) of the gate: {highest:.3f}; asked {ALPHA}, standard error {error:.3f}"
    )


if __name__ == "__main__":
    main()
