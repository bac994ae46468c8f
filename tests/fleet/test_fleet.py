"""The simulated fleet: the same hosts and calls give the same results, commands read and change its state, and
nothing in it reads the machine it runs on."""

import platform
from pathlib import Path
from random import Random
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.acts import meaning_of
from aj.contract import load_contract
from aj.messages import Call
from fleet.draw import draw_clock, draw_host
from fleet.fleet import LOCAL, MAX_OUTPUT, Fleet
from fleet.snapshot import diff
from fleet.workspace import draw_workspace
from scenarios.requests import ask, catalogue
from scenarios.scenario import Stage
from scenarios.trouble import with_service

AJ = load_contract()
NAMES = ["web01", "db-2"]
INTENTS = sorted(catalogue().intents)
SEEDS = st.integers(0, 2**31 - 1)


def _drawn(seed: int, system: Literal["linux", "windows"] = "linux") -> Fleet:
    rng = Random(seed)
    now = draw_clock(rng)
    hosts = [draw_host(name, rng, system, now) for name in NAMES]
    if system == "linux":
        hosts = [with_service(host, "nginx") for host in hosts]
    return Fleet(hosts, draw_workspace(rng, now, tuple(NAMES)))


@pytest.fixture
def fleet() -> Fleet:
    return _drawn(7)


def _do(fleet: Fleet, tool: str, **params: str | int) -> str:
    return fleet.dispatch(meaning_of(Call(tool, dict(params)), AJ))


def _run(fleet: Fleet, command: str, host: str = "web01") -> str:
    return _do(fleet, "remote_bash", agent_id=host, command=command)


# --- determinism ----------------------------------------------------------------------------------------------------


def test_the_same_hosts_and_calls_give_the_same_results():
    commands = [intent.command.replace("{service}", "nginx") for intent in catalogue().intents.values()]
    commands += [
        "top -b -n 1",
        "date; echo $RANDOM $$",
        "find / -name '*.conf'",
        "journalctl -n 5",
        "echo x > /tmp/x; ls -l /tmp",
    ]

    def results() -> list[str]:
        fleet = _drawn(7)
        return [_run(fleet, command) for command in commands if command]

    assert results() == results()


def test_what_was_said_before_and_elsewhere_does_not_change_a_result():
    quiet, busy = _drawn(7), _drawn(7)
    for command in ("df -h", "ls /srv/app", "cat /var/log/app.log"):
        _run(busy, command, "db-2")
    assert _run(quiet, "ps aux; df; free") == _run(busy, "ps aux; df; free")


# --- commands read the state ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "intent", [name for name in INTENTS if catalogue().intents[name].command and name != "restart"]
)
@given(SEEDS)
@settings(max_examples=4)
def test_the_command_of_each_intent_tells_its_facts(intent, seed):
    stage = Stage("test", "train", seed, "senior_engineer", (2, 3), 0)
    ask(stage, intent, stage.pick() if "host" in catalogue().intents[intent].scopes else None)
    (turn,) = stage.turns
    output = stage.scenario().fleet().dispatch(turn.steps[0])
    assert turn.truth.stated
    for values in turn.truth.stated.values():
        assert values
        assert all(value and value in output for value in values), output


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("df", "% /"),
        ("df -h", "% /"),
        ("free -m", "Mem:"),
        ("free", "Mem:"),
        ("uptime", "load average"),
        ("top -b -n 1", "load average"),
        ("ps aux", "COMMAND"),
        ("uname -a", "web01"),
        ("hostname", "web01"),
        ("cat /etc/hostname", "web01"),
        ("cat /etc/os-release", "NAME="),
        ("nproc | cat", ""),
    ],
)
def test_other_commands_tell_of_the_host_too(fleet, command, told):
    assert told in _run(fleet, command)


def test_the_service_status_is_that_of_the_state(fleet):
    for host in fleet.hosts.values():
        for name, service in host.services.items():
            assert _run(fleet, f"systemctl is-active {name}", host.name) == service.state
            assert f"Active: {service.state}" in _run(fleet, f"systemctl status {name}.service", host.name)


def test_a_windows_host_speaks_powershell():
    fleet = _drawn(7, "windows")
    service = next(iter(fleet.hosts["web01"].services))
    assert _run(fleet, "hostname") == "web01"
    assert service in _run(fleet, f"Get-Service {service}")
    assert "not recognized" in _run(fleet, "systemctl status nginx")


# --- commands change the state --------------------------------------------------------------------------------------


def test_a_restart_changes_one_service_of_one_host_and_is_remembered(fleet):
    before = fleet.snapshot()
    _run(fleet, "systemctl restart nginx")
    assert diff(before, fleet.snapshot()) == {"web01/services/nginx/restarts": ("0", "1")}
    assert fleet.hosts["web01"].services["nginx"].state == "active"
    assert fleet.hosts["db-2"].files == before["db-2"].files
    assert before["web01"].services["nginx"].restarts == 0, "a snapshot does not change"


def test_a_windows_service_is_restarted_as_well():
    fleet = _drawn(7, "windows")
    before = fleet.snapshot()
    _run(fleet, "Restart-Service WinRM")
    assert diff(before, fleet.snapshot()) == {"web01/services/WinRM/restarts": ("0", "1")}


def test_looking_changes_nothing(fleet):
    before = fleet.snapshot()
    for command in (
        "df -h",
        "systemctl is-active nginx",
        "systemctl status nginx",
        "docker ps",
        "ls /srv/app; free; ps",
    ):
        _run(fleet, command)
        _do(fleet, "bash", command=command)
    assert diff(before, fleet.snapshot()) == {}


def test_files_that_a_command_writes_stay_on_that_host(fleet):
    _run(fleet, "echo new > /srv/app/note.txt")
    assert "note.txt" in _run(fleet, "ls /srv/app")
    assert "note.txt" not in _run(fleet, "ls /srv/app", "db-2")
    assert fleet.hosts["web01"].files["/srv/app/note.txt"].content == "new\n"


def test_a_fleet_wide_command_runs_on_every_host_under_its_name(fleet):
    assert _do(fleet, "remote_bash_all", command="hostname") == "[web01]\nweb01\n\n[db-2]\ndb-2"


def test_a_host_that_fails_says_so_among_the_others(fleet):
    _run(fleet, "touch /tmp/here")
    said = _do(fleet, "remote_bash_all", command="cat /tmp/here && echo yes")
    missing = "[db-2] ERROR: cat: /tmp/here: No such file or directory"
    assert said == f"[web01]\nyes\n\n{missing}\n\nSome agents failed"


def test_a_local_command_runs_in_the_workspace(fleet):
    assert _do(fleet, "bash", command="pwd") == "/workspace"
    assert _do(fleet, "bash", command="cat VERSION") == fleet.local.files["/workspace/VERSION"].content.strip()
    assert _do(fleet, "bash", command="pwd", cwd="/workspace/tests") == "/workspace/tests"


def test_a_local_change_is_one_of_the_workspace(fleet):
    before = fleet.snapshot()
    _do(fleet, "bash", command="echo 9.9.9 > VERSION")
    assert list(diff(before, fleet.snapshot())) == [f"{LOCAL}/files/workspace/VERSION"]


def test_hosts_reach_each_other_by_name_and_nothing_else(fleet):
    assert "orders on db-2" in _run(fleet, "curl -s http://db-2/")
    _run(fleet, "systemctl stop nginx", "db-2")
    assert "Couldn't connect to server" in _run(fleet, "curl http://db-2/")
    assert "timed out" in _run(fleet, "curl http://8.8.8.8")


def test_every_agent_is_listed_with_its_address(fleet):
    lines = [host.agent.line for host in fleet.hosts.values()]
    assert _do(fleet, "list_agents") == "\n".join(["Available agents:", *lines])


# --- what fails, fails as on a real host ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nosuchcmd", "nosuchcmd: command not found"),
        ("systemctl restart nosuch", "Unit nosuch.service not found."),
        ("systemctl status nosuch", "Unit nosuch.service could not be found."),
        ("systemctl is-active nosuch", "inactive"),
        ("systemctl explode nginx", "Unknown command verb explode."),
        ("df -h / /nosuch", "df: /nosuch: No such file or directory"),
        ("cat /nosuch", "No such file or directory"),
        ("grep nosuch /var/log/app.log", "ERROR: exit code 1"),
        ("echo 'unclosed", "unexpected EOF"),
        ("true", "(no output)"),
    ],
)
def test_a_command_that_fails_says_so(fleet, command, said):
    assert said in _run(fleet, command)


def test_a_command_on_a_broken_config_leaves_the_service_down(fleet):
    _run(fleet, "echo 'listen 80' >> /etc/nginx/nginx.conf")
    assert "failed" in _run(fleet, "systemctl restart nginx")
    assert fleet.hosts["web01"].services["nginx"].state == "failed"


def test_an_unknown_agent_fails_with_the_known_ones(fleet):
    assert _run(fleet, "ls", "Web01") == "ERROR: Agent 'Web01' not found. Available: web01, db-2"


def test_a_fleet_without_agents_says_so(fleet):
    empty = Fleet([], fleet.local)
    assert _do(empty, "list_agents") == "No agents available"
    assert _do(empty, "remote_bash_all", command="ls") == "ERROR: No agents available"


def test_an_empty_local_command_is_refused(fleet):
    assert _do(fleet, "bash", command="  ") == "ERROR: No command provided"


# --- the sandbox ----------------------------------------------------------------------------------------------------


def test_the_shell_does_not_read_the_machine(fleet):
    assert _run(fleet, "cat /etc/hostname") == "web01"
    assert "No such file" in _run(fleet, f"cat {Path(__file__).resolve()}")
    assert "No such file" in _run(fleet, "cat /proc/self/environ")
    for command in ("cat /proc/version /proc/cpuinfo", "uname -a", "env"):
        assert platform.release() not in _run(fleet, command)
    shown = _run(fleet, "grep 'model name' /proc/cpuinfo | head -n 1").split(": ")[1]
    assert shown == fleet.hosts["web01"].system.cpu


def test_the_shell_does_not_write_the_machine(fleet, tmp_path):
    _run(fleet, f"mkdir -p {tmp_path}; echo x > {tmp_path}/x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(20)
@pytest.mark.parametrize("command", ["while true; do :; done", "for ((;;)); do echo x; done", "f() { f; }; f"])
def test_an_endless_loop_is_bounded(fleet, command):
    assert "ERROR: " in _run(fleet, command)
    assert _run(fleet, "hostname") == "web01", "the host lives on"


def test_a_command_has_the_time_that_its_call_names_by_the_fleets_clock(fleet):
    late = "ERROR: Failed to execute on web01: Command timed out after {}s"
    assert _run(fleet, "sleep 100") == late.format(60)
    assert _do(fleet, "remote_bash", agent_id="web01", command="sleep 100", timeout=200) == "(no output)"
    assert _do(fleet, "bash", command="sleep 9", timeout=5) == "ERROR: Command timed out after 5s"


def test_long_output_is_cut_and_says_by_how_much(fleet):
    output = _run(fleet, "seq 1 9000")
    whole = "".join(f"{number}\n" for number in range(1, 9001)).rstrip("\n")
    assert output == f"{whole[:MAX_OUTPUT]}\n[output truncated: {len(whole) - MAX_OUTPUT} more characters]"


PIECES = ["ls", "|", ";", "&&", "$(", ")", "'", '"', "\\", "\n", "\x00", "é", "<", ">", "/tmp/x"]
PIECES += ["systemctl", "df", "docker", "free", "-h"]
LINES = st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join) | st.text(st.characters(exclude_categories=["Cs"]))


@given(LINES, st.sampled_from(["linux", "windows"]))
@settings(max_examples=60)
def test_any_command_gives_text(command, system):
    said = _run(_drawn(7, system), command)
    assert isinstance(said, str)
    assert said
