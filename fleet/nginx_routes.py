"""What nginx's configuration says of a request: which server takes it, which location, and what becomes of it there.

Only what is decided here for certain is: see `Unclear`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import regex

from fleet.model import File
from fleet.nginx_config import MAX_FILES, included, statements


class Unclear(Exception):
    """The configuration has something of which it is not known what nginx makes of it; named in a few words."""


@dataclass(slots=True)
class Directive:
    """A directive, and those between its braces."""

    words: list[str]
    inside: list["Directive"]

    def all(self, name: str) -> Iterator["Directive"]:
        return (block for block in self.inside if block.words[0] == name)

    def words_of(self, name: str) -> list[str]:
        """The arguments of a directive; none if it is not given."""
        return next((block.words[1:] for block in self.all(name)), [])


@dataclass(frozen=True, slots=True)
class Route:
    """What becomes of a request."""

    levels: tuple[Directive, ...]
    """location, server and http: the inner one overrides"""
    server: str
    """the name of the server, "" if it has none"""
    backends: tuple[str, ...] = ()
    """host:port of what it is passed to; none: nginx answers itself"""
    uri: str = ""
    """as it is passed on"""
    returned: tuple[int, str] | None = None
    """code and text of `return`"""

    def setting(self, name: str) -> list[str]:
        """The arguments of a directive as they apply here."""
        return next((found for level in self.levels if (found := level.words_of(name))), [])


_UNCLEAR = ("if", "rewrite", "set", "error_page", "auth_basic", "deny", "limit_except", "limit_req", "fastcgi_pass",
    "uwsgi_pass", "location", "proxy_intercept_errors", "proxy_cache", "proxy_next_upstream")  # fmt: skip
"""Directives of a location that decide about its requests in ways that are not simulated."""
_PLAIN_PATTERN = re.compile(r"(?:\(\?i\))?\^?(?:[\w/-]|\\[.d]|\.[*+]?|[(|)])*\$?")
"""Regular expressions that mean the same to PCRE and to Python."""
_SECONDS = 0.5
"""That matching one may take: a configuration may come from a model."""


def route(files: Mapping[str, File], path: str, port: int, name: str, uri: str) -> Route | None:
    """What the (valid) configuration at `path` makes of a request for a URI of the host `name` on a port; None if no
    server listens there.

    Raises:
        Unclear: that is not known.
    """
    main = Directive(["main"], _blocks(files, path, [0]))
    web = next(main.all("http"), Directive(["http"], []))
    servers = [server for server in web.all("server") if _listen(server, port)]
    if not servers:
        return None
    server = _server(servers, port, name)
    if any(word in _UNCLEAR[:3] for word in (block.words[0] for block in server.inside)):
        raise Unclear("nginx rewrites")
    server_name = (server.words_of("server_name") or [""])[0]
    if returned := server.words_of("return"):
        return Route((server, web, main), server_name, returned=_returned(returned))
    location = _location(server, uri.partition("?")[0])
    if location is None:
        return Route((server, web, main), server_name)
    if unclear := next((block.words[0] for block in location.inside if block.words[0] in _UNCLEAR), ""):
        raise Unclear(f"nginx {unclear}")
    levels = (location, server, web, main)
    if returned := location.words_of("return"):
        return Route(levels, server_name, returned=_returned(returned))
    if target := location.words_of("proxy_pass"):
        if server.words_of("error_page") or web.words_of("error_page"):
            raise Unclear("nginx error_page")
        backends, passed = _passed(web, target[0], location.words[1:], uri)
        return Route(levels, server_name, backends, passed)
    return Route(levels, server_name)


def _blocks(files: Mapping[str, File], path: str, opened: list[int]) -> list[Directive]:
    """The directives of a file, with those of the files that it includes."""
    opened[0] += 1
    if opened[0] > MAX_FILES:
        raise Unclear("nginx include")
    top = Directive([], [])
    within = [top]
    for statement in statements(files[path].content, path):
        if statement.end == "}":
            within.pop()
        elif statement.end == "{":
            block = Directive(statement.words, [])
            within[-1].inside.append(block)
            within.append(block)
        elif statement.words[:1] == ["include"]:
            for other in included(files, statement.words[1]):
                there = _blocks(files, other, opened) if other in files else [Directive(statement.words, [])]
                within[-1].inside += there
        elif statement.words:
            within[-1].inside.append(Directive(statement.words, []))
    return top.inside


def _listen(server: Directive, port: int) -> list[str] | None:
    """The `listen` line of a server for a port."""
    lines = [block.words[1:] for block in server.all("listen")] or [["80"]]
    ports = {(match[1] if (match := re.search(r"(?:^|:)(\d+)$", line[0])) else "80"): line for line in lines}
    return ports.get(str(port))


def _server(servers: list[Directive], port: int, name: str) -> Directive:
    named = [(server, block.words[1:]) for server in servers for block in server.all("server_name")]
    for server, names in named:
        if name.lower() in (known.lower() for known in names):
            return server
    if any(known[:1] in ("*", ".", "~") or known.endswith(".*") for _, names in named for known in names):
        raise Unclear("nginx server_name with a pattern")
    default = (server for server in servers if {"default_server", "default"} & set(_listen(server, port) or ()))
    return next(default, servers[0])


def _location(server: Directive, path: str) -> Directive | None:
    """The location of a path: the exact one, else the longest prefix, unless a regular expression fits."""
    plain: list[tuple[str, Directive]] = []
    patterns: list[tuple[str, Directive]] = []
    for block in server.all("location"):
        modifier, pattern = block.words[1:] if len(block.words) == 3 else ("", block.words[1])
        if modifier == "=" and pattern == path:
            return block
        if modifier in ("~", "~*"):
            patterns.append((pattern if modifier == "~" else f"(?i){pattern}", block))
        elif modifier != "=" and path.startswith(pattern):
            plain.append((pattern, block))
    best = max(plain, key=lambda found: len(found[0]), default=(None, None))[1]
    if best is not None and best.words[1] == "^~":
        return best
    for pattern, block in patterns:
        if _matches(pattern, path):
            return block
    return best


def _matches(pattern: str, path: str) -> bool:
    if not _PLAIN_PATTERN.fullmatch(pattern):
        raise Unclear("nginx location with a pattern")
    try:
        return regex.search(pattern, path, timeout=_SECONDS) is not None
    except (TimeoutError, regex.error) as error:
        raise Unclear("nginx location with a pattern") from error


def _returned(words: list[str]) -> tuple[int, str]:
    if not words[0].isdecimal() or words[0].startswith("3") or any("$" in word for word in words):
        raise Unclear("nginx return")
    return int(words[0]), words[1] if len(words) > 1 else ""


def _passed(web: Directive, target: str, location: list[str], uri: str) -> tuple[tuple[str, ...], str]:
    """The backends of a proxy_pass, and the URI that they are asked for."""
    match = re.fullmatch(r"http://([\w.-]+)(?::(\d{1,5}))?(/[^$]*)?", target)
    if match is None:
        raise Unclear("nginx proxy_pass")
    path, _, query = uri.partition("?")
    prefix = location[-1]
    passed = uri if match[3] is None else match[3] + path.removeprefix(prefix) + (f"?{query}" if query else "")
    for group in web.all("upstream"):
        if group.words[1] == match[1]:
            servers = [block.words[1:] for block in group.all("server")]
            if any({"down", "backup"} & set(words) or words[0].startswith("unix:") for words in servers):
                raise Unclear("nginx upstream")
            return tuple(words[0] if ":" in words[0] else f"{words[0]}:80" for words in servers), passed
    return (f"{match[1]}:{match[2] or 80}",), passed
