"""Draws a bare machine: hardware, file systems, and the processes and files common to all."""

from random import Random

from fleet.model import File, Host, Login, Memory, Mount, Platform, Process, System

GIB = 1024 * 1024
LINUX = (
    ("debian", "Debian GNU/Linux 12 (bookworm)", "12", "6.1.0-28-amd64"),
    ("ubuntu", "Ubuntu 22.04.5 LTS", "22.04", "5.15.0-126-generic"),
    ("ubuntu", "Ubuntu 24.04.1 LTS", "24.04", "6.8.0-49-generic"),
)
WINDOWS = (
    ("windows", "Microsoft Windows Server 2022 Standard", "10.0.20348", "10.0.20348"),
    ("windows", "Microsoft Windows Server 2019 Standard", "10.0.17763", "10.0.17763"),
)
CPUS = (
    "Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz",
    "AMD EPYC 7443 24-Core Processor",
    "Intel(R) Xeon(R) E-2288G CPU @ 3.70GHz",
)
USERS = ("deploy", "ops", "backup", "ci")
PACKAGES = {
    "bash": "5.2.15-2+b7",
    "coreutils": "9.1-1",
    "curl": "7.88.1-10+deb12u8",
    "git": "1:2.39.5-0+deb12u1",
    "openssl": "3.0.15-1~deb12u1",
    "python3": "3.11.2-1+b1",
    "systemd": "252.33-1~deb12u1",
    "tzdata": "2024b-0+deb12u1",
}
CRON = "*/15 * * * * /usr/local/bin/healthcheck\n"
PASSWD = """root:x:0:0:root:/root:/bin/bash
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
ops:x:1000:1000:ops:/home/ops:/bin/bash
"""


def draw_machine(name: str, rng: Random, platform: Platform, now: int) -> Host:
    """Draw hardware, file systems, and the processes that every machine has."""
    identity = rng.choice(LINUX if platform == "linux" else WINDOWS)
    total = rng.choice((2, 4, 8, 16, 32)) * GIB - rng.randrange(20_000, 60_000)
    boot = now - rng.randrange(2 * 86_400, 400 * 86_400)
    base = total * rng.randrange(8, 40) // 100
    return Host(
        name=name,
        platform=platform,
        address=f"10.0.{rng.randrange(10)}.{rng.randrange(2, 99)}",
        mac="52:54:00:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(3)),
        system=System(*identity, cpu=rng.choice(CPUS), cores=rng.choice((1, 2, 4, 8, 16, 32))),
        memory=Memory(
            total=total,
            base=base,
            shared=rng.randrange(800, 90_000),
            cache=total * rng.randrange(10, 40) // 100,
            swap_total=rng.choice((0, 1, 2)) * GIB,
            swap_used=0,
        ),
        boot=boot,
        now=now,
        mounts=_mounts(rng, total) if platform == "linux" else _volumes(rng),
        processes=_system_processes(boot) if platform == "linux" else _windows_processes(boot, rng),
        packages=dict(PACKAGES) if platform == "linux" else {},
        files=_system_files(name, identity, now, rng) if platform == "linux" else {},
        logins=_logins(rng, boot, now),
        next_pid=rng.randrange(1200, 30_000),
    )


def _mounts(rng: Random, memory: int) -> tuple[Mount, ...]:
    def disk(device: str, target: str, sizes: tuple[int, ...]) -> Mount:
        size = rng.choice(sizes) * GIB - rng.randrange(40_000, 400_000)
        usable = size - size // 20
        return Mount(device, target, "ext4", size, usable * rng.randrange(10, 93) // 100)

    extra = rng.sample([("/var", (20, 40, 80)), ("/data", (100, 200, 500)), ("/home", (10, 20))], rng.randrange(3))
    return (
        Mount("udev", "/dev", "devtmpfs", memory // 2, 0),
        Mount("tmpfs", "/run", "tmpfs", memory // 10, rng.randrange(900, 2400)),
        disk("/dev/sda1", "/", (20, 40, 50, 80, 100)),
        Mount("tmpfs", "/dev/shm", "tmpfs", memory // 2, 0),
        *(disk(f"/dev/sd{letter}1", *entry) for letter, entry in zip("bcd", sorted(extra), strict=False)),
    )


def _volumes(rng: Random) -> tuple[Mount, ...]:
    def volume(letter: str, label: str, sizes: tuple[int, ...]) -> Mount:
        size = rng.choice(sizes) * GIB - rng.randrange(400_000)
        return Mount(rf"\\?\Volume{letter}", f"{letter}:", "NTFS", size, size * rng.randrange(15, 94) // 100, label)

    data = [volume("D", "Data", (100, 200, 500))] if rng.random() < 0.6 else []
    return (volume("C", "", (60, 100, 120)), *data)


def _system_processes(boot: int) -> tuple[Process, ...]:
    def process(pid: int, parent: int, resident: int, command: str, state: str = "Ss", user: str = "root") -> Process:
        virtual = 0 if command.startswith("[") else resident * 6
        return Process(pid, parent, user, 0.0, resident, virtual, state, "?", boot + pid // 100, pid % 40, command)

    return (
        process(1, 0, 12_900, "/sbin/init"),
        process(2, 0, 0, "[kthreadd]", "S"),
        process(14, 2, 0, "[ksoftirqd/0]", "S"),
        process(61, 2, 0, "[kswapd0]", "S"),
        process(311, 1, 21_300, "/lib/systemd/systemd-journald"),
        process(342, 1, 6_900, "/lib/systemd/systemd-udevd"),
        process(589, 1, 5_100, "/usr/bin/dbus-daemon --system", user="messagebus"),
        process(602, 1, 8_200, "/lib/systemd/systemd-logind"),
    )


def _windows_processes(boot: int, rng: Random) -> tuple[Process, ...]:
    def process(pid: int, resident: int, command: str) -> Process:
        return Process(pid, 0, "SYSTEM", 0.0, resident, resident * 2, "S", "", boot, rng.randrange(400), command)

    return (
        process(4, 140, "System"),
        process(612, 5_200, r"C:\Windows\System32\csrss.exe"),
        process(716, 11_800, r"C:\Windows\System32\services.exe"),
        process(732, 18_900, r"C:\Windows\System32\lsass.exe"),
        process(904, 41_000, r"C:\Windows\explorer.exe"),
    )


def _system_files(name: str, identity: tuple[str, ...], now: int, rng: Random) -> dict[str, File]:
    old = now - rng.randrange(30, 300) * 86_400
    kind, pretty, version, _ = identity
    name_of_system = pretty.rsplit(" ", 2)[0]
    minute, hour = rng.randrange(60), rng.randrange(6)
    texts = {
        "/etc/hostname": f"{name}\n",
        "/etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {name}\n",
        "/etc/os-release": f'PRETTY_NAME="{pretty}"\nNAME="{name_of_system}"\nVERSION_ID="{version}"\nID={kind}\n',
        "/etc/timezone": "Etc/UTC\n",
        "/etc/shells": "/bin/sh\n/bin/bash\n",
        "/etc/group": "root:x:0:\nadm:x:4:\nwww-data:x:33:\nops:x:1000:\n",
        "/etc/passwd": PASSWD,
        "/var/spool/cron/crontabs/root": f"{minute} {hour} * * * /usr/local/bin/backup.sh\n{CRON}",
        "/usr/local/bin/backup.sh": "#!/bin/bash\nset -e\ntar czf /var/backups/etc.tgz /etc\n",
    }
    return {path: File(text, modified=old) for path, text in texts.items()}


def _logins(rng: Random, boot: int, now: int) -> tuple[Login, ...]:
    ended = []
    for number in range(rng.randrange(2, 5)):
        start = now - rng.randrange(1, 20) * 86_400 - number * 3600
        if start > boot:
            ended.append(
                Login(
                    rng.choice(USERS),
                    f"pts/{number % 2}",
                    f"10.0.0.{rng.randrange(2, 99)}",
                    start,
                    start + rng.randrange(60, 9000),
                )
            )
    here = Login(rng.choice(USERS), "pts/0", f"10.0.0.{rng.randrange(2, 99)}", now - rng.randrange(60, 7200))
    return (*sorted(ended, key=lambda login: login.start), here)
