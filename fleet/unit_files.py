"""What systemd's unit files set: those on a host and their drop-ins, over what packages ship."""

import re
from dataclasses import replace

from fleet.model import Host, Service
from fleet.software import software

FOLDERS = ("/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system")
"""Later ones override earlier ones."""
PROGRAMS = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")
_UNIT = re.compile(rf"(?:{'|'.join(FOLDERS)})/([\w:.@-]+)\.service")
EXEC, FAILURE = 203, 1
"""Exit codes of a unit: its program could not be run; its program says that it failed."""


def unit_texts(host: Host, name: str) -> list[tuple[str, str]]:
    """(path, content) of the files of a service that are on the host: its unit file, then its drop-ins by name."""
    units = [f"{folder}/{name}.service" for folder in FOLDERS if f"{folder}/{name}.service" in host.files]
    return [(path, host.files[path].content) for path in (*units[-1:], *drop_ins(host, name))]


def drop_ins(host: Host, name: str) -> list[str]:
    """The paths of a service's drop-ins, in the order in which they are read."""
    inside = re.compile(rf"(?:{'|'.join(FOLDERS)})/{re.escape(name)}\.service\.d/[^/]+\.conf")
    return sorted((path for path in host.files if inside.fullmatch(path)), key=lambda path: path.rpartition("/")[2])


def unit_path(host: Host, service: Service) -> str:
    """Where the unit file of a service is; of those that are not on the host, /lib for packages, /etc for software in
    /opt."""
    texts = [path for path, _ in unit_texts(host, service.name) if path.endswith(f"/{service.name}.service")]
    own = "etc" if service.command.startswith("/opt/") else "lib"
    return texts[0] if texts else f"/{own}/systemd/system/{service.name}.service"


def setting(host: Host, name: str, key: str) -> str | None:
    """The last value that the files of a service give to a key; None if they do not name it."""
    found = None
    for _, text in unit_texts(host, name):
        for value in re.findall(rf"^[ \t]*{re.escape(key)}[ \t]*=[ \t]*(.*?)[ \t]*$", text, re.MULTILINE):
            found = value
    return found


def set_in(host: Host, name: str, key: str, default: str = "") -> str:
    """The value of a key of the [Service] section: the files on the host, what the package ships, the default."""
    shipped = software().linux.get(name)
    return setting(host, name, key) or (shipped.unit.get(key) if shipped else None) or default


def restart_policy(host: Host, name: str) -> str:
    """The Restart= of a service."""
    return set_in(host, name, "Restart", "no")


def unit_type(host: Host, name: str) -> str:
    """The Type= of a service."""
    return set_in(host, name, "Type", "simple")


def has_own_file(host: Host, name: str) -> bool:
    return any(path.endswith(f"/{name}.service") for path, _ in unit_texts(host, name))


def is_own(host: Host, name: str) -> bool:
    """Whether a service is not of a package: all that is known of its program is its unit file."""
    return has_own_file(host, name) and name not in software().linux


def loaded(host: Host) -> Host:
    """The host with a service for every unit file that somebody has written."""
    for path in sorted(host.files):
        found = _UNIT.fullmatch(path)
        if found is None or found[1] in host.services or found[1].endswith("@"):
            continue
        name = found[1]
        command = (setting(host, name, "ExecStart") or "").lstrip("-@:+!")
        title = setting(host, name, "Description") or f"{name}.service"
        host = host.with_service(
            Service(name, title, "inactive", False, command, setting(host, name, "User") or "root")
        )
    return host


def start_fault(host: Host, service: Service) -> tuple[int, str]:
    """(exit code, why) of the program in a unit file that somebody has written; (0, "") if it runs."""
    path = service.command.partition(" ")[0]
    if not is_own(host, service.name) or not path.startswith("/"):
        return 0, ""
    if path.rpartition("/")[2] == "false" and path.startswith(PROGRAMS):
        return FAILURE, ""
    file = host.files.get(path)
    if file is None:
        return (0, "") if path.startswith(PROGRAMS) else (EXEC, "No such file or directory")
    return (0, "") if file.mode & 0o111 else (EXEC, "Permission denied")


def with_settings(host: Host, service: Service) -> Service:
    """The service with the command and the user that its own files name."""
    if not is_own(host, service.name):
        return service
    command = (setting(host, service.name, "ExecStart") or service.command).lstrip("-@:+!")
    return replace(service, command=command, user=setting(host, service.name, "User") or service.user)
