"""The simulated fleet: the same seed and calls give the same results, commands read and change its state, and
nothing in it reads the machine it runs on."""

import platform
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.fleet.asks import catalogue, draw_ask, facts
from aj.fleet.fleet import Fleet
from aj.fleet.shell import MAX_OUTPUT, Shell
from aj.messages import Call

AJ = load_contract()
NAMES = ["web01", "db-2"]
INTENTS = sorted(catalogue().intents)
SEEDS = st.integers(0, 2**31 - 1)


@pytest.fixture
def fleet() -> Fleet:
    return Fleet.draw(NAMES, 7)


def _do(fleet: Fleet, tool: str, **params: str) -> str:
    return fleet.dispatch(Call(tool, dict(params)), AJ)


def _run(fleet: Fleet, command: str, host: str = "web01") -> str:
    return _do(fleet, "remote_bash", agent_id=host, command=command)


# --- determinism ----------------------------------------------------------------------------------------------------


def test_the_same_seed_and_calls_give_the_same_results():
    def results() -> list[str]:
        fleet, commands = Fleet.draw(NAMES, 7), [intent.command for intent in catalogue().intents.values()]
        return [_run(fleet, command.replace("{service}", "nginx")) for command in commands]

    assert results() == results()


@given(SEEDS)
def test_a_fleet_is_its_names_and_its_seed(seed):
    assert Fleet.draw(NAMES, seed).hosts == Fleet.draw(NAMES, seed).hosts
    assert Fleet.draw(NAMES, seed).hosts != Fleet.draw(NAMES, seed + 1).hosts


# --- commands read the state ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "intent", [name for name in INTENTS if catalogue().intents[name].command and name != "restart"]
)
def test_the_command_of_each_intent_tells_its_facts(fleet, intent):
    local = catalogue().intents[intent].scopes == ("local",)
    ask = draw_ask(Random(1), "train", intent, "senior_engineer", None if local else fleet.hosts["web01"])
    output = _do(fleet, "bash", command=ask.command) if local else _run(fleet, ask.command)
    (values,) = facts(ask, fleet.hosts, fleet.local).values()
    assert values
    assert all(value in output for value in values), output


def test_every_intent_has_facts_that_differ_between_hosts(fleet):
    for intent in INTENTS:
        ask = draw_ask(Random(1), "train", intent, "senior_engineer", fleet.hosts["web01"])
        for values in facts(ask, fleet.hosts, fleet.local).values():
            assert values
            assert all(values)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("df", "% /"),
        ("df -h", "% /"),
        ("free -m", "Mem:"),
        ("free", "Mem:"),
        ("uptime", "load average"),
        ("top", "load average"),
        ("ps aux", "COMMAND"),
        ("uname -a", "web01"),
        ("hostname", "web01"),
        ("docker ps", "CONTAINER ID"),
        ("cat /etc/os-release", "Debian"),
        ("nproc | cat", ""),
    ],
)
def test_other_commands_tell_of_the_host_too(fleet, command, told):
    assert told in _run(fleet, command)


def test_the_service_status_is_that_of_the_state(fleet):
    for host in fleet.hosts.values():
        for service, state in host.services.items():
            assert _run(fleet, f"systemctl is-active {service}", host.name) == state
            assert f"Active: {state}" in _run(fleet, f"systemctl status {service}.service", host.name)


# --- commands change the state --------------------------------------------------------------------------------------


def test_a_restart_changes_one_host_and_is_remembered(fleet):
    before = fleet.hosts
    service = next(iter(before["web01"].services))
    _run(fleet, f"systemctl restart {service}")
    after = fleet.hosts
    assert after["web01"].restarts == (service,)
    assert after["web01"].services[service] == "active"
    assert after["db-2"] == before["db-2"]
    assert before["web01"].restarts == (), "a snapshot does not change"


def test_a_restart_changes_no_fact_but_the_service(fleet):
    host = fleet.hosts["web01"]
    service = next(iter(host.services))
    assert replace(host.restart(service), services=host.services, restarts=()) == host


def test_looking_changes_nothing(fleet):
    before = fleet.hosts
    for command in (
        "df -h",
        "systemctl is-active nginx",
        "systemctl status nginx",
        "docker ps",
        "ls /srv/app; top; free",
    ):
        _run(fleet, command)
    assert fleet.hosts == before


def test_files_that_a_command_writes_stay_on_that_host(fleet):
    _run(fleet, "echo new > /srv/app/note.txt")
    assert "note.txt" in _run(fleet, "ls /srv/app")
    assert "note.txt" not in _run(fleet, "ls /srv/app", "db-2")


def test_a_fleet_wide_command_runs_on_every_host_under_its_name(fleet):
    assert _do(fleet, "remote_bash_all", command="hostname") == "[web01]\nweb01\n\n[db-2]\ndb-2"


def test_a_local_command_runs_in_the_workspace(fleet):
    assert _do(fleet, "bash", command="pwd") == "/workspace"
    assert _do(fleet, "bash", command="cat VERSION") == fleet.local.version


# --- what fails, fails as on a real host ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nosuchcmd", "nosuchcmd: command not found"),
        ("systemctl restart nosuch", "Unit nosuch.service could not be found."),
        ("systemctl status nosuch", "Unit nosuch.service could not be found."),
        ("systemctl is-active nosuch", "inactive"),
        ("systemctl", "Too few arguments."),
        ("systemctl explode nginx", "Unknown command verb explode."),
        ("df -h / /nosuch", "df: /nosuch: No such file or directory"),
        ("cat /nosuch", "No such file or directory"),
        ("docker rm api", "docker ps"),
        ("grep nosuch /var/log/app.log", "ERROR: exit code 1"),
        ("echo 'unclosed", "unexpected"),
        ("true", "(no output)"),
    ],
)
def test_a_command_that_fails_says_so(fleet, command, said):
    assert said in _run(fleet, command)


def test_an_unknown_agent_fails_with_the_known_ones(fleet):
    assert _run(fleet, "ls", "Web01") == "ERROR: Agent 'Web01' not found. Available: web01, db-2"


def test_a_fleet_without_agents_says_so(fleet):
    empty = Fleet([], fleet.local)
    assert _do(empty, "list_agents") == "No agents available"
    assert _do(empty, "remote_bash_all", command="ls") == "ERROR: No agents available"


def test_a_tool_that_the_fleet_lacks_is_our_own_fault(fleet):
    with pytest.raises(KeyError):
        _do(fleet, "launch_rocket")


# --- the sandbox ----------------------------------------------------------------------------------------------------


def test_the_shell_does_not_read_the_machine(fleet):
    assert _run(fleet, "cat /etc/hostname") == "web01"
    assert "No such file" in _run(fleet, f"cat {Path(__file__).resolve()}")
    assert "No such file" in _run(fleet, "cat /proc/self/environ")
    for command in ("cat /proc/version /proc/cpuinfo", "uname -a", "env"):
        assert platform.release() not in _run(fleet, command)
    cpu = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), "no cpu")
    assert cpu not in _run(fleet, "cat /proc/cpuinfo")


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def test_the_shell_does_not_write_the_machine(fleet, tmp_path):
    _run(fleet, f"mkdir -p {tmp_path}; echo x > {tmp_path}/x")
    assert list(tmp_path.iterdir()) == []


def test_the_shell_has_no_network(fleet):
    assert "not configured" in _run(fleet, "curl http://127.0.0.1")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("command", ["while true; do :; done", "for ((;;)); do echo x; done", "f() { f; }; f"])
def test_an_endless_loop_is_bounded(fleet, command):
    assert "resource limit exceeded" in _run(fleet, command)
    assert _run(fleet, "hostname") == "web01", "the host lives on"


def test_long_output_is_cut(fleet):
    assert len(_run(fleet, "seq 1 50000")) == MAX_OUTPUT


PIECES = ["ls", "|", ";", "&&", "$(", ")", "'", '"', "\\", "\n", "\x00", "é", "<", ">", "/tmp/x"]
PIECES += ["systemctl", "df", "docker", "free", "-h"]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join) | st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=60)
def test_any_command_gives_text_and_a_code(command):
    output, code = Shell(Fleet.draw(NAMES, 7).local).run(command)
    assert isinstance(output, str)
    assert isinstance(code, int)
