"""The nginx command: test the configuration, start the server, signal a running one."""

from bashkit import BuiltinResult

from fleet import actions
from fleet.actions import FailedAction
from fleet.linux.command import Command, CommandContext, fail, lacking, not_found, parse
from fleet.linux.options import options
from fleet.nginx_config import nginx_error, nginx_files

CONFIG = "/etc/nginx/nginx.conf"


NGINX = options("""
    -t
    -T
    -q
    -v
    -V
    -s=
    -c=
    -g=
    -p=
    -e=
    -h
    -?
""")


USAGE = """Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]

"""


def _nginx(context: CommandContext) -> str | BuiltinResult:
    host = context.pull()
    if "nginx" not in host.packages:
        return not_found("nginx")
    flags = parse(context, NGINX, most=0)
    version = host.packages["nginx"].split(":")[-1].split("-")[0]
    if {"h", "?"} & flags.values.keys():
        return BuiltinResult(stderr=f"nginx version: nginx/{version}\n{USAGE}")
    if missing := {"g", "p", "e"} & flags.values.keys():
        return lacking(context, f"nginx -{min(missing)}", BuiltinResult(exit_code=1))
    if "v" in flags or "V" in flags:
        return BuiltinResult(stderr=f"nginx version: nginx/{version}\n")
    path = flags.get("c", CONFIG)
    why = nginx_error(host.files, path)
    if "t" in flags or "T" in flags:
        return _tested(context, path, why, whole="T" in flags, quiet="q" in flags)
    if why:
        return fail(f"nginx: [emerg] {why}")
    if "s" in flags:
        return _signal(context, flags.get("s"))
    return _start(context)


def _tested(context: CommandContext, path: str, why: str | None, whole: bool, quiet: bool) -> BuiltinResult:
    if why:
        return fail(f"nginx: [emerg] {why}\nnginx: configuration file {path} test failed")
    files = context.host.files
    text = "".join(f"# configuration file {name}:\n{files[name].content}\n" for name in nginx_files(files, path))
    passed = f"nginx: the configuration file {path} syntax is ok\nnginx: configuration file {path} test is successful\n"
    return BuiltinResult(stdout=text if whole else "", stderr="" if quiet else passed)


def _signal(context: CommandContext, word: str) -> str | BuiltinResult:
    host = context.host
    if word not in ("reload", "stop", "quit", "reopen"):
        return fail(f'nginx: invalid option: "-s {word}"')
    service = host.services.get("nginx")
    if service is None or service.state != "active":
        return fail('nginx: [error] open() "/run/nginx.pid" failed (2: No such file or directory)')
    if word == "reopen":
        return ""
    done = actions.reload(host, "nginx") if word == "reload" else actions.stop(host, "nginx")
    context.change(done.host if isinstance(done, FailedAction) else done)
    return fail(f"nginx: [emerg] {done.why}") if isinstance(done, FailedAction) else ""


def _start(context: CommandContext) -> str | BuiltinResult:
    service = context.host.services.get("nginx")
    if service is None:
        return fail("nginx: [emerg] no service of this name is installed")
    if service.state == "active":
        port = service.ports[0] if service.ports else 80
        return fail(f"nginx: [emerg] bind() to 0.0.0.0:{port} failed (98: Address already in use)")
    done = actions.start(context.host, "nginx")
    context.change(done.host if isinstance(done, FailedAction) else done)
    return fail(f"nginx: [emerg] {done.why}") if isinstance(done, FailedAction) else ""


COMMANDS: dict[str, Command] = {"nginx": _nginx}
