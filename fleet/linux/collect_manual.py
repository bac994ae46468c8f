"""Writes `manual.json` from a real Debian 12: python fleet/linux/collect_manual.py

Names, packages, verbs, versions, and of each help the syntax: how the tool is called, its options and its verbs. What
the help says of them is left out: that text is its authors'. Each tool is only asked for its version and its help,
without a terminal and without input.
"""

import json
import re
import subprocess
from typing import Any

from bashkit import Bash

from fleet.linux.commands import COMMANDS
from fleet.linux.manual import FILE

BASE = ("required", "important", "standard")
"""Priorities of the packages that every Debian server has."""
OPTIONAL = ("curl", "git", "jq", "lsof", "openssl", "psmisc", "python3", "net-tools", "wget", "file", "strace")
BIN = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")
UNASKED = frozenset(
    ("reboot", "shutdown", "halt", "poweroff", "vi", "vim", "view", "python3", "service", "yes", "sh", "clear", "reset")
)
"""Tools that might act when asked."""
DOCKER = (
    "ps logs inspect images stats top port start stop restart kill rm pause unpause exec run pull info version "
    "rename update wait diff create system network volume compose"
)
GIT = (
    "add branch checkout clone commit config diff fetch init log pull push rebase remote reset restore rev-parse "
    "revert rm show stash status switch tag blame ls-files cherry-pick shortlog describe"
)


def _output(*command: str) -> tuple[str, str, int]:
    done = subprocess.run(
        (
            "env",
            "-i",
            "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG=C.UTF-8",
            "HOME=/nonexistent",
            *command,
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=10,
        errors="replace",
        check=False,
    )
    return done.stdout, done.stderr, done.returncode


def base_packages() -> list[str]:
    rows = _output("dpkg-query", "-W", "-f", "${Priority} ${Package}\n")[0].splitlines()
    return sorted({row.split()[1] for row in rows if row.startswith(BASE)})


def commands() -> dict[str, str]:
    """command -> package, for the packages of every server and some optional ones."""
    found = {}
    for package in sorted({*base_packages(), *OPTIONAL}):
        for path in _output("dpkg", "-L", package)[0].splitlines():
            if path.startswith(BIN) and path.count("/") == 2 + path.startswith("/usr"):
                found[path.rpartition("/")[2]] = package
    return found


def _version(*command: str) -> dict[str, Any]:
    stdout, stderr, code = _output(*command, "--version")
    return {"stdout": _first(stdout), "stderr": _first(stderr), "code": code}


def _first(text: str) -> str:
    return text.partition("\n")[0] + "\n" if text else ""


def _help(*command: str) -> dict[str, Any]:
    """What a tool says for help, and every option that it names: -a, --all."""
    stdout, stderr, code = _output(*command)
    return {
        "help": {"stdout": syntax(stdout), "stderr": syntax(stderr), "code": code},
        "options": options(stdout + stderr),
    }


def options(text: str) -> list[str]:
    """Every option that a help names anywhere."""
    found = re.findall(r"(?<![\w-])(--[A-Za-z][\w-]*|-[A-Za-z0-9])(?![\w-]*\w)", text)
    bundles = re.findall(r"[\[ ]-([A-Za-z46]{2,})[\] ]", text)  # pstree [-acglp]
    return sorted({*found, *(f"-{letter}" for bundle in bundles for letter in bundle)})


def syntax(text: str) -> str:
    """The lines of a help that say how a tool is called, and the options and verbs at the start of others."""
    kept, usage = list[str](), False
    for line in text.splitlines():
        listed = _LISTED.match(line)
        explained = listed is not None and listed[0].rstrip() != line.rstrip()
        usage = bool(_USAGE.match(line) or (usage and line[:1].isspace() and line.strip() and not explained))
        if usage:
            kept.append(line.rstrip())
        elif listed:
            kept.append(listed[0].rstrip())
    return "".join(f"{line}\n" for line in kept)


_USAGE = re.compile(r" *(usage|or):( |$)", re.IGNORECASE)
_LISTED = re.compile(
    r"""
    \s*-(?!-{2})(\S|\ (?!\ |-\ |[A-Z][a-z])|(?<=,)\ +(?=-))+ |  # -a, --all   -daystart -follow
    \ {2,3}[a-z][a-z-]+\*?(\ (?=[A-Z\[<])\S+)*(?=\ {2}|\ -\ |$)  # start UNIT...   list - list packages
    """,
    re.VERBOSE,
)


def tools(known: dict[str, str]) -> dict[str, dict]:
    """What each tool that the fleet also has says of itself."""
    ours = {*COMMANDS, *(entry["name"] for entry in Bash().fs().read_dir("/usr/bin"))}
    asked = {name: (name,) for name in sorted(ours & known.keys() - UNASKED)} | {"awk": ("mawk",)}
    found = {name: {"version": _version(*words), **_help(*words, "--help")} for name, words in asked.items()}
    found["docker"] = _help("docker", "--help")
    found |= {f"docker {verb}": _help("docker", verb, "--help") for verb in DOCKER.split()}
    found |= {f"git {verb}": _help("git", verb, "-h") for verb in GIT.split()}
    return found


def verbs() -> dict[str, list[str]]:
    """Every verb of the tools that have verbs."""
    listed = {
        "docker": _output("docker", "--help")[0],
        "git": _output("git", "help", "-a")[0],
        "systemctl": _output("systemctl", "--help")[0],
        "apt-get": _output("apt-get", "--help")[0] + _output("apt", "--help")[0],
    }
    return {
        name: sorted(set(re.findall(r"^ {1,3}([a-z][a-z-]+)", text, re.MULTILINE))) for name, text in listed.items()
    }


def main() -> None:
    known = commands()
    told = {"base": base_packages(), "commands": known, "verbs": verbs(), "tools": tools(known)}
    FILE.write_text(json.dumps(told, indent=0, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
