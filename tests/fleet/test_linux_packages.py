"""dpkg, apt and the programs that packages bring."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Machine
from scenarios.trouble import fill_disk, with_service


def shell() -> tuple[LinuxShell, Machine]:
    host = replace(
        draw_host("web01", Random(11)), services={}, packages={"bash": "5.2.15-2+b7", "git": "1:2.39.5-0+deb12u1"}
    )
    machine = Machine(with_service(host, "redis"))
    return LinuxShell(machine), machine


def out(line: str) -> tuple[str, str, int]:
    return shell()[0].run(line)


# --- looking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("dpkg -l | tail -n +6 | awk '{print $2}'", "bash git redis-server"),
        ("dpkg -l 'b*' | grep ^ii | awk '{print $3}'", "5.2.15-2+b7"),
        ("dpkg -s bash | grep ^Version", "Version: 5.2.15-2+b7"),
        ("dpkg-query -W -f='${Package}=${Version}\\n' git", "git=1:2.39.5-0+deb12u1"),
        ("dpkg -S /etc/redis/redis.conf", "redis-server: /etc/redis/redis.conf"),
        ("dpkg --get-selections | wc -l", "3"),
        ("apt list --installed 2>/dev/null | grep -c installed", "3"),
        ("apt list --upgradable 2>/dev/null", "Listing..."),
        ("apt-cache policy bash | grep Installed", "Installed: 5.2.15-2+b7"),
        ("apt-cache policy htop | grep Installed", "Installed: (none)"),
        ("git --version", "git version 2.39.5"),
        ("redis-cli ping", "PONG"),
    ],
)
def test_questions_about_packages(line: str, words: str):
    text, _, code = out(line)
    assert (text.split(), code) == (words.split(), 0)


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        ("dpkg -l nope", "dpkg-query: no packages found matching nope", 1),
        ("dpkg -s nope", "dpkg-query: package 'nope' is not installed", 1),
        ("dpkg -S /nope", "dpkg-query: no path found matching pattern /nope", 1),
        ("apt-get install -y nope", "E: Unable to locate package nope", 100),
        ("apt-get frob", "E: Invalid operation frob", 100),
        (
            "apt-get install --frob htop",
            "E: Command line option --frob is not understood in combination with the other options",
            100,
        ),
        ("rpm -qa", "rpm: command not found", 127),
        ("yum list", "yum: command not found", 127),
        ("psql --version", "psql: command not found", 127),
        ("pg_isready", "pg_isready: command not found", 127),
    ],
)
def test_what_is_not_there(line: str, words: str, code: int):
    _, error, status = out(line)
    assert words in error
    assert status == code


# --- changing -------------------------------------------------------------------------------------------------------


def test_an_installed_package_is_there_and_once():
    run, machine = shell()
    assert "Setting up htop" in run.run("apt-get install -y htop")[0]
    assert "htop" in machine.host.packages
    assert "htop is already the newest version" in run.run("apt install htop")[0]


def test_installing_a_server_starts_its_service():
    run, machine = shell()
    run.run("apt-get install -y nginx")
    assert machine.host.services["nginx"].state == "active"
    assert run.run("nginx -t && curl -s -o /dev/null -w '%{http_code}' localhost")[0] == "200"


def test_removing_needs_a_yes_and_takes_the_service_but_not_its_config():
    run, machine = shell()
    text, _, code = run.run("apt-get remove redis-server")
    assert text.endswith("Do you want to continue? [Y/n] Abort.\n")
    assert code == 1
    assert "redis" in machine.host.services
    assert "Removing redis-server" in run.run("apt-get remove -y redis-server")[0]
    assert "redis" not in machine.host.services
    assert "redis-server" not in machine.host.packages
    assert "/etc/redis/redis.conf" in machine.host.files
    assert not [p for p in machine.host.processes if p.service == "redis"]


def test_a_full_disk_keeps_packages_out():
    run, machine = shell()
    machine.host = fill_disk(machine.host, "/var/cache/apt/archives/old.deb", 100)
    assert "don't have enough free space" in run.run("apt-get install -y htop")[1]
    assert "htop" not in machine.host.packages


def test_a_dry_run_changes_nothing():
    run, machine = shell()
    run.run("apt-get install -s htop; apt-get remove -s redis-server; apt-get upgrade -y")
    assert sorted(machine.host.packages) == ["bash", "git", "redis-server"]


def test_a_client_says_when_its_server_does_not_answer():
    run, _ = shell()
    run.run("systemctl stop redis")
    assert run.run("redis-cli ping") == ("", "Could not connect to Redis at 127.0.0.1:6379: Connection refused\n", 1)
