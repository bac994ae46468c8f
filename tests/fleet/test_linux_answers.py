"""What everyday tools print on a host, option by option: none is taken and ignored in silence."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.linux.usage import human_memory, used
from fleet.model import Login, Machine, Memory
from scenarios.trouble import with_service

DEBIAN = draw_host("web01", Random(5))
DEBIAN = replace(
    with_service(with_service(DEBIAN, "ssh"), "nginx"),
    system=replace(DEBIAN.system, id="debian", version="12"),
    memory=Memory(total=16_000_000, base=2_000_000, shared=50_000, cache=3_000_000, swap_total=0, swap_used=0),
    logins=(Login("ops", "pts/0", "10.0.0.77", DEBIAN.now - 600),),
)


def out(line: str) -> str:
    return LinuxShell(Machine(DEBIAN)).run(line)[0]


# --- free, vmstat ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kib", "text", "si"),
    [
        (0, "0B", "0B"),
        (16_000_000, "15Gi", "16G"),
        (10_318_768, "9.8Gi", "10G"),
        (2_619_000, "2.5Gi", "2.7G"),
        (10_740, "10Mi", "10M"),
        (1_023 * 1024, "1.0Gi", "1.1G"),
        (999 * 1024, "999Mi", "1.0G"),
        (1, "1.0Ki", "1.0K"),
    ],
)
def test_free_cuts_a_size_to_its_column(kib: int, text: str, si: str):
    assert (human_memory(kib), human_memory(kib, si=True)) == (text, si)


def test_used_is_what_is_not_available_since_procps_4_and_was_what_is_neither_free_nor_cached_before():
    older = replace(DEBIAN, system=replace(DEBIAN.system, id="ubuntu", version="22.04"))
    assert used(DEBIAN) == DEBIAN.memory.total - DEBIAN.memory_available
    assert used(older) == DEBIAN.memory_used
    assert int(out("free -k | awk '/Mem/ {print $3}'")) == used(DEBIAN)
    rows = dict(row.split(":") for row in out("cat /proc/meminfo").splitlines())
    assert used(DEBIAN) == int(rows["MemTotal"].split()[0]) - int(rows["MemAvailable"].split()[0])


@pytest.mark.parametrize(
    ("line", "cell"),
    [
        ("free -b", "16384000000"), ("free --kilo", "16384000"), ("free -m", "15625"), ("free --mega", "16384"),
        ("free -g", "15"), ("free --giga", "16"), ("free -h", "15Gi"), ("free -h --si", "16G"),
    ],
)  # fmt: skip
def test_a_unit_of_free_is_a_power_of_1024_or_of_1000(line: str, cell: str):
    assert out(line).splitlines()[1].split()[1] == cell


def test_free_and_vmstat_have_the_rows_that_are_asked_for():
    assert [row.split()[0] for row in out("free -l -t -v").splitlines()[1:]] == [
        "Mem:", "Low:", "High:", "Swap:", "Total:", "Comm:"
    ]  # fmt: skip
    assert out("free -h -c 2").count("Mem:") == 2
    assert out("vmstat -s").splitlines()[0] == "     16000000 K total memory"
    assert "inact active" in out("vmstat -a")
    assert out("vmstat 1 3").count("\n") == 5


# --- ss, ip ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "ports"),
    [
        ("-tln sport = :22", ["22"]),
        ("-tln 'sport = :22 or sport = :80'", ["22", "80"]),
        ("-tln '( sport = :http and not sport = :22 )'", ["80"]),
        ("-tln sport gt :79", ["80"]),
        ("-tan state established", ["22"]),
        ("-tan state listening sport le :22", ["22"]),
        ("-tn dst 10.0.0.77", ["22"]),
        ("-tn dst 10.0.0.0/24", ["22"]),
        ("-tn dst 10.9.0.0/16", []),
        ("-tn dst 10.0.0.77:443", []),
        ("-tan exclude listening", ["22"]),
        ("-uln", []),
        ("-x", []),
        ("-6 -ln", []),
    ],
)
def test_a_filter_of_ss_chooses(options: str, ports: list[str]):
    rows = out(f"ss -H {options} -n").splitlines()
    local = [next(word for word in row.split() if ":" in word) for row in rows]
    chosen = [port for port in (address.rpartition(":")[2] for address in local) if port in ("22", "80")]
    assert chosen == ports


def test_ss_aligns_addresses_at_their_colons():
    assert out("ss -tln sport = :22").splitlines() == [
        "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess",
        "LISTEN 0      511          0.0.0.0:22        0.0.0.0:*          ",
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("ip -o -4 addr | awk '{print $4}'", f"127.0.0.1/8\n{DEBIAN.address}/16\n"),
        ("ip -4 -o addr show eth0 | awk '{print $2, $4}'", f"eth0 {DEBIAN.address}/16\n"),
        ("ip -o link | wc -l", "2\n"),
        ("ip -j addr | jq -r '.[1].addr_info[0].local'", f"{DEBIAN.address}\n"),
        ("ip -j route | jq -r '.[0].gateway'", "10.0.0.1\n"),
        ("ip -j -br link | jq -r '.[].ifname'", "lo\neth0\n"),
        ("ip addr show scope global | grep -c inet", "1\n"),
        ("ip -s link show eth0 | grep -c RX", "1\n"),
        ("ip route show default", "default via 10.0.0.1 dev eth0 proto static \n"),
        ("ip link show eth0 | head -1 | grep -o 'mode DEFAULT'", "mode DEFAULT\n"),
    ],
)
def test_ip_answers_in_the_form_asked_for(line: str, text: str):
    assert out(line) == text


# --- find, du, lsblk, date ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("find /etc -name hostname -exec cat {} \\;", "web01\n"),
        ("sudo find /etc -name hostname -exec cat {} \\;", "web01\n"),
        ("find /etc -name 'host*' -type f -exec grep -l web01 {} + | sort | head -1", "/etc/hostname\n"),
        ("cd /tmp; touch a b; find . -type f -exec sh -c 'echo x$1' _ {} \\; | sort", "x./a\nx./b\n"),
        ("cd /tmp; mkdir k; touch k/a b; find . -path ./k -prune -o -type f -print", "./b\n"),
        ("cd /tmp; touch a; find . -name a -exec rm {} \\; ; ls", ""),
        ("cd /tmp; mkdir d; touch d/a d/b.tmp; du -a --exclude='*.tmp' d | cut -f2", "d/a\nd\n"),
        ("lsblk -J | jq -r '.blockdevices[0].children[0].mountpoints[0]'", "/\n"),
        ("TZ=Asia/Tokyo date -d @0 +%R", "09:00\n"),
        ("date -d '2024-01-31 +1 month' +%F", "2024-03-02\n"),
        ("systemctl show nginx -P MainPID | grep -c '^[0-9]'", "1\n"),
        ("systemctl list-timers --no-legend | wc -l", "8\n"),
    ],
)
def test_what_was_taken_and_ignored_now_acts(line: str, text: str):
    assert out(line) == text


@pytest.mark.parametrize(
    ("line", "said", "hangs"),
    [
        ("timeout 5 sleep 60; echo $?", "124\n", False),
        ("timeout 2 journalctl -f -n 1 > /dev/null; echo $?", "124\n", False),
        ("timeout 5 tail -n 1 -f /etc/hostname", "web01\n", False),
        ("tail -n 1 -f /etc/hostname", "web01\n", True),
        ("yes | head -1", "y\n", False),
        ("exit 124", "", False),
    ],
)
def test_timeout_ends_what_would_hang(line: str, said: str, hangs: bool):
    machine = Machine(DEBIAN)
    assert LinuxShell(machine).run(line)[0] == said
    assert machine.hangs == hangs
    assert machine.host.now - DEBIAN.now <= 7
