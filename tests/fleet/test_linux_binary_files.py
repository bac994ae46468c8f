"""Files that are no text keep their bytes, whoever copies them and whatever becomes of the shell."""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Machine

RESTART = "exec 2>&1"
"""A line after which the shell is a new one on the files of its host."""


@pytest.mark.parametrize(
    ("made", "read", "text"),
    [
        ("seq 200 > f; gzip f", "zcat f.gz | tail -n 1", "200\n"),
        ("seq 9 | gzip > f.gz; cp f.gz g.gz", "zcat g.gz | wc -l", "9\n"),
        ("seq 9 | gzip > f.gz; mv f.gz /tmp", "gunzip -c /tmp/f.gz | head -n 1", "1\n"),
        ("seq 3 | gzip > f.gz; seq 4 5 | gzip >> f.gz", "zcat f.gz; cat f.gz | gunzip | wc -l", "1\n2\n3\n4\n5\n5\n"),
        ("(echo a | gzip; echo bc | gzip) > f.gz; gunzip f.gz", "cat f", "a\nbc\n"),
        ("(echo a | gzip; echo bc | gzip) > f.gz", "zgrep -n b f.gz; zgrep -c . < f.gz", "2:bc\n2\n"),
        ("tar czf a.tgz /etc/hosts 2> /dev/null", "tar tzf a.tgz", "etc/hosts\n"),
        ("tar cjf a.tbz /etc/hosts 2> /dev/null; cat a.tbz > b", "tar tjf b", "etc/hosts\n"),
        ("printf 'a\\377\\376' > b; printf '\\200' >> b", "stat -c %s b; base64 b", "4\nYf/+gA==\n"),
        ("printf 'a\\377b' > b; truncate -s 2 b", "base64 b", "Yf8=\n"),
        ("printf '\\377\\376' > b; echo text > b", "cat b", "text\n"),
    ],
)
def test_a_new_shell_finds_the_same_bytes(made: str, read: str, text: str):
    machine = Machine(draw_host("web01", Random(8)))
    shell = LinuxShell(machine)
    shell.run(made)
    assert shell.run(read) == (text, "", 0)
    shell.run(RESTART)
    assert shell.run(read) == (text, "", 0)
    assert LinuxShell(machine, "/root").run(read) == (text, "", 0)
    assert machine.gaps == []


def test_what_our_commands_are_given_by_a_pipe_is_text_or_a_gap():
    machine = Machine(draw_host("web01", Random(8)))
    LinuxShell(machine).run("printf 'a\\377' | wc -c")
    assert [gap.what for gap in machine.gaps] == ["wc of what is no text"]


def test_bytes_go_with_their_content():
    file = File(modified=7).holding(b"a\xff")
    assert (file.size, file.data, file.modified) == (2, b"a\xff", 7)
    assert File("b").holding(b"text") == File("text")
