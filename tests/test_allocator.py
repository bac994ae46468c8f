"""Programs that compute with large tensors begin with glibc's settings for them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aj.allocator import NAME, TUNABLES

SAY = """
import os, sys
from aj.allocator import keep_memory
keep_memory()
print(os.environ.get("GLIBC_TUNABLES"), *sys.argv)
"""


def _said(*words, **env) -> str:
    clean = {name: value for name, value in os.environ.items() if name != NAME}
    return subprocess.run([sys.executable, *words], env=clean | env, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's settings are those of Linux")
def test_a_program_begins_again_with_the_settings_and_its_own_words():
    assert _said("-c", SAY, "one", "two words").split(maxsplit=1) == [TUNABLES, "-c one two words\n"]


def test_a_users_own_settings_stay():
    assert _said("-c", SAY, GLIBC_TUNABLES="glibc.malloc.hugetlb=0").split() == ["glibc.malloc.hugetlb=0", "-c"]


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's settings are those of Linux")
def test_glibc_takes_them_as_they_are_written():
    """An unknown name or value would be passed over in silence."""
    mapped = Path("/proc/self/maps").read_text().splitlines()
    loader = next((line.split()[-1] for line in mapped if "/ld-linux" in line), None)
    if not loader:
        pytest.skip("this system has another C library")
    told = subprocess.run([loader, "--list-tunables"], env={NAME: TUNABLES}, capture_output=True, text=True).stdout
    values = dict(line.split(": ", 1) for line in told.splitlines() if ": " in line)
    asked = dict(setting.split("=") for setting in TUNABLES.split(":"))
    assert {name: int(values[name].split()[0], 16) for name in asked} == {n: int(v) for n, v in asked.items()}
