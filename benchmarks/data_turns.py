"""Lints and converts pieces of a file when asked: python benchmarks/data_turns.py FILE

Reads `lint START END` or `convert START END` from its input, and writes the processor seconds that these rows took.
`data.py --beside` runs it in this build and in another one, by turns: what else the machine does, it does to both.
"""

import sys
import time
from pathlib import Path

from aj.contract import load_contract
from datasets_build.convert import Conversion
from datasets_build.lint.items import lint_record
from datasets_build.reading.files import read_raw
from datasets_build.reading.records import decode


def main(path: Path) -> None:
    contract = load_contract()
    convert = Conversion(contract, "map", ())
    raws = list(read_raw(path))
    for line in sys.stdin:
        what, start, end = line.split()
        begun = time.process_time()
        for raw in raws[int(start) : int(end)]:
            if what == "lint":
                lint_record(decode(path, raw), contract)
            else:
                list(convert(path, raw))
        print(time.process_time() - begun, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
