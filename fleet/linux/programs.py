"""Programs that come with packages: their versions, and clients that check whether a server is up."""

import re
from collections.abc import Callable

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, not_found
from fleet.model import Host

VERSIONS = {
    "redis-server": ("redis-server", "--version -v", "Redis server v={v} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"),
    "psql": ("postgresql-15", "--version -V", "psql (PostgreSQL) {v}"),
    "postgres": ("postgresql-15", "--version -V", "postgres (PostgreSQL) {v}"),
    "mysql": ("mysql-server-8.0", "--version -V", "mysql  Ver {v} for Linux on x86_64"),
    "mysqld": ("mysql-server-8.0", "--version -V", "/usr/sbin/mysqld  Ver {v} for Linux on x86_64"),
    "apache2": ("apache2", "-v", "Server version: Apache/{v}"),
    "apachectl": ("apache2", "-v", "Server version: Apache/{v}"),
    "haproxy": ("haproxy", "-v", "HAProxy version {v}"),
    "grafana-server": ("grafana", "--version -v", "Version {v}"),
    "prometheus": ("prometheus", "--version", "prometheus, version {v}"),
    "python3": ("python3", "--version -V", "Python {v}"),
    "node": ("nodejs", "--version -v", "v{v}"),
    "dockerd": ("docker.io", "--version -v", "Docker version {v}"),
}
"""Program -> (its package, the options that ask for its version, what it then prints)."""


def upstream(version: str) -> str:
    """The version without the distribution's additions: 5:7.0.15-1~deb12u1 -> 7.0.15."""
    return re.split(r"[-+~]", version.partition(":")[2] or version)[0]


def _program(context: CommandContext) -> str | BuiltinResult:
    """Prints only the version: everything else such a program does is modelled by its service."""
    package, asking, text = VERSIONS[context.name]
    version = context.host.packages.get(package)
    if version is None:
        return not_found(context.name)
    if len(context.argv) == 1 and context.argv[0] in asking.split():
        return text.replace("{v}", upstream(version)) + "\n"
    return lacking(context, " ".join([context.name, *context.argv[:1]]))


def _client(service: str, asking: str, yes: str, no: str, code: int = 1) -> Command:
    """A client that prints `yes` if its service runs here, else fails with `no` and an exit code. `asking` matches the
    arguments with which it does that."""

    def client(context: CommandContext) -> str | BuiltinResult:
        host = context.host
        if service not in host.services:
            return not_found(context.name)
        if not re.fullmatch(asking, " ".join(context.argv)):
            return lacking(context, " ".join([context.name, *context.argv]), BuiltinResult(exit_code=1))
        return f"{yes}\n" if host.services[service].state == "active" else fail(no, code)

    return client


def _redis(context: CommandContext) -> str | BuiltinResult:
    answer: dict[str, Callable[[Host], str]] = {
        "ping": lambda host: "PONG",
        "info": lambda host: (
            f"# Server\nredis_version:{upstream(host.packages.get('redis-server', '7.0.15'))}\nrole:master"
        ),
        "dbsize": lambda host: "(integer) 0",
    }
    verb = context.argv[-1].lower() if context.argv else ""
    lost = "Could not connect to Redis at 127.0.0.1:6379: Connection refused"
    asking = rf"(-h (localhost|127\.0\.0\.1) |-p 6379 |(?i:{'|'.join(answer)}))+"
    return _client("redis", asking, answer[verb](context.host) if verb in answer else "", lost)(context)


COMMANDS: dict[str, Command] = {
    **dict.fromkeys(VERSIONS, _program),
    "redis-cli": _redis,
    "pg_isready": _client(
        "postgresql",
        "",
        "/var/run/postgresql:5432 - accepting connections",
        "/var/run/postgresql:5432 - no response",
        2,
    ),
    "mysqladmin": _client(
        "mysql",
        r"(-u ?\w+ |-p\S* |--silent )*ping",
        "mysqld is alive",
        "mysqladmin: connect to server at 'localhost' failed",
    ),
}
