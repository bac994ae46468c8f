"""Lint: the checks that score the model, over what a record would teach as it stands."""

import json
import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aj.contract import load_contract
from aj.findings import codes
from aj.messages import Call, reply
from datasets_build.drawn import templated
from datasets_build.drawn.corrections import draw_corrections, to_pair, to_row
from datasets_build.ledger import Refused
from datasets_build.lint.items import calls_known_tool, lint_item, lint_record, lint_value
from datasets_build.reading.records import Record
from datasets_build.reading.transcripts import Preference, Transcript, Turn
from datasets_build.sources import shapes
from datasets_build.sources.shapes import Shape, parse, shape_of

AJ = load_contract()
LISTED = "Available agents:\n  - web01: web01 (linux) @ 198.51.100.4:7000\n  - db02: db02 (linux) @ 198.51.100.5:7000"


def said(text: str, **more) -> Transcript:
    return Transcript((Turn("user", "restart nginx"), Turn("assistant", text)), **more)


def told(item) -> list[str]:
    return codes([found.finding for found in lint_item(item, AJ)])


def test_the_rows_that_we_draw_ourselves_are_clean():
    cases = list(draw_corrections(Random(1), AJ, 1))
    rows = [
        row
        for draw in (
            templated.tasks,
            templated.contexts,
            templated.talks,
            templated.plans,
            templated.chats,
            templated.state_blocks,
        )
        for row in draw(Random(3), AJ, 3)
    ]
    for row in (*rows, *map(to_row, cases)):
        assert lint_value(row, AJ) == []
    for pair in map(to_pair, cases):
        assert lint_value(pair, AJ) == []
        wrong = replace(pair, messages=pair.messages[:-1], chosen=reply(pair.rejected))
        assert lint_value(wrong, AJ)


@pytest.mark.parametrize("mode", ["step", "chat", "plan"])
def test_an_object_that_names_a_tool_is_judged_as_a_call_in_any_mode(mode):
    assert {"action_key", "wrong_output_format"} <= set(told(said('{"action": "execute_command"}', mode=mode)))
    assert {"tool_none", "tool_none_error"} <= set(told(said('{"tool": "none", "params": {}}', mode=mode)))
    assert "retired_tool" in told(said('{"tool": "read_file", "params": {"file_path": "a"}}', mode=mode))


def test_prose_is_judged_by_its_mode():
    assert told(said("It is up.", mode="chat")) == []
    assert told(said("It is up.")) == ["no_call"]
    assert told(said("task", mode="intent")) == []
    assert told(said('{"steps": ["look", "mend"], "reasoning": "so"}', mode="plan")) == ["not_a_list"]


def test_a_call_that_the_record_states_is_judged_as_it_would_be_written():
    call = Transcript((Turn("user", "x"), Turn("assistant", call=Call("bash", {"command": 5}))))
    assert told(call) == ["bad_argument"]
    gone = Transcript((Turn("user", "x"), Turn("assistant", call=Call("execute_shell", {"cmd": "ls"}))))
    assert told(gone) == ["retired_tool"]


TOOL = {
    "name": "get_time",
    "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]},
}


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (Call("get_time", {"zone": "UTC"}), []),
        (Call("get_time", {}), ["bad_argument"]),
        (Call("bash", {"command": "date"}), ["unknown_tool"]),
        (Call("none"), ["tool_none"]),
    ],
)
def test_a_record_with_its_own_tools_is_held_against_those(call, found):
    turns = (Turn("user", "what time is it?"), Turn("assistant", call=call))
    assert told(Transcript(turns, tools=(TOOL,))) == found
    answered = (*turns, Turn("tool", "12:00"), Turn("assistant", "It is 12:00."))
    assert told(Transcript(answered, tools=(TOOL,))) == found


@pytest.mark.parametrize(
    "schema", [{"type": "nonsense"}, {"$ref": "http://127.0.0.1/x"}, {"$ref": "#/nowhere"}, {"type": 5}]
)
def test_a_schema_that_no_call_can_be_checked_against_is_named(schema):
    turns = (Turn("user", "x"), Turn("assistant", call=Call("f", {"a": 1})))
    assert told(Transcript(turns, tools=({"name": "f", "parameters": schema},))) == ["bad_schema"]


def test_conduct_is_judged_over_the_conversation_by_what_the_runtime_dispatches():
    discovered = (
        Turn("user", "x"),
        Turn("assistant", '{"action": "list_agents"}'),
        Turn("tool", LISTED, tool="list_agents"),
    )
    again = Turn("assistant", '{"tool": "list_agents", "params": {}}')
    assert "second_discovery" in told(Transcript((*discovered, again)))
    known = Turn("assistant", call=Call("remote_bash", {"agent_id": "web01", "command": "ls"}))
    assert (
        told(
            Transcript(
                (
                    *(t if t.role != "assistant" else Turn("assistant", call=Call("list_agents")) for t in discovered),
                    known,
                )
            )
        )
        == []
    )


def test_agents_that_the_users_text_lists_count_as_discovered():
    request = Turn("user", "Agents: web01 (linux), db02 (linux)\nTask: check the disks")
    assert told(Transcript((request, Turn("assistant", call=Call("remote_bash_all", {"command": "df -h"}))))) == []
    nobody = Turn("assistant", call=Call("complete", {"answer": "There are no agents."}))
    assert told(Transcript((request, nobody))) == ["lost_context"]


def test_an_answer_says_only_what_a_result_or_the_user_said():
    turns = (
        Turn("user", "how full?"),
        Turn("assistant", call=Call("bash", {"command": "df"})),
        Turn("tool", "/ 45%", tool="bash"),
    )
    for share, found in (("45%", []), ("87%", ["ungrounded"])):
        assert (
            told(Transcript((*turns, Turn("assistant", call=Call("complete", {"answer": f"It is at {share}."})))))
            == found
        )
    assert told(said('{"tool": "complete", "params": {"answer": "It is at 87%."}}')) == []


def asked(answer: str, result: str, command: str = "df -h", tools=()):
    call = Call("bash" if not tools else tools[0]["name"], {"command": command})
    return Transcript(
        (Turn("user", "how?"), Turn("assistant", "", call), Turn("tool", result), Turn("assistant", answer)),
        tools=tools,
    )


def completed(answer: str) -> str:
    return json.dumps({"tool": "complete", "params": {"answer": answer}})


@pytest.mark.parametrize(
    ("answer", "clean"),
    [
        ("The mean is 9.0.", True),
        ("The mean is 9.", True),
        ("The load is 0.7.", True),
        ("The load is 0.68.", True),
        ("The load is 0.69.", False),
        ("I looked with `df -h`.", True),
        ("I looked with `df -i`.", False),
        ("1. All is well.\n2. No alarms.\n3. No news.", True),
        ("All is well, with 3 alarms.", False),
    ],
)
def test_rounding_own_commands_and_a_lists_numbers_are_grounded(answer, clean):
    item = asked(completed(answer), "mean 9.0000 load 0.6750")
    assert (told(item) == []) == clean


OWN = ({"name": "lookup", "parameters": {"properties": {"command": {"type": "string"}}}},)


def test_a_row_of_its_own_tools_is_asked_neither_for_ajs_conduct_nor_for_what_the_field_knows():
    listed = "Here are the agents: web01, db02."
    call = '{"tool": "remote_bash", "params": {"agent_id": "nobody", "command": "ls"}}'
    for answer in ("It melts at 135 degrees.", "There are 7 agents. No agents fit.", call):
        assert told(asked(answer, listed, tools=OWN)) == []
    assert "ungrounded" in told(asked(completed("It melts at 135 degrees."), listed))


def test_a_row_of_its_own_tools_speaks_in_ajs_voice_and_writes_no_results():
    assert told(asked("I'm sorry, but as an AI I cannot.", "x", tools=OWN)) == ["robotic", "over_apology"]
    assert told(asked("FUNCTION RESPONSE: {}", "x", tools=OWN)) == ["written_result"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "https://x.example/schema"},
        {"$ref": "#"},
        {"maximum": 10**30},
        {"pattern": "("},
        json.loads('{"a": ' * 300 + "1" + "}" * 300),
    ],
)
def test_a_schema_that_is_none_within_bounds_is_named(schema):
    assert told(asked("Done.", "x", tools=({"name": "lookup", "parameters": schema},))) == ["bad_schema"]


def test_each_tool_that_cannot_be_checked_is_counted():
    tools = tuple(
        {"name": name, "parameters": {"type": kind}} for name, kind in (("a", "colour"), ("b", "object"), ("c", "x"))
    )
    assert told(Transcript((Turn("user", "x"), Turn("assistant", "Done.")), tools=tools)) == ["bad_schema"] * 2


@pytest.mark.parametrize("parameters", [{}, None, {"type": "object", "properties": {}}])
def test_a_tool_without_parameters_takes_no_arguments(parameters):
    assert told(asked("Done.", "x", tools=({"name": "lookup", "parameters": parameters},))) == ["bad_argument"]


def test_a_hostile_pattern_takes_no_time():
    schema = {"properties": {"command": {"pattern": "^(a+)+$"}}}
    begun = time.process_time()
    assert told(asked("Done.", "x", "a" * 5000 + "!", ({"name": "lookup", "parameters": schema},))) == ["bad_argument"]
    assert time.process_time() - begun < 2


def test_only_targets_are_judged():
    shown = (Turn("user", "x"), Turn("assistant", "Think: so", target=False), Turn("user", "y"))
    right = Turn("assistant", '{"tool": "list_agents", "params": {}}')
    assert told(Transcript((*shown, right))) == []
    assert told(Transcript((*shown, Turn("assistant", "No.")))) == ["no_call"]
    assert (
        told(Transcript((Turn("user", "x"), Turn("assistant", "No."), Turn("user", "y"), right), layout="state_block"))
        == []
    )


def test_of_a_preference_the_chosen_turn_is_judged():
    wrong, right = Turn("assistant", '{"action": "x"}'), Turn("assistant", '{"tool": "list_agents", "params": {}}')
    assert told(Preference((Turn("user", "x"),), right, wrong)) == []
    assert "action_key" in told(Preference((Turn("user", "x"),), wrong, right))
    assert told(Preference((Turn("user", "x"),), right, right)) == ["pair_alike"]


def test_a_finding_names_its_turn():
    item = Transcript(
        (
            Turn("user", "\x00"),
            Turn("assistant", "No."),
            Turn("user", "</s>"),
            Turn("assistant", "Sorry, I apologise."),
        ),
        "chat",
        system="- none: no",
    )
    places = {found.finding.code: found.turn for found in lint_item(item, AJ)}
    assert places == {"control_character": 0, "template_token": 2, "over_apology": 3, "system_lists_none": -1}


def test_rows_of_the_simulated_fleet_may_hold_its_addresses():
    text = '{"tool": "complete", "params": {"answer": "It is 10.0.0.7."}}'
    assert told(said(text)) == told(said(text, metadata={"templates": []})) == ["private_address"]
    assert told(said(text, metadata={"templates": ["t"]})) == []


def test_look_alikes_of_addresses_are_no_finding_and_secrets_always_are():
    text = "Noted: 10.0.0.7."
    assert told(said(text, mode="chat", metadata={"private": "yes"})) == ["private_address"]
    assert told(said(text, mode="chat", metadata={"private": "replaced"})) == []
    key = Turn("user", "the key is AKIAQ3EGRUT5NX2PM7WZ"), Turn("assistant", text)
    assert told(Transcript(key, "chat", metadata={"private": "replaced"})) == ["secret"]


def test_a_record_is_told_with_how_it_was_read(monkeypatch):
    monkeypatch.setattr(
        shapes, "SHAPES", {"s": Shape(lambda value: "text" in value, lambda value: iter([said(value["text"])]))}
    )
    path, good = Path("f"), '{"tool": "list_agents", "params": {}}'
    assert codes([f.finding for f in lint_record(Record(path, 1, {"text": good}, ("bom",)), AJ)[1]]) == ["bom"]
    assert codes([f.finding for f in lint_record(Record(path, 1, Refused("not_json", "no")), AJ)[1]]) == ["not_json"]
    ((), (found,)) = (
        lint_record(Record(path, 1, {"b": 1, "a": 2}), AJ)[0][1:],
        lint_record(Record(path, 1, {"b": 1, "a": 2}), AJ)[1],
    )
    assert (found.finding.code, "a, b" in found.finding.why) == ("unknown_shape", True)


def test_the_first_shape_that_matches_parses(monkeypatch):
    never = Shape(lambda value: False, lambda value: iter([]))
    first = Shape(lambda value: "a" in value, lambda value: iter([Refused("first", "")]))
    monkeypatch.setattr(shapes, "SHAPES", {"never": never, "first": first, "second": first})
    assert shape_of({"a": 1}) == "first"
    assert shape_of({}) is None
    assert [item.code for item in parse({"a": 1}) if isinstance(item, Refused)] == ["first"]


def test_a_call_by_a_name_of_the_contract_is_counted():
    assert calls_known_tool(said('{"tool": "complete", "params": {}}'), AJ)
    assert calls_known_tool(Transcript((Turn("user", "x"), Turn("assistant", call=Call("bash")))), AJ)
    assert not calls_known_tool(said('{"tool": "none"}'), AJ)
    assert not calls_known_tool(Refused("x", ""), AJ)


TEXTS = st.text(max_size=30) | st.sampled_from(
    ['{"tool": "none"}', '{"action": 1}', "- {'step': 1}", LISTED, "```bash\nls\n```"]
)
ANY = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
CALLS = st.none() | st.builds(
    Call, st.sampled_from(["bash", "remote_bash", "complete", "x", ""]), st.dictionaries(TEXTS, ANY, max_size=2)
)
TURNS = st.builds(
    Turn, st.sampled_from(["user", "assistant", "tool"]), TEXTS, st.none(), st.none() | TEXTS
) | st.builds(Turn, st.just("assistant"), TEXTS, CALLS)
TOOLS = st.lists(st.dictionaries(st.sampled_from(["name", "parameters", "x"]), ANY, max_size=3), max_size=2).map(tuple)


@given(
    st.lists(TURNS, max_size=5),
    st.sampled_from(["step", "chat", "plan", "intent"]),
    TEXTS,
    TOOLS,
    st.sampled_from(["dialogue", "state_block"]),
)
@settings(max_examples=150)
def test_any_transcript_can_be_linted(turns, mode, system, tools, layout):
    item = Transcript(tuple(turns), mode, layout, system, tools, {"persona": "senior_engineer"})
    for found in lint_item(item, AJ):
        assert -1 <= found.turn < max(len(turns), 1)
    json.dumps(told(item))
