"""What a line leaves behind on a host's disk: modes, owners, times, sizes, crontabs, as on a real one."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Machine

HOST = draw_host("web01", Random(5))
SETTING = (
    """mkdir -p /tmp/d/e; echo a > /tmp/d/f; echo one > /tmp/c1; echo two > /tmp/c2; touch -d '2024-01-02' /tmp/old"""
)


@pytest.fixture
def shell() -> LinuxShell:
    shell = LinuxShell(Machine(HOST))
    shell.run(SETTING)
    return shell


# --- modes and owners -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("chmod -R 750 /tmp/d; stat -c %a /tmp/d /tmp/d/e /tmp/d/f", "750\n750\n750\n"),
        ("chmod --recursive go-rwx /tmp/d; stat -c %a /tmp/d /tmp/d/f", "700\n600\n"),
        ("chmod -R u+X,g= /tmp/d; stat -c %a /tmp/d /tmp/d/f", "705\n604\n"),
        ("chmod -v 600 /tmp/d/f", "mode of '/tmp/d/f' changed from 0644 (rw-r--r--) to 0600 (rw-------)\n"),
        ("chmod -c 644 /tmp/d/f; chmod -c 640 /tmp/d/f",
         "mode of '/tmp/d/f' changed from 0644 (rw-r--r--) to 0640 (rw-r-----)\n"),
        ("chmod -x /tmp/d/f; chmod +x /tmp/d/f; stat -c %A /tmp/d/f", "-rwxr-xr-x\n"),
        ("chmod u=rwx,g=rx,o= /tmp/d/f; stat -c %a /tmp/d/f", "750\n"),
        ("chmod +t /tmp/d; chmod u+s,g+s /tmp/d/f; stat -c %A /tmp/d /tmp/d/f", "drwxr-xr-t\n-rwSr-Sr--\n"),
        ("chmod --reference=/tmp/d /tmp/d/f; stat -c %a /tmp/d/f", "755\n"),
        ("umask 077; touch /tmp/u; mkdir /tmp/v; echo > /tmp/w; umask; stat -c %a /tmp/u /tmp/v /tmp/w",
         "0077\n600\n700\n600\n"),
        ("umask u=rwx,g=rx,o=; umask; umask -S", "0027\nu=rwx,g=rx,o=\n"),
        ("mkdir -m 700 /tmp/m; mkdir -pm 711 /tmp/n/o; stat -c %a /tmp/m /tmp/n /tmp/n/o", "700\n755\n711\n"),
        ("chgrp www-data /tmp/d/f; stat -c %U:%G /tmp/d/f", "root:www-data\n"),
        ("chgrp adm /tmp/d/f; chown :4 /tmp/d; stat -c %G /tmp/d/f /tmp/d", "adm\nadm\n"),
        ("chown :ops /tmp/d/f; stat -c %U:%G /tmp/d/f", "root:ops\n"),
        ("chown ops: /tmp/d/f; stat -c %U:%G /tmp/d/f", "ops:ops\n"),
        ("chown -R ops:www-data /tmp/d; stat -c %U:%G /tmp/d /tmp/d/e /tmp/d/f", 3 * "ops:www-data\n"),
        ("chown -v ops /tmp/d/f", "changed ownership of '/tmp/d/f' from root to ops\n"),
    ],
)  # fmt: skip
def test_who_may_do_what_with_a_file(shell: LinuxShell, line: str, output: str):
    assert shell.run(line) == (output, "", 0)


# --- asking, sparing, keeping ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "output", "asked"),
    [
        ("rm -i /tmp/c1; cat /tmp/c1", "one\n", "rm: remove regular file '/tmp/c1'? "),
        ("yes | rm -i /tmp/c1 /tmp/c2; ls /tmp | grep -c c", "0\n",
         "rm: remove regular file '/tmp/c1'? rm: remove regular file '/tmp/c2'? "),
        ("rm -ri /tmp/d; ls /tmp/d", "e\nf\n", "rm: descend into directory '/tmp/d'? "),
        ("rm -rI /tmp/d; ls /tmp/d", "e\nf\n", "rm: remove 1 argument recursively? "),
        ("rm -if /tmp/c1; ls /tmp/c1 2> /dev/null", "", ""),
        ("cp -i /tmp/c1 /tmp/c2; cat /tmp/c2", "two\n", "cp: overwrite '/tmp/c2'? "),
        ("echo y | cp -i /tmp/c1 /tmp/c2; cat /tmp/c2", "one\n", "cp: overwrite '/tmp/c2'? "),
        ("mv -i /tmp/c1 /tmp/c2; cat /tmp/c1 /tmp/c2", "one\ntwo\n", "mv: overwrite '/tmp/c2'? "),
        ("mv -if /tmp/c1 /tmp/c2; cat /tmp/c2", "one\n", ""),
        ("cp -n /tmp/c1 /tmp/c2; mv -n /tmp/c1 /tmp/c2; cat /tmp/c1 /tmp/c2", "one\ntwo\n", ""),
        ("cp -u /tmp/old /tmp/c2; cat /tmp/c2; cp -u /tmp/c1 /tmp/old; cat /tmp/old", "two\none\n", ""),
        ("mv -u /tmp/old /tmp/c2; cat /tmp/c2; ls /tmp/old", "two\n/tmp/old\n", ""),
        ("cp -p /tmp/old /tmp/k; cp /tmp/old /tmp/n; find /tmp/k /tmp/n -mtime +1", "/tmp/k\n", ""),
        ("chmod 600 /tmp/c2; cp /tmp/c1 /tmp/c2; stat -c %a /tmp/c2", "600\n", ""),
        ("chmod 777 /tmp/c1; cp /tmp/c1 /tmp/k; cp -p /tmp/c1 /tmp/n; stat -c %a /tmp/k /tmp/n", "755\n777\n", ""),
        ("cp -v /tmp/c1 /tmp/d; mv -v /tmp/c1 /tmp/x",
         "'/tmp/c1' -> '/tmp/d/c1'\nrenamed '/tmp/c1' -> '/tmp/x'\n", ""),
    ],
)  # fmt: skip
def test_what_is_asked_spared_and_kept(shell: LinuxShell, line: str, output: str, asked: str):
    assert shell.run(line)[:2] == (output, asked)


# --- times and sizes ------------------------------------------------------------------------------------------------


def test_what_is_new_is_as_old_as_the_line_that_made_it(shell: LinuxShell):
    shell.run("mkdir -p /srv/new/deep; ln -s /etc /srv/link; cp -r /tmp/d /srv/copy; mkdir /srv/later && sleep 60")
    assert shell.run("find /srv/new /srv/link /srv/copy /srv/later -mmin +5")[0] == ""
    assert shell.run("find /srv/new /srv/link /srv/copy /srv/later -mmin -5 | wc -l")[0] == "7\n"


def test_touch_sets_the_time_that_it_is_given(shell: LinuxShell):
    shell.run("touch -r /tmp/old /tmp/a; touch -t 202401020000 /tmp/b; touch -d @1704153600 /tmp/c")
    assert shell.run("stat -c %y /tmp/old /tmp/a /tmp/b /tmp/c | sort -u")[0] == (
        "2024-01-02 00:00:00.000000000 +0000\n"
    )


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("wc -c < /var/log/big.log | tr -d ' '", "900003\n"),
        ("wc -c /var/log/big.log; stat -c %s /var/log/big.log", "900003 /var/log/big.log\n900003\n"),
        ("truncate -s 100 /var/log/big.log; wc -c /var/log/big.log; stat -c %s /var/log/big.log",
         "100 /var/log/big.log\n100\n"),
        ("cp /var/log/big.log /tmp/b; stat -c %s /tmp/b", "900003\n"),
        ("> /var/log/big.log; wc -c /var/log/big.log", "0 /var/log/big.log\n"),
        ("echo x >> /var/log/big.log; stat -c %s /var/log/big.log", "900005\n"),
    ],
)  # fmt: skip
def test_a_file_that_is_only_counted_has_one_size(line: str, output: str):
    machine = Machine(HOST.with_file("/var/log/big.log", File("ab\n", bulk=900_000)))
    assert LinuxShell(machine).run(line) == (output, "", 0)


# --- links, users, crontabs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("ln nosuch /tmp/y", "ln: failed to access 'nosuch': No such file or directory"),
        ("ln -s a /tmp/c1", "ln: failed to create symbolic link '/tmp/c1': File exists"),
        ("ln /tmp/d /tmp/dd", "ln: /tmp/d: hard link not allowed for directory"),
        ("ln a b c", "ln: target 'c': No such file or directory"),
        ("mkdir /tmp/d", "mkdir: cannot create directory ‘/tmp/d’: File exists"),
        ("mkdir /tmp/q/w", "mkdir: cannot create directory ‘/tmp/q/w’: No such file or directory"),
        ("mkdir -p /tmp/c1/x", "mkdir: cannot create directory ‘/tmp/c1/x’: Not a directory"),
        ("chmod 600 nosuch", "chmod: cannot access 'nosuch': No such file or directory"),
        ("chown nosuch /tmp/c1", "chown: invalid user: ‘nosuch’"),
        ("chgrp nosuch /tmp/c1", "chgrp: invalid group: ‘nosuch’"),
        ("touch -r nosuch /tmp/c1", "touch: failed to get attributes of 'nosuch': No such file or directory"),
        ("crontab -u nosuch -l", "crontab:  user `nosuch' unknown"),
    ],
)
def test_what_cannot_be_done_is_refused_with_status_1(shell: LinuxShell, line: str, error: str):
    assert shell.run(line) == ("", f"{error}\n", 1)


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("sudo -u www-data whoami", "www-data\n"),
        ("sudo --user=www-data id", "uid=33(www-data) gid=33(www-data) groups=33(www-data)\n"),
        ("sudo -uops -n id -un", "ops\n"),
        ("sudo -u www-data bash -c 'whoami; echo $USER'", "www-data\nwww-data\n"),
        ("sudo -u ops touch /tmp/o; stat -c %U /tmp/o", "ops\n"),
        ("sudo whoami; sudo -n whoami; sudo -u root whoami", 3 * "root\n"),
        ("USER=ops whoami", "root\n"),
    ],
)
def test_who_runs_a_command_is_whom_sudo_was_asked_for(shell: LinuxShell, line: str, output: str):
    assert shell.run(line) == (output, "", 0)


@pytest.mark.parametrize("line", ["sudo -u nosuch id", "sudo --user nosuch touch /tmp/never"])
def test_sudo_does_not_know_an_unknown_user(shell: LinuxShell, line: str):
    output, error, code = shell.run(line)
    assert (output, error.splitlines()[0], code) == ("", "sudo: unknown user nosuch", 1)
    assert shell.run("ls /tmp/never")[2] == 2


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("bad line", "0: bad minute"),
        ("61 * * * * x", "0: bad minute"),
        ("# ok\n* 24 * * * x", "1: bad hour"),
        ("* * 0 * * x", "0: bad day-of-month"),
        ("* * * 13 * x", "0: bad month"),
        ("* * * * 8 x", "0: bad day-of-week"),
        ("*/0 * * * * x", "0: bad minute"),
        ("5-1 * * * * x", "0: bad minute"),
        ("* * * * *", "0: bad command"),
        ("@never x", "0: bad time specifier"),
    ],
)
def test_a_crontab_that_cron_could_not_read_is_not_installed(shell: LinuxShell, text: str, bad: str):
    shell.run("echo '0 1 * * * keep' | crontab -")
    error = f'"-":{bad}\nerrors in crontab file, can\'t install.\n'
    assert shell.run(f"echo '{text}' | crontab -") == ("", error, 1)
    assert shell.run("crontab -l")[0] == "0 1 * * * keep\n"


@pytest.mark.parametrize(
    "text",
    ["*/5 * * * * /bin/true", "0 4 1-7 jan,feb mon-fri x", "@daily x", "MAILTO=ops\n\n# c\n5,35 8-18/2 * * 7 x", ""],
)
def test_a_crontab_that_cron_can_read_is_installed(shell: LinuxShell, text: str):
    assert shell.run(f"echo '{text}' | crontab -") == ("", "", 0)
    assert shell.run("crontab -l")[0] == f"{text}\n"


def test_a_restarted_shell_knows_what_an_earlier_one_made():
    machine = Machine(replace(HOST))
    shell = LinuxShell(machine)
    shell.run("mkdir /srv/new; chown ops /srv/new; exec 2>&1")  # exec ends the shell
    assert shell.run("find /srv/new -mtime +1; stat -c %U /srv/new")[0] == "ops\n"
