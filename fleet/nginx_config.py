"""Parses nginx's configuration: its grammar, where directives are allowed, and nginx's error messages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from posixpath import join

from fleet.model import File

FOLDER = "/etc/nginx"
PACKAGED = re.compile(
    r"/etc/nginx/(?:mime\.types|proxy_params|fastcgi_params|fastcgi\.conf|uwsgi_params|scgi_params|snippets/.*)"
    r"|/usr/share/nginx/.*|/etc/letsencrypt/.*"
)
"""Files that come with a package: assumed valid, and not stored unless someone wrote to them."""

# Directive name; contexts where it is allowed (m main, e events, h http, s server, l location, u upstream, i if, t
# stream); number of arguments ("+" for one or more); "{" for a block. Taken from nginx's own command tables.
_TABLE = """
user m 1-2|worker_processes m 1|worker_rlimit_nofile m 1|pid m 1|daemon m 1|master_process m 1|load_module m 1
error_log mhsl 1-2|env m 1|pcre_jit m 1|include mehsluit 1|events m 0 {|http m 0 {|stream m 0 {
worker_connections e 1|multi_accept e 1|use e 1|accept_mutex e 1
server ht 0 {|upstream ht 1 {|map ht 2 {|geo ht 1-2 {|types hsl 0 {|location sl 1-2 {|if sl + {|limit_except l + {
server u +|keepalive u 1|keepalive_timeout hslu 1-2|least_conn u 0|ip_hash u 0|zone u 1-2|hash u 1-2
listen s +|server_name s +|root hsli 1|alias l 1|index hsl +|try_files sl 2-9|error_page hsli 2-9|return sli 1-2
rewrite sli 2-3|set sli 2|break sli 0|internal l 0|autoindex hsl 1|expires hsli 1-2|add_header hsli 2-3|allow hsl 1
deny hsl 1|auth_basic hsl 1|auth_basic_user_file hsl 1|satisfy hsl 1|default_type hsl 1|charset hsli 1
access_log hsli +|log_format h 2-99|log_not_found hsl 1|sendfile hsli 1|tcp_nopush hsl 1|tcp_nodelay hsl 1
types_hash_max_size hsl 1|types_hash_bucket_size hsl 1|server_tokens hsl 1|server_names_hash_bucket_size h 1
client_max_body_size hsl 1|client_body_timeout hsl 1|client_header_timeout hs 1|send_timeout hsl 1
client_body_buffer_size hsl 1|large_client_header_buffers hs 2|keepalive_requests hslu 1|resolver hsl +
reset_timedout_connection hsl 1|open_file_cache hsl 1-2|gzip hsli 1|gzip_vary hsl 1|gzip_proxied hsl +
gzip_comp_level hsl 1|gzip_buffers hsl 2|gzip_http_version hsl 1|gzip_types hsl +|gzip_min_length hsl 1
gzip_disable hsl +|gzip_static hsl 1|ssl hs 1|ssl_certificate hs 1|ssl_certificate_key hs 1|ssl_protocols hs +
ssl_ciphers hs 1|ssl_prefer_server_ciphers hs 1|ssl_session_cache hs 1-2|ssl_session_timeout hs 1
ssl_session_tickets hs 1|ssl_dhparam hs 1|ssl_stapling hs 1|ssl_stapling_verify hs 1|http2 hs 1
proxy_pass lit 1|proxy_set_header hsl 2|proxy_http_version hsl 1|proxy_redirect hsl 1-2|proxy_buffering hsl 1
proxy_buffers hsl 2|proxy_buffer_size hsl 1|proxy_connect_timeout hslt 1|proxy_read_timeout hsl 1
proxy_send_timeout hsl 1|proxy_timeout t 1|proxy_cache hsl 1|proxy_cache_path h 2-99|proxy_cache_valid hsl +
proxy_cache_bypass hsl +|proxy_no_cache hsl +|proxy_hide_header hsl 1|proxy_intercept_errors hsl 1
proxy_next_upstream hsl +|proxy_ssl_verify hsl 1|fastcgi_pass li 1|fastcgi_param hsl 2-3|fastcgi_index hsl 1
fastcgi_split_path_info l 1|fastcgi_read_timeout hsl 1|uwsgi_pass li 1|real_ip_header hsl 1|set_real_ip_from hsl 1
limit_req_zone h 3|limit_req hsl 1-3|limit_conn_zone h 2|limit_conn hsl 2|limit_rate hsli 1|stub_status sl 0-1
"""
MAX_FILES = 64
"""Most files that one configuration opens; a file that includes itself stops here."""
_LETTERS = {"main": "m", "events": "e", "http": "h", "server": "s", "location": "l", "upstream": "u", "if": "i"}
_FREE = ("map", "geo", "types")
"""Blocks whose lines hold values, not directives."""
_TOKEN = re.compile(
    r"(?P<comment>#[^\n]*)|(?P<newline>\n)|(?P<space>[^\S\n]+)|(?P<mark>[{};])"
    r"|(?P<word>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|(?:\$\{|\\.|[^\s{};])(?:\$\{[^}\s]*\}|\\.|[^\s{};])*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Rule:
    contexts: str
    least: int
    most: int
    block: bool


def _rules() -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = {}
    for item in re.split(r"[|\n]", _TABLE.strip()):
        name, contexts, count, *block = item.split()
        least, most = (1, 99) if count == "+" else (int(count.split("-")[0]), int(count.split("-")[-1]))
        rules.setdefault(name, []).append(_Rule(contexts, least, most, bool(block)))
    return rules


_RULES = _rules()


class _Fault(Exception):
    """The first error, in nginx's words."""


@dataclass(frozen=True, slots=True)
class _Statement:
    words: list[str]
    end: str
    """";", "{", "}", or "" at the end of the file"""
    line: int


@dataclass(slots=True)
class _Read:
    """What was found while reading a configuration."""

    files: Mapping[str, File]
    opened: list[str] = field(default_factory=list)
    """paths, in the order in which nginx opens them"""
    listens: list[str] = field(default_factory=list)
    """addresses of the `listen` lines"""


def nginx_error(files: Mapping[str, File], path: str) -> str | None:
    """nginx's error message for the configuration at `path`, includes followed; None if it is valid."""
    return _whole(files, path)[1]


def nginx_ports(files: Mapping[str, File], path: str) -> tuple[int, ...]:
    """The TCP ports that a configuration listens on, in ascending order; none if it is invalid."""
    found, fault = _whole(files, path)
    addresses = [] if fault else [address for address in found.listens if not address.startswith("unix:")]
    ports = (re.search(r"(?:^|:)(\d+)$", address) for address in addresses)
    return tuple(sorted({int(match[1]) if match else 80 for match in ports}))  # an address without a port means port 80


def nginx_files(files: Mapping[str, File], path: str) -> list[str]:
    """The stored files of a configuration, each once, in the order in which nginx opens them."""
    return list(dict.fromkeys(_whole(files, path)[0].opened))


def _whole(files: Mapping[str, File], path: str) -> tuple[_Read, str | None]:
    """Everything read up to the first error, and that error."""
    found = _Read(files)
    try:
        _read(found, path, "main")
    except _Fault as fault:
        return found, str(fault)
    return found, None


def included(files: Mapping[str, File], pattern: str) -> list[str]:
    full = join(FOLDER, pattern)
    if any(mark in full for mark in "*?["):
        return sorted(name for name in files if fnmatchcase(name, full) and name.count("/") == full.count("/"))
    return [full]


def _read(found: _Read, path: str, context: str, where: str = "") -> None:
    """Check one file, included at `where`, whose statements are in `context`."""
    if path not in found.files:
        raise _Fault(f'open() "{path}" failed (2: No such file or directory){where}')
    if len(found.opened) >= MAX_FILES:
        raise _Fault(f'open() "{path}" failed (24: Too many open files){where}')
    found.opened.append(path)
    open_blocks, line = [context], 1
    for statement in statements(found.files[path].content, path):
        line = statement.line
        if statement.end == "}":
            if len(open_blocks) == 1:
                raise _Fault(f'unexpected "}}" in {path}:{line}')
            open_blocks.pop()
        elif statement.end:
            _take(found, statement, open_blocks, path)
    if len(open_blocks) > 1:
        raise _Fault(f'unexpected end of file, expecting "}}" in {path}:{line}')


def _take(found: _Read, statement: _Statement, open_blocks: list[str], path: str) -> None:
    """Check a statement and apply it: open a block, listen, include."""
    words, here, where = statement.words, open_blocks[-1], f"{path}:{statement.line}"
    if here not in _FREE:
        _check(words, statement.end, here, where)
    if statement.end == "{":
        open_blocks.append("stream server" if words[0] == "server" and here == "stream" else words[0])
    elif words[0] == "listen":
        found.listens.append(words[1])
    elif words[0] == "include" and len(words) == 2:
        for other in included(found.files, words[1]):
            if other in found.files or not PACKAGED.fullmatch(other):
                _read(found, other, here, f" in {where}")


def statements(text: str, path: str) -> Iterator[_Statement]:
    """The statements of a file, then one without words at its end; `line` is where a statement ends."""
    words: list[str] = []
    line = 1
    for token in _TOKEN.finditer(text):
        kind, piece = token.lastgroup, token[0]
        if kind == "word":
            words.append(piece[1:-1] if piece[0] in "\"'" and len(piece) > 1 else piece)
        elif kind == "mark":
            if bool(words) == (piece == "}"):
                raise _Fault(f'unexpected "{piece}" in {path}:{line}')
            yield _Statement(words, piece, line)
            words = []
        line += piece.count("\n")
    if words:
        raise _Fault(f'unexpected end of file, expecting ";" or "}}" in {path}:{line}')
    yield _Statement([], "", line)


def _check(words: list[str], end: str, block: str, where: str) -> None:
    """Check in nginx's order: is the directive known, allowed here, properly terminated, with the right number of
    arguments?"""
    name, letter = words[0], "t" if block.startswith("stream") else _LETTERS.get(block, "l")
    if name not in _RULES:
        raise _Fault(f'unknown directive "{name}" in {where}')
    letters = "st" if block == "stream server" else letter
    rule = next((rule for rule in _RULES[name] if set(letters) & set(rule.contexts)), None)
    if rule is None:
        raise _Fault(f'"{name}" directive is not allowed here in {where}')
    if rule.block and end != "{":
        raise _Fault(f'directive "{name}" has no opening "{{" in {where}')
    if not rule.block and end == "{":
        raise _Fault(f'directive "{name}" is not terminated by ";" in {where}')
    if not rule.least <= len(words) - 1 <= rule.most:
        raise _Fault(f'invalid number of arguments in "{name}" directive in {where}')
    if name == "listen":
        _check_listen(words, where)


def _check_listen(words: list[str], where: str) -> None:
    port = re.search(r"(?:^|:)(\d+)$", words[1])
    if port and not 1 <= int(port[1]) <= 65535:
        raise _Fault(f'invalid port in "{words[1]}" of the "listen" directive in {where}')
    plain = (
        "default_server",
        "default",
        "ssl",
        "http2",
        "quic",
        "deferred",
        "bind",
        "reuseport",
        "proxy_protocol",
        "udp",
    )
    for word in words[2:]:
        if word not in plain and "=" not in word:
            raise _Fault(f'invalid parameter "{word}" in {where}')
