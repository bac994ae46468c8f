"""HTTP requests, and what programs of the fleet answer them that are no proxies."""

import json
import posixpath
import re
from dataclasses import dataclass

from fleet.model import Host
from fleet.ports import Listener

HEALTH = ("/health", "/healthz", "/status", "/api/health", "/-/healthy")
SERVERS = {"nginx": "nginx", "apache2": "Apache", "haproxy": "haproxy", "W3SVC": "Microsoft-IIS/10.0"}
"""Services that serve pages -> the name in their Server header."""
NOT_HTTP = {"ssh": 1, "mysql": 1, "redis": 52, "postgresql": 52, "MSSQLSERVER": 52}
"""Services that do not speak HTTP -> curl's exit code: 1 if it cannot parse the answer, 52 if there is none."""
REASONS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Not Allowed", 410: "Gone", 429: "Too Many Requests", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Unavailable"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    uri: str
    """path and query"""
    host: str
    """the header, with a port that is not the usual one"""
    agent: str
    client: str
    """address of whoever asks"""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    code: int
    kind: str
    """Content-Type"""
    body: str
    server: str
    more: tuple[str, ...] = ()
    """further lines of the head"""


def program_response(host: Host, listener: Listener, path: str) -> HttpResponse:
    """The listening program's response to a GET of `path`."""
    name = listener.service or listener.container or listener.name
    server = _server(host, listener)
    page = host.files.get(posixpath.normpath(f"/var/www/html/{path}"))
    if listener.service in SERVERS and _upstream_down(host, listener.service):
        return HttpResponse(503, "text/html", _page("503 Service Unavailable", server), server)
    if path in HEALTH:
        sick = any(c.name == listener.container and c.health == "unhealthy" for c in host.containers)
        facts = {"status": "unhealthy" if sick else "ok", "service": name, "version": version_of(host, listener)}
        return HttpResponse(503 if sick else 200, "application/json", json.dumps(facts) + "\n", server)
    if page and listener.service in SERVERS:
        return HttpResponse(200, "text/html", page.content, server)
    if path == "/":
        return HttpResponse(200, "text/html", _page(f"{name} on {host.name}", server), server)
    if listener.service in SERVERS:
        return HttpResponse(404, "text/html", _page("404 Not Found", server), server)
    return HttpResponse(404, "application/json", '{"error":"not found"}\n', server)


def _page(title: str, server: str) -> str:
    return f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<hr>{server}\n</body>\n</html>\n"


def version_of(host: Host, listener: Listener) -> str:
    """The listener's version: of its container's image, its package, or the application deployed there."""
    for container in host.containers:
        if container.name == listener.container:
            return container.image.rpartition(":")[2]
    for package, version in host.packages.items():
        if listener.service and package.startswith(listener.service):
            return re.split(r"[-+]", version.split(":")[-1])[0]
    deployed = host.files.get("/srv/app/VERSION")
    return deployed.content.strip() if deployed else "unknown"


def _server(host: Host, listener: Listener) -> str:
    name = SERVERS.get(listener.service or "", listener.service or listener.container or listener.name)
    return f"{name}/{version_of(host, listener)}" if name in ("nginx", "Apache") else name


def _upstream_down(host: Host, service: str) -> bool:
    """Whether a proxy's upstream is a service on the same host that is down. Most hosts show no service of the port to
    which the catalogue's configuration leads, and are healthy all the same."""
    path = host.services[service].config
    text = host.files[path].content if path and path in host.files else ""
    ports = {int(port) for port in re.findall(r"(?:127\.0\.0\.1|localhost):(\d{1,5})\b", text)}
    return any(other.state != "active" and ports & set(other.ports) for other in host.services.values())
