"""How the gate judges real answers, of a model against itself: python -m benchmarks.answers EVAL WORSE

`EVAL` is the folder of an eval with several epochs at a temperature above 0 (`aj eval RUN --epochs 4 --temperature 1`).
`WORSE` is that of an eval of a worse model on the same suite, such as the run's base. Each draw makes two arms: for
every sample, the answers of two epochs (`--each 2`: of two and two), chosen at random. Prints how often each verdict
falls

    the same     when both arms are that
    planted      when families of one gated metric's task, chosen at random, have the worse model's answers in the
                 candidate's arm, until the metric has lost at least DROP

and, by metric, the share of samples that flip between two epochs, how far a flip goes, and how much the changes
correlate within a family (the ANOVA estimator of the intraclass correlation: Donner 1986, International Statistical
Review 54, page 68), for the epochs and for the change to the worse model. Everything is seeded.
"""

import argparse
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np

from verdict.checks import decide
from verdict.epochs import Epoch, samples_of
from verdict.evidence import Arm
from verdict.gate import GateOutcome, demands_of, outcome_of
from verdict.paired import Pairs, paired
from verdict.policy import Policy, load_policy
from verdict.scores import ALL, TaskScores, read_folder
from verdict.summaries import read_summaries

Epochs = dict[str, dict[str, list[Epoch]]]
"""Task -> sample -> its epochs."""


def epochs_of(arm: Arm) -> Epochs:
    found: Epochs = {}
    for task, scores in arm.items():
        groups: dict[str, list[Epoch]] = defaultdict(list)
        for summary in read_summaries(scores.path):
            epoch = Epoch.of_summary(summary)
            groups[epoch.id].append(epoch)
        found[task] = dict(groups)
    return found


def with_only(scores: TaskScores, chosen: list[Epoch]) -> TaskScores:
    """The log as it would be if these had been its answers."""
    return replace(scores, samples=samples_of(chosen, scores.path))


def two_arms(arm: Arm, epochs: Epochs, each: int, random: Random) -> tuple[Arm, Arm]:
    first, second = dict[str, TaskScores](), dict[str, TaskScores]()
    for task, samples in epochs.items():
        chosen = [random.sample(asked, 2 * each) for asked in samples.values()]
        first[task] = with_only(arm[task], [epoch for asked in chosen for epoch in asked[:each]])
        second[task] = with_only(arm[task], [epoch for asked in chosen for epoch in asked[each:]])
    return first, second


def plant(base: Arm, candidate: Arm, worse: Arm, policy: Policy, drop: float, random: Random) -> Arm:
    """The candidate, with the worse model's answers in some families of a metric that can lose so much."""
    names = sorted(policy.metrics)
    random.shuffle(names)
    for name in names:
        task, metric = name.split("/")
        families = sorted({sample.family or sample.id for sample in candidate[task].samples.values()})
        random.shuffle(families)
        samples = dict(candidate[task].samples)
        for family in families:
            samples |= {
                key: worse[task].samples[key]
                for key, sample in samples.items()
                if (sample.family or sample.id) == family and key in worse[task].samples
            }
            planted = {**candidate, task: replace(candidate[task], samples=samples)}
            if -paired(base[task], planted[task], metric)[ALL].difference().mean >= drop:
                return planted
    raise SystemExit(f"no metric of the worse model lies {drop} below the other's")


def verdicts(base: Arm, candidate: Arm, policy: Policy) -> tuple[GateOutcome, GateOutcome]:
    """Of the policy, and of it without floors and improvements, which an equal model may or may not meet."""
    demands = [demand for name, rule in policy.metrics.items() for demand in demands_of(base, candidate, name, rule)]
    states = [(decided.demand.rule, decided.state) for decided in decide(demands, policy)]
    kept = [state for rule, state in states if rule not in ("floor", "improve")]
    return outcome_of([state for _, state in states]), outcome_of(kept)


def correlation(pairs: Pairs) -> float:
    """Of the changes within families; NaN if no family has two samples, or nothing changes."""
    changes = pairs.b - pairs.a
    _, numbers, sizes = np.unique(pairs.families, return_inverse=True, return_counts=True)
    n, k = len(changes), len(sizes)
    if n == k or k < 2:
        return float("nan")
    means = np.bincount(numbers, changes) / sizes
    between = float(sizes @ (means - changes.mean()) ** 2) / (k - 1)
    within = float(((changes - means[numbers]) ** 2).sum()) / (n - k)
    size = (n - float((sizes**2).sum()) / n) / (k - 1)
    return (between - within) / (between + (size - 1) * within) if between + within else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description="How the gate judges real answers, of a model against itself.")
    parser.add_argument("eval", type=Path, help="folder of an eval with several epochs")
    parser.add_argument("worse", type=Path, help="folder of a worse model's eval on the same suite")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--each", type=int, default=1, help="epochs in each arm")
    parser.add_argument("--drop", type=float, default=0.2)
    parser.add_argument("--policy", type=Path, default=Path("default"))
    arguments = parser.parse_args()
    policy, random = load_policy(arguments.policy), Random(7)
    arm, worse = read_folder(arguments.eval), read_folder(arguments.worse)
    epochs = epochs_of(arm)
    told: dict[str, Counter[GateOutcome]] = defaultdict(Counter)
    flips: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for _ in range(arguments.draws):
        base, candidate = two_arms(arm, epochs, arguments.each, random)
        worsened = plant(base, candidate, worse, policy, arguments.drop, random)
        for label, other in (("the same", candidate), (f"planted, {arguments.drop:g} or more", worsened)):
            whole, kept = verdicts(base, other, policy)
            told[label][whole] += 1
            told[f"{label}; no floors, no improvement"][kept] += 1
        for name in policy.metrics:
            pairs = paired(base[name.split("/")[0]], candidate[name.split("/")[0]], name.split("/")[1])[ALL]
            moved = np.abs(pairs.b - pairs.a)
            flips[name].append((float((moved > 0).mean()), float(moved.mean()), correlation(pairs)))
    outcomes = [outcome for outcome in GateOutcome if outcome is not GateOutcome.INVALID]
    print(
        f"| {arguments.draws} draws | "
        + " | ".join(one.name for one in outcomes)
        + " |\n|---|"
        + "---|" * len(outcomes)
    )
    for label, counts in told.items():
        print(f"| {label} | " + " | ".join(str(counts[one]) for one in outcomes) + " |")
    print("\n| metric | samples that flip | mean change | correlation | to the worse |\n|---|---|---|---|---|")
    for name, changes in flips.items():
        task, metric = name.split("/")
        far = correlation(paired(arm[task], worse[task], metric)[ALL])
        share, moved, related = (np.array(column) for column in zip(*changes, strict=True))
        near, beyond = _shown(related), _shown(np.array([far]))
        print(f"| {name} | {share.mean():.3f} | {moved.mean():.3f} | {near} | {beyond} |")


def _shown(correlations: np.ndarray) -> str:
    known = correlations[~np.isnan(correlations)]
    return f"{known.mean():+.2f}" if len(known) else "one sample a family"


if __name__ == "__main__":
    main()
