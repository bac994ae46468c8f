"""openssl 3.0 as far as it needs no certificate."""

import re
from hashlib import sha256
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Machine

HOST = draw_host("web01", Random(8))


def run(line: str) -> tuple[str, str, int, list[str]]:
    machine = Machine(HOST)
    return (*LinuxShell(machine).run(line), [gap.what for gap in machine.gaps])


def test_random_numbers_have_their_length_and_differ_from_call_to_call():
    output, error, code, gaps = run("openssl rand -hex 8; openssl rand -hex 8; openssl rand -base64 32")
    first, second, third = output.split()
    assert re.fullmatch(r"[0-9a-f]{16}", first)
    assert re.fullmatch(r"[0-9a-f]{16}", second)
    assert first != second
    assert (len(third), third[-1], error, code, gaps) == (44, "=", "", 0, [])
    assert [len(line) for line in run("openssl rand -base64 60")[0].splitlines()] == [64, 16]


def test_digests_are_those_of_the_file():
    told = sha256(b"web01\n").hexdigest()
    for line in ("openssl dgst -sha256 /etc/hostname", "openssl sha256 /etc/hostname", "openssl dgst /etc/hostname"):
        assert run(line) == (f"SHA2-256(/etc/hostname)= {told}\n", "", 0, [])
    assert run("openssl dgst -r /etc/hostname")[0] == f"{told} */etc/hostname\n"
    assert run("echo a | openssl md5")[0] == "MD5(stdin)= 60b725f10c9c85c70d97880dfe8191b3\n"


@pytest.mark.parametrize(
    ("line", "lines", "code"),
    [
        ("openssl nosuch", ["Invalid command 'nosuch'; type \"help\" for a list."], 1),
        ("openssl rand -hex abc", ['rand: Can\'t parse "abc" as a number', "rand: Use -help for summary."], 1),
        ("openssl rand -nosuch 3", ["rand: Unknown option: -nosuch", "rand: Use -help for summary."], 1),
        ("openssl rand -hex 8 9", ["rand: Use -help for summary."], 1),
        ("openssl dgst -nosuch /etc/hostname",
         ["dgst: Unknown option or message digest: nosuch", "dgst: Use -help for summary."], 1),
        ("openssl x509 -noout -dates < /dev/null",
         ["Could not read certificate from <stdin>", "Unable to load certificate"], 1),
    ],
)  # fmt: skip
def test_what_it_refuses(line: str, lines: list[str], code: int):
    assert run(line) == ("", "".join(f"{line}\n" for line in lines), code, [])


@pytest.mark.parametrize(
    ("line", "first", "last"),
    [
        ("openssl x509 -in /etc/ssl/own.pem -noout -enddate",
         "Could not open file or uri for loading certificate from /etc/ssl/own.pem", "Unable to load certificate"),
        ("openssl sha256 /nosuch", "/nosuch: No such file or directory",
         ":error:10080002:BIO routines:file_ctrl:system lib:../crypto/bio/bss_file.c:300:"),
        ("openssl s_client -connect localhost:443 < /dev/null",
         ":error:8000006F:system library:BIO_connect:Connection refused:", "connect:errno=111"),
        ("openssl s_client -connect nosuch:443", ":error:10080002:BIO routines:BIO_lookup_ex:system lib:",
         "connect:errno=0"),
    ],
)  # fmt: skip
def test_why_nothing_can_be_read(line: str, first: str, last: str):
    output, error, code, gaps = run(line)
    assert first in error.splitlines()[0]
    assert last in error.splitlines()[-1]
    assert (output, code, gaps) == ("", 1, [])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("openssl req -x509 -newkey rsa:2048", "openssl req"),
        ("openssl x509 -in /etc/hostname -noout", "openssl x509"),
        ("openssl s_client -connect localhost:22", "openssl s_client"),
        ("openssl rand -out /tmp/a 8", "openssl rand -out"),
    ],
)
def test_what_needs_a_certificate_or_a_file_is_a_gap(line: str, what: str):
    assert run(line)[3] == [what]
