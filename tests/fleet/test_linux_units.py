"""Units that somebody writes on a host, what systemctl and journalctl tell of them, and how they end."""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.command import CommandContext
from fleet.linux.host_files import HostFiles
from fleet.linux.lsof import open_files
from fleet.linux.package_versions import order
from fleet.linux.shell import LinuxShell
from fleet.model import Machine
from tests.parity.booted import a_booted_host

WRITTEN = "printf '[Unit]\\nDescription=Zeta\\n[Service]\\n{}\\n' > /etc/systemd/system/zeta.service; "


def out(line: str) -> tuple[str, str, int]:
    return LinuxShell(Machine(a_booted_host())).run(line)


@pytest.mark.parametrize(
    ("settings", "line", "told"),
    [
        ("ExecStart=/bin/sleep 100", "systemctl start zeta; systemctl is-active zeta", "active\n"),
        ("ExecStart=/bin/false", "systemctl start zeta; systemctl show zeta -p Result --value", "exit-code\n"),
        ("ExecStart=/nosuch", "systemctl start zeta; systemctl show zeta -P ExecMainStatus", "203\n"),
        ("Type=oneshot\\nExecStart=/bin/true", "systemctl start zeta; systemctl is-active zeta", "inactive\n"),
        ("Type=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true",
         "systemctl start zeta; systemctl show zeta -p SubState --value", "exited\n"),
        ("ExecStart=/bin/sleep 100", "systemctl is-enabled zeta", "static\n"),
        ("ExecStart=/bin/sleep 1\\n[Install]\\nWantedBy=x.target", "systemctl is-enabled zeta", "disabled\n"),
    ],
)  # fmt: skip
def test_a_unit_that_was_written_on_the_host_can_be_started(settings: str, line: str, told: str):
    assert out(WRITTEN.format(settings) + "systemctl daemon-reload; " + line)[0] == told


def test_a_oneshot_unit_that_cannot_be_run_fails_to_start_and_a_simple_one_fails_afterwards():
    simple, oneshot = "ExecStart=/bin/false", "Type=oneshot\\nExecStart=/bin/false"
    assert out(WRITTEN.format(simple) + "systemctl start zeta")[2] == 0
    _, error, code = out(WRITTEN.format(oneshot) + "systemctl start zeta")
    assert error.startswith("Job for zeta.service failed")
    assert code == 1


def test_status_tells_how_a_stopped_unit_ended_and_how_long_it_ran():
    text, _, code = out("systemctl stop alpha; systemctl status alpha -n 0")
    assert "Duration: 1min" in text
    assert "(code=killed, signal=TERM)" in text
    assert code == 3


@pytest.mark.parametrize("line", ["journalctl -b -u alpha", "journalctl -xb -u alpha", "journalctl -b 0 -u alpha -q"])
def test_this_boot_is_the_whole_journal(line: str):
    assert out(line)[0] == out("journalctl -u alpha")[0]


@pytest.mark.parametrize("line", ["journalctl -b -1", "journalctl --boot=-1 -u alpha", "journalctl -b-2"])
def test_there_is_no_earlier_boot(line: str):
    assert out(line)[1].startswith("Data from the specified boot (")


def test_journalctl_chooses_by_fields_and_prints_them():
    told = out("journalctl _PID=1 UNIT=gamma.service -o cat -n 1")[0]
    assert told == "Failed to start gamma.service - Gamma listener.\n"
    assert "    UNIT=gamma.service\n" in out("journalctl _PID=1 -n 1 -o verbose")[0]
    assert "init.scope" in out("journalctl -F _SYSTEMD_UNIT")[0]


def test_lsof_lists_what_a_process_has_open():
    assert out("lsof -nP -iTCP:80 -sTCP:LISTEN -t")[0] == out("pgrep nginx")[0]
    assert out("lsof -a -c cron -d cwd | awk 'NR==2 {print $4, $NF}'")[0] == "cwd /var/spool/cron\n"
    assert out("lsof /nosuch")[2] == 1


def test_every_process_has_a_program_open():
    machine = Machine(a_booted_host())
    with_program = {
        one.process.pid
        for one in open_files(CommandContext("lsof", [], "", "/", machine, HostFiles()))
        if one.descriptor == "txt"
    }
    assert with_program == {process.pid for process in machine.host.processes}


def test_mounts_are_a_tree_pairs_or_json():
    assert out("findmnt -P -o TARGET,SOURCE /")[0] == 'TARGET="/" SOURCE="/dev/sda1"\n'
    assert out("findmnt -J -o TARGET / | tr -d ' \\n'")[0] == '{"filesystems":[{"target":"/"}]}'
    assert "├─/dev" in out("findmnt -o TARGET")[0] or "└─/dev" in out("findmnt -o TARGET")[0]
    assert out("lsblk -s -o NAME /dev/sda1 -n")[0] == "sda1\n└─sda\n"


def test_versions_are_in_debians_order():
    versions = ["1.0~rc1", "1.0", "1.0-1", "1.0-1+b1", "1.0.1", "1.2", "1.10", "1:0.1"]
    shuffled = Random(3).sample(range(len(versions)), len(versions))
    assert all(order(versions[a], versions[b]) == (a > b) - (a < b) for a in shuffled for b in shuffled)


@pytest.mark.parametrize(
    ("settings", "signal", "told"),
    [
        ("SuccessExitStatus=SIGKILL", "KILL", "success dead 0"),
        ("SuccessExitStatus=1 SIGQUIT", "KILL", "signal failed 0"),
        ("Restart=always\\nRestartPreventExitStatus=SIGKILL", "KILL", "signal failed 0"),
        ("Restart=always\\nRestartPreventExitStatus=SIGTERM", "TERM", "success dead 0"),
        ("RestartForceExitStatus=SIGTERM", "TERM", "success running 1"),
        ("Restart=on-failure", "KILL", "success running 1"),
    ],
)
def test_a_unit_names_the_ends_that_are_no_failure_and_those_that_call_for_another_start(
    settings: str, signal: str, told: str
):
    line = WRITTEN.format(f"ExecStart=/bin/sleep 100\\n{settings}") + (
        f"systemctl daemon-reload; systemctl start zeta; systemctl kill -s {signal} zeta; sleep 2; "
        "echo $(systemctl show zeta -P Result) $(systemctl show zeta -P SubState) $(systemctl show zeta -P NRestarts)"
    )
    assert out(line)[0] == f"{told}\n"


@pytest.mark.parametrize(
    "unit",
    ["systemd-journald", "dbus", "multi-user.target", "system.slice", "apt-daily.timer", "networking", "/dev/sda1"],
)
@pytest.mark.parametrize("verb", ["status", "is-active", "is-enabled", "restart", "cat"])
def test_the_units_of_systemd_itself_are_gaps_and_not_missing(unit: str, verb: str):
    machine = Machine(a_booted_host())
    LinuxShell(machine).run(f"systemctl {verb} {unit}")
    assert [gap.what for gap in machine.gaps] == [f"systemctl {verb} {unit}"]


def test_older_verbs_mean_what_the_newer_ones_do():
    assert out("systemctl reload-or-try-restart cron; systemctl condreload nginx; systemctl condstop alpha")[1:] == (
        "",
        0,
    )
    assert out("systemctl condstop alpha; systemctl is-active alpha")[0] == "inactive\n"


def test_an_unknown_type_of_unit_is_refused_by_every_list():
    for verb in ("list-units", "list-unit-files", "list-timers", "status"):
        assert out(f"systemctl {verb} -t nosuch")[1].startswith("Unknown unit type or load state 'nosuch'.")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("list-dependencies --reverse ssh", "ssh.service\n● └─multi-user.target\n●   └─graphical.target\n"),
        ("disable --quiet ssh; systemctl list-dependencies ssh.service --reverse", "ssh.service\n"),
        ("list-dependencies nosuch", "nosuch.service\n"),
        ("list-dependencies --plain --reverse nosuch.service", "nosuch.service\n"),
    ],
)
def test_what_wants_a_service_is_known(line: str, text: str):
    machine = Machine(draw_host("web01", Random(8)))
    assert LinuxShell(machine).run(f"systemctl {line}")[::2] == (text, 0)
    assert machine.gaps == []


@pytest.mark.parametrize("words", ["--reverse --plain ssh", "", "basic.target", "--reverse ssh cron", "ssh cron"])
def test_of_other_units_and_lists_the_dependencies_are_a_gap(words: str):
    machine = Machine(draw_host("web01", Random(8)))
    LinuxShell(machine).run(f"systemctl list-dependencies {words}")
    assert machine.gaps != []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("list-dependencies alpha | head -3", "alpha.service\n● ├─system.slice\n● └─sysinit.target\n"),
        ("list-dependencies ssh | sed -n '2p;3p'", "● ├─-.mount\n● ├─system.slice\n"),
        ("list-dependencies --plain nginx | sed -n '2,4p'",
         "  system.slice\n  network-online.target\n  networking.service\n"),
        ("list-dependencies alpha | grep -A2 local-fs",
         "●   ├─local-fs.target\n●   │ ├─-.mount\n●   │ └─systemd-remount-fs.service\n"),
        ("show nginx -p Wants,After --value", "network-online.target\nsystemd-journald.socket sysinit.target "
         "network-online.target remote-fs.target nss-lookup.target basic.target system.slice\n"),
    ],
)  # fmt: skip
def test_what_a_service_needs_is_what_its_unit_file_and_systemd_say(line: str, told: str):
    machine = Machine(a_booted_host())
    assert LinuxShell(machine).run(f"systemctl {line}") == (told, "", 0)
    assert machine.gaps == []


@pytest.mark.parametrize(
    ("needs", "told"),
    [
        ("Requires=alpha.service", "● ├─alpha.service\n● ├─system.slice\n"),
        ("BindsTo=ssh.service", "● ├─ssh.service\n● ├─system.slice\n"),
        ("[Service]\\nPrivateTmp=yes", "● ├─-.mount\n● ├─system.slice\n"),
    ],
)
def test_a_unit_that_somebody_has_written_needs_what_it_names(needs: str, told: str):
    text = f"[Unit]\\n{needs}\\n[Service]\\nExecStart=/bin/sleep 9\\n"
    write = f"printf '{text}' > /etc/systemd/system/zeta.service; systemctl daemon-reload"
    assert out(f"{write}; systemctl list-dependencies zeta | sed -n 2,3p")[0] == told
