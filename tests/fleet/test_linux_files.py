"""Files of a simulated Linux host: their sizes agree everywhere, and what a command does to them is state."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Host, Machine, Mount

GIB = 1024**3
BIG = "/var/log/app/big.log"


def host_with_a_big_log() -> Host:
    host = draw_host("web01", Random(5))
    disk = Mount("/dev/sda1", "/", "ext4", 40 * GIB // 1024, 4 * GIB // 1024)
    host = replace(host, mounts=(disk,))
    return host.with_file(BIG, File("first\nlast\n", bulk=12 * GIB, owner="www-data", modified=host.now - 3600))


@pytest.fixture
def machine() -> Machine:
    return Machine(host_with_a_big_log())


@pytest.fixture
def shell(machine: Machine) -> LinuxShell:
    return LinuxShell(machine)


def output(shell: LinuxShell, line: str) -> str:
    stdout, stderr, code = shell.run(line)
    assert (stderr, code) == ("", 0), line
    return stdout


# --- sizes ----------------------------------------------------------------------------------------------------------


def test_every_command_reports_the_same_size(shell: LinuxShell):
    size = 12 * GIB + len("first\nlast\n")
    assert output(shell, f"stat -c %s {BIG}") == f"{size}\n"
    assert output(shell, f"ls -l {BIG}").split()[4] == str(size)
    assert output(shell, f"du -b {BIG}").split()[0] == str(size)
    assert output(shell, "find / -type f -size +1G") == f"{BIG}\n"
    assert output(shell, f"find {BIG} -printf '%s'") == str(size)
    assert output(shell, f"du -h {BIG}").split()[0] == "13G"


def test_ls_shows_owner_time_and_size_as_the_host_holds_them(machine: Machine, shell: LinuxShell):
    assert output(shell, f"date -d @{machine.host.files[BIG].modified} '+%b %e %R'").strip() in output(
        shell, f"ls -lh {BIG}"
    )
    assert output(shell, f"ls -lh {BIG}").startswith("-rw-r--r-- 1 www-data www-data 13G ")


def test_what_du_finds_on_a_disk_is_what_df_says_is_used(shell: LinuxShell):
    used = int(output(shell, "df --output=used -k / | tail -1"))
    found = int(output(shell, "du -sxk / 2>/dev/null").split()[0])
    assert abs(used - found) < 2000


def test_ls_sorts_and_marks_as_asked(shell: LinuxShell):
    output(
        shell,
        "mkdir /tmp/d /tmp/d/sub; touch /tmp/d/.hidden; printf 12345 > /tmp/d/b; echo > /tmp/d/a; ln -s b /tmp/d/l",
    )
    assert output(shell, "ls /tmp/d") == "a\nb\nl\nsub\n"
    assert output(shell, "ls -rF /tmp/d") == "sub/\nl@\nb\na\n"
    assert output(shell, "ls -AS1 /tmp/d").splitlines()[:2] == ["sub", "b"]
    assert output(shell, "ls -a /tmp/d").splitlines()[:3] == [".", "..", ".hidden"]
    assert "l -> b" in output(shell, "ls -l /tmp/d")
    assert output(shell, "ls -d /tmp/d/*/") == "/tmp/d/sub/\n"


def test_ls_of_what_is_not_there_fails_as_ls_does(shell: LinuxShell):
    assert shell.run("ls /nope") == ("", "ls: cannot access '/nope': No such file or directory\n", 2)
    assert shell.run("ls --nope")[2] == 2


# --- what frees space -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [f"> {BIG}", f"rm {BIG}", f"truncate -s 0 {BIG}", f"cat /dev/null > {BIG}", "find / -size +1G -delete",
     f"echo new > {BIG}", f"cp /dev/null {BIG}", f"sudo sh -c '> {BIG}'", f"tail -1 {BIG} > /tmp/t; mv /tmp/t {BIG}"],
)  # fmt: skip
def test_emptying_a_big_log_frees_its_space(machine: Machine, shell: LinuxShell, line: str):
    before = machine.host.percent("/")
    shell.run(line)
    assert before > 40
    assert machine.host.percent("/") < 15
    assert output(shell, "df --output=pcent / | tail -1").strip() == f"{machine.host.percent('/')}%"


@pytest.mark.parametrize("line", [f"echo more >> {BIG}", f"touch {BIG}", f"chmod 600 {BIG}", f"cat {BIG} > /dev/null"])
def test_appending_to_a_big_log_keeps_its_space(machine: Machine, shell: LinuxShell, line: str):
    output(shell, line)
    assert machine.host.files[BIG].bulk == 12 * GIB


def test_a_moved_file_keeps_its_bytes_and_a_copied_one_doubles_them(machine: Machine, shell: LinuxShell):
    output(shell, f"mv {BIG} /root/moved.log && cp /root/moved.log /root/copy.log")
    files = machine.host.files
    assert BIG not in files
    assert [files[f"/root/{name}.log"].bulk for name in ("moved", "copy")] == [12 * GIB, 12 * GIB]
    assert files["/root/moved.log"].owner == "www-data"
    output(shell, "mv /root /var/old")
    assert machine.host.files["/var/old/copy.log"].bulk == 12 * GIB


def test_a_copy_that_does_not_fit_fails(shell: LinuxShell):
    output(shell, f"cp {BIG} /tmp/one")
    stdout, stderr, code = shell.run(f"cp {BIG} /tmp/two")
    assert (stdout, code) == ("", 1)
    assert stderr == "cp: error writing '/tmp/two': No space left on device\n"


def test_truncate_cuts_and_grows(machine: Machine, shell: LinuxShell):
    output(shell, f"truncate -s 5 {BIG}; truncate -s 100G /tmp/sparse; truncate -s +1M {BIG}")
    assert (machine.host.files[BIG].content, machine.host.files[BIG].size) == ("first", 5 + 1024**2)
    assert machine.host.files["/tmp/sparse"].size == 100 * GIB


# --- files as state -------------------------------------------------------------------------------------------------


def test_what_the_shell_writes_is_state_and_nothing_else_is(machine: Machine, shell: LinuxShell):
    before = machine.host.files
    output(shell, "cat /etc/hostname; ls -R / > /dev/null; df; grep -r root /etc | wc -l")
    assert machine.host.files == before
    output(shell, "echo a=1 > /etc/new.conf; mkdir -p /srv/x; sed -i s/1/2/ /etc/new.conf; chmod +x /etc/new.conf")
    new = machine.host.files.keys() - before.keys()
    assert new == {"/etc/new.conf"}
    assert machine.host.files["/etc/new.conf"].content == "a=2\n"
    assert machine.host.files["/etc/new.conf"].mode == 0o755
    assert output(shell, "rm /etc/new.conf; find /etc -name new.conf") == ""
    assert machine.host.files == before


def test_a_file_is_as_old_as_the_fleets_clock_says(machine: Machine, shell: LinuxShell):
    output(shell, "echo x > /tmp/x; sleep 3600; echo y > /tmp/y")
    assert machine.host.files["/tmp/y"].modified - machine.host.files["/tmp/x"].modified == 3600
    assert output(shell, "find /tmp -type f -mmin +30") == "/tmp/x\n"
    assert output(shell, "ls -t /tmp").split() == ["y", "x"]


def test_find_joins_its_tests(shell: LinuxShell):
    both = "/tmp/f/a.log\n/tmp/f/sub/b.log\n/tmp/f/sub/d.TXT\n"
    output(shell, "mkdir -p /tmp/f/sub; touch /tmp/f/a.log /tmp/f/sub/b.log /tmp/f/c.txt; echo x > /tmp/f/sub/d.TXT")
    assert output(shell, "find /tmp/f -name '*.log' -o -iname '*.txt' -size +0") == both
    assert output(shell, "cd /tmp/f; find . -maxdepth 1 -type f ! -name 'a*'") == "./c.txt\n"
    assert output(shell, "find /tmp/f -empty -type f | wc -l") == "3\n"
    assert "b.log" in output(shell, "find /tmp/f \\( -name 'b*' -a -type f \\) -exec ls -l {} \\;")
    assert shell.run("find /tmp -nme x")[1] == "find: unknown predicate `-nme'\n"


def test_removing_the_root_is_refused_and_forcing_it_leaves_a_host_that_answers(machine: Machine, shell: LinuxShell):
    before = machine.host.files
    assert shell.run("rm -rf /")[1].startswith("rm: it is dangerous to operate recursively on '/'")
    assert machine.host.files == before
    shell.run("rm -rf --no-preserve-root /")
    assert not machine.host.files
    assert shell.run("hostname; uptime -s")[2] == 0


def test_links_are_followed_where_ls_and_du_follow_them(shell: LinuxShell):
    output(shell, f"ln -s {BIG} /tmp/link; ln -s /var/log /tmp/logs; ln -s loop /tmp/loop")
    assert output(shell, "stat -Lc %s /tmp/link") == output(shell, f"stat -c %s {BIG}")
    assert output(shell, "stat -c %F /tmp/link") == "symbolic link\n"
    assert output(shell, "ls /tmp/logs/app") == "big.log\n"
    assert output(shell, "find /tmp/logs/app -type f") == "/tmp/logs/app/big.log\n"
    assert output(shell, "du -h /tmp/logs") == "0\t/tmp/logs\n"
    assert shell.run("cat /tmp/loop")[2] == 1


# --- disks ----------------------------------------------------------------------------------------------------------


def test_df_looks_like_df():
    disks = (Mount("udev", "/dev", "devtmpfs", 977_500, 0), Mount("/dev/sda2", "/", "ext4", 20_508_240, 5_748_028))
    host = replace(draw_host("web01", Random(5)), mounts=disks, files={})
    shell = LinuxShell(Machine(host))
    # The columns are df's of coreutils 8.28; its ext4 had more reserved for root than 5%.
    assert output(shell, "df").splitlines() == [
        "Filesystem     1K-blocks    Used Available Use% Mounted on",
        "udev              977500       0    977500   0% /dev",
        "/dev/sda2       20508240 5748028  13734800  30% /",
    ]
    assert output(shell, "df -h").splitlines() == [
        "Filesystem      Size  Used Avail Use% Mounted on",
        "udev            955M     0  955M   0% /dev",
        "/dev/sda2        20G  5.5G   14G  30% /",
    ]


@pytest.mark.parametrize(
    ("line", "stdout"),
    [
        ("df -hT / | tail -1", "/dev/sda1      ext4   40G   17G   22G  43% /\n"),
        ("df -P /etc | head -1", "Filesystem     1024-blocks     Used Available Capacity Mounted on\n"),
        ("df --output=source,pcent /", "Filesystem     Use%\n/dev/sda1       43%\n"),
        ("df -h -t tmpfs; df -x ext4", "df: no file systems processed\n" * 2),
        ("df /nope", "df: /nope: No such file or directory\n"),
        ("df -z", "df: invalid option -- 'z'\nTry 'df --help' for more information.\n"),
        ("df -m --total | tail -1", "total              40960 16389     22524  43% -\n"),
    ],
)
def test_df_takes_its_options(shell: LinuxShell, line: str, stdout: str):
    given, errors, _ = shell.run(line)
    assert given + errors == stdout


@pytest.mark.parametrize(
    "line",
    ["/bin/df /", "/usr/bin/df /", "command df /", "sudo df /", "exec df /", "env A=1 df /", "echo / | xargs df",
     "timeout 5 df /", "nohup df /", "bash -c 'df /'", "sh -c 'df /'", "nice df /", "eval df /", "cd /bin; ./df /",
     "//bin/df /", "/usr/../bin/df /", "\\df /", "echo df / | bash", "bash <<< 'df /'", "x=df; $x /",
     "sudo -n /bin/df /", "awk 'BEGIN{system(\"df /\")}'", "PATH=/nowhere df /", "source <(echo df /)",
     "unset PATH; df /", "f(){ df /; }; f"],
)  # fmt: skip
def test_every_way_to_df_leads_to_the_hosts_disks(shell: LinuxShell, line: str):
    stdout, stderr, code = shell.run(line)
    assert (stdout.splitlines()[1].split()[0], code) == ("/dev/sda1", 0), stderr
    assert "bashkit" not in stdout


def test_mounts_are_the_same_for_mount_lsblk_and_findmnt(shell: LinuxShell):
    assert "/dev/sda1 on / type ext4 (rw,relatime,errors=remount-ro)\n" in output(shell, "mount")
    assert output(shell, "lsblk").splitlines() == [
        "NAME   MAJ:MIN RM SIZE RO TYPE MOUNTPOINTS",
        "sda      8:0    0  40G  0 disk",
        "└─sda1   8:1    0  40G  0 part /",
    ]
    assert output(shell, "findmnt -n -o SOURCE,FSTYPE /") == "/dev/sda1 ext4\n"
