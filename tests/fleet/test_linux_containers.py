"""docker on a simulated host: what it shows, what it changes, how it fails."""

import json
from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.docker.go_templates import TemplateError, render
from fleet.linux.shell import LinuxShell
from fleet.model import Machine
from scenarios.trouble import add_process, with_containers


def shell() -> tuple[LinuxShell, Machine]:
    """api, worker (exited) and cache on a host with Docker."""
    host = replace(draw_host("web01", Random(5)), services={}, containers=())
    machine = Machine(with_containers(host, ["api", "worker", "cache"], down="worker"))
    return LinuxShell(machine), machine


def out(line: str) -> tuple[str, str, int]:
    return shell()[0].run(line)


def state(machine: Machine) -> dict[str, str]:
    return {container.name: container.state for container in machine.host.containers}


# --- looking --------------------------------------------------------------------------------------------------------


def test_ps_shows_what_runs_and_with_a_everything():
    assert sorted(out("docker ps --format '{{.Names}}'")[0].split()) == ["api", "cache"]
    assert sorted(out("docker ps -a --format '{{.Names}}'")[0].split()) == ["api", "cache", "worker"]


def test_the_table_has_dockers_columns_and_the_ports():
    head, *rows = out("docker ps")[0].splitlines()
    assert head.split("   ")[0] == "CONTAINER ID"
    assert [word for word in head.split("  ") if word.strip()][-1].strip() == "NAMES"
    row = next(row for row in rows if row.endswith("api"))
    assert '"node server.js"' in row
    assert "->3000/tcp" in row
    assert "Up " in row


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("docker ps -a --filter status=exited --format '{{.Names}}'", "worker"),
        ("docker ps -a -f name=ork --format '{{.Names}}'", "worker"),
        ("docker ps -a -f name=^ork --format '{{.Names}}'", ""),
        ("docker ps -a -f ancestor=redis --format '{{.Names}}: {{.State}}'", "cache: running"),
        ("docker ps -a --filter name=api --filter name=cache --format '{{.Names}}' | sort", "api cache"),
        ("docker container ls -a --filter status=exited --format 'table {{.Names}}'", "NAMES worker"),
        ("docker inspect -f '{{.State.Status}} {{.State.Running}}' worker", "exited false"),
        ("docker inspect -f '{{.Config.Image}}' cache", "redis:7.2"),
        ("docker inspect -f '{{range $p, $c := .NetworkSettings.Ports}}{{$p}}{{end}}' api", "3000/tcp"),
        ("docker inspect -f '{{if .State.Running}}up{{else}}down{{end}}' worker", "down"),
        ("docker inspect -f '{{.Name}}' cache", "/cache"),
        ("docker images --format '{{.Repository}}:{{.Tag}}' redis", "redis:7.2"),
        ("docker stats --no-stream --format '{{.Name}}' | sort", "api cache"),
        ("docker exec cache redis-cli ping", "PONG"),
        ("docker network ls --format '{{.Name}}' | wc -l", "3"),
        ("docker ps -aq | wc -l", "3"),
        ("docker version --format '{{.Server.Os}}'", "linux"),
        ("docker info -f '{{.Containers}} {{.ContainersRunning}}'", "3 2"),
    ],
)
def test_questions_have_dockers_answers(line: str, words: str):
    text, error, code = out(line)
    assert (text.split(), error, code) == (words.split(), "", 0)


def test_logs_are_the_containers_lines():
    run, machine = shell()
    worker = next(c for c in machine.host.containers if c.name == "worker")
    assert run.run("docker logs worker")[0].splitlines() == list(worker.logs)
    assert run.run("docker logs --tail 1 worker")[0] == f"{worker.logs[-1]}\n"
    assert run.run("docker logs -t -n 1 worker")[0].endswith(f"Z {worker.logs[-1]}\n")
    assert run.run("docker logs -f api")[2] == 124


def test_port_and_top_and_exec_look_into_a_container():
    run, machine = shell()
    api = next(c for c in machine.host.containers if c.name == "api")
    assert run.run("docker port api")[0] == f"3000/tcp -> 0.0.0.0:{api.ports[0][0]}\n"
    assert "node server.js" in run.run("docker top api")[0]
    assert run.run("docker exec api hostname")[0] == f"{api.id[:12]}\n"
    assert run.run("docker exec api sh -c 'echo hi there'")[0] == "hi there\n"


# --- changing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "name", "wanted"),
    [
        ("docker start worker", "worker", "running"),
        ("docker restart worker", "worker", "running"),
        ("docker stop api", "api", "exited"),
        ("docker stop -t 5 api", "api", "exited"),
        ("docker kill api", "api", "exited"),
        ("docker pause api", "api", "paused"),
        ("docker pause api && docker unpause api", "api", "running"),
    ],
)
def test_a_change_changes_the_containers_state(line: str, name: str, wanted: str):
    run, machine = shell()
    text, _, code = run.run(line)
    assert (text.split()[-1], code) == (name, 0)
    assert state(machine)[name] == wanted


def test_a_container_is_named_by_its_id_too():
    run, machine = shell()
    worker = next(c for c in machine.host.containers if c.name == "worker")
    assert run.run(f"docker start {worker.id[:12]}") == (f"{worker.id[:12]}\n", "", 0)
    assert state(machine)["worker"] == "running"


def test_a_killed_container_has_exit_code_137():
    assert out("docker kill api && docker inspect -f '{{.State.ExitCode}}' api")[0] == "api\n137\n"


def test_only_a_stopped_container_is_removed_unless_forced():
    run, machine = shell()
    _, error, code = run.run("docker rm api")
    assert "container is running" in error
    assert code == 1
    assert run.run("docker rm worker")[0] == "worker\n"
    assert run.run("docker rm -f api")[0] == "api\n"
    assert state(machine) == {"cache": "running"}


def test_prune_removes_the_stopped_ones_and_only_with_force():
    run, machine = shell()
    run.run("docker container prune")
    assert "worker" in state(machine)
    assert "Deleted Containers:" in run.run("docker system prune -f")[0]
    assert "worker" not in state(machine)


def test_every_other_container_is_still_acted_on_when_one_is_unknown():
    run, machine = shell()
    text, error, code = run.run("docker stop nope api")
    assert (text, error, code) == ("api\n", "Error response from daemon: No such container: nope\n", 1)
    assert state(machine)["api"] == "exited"


def test_a_port_that_is_taken_keeps_a_container_down():
    run, machine = shell()
    port = next(c for c in machine.host.containers if c.name == "api").ports[0][0]
    run.run("docker stop api")
    machine.host, pid = add_process(machine.host, f"/usr/bin/socat --port {port}")
    assert "port is already allocated" in run.run("docker start api")[1]
    assert run.run(f"kill {pid}; docker start api")[0] == "api\n"


def test_without_its_daemon_docker_answers_nothing_and_containers_are_down():
    run, machine = shell()
    run.run("systemctl stop docker")
    assert set(state(machine).values()) == {"exited"}
    assert "Cannot connect to the Docker daemon" in run.run("docker ps")[1]
    run.run("systemctl start docker")
    assert state(machine) == {"api": "running", "worker": "exited", "cache": "running"}


# --- failing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        ("docker logs nope", "Error response from daemon: No such container: nope", 1),
        ("docker inspect nope", "Error: No such object: nope", 1),
        ("docker frob", "docker: 'frob' is not a docker command.", 1),
        ("docker ps --frob", "unknown flag: --frob", 125),
        ("docker ps -z", "unknown shorthand flag: 'z' in -z", 125),
        ("docker ps --format '{{.Nope}}'", 'map has no entry for key "Nope"', 1),
        ("docker ps --filter nope=1", "invalid filter 'nope'", 1),
        ("docker exec worker ls", "is not running", 1),
        ("docker exec -it api bash", "the input device is not a TTY", 1),
        ("docker exec api vim", "executable file not found in $PATH", 127),
        ("docker run nginx", "Unable to find image 'nginx:latest' locally", 125),
        ("docker unpause api", "is not paused", 1),
        ("docker kill worker", "is not running", 1),
        ("docker compose ps", "no configuration file provided: not found", 14),
    ],
)
def test_failures_have_dockers_words_and_codes(line: str, words: str, code: int):
    _, error, status = out(line)
    assert words in error
    assert status == code


def test_a_host_without_docker_has_no_such_command():
    host = replace(draw_host("web01", Random(5)), services={}, containers=())
    assert LinuxShell(Machine(host)).run("docker ps") == ("", "bash: line 1: docker: command not found\n", 127)


# --- templates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.A}}-{{.B.C}}", "x-1"),
        ("{{json .B}}", '{"C":1,"D":[]}'),
        ("{{upper .A}}{{len .L}}", "X2"),
        ("{{range .L}}<{{.}}>{{end}}", "<p><q>"),
        ("{{range $i, $v := .L}}{{$i}}={{$v}} {{end}}", "0=p 1=q "),
        ("{{range .B.D}}x{{else}}none{{end}}", "none"),
        ("{{if .B.D}}yes{{else}}{{with .A}}{{.}}{{end}}{{end}}", "x"),
        ('{{index .B "C"}}', "1"),
        (r"a\tb", "a\tb"),
    ],
)
def test_a_template_is_filled_as_go_fills_it(template: str, text: str):
    assert render(template, {"A": "x", "B": {"C": 1, "D": []}, "L": ["p", "q"]}) == text


@pytest.mark.parametrize(
    "template", ["{{.A", "{{range .L}}x", "{{end}}", "{{.X}}", "{{frob .A}}", "{{}}", "{{.A}}" * 200]
)
def test_a_bad_template_is_refused(template: str):
    with pytest.raises(TemplateError, match="template parsing error"):
        render(template, {"A": "x", "L": ["p"]})


def test_inspect_is_json_of_the_containers_own_values():
    run, machine = shell()
    api = next(c for c in machine.host.containers if c.name == "api")
    (found,) = json.loads(run.run("docker inspect api")[0])
    assert found["Id"] == api.id
    assert found["State"]["Status"] == api.state
    assert found["RestartCount"] == api.restarts
    assert found["HostConfig"]["PortBindings"] == {
        "3000/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(api.ports[0][0])}]
    }
