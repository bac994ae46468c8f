"""Draws AJ's own machine: a small git project in /workspace."""

from dataclasses import replace
from hashlib import sha1
from random import Random

from fleet.draw import draw_host
from fleet.model import Commit, File, Host, Repository

FOLDER = "/workspace"
PROJECTS = ("shop", "billing", "inventory", "status-page", "reports", "gateway")
AUTHORS = ("dev", "ops", "release-bot")
SUBJECTS = (
    "Fix the timeout of the health check",
    "Raise the connection pool",
    "Add a retry to the mailer",
    "Tidy the deploy script",
    "Log the request id",
    "Pin the base image",
    "Rename the orders queue",
    "Remove the old metrics endpoint",
    "Cache the price list",
)
SOURCES = {
    "README.md": "# {project}\n\nRun `./deploy.sh`.\n",
    "app.py": 'VERSION = "{version}"\n\n\ndef health():\n    return {{"status": "ok", "version": VERSION}}\n',
    "config.yml": "name: {project}\nport: {port}\nworkers: {workers}\ntimeout: {timeout}\n",
    "deploy.sh": "#!/bin/bash\nset -e\necho deploying {project} {version}\n",
    "requirements.txt": "fastapi==0.115.{minor}\nuvicorn==0.32.{minor}\n",
    "tests/test_app.py": 'from app import health\n\n\ndef test_health():\n    assert health()["status"] == "ok"\n',
    "hosts.txt": "{hosts}",
    "Makefile": "test:\n\tpython -m pytest tests\n",
    "Dockerfile": "FROM python:3.11-slim\nCOPY . /app\n",
    "schema.sql": "CREATE TABLE items (id integer, name text);\n",
    "CHANGELOG.md": "# {version}\n",
    "users.csv": "id,name\n",
}
OPTIONAL = ("README.md", "requirements.txt", "Makefile", "Dockerfile", "schema.sql", "CHANGELOG.md", "users.csv")
"""Two of these exist in each workspace, so that its content is not known without looking."""


def draw_workspace(rng: Random, now: int, hosts: tuple[str, ...] = ()) -> Host:
    """Draw the workspace: a project with a version, a few commits, and one uncommitted change."""
    host = draw_host("workspace", rng, now=now)
    project, version = rng.choice(PROJECTS), ".".join(str(rng.randrange(10)) for _ in range(3))
    slots = {
        "project": project,
        "version": version,
        "port": rng.choice((8000, 8080, 9000, 5000)),
        "workers": rng.randrange(2, 9),
        "timeout": rng.choice((10, 15, 30, 45)),
        "minor": rng.randrange(9),
        "hosts": "".join(f"{name}\n" for name in hosts),
    }
    absent = rng.sample(OPTIONAL, len(OPTIONAL) - 2)
    tree = {path: text.format(**slots) for path, text in SOURCES.items() if path not in absent}
    tree["VERSION"] = f"{version}\n"
    files = {f"{FOLDER}/{path}": File(text, modified=now - rng.randrange(3600, 90_000)) for path, text in tree.items()}
    changed = rng.choice(("config.yml", "app.py", "deploy.sh"))
    touched = f"{FOLDER}/{changed}"
    files[touched] = replace(files[touched], content=files[touched].content + "# to be checked\n", modified=now - 600)
    kept = {path: file for path, file in host.files.items() if not path.startswith(("/srv/", "/var/log/app"))}
    return replace(
        host,
        files={**kept, **files},
        repository=Repository(FOLDER, "main", _commits(tree, rng, now), ("main", "develop")),
    )


def _commits(tree: dict[str, str], rng: Random, now: int) -> tuple[Commit, ...]:
    """Newest first; the newest holds the whole tree, older ones successively less."""
    subjects = rng.sample(SUBJECTS, rng.randrange(3, 6))
    commits, time = [], now - 7200
    paths = sorted(tree)
    for number, subject in enumerate(subjects):
        files = {path: tree[path] for path in paths[: len(paths) - number]}
        identity = sha1(f"{subject}{time}{rng.random()}".encode()).hexdigest()
        commits.append(Commit(identity, rng.choice(AUTHORS), time, subject, files))
        time -= rng.randrange(3600, 200_000)
    return tuple(commits)


def repository(local: Host) -> Repository:
    """The workspace's repository; every drawn workspace has one."""
    assert local.repository
    return local.repository


def clean(local: Host) -> Host:
    """The workspace with its committed files as in the newest commit; untracked files stay."""
    committed = {f"{FOLDER}/{path}": text for path, text in repository(local).commits[0].files.items()}
    files = {
        path: replace(local.files.get(path, File(modified=local.now)), content=text) for path, text in committed.items()
    }
    return replace(local, files={**local.files, **files})


def edit(local: Host, path: str, text: str) -> Host:
    """The workspace with an uncommitted change: new content in one of its files."""
    return local.with_file(f"{FOLDER}/{path}", File(text, modified=local.now - 300))
