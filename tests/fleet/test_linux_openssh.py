"""ssh and scp give up as they do without keys and terminal; sshd tests its configuration. Words of OpenSSH 9.2."""

from dataclasses import replace
from random import Random

import pytest

from fleet.actions import stop
from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Host, Machine

WEB, DB = draw_host("web01", Random(8)), draw_host("db01", Random(9))
OPEN = replace(WEB, system=replace(WEB.system, id="debian", version="12"))
CONFIG = "/etc/ssh/sshd_config"


def run(line: str, host: Host = OPEN, other: Host = DB) -> tuple[str, str, int, list[str]]:
    machine, second = Machine(host), Machine(other)
    machine.fleet = {"web01": machine, "db01": second}
    return (*LinuxShell(machine).run(line), [gap.what for gap in machine.gaps])


UNKNOWN = "Host key verification failed.\n"
DENIED = "{}@db01: Permission denied (publickey).\n"
ADDED = "Warning: Permanently added 'db01' (ED25519) to the list of known hosts.\n"


@pytest.mark.parametrize(
    ("line", "error", "code"),
    [
        ("ssh db01 uptime", UNKNOWN, 255),
        ("ssh -q db01 uptime", "", 255),
        ("ssh -o BatchMode=yes ops@db01 'df -h | head'", UNKNOWN, 255),
        ("ssh -o StrictHostKeyChecking=no db01 id", ADDED + DENIED.format("root"), 255),
        ("ssh -oStrictHostKeyChecking=accept-new -l ops db01 id", ADDED + DENIED.format("ops"), 255),
        ("ssh -i /nosuch db01", "Warning: Identity file /nosuch not accessible: No such file or directory.\n" + UNKNOWN,
         255),
        ("ssh nosuch id", "ssh: Could not resolve hostname nosuch: Name or service not known\n", 255),
        ("ssh -p 1 db01 id", "ssh: connect to host db01 port 1: Connection refused\n", 255),
        ("ssh -p abc db01 id", "Bad port 'abc'\n", 255),
        ("ssh -o ConnectTimeout=3 10.9.9.9 id", "ssh: connect to host 10.9.9.9 port 22: Connection timed out\n", 255),
        ("scp /etc/hosts db01:/tmp", f"{UNKNOWN}scp: Connection closed\n", 255),
        ("scp -r ops@db01:/etc .", f"{UNKNOWN}scp: Connection closed\n", 255),
    ],
)  # fmt: skip
def test_nobody_is_let_in_without_a_key(line: str, error: str, code: int):
    assert run(line) == ("", error, code, [])


def test_a_known_host_denies_access():
    known = OPEN.with_file("/root/.ssh/known_hosts", File("db01 ssh-ed25519 AAAA\n"))
    assert run("ssh db01 id", known) == ("", DENIED.format("root"), 255, [])
    with_passwords = DB.with_file(CONFIG, File("PasswordAuthentication yes\n"))
    assert "(publickey,password)" in run("ssh db01 id", known, with_passwords)[1]


def test_a_host_whose_ssh_is_stopped_refuses():
    refused = "ssh: connect to host db01 port 22: Connection refused\n"
    assert run("ssh db01 id", other=stop(DB, "ssh")) == ("", refused, 255, [])


@pytest.mark.parametrize(
    ("line", "what"),
    [("ssh -v db01", "ssh -v"), ("scp /etc/hosts /tmp", "scp of local files"), ("sshd -d", "sshd -d")],
)
def test_what_is_not_simulated_is_a_gap(line: str, what: str):
    assert run(line)[3] == [what]


def test_with_a_key_nobody_knows():
    assert run("ssh db01 id", OPEN.with_file("/root/.ssh/id_ed25519", File("x")))[3] == ["ssh db01"]


@pytest.mark.parametrize(
    ("line", "first", "code"),
    [
        ("ssh", "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]", 255),
        ("ssh -9", "unknown option -- 9", 255),
        ("ssh --nosuch db01", "unknown option -- -", 255),
        ("scp a", "usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]", 1),
        ("scp -P", "option requires an argument -- P", 1),
    ],
)
def test_a_wrong_call_shows_the_usage(line: str, first: str, code: int):
    output, error, status, gaps = run(line)
    assert (output, error.splitlines()[0], status, gaps) == ("", first, code, [])


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ("Port 22\nPermitRootLogin prohibit-password\n\n# x\nMatch User ops\n  X11Forwarding no\n", ""),
        ("Port 22\nFoo bar\nBaz\n", "{0}: line 2: Bad configuration option: Foo\n"
         "{0}: line 3: Bad configuration option: Baz\n{0}: terminating, 2 bad configuration options\n"),
        ("Port abc\nFoo x\n", "{0} line 1: Badly formatted port number.\n"),
        ("permitrootlogin maybe\n", '{0} line 1: unsupported option "maybe".\n'),
        ("Foo x\nUsePAM true\n",
         '{0}: line 1: Bad configuration option: Foo\n{0} line 2: unsupported option "true".\n'),
        ("Port\n", '{0} line 1: no argument after keyword "Port"\n{0}: terminating, 1 bad configuration options\n'),
        ("Match User ops\n  Port 99\n", "{0} line 2: Directive 'Port' is not allowed within a Match block\n"),
        ("Foo x\nMatch Group a\nUsePAM yes\n", "{0}: line 1: Bad configuration option: Foo\n"
         "{0} line 3: Directive 'UsePAM' is not allowed within a Match block\n"),
        ("Match all\nPort 99\n", ""),
        ("Match User ops\nMatch all\nUsePAM yes\n", ""),
        ("Match User\n", "Missing Match criteria for User\n{0} line 1: Bad Match condition\n"),
        ("Match Foo bar\n", "Unsupported Match attribute Foo\n{0} line 1: Bad Match condition\n"),
        ("Match all User x\n", "'all' cannot be combined with other Match attributes\n"
         "{0} line 1: Bad Match condition\n"),
        ("Include /etc/nosuch/*.conf\nFoo 1\n", "{0}: line 2: Bad configuration option: Foo\n"
         "{0}: terminating, 1 bad configuration options\n"),
        ("Port 22 23\n", "{0} line 1: keyword Port extra arguments at end of line\n"
         "{0}: terminating, 1 bad configuration options\n"),
    ],
)  # fmt: skip
def test_sshd_tests_its_configuration(config: str, error: str):
    host = OPEN.with_file(CONFIG, File(config))
    for line in ("sshd -t", "sudo /usr/sbin/sshd -t", f"cp {CONFIG} /tmp/c; sshd -t -f {CONFIG}"):
        assert run(line, host) == ("", error.format(CONFIG), 255 if error else 0, [])


@pytest.mark.parametrize(
    ("config", "included", "error"),
    [
        ("Include /etc/ssh/sshd_config.d/*.conf\n", "Foo 1\n",
         "{0}: line 1: Bad configuration option: Foo\n{0}: terminating, 1 bad configuration options\n"),
        ("Match User x\nInclude sshd_config.d/a.conf\n", "\nPort 9\n",
         "{0} line 2: Directive 'Port' is not allowed within a Match block\n"),
        ("Include sshd_config.d/*\nPort 9\n", "Match User x\nX11Forwarding no\n", ""),
    ],
)  # fmt: skip
def test_a_fault_in_an_included_file_is_told_with_its_name(config: str, included: str, error: str):
    more = "/etc/ssh/sshd_config.d/a.conf"
    host = OPEN.with_file(CONFIG, File(config)).with_file(more, File(included))
    assert run("sshd -t", host) == ("", error.format(more), 255 if error else 0, [])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("MaxAuthTries 7\nInclude sshd_config.d/*.conf", "maxauthtries 7"),
        ("Include sshd_config.d/*.conf\nMaxAuthTries 7", "maxauthtries 2"),
        ("Include sshd_config.d/b.conf sshd_config.d/a.conf", "maxauthtries 5"),
        ("Include sshd_config.d/*.conf\nPort 9", "port 2222|port 9|x11forwarding yes"),
        ("Match User x\nMaxAuthTries 1\nMatch all\nMaxAuthTries 4\nPort 8", "maxauthtries 4|port 8"),
        ("Match User x\nInclude sshd_config.d/b.conf\nMaxSessions 1", "maxauthtries 6|maxsessions 10"),
    ],
)
def test_the_first_value_wins_in_the_order_of_files_and_a_match_ends_with_its_file(text: str, lines: str):
    first = File("MaxAuthTries 2\nPort 2222\nMatch User x\nX11Forwarding no\n")
    host = OPEN.with_file(CONFIG, File(f"{text}\nX11Forwarding yes\n"))
    host = host.with_file("/etc/ssh/sshd_config.d/a.conf", first)
    host = host.with_file("/etc/ssh/sshd_config.d/b.conf", File("MaxAuthTries 5\n"))
    printed, error, _, gaps = run("sshd -T", host)
    assert (error, gaps) == ("", [])
    assert set(lines.split("|")) <= set(printed.splitlines())


def test_sshd_says_which_file_is_missing():
    assert run("sshd -t -f /nosuch") == ("", "/nosuch: No such file or directory\n", 1, [])


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("Port 22\nPermitRootLogin no\n", True),
        ("port=2222\n\n# a comment\nMatch User ops\n    X11Forwarding no\n", True),
        ("PermitRootLogn no\n", False),
        ("PasswordAuthentication maybe\n", False),
        ("Port abc\n", False),
        ("Port\n", False),
    ],
)
def test_sshd_starts_again_with_what_its_test_accepts_and_nothing_else(text: str, valid: bool):
    host = OPEN.with_file(CONFIG, File(text))
    assert run("sshd -t", host)[2] == (0 if valid else 255)
    assert (run("systemctl restart ssh", host)[2] == 0) is valid


# --- sshd -T, as OpenSSH 9.2 of Debian 12 prints it -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", "port 22|listenaddress [::]:22|usepam no|permitrootlogin without-password|passwordauthentication yes"),
        ("", "hostkey /etc/ssh/ssh_host_ed25519_key|maxstartups 10:30:100|loglevel INFO|banner none"),
        ("Port 22\nPort 2222", "port 22|port 2222|listenaddress [::]:2222|listenaddress 0.0.0.0:2222"),
        (
            "Port 1\nListenAddress 10.0.0.1\nListenAddress 10.0.0.2:9",
            "listenaddress 10.0.0.1:1|listenaddress 10.0.0.2:9",
        ),
        ("PermitRootLogin no\npermitrootlogin yes", "permitrootlogin no"),
        ("LoginGraceTime 2h\nClientAliveInterval 1m30s", "logingracetime 7200|clientaliveinterval 90"),
        (
            "AllowUsers a b\nAllowUsers c # more\nAcceptEnv LC_*",
            "allowusers a|allowusers b|allowusers c|acceptenv LC_*",
        ),
        ("Subsystem sftp /usr/lib/x -f A\nMaxStartups 5", "subsystem sftp /usr/lib/x -f A|maxstartups 5:30:5"),
        ("ChallengeResponseAuthentication no\nCompression delayed", "kbdinteractiveauthentication no|compression yes"),
        ("UsePAM YES\nMatch User x\nPasswordAuthentication no", "usepam yes|passwordauthentication yes"),
        ('Banner "/etc/x y"\nLogLevel quiet\nX11Forwarding=yes', "banner /etc/x y|loglevel SILENT|x11forwarding yes"),
        ("Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes", "permitrootlogin no|maxauthtries 3"),
    ],
)
def test_all_settings_are_printed(text: str, lines: str):
    more = File("PermitRootLogin no\nMaxAuthTries 3\n")
    host = OPEN.with_file(CONFIG, File(f"{text}\n")).with_file("/etc/ssh/sshd_config.d/a.conf", more)
    printed, error, code, gaps = run("sshd -T", host)
    assert (error, code, gaps) == ("", 0, [])
    assert set(lines.split("|")) <= set(printed.splitlines())


def test_settings_stand_in_their_order_and_a_fault_comes_first():
    keys = "AllowUsers a\nDenyUsers b\nSubsystem sftp x\nPort 22\n"
    printed = run("sshd -T -f /tmp/c | cut -d ' ' -f 1", OPEN.with_file("/tmp/c", File(keys)))[0].split()
    assert printed[:4] == ["port", "addressfamily", "listenaddress", "listenaddress"]
    order = ["authorizedkeysfile", "hostkey", "allowusers", "denyusers", "authenticationmethods", "subsystem"]
    assert sorted(order, key=printed.index) == order
    bad = OPEN.with_file(CONFIG, File("Foo bar\n"))
    assert run("sshd -T", bad) == run("sshd -t", bad)


@pytest.mark.parametrize(
    "text", ["KexAlgorithms +x", "RekeyLimit 1G 1h", "MaxAuthTries 0x3", "Protocol 2", f"Include {CONFIG}"]
)
def test_a_value_that_is_printed_otherwise_is_a_gap(text: str):
    (gap,) = run("sshd -T", OPEN.with_file(CONFIG, File(f"{text}\n")))[3]
    assert gap.startswith("sshd -T with ")
