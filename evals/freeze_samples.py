"""Freezes the samples of every eval: python evals/freeze_samples.py

The files are committed. Logs with different samples cannot be compared.
"""

from pathlib import Path

from aj.files import write_jsonl
from evals.draws import SampleDraw, drawn
from evals.suite import TASKS


def main() -> None:
    folder = Path(__file__).parent / "samples"
    for task in TASKS:
        records = drawn(task, SampleDraw())
        write_jsonl(folder / f"{task}.jsonl", records)
        print(f"{task}: {len(records)} samples, {sum(item['small'] for item in records)} of them small")


if __name__ == "__main__":
    main()
