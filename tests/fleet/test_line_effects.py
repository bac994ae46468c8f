"""What a line may do is known before it runs: which files it may write, and whether it needs a large stack."""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell, line_effects
from fleet.model import Machine


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("df -h | sort -rn | uniq -c 2>/dev/null", set()),
        ("sudo bash -c 'df -h'", set()),
        ("echo x > /tmp/a; bash -c 'ls > /tmp/b'", {"/tmp/a", "/tmp/b"}),
        ("timeout 5 journalctl > '/tmp/a b'", {"/tmp/a b"}),
        ("sudo -u www-data id", set()),
        ("sudo --user postgres cat /etc/hosts > /tmp/a", {"/tmp/a"}),
        ("find /tmp | xargs -I {} stat {}", set()),
        ("sudo -u www-data sed -i s/a/b/ /tmp/a", None),
        ('sudo -u "$u" df', None),
        ("echo x > a", None),
        ("echo x > /tmp/*", None),
        ("echo x > $f", None),
        ("sort -uo /tmp/a /tmp/b", None),
        ("uniq /tmp/a /tmp/b", None),
        ("echo -o /tmp/a | xargs sort", None),
        ('bash -c "$x"', None),
        ("bash -c 'sed -i s/a/b/ /tmp/a'", None),
    ],
)
def test_the_files_that_a_line_may_write(line: str, written: set[str] | None):
    assert line_effects(line).written == written


@pytest.mark.parametrize(
    "line", ["env " * 1000 + "df", "sudo sudo df", "eval df", "f() { f; }; f", "bash -c 'eval df'", "bash x.sh"]
)
def test_what_may_call_itself_needs_a_large_stack(line: str):
    assert line_effects(line).nests


@pytest.mark.parametrize(
    "line",
    [
        "ln -s /etc/hosts /tmp/l; echo x > /tmp/l",
        "echo one > /tmp/a; rm /tmp/a",
        "sort -o /tmp/a /etc/hosts",
        "bash -c 'echo x > /tmp/a'",
        "cd /tmp; echo x > a",
    ],
)
def test_the_host_has_the_files_that_the_shell_has(line: str):
    machine = Machine(draw_host("web01", Random(3)))
    shell = LinuxShell(machine)
    for one in line.split("; ") if "bash" not in line else [line]:
        shell.run(one)
    shown = shell.run("for f in /tmp/*; do [ -f $f ] && cat $f; done")[0]
    held = [file.content for path, file in sorted(shell.sync().files.items()) if path.startswith("/tmp/")]
    linked = [shell.sync().files["/etc/hosts"].content] if "ln" in line else []
    assert "".join(held + linked) == shown


@pytest.mark.parametrize("line", ["sudo id", "ls | xargs rm", "type awk", "$x id", "eval df", "su - www-data -c id"])
def test_what_may_call_a_function_of_the_shell_finds_it_defined(line: str):
    assert line_effects(line).calls


@pytest.mark.parametrize("used", [247, 248, 249, 250])
def test_a_folder_lasts_and_a_variable_does_not_when_the_shell_has_no_calls_left(used: int):
    shell = LinuxShell(Machine(draw_host("web01", Random(3))))
    for _ in range(used):
        shell.run("true")
    shell.run("cd /var/log; note=old")
    assert shell.run("pwd; echo ${note-none}")[0] == "/var/log\nnone\n"


@pytest.mark.parametrize("line", ["x=1", "for f in a b; do :; done", "sudo() { echo mine; }", "unset -f sudo awk"])
def test_after_a_line_that_sets_something_the_functions_are_those_of_the_shell(line: str):
    shell = LinuxShell(Machine(draw_host("web01", Random(3))))
    for _ in range(2):
        shell.run(line)
        assert shell.run("sudo -u www-data whoami") == ("www-data\n", "", 0)


@pytest.mark.parametrize(
    "line",
    ["for i in 1 2; do echo $i; done", "x=1; echo $x; x=$(df / | wc -l)", "cd 2>/dev/null; a=3; echo $a; df /nothing",
     "((x=3)); echo $((x+1))", "export A=1; echo $A", "cd / || exit; for f in *; do echo $f; done; false",
     "x=; echo ${x:?none}; echo never", "x=1 # no more", "a=(1 2); echo ${a[1]}; echo $((1/0)); df"],
)  # fmt: skip
def test_what_only_sets_variables_runs_in_a_shell_within_the_shell_and_does_the_same(line: str):
    confined, open_to_all = (LinuxShell(Machine(draw_host("web01", Random(1)))) for _ in range(2))
    assert line_effects(line).confined
    assert not line_effects(f"hash -r; {line}").confined
    assert confined.run(line) == open_to_all.run(f"hash -r; {line}")
    assert confined.run("pwd; echo $i$x$a$A$f") == open_to_all.run("pwd; echo $i$x$a$A$f")


@pytest.mark.parametrize(
    "line", ["x=1; cd /", "x=1\necho $x", "x=1; exit 3", "x=1 & wait", "set -u; x=1", "x=$RANDOM", "f() { x=1; }; f",
             "x=1; echo $_", "x=1 \\", "x=1; nosuch", "cat <<< a; x=1", "x=1; exec 3>/tmp/a", "x=1; . /tmp/a",
             "x=1; trap df EXIT",
             "x=1; cd 2>/dev/null; df",
             "read x < /etc/hostname; echo $x"]
)  # fmt: skip
def test_what_does_more_than_to_set_variables_runs_in_the_shell_itself(line: str):
    assert not line_effects(line).confined
