"""Flattens hosts to key-value text, so that states can be compared and goals read like paths.

web01/services/nginx/state: active
web01/disks//: 44
web01/files/etc/nginx/nginx.conf: 1a2b3c4d5e6f 2048
"""

from collections.abc import Mapping
from hashlib import sha256

from fleet.model import Host

FlatState = dict[str, str]
REQUESTS = ("/var/log/nginx/access.log",)
"""Logs of requests, which any look at a web server makes or lets grow."""
Diff = dict[str, tuple[str | None, str | None]]


def flatten(hosts: Mapping[str, Host]) -> FlatState:
    """Everything AJ is accountable for on each host: no clocks, journals, service process ids or growing logs."""
    flat: FlatState = {}
    for name, host in hosts.items():
        for service in host.services.values():
            at = f"{name}/services/{service.name}"
            flat[f"{at}/state"] = service.state
            flat[f"{at}/enabled"] = "masked" if service.masked else str(service.enabled)
            flat[f"{at}/restarts"] = str(service.restarts)
            flat[f"{at}/reloads"] = str(service.reloads)
        logs = {service.log for service in host.services.values()}
        for path, file in host.files.items():
            if path in REQUESTS and not file.bulk:
                continue
            grows = path in logs and file.content  # logs may grow, but bulk data in them must not disappear
            text = "log" if grows else sha256(file.data).hexdigest()[:12]
            flat[f"{name}/files/{path.lstrip('/')}"] = f"{text} {file.bulk}"
        for package in host.holds:
            flat[f"{name}/holds/{package}"] = "held"
        for key, value in host.kernel.items():
            flat[f"{name}/kernel/{key}"] = value
        if host.memory.swap_off:
            flat[f"{name}/swap"] = "off"
        for path in host.lost:
            flat[f"{name}/files/{path.lstrip('/')}"] = "removed"
        for process in host.processes:
            if process.service is None:
                flat[f"{name}/processes/{process.pid}"] = process.name
        for container in host.containers:
            flat[f"{name}/containers/{container.name}/state"] = container.state
            flat[f"{name}/containers/{container.name}/restarts"] = str(container.restarts)
        for package, version in host.packages.items():
            flat[f"{name}/packages/{package}"] = version
        if host.repository:
            flat[f"{name}/repository/branch"] = host.repository.branch
            flat[f"{name}/repository/head"] = host.repository.commits[0].id if host.repository.commits else ""
    return flat


def diff(before: Mapping[str, Host], after: Mapping[str, Host]) -> Diff:
    """key -> (before, after), None where absent; empty if nothing changed that AJ is accountable for."""
    old, new = flatten(before), flatten(after)
    return {key: (old.get(key), new.get(key)) for key in sorted({*old, *new}) if old.get(key) != new.get(key)}
