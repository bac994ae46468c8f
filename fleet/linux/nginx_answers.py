"""What nginx answers a request by its configuration, and what it writes to its logs."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import formatdate

from bashkit import BuiltinResult

from fleet.actions import FULL
from fleet.linux.command import CommandContext, UsageError, lacking
from fleet.linux.connectivity import is_address
from fleet.linux.http_responses import NOT_HTTP, REASONS, HttpRequest, HttpResponse, program_response
from fleet.linux.standing_files import standing_files
from fleet.model import File, Host, Machine
from fleet.nginx_config import nginx_error
from fleet.nginx_routes import Route, Unclear, route
from fleet.ports import Listener, find_listener, listeners, main_process

ACCESS_LOG, ERROR_LOG = "/var/log/nginx/access.log", "/var/log/nginx/error.log"
ROOT = "/usr/share/nginx/html"
"""From which Debian's nginx serves files if its configuration does not say."""
TYPES = {".html": "text/html", ".htm": "text/html", ".txt": "text/plain", ".css": "text/css",
    ".js": "application/javascript", ".json": "application/json", ".xml": "text/xml"}  # fmt: skip
"""Of `mime.types`, of which nginx knows only the first if it is not included."""
MIME_TYPES = (["mime.types"], ["/etc/nginx/mime.types"])
APPLICATION = 8080
"""The port of what the catalogue's configuration passes requests to. Most hosts do not show what listens there: only a
host with a service of that port is without an answer when nothing listens."""
_QUIET = ("crit", "alert", "emerg")
"""Levels of the error log at which errors are not written."""


@dataclass(slots=True)
class _Answer:
    """A request on its way: what nginx knows of it, and what it complains about."""

    context: CommandContext
    host: Host
    route: Route
    request: HttpRequest
    server: str
    """the header"""
    errors: list[str] = field(default_factory=list)

    def page(self, code: int) -> HttpResponse:
        title = f"{code} {REASONS[code]}"
        lines = ("<html>", f"<head><title>{title}</title></head>", "<body>", f"<center><h1>{title}</h1></center>",
            f"<hr><center>{self.server}</center>", "</body>", "</html>")  # fmt: skip
        return HttpResponse(code, "text/html", "".join(f"{line}\r\n" for line in lines), self.server)


def nginx_response(context: CommandContext, host: Host, port: int, request: HttpRequest) -> HttpResponse:
    """The answer to a request on a port of a host's nginx, which is then in its logs.

    Raises:
        UsageError: it is not known what nginx would answer, which is a gap.
    """
    host = context.pull() if host is context.host else host
    try:
        response, after = _answered(context, host, port, request)
    except Unclear as why:
        raise UsageError(lacking(context, str(why), BuiltinResult(exit_code=1))) from why
    if host is context.host:
        context.change(after)
    else:
        _machine(context, host).host = after
    return response


def _machine(context: CommandContext, host: Host) -> Machine:
    others = (machine for machine in context.machine.fleet.values() if machine.host is host)
    return context.machine if host is context.host else next(others)


def _answered(context: CommandContext, host: Host, port: int, request: HttpRequest) -> tuple[HttpResponse, Host]:
    service = host.services["nginx"]
    config, files = service.config or "", service.loaded
    if files is None:
        first = _machine(context, host).first.files
        files = first if config in first else host.files
    if config not in files or nginx_error(files, config):
        raise Unclear("nginx on a configuration that is no longer there")
    found = route(files, config, port, request.host.partition(":")[0], request.uri)
    if found is None:
        raise Unclear("nginx on a configuration that is no longer there")
    answer = _Answer(context, host, found, request, _server(host, found))
    if found.returned:
        response = _returned(answer, *found.returned)
    elif found.backends:
        response = _passed(answer)
    else:
        response = _file(answer)
    return response, _logged(answer, response)


def _server(host: Host, found: Route) -> str:
    version = host.packages["nginx"].rpartition(":")[2]
    suffix = " (Ubuntu)" if "ubuntu" in version else ""
    return "nginx" if found.setting("server_tokens") == ["off"] else f"nginx/{version.split('-')[0]}{suffix}"


def _returned(answer: _Answer, code: int, text: str) -> HttpResponse:
    if code not in REASONS:
        raise Unclear("nginx return")
    if not text and code >= 400:
        return answer.page(code)
    return HttpResponse(code, _kind(answer, answer.request.uri), text.replace("\\n", "\n"), answer.server)


def _kind(answer: _Answer, path: str) -> str:
    default = (answer.route.setting("default_type") or ["text/plain"])[0]
    if any(any(level.all("types")) for level in answer.route.levels):
        raise Unclear("nginx types")
    ending = posixpath.splitext(path)[1]
    includes = any(block.words[1:] in MIME_TYPES for level in answer.route.levels for block in level.all("include"))
    return TYPES.get(ending, default) if includes or ending == ".html" else default


# --- what is passed on ----------------------------------------------------------------------------------------------


def _passed(answer: _Answer) -> HttpResponse:
    """The answer of a backend."""
    peers = [_peer(answer, backend) for backend in answer.route.backends]
    if len(peers) > 1 and any(listener is None for _, _, listener in peers):
        raise Unclear("nginx upstream of which a server is down")
    address, host, listener = peers[0]
    if listener is None and address == f"127.0.0.1:{APPLICATION}" and not _has_application(answer):
        own = next(listener for listener in listeners(answer.host) if listener.service == "nginx")
        return replace(program_response(answer.host, own, answer.route.uri.partition("?")[0]), server=answer.server)
    if listener is None:
        return _bad_gateway(answer, address, "connect() failed (111: Connection refused) while connecting to upstream")
    if listener.service == "nginx" or NOT_HTTP.get(listener.service or "") == 1:
        raise Unclear(f"nginx that passes requests to {listener.service}")
    if listener.service in NOT_HTTP:
        why = "upstream prematurely closed connection while reading response header from upstream"
        return _bad_gateway(answer, address, why)
    response = program_response(host, listener, answer.route.uri.partition("?")[0])
    return replace(response, server=answer.server)


def _has_application(answer: _Answer) -> bool:
    """Whether the host has, or had at first, a service or container of the application's port."""
    hosts = answer.host, _machine(answer.context, answer.host).first
    return any(APPLICATION in part.ports for host in hosts for part in (*host.services.values(), *host.containers))


def _bad_gateway(answer: _Answer, address: str, why: str) -> HttpResponse:
    answer.errors.append(_complaint(answer, why, f', upstream: "http://{address}{answer.route.uri}"'))
    return answer.page(502)


def _peer(answer: _Answer, backend: str) -> tuple[str, Host, Listener | None]:
    """(address and port, host, listener if there is one) of a backend, as nginx's host sees it."""
    name, _, port = backend.rpartition(":")
    own, fleet = answer.host, answer.context.machine.fleet
    address = "127.0.0.1" if name == "localhost" else fleet[name].host.address if name in fleet else name
    if not is_address(address):
        raise Unclear("nginx upstream by name")
    others = (machine.host for machine in fleet.values() if machine.host.address == address)
    host = own if address.startswith("127.") or address == own.address else next(others, None)
    if host is None:
        raise Unclear("nginx upstream that does not answer")
    found = find_listener(host, int(port))
    unreachable = found is not None and found.address == "127.0.0.1" and not address.startswith("127.")
    return f"{address}:{port}", host, None if unreachable else found


# --- files ----------------------------------------------------------------------------------------------------------


def _file(answer: _Answer) -> HttpResponse:
    """A file below the root, or why there is none."""
    found, files = answer.route, _files_of(answer)
    if unclear := next((name for name in ("alias", "autoindex") if found.setting(name)), ""):
        raise Unclear(f"nginx {unclear}")
    root = (found.setting("root") or [ROOT])[0]
    path = f"{root.rstrip('/')}{answer.request.uri.partition('?')[0]}"
    if answer.request.method not in ("GET", "HEAD") or "%" in path or posixpath.normpath(path) != path.rstrip("/"):
        raise Unclear("nginx with such a request")
    if code := _tried(found, files, path):
        return answer.page(code)
    asked = [path]
    if path.endswith("/"):
        asked = [f"{path}{name}" for name in found.setting("index") or ["index.html"]]
    there = next((name for name in asked if name in files), "")
    if there:
        return _served(answer, there, files[there])
    if any(name.startswith(f"{path.rstrip('/')}/") for name in files):
        if not path.endswith("/"):
            raise Unclear("nginx redirect to a folder")
        answer.errors.append(_complaint(answer, f'directory index of "{path}" is forbidden'))
        return answer.page(403)
    why = f'"{asked[0]}" is not found' if path.endswith("/") else f'open() "{path}" failed'
    answer.errors.append(_complaint(answer, f"{why} (2: No such file or directory)"))
    return answer.page(404)


def _files_of(answer: _Answer) -> dict[str, File]:
    """path -> file, with those that came with packages."""
    context, shell = answer.context, answer.context.host_files
    if answer.host is context.host:
        standing = {path: file for path, file in shell.standing.items() if shell.fs.exists(path)}
    else:
        standing = standing_files(answer.host)
    return standing | dict(answer.host.files)


def _tried(found: Route, files: Mapping[str, File], path: str) -> int:
    """The code with which `try_files` ends; 0 if one of its files is there, or there is none."""
    *tried, last = found.setting("try_files") or ("$uri", "")
    if not last:
        return 0
    if set(tried) - {"$uri", "$uri/"} or not re.fullmatch(r"=[45]\d\d", last) or int(last[1:]) not in REASONS:
        raise Unclear("nginx try_files")
    is_folder = any(name.startswith(f"{path.rstrip('/')}/") for name in files)
    as_file = path in files or (path.endswith("/") and is_folder)
    return 0 if ("$uri" in tried and as_file) or ("$uri/" in tried and is_folder) else int(last[1:])


def _served(answer: _Answer, path: str, file: File) -> HttpResponse:
    if file.bulk or not file.mode & 0o004:
        raise Unclear("nginx with such a file")
    tag = f'ETag: "{file.modified:x}-{file.size:x}"'
    more = (f"Last-Modified: {formatdate(file.modified, usegmt=True)}", "Connection: keep-alive", tag,
        "Accept-Ranges: bytes")  # fmt: skip
    return HttpResponse(200, _kind(answer, path), file.content, answer.server, more)


# --- logs -----------------------------------------------------------------------------------------------------------


def _complaint(answer: _Answer, why: str, upstream: str = "") -> str:
    """What the error log says of a request, without its head."""
    request = f'request: "{answer.request.method} {answer.request.uri} HTTP/1.1"'
    where = f"client: {answer.request.client}, server: {answer.route.server}, {request}"
    return f'{why}, {where}{upstream}, host: "{answer.request.host}"'


def _logged(answer: _Answer, response: HttpResponse) -> Host:
    """The host with what nginx writes of a request."""
    host, request = answer.host, answer.request
    when = datetime.fromtimestamp(host.now, UTC)
    place, *rest = answer.route.setting("error_log") or [ERROR_LOG]
    if not set(rest) & set(_QUIET):
        head = f"{when:%Y/%m/%d %H:%M:%S} [error] {_worker(host)}: *{_connection(host)} "
        for why in answer.errors:
            host = _with_line(host, place, f"{head}{why}\n")
    place, *rest = answer.route.setting("access_log") or [ACCESS_LOG]
    if rest and rest[0] != "combined":
        raise Unclear("nginx log_format")
    size = 0 if request.method == "HEAD" else len(response.body.encode())
    asked = f'"{request.method} {request.uri} HTTP/1.1" {response.code} {size} "-" "{request.agent}"'
    return _with_line(host, place, f"{request.client} - - [{when:%d/%b/%Y:%H:%M:%S} +0000] {asked}\n")


def _worker(host: Host) -> str:
    """Process and thread of the worker that answers."""
    main = main_process(host, "nginx")
    workers = [p.pid for p in host.processes if p.service == "nginx" and p is not main]
    pid = workers[0] if workers else main.pid if main else 0
    return f"{pid}#{pid}"


def _connection(host: Host) -> int:
    """The number of a connection, which nginx counts from its start: a client's, then one to a backend."""
    texts = {path: host.files[path].content if path in host.files else "" for path in (ACCESS_LOG, ERROR_LOG)}
    numbers = re.findall(r"\[error\] \d+#\d+: \*(\d+) ", texts[ERROR_LOG])
    return max(1 + 2 * texts[ACCESS_LOG].count("\n"), int(numbers[-1]) + 2 if numbers else 1)


def _with_line(host: Host, path: str, line: str) -> Host:
    """The host with a line more in one of nginx's logs, if that is a file and there is room."""
    if not path.startswith("/") or path.startswith("/dev/") or host.available(host.mount_of(path)) < FULL:
        return host
    new = File(owner="www-data", group="adm", mode=0o640) if path in (ACCESS_LOG, ERROR_LOG) else File()
    old = host.files.get(path, new)
    return host.with_file(path, replace(old, content=old.content + line, modified=host.now))
