"""systemd-analyze verify, in the words of systemd 252 over the same files."""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Machine

FOLDER = "/srv"
PATH = f"{FOLDER}/z.service"
RUNS = "[Service]\nExecStart=/bin/sleep 1\n"
BAD = "Unit z.service has a bad unit file setting.\n"


def verified(text: str, line: str = "systemd-analyze verify z.service") -> tuple[str, str, int, list[str]]:
    machine = Machine(draw_host("web01", Random(8)).with_file(PATH, File(text)))
    return (*LinuxShell(machine, FOLDER).run(line), [gap.what for gap in machine.gaps])


@pytest.mark.parametrize(
    ("text", "said", "code"),
    [
        (RUNS, "", 0),
        (
            f'{RUNS}Restart=always\nRestartSec=1min 5s\nUser=www-data\nEnvironment="A=b c" D=e\nTimeoutStopSec=5\n',
            "",
            0,
        ),
        (f"{RUNS}# c\n; c\nX-My=1\n[X-Foo]\nA=b\n", "", 0),
        (
            f"{RUNS}Foo=bar\n[Bad]\nx=1\njunk\n",
            "{0}:3: Unknown key 'Foo' in section [Service], ignoring.\n{0}:4: Unknown section 'Bad'. Ignoring.\n",
            0,
        ),
        (
            f"x\n{RUNS}junk\n",
            "{0}:1: Assignment outside of section. Ignoring.\n{0}:4: Missing '=', ignoring line.\n",
            0,
        ),
        (f"{RUNS}Foo\\\n=1\n", "{0}:4: Unknown key 'Foo' in section [Service], ignoring.\n", 0),
        (
            f"{RUNS}Restart=maybe\nType=foo\n",
            "{0}:3: Failed to parse service restart specifier, ignoring: maybe\n"
            "{0}:4: Failed to parse service type, ignoring: foo\n",
            0,
        ),
        (
            f"{RUNS}RestartSec=x\nTimeoutStopSec=y\nPrivateTmp=z\n",
            "{0}:3: Failed to parse sec value, ignoring: x\n"
            "{0}:4: Failed to parse time value, ignoring: y\n{0}:5: Failed to parse boolean value, ignoring: z\n",
            0,
        ),
        (
            f"[Unit]\nAfter=foo x.target\n{RUNS}",
            "{0}:2: Failed to add dependency on foo, ignoring: Invalid argument\n",
            0,
        ),
        (
            f"[Unit]\nRequires=nosuch.service ssh.service\nWants=b.service\n{RUNS}",
            "z.service: Failed to create z.service/start: Unit nosuch.service not found.\n",
            1,
        ),
        (
            "[Unit\n",
            "{0}:1: Invalid section header '[Unit'\nUnit z.service failed to load properly, please adjust/correct "
            "and reload service manager: Bad message\n",
            1,
        ),
        (
            "[Service]\nExecStart=/nosuch\nExecStop=/etc/passwd\nExecReload=-/x\n",
            "z.service: Command /nosuch is not executable: No such file or directory\n"
            "z.service: Command /etc/passwd is not executable: Permission denied\n",
            1,
        ),
        (
            "[Service]\nExecStart=sleepx\n",
            "z.service: Command sleepx is not executable: No such file or directory\n",
            1,
        ),
        (
            "[Service]\nExecStart=bin/x\n",
            "{0}:2: Neither a valid executable name nor an absolute path: bin/x\n"
            f"z.service: Unit configuration has fatal error, unit will not be started.\n{BAD}",
            1,
        ),
        (
            "[Unit]\nDescription=x\n",
            f"z.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.\n{BAD}",
            1,
        ),
        (
            f"{RUNS}ExecStart=/bin/ls\n",
            "z.service: Service has more than one ExecStart= setting, which is only allowed for "
            f"Type=oneshot services. Refusing.\n{BAD}",
            1,
        ),
        (
            f"{RUNS}Type=oneshot\nRestart=always\n",
            "z.service: Service has Restart= set to either always or on-success, which "
            f"isn't allowed for Type=oneshot services. Refusing.\n{BAD}",
            1,
        ),
    ],
)
def test_a_unit_file_is_checked(text: str, said: str, code: int):
    assert verified(text) == ("", said.format(PATH), code, [])
    assert verified(text, f"cd /; systemd-analyze verify {PATH}") == ("", said.format(PATH), code, [])


def test_a_unit_may_be_named_and_one_that_is_not_there_is_not_found():
    assert verified("", "systemd-analyze verify ssh.service") == ("", "", 0, [])
    assert verified("", "systemd-analyze verify ./nosuch.service")[1:] == ("Unit nosuch.service not found.\n", 1, [])
    assert verified("", "systemd-analyze verify x.txt")[1:3] == (
        "Failed to prepare filename x.txt: Invalid argument\n",
        1,
    )


@pytest.mark.parametrize(
    "text",
    [
        f"{RUNS}CPUQuota=5\n",
        f"{RUNS}PIDFile=%t/x\n",
        f'{RUNS}Environment="A=b\n',
        f"[Unit]\nDocumentation=man:ls(1)\n{RUNS}",
    ],
)
def test_a_value_that_nobody_checked_is_a_gap(text: str):
    (gap,) = verified(text)[3]
    assert gap.startswith("systemd-analyze verify with ")
