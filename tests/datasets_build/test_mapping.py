"""A foreign call becomes a bash call that does the same, or none: what is not certain is never mapped."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import contract_with, load_contract
from aj.messages import Call
from datasets_build.repair.mapping import load_rules, map_call

AJ, NATIVE = load_contract("aj"), load_contract("native")


def mapped(name, says, arguments, contract=AJ, **types):
    properties = {key: {"type": types[key]} if key in types else {} for key in arguments}
    tool = {"name": name, "description": says, "parameters": {"type": "object", "properties": properties}}
    return map_call(Call(name, arguments, "On it.", "so"), (tool,), contract)


def command(name, says, arguments, **types):
    call = mapped(name, says, arguments, **types)
    return call.params["command"] if call else None


@pytest.mark.parametrize(
    ("name", "says", "arguments", "expected"),
    [
        ("desk-execute_command", "Run a shell command", {"command": "df -h | head"}, "df -h | head"),
        ("srv-run-command", "a terminal", {"cmd": ["ls", "a b"]}, "ls 'a b'"),
        ("mcp__fs__readFile", "Read", {"path": "/etc/my hosts"}, "cat '/etc/my hosts'"),
        ("read_file", "Read", {"path": "-x", "head": 3}, "head -n 3 ./-x"),
        ("read_file", "Read the last lines", {"path": "~/a b", "lines": 3}, "tail -n 3 ~/'a b'"),
        ("fs-read_multiple_files", "Read", {"paths": ["a", "b c"]}, "cat a 'b c'"),
        ("fs-list_directory", "List a directory", {"path": "/srv"}, "ls /srv"),
        ("fs-list_directory", "List a directory", {}, "ls"),
        ("fs-grep", "Search", {"path": "/var", "pattern": "a b", "ignore_case": True}, "grep -rn -i -e 'a b' /var"),
        ("fs-grep", "Search", {"path": "/var", "pattern": "x", "ignore_case": False}, "grep -rn -e x /var"),
        ("write_file", "Write", {"path": "/tmp/a", "content": "$HOME\n"}, "printf '%s' '$HOME\n' > /tmp/a"),
        ("list_processes", "All processes", {}, "ps aux"),
        ("kill_process", "Kill", {"pid": 12, "force": True}, "kill -9 12"),
        ("get_service_logs", "Journal", {"service": "nginx", "lines": 5}, "journalctl -u nginx -n 5 --no-pager"),
        ("restart_service", "Restart", {"name": "nginx"}, "systemctl restart nginx"),
        ("docker-list_containers", "Containers", {"all": True}, "docker ps --all"),
        ("docker-get_logs", "Container logs", {"container_name": "web", "tail": 5}, "docker logs --tail 5 web"),
        ("docker-stop_container", "Stop", {"container_id": "ab12"}, "docker stop ab12"),
        ("execute_sql", "On MySQL", {"query": "SELECT 1"}, "mysql --batch --skip-column-names -e 'SELECT 1'"),
    ],
)
def test_tools_of_shell_files_processes_logs_and_containers_are_mapped(name, says, arguments, expected):
    assert command(name, says, arguments) == expected


@pytest.mark.parametrize(
    ("name", "says", "arguments"),
    [
        ("weather", "Says the weather", {"city": "Oslo"}),
        ("execute_command", "Run a shell command over SSH", {"command": "ls"}),
        ("execute_command", "Run a PowerShell command", {"command": "ls"}),
        ("execute_command", "Run a shell command", {"command": "ls", "host": "web01"}),
        ("execute_command", "Run a shell command", {"command": ""}),
        ("execute_command", "Run a shell command", {"command": 3}),
        ("execute_command", "Run a shell command", {"command": "a\0b"}),
        ("execute_command", "Run a shell command", {}),
        ("execute_command", "Run a shell command", {"command": "ls", "cmd": "df"}),
        ("execute_sql", "On Postgres", {"query": "SELECT 1"}),
        ("read_file", "Read", {"path": "C:\\logs\\a.txt"}),
        ("read_file", "Read", {"path": "\\\\host\\share"}),
        ("read_file", "Read a file of a GitHub repository", {"path": "a"}),
        ("read_file", "Read", {"path": "a", "branch": "main"}),
        ("kill_process", "Kill", {"pid": -1}),
        ("kill_process", "Kill", {"pid": True}),
        ("kill_process", "Kill", {"pid": 1.5}),
        ("get_uptime", "Uptime of a web site", {}),
        ("stop_container", "Stop a container", {"name": "web; reboot"}),
        ("stop_container", "Stop a container", {"name": "--help"}),
        ("get_logs", "Logs of a deployment", {"name": "web"}),
        ("search_files", "Search by meaning", {"path": "/", "pattern": "invoice"}),
    ],
)
def test_what_has_no_certain_counterpart_is_not_mapped(name, says, arguments):
    assert mapped(name, says, arguments) is None


def test_note_reasoning_timeout_and_folder_come_along():
    call = mapped("run_command", "a shell", {"command": "ls", "timeout_ms": 1_500, "cwd": "/srv"})
    assert call == Call("bash", {"command": "ls", "timeout": 2, "cwd": "/srv"}, "On it.", "so")


def test_the_tools_own_schema_is_evidence():
    assert command("kill_process", "Kill", {"pid": 1}, pid="integer") == "kill 1"
    assert command("kill_process", "Kill", {"pid": 1}, pid="string") is None
    tool = {"name": "kill_process", "description": "Kill", "parameters": {"type": "object", "properties": {}}}
    assert map_call(Call("kill_process", {"pid": 1}), (tool,), AJ) is None
    assert map_call(Call("kill_process", {"pid": 1}), (), AJ) is None


def test_a_contract_without_a_shell_maps_nothing():
    tool = {"name": "ps", "description": "Processes", "parameters": {"type": "object", "properties": {}}}
    assert map_call(Call("ps"), (tool,), NATIVE)
    assert map_call(Call("ps"), (tool,), contract_with([tool])) is None


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=50)
def test_an_argument_is_one_word_of_the_command_whatever_it_holds(path, pattern):
    found = command("grep", "Search", {"path": path, "pattern": pattern})
    if found is None:
        assert not pattern.strip() or not path.strip() or "\0" in path + pattern or "\\" in path or path[1:2] == ":"
        return
    words = shlex.split(found)
    assert words[:4] == ["grep", "-rn", "-e", pattern]
    assert words[4:] in ([path], [f"./{path}"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
ARGUMENTS = st.dictionaries(
    st.sampled_from(["path", "command", "pid", "all", "query", "x"]) | st.text(), JSON, max_size=3
)


@given(st.sampled_from(["read_file", "run_command", "kill_process", "grep"]) | st.text(), JSON, JSON, ARGUMENTS)
@settings(max_examples=50)
def test_whatever_a_tool_and_its_call_hold_the_result_is_a_valid_call_or_none(name, says, schema, arguments):
    for properties in (
        schema,
        {"type": "object", "properties": schema},
        {"properties": dict.fromkeys(arguments, schema)},
    ):
        tool = {"name": name, "description": says, "parameters": properties}
        call = map_call(Call(name, arguments), (tool,), AJ)
        assert call is None or (call.tool == "bash" and AJ.validators["bash"].is_valid(call.params))


def test_every_rule_uses_only_the_arguments_it_knows():
    for rule in load_rules().rules:
        first_names = {first for first, _, _ in rule.slots().values()} | {"tool:verb"}
        words = [word for part in rule.run for word in ((part,) if isinstance(part, str) else part)]
        used = {word[1:-1] for word in words if word.startswith("{")}
        assert used <= first_names, rule.tool
