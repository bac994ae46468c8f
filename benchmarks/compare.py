"""How long two big logs take to compare and to gate: python -m benchmarks.compare --samples 100000

Makes the logs of two models with five metrics: one real eval of a scripted model, of which each sample is a copy with
its own id, slices, family and scores. Each of the following runs in a process of its own, which prints its seconds,
processor seconds and peak memory:

    compare   every metric and slice, paired, with intervals (`aj compare`)
    gate      the verdict (`aj gate`) on logs that were read whole when they were finished, as `aj eval` does
    whole     the same without a note of that, so that every sample is read again
    by hand   Inspect's `samples_df`, one merge, and for each metric statsmodels' OLS with standard errors by family:
              all samples only, no slices (needs `pip install statsmodels`; left out otherwise)
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState, generate

from aj.files import digest_file, write_jsonl
from tests.made_logs import GRADER, arm, frozen, model_of, seal, write_run
from verdict.compare import compare
from verdict.gate import gate
from verdict.policy import Policy
from verdict.sealed import READ

METRICS = ("right", "valid", "grounded", "brief", "match")
SKILL = {"base": 0.80, "good": 0.82}
FAMILY = 5
"""Samples in a family."""
SLICES = {"persona": ("casual", "curious", "executive", "senior", "oncall"), "distance": ("1", "2", "4", "8", "16")}
POLICY = Policy.model_validate(
    {
        "confidence": 0.95,
        "evidence": {"min_samples": 25, "max_errors": 0.02, "max_unscored": 0.02},
        "metrics": {f"big/{metric}": {"margin": 0.05, "floor": 0.5} for metric in METRICS},
    }
)


@scorer(metrics={metric: [mean()] for metric in METRICS})
def five() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=dict.fromkeys(METRICS, 1.0), metadata={"code": None, "findings": [], "grader": GRADER})

    return score


def sample(at: int) -> Sample:
    family = f"family {at // FAMILY}"
    slices = {name: values[at % len(values)] for name, values in SLICES.items()}
    about = {"template": family, "family": family, "slice": slices, "split": "eval"}
    return Sample(id=f"s{at}", input=f"Question {at}: how full are the disks of web01?", target="1", metadata=about)


def make(root: Path, count: int) -> None:
    """The logs of both models, and what else a verdict needs: a run, its data set and the frozen samples."""
    logs, suites = root / "logs", root / "logs" / "suites"
    manifests = {"good": write_run(logs, "good")}
    samples = [sample(at) for at in range(count)]
    write_jsonl(suites / "big.jsonl", map(frozen, samples))
    digest = digest_file(suites / "big.jsonl")
    said = ModelOutput.from_content("mock", "They are 40% full.")
    said.usage = ModelUsage(input_tokens=400, output_tokens=20, total_tokens=420)
    for name in SKILL:
        model = get_model("mockllm/model", custom_outputs=lambda *_: said, memoize=False)
        task = Task(dataset=MemoryDataset(samples[:1]), solver=generate(), scorer=five(), name="big", version=1)
        metadata = arm(name, manifests.get(name)) | {"samples": digest}
        (log,) = eval(task, model=model, log_dir=str(root / "one"), display="none", metadata=metadata)
        folder = logs / "evals" / name
        folder.mkdir(parents=True)
        multiply(Path(log.location), folder / Path(log.location).name, samples, name)
        seal(folder)


def multiply(one: Path, many: Path, samples: list[Sample], name: str) -> None:
    """A log with a copy of its only sample for each of `samples`."""
    random = Random(7)
    with zipfile.ZipFile(one) as read, zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as write:
        header = json.loads(read.read("header.json"))
        header["eval"] |= {"model": model_of(name)}
        header["eval"]["dataset"]["samples"] = len(samples)
        ((summary,), (member,)) = (
            json.loads(read.read("summaries.json")),
            [json.loads(read.read(name)) for name in read.namelist() if name.startswith("samples/")],
        )
        summaries = []
        for copy in samples:
            scores = {metric: float(random.random() < SKILL[name]) for metric in METRICS}
            summaries.append(changed(summary, copy, scores))
            told = changed(member, copy, scores)
            told["messages"][0]["content"] = copy.input
            write.writestr(f"samples/{copy.id}_epoch_1.json", json.dumps(told))
        write.writestr("summaries.json", json.dumps(summaries))
        write.writestr("header.json", json.dumps(header))


def changed(original: dict[str, Any], sample: Sample, scores: dict[str, float]) -> dict[str, Any]:
    copy = json.loads(json.dumps(original))
    copy |= {"id": sample.id, "input": sample.input, "metadata": sample.metadata}
    copy["uuid"] = f"{original['uuid']}-{sample.id}"  # `samples_df` drops rows with the uuid of another
    (score,) = copy["scores"].values()
    score["value"] = scores
    return copy


def by_hand(base: Path, candidate: Path) -> None:
    """What one would write without this project."""
    import numpy as np
    import statsmodels.api as sm
    from inspect_ai.analysis import SampleSummary, samples_df

    one, other = (samples_df(str(folder), columns=SampleSummary, quiet=True) for folder in (base, candidate))
    both = one.merge(other, on="id", suffixes=("_a", "_b"))
    parts = {side: [json.loads(value) for value in both[f"score_five_{side}"]] for side in "ab"}
    groups = both["metadata_family_a"].astype("category").cat.codes.to_numpy()
    for metric in METRICS:
        change = np.array([b[metric] - a[metric] for a, b in zip(parts["a"], parts["b"], strict=True)])
        fit = sm.OLS(change, np.ones(len(change))).fit(cov_type="cluster", cov_kwds={"groups": groups})
        low, high = fit.conf_int()[0]
        print(f"  {metric} {fit.params[0]:+.4f} [{low:+.4f}, {high:+.4f}]")


WHAT = ("compare", "gate", "whole", "by hand")


def run(what: str, root: Path) -> None:
    """One of the measured things, in this process."""
    base, candidate = (root / "logs" / "evals" / name for name in SKILL)
    began, busy = time.perf_counter(), time.process_time()
    if what == "compare":
        rows = [row for row in compare(base, candidate) if row.slice == "all"]
        for row in rows:
            print(f"  {row.metric} {row.diff:+.4f} [{row.low:+.4f}, {row.high:+.4f}]")
    elif what in ("gate", "whole"):
        if what == "whole":
            for folder in (base, candidate):
                (folder / READ).unlink()
        verdict = gate(base, candidate, POLICY, root / "logs", root / "logs" / "suites")
        print(f"  {verdict.outcome.name}: {verdict.reasons[0]}")
    else:
        by_hand(base, candidate)
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    own = time.process_time() - busy + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    print(f"{what}: {time.perf_counter() - began:.1f} s, {own:.1f} processor s, {memory / 2**20:.2f} GiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--in", dest="root", type=Path, help="keep the logs here, and use them again")
    parser.add_argument("--only", choices=WHAT)
    parser.add_argument("--part", choices=("make", *WHAT), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part == "make":
        return make(given.root, given.samples)
    if given.part:
        return run(given.part, given.root)
    with tempfile.TemporaryDirectory() as temporary:
        root = given.root or Path(temporary)
        given_on = ["--samples", str(given.samples), "--in", str(root)]
        again = [sys.executable, "-m", "benchmarks.compare", *given_on, "--part"]
        if not (root / "logs").exists():
            # In a process of its own as well: a process begins with the peak memory of the one that started it.
            subprocess.run([*again, "make"], check=True)
        for what in [given.only] if given.only else WHAT if find_spec("statsmodels") else WHAT[:-1]:
            subprocess.run([*again, what], check=True)


if __name__ == "__main__":
    main()
