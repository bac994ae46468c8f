"""Freezes the samples of every eval, and their wordings: python evals/freeze_samples.py

The files are committed. Logs with different samples cannot be compared.
"""

from aj.files import SAMPLES, WORDINGS, write_jsonl, write_text
from evals.draws import SampleDraw, drawn
from evals.suite import TASKS
from evals.wordings import wordings


def main() -> None:
    for task in TASKS:
        records = drawn(task, SampleDraw())
        write_jsonl(SAMPLES / f"{task}.jsonl", records)
        print(f"{task}: {len(records)} samples, {sum(item['small'] for item in records)} of them small")
    write_text(SAMPLES / WORDINGS, "".join(f"{text}\n" for text in wordings()))


if __name__ == "__main__":
    main()
