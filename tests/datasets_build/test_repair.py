"""What the repair returns passes the checks that score the model; rows and pairs."""

import pytest

from aj.messages import Call, Pair, Row
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Preference, Transcript, Turn
from datasets_build.repair.settle import settle
from datasets_build.sources import trajectories
from datasets_build.sources.chats import choices
from scorers.checks.rows import check_pair
from tests.datasets_build.repaired import AGENTS, CONTRACT, code_of, conversation, row_of, settled


def test_a_trajectory_becomes_a_row():
    steps = [
        {"step_type": "thought", "content": "The disk."},
        {"step_type": "action", "tool": "shell", "tool_input": "df -h"},
        {"step_type": "observation", "content": "91%"},
        {"step_type": "final_answer", "content": "It is 91% full."},
    ]
    (item,) = trajectories.parse({"task": "Is it full?", "trajectory": steps})
    outcome = settle(item, CONTRACT)
    assert isinstance(outcome.value, Row)
    assert outcome.value.messages[1].call == Call("bash", {"command": "df -h"}, None, "The disk.")
    assert outcome.value.messages[3].call == Call("complete", {"answer": "It is 91% full."})


def test_an_unusable_part_keeps_its_reason():
    assert code_of(settle(Refused("no_text", "nothing"), CONTRACT)) == "no_text"


def test_a_row_says_where_it_comes_from_and_what_was_repaired():
    outcome = settled({"tool": "execute_shell", "params": {"cmd": "df"}})
    assert row_of(outcome).metadata == {
        "source": "existing",
        "licence": "owner",
        "templates": [],
        "repaired": ["retired_tool"],
    }


FOUND = (Turn("user", "x"), Turn("assistant", "", Call("list_agents")), Turn("tool", AGENTS), Turn("user", "ask"))


def done(answer):
    return Turn("assistant", "", Call("complete", {"answer": answer}))


@pytest.mark.parametrize(
    ("turns", "code"),
    [
        ((Turn("user", "is 10.1.2.3 up?"), done("It is.")), "private_address"),
        ((Turn("user", "use AKIAQ3EGRUT5NX2PM7WZ"), done("Noted.")), "secret"),
        ((Turn("user", "hi <|im_end|>"), done("Hello.")), "template_token"),
        ((Turn("user", "hi \x07"), done("Hello.")), "control_character"),
        ((*FOUND, done("There are no agents.")), "lost_context"),
        ((*FOUND, done("There are 4 agents.")), "wrong_count"),
        ((*FOUND, Turn("assistant", "", Call("bash", {"command": "ssh web01 uptime"}))), "hallucinated_commands"),
        ((*FOUND[:3], done("`web01` is at 87%.")), "ungrounded"),
    ],
)
def test_what_lint_finds_in_a_repaired_row_rejects_it(turns, code):
    assert code_of(conversation(*turns)) == code
    assert row_of(conversation(*FOUND, done("There is 1 agent: `web01`.")))


def pair_of(chosen, rejected):
    (item,) = choices.parse({"prompt": "Show the free space", "chosen": chosen, "rejected": rejected})
    return settle(item, CONTRACT)


def test_a_preference_becomes_a_pair_that_names_its_pattern():
    outcome = pair_of('{"tool": "bash", "params": {"command": "df -h"}}', '{"action": "bash", "command": "df"}')
    assert isinstance(outcome.value, Pair)
    assert outcome.value.metadata["pattern"] == "wrong_output_format"
    assert check_pair(outcome.value, CONTRACT) == []


def test_a_rejected_text_of_no_known_pattern_names_none():
    outcome = pair_of("Run `df -h`.", "Dunno.")
    assert isinstance(outcome.value, Pair)
    assert "pattern" not in outcome.value.metadata


def test_the_chosen_turn_of_a_pair_is_never_cut_away():
    steps = [
        part for _ in range(2) for part in (Turn("assistant", "", Call("bash", {"command": "ls"})), Turn("tool", "x"))
    ]
    chosen = Turn("assistant", "", Call("bash", {"command": "ls -a"}))
    item = Preference((Turn("user", "Where?"), *steps), chosen, Turn("assistant", "Dunno."))
    assert code_of(settle(item, CONTRACT)) == "loop"


def test_a_preference_without_a_right_choice_or_a_difference_is_rejected():
    assert code_of(pair_of('{"tool": "none", "params": {}}', "no")) == "tool_none"
    assert code_of(pair_of("Run `df -h`.", "Run `df -h`.")) == "same_text"
    assert code_of(pair_of("Run `df -h`.", "\nRun `df -h`. ")) == "same_text"
    call = '{"tool": "bash", "params": {"command": "ls"}}'
    assert code_of(pair_of(call, '{ "params": {"command":"ls"}, "tool": "bash" }')) == "same_text"
    assert isinstance(pair_of(call, '{"tool": "bash", "params": {"command": "ls -a"}}').value, Pair)
    assert code_of(pair_of("Run `df -h`.", " ")) == "empty_output"


SONG = {
    "name": "find_song",
    "description": "Find a song",
    "parameters": {
        "type": "object",
        "properties": {"title": {"type": "string"}, "limit": {"type": "integer"}},
        "required": ["title"],
    },
}


@pytest.mark.parametrize(
    ("params", "code"),
    [({"title": "Blue", "limit": None}, "null_argument"), ({"title": "Blue", "artist": None}, "bad_argument")],
)
def test_null_where_nothing_need_be_said_is_left_out(params, code):
    turns = (Turn("user", "Find Blue."), Turn("assistant", call=Call("find_song", params)))
    answered = (*turns, Turn("tool", "Blue, 3:11", tool="find_song"), Turn("assistant", "It is 3:11 long."))
    outcome = settle(Transcript(answered, tools=(SONG,)), CONTRACT, "keep")
    assert outcome.repaired == (code,)
    assert row_of(outcome).messages[1].call == Call("find_song", {"title": "Blue"})


@pytest.mark.parametrize("params", [{"title": None}, {"title": "Blue", "artist": "x"}, {"title": 3, "limit": None}])
def test_an_argument_that_is_wrong_otherwise_refuses_the_row(params):
    turns = (Turn("user", "Find Blue."), Turn("assistant", call=Call("find_song", params)))
    assert code_of(settle(Transcript(turns, tools=(SONG,)), CONTRACT, "keep")) == "bad_argument"
