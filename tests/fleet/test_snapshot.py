"""Flat keys: what AJ is answerable for shows as a difference, and what moves by itself does not."""

from dataclasses import replace
from random import Random

import pytest

from fleet.actions import FailedAction, restart, stop, tick
from fleet.draw import draw_host
from fleet.model import File, Host
from fleet.ports import main_process
from fleet.signals import kill
from fleet.snapshot import Diff, diff, flatten
from fleet.workspace import draw_workspace
from scenarios.trouble import with_containers, with_service

HOST = with_containers(with_service(draw_host("web01", Random(7)), "nginx"), ["api", "cache"])
LOCAL = draw_workspace(Random(7), HOST.now)
LOG = "/var/log/nginx/error.log"
FIRST = f"containers/{HOST.containers[0].name}"


def _diff(after: Host | FailedAction) -> Diff:
    assert isinstance(after, Host)
    return diff({"web01": HOST}, {"web01": after})


def _log(host: Host, content: str, bulk: int | None = None) -> Host:
    old = host.files[LOG]
    return host.with_file(LOG, replace(old, content=content, bulk=old.bulk if bulk is None else bulk))


def test_a_host_differs_from_itself_in_nothing():
    assert diff({"web01": HOST, "workspace": LOCAL}, {"web01": HOST, "workspace": LOCAL}) == {}


def test_keys_read_like_paths_and_begin_with_the_host():
    flat = flatten({"web01": HOST, "workspace": LOCAL})
    assert flat["web01/services/nginx/state"] == "active"
    assert flat["web01/services/nginx/restarts"] == "0"
    assert flat["workspace/repository/branch"] == "main"
    assert "web01/files/etc/nginx/nginx.conf" in flat
    assert {key.split("/", 1)[0] for key in flat} == {"web01", "workspace"}


@pytest.mark.parametrize(
    ("after", "keys"),
    [
        (restart(HOST, "nginx"), {"services/nginx/restarts"}),
        (stop(HOST, "nginx"), {"services/nginx/state"}),
        (HOST.with_file("/tmp/new", File("x")), {"files/tmp/new"}),
        (HOST.with_file("/etc/hosts", None), {"files/etc/hosts"}),
        (HOST.with_file("/etc/hosts", File("x")), {"files/etc/hosts"}),
        (HOST.with_file(LOG, None), {f"files{LOG}"}),
        (_log(HOST, ""), {f"files{LOG}"}),
        (_log(HOST, "x", 0), {f"files{LOG}"}),
        (replace(HOST, packages={**HOST.packages, "htop": "3.2"}), {"packages/htop"}),
        (replace(HOST, containers=HOST.containers[1:]), {f"{FIRST}/state", f"{FIRST}/restarts"}),
    ],
    ids=[
        "restart",
        "stop",
        "new_file",
        "removed",
        "rewritten",
        "log_removed",
        "log_emptied",
        "log_bulk",
        "package",
        "container",
    ],
)
def test_a_change_shows_under_its_own_key_and_no_other(after, keys):
    assert {key.removeprefix("web01/") for key in _diff(after)} == keys


@pytest.mark.parametrize(
    "after",
    [
        tick(HOST, 3600),
        replace(HOST, journal=()),
        replace(HOST, loads=(9.0, 9.0)),
        _log(HOST, HOST.files[LOG].content + "one more line\n"),
        HOST.with_file("/etc/hosts", replace(HOST.files["/etc/hosts"], modified=1)),
    ],
    ids=["clock", "journal", "load", "longer_log", "touched"],
)
def test_what_moves_by_itself_shows_nowhere(after):
    assert _diff(after) == {}


def test_a_killed_main_process_shows_as_a_failed_service_and_not_as_a_process():
    main = main_process(HOST, "nginx")
    assert main
    assert _diff(kill(HOST, main.pid)) == {"web01/services/nginx/state": ("active", "failed")}


def test_what_is_gone_is_none_and_what_is_new_was_none():
    after = HOST.with_file("/etc/hosts", None).with_file("/tmp/new", File("x"))
    changed = _diff(after)
    assert changed["web01/files/etc/hosts"][1] is None
    assert changed["web01/files/tmp/new"][0] is None


def test_a_commit_and_a_branch_show():
    repository = LOCAL.repository
    assert repository
    after = replace(LOCAL, repository=replace(repository, branch="develop", commits=repository.commits[1:]))
    changed = diff({"workspace": LOCAL}, {"workspace": after})
    assert changed == {
        "workspace/repository/branch": ("main", "develop"),
        "workspace/repository/head": (repository.commits[0].id, repository.commits[1].id),
    }
