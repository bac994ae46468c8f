"""Speed and memory of the data tools: python benchmarks/data.py

Uses rows of about one kilobyte in the shape of AJ's earlier data. Prints how many rows per second one core reads, lints
and converts, and for comparison `datasets.map` with `jsonschema` checking the calls of the same rows against the same
contract (form and arguments only: no conduct, grounding, persona, privacy or repair). Goals: lint 10 times as fast as
that, convert 4 times. Then rows per second and peak memory of many rows on all cores (goal: 1 GiB, however many), the
seconds it takes to find near-duplicates among some thousand rows, and the share of planted ones that are found (goal:
2 seconds for 10,000 rows at 99%).

    python benchmarks/data.py --beside FOLDER [--of FILE]

does nothing but compare with another checkout of this repository, which has an environment of its own: both builds
lint and convert the same rows by turns, and of five turns the quickest counts.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import IO, Any

from aj.contract import load_contract
from aj.decoding import call_schema
from aj.messages import Row, calls, user

CONTRACT = load_contract()
WORDS = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8").split()
BYTES = 1024
"""Per row."""
OLD = 0.5
"""Share of rows with the `action` key, as in the earlier data."""
MILLION = "--only-many"
"""The option that runs only the memory measurement, in a process that has loaded nothing else."""


def rows(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Different rows in the shape of earlier data; half of them have the old format."""
    rng = Random(seed)
    for number in range(count):
        host, service = f"web{rng.randrange(100):02}", rng.choice(("nginx", "redis", "cron", "postgresql"))
        call = {"tool": "bash", "params": {"command": f"systemctl status {service} --lines {number}"}}
        if rng.random() < OLD:
            call = {"action": "bash", "params": call["params"], "reasoning": "The state is what was asked for."}
        record = {
            "system": f"You are AJ. Agents:\n  - {host}: {host} (linux) @ 10.0.{number % 200}.{number % 250}:7000",
            "instruction": f"is {service} fine here? request {number}: ",
            "response": json.dumps(call),
            "metadata": {"category": "linux"},
        }
        record["instruction"] += " ".join(rng.choices(WORDS, k=(BYTES - len(json.dumps(record))) // 7))
        yield record


def write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for record in rows(count):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def rate(name: str, count: int, work: Callable[[], int], clock: Callable[[], float] = time.process_time) -> float:
    """Print and return the rows per second of one run over `count` rows; `work` returns how many it processed.

    With the process's own time as clock, other work on the machine does not count.
    """
    begun = clock()
    done = work()
    taken = clock() - begun
    assert done == count, f"{name}: {done} of {count} rows"
    print(f"  {name:<52} {count / taken:>9,.0f}", flush=True)
    return count / taken


# --- one core -------------------------------------------------------------------------------------------------------


def one_core(path: Path, count: int) -> None:
    from datasets_build.convert import Conversion
    from datasets_build.lint.items import lint_record
    from datasets_build.reading.files import read_raw, read_records

    converted = Conversion(CONTRACT, "map", ())  # `convert_files` would use more processes for a file of this size
    print(f"rows per second on one core ({count:,} rows, {path.stat().st_size // count} bytes each)")
    for record in islice(read_records(path), 10):
        lint_record(record, CONTRACT)  # loads what all rows share
    rate("read", count, lambda: sum(1 for _ in read_records(path)))
    lint = rate("read and lint", count, lambda: sum(bool(lint_record(r, CONTRACT)) for r in read_records(path)))
    convert = rate("read and convert", count, lambda: sum(1 for r in read_raw(path) for _ in converted(path, r)))
    peer = rate("datasets.map with jsonschema", count, lambda: peer_map(path))
    print(
        f"  compared with datasets.map: lint {lint / peer:.1f} times, convert {convert / peer:.1f} times as fast",
        flush=True,
    )


def peer_map(path: Path) -> int:
    """What you would write without these tools: load the file, validate each call, keep a column with what is wrong."""
    from datasets import Dataset, disable_caching, disable_progress_bars
    from jsonschema import Draft202012Validator

    disable_caching()
    disable_progress_bars()
    validator = Draft202012Validator(call_schema(CONTRACT))

    def check(row: dict[str, Any]) -> dict[str, Any]:
        try:
            found = [error.message for error in validator.iter_errors(json.loads(row["response"]))]
        except ValueError as error:
            found = [str(error)]
        return {"found": found}

    with tempfile.TemporaryDirectory() as cache:
        loaded = Dataset.from_json(str(path), cache_dir=cache)
        return len(loaded.map(check))  # pyright: ignore[reportAttributeAccessIssue, reportArgumentType]


# --- another build --------------------------------------------------------------------------------------------------

TURNS, PIECE = 5, 50
"""How often each build is measured on each piece, and the rows of a piece."""


def beside(path: Path, other: Path) -> None:
    """Print how many times as fast as another checkout this one lints and converts."""
    builds = [_start(path, other), _start(path, Path(__file__).parents[1])]
    count = sum(1 for _ in path.open("rb"))
    print(f"{path.name}: {count:,} rows, one core; rows per second")
    for what in ("lint", "convert"):
        earlier, now = (count / seconds for seconds in _by_turns(builds, what, range(0, count, PIECE)))
        print(f"  {what:<8} {earlier:>9,.0f} in {other}, {now:,.0f} here: {now / earlier:.2f} times", flush=True)
    for build in builds:
        build.communicate()


def _start(path: Path, folder: Path) -> "subprocess.Popen[str]":
    python = str(folder / ".venv" / "bin" / "python")
    script = str(Path(__file__).with_name("data_turns.py"))
    environment = os.environ | {"PYTHONPATH": str(folder)}
    pipe = subprocess.PIPE
    return subprocess.Popen([python, script, str(path)], env=environment, stdin=pipe, stdout=pipe, text=True)


def _by_turns(builds: "list[subprocess.Popen[str]]", what: str, pieces: range) -> list[float]:
    """The seconds of each build over all pieces, each piece in its quickest turn."""
    least = [dict.fromkeys(pieces, float("inf")) for _ in builds]
    for _ in range(TURNS):
        for start in pieces:
            for times, build in zip(least, builds, strict=True):
                asked = f"{what} {start} {start + PIECE}"
                times[start] = min(times[start], _ask(asked, build.stdin, build.stdout))
    return [sum(times.values()) for times in least]


def _ask(question: str, to: IO[str] | None, answers: IO[str] | None) -> float:
    assert to
    assert answers
    print(question, file=to, flush=True)
    return float(answers.readline())


# --- all cores ------------------------------------------------------------------------------------------------------


def all_processes() -> float:
    """Processor seconds of this process and its finished workers."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def many(path: Path, count: int) -> None:
    """Runs in its own process: prints its peak memory and that of its largest worker."""
    from datasets_build.convert import convert_files
    from datasets_build.lint.config import LintConfig
    from datasets_build.lint.run import lint_files
    from datasets_build.write import write_offers

    output = path.with_name("converted.jsonl")
    made = convert_files([path], CONTRACT)
    outcomes = lint_files([path], LintConfig(), keep=1)
    rate("lint", count, lambda: sum(outcome.rows for outcome in outcomes), time.perf_counter)
    busy = all_processes()
    rate("convert and write", count, lambda: write_offers(made, output).read, time.perf_counter)
    again = all_processes() - busy
    print(f"  per core: {count / busy:,.0f} rows per second linted, {count / again:,.0f} converted and written")
    own, worker = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"  peak memory: {own:,.0f} MiB, largest worker {worker:,.0f} MiB", flush=True)


# --- near-duplicates ------------------------------------------------------------------------------------------------


def dedup(count: int, exact: int) -> None:
    """Plant a copy of every tenth row with one word in fifty changed; find them, and check some rows by brute force."""
    from datasets_build.mix.near import NearIndex

    items, planted = with_planted(count)
    index = NearIndex(0.8)
    begun = time.process_time()
    refused = {number for number, item in enumerate(items) if index.admit(item)}
    taken = time.process_time() - begun
    print(f"near-duplicates among {count:,} rows")
    share = len(planted & refused) / len(planted)
    print(f"  {taken:.2f} s; {share:.1%} of {len(planted):,} planted ones found; {len(refused - planted):,} others")
    begun = time.perf_counter()
    found = brute_force(items[:exact])
    both = {number for number in refused if number < exact}
    print(f"  every pair of the first {exact:,}: {time.perf_counter() - begun:.1f} s, {len(found)} duplicates, "
          f"{len(found & both)} of them found", flush=True)  # fmt: skip


def with_planted(count: int) -> tuple[list[Row], set[int]]:
    """Rows, and the numbers of those that are changed copies of earlier ones."""
    rng, items, planted = Random(11), list[Row](), set[int]()
    while len(items) < count:
        words = rng.choices(WORDS, k=rng.randrange(60, 200))
        if items and len(items) % 10 == 0:
            original = rng.choice([number for number in range(len(items)) if number not in planted][-500:])
            words = items[original].messages[0].content.split(" ")
            for place in rng.sample(range(len(words)), len(words) // 50 or 1):
                words[place] = f"changed{place}"
            planted.add(len(items))
        items.append(Row((user(" ".join(words)), calls("complete", {"answer": f"Done with {words[0]}."}))))
    return items, planted


def brute_force(items: list[Row]) -> set[int]:
    """The numbers of rows whose exact similarity to an earlier, kept row is too high."""
    from datasets_build.mix.near import taught

    kept, found = list[set[str]](), set[int]()
    for number, item in enumerate(items):
        words = " ".join(taught(item)).lower().split()
        shingles = {" ".join(words[place : place + 3]) for place in range(len(words) - 2)}
        if any(len(shingles & other) / len(shingles | other) >= 0.8 for other in kept):
            found.add(number)
        else:
            kept.append(shingles)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed and memory of the data tools.")
    parser.add_argument("--rows", type=int, default=20_000, help="rows for the rates of one core")
    parser.add_argument(
        "--many", type=int, default=1_000_000, help="rows for memory, on all cores; needs 2 KB of disk per row"
    )
    parser.add_argument("--dedup", type=int, default=10_000)
    parser.add_argument("--exact", type=int, default=2_000, help="rows that are also compared pair by pair")
    parser.add_argument("--beside", type=Path, help="another checkout: nothing but the comparison with it")
    parser.add_argument("--of", type=Path, help="the rows to compare on, instead of drawn ones")
    parser.add_argument(MILLION, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_many:
        return many(arguments.only_many, arguments.many)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.jsonl")
        if arguments.beside:
            if not arguments.of:
                write(path, arguments.rows)
            return beside(arguments.of or path, arguments.beside)
        if arguments.many:  # first: a process starts with the peak memory of the one that starts it
            write(path, arguments.many)
            print(f"{arguments.many:,} rows on all cores: rows per second", flush=True)
            subprocess.run([sys.executable, __file__, MILLION, str(path), "--many", str(arguments.many)], check=True)
        if arguments.rows:
            write(path, arguments.rows)
            one_core(path, arguments.rows)
        if arguments.dedup:
            print()
            dedup(arguments.dedup, arguments.exact)


if __name__ == "__main__":
    main()
