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

TIMEOUT = 90
LIMIT = 60 * 60
"""Seconds for all lines."""
KEPT = ("/etc/systemd/system", "/etc/nginx", "/etc/ssh", "/var/spool/cron", "/etc/hostname")
WANTED = {"nginx": "active", "cron": "active", "ssh": "active", "alpha": "active", "beta": "active", "gamma": "failed",
    "delta": "inactive", "epsilon": "inactive"}  # fmt: skip
UNITS = re.compile(
    r"(?:systemctl|service) (?:-\S+ )*(?!status|is-|show|cat|list-|get-|-)\w|kill|(?:^|[;&|] )nginx(?! -[tTvVh])"
)
FILES = re.compile(r"/etc/\S*(?:;|$)|crontab|enable|disable|mask|zeta|set-hostname")
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


def restore(line: str) -> None:
    """The files and the units as they were before a line."""
    units = bool(UNITS.search(line))
    if FILES.search(line) and re.search(r">|crontab|sed -i|able|mask|zeta|hostname", line):
        if "zeta" in line:
            run("systemctl stop zeta")
        for path in KEPT:
            if Path(path).is_dir():
                shutil.rmtree(path)
            subprocess.run(["cp", "-a", f"/root/kept{path}", path], check=True)
        if "crontab" not in line:
            run("systemctl daemon-reload")
            units = True
    if units:
        run(f"systemctl reset-failed {' '.join(name for name in WANTED if name != 'gamma')}")
        states = str(run(f"systemctl is-active {' '.join(WANTED)}")["stdout"]).split()
        wrong = [name for (name, wanted), state in zip(WANTED.items(), states, strict=True) if state != wanted]
        for verb, group in (("start", ("active", "failed")), ("stop", ("inactive",))):
            if chosen := [name for name in wrong if WANTED[name] in group]:
                run(f"systemctl {verb} {' '.join(chosen)}")
    shutil.rmtree("/tmp/d", ignore_errors=True)
    run("rm -rf /srv/*") if "/srv" in line else None


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
            restore(line)
            if number % 20 == 0:
                os.fsync(answers.fileno())
                print(f"{number} of {len(lines)}, {time.monotonic() - start:.0f} s", file=console, flush=True)
            if time.monotonic() - start > LIMIT:
                break
    run("systemctl poweroff")


main()
