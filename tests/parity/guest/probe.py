"""Runs in the guest as a service: each line of /root/lines in a new shell, and the machine as it was after each change.

It writes /root/answers.jsonl (line, stdout, stderr, code) and turns the machine off.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

TIMEOUT = 30
LIMIT = 40 * 60
"""Seconds for all lines."""
KEPT = ("/etc/systemd/system", "/etc/nginx", "/etc/ssh", "/var/spool/cron", "/etc/hostname", "/etc/crontab")
RUNNING, STOPPED = "nginx cron ssh alpha beta", "epsilon delta zeta"
UNITS = re.compile(r"systemctl|kill|service |nginx|/etc/systemd|sshd")
READING = re.compile(
    r"systemctl (?:-\S+ )*(?:status|is-\S+|show|cat|list-\S+|--\S+|get-default)|kill -l|kill -0|pkill -l|nginx -[tvVh]"
)
FILES = re.compile(r"[^2&]>(?!&)|crontab|touch|mkdir|logger|loginctl enable|umask|cp |ln |gzip")
ENVIRONMENT = {
    "HOME": "/root",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/bash",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}


def run(line: str, limit: float = TIMEOUT) -> dict[str, object]:
    with open("/run/out", "w+b") as out, open("/run/err", "w+b") as err:
        process = subprocess.Popen(
            ["bash", "-c", line], stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd="/root", env=ENVIRONMENT,
            start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = 124
    stdout, stderr = (Path(path).read_bytes().decode(errors="replace") for path in ("/run/out", "/run/err"))
    return {"line": line, "stdout": stdout, "stderr": stderr, "code": code}


def keep() -> None:
    for path in KEPT:
        subprocess.run(["cp", "-a", "--parents", path, "/root/kept/"], check=True)


def restore(units: bool) -> None:
    if units:
        run(f"systemctl stop {STOPPED}")
    for path in KEPT if units else KEPT[3:4]:
        if Path(path).is_dir():
            shutil.rmtree(path)
        subprocess.run(["cp", "-a", f"/root/kept{path}", path], check=True)
    run("rm -rf /tmp/* /srv/*")
    if units:
        run(f"systemctl daemon-reload; systemctl reset-failed; systemctl start {RUNNING}; systemctl start gamma")


def main() -> None:
    run("systemctl is-system-running --wait", 600)
    run("mkdir -p /root/kept /home/ops/.ssh; ssh-keygen -q -t ed25519 -N '' -f /root/key; cp /root/key.pub "
        "/home/ops/.ssh/authorized_keys; chown -R ops: /home/ops/.ssh; systemctl start gamma")  # fmt: skip
    subprocess.Popen("sleep infinity | ssh -tt -i /root/key -o StrictHostKeyChecking=no ops@10.0.2.15",
                     shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)  # fmt: skip
    time.sleep(15)
    keep()
    start = time.monotonic()
    lines = Path("/root/lines").read_text().splitlines()
    with open("/root/answers.jsonl", "w") as answers, open("/dev/console", "w") as console:
        for number, line in enumerate(lines):
            answers.write(json.dumps(run(line), ensure_ascii=False) + "\n")
            answers.flush()
            units = bool(UNITS.search(READING.sub("", line)))
            if units or FILES.search(line):
                restore(units)
            if number % 20 == 0:
                os.fsync(answers.fileno())
                print(f"{number} of {len(lines)}, {time.monotonic() - start:.0f} s", file=console, flush=True)
            if time.monotonic() - start > LIMIT:
                break
    run("systemctl poweroff")


main()
