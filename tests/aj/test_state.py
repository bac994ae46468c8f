"""What a conversation has established, and how a state block shows it."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from aj.acts import DISCOVER
from aj.contract import load_contract
from aj.messages import Call, calls, reply, result, user
from aj.state import ONE_LINE, Agent, agents_listed, discovered, past_steps, state_block
from fleet.draw import draw_host
from fleet.fleet import Fleet
from fleet.workspace import draw_workspace

AJ = load_contract()
HOSTS = [draw_host(name, Random(name)) for name in ("web01", "db-2")]
FLEET = Fleet(HOSTS, draw_workspace(Random(7), HOSTS[0].now))
LIST = FLEET.dispatch(DISCOVER)
FOUND = [user("disks?"), calls("list_agents"), result("list_agents", LIST)]
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)


def test_the_agents_of_a_list_are_read():
    assert agents_listed(LIST) == tuple(host.agent for host in FLEET.hosts.values())


@given(st.lists(st.builds(Agent, NAMES, st.sampled_from(["linux", "windows"]), st.just("10.0.0.1:7000"))))
def test_every_line_that_is_written_is_read(agents):
    assert agents_listed("\n".join(["Available agents:", *(agent.line for agent in agents)])) == tuple(agents)


def test_text_that_is_no_list_names_no_agent():
    assert agents_listed("No agents available") == ()
    assert agents_listed("- web01: down\n  - db: host (linux)") == ()


def test_nothing_is_discovered_before_a_discovery():
    assert discovered([user("disks?"), result("bash", LIST)], AJ) is None


def test_an_empty_discovery_is_a_discovery():
    assert discovered([*FOUND[:2], result("list_agents", "No agents available")], AJ) == ()


def test_the_last_discovery_counts():
    later = [
        calls("list_agents"),
        result("list_agents", "Available agents:\n" + Agent("new", "linux", "10.0.0.9:1").line),
    ]
    assert [agent.id for agent in discovered([*FOUND, *later], AJ) or ()] == ["new"]


def test_the_steps_of_a_task_are_its_finished_calls_but_the_discovery():
    past = [*FOUND, calls("bash", {"command": "ls"}), result("bash", "a"), calls("complete", {"answer": "done"})]
    assert past_steps(past, AJ) == [(Call("bash", {"command": "ls"}), "a")]


def test_a_state_block_holds_the_agents_the_steps_and_the_task():
    past = [
        *FOUND,
        calls("remote_bash", {"agent_id": "web01", "command": "df -h /"}),
        result("remote_bash", "Use%\n\n 45% \n"),
        calls("bash", {"command": "true"}),
        result("bash", ""),
    ]
    assert state_block(past, AJ) == (
        "Agents: web01 (linux), db-2 (linux)\n"
        "Done:\n"
        "- remote_bash web01 `df -h /` -> Use% | 45%\n"
        "- bash `true` -> no output\n"
        "Task: disks?"
    )


def test_a_state_block_shows_the_agents_but_not_the_steps_of_an_earlier_task():
    past = [
        *FOUND,
        calls("bash", {"command": "ls"}),
        result("bash", "a"),
        calls("complete", {"answer": "a"}),
        user("more?"),
    ]
    assert state_block(past, AJ) == "Agents: web01 (linux), db-2 (linux)\nTask: more?"


def test_a_state_block_without_a_past_says_so():
    assert state_block([user("disks?")], AJ) == "Agents: none discovered\nTask: disks?"


@given(st.text())
def test_a_result_is_one_short_line_whatever_it_holds(output):
    past = [user("x"), calls("bash", {"command": "c"}), result("bash", output), reply("")]
    lines = state_block(past, AJ).splitlines()
    assert len(lines) == 4
    assert len(lines[2]) <= len("- bash `c` -> ") + ONE_LINE


def test_a_long_result_ends_in_an_ellipsis():
    past = [user("x"), calls("bash", {"command": "c"}), result("bash", "y" * (ONE_LINE + 1))]
    assert state_block(past, AJ).splitlines()[2].endswith("y…")
