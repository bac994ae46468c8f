"""The commands curl and wget."""

import posixpath
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, Flags, fail, parse
from fleet.linux.connectivity import TIMED_OUT, connect, delay, host_at, resolve
from fleet.linux.http_responses import NOT_HTTP, REASONS, HttpRequest, HttpResponse, program_response
from fleet.linux.manual import release, said_of_version
from fleet.linux.nginx_answers import nginx_response
from fleet.linux.options import options
from fleet.model import File, Host


@dataclass(frozen=True, slots=True)
class Url:
    """A parsed URL; `address` is None if the name cannot be resolved."""

    url: str
    secure: bool
    name: str
    port: int
    path: str
    address: str | None
    query: str
    """with its question mark, if there is one"""


def _parse_url(context: CommandContext, url: str) -> Url | None:
    """Parse a URL; None if it is invalid."""
    match = re.fullmatch(
        r"(?:(https?)://)?(?:[^@/\s]*@)?([\w.-]+)(?::(\d{1,5}))?(/[^\s#?]*)?(\?[^\s#]*)?(?:#\S*)?", url
    )
    if match is None or int(match[3] or 0) > 65535:
        return None
    secure = match[1] == "https"
    port = int(match[3] or (443 if secure else 80))
    return Url(url, secure, match[2], port, match[4] or "/", resolve(context, match[2]), match[5] or "")


# --- curl -----------------------------------------------------------------------------------------------------------


def _curl(context: CommandContext) -> str | BuiltinResult:
    flags = _curl_flags(context)
    if "V" in flags and (said := said_of_version("curl", context.host)):
        return said.stdout
    if not flags.words:
        return fail("curl: try 'curl --help' or 'curl --manual' for more information", 2)
    out, errors, code = "", "", 0
    for url in flags.words:
        text, error, code = _fetch(context, flags, url)
        out, errors = out + text, errors + error
    return BuiltinResult(stdout=out, stderr=errors, exit_code=code)


CURL = options("""
    -s --silent
    -S --show-error
    -f --fail --fail-with-body
    -I --head
    -i --include
    -o --output=
    -w --write-out=
    -m --connect-timeout --max-time=
    -X --request=
    -k --insecure
    -L --location
    -v --verbose
    -O --remote-name
    -V
    -H --header=
    -A --user-agent=
    ~ -N --no-buffer
    ~ -4 --ipv4
    ~ -# --progress-bar
    ~ --compressed
    ~ --http1.1
    ~ --http2
    ~ --retry=
    ~ --retry-delay=
    ~ --retry-connrefused
    ~ --noproxy=
    ~ --cacert=
    ~ --tlsv1.2
    ~ --no-progress-meter
    ~ --max-redirs=
""")


def _curl_flags(context: CommandContext) -> Flags:
    return parse(context, CURL)


def _fetch(context: CommandContext, flags: Flags, url: str) -> tuple[str, str, int]:
    """(standard output, standard error, exit code) for one URL."""
    target = _parse_url(context, url)
    if target is None:
        return "", _error(flags, 3, "URL using bad/illegal format or missing URL"), 3
    trace, code, why = "", 0, ""
    agent = flags.get("A") or f"curl/{release('curl', context.host)}"
    reply = _request(context, flags, target, _method(flags), agent)
    if isinstance(reply, tuple):
        code, why = reply
        return _written(context, flags, target, None), _error(flags, code, why), code
    if "v" in flags:
        trace = _trace(context, flags, target, reply)
    if "f" in flags and reply.code >= 400:
        error = _error(flags, 22, f"The requested URL returned error: {reply.code}")
        return _written(context, flags, target, reply), trace + error, 22
    head = f"{_head(context.host, reply)}\r\n" if "I" in flags or "i" in flags else ""
    text = head + ("" if "I" in flags else reply.body)
    name = flags.get("o") or (posixpath.basename(target.path) if "O" in flags else "")
    if name and name != "-":
        _save(context, name, text)
        text = ""
    return text + _written(context, flags, target, reply), trace, 0


def _error(flags: Flags, code: int, why: str) -> str:
    return "" if "s" in flags and "S" not in flags else f"curl: ({code}) {why}\n"


def _method(flags: Flags) -> str:
    return flags.get("X") or ("HEAD" if "I" in flags else "GET")


def _request(
    context: CommandContext, flags: Flags, target: Url, method: str, agent: str
) -> HttpResponse | tuple[int, str]:
    """The response, or curl's exit code and message if there is none."""
    if target.address is None:
        return 6, f"Could not resolve host: {target.name}"
    host = host_at(context, target.address)
    found = connect(context, target.address, target.port)
    if host is None or isinstance(found, str):
        if found == TIMED_OUT:
            limit = flags.get("m", "130")
            waited = round(float(limit) * 1000) if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", limit) else 130_000
            return 28, f"Failed to connect to {target.name} port {target.port} after {waited} ms: {TIMED_OUT}"
        newer = release("curl", context.host) not in ("7.68.0", "7.81.0")
        why = "Couldn't connect to server" if newer else found
        return 7, f"Failed to connect to {target.name} port {target.port} after 0 ms: {why}"
    if target.secure and target.port != 443:
        return 35, "error:0A00010B:SSL routines::wrong version number"
    if target.secure and "k" not in flags:
        return 60, "SSL certificate problem: self-signed certificate"
    if found.service in NOT_HTTP:
        code = NOT_HTTP[found.service]
        return code, "Received HTTP/0.9 when not allowed" if code == 1 else "Empty reply from server"
    if found.service != "nginx":
        return program_response(host, found, target.path)
    port = f":{target.port}" if target.port not in (80, 443) else ""
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in flags.every("H"))}
    client = target.address if host is context.host else context.host.address
    request = HttpRequest(
        method,
        f"{target.path}{target.query}",
        headers.get("host", f"{target.name}{port}"),
        headers.get("user-agent", agent),
        client,
    )
    return nginx_response(context, host, found.port, request)


def _head(host: Host, reply: HttpResponse) -> str:
    date = datetime.fromtimestamp(host.now, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    lines = [f"HTTP/1.1 {reply.code} {REASONS[reply.code]}", f"Server: {reply.server}", f"Date: {date}"]
    lines += [f"Content-Type: {reply.kind}", f"Content-Length: {len(reply.body.encode())}"]
    lines += reply.more or ["Connection: keep-alive"]
    return "".join(f"{line}\r\n" for line in lines)


def _trace(context: CommandContext, flags: Flags, target: Url, reply: HttpResponse) -> str:
    method = _method(flags)
    lines = [f"*   Trying {target.address}:{target.port}..."]
    lines += [f"* Connected to {target.name} ({target.address}) port {target.port} (#0)"]
    lines += [
        f"> {method} {target.path} HTTP/1.1",
        f"> Host: {target.name}",
        "> User-Agent: curl/7.88.1",
        "> Accept: */*",
        ">",
    ]
    lines += [f"< {line}" for line in _head(context.host, reply).splitlines()] + ["<"]
    return "".join(f"{line}\n" for line in lines)


def _written(context: CommandContext, flags: Flags, target: Url, reply: HttpResponse | None) -> str:
    """The output of -w, with the commonly used variables; code 000 means no response."""
    if "w" not in flags:
        return ""
    took = delay(context, target.address or "", target.port) / 1000 if reply else 0.0
    values = {
        "http_code": str(reply.code) if reply else "000",
        "response_code": str(reply.code) if reply else "000",
        "size_download": str(len(reply.body.encode()) if reply and "I" not in flags else 0),
        "content_type": reply.kind if reply else "",
        "url_effective": target.url if "://" in target.url else f"http://{target.url}",
        "url": target.url,
        "remote_ip": target.address or "",
        "remote_port": str(target.port),
        "method": _method(flags),
        "scheme": "HTTPS" if target.secure else "HTTP",
        "num_redirects": "0",
        "time_namelookup": f"{took / 8:.6f}",
        "time_connect": f"{took / 4:.6f}",
        "time_appconnect": "0.000000",
        "time_starttransfer": f"{took * 0.9:.6f}",
        "time_total": f"{took:.6f}",
        "exitcode": "0" if reply else "7",
        "errormsg": "",
    }
    text = flags.get("w").replace(r"\n", "\n").replace(r"\t", "\t").replace(r"\r", "\r")
    return re.sub(r"%\{(\w+)\}", lambda match: values.get(match[1], ""), text)


def _save(context: CommandContext, name: str, text: str) -> None:
    """Write a file relative to the working folder; devices are ignored."""
    path = posixpath.normpath(posixpath.join(context.cwd, name))
    if not path.startswith("/dev/"):
        host = context.pull()
        context.change(host.with_file(path, File(text, modified=host.now)))


# --- wget -----------------------------------------------------------------------------------------------------------


WGET = options("""
    -q --quiet
    -O --output-document=
    --spider
    -S --server-response
    -k --no-check-certificate
    ~ -T --timeout=
    ~ -t --tries=
    ~ -n --no-verbose
    ~ -v --verbose
    -H --header=
    ~ --user-agent=
""")


def _wget(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, WGET)
    if not flags.words:
        return fail("wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.")
    target = _parse_url(context, flags.words[0])
    if target is None:
        return fail(f"{flags.words[0]}: Invalid URL.")
    method = "HEAD" if "spider" in flags else "GET"
    reply = _request(context, flags, target, method, f"Wget/{release('wget', context.host)}")
    when = datetime.fromtimestamp(context.host.now, UTC).strftime("%Y-%m-%d %H:%M:%S")
    log = f"--{when}--  http://{target.name}:{target.port}{target.path}\n"
    if isinstance(reply, tuple):
        why = f"wget: unable to resolve host address ‘{target.name}’" if reply[0] == 6 else f"failed: {_plain(reply)}."
        return BuiltinResult(stderr="" if "q" in flags else f"{log}{why}\n", exit_code=5 if reply[0] == 60 else 4)
    if reply.code >= 400:
        why = f"{log}HTTP request sent, awaiting response... {reply.code} {REASONS[reply.code]}\n"
        why += f"{when} ERROR {reply.code}: {REASONS[reply.code]}.\n"
        return BuiltinResult(stderr="" if "q" in flags else why, exit_code=8)
    log += f"HTTP request sent, awaiting response... 200 OK\nLength: {len(reply.body)} [{reply.kind}]\n"
    if "spider" in flags:
        return BuiltinResult(stderr="" if "q" in flags else f"{log}Remote file exists.\n\n")
    name = flags.get("O") or posixpath.basename(target.path) or "index.html"
    if name != "-":
        _save(context, name, reply.body)
        log += f"Saving to: ‘{name}’\n\n{when} - ‘{name}’ saved [{len(reply.body)}/{len(reply.body)}]\n"
    return BuiltinResult(stdout=reply.body if name == "-" else "", stderr="" if "q" in flags else log)


def _plain(failure: tuple[int, str]) -> str:
    return failure[1].rpartition(": ")[2]


COMMANDS: dict[str, Command] = {"curl": _curl, "wget": _wget}
