"""A contract that contradicts itself is refused with the file and the line; its hash is its content."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aj.contract import CONTRACTS, load_contract
from aj.errors import ConfigError, ContractError

Edit = Callable[[str, str], Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """A copy of the AJ contract in which `old` was replaced by `new`."""

    def edit(old: str, new: str) -> Path:
        text = (CONTRACTS / "aj.yaml").read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "edited.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return edit


def _line(path: Path, part: str) -> int:
    return next(n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1) if part in line)


@pytest.mark.parametrize("name", ["aj", "native", "three", "tools"])
def test_the_contracts_load_by_name_and_by_path(name):
    assert load_contract(name).name == name
    assert load_contract(CONTRACTS / f"{name}.yaml").hash == load_contract(name).hash


def test_the_two_contracts_have_the_same_tools_in_another_wire_form():
    aj, native = load_contract("aj"), load_contract("native")
    assert aj.tools == native.tools
    assert aj.conduct == native.conduct
    assert aj.hash != native.hash


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("  - name: think\n", "  - nam: think\n", "- nam: think", r"tools\.4\."),
        ("name: aj\n", "name: aj\nspeed: 3\n", "speed: 3", "unknown key 'speed'; known keys: .*wire"),
        ("prose_limit: 100", "prose_limit: lots", "prose_limit", "wire.prose_limit"),
        ("command: {type: string, minLength: 1}", "command: {type: text}", "parameters:", "not a JSON Schema"),
        ("      type: object\n", "      type: array\n", "parameters:", "must be of type object"),
        ("name: think", "name: bash", "tools:", "two tools have the same name"),
        ("{tool: remote_bash,", "{tool: rsh,", "on_one:", "there is no tool 'rsh'"),
        ("effect: read", "effect: maybe", "effect: maybe", "effect"),
    ],
)
def test_a_broken_contract_is_refused_with_its_line(edited, old, new, place, said):
    path = edited(old, new)
    with pytest.raises(ContractError, match=said) as caught:
        load_contract(path)
    assert str(caught.value).startswith(f"{path}:{_line(path, place)}: ")


def test_a_key_that_is_missing_is_named(edited):
    with pytest.raises(ContractError, match=r"edited\.yaml:\d+: wire lacks think_tag; add it"):
        load_contract(edited("  think_tag: think ", "  # think_tag: think "))


@pytest.mark.parametrize(
    ("text", "line"), [("name: aj\nwire: [1,\n", 3), ("- a list\n", 1), ("name: {a: b: c}\n", 1), ("", 1)]
)
def test_a_file_that_is_not_a_yaml_mapping_is_refused(tmp_path, text, line):
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "binary.yaml"
    path.write_bytes(b"name: \xff\xfe\n")
    with pytest.raises(ContractError, match=r"binary\.yaml:1: "):
        load_contract(path)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ContractError, match=r"no contract 'klingon'; use one of aj, native"):
        load_contract("klingon")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ContractError, match="cannot be read"):
        load_contract(tmp_path / "none.yaml")


def test_a_contract_error_is_a_config_error():
    assert issubclass(ContractError, ConfigError)


def test_a_fault_in_a_contract_that_extends_another_is_found_in_its_own_file(tmp_path):
    shutil.copy(CONTRACTS / "aj.yaml", tmp_path / "aj.yaml")
    child = tmp_path / "child.yaml"
    child.write_text("extends: aj.yaml\nname: child\nwire:\n  open: 3\n")
    with pytest.raises(ContractError, match=rf"{child}:4: wire\.open"):
        load_contract(child)


def test_a_contract_that_extends_another_inherits_what_it_does_not_say(tmp_path):
    shutil.copy(CONTRACTS / "aj.yaml", tmp_path / "aj.yaml")
    child = tmp_path / "child.yaml"
    child.write_text("extends: aj.yaml\nname: child\n")
    assert load_contract(child).tools == load_contract("aj").tools


def test_any_word_of_the_contract_changes_its_hash(edited):
    hashes = [
        load_contract("aj").hash,
        load_contract(edited("summary: run locally", "summary: run here")).hash,
    ]
    load_contract.cache_clear()
    hashes.append(load_contract(edited("max_steps: 15", "max_steps: 16")).hash)
    assert len(set(hashes)) == 3


def test_a_comment_does_not_change_the_hash(edited):
    assert load_contract(edited("name: aj\n", "name: aj  # AJ's own\n")).hash == load_contract("aj").hash


def test_a_tool_shows_its_optional_parameters_with_a_question_mark():
    assert load_contract("aj").tool_by_name["bash"].signature == "bash(command, timeout?, cwd?): run locally"


def test_a_finding_of_an_unknown_code_is_our_own_fault():
    contract = load_contract("aj")
    assert contract.finding("no_call", "x").why.endswith("(x)")
    with pytest.raises(KeyError):
        contract.finding("no_such_code")
