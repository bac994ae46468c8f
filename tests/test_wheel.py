"""The installed package has the data that it reads."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("aj", "fleet", "scenarios", "scorers", "evals", "datasets_build", "train", "verdict", "loop")
NOT_INSTALLED = ("train/environments/",)
"""A package of its own."""


@pytest.mark.loop
def test_a_wheel_holds_every_file_of_the_packages_but_their_documentation(tmp_path):
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, check=True, capture_output=True, text=True)
    tracked = {name for name in listed.stdout.splitlines() if not name.startswith(NOT_INSTALLED)}
    for name in {*tracked, "pyproject.toml", "README.md"}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", "out", "."]
    subprocess.run(build, cwd=tmp_path, check=True)
    (wheel,) = (tmp_path / "out").glob("*.whl")
    assert {name for name in tracked if not name.endswith(".md")} <= set(ZipFile(wheel).namelist())
