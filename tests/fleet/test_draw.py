"""Drawn hosts: the same seed gives the same one, every value differs between seeds, and each is a sound machine."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fleet.config_checks import config_error
from fleet.draw import ALWAYS, START, draw_host, software
from fleet.model import Host
from fleet.ports import listeners, main_process
from fleet.workspace import FOLDER, clean, draw_workspace, edit, repository

SEEDS = st.integers(0, 2**31 - 1)
PLATFORMS = st.sampled_from(["linux", "windows"])
HALF_A_YEAR = 180 * 86_400


@given(SEEDS, PLATFORMS)
@settings(max_examples=20)
def test_a_host_is_its_name_its_platform_and_its_seed(seed, platform):
    host = draw_host("web01", Random(seed), platform)
    assert host == draw_host("web01", Random(seed), platform)
    assert host != draw_host("web01", Random(seed + 1), platform)
    assert (host.name, host.platform) == ("web01", platform)


@given(SEEDS, PLATFORMS)
@settings(max_examples=40)
@example(46462, "windows")  # its processes need more than the memory that was drawn first
@example(2756, "windows")
def test_a_drawn_host_is_a_sound_machine(seed, platform):
    host = draw_host("web01", Random(seed), platform)
    pids = [process.pid for process in host.processes]
    assert len(set(pids)) == len(pids)
    assert max(pids) < host.next_pid
    assert host.services.keys() >= {*ALWAYS[platform]}
    for service in host.services.values():
        assert (main_process(host, service.name) is not None) == (service.state == "active"), service
        assert config_error(host, service) is None, service
    ports = [port for service in host.services.values() for port in service.ports]
    assert len(set(ports)) == len(ports), "two services want one port"
    assert {listener.service for listener in listeners(host) if listener.service} <= host.services.keys()
    assert START <= host.now < START + HALF_A_YEAR
    assert all(host.boot <= entry.time <= host.now for entry in host.journal)
    assert [entry.time for entry in host.journal] == sorted(entry.time for entry in host.journal)
    assert all(0 < host.used(mount) + host.available(mount) <= mount.size for mount in host.mounts)
    assert 0 < host.memory_used < host.memory.total


@pytest.mark.parametrize("platform", ["linux", "windows"])
def test_paths_are_those_of_the_platform(platform):
    host = draw_host("web01", Random(7), platform)
    starts = "/" if platform == "linux" else "C:\\"
    assert all(path.startswith(starts) for path in host.files)
    assert all(name in getattr(software(), platform) for name in host.services)


VALUES: dict[str, Callable[[Host], object]] = {
    "disk": lambda host: host.percent(),
    "memory": lambda host: host.memory_used,
    "load": lambda host: host.load,
    "services": lambda host: tuple(host.services),
    "a state": lambda host: tuple(service.state for service in host.services.values()),
    "address": lambda host: host.address,
    "version": lambda host: host.files["/srv/app/VERSION"].content,
    "log": lambda host: host.files["/var/log/app.log"].content,
    "system": lambda host: host.system.name,
}
HOSTS = [draw_host("web01", Random(seed)) for seed in range(24)]


@pytest.mark.parametrize("value", VALUES)
def test_no_value_can_be_guessed(value):
    assert len({VALUES[value](host) for host in HOSTS}) > 2


def test_some_hosts_have_a_service_that_is_down_and_some_have_none():
    down = [any(service.state != "active" for service in host.services.values()) for host in HOSTS]
    assert 6 <= sum(down) < len(HOSTS)


# --- AJ's own machine -----------------------------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=20)
def test_a_workspace_is_a_project_with_one_change_that_is_not_committed(seed):
    local = draw_workspace(Random(seed), START, ("web01", "db-2"))
    assert local == draw_workspace(Random(seed), START, ("web01", "db-2"))
    committed = repository(local).commits[0].files
    differing = {path for path, text in committed.items() if local.files[f"{FOLDER}/{path}"].content != text}
    assert len(differing) == 1
    assert local.files[f"{FOLDER}/hosts.txt"].content == "web01\ndb-2\n"
    times = [commit.time for commit in repository(local).commits]
    assert times == sorted(times, reverse=True)
    assert times[0] < START


def test_no_workspace_is_known_without_a_look():
    listings = {tuple(draw_workspace(Random(seed), START).files) for seed in range(24)}
    assert len(listings) > 8


def test_a_clean_workspace_is_as_its_newest_commit_and_an_edit_is_not():
    local = clean(draw_workspace(Random(7), START))
    committed = repository(local).commits[0].files
    assert {path: local.files[f"{FOLDER}/{path}"].content for path in committed} == committed
    assert edit(local, "app.py", "x = 1\n").files[f"{FOLDER}/app.py"].content == "x = 1\n" != committed["app.py"]
