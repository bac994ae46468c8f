"""Users: those that Debian brings (`base_accounts.txt`), those of /etc/passwd, and those only seen at work."""

from pathlib import Path

from fleet.model import Host

BASE_ROWS = {
    row[0]: row
    for line in Path(__file__).with_name("base_accounts.txt").read_text(encoding="utf-8").splitlines()
    if (row := line.split(":"))
}
"""Users that Debian's base-passwd makes: name -> row of /etc/passwd, which shows only some of them."""
BASE = {name: int(row[2]) for name, row in BASE_ROWS.items()}


def accounts(host: Host) -> dict[str, int]:
    """user -> uid: users from /etc/passwd, plus those of processes and logins, who get the next free numbers."""
    found = dict(BASE)
    passwd = host.files.get("/etc/passwd")
    for line in passwd.content.splitlines() if passwd else []:
        fields = line.split(":")
        if len(fields) >= 3 and fields[2].isdecimal():
            found[fields[0]] = int(fields[2][:9])
    named = {process.user for process in host.processes} | {login.user for login in host.logins}
    for place, user in enumerate(sorted(named - found.keys())):
        found[user] = 1100 + place
    return found
