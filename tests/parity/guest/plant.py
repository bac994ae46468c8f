"""Gives a Debian tree what a simulated host has: names, addresses, configurations. python plant.py TREE"""

import sys
from pathlib import Path

from fleet.hardware import CRON
from fleet.software import software

PROBE = """[Unit]
Description=Probe

[Service]
ExecStart=/usr/bin/python3 /root/probe.py

[Install]
WantedBy=multi-user.target
"""
CATALOGUE = software().linux
FILES = {
    "etc/hostname": "web01\n",
    "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 web01\n",
    "etc/timezone": "Etc/UTC\n",
    "etc/resolv.conf": "nameserver 127.0.0.1\n",
    "etc/default/locale": "LANG=C.UTF-8\n",
    "etc/fstab": "/dev/sda1 / ext4 errors=remount-ro 0 1\n",
    "etc/systemd/network/eth0.network": "[Match]\nName=eth0\n\n[Network]\nAddress=10.0.2.15/16\nGateway=10.0.0.1\n",
    "etc/systemd/system/probe.service": PROBE,
    "etc/nginx/nginx.conf": CATALOGUE["nginx"].text.replace("{host}", "web01"),
    "etc/ssh/sshd_config": CATALOGUE["ssh"].text,
    "var/spool/cron/crontabs/root": f"5 4 * * * /usr/local/bin/backup.sh\n{CRON}",
}


def main(tree: Path) -> None:
    for path, text in FILES.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    (tree / "var/spool/cron/crontabs/root").chmod(0o600)
    (tree / "etc/localtime").unlink(missing_ok=True)
    (tree / "etc/localtime").symlink_to("/usr/share/zoneinfo/Etc/UTC")


main(Path(sys.argv[1]))
