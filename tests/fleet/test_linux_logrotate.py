"""logrotate: what it says and does, as 3.21 did with the same files and configurations."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Machine
from tests.fleet.answers import answer

DRAWN = draw_host("web01", Random(8))
HOST = replace(DRAWN, system=replace(DRAWN.system, id="debian", version="12"))
MADE = "mkdir /srv/l; cd /srv/l; echo hello > a.log; echo two > b.log; "


def rotated(config: str, line: str) -> tuple[str, str, int]:
    """After logs and a configuration were written, whose parts stand between slashes."""
    rows = " ".join(f"'{row.strip()}'" for row in config.split(";"))
    return answer(f"{MADE}printf '%s\\n' {rows} > c; {line}", HOST)


@pytest.mark.parametrize(
    ("config", "line", "output"),
    [
        ("/srv/l/a.log {; rotate 2; compress; delaycompress; create; }",
         "for i in 1 2 3 4; do logrotate -f -s st c; done; ls; zcat a.log.2.gz",
         "a.log\na.log.1\na.log.2.gz\nb.log\nc\nst\n"),
        ("/srv/l/a.log {; rotate 1; copytruncate; }", "logrotate -f -s st c; cat a.log.1; wc -c < a.log", "hello\n0\n"),
        ("/srv/l/*.log {; rotate 0; missingok; }", "logrotate -f -s st c; ls; logrotate -f -s st c; echo $?",
         "c\nst\n0\n"),
        ("/srv/l/a.log {; rotate 1; create 600 www-data adm; }", "logrotate -f -s st c; stat -c '%a %U %G %s' a.log",
         "600 www-data adm 0\n"),
        ("/srv/l/*.log {; rotate 1; sharedscripts; postrotate; echo moved; endscript; }", "logrotate -f -s st c",
         "moved\n"),
        ("/srv/l/*.log {; rotate 1; postrotate; echo moved $1; endscript; }", "logrotate -f -s st c",
         "moved /srv/l/a.log\nmoved /srv/l/b.log\n"),
        ("/srv/l/a.log {; daily; }", "logrotate -s st c; logrotate -s st c; ls", "a.log\nb.log\nc\nst\n"),
        ("/srv/l/a.log {; maxsize 1; daily; rotate 1; }", "logrotate -s st c; ls *.log*", "a.log.1\nb.log\n"),
        ("/srv/l/a.log {; rotate 1; dateext; }", "logrotate -f -s st c; ls a.log-* | sed 's/[0-9]/0/g'",
         "a.log-00000000\n"),
        ("/srv/l/a.log {; rotate 1; }", "logrotate -df -s st c 2> /dev/null; ls", "a.log\nb.log\nc\n"),
    ],
)  # fmt: skip
def test_logs_are_rotated_as_the_rule_says(config: str, line: str, output: str):
    assert rotated(config, line)[0] == output


@pytest.mark.parametrize(
    ("config", "line", "said"),
    [
        ("/srv/l/a.log {; foo 3; }", "-d", "error: c:2 unknown option 'foo' -- ignoring line\n"),
        ("/srv/l/a.log {; rotate x; }", "-d",
         "error: c:2 bad rotation count 'x'\nerror: found error in /srv/l/a.log , skipping\n"
         "removing last 1 log configs\n"),
        ("/srv/l/a.log {; }; /srv/l/*.log {; }", "-d", "error: c:3 duplicate log entry for /srv/l/a.log\n"),
        ("/srv/l/no.log {; }", "-s st", "error: stat of /srv/l/no.log failed: No such file or directory\n"),
        ("/srv/l/no.log {; missingok; }", "-v -s st", "  log /srv/l/no.log does not exist -- skipping\n"),
        ("/srv/l/a.log {; size 1k; }", "-v -s st",
         "rotating pattern: /srv/l/a.log  1024 bytes (no old logs will be kept)\n"
         "empty log files are rotated, old logs are removed\nconsidering log /srv/l/a.log\nCreating new state\n"),
        ("/srv/l/a.log {; size 1k; }", "-v -s st",
         "  log does not need rotating (log size is below the 'size' threshold)\n"),
        ("/srv/l/a.log {; weekly; rotate 4; }", "-vf -s st",
         "rotating log /srv/l/a.log, log->rotateCount is 4\n"),
        ("/srv/l/a.log {; rotate 1; compress; }", "-vf -s st",
         "renaming /srv/l/a.log.1.gz to /srv/l/a.log.2.gz (rotatecount 1, logstart 1, i 1), \n"
         "old log /srv/l/a.log.1.gz does not exist\n"
         "log /srv/l/a.log.2.gz doesn't exist -- won't try to dispose of it\n"
         "renaming /srv/l/a.log to /srv/l/a.log.1\ncompressing log with: /bin/gzip\n"),
        ("/srv/l/a.log {; rotate 1; postrotate; exit 3; endscript; }", "-f -s st",
         "error: error running non-shared postrotate script for /srv/l/a.log of '/srv/l/a.log '\n"),
    ],
)  # fmt: skip
def test_what_is_wrong_or_considered_is_said(config: str, line: str, said: str):
    assert said in rotated(config, f"logrotate {line} c")[1]


def test_the_system_s_own_run_has_noted_when_each_log_was_rotated():
    host = HOST.with_file("/var/log/haproxy.log", File("up\n" * 9))
    today = answer("date -d @$(stat -c %Y /var/lib/logrotate/status) +%Y-%-m-%-d", host)[0].strip()
    assert f'"/var/log/haproxy.log" {today}-0:0:0\n' in answer("cat /var/lib/logrotate/status", host)[0]
    said = answer("logrotate -d /etc/logrotate.conf", host)[1]
    assert "log does not need rotating (log has been rotated at" in said
    assert "including /etc/logrotate.d\nreading config file alternatives\nreading config file apt\n" in said


def test_a_forced_rotation_frees_the_disk_and_is_noted():
    machine = Machine(HOST.with_file("/var/log/haproxy.log", File("up\n", bulk=10**9)))
    before = machine.host.percent("/")
    LinuxShell(machine).run("logrotate -f /etc/logrotate.d/haproxy; logrotate -f /etc/logrotate.d/haproxy")
    assert machine.gaps == []
    assert not {"/var/log/haproxy.log", "/var/log/haproxy.log.2.gz"} & machine.host.files.keys()
    assert machine.host.percent("/") <= before


def test_a_directive_that_is_not_simulated_is_a_gap_and_changes_nothing():
    machine = Machine(HOST)
    shell = LinuxShell(machine)
    shell.run(MADE + "printf '/srv/l/a.log {\\nolddir old\\n}\\n' > c; logrotate -f -s st c")
    assert [gap.what for gap in machine.gaps] == ["logrotate with olddir"]
    assert shell.run("ls")[0] == "a.log\nb.log\nc\n"
