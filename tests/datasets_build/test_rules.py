"""Rules: every code that lint can tell has an entry; every example shows its code, every repair is clean."""

import ast
import re
from pathlib import Path

import pytest

from aj.contract import Contract, load_contract
from aj.findings import codes
from aj.personas import load_personas
from datasets_build.ledger import Refused
from datasets_build.lint import items
from datasets_build.lint.items import lint_item, lint_record
from datasets_build.lint.rules import Example, load_rules
from datasets_build.reading.files import read_records
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.sources import shapes
from datasets_build.sources.shapes import Shape
from scenarios.error_patterns import PATTERNS
from tests.renamed import renamed_contract

AJ = load_contract()
RULES = load_rules()
LINT = Path(items.__file__).parent
ROOT = LINT.parents[1]
FAULTS = ("bom", "control_character", "bad_utf8", "lone_surrogate", "not_a_number", "duplicate_key")
READING = (
    "not_json", "not_an_object", "too_large", "too_deep", "broken_gzip", "broken_table", "unknown_shape", "unusable",
)  # fmt: skip


@pytest.fixture(autouse=True)
def one_shape(monkeypatch):
    monkeypatch.setattr(shapes, "SHAPES", {"said": Shape(lambda value: "instruction" in value, _parse)})


def _parse(value):
    if isinstance(value["response"], str):
        yield Transcript((Turn("user", value["instruction"]), Turn("assistant", value["response"])), "chat")
    else:
        yield Refused("no_text", "'response' is no text")


def _codes(example: Example, contract: Contract, tmp_path: Path) -> list[str]:
    if example.raw is None:
        return codes([found.finding for found in lint_item(example.item(contract), contract)])
    (tmp_path / "file").write_bytes(example.data)
    (record,) = read_records(tmp_path / "file")
    return codes([found.finding for found in lint_record(record, contract)[1]])


@pytest.mark.parametrize("contract", [AJ, renamed_contract()], ids=lambda contract: contract.name)
@pytest.mark.parametrize("code", RULES)
def test_the_example_shows_the_code_and_the_repair_shows_none(code, contract, tmp_path):
    data = RULES[code].data
    assert code in _codes(data.example, contract, tmp_path)
    if data.repaired is not None:
        assert _codes(data.repaired, contract, tmp_path) == []


def test_every_code_of_the_checks_has_an_entry():
    spoken = {rule.code for persona in load_personas().personas.values() for rule in persona.rules}
    spoken |= {rule.code for rule in load_personas().voice.rules}
    assert set(RULES) >= {*AJ.deviations, *PATTERNS, *FAULTS, *READING, *spoken}
    used = ("encoding", "leaks", "privacy", "structure", "voice")
    files = [*(ROOT / "scorers" / "checks" / f"{name}.py" for name in used), ROOT / "aj" / "conduct.py"]
    for file in (*files, *LINT.glob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Finding":
                first = call.args[0]
                if isinstance(first, ast.Constant):
                    assert first.value in RULES, f"{file.name} tells {first.value}, which has no rule"


def test_no_entry_is_left_over():
    spoken = {rule.code for persona in load_personas().personas.values() for rule in persona.rules}
    spoken |= {rule.code for rule in load_personas().voice.rules}
    sources = [*LINT.glob("*.py"), *ROOT.glob("scorers/checks/*.py"), ROOT / "aj" / "conduct.py"]
    text = "\n".join(file.read_text(encoding="utf-8") for file in sources)
    known = {*AJ.deviations, *PATTERNS, *FAULTS, *READING, *spoken, *re.findall(r'Finding\(\s*"(\w+)"', text)}
    assert set(RULES) <= known
