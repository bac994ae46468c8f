"""What a systemd unit's files set: its own and its drop-ins, over what its package ships."""

import re

from fleet.model import Host
from fleet.software import software

FOLDERS = ("/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system")
"""Later ones override earlier ones."""


def unit_texts(host: Host, name: str) -> list[tuple[str, str]]:
    """(path, content) of the files of a service that are on the host: its unit file, then its drop-ins by name."""
    units = [f"{folder}/{name}.service" for folder in FOLDERS if f"{folder}/{name}.service" in host.files]
    inside = re.compile(rf"(?:{'|'.join(FOLDERS)})/{re.escape(name)}\.service\.d/[^/]+\.conf")
    drops = sorted((path for path in host.files if inside.fullmatch(path)), key=lambda path: path.rpartition("/")[2])
    return [(path, host.files[path].content) for path in (*units[-1:], *drops)]


def setting(host: Host, name: str, key: str) -> str | None:
    """The last value that the files of a service give to a key; None if they do not name it."""
    found = None
    for _, text in unit_texts(host, name):
        for value in re.findall(rf"^[ \t]*{re.escape(key)}[ \t]*=[ \t]*(.*?)[ \t]*$", text, re.MULTILINE):
            found = value
    return found


def restart_policy(host: Host, name: str) -> str:
    """The Restart= of a service."""
    shipped = software().linux.get(name)
    return setting(host, name, "Restart") or (shipped.restart if shipped else "no")
