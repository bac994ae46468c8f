"""The lowest floor stays light: who reads a contract loads no framework."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import aj

FRAMEWORKS = {"torch", "transformers", "trl", "peft", "datasets", "vllm", "inspect_ai"}
PACKAGE = Path(str(aj.__file__)).parent


def _loaded(code: str) -> set[str]:
    code += "\nimport sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_no_module_of_aj_imports_a_framework():
    modules = sorted(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in PACKAGE.rglob("*.py"))
    assert "aj.wire" in modules
    assert not FRAMEWORKS & _loaded("\n".join(f"import {name}" for name in modules))


def test_no_check_imports_a_framework():
    checks = (PACKAGE.parent / "scorers" / "checks").glob("*.py")
    assert not FRAMEWORKS & _loaded("\n".join(f"import scorers.checks.{path.stem}" for path in checks))


def test_a_framework_that_is_imported_would_be_seen():
    assert _loaded("import sys, types; sys.modules['torch'] = types.ModuleType('torch')") & FRAMEWORKS == {"torch"}


def test_the_yaml_files_lie_inside_the_package():
    for name in (
        "contracts/aj.yaml",
        "contracts/native.yaml",
        "personas.yaml",
    ):
        assert files("aj").joinpath(name).is_file(), name


def test_every_package_file_is_empty():
    assert all(not path.read_text() for path in PACKAGE.rglob("__init__.py"))
