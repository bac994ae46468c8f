"""What a real host has and the simulated one lacks is a gap: neither an error of the host, nor an exception."""

import re
from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux import find_tests
from fleet.linux.shell import LinuxShell
from fleet.model import Machine
from scenarios.trouble import with_containers

HOST = replace(draw_host("web01", Random(5)), services={}, containers=())


def met(line: str, machine: Machine | None = None) -> tuple[str, str, int, list[str]]:
    """(standard output, standard error, exit code, what the fleet lacked)"""
    machine = machine or Machine(HOST)
    return (*LinuxShell(machine).run(line), [gap.what for gap in machine.gaps])


@pytest.mark.parametrize(
    "line",
    ["tune2fs -l /dev/sda1", "resize2fs /dev/sdb1", "echo x | wall", "sudo newusers", "chpasswd 2>/dev/null",
     "true && adduser bob", "for c in lsns; do $c; done", "bash -c 'resolvectl; busctl'"],
)  # fmt: skip
def test_a_real_command_that_is_not_simulated_is_a_gap(line: str):
    assert len(met(line)[3]) == 1


@pytest.mark.parametrize(
    "line", ["nosuchcommand", "mongosh", "kubectl get pods", "strace -p 1", "rabbitmqctl status", "Swapon"]
)
def test_a_command_that_the_host_does_not_have_is_not_found_as_on_a_real_one(line: str):
    name = line.split()[0]
    assert met(line) == ("", f"bash: line 1: {name}: command not found\n", 127, [])


def test_the_name_of_a_command_that_is_not_run_is_no_gap():
    assert met("echo tune2fs wall; grep -c login /etc/passwd; # newusers")[3] == []


@pytest.mark.parametrize(
    "line",
    ["ls --author", "stat --cached=never x", "git merge x", "docker build .", "systemctl isolate x",
     "du --files0-from=x", "chown -RL root /etc"],
)  # fmt: skip
def test_a_real_option_or_verb_that_is_not_simulated_is_refused_and_is_a_gap(line: str):
    output, error, code, gaps = met(line, Machine(with_containers(HOST, ["api"])))
    assert output == "" or output.startswith("Usage: hostname ")
    assert len(gaps) == 1
    assert error
    assert code


@pytest.mark.parametrize(
    ("line", "error", "code"),
    [
        ("ls --nosuch", "ls: unrecognized option '--nosuch'\nTry 'ls --help' for more information.\n", 2),
        ("df -y", "df: invalid option -- 'y'\nTry 'df --help' for more information.\n", 1),
        ("ls --all=x", "ls: option '--all' doesn't allow an argument\nTry 'ls --help' for more information.\n", 2),
        ("last -n", "last: option requires an argument -- 'n'\nTry 'last --help' for more information.\n", 1),
        ("systemctl --nosuch", "systemctl: unrecognized option '--nosuch'\n", 1),
        ("journalctl -Z", "journalctl: invalid option -- 'Z'\n", 1),
        ("curl --nosuch", "curl: option --nosuch: is unknown\n"
         "curl: try 'curl --help' or 'curl --manual' for more information\n", 2),
        ("apt-get --nosuch update",
         "E: Command line option --nosuch is not understood in combination with the other options\n", 100),
    ],
)  # fmt: skip
def test_an_option_that_no_real_tool_has_is_refused_in_its_words(line: str, error: str, code: int):
    assert met(line) == ("", error, code, [])


def test_procps_shows_how_it_is_called_with_a_refusal():
    output, error, code, gaps = met("free -y")
    assert (output, code, gaps) == ("", 1, [])
    assert error.startswith("free: invalid option -- 'y'\nUsage:\n free [options]\n -b, --bytes\n")


@pytest.mark.parametrize(
    ("line", "first"),
    [
        (
            "curl --version",
            "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13 "
            "brotli/1.0.9 zstd/1.5.4 libidn2/2.3.3 libpsl/0.21.2 (+libidn2/2.3.3) libssh2/1.10.0 nghttp2/1.52.0 "
            "librtmp/2.3 OpenLDAP/2.5.13",
        ),
        ("curl --help", "Usage: curl [options...] <url>"),
        ("apt --version", "apt 2.6.1 (amd64)"),
        ("cat --version", "cat (GNU coreutils) 9.1"),
        ("tee --version", "tee (GNU coreutils) 9.1"),
        ("sed --version", "sed (GNU sed) 4.9"),
        ("grep --version | head -1", "grep (GNU grep) 3.8"),
        ("gzip --version", "gzip 1.12"),
        ("find --version", "find (GNU findutils) 4.9.0"),
        ("ps --version", "ps from procps-ng 4.0.2"),
        ("free -V", "free from procps-ng 4.0.2"),
        ("sleep --version", "sleep (GNU coreutils) 9.1"),
        ("lsblk --version", "lsblk from util-linux 2.38.1"),
        ("git --help", "usage: git [-v | --version] [-h | --help] [-C <path>] [-c <name>=<value>]"),
    ],
)
def test_a_tool_names_itself_and_its_version_as_debian_12_does(line: str, first: str):
    machine = Machine(replace(HOST, system=replace(HOST.system, id="debian", version="12")))
    output, error, code, gaps = met(line, machine)
    assert (output.splitlines()[0], error, code, gaps) == (first, "", 0, [])


def test_ubuntu_has_other_versions():
    host = replace(HOST, system=replace(HOST.system, id="ubuntu", version="24.04"), packages={})
    assert met("free --version; ls --version | head -1; curl --version | head -c 12", Machine(host))[0] == (
        "free from procps-ng 4.0.4\nls (GNU coreutils) 9.4\ncurl 8.5.0 ("
    )


@pytest.mark.parametrize("options", ["ps", "ps -a", "images", "stats --no-stream", "ps --format 'table {{.Names}}'"])
def test_docker_without_rows_shows_its_head(options: str):
    host = with_containers(HOST, ["api"])
    output, error, code, gaps = met(f"docker {options}", Machine(replace(host, containers=())))
    assert (output.count("\n"), error, code, gaps) == (1, "", 0, [])
    assert output.isupper()


@pytest.mark.parametrize(
    ("line", "output", "error"),
    [
        ("tee /nosuch/x <<< y; echo on", "y\non\n", "tee: /nosuch/x: No such file or directory\n"),
        ("echo y | tee /etc /tmp/a; cat /tmp/a", "y\ny\n", "tee: /etc: Is a directory\n"),
        ("md5sum /etc", "", "md5sum: /etc: Is a directory\n"),
        ("sha256sum /nosuch; echo on", "on\n", "sha256sum: /nosuch: No such file or directory\n"),
        ("printf 'a\\nb\\n' > /tmp/w; wc -l /tmp/w nosuch", "2 /tmp/w\n2 total\n",
         "wc: nosuch: No such file or directory\n"),
    ],
)  # fmt: skip
def test_a_bad_operand_ends_one_command_and_not_the_line(line: str, output: str, error: str):
    assert met(line)[:2] == (output, error)


def test_an_exception_in_a_command_of_ours_is_a_gap_with_its_place():
    machine = Machine(HOST)
    shell = LinuxShell(machine)
    machine.host = replace(machine.host, mounts=())  # a state that no host has
    shell.run("cat /etc/hostname | df /etc")
    (gap,) = machine.gaps
    assert gap.kind == "fault"
    assert gap.what.startswith("df: IndexError: ")
    machine.host = HOST
    assert shell.run("hostname") == ("web01\n", "", 0)


def test_what_a_line_sets_does_not_reach_the_next_one():
    shell = LinuxShell(Machine(HOST))
    shell.run("x=1; f(){ echo hi; }; shopt -s nullglob; umask 077; set -u; export Y=2; alias q=ls; cd /tmp")
    shell.run("for i in 1 2; do :; done; read z <<< 3; echo ${v:=4} $((w=5))")
    output, error, _ = shell.run('echo "[$x$Y$i$z$v$w]"; umask; shopt nullglob; f; q; history; pwd')
    assert output == "[]\n0022\nnullglob       \toff\n/tmp\n"
    assert error == "bash: line 1: f: command not found\nbash: line 1: q: command not found\n"


@pytest.mark.parametrize(
    "line",
    ["yes | head -2", "echo y | tee /tmp/a", "for i in 1 2; do echo y; done", "yes > /dev/null & echo y; echo y"],
)
def test_the_sandbox_does_not_speak(line: str):
    output, error, _, gaps = met(line)
    assert (output.splitlines()[0], error, gaps) == ("y", "", [])


def test_a_limit_of_the_sandbox_is_a_gap_and_its_words_reach_nobody():
    output, error, _, gaps = met("seq 1 200000 | tail -1; seq 1 3")
    assert "limit" not in error + output
    assert output.endswith("1\n2\n3\n")
    assert len(gaps) == 1


def test_a_pattern_that_takes_too_long_is_a_gap(monkeypatch):
    monkeypatch.setattr(find_tests, "SECONDS", 1e-9)
    assert met(r"find /etc -regex '.*\.conf'")[2:] == (1, ["find -regex"])


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("mktemp -u -p /var/tmp foo.XXXX", (r"/var/tmp/foo\.\w{4}\n", "", 0)),
        ("mktemp -u -p /var/tmp -t foo.XXX", (r"/var/tmp/foo\.\w{3}\n", "", 0)),
        ("mktemp -u --tmpdir foo.XXXX", (r"/tmp/foo\.\w{4}\n", "", 0)),
        ("mktemp -u --tmpdir=/var/tmp foo.XXXX", (r"/var/tmp/foo\.\w{4}\n", "", 0)),
        ("mktemp -u --suffix=.log foo.XXXX", (r"foo\.\w{4}\.log\n", "", 0)),
        ("mktemp -u foo.XXXX.log", (r"foo\.\w{4}\.log\n", "", 0)),
        ("mktemp -u nosuch/a.XXXX", (r"nosuch/a\.\w{4}\n", "", 0)),
        ("mktemp -q -p /nosuch foo.XXXX", ("", "", 1)),
        ("mktemp -dp /nosuch foo.XXXX",
         ("", "failed to create directory via template ‘/nosuch/foo.XXXX’: No such file or directory", 1)),
        ("mktemp -q fooX", ("", "too few X's in template ‘fooX’", 1)),
        ("mktemp -u --suffix=/x foo.XXXX", ("", "invalid suffix ‘/x’, contains directory separator", 1)),
        ("mktemp --suffix=.log foo.XXXX.x", ("", "with --suffix, template ‘foo.XXXX.x’ must end in X", 1)),
        ("mktemp -t a/b.XXXX", ("", "invalid template, ‘a/b.XXXX’, contains directory separator", 1)),
        ("mktemp -p /tmp /a/b.XXXX", ("", "invalid template, ‘/a/b.XXXX’; with --tmpdir, it may not be absolute", 1)),
        ("mktemp a.XXX b.XXX", ("", "too many templates\nTry 'mktemp --help' for more information.", 1)),
    ],
)  # fmt: skip
def test_mktemp_answers_as_coreutils_9_1(line: str, answer: tuple[str, str, int]):
    shown, refused, code = answer
    output, error, exit_code, gaps = met(line)
    assert re.fullmatch(shown, output)
    assert (error, exit_code, gaps) == (f"mktemp: {refused}\n" if refused else "", code, [])


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("cat /etc/pam.d/sshd", ["file /etc/pam.d/sshd"]),
        ("tail -5 /proc/net/snmp", ["file /proc/net/snmp"]),
        ("ls /sys/class/thermal", ["file /sys/class/thermal"]),
        ("grep -c . /etc/profile", ["file /etc/profile"]),
        ("echo > /dev/tcp/127.0.0.1/22", ["file /dev/tcp/127.0.0.1/22"]),
        ("cat /etc/nosuch /etc/cron.d/nosuch /srv/fstab", []),
        ("cat /etc/hostname", []),
    ],
)
def test_a_file_that_every_real_host_has_is_a_gap_where_it_is_missing(line: str, files: list[str]):
    assert met(line)[3] == files


def test_a_folder_can_be_made_before_anything_is_written():
    assert met("cd; mkdir d; ls -d d") == ("d\n", "", 0, [])


@pytest.mark.parametrize("line", ["shutdown -k now", "shutdown -c"])
def test_who_only_warns_of_a_shutdown_or_cancels_it_reboots_nothing(line: str):
    machine = Machine(HOST)
    LinuxShell(machine).run(line)
    assert machine.host.boot == HOST.boot


@pytest.mark.parametrize(
    "line",
    ["touch -a -d @1 /etc/hosts", "ln /etc/hosts /tmp/h", "find / -daystart -name x", "find -xtype f", "mkfifo /tmp/f",
     "(umask 077; touch /tmp/s); touch /tmp/t", "bash -c 'umask 077; touch /tmp/s' && touch /tmp/t",
     "sudoedit /etc/hosts", "ip link show master br0"],
)  # fmt: skip
def test_what_cannot_be_told_apart_here_is_a_gap(line: str):
    assert len(met(line)[3]) == 1


@pytest.mark.parametrize(
    "line", ["(umask 077; touch /tmp/s)", "umask 027; touch /tmp/t", "echo $(umask); ls", "(umask); ls"]
)
def test_a_mask_that_nothing_follows_is_no_gap(line: str):
    assert met(line)[3] == []


@pytest.mark.parametrize(
    "line",
    ["head -c 5M /dev/zero | wc -c", "yes | head -c 3000000 | wc -c", "yes | head -100000 | wc -l",
     "head -c 100000 /dev/urandom | base64 | tail -1", "head -c 100 /dev/urandom > /tmp/r; ls -l /tmp/r"],
)  # fmt: skip
def test_more_of_what_never_ends_than_the_shell_has_is_a_gap(line: str):
    assert len(met(line)[3]) == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [("head -c 100000 /dev/zero | wc -c", "100000\n"), ("yes | head -3 | wc -l", "3\n"),
     ("head -c 32 /dev/urandom | base64 | wc -l", "1\n"), ("echo yes | head -c 3", "yes")],
)  # fmt: skip
def test_a_little_of_it_is_none(line: str, told: str):
    assert met(line) == (told, "", 0, [])
