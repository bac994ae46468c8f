"""Validates services' configuration files and reports errors in each program's own words."""

import json
import re

import yaml

from fleet.model import Host, Service
from fleet.nginx_config import nginx_error
from fleet.sshd_config import config_errors as sshd_errors

_LINES = {
    "ini": r"\[[^\]\n]+\]|[\w.:-]+\s*=.*",
    "cnf": r"\[[^\]\n]+\]|!include(?:dir)? \S+|[\w-]+(?:\s*=.*)?",
    "postgresql.conf": r"[A-Za-z_][\w.]*(?:\s*=\s*|\s+)(?:'(?:[^']|'')*'|[^\s'#=]+)\s*(?:#.*)?",
    "redis.conf": r"[a-z][a-z-]*\s+\S.*",
    "apache2.conf": r"</?[A-Z]\w*[^>\n]*>|[A-Z]\w*\s+\S.*",
    "haproxy.cfg": r"[a-z][\w-]*(?:\s+.*)?",
}
"""File name or suffix -> regular expression for a line that is neither empty nor a comment."""


_LARGEST = 64_000
"""Longest YAML or JSON that is parsed, in characters: the parser is slow, and no real service config is longer."""


def config_error(host: Host, service: Service) -> str | None:
    """The error in a service's config; None if it is valid or the service has none."""
    path = service.config
    if path is None:
        return None
    if path not in host.files:
        return f'open() "{path}" failed (2: No such file or directory)'
    if service.name == "nginx":
        return nginx_error(host.files, path)
    text = host.files[path].content
    if path.endswith("/sshd_config"):
        return sshd_errors(path, text, host.files).partition("\n")[0] or None
    suffix = re.split(r"[.\\/]", path)[-1].lower()
    if suffix in ("yml", "yaml", "json") and len(text) > _LARGEST:
        return f"{path}: document exceeds the size limit"
    if suffix in ("yml", "yaml"):
        return _yaml_error(text, path)
    if suffix == "json":
        return _json_error(text, path)
    return _line_error(
        text, path, _LINES.get(re.split(r"[\\/]", path)[-1]) or _LINES.get(suffix, r"(?!<{7}|>{7}|={7}).*")
    )


def _yaml_error(text: str, path: str) -> str | None:
    try:
        yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return f"{path}: yaml: line {line}: {error.problem}"
    except yaml.reader.ReaderError as error:
        return f"{path}: yaml: {error.reason}"
    except RecursionError:
        return f"{path}: yaml: exceeded max depth"
    return None


def _json_error(text: str, path: str) -> str | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"{path}: line {error.lineno}, column {error.colno}: {error.msg}"
    except RecursionError:
        return f"{path}: nested too deeply"
    return None


def _line_error(text: str, path: str, shape: str) -> str | None:
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line and not line.startswith(("#", ";")) and not re.fullmatch(shape, line):
            return f'{path}:{number}: syntax error near "{line[:40]}"'
    return None
