"""What the tools of a real Debian 12 say of themselves (`manual.json`): names, versions, options, how to call them."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fleet.model import Host

FILE = Path(__file__).with_name("manual.json")
RELEASES = {
    "apt": ("2.6.1", "2.4.13", "2.7.14"),
    "bash": ("5.2.15", "5.1.16", "5.2.21"),
    "curl": ("7.88.1", "7.81.0", "8.5.0"),
    "coreutils": ("9.1", "8.32", "9.4"),
    "diffutils": ("3.8", "3.8", "3.10"),
    "dpkg": ("1.21.22", "1.21.1", "1.22.6"),
    "findutils": ("4.9.0", "4.8.0", "4.9.0"),
    "grep": ("3.8", "3.7", "3.11"),
    "gzip": ("1.12", "1.10", "1.12"),
    "iproute2": ("6.1.0", "5.15.0", "6.1.0"),
    "jq": ("1.6", "1.6", "1.7"),
    "less": ("590", "590", "590"),
    "lsof": ("4.95.0", "4.93.2", "4.95.0"),
    "procps": ("4.0.2", "3.3.17", "4.0.4"),
    "psmisc": ("23.6", "23.4", "23.7"),
    "sed": ("4.9", "4.8", "4.9"),
    "tar": ("1.34", "1.34", "1.35"),
    "util-linux": ("2.38.1", "2.37.2", "2.39.3"),
    "wget": ("1.21.3", "1.21.2", "1.21.4"),
}
"""Package -> its upstream version on Debian 12, Ubuntu 22.04 and Ubuntu 24.04."""
_PLACES = {"12": 0, "22.04": 1, "24.04": 2}
_SAME_SOURCE = {"mount": "util-linux", "bsdutils": "util-linux", "util-linux-extra": "util-linux"}


@dataclass(frozen=True, slots=True)
class ToolText:
    """What a tool printed."""

    stdout: str
    stderr: str
    code: int


@dataclass(frozen=True, slots=True)
class Manual:
    base: list[str]
    """packages that every server has"""
    commands: dict[str, str]
    """command -> package that contains it: all of a Debian server, and some optional ones"""
    verbs: dict[str, list[str]]
    """tool -> its verbs"""
    tools: dict[str, dict[str, dict]]
    """tool, or tool and verb -> what it says of itself"""


@cache
def _manual() -> Manual:
    return Manual(**json.loads(FILE.read_text()))


PACKAGED = {
    "rabbitmqctl": "rabbitmq-server", "pg_dump": "postgresql-15", "pg_dumpall": "postgresql-15",
    "pg_restore": "postgresql-15", "pg_lsclusters": "postgresql-15", "createdb": "postgresql-15",
    "mysqldump": "mysql-server-8.0", "redis-benchmark": "redis-server", "a2ensite": "apache2", "a2dissite": "apache2",
    "a2enmod": "apache2", "apache2ctl": "apache2", "promtool": "prometheus", "grafana-cli": "grafana",
    "grafana-server": "grafana", "npm": "nodejs", "containerd": "docker.io", "htop": "htop", "iotop": "iotop",
    "screen": "screen", "tmux": "tmux", "emacs": "emacs", "mc": "mc", "nmtui": "network-manager",
    "logrotate": "logrotate", "fuser": "psmisc",
}  # fmt: skip
"""More commands of packages that a host may have."""


ALSO = frozenset(("logrotate", "psmisc"))
"""Packages that servers have besides those of the machine from which the manual was collected."""


def has_command(host: Host, command: str) -> bool:
    """Whether a real host with these packages has a command."""
    package = package_of(command)
    return bool(package) and (package in {*_manual().base, *ALSO} or package in host.packages)


def package_of(command: str) -> str:
    """The package that has a command; "" if that is not known."""
    return _manual().commands.get(command) or PACKAGED.get(command, "")


def commands_of(package: str) -> list[str]:
    """The commands that a package has, as far as they are known."""
    return sorted(name for name, owner in (*_manual().commands.items(), *PACKAGED.items()) if owner == package)


@cache
def real_commands() -> frozenset[str]:
    """All commands of which `has_command` knows."""
    return frozenset((*_manual().commands, *PACKAGED))


def has_verb(tool: str, verb: str) -> bool:
    """Whether a real tool has a verb."""
    return verb in _manual().verbs[tool]


def said_of_version(command: str, host: Host) -> ToolText | None:
    """What `command --version` prints on a host; None if that is not known."""
    said = _said(command, "version")
    if said is None:
        return None
    package = _manual().commands.get(command, "")
    package = _SAME_SOURCE.get(package, package)
    if package == "systemd" and (full := host.packages.get(package)):
        told = re.sub(r"^systemd \S+ \(.*?\)", f"systemd {full.partition('.')[0]} ({full})", said.stdout)
        return ToolText(told, said.stderr, said.code)
    here = release(package, host)
    if package not in RELEASES or here == RELEASES[package][0]:
        return said
    old = re.escape(RELEASES[package][0])
    return ToolText(re.sub(rf"(?<![\d.]){old}(?![\d.])", here, said.stdout, count=2), said.stderr, said.code)


def release(package: str, host: Host) -> str:
    """The upstream version of a package on a host; of one that is not in RELEASES, "" ."""
    if package in host.packages:
        return re.split(r"[-+~]", host.packages[package].rpartition(":")[2])[0]
    return RELEASES[package][_PLACES.get(host.system.version, 0)] if package in RELEASES else ""


def said_of_help(command: str) -> ToolText | None:
    """What `command --help` prints, without what it says of each option; None if that is not known."""
    return _said(command, "help")


def said_of_itself(command: str, option: str, host: Host) -> ToolText | None:
    """What a tool prints for an option that asks for its version or its help, in any spelling; None for others."""
    if option not in ("--version", "--help", "-V", "-h"):
        return None
    said = said_of_help(command)
    known = said is not None and re.search(rf"{option}, --(version|help)\b", said.stdout)
    wanted = option.removeprefix("--") if option.startswith("--") else known[1] if known else ""
    if wanted == "version":
        return said_of_version(command, host)
    return said if wanted == "help" else None


def _said(command: str, what: str) -> ToolText | None:
    told = _manual().tools.get(command, {}).get(what)
    return ToolText(told["stdout"], told["stderr"], told["code"]) if told else None


BY_HAND = {
    "git log": "--abbrev --all-match --ancestry-path --author-date-order --binary --boundary --branches --cc --check "
    "--cherry --cherry-mark --cherry-pick --children --color --color-moved --color-words --committer --compact-summary "
    "--date-order --decorate-refs --diff-algorithm --diff-filter --dirstat --exclude --exit-code --ext-diff "
    "--extended-regexp --find-copies --find-renames --fixed-strings --full-history --full-index --function-context "
    "--glob --grep-reflog --histogram --ignore-all-space --ignore-blank-lines --ignore-space-at-eol "
    "--ignore-space-change --invert-grep --left-only --left-right --max-parents --merge-base --merges --min-parents "
    "--minimal --no-abbrev-commit --no-ext-diff --no-index --no-notes --no-prefix --no-renames --no-textconv --not "
    "--notes --parents --patience --perl-regexp --pickaxe-all --quiet --raw --reflog --regexp-ignore-case --relative "
    "--relative-date --remotes --right-only --show-signature --simplify-by-decoration --submodule --summary --tags "
    "--text --textconv --topo-order --unified --walk-reflogs --word-diff --word-diff-regex -B -C -D -E -F -G -L -M -O "
    "-P -R -S -U -W -a -b -c -g -i -l -m -s -t -w -z",
    "crontab": "-e -i -l -n -r -u",
    "host": "-4 -6 -A -C -N -R -T -U -V -W -a -c -d -i -l -m -p -r -s -t -v -w",
    "lsb_release": "-a -c -d -h -i -r -s -v",
    "nc": "-4 -6 -C -D -F -I -M -N -O -P -S -T -U -V -W -X -Z -b -d -h -i -k -l -m -n -p -q -r -s -t -u -v -w -x -z",
    "ping": "-4 -6 -A -B -C -D -F -I -L -M -N -O -Q -R -S -T -U -V -W -a -b -c -d -e -f -h -i -l -m -n -p -q -r -s -t "
    "-v -w",
    "shutdown": "--halt --help --no-wall --poweroff --reboot --show --version -F -H -K -P -a -c -f -h -k -r -t",
    "telnet": "-4 -6 -8 -E -F -K -L -X -a -b -c -d -e -f -k -l -n -r -x",
    "traceroute": "--help --mtu --back --icmp --tcp --udp -4 -6 -A -D -F -I -M -N -O -P -T -U -V -d -e -f -g -i -l -m "
    "-n -p -q -r -s -t -w -z",
    "uuidgen": "--help --hex --md5 --name --namespace --random --sha1 --time --version -N -V -h -m -n -r -s -t -x",
    "apt-mark": "--config-file --file --help --option --quiet --simulate --version -c -f -h -o -q -s -v",
    **dict.fromkeys(
        ("apt", "apt-get", "apt-cache"),
        "--allow-change-held-packages --allow-downgrades --allow-insecure-repositories --allow-releaseinfo-change "
        "--allow-remove-essential --allow-unauthenticated --arch-only --assume-no --auto-remove --autoremove "
        "--compile --config-file --default-release --diff-only --download-only --dsc-only --error-on --fix-missing "
        "--fix-policy --force-yes --full --generate --host-architecture --ignore-hold --ignore-missing --important "
        "--install-recommends --install-suggests --list-cleanup --names-only --no-download --no-install-suggests "
        "--no-remove --no-upgrade --only-source --option --pkg-cache --print-uris --recurse --show-progress "
        "--build-dep --src-cache --tar-only --target-release --trivial-only --verbose-versions --with-new-pkgs "
        "--with-source -P -V -a -b -c -d -f -g -h -i -m -n -o -p -q -s -t -u -v -y",
    ),
    **dict.fromkeys(
        ("reboot", "poweroff", "halt"),
        "--force --halt --help --no-sync --no-wall --no-wtmp --poweroff --reboot --wtmp-only -d -f -i -n -p -w",
    ),
}
"""Options of tools that the machine from which the manual was collected lacked."""


@cache
def real_options(command: str) -> frozenset[str]:
    """Every option that a real tool's help names: -a, --all."""
    return frozenset(_manual().tools.get(command, {}).get("options", ())) | frozenset(BY_HAND.get(command, "").split())
