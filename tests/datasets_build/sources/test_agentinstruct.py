"""AgentInstruct: os rows speak AJ's tools, db rows a tool of their own; output is what the command printed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.messages import Call, Message, Row
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.repair.mapping import map_call
from datasets_build.sources.agentinstruct import EXECUTE_SQL, matches, parse
from datasets_build.sources.terminal import clean_terminal, mysql_lines
from scorers.checks.rows import check_row

RULES = "I'will play the role of linux(ubuntu) operating system. Now, my problem is:\n\nhow many files are there?"
LOOK = "Think: I look.\n\nAct: bash\n\n```bash\nls\n```"
DEMO = [RULES, LOOK, "The output of the OS:\n7", "Think: It is 7.\n\nAct: answer(7)"]
NEW = "Now, I will start a new problem in a new OS. My problem is:\n\nWhich user am I?"
DB = ["You should help me operate a MySQL database with SQL to answer the question.", "Ok.", "How many rows has t?"]
QUERY = "I count.\nAction: Operation\n```sql\nSELECT COUNT(*) FROM t\n```"


def record(split, texts, learned=True, form="raw"):
    conversation = []
    for number, text in enumerate(texts):
        if form == "raw":
            speaker = "gpt" if number % 2 else "human"
            conversation.append({"from": speaker, "loss": learned if number % 2 else None, "value": text})
        else:
            conversation.append({"role": "assistant" if number % 2 else "user", "content": text})
    return {"id": f"{split}_7", "conversations": conversation}


def read(split, texts, **form):
    value = record(split, texts, **form)
    assert matches(value)
    (item,) = parse(value)
    return item


def os_turns(*texts, **form):
    item = read("os", [*DEMO, NEW, *texts], **form)
    assert isinstance(item, Transcript), item
    return item.turns


def db_turns(*texts):
    item = read("db", [*DB, *texts])
    assert isinstance(item, Transcript), item
    return item.turns


@pytest.mark.parametrize("form", ["raw", "normalised"])
def test_an_os_row_speaks_ajs_tools_and_loses_its_demonstration(form):
    answer = "Think: It is root.\n\nAct: answer(root (uid 0))"
    assert os_turns(LOOK, "The output of the OS:\n\nroot\r\n", answer, form=form) == (
        Turn("user", "Which user am I?"),
        Turn("assistant", call=Call("bash", {"command": "ls"}, reasoning="I look.")),
        Turn("tool", "root", tool="bash"),
        Turn("assistant", call=Call("complete", {"answer": "root (uid 0)"}, reasoning="It is root.")),
    )


def test_the_metadata_names_split_licence_teacher_and_origin():
    item = read("os", [*DEMO, NEW, LOOK])
    assert isinstance(item, Transcript)
    expected = {"source": "agentinstruct", "licence": "Apache-2.0", "teacher": "gpt-4", "split": "os", "origin": "os_7"}
    assert item.metadata == expected
    assert item.tools == ()


def test_a_finished_task_is_completed_with_its_last_thought():
    done = os_turns(LOOK, "The output of the OS is empty.", "Think: The folder is there now.\n\nAct: finish")[2:]
    assert done == (
        Turn("tool", "", tool="bash"),
        Turn("assistant", call=Call("complete", {"answer": "The folder is there now."})),
    )


def test_a_row_without_a_final_answer_ends_on_its_last_call():
    item = read("os", [*DEMO, NEW, LOOK, "The output of the OS:\nroot"])
    assert isinstance(item, Transcript)
    assert item.turns[-1].call == Call("bash", {"command": "ls"}, reasoning="I look.")
    assert item.metadata["cut"] == "ends_on_tool"


def test_two_blocks_of_one_action_are_one_script():
    (call,) = [turn.call for turn in os_turns("Act: bash\n```bash\na\n```\nthen\n```bash\nb\n```") if turn.call]
    assert call == Call("bash", {"command": "a\nb"})


def test_turns_that_are_not_learned_are_no_targets():
    assert read("os", [*DEMO, NEW, LOOK], learned=False) == Refused(
        "no_answer", "the conversation does not go from a user to an answer"
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["I would look around."], "broken_action"),
        (["Act: bash\n\nls"], "broken_action"),
        (["Act: answer(42"], "broken_action"),
        (["Act: answer()"], "broken_action"),
        (["Act: finish"], "broken_action"),
        (["Act: bash\n```bash\nls\n```\nAct: finish"], "broken_action"),
        (["Act: answer(1)", "The output of the OS:\nx", LOOK], "result_without_call"),
        (["Act: answer(<|im_end|>)"], "special_token"),
    ],
)
def test_an_os_turn_that_is_not_certain_is_refused_by_its_code(texts, expected):
    item = read("os", [*DEMO, NEW, *texts])
    assert isinstance(item, Refused)
    assert item.code == expected


@pytest.mark.parametrize("split", ["alfworld", "webshop", "kg", "mind2web"])
def test_the_other_splits_are_unfit(split):
    item = read(split, ["Look for a mug.", "ok"])
    assert isinstance(item, Refused)
    assert item.code == "unfit_split"


def test_a_db_row_calls_a_tool_of_its_own_and_answers_in_words():
    item = read("db", [*DB, QUERY, "[(38,)]", 'So it is.\nAction: Answer\nFinal Answer: ["38"]'])
    assert isinstance(item, Transcript)
    assert item.turns == (
        Turn("user", "How many rows has t?"),
        Turn("assistant", call=Call("execute_sql", {"query": "SELECT COUNT(*) FROM t"}, reasoning="I count.")),
        Turn("tool", "38", tool="execute_sql"),
        Turn("assistant", "38"),
    )
    row = Row(tuple(Message(t.role, t.text, t.call, t.tool) for t in item.turns), tools=item.tools)
    assert check_row(row, load_contract("aj")) == []


def test_a_db_call_maps_to_the_mysql_client():
    call = Call("execute_sql", {"query": "SELECT 1 FROM `t`"}, reasoning="so")
    mapped = map_call(call, (EXECUTE_SQL,), load_contract("aj"))
    command = "mysql --batch --skip-column-names -e 'SELECT 1 FROM `t`'"
    assert mapped == Call("bash", {"command": command}, reasoning="so")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ('["a", 3, null]', "a, 3, "),
        ('["none"]', "Two rows were added."),
        ("[]", "Two rows were added."),
        ('[["a", 1], ["b", 2]]', "a, 1, b, 2"),
        ("42", "42"),
    ],
)
def test_a_final_answer_is_said_in_words(answer, words):
    turns = db_turns(QUERY, "[]", f"Two rows were added.\nAction: Answer\nFinal Answer: {answer}")
    assert turns[-1] == Turn("assistant", words)


def test_a_placeholder_alone_ends_the_row_at_its_last_call():
    assert db_turns(QUERY, "[]", 'Action: Answer\nFinal Answer: ["none"]')[-1].call


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Action: Operation\nSELECT 1"], "broken_action"),
        (["Action: Answer\nIt is 3"], "broken_action"),
        (["Action: Answer\nFinal Answer: [3,"], "broken_answer"),
        (["Action: Operation\n```sql\nSELECT STRFTIME('%Y', d) FROM t\n```", "[('2003',)]", QUERY], "not_mysql"),
        (["Action: Operation\n```sql\nSELECT `t.a` FROM t\n```", "[(3,)]", QUERY], "not_mysql"),
    ],
)
def test_a_db_turn_that_is_not_certain_is_refused_by_its_code(texts, expected):
    item = read("db", [*DB, *texts])
    assert isinstance(item, Refused)
    assert item.code == expected


def test_an_error_that_mysql_gives_is_kept_as_its_client_prints_it():
    failing = "Action: Operation\n```sql\nSELECT `t.a` FROM t\n```"
    turns = db_turns(failing, "1054 (42S22): Unknown column 't.a' in 'field list'", QUERY)
    assert turns[2].text == "ERROR 1054 (42S22) at line 1: Unknown column 't.a' in 'field list'"


@pytest.mark.parametrize(
    ("raw", "printed"),
    [
        ("\x1b[0m\x1b[01;34mbin\x1b[0m  etc\r\n\x1b]0;root@3eb0116fb17d: /\x07root@3eb0116fb17d:/# \x1b[K", "bin  etc"),
        ("\x1b[?2004h\n5\r\n\x1b[?2004lroot@3eb0116fb17d:~$ ", "5"),
        ("a\n\n[truncated because the output is too long]", "a\n\n[truncated because the output is too long]"),
        ("root@web01:/srv# is in the motd", "root@web01:/srv# is in the motd"),
        ("a\x00b\tc", "ab\tc"),
        ("  indented", "  indented"),
    ],
)
def test_output_is_what_the_command_printed(raw, printed):
    assert clean_terminal(raw) == printed


@pytest.mark.parametrize(
    ("raw", "printed"),
    [
        ("[]", ""),
        ("[(1, None, 'a')]", "1\tNULL\ta"),
        ("[(-1.5,), (Decimal('2.50'),)]", "-1.5\n2.50"),
        ("[(datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4))]", "2020-01-02\t2020-01-02 03:04:00"),
        (r"[('a\nb\\',)]", r"a\nb\\"),
        ("[(1,), (2, [truncated]", "[(1,), (2, [truncated]"),
        ("[(datetime.timedelta(seconds=3),)]", "[(datetime.timedelta(seconds=3),)]"),
        ("[(__import__('os'),)]", "[(__import__('os'),)]"),
        ("[[1]]", "[[1]]"),
        ("[" * 3_000, "[" * 3_000),
        ("[" + "-" * 40_000 + "1]", "[" + "-" * 40_000 + "1]"),
        (
            "Commands out of sync; you can't run this command now",
            "Commands out of sync; you can't run this command now",
        ),
    ],
)
def test_rows_are_what_the_client_prints_or_stay_as_they_stand(raw, printed):
    assert mysql_lines(raw) == printed


PIECES = st.sampled_from(
    ["Think:", "\nAct: bash\n", "Act: answer(", ")", "```bash\n", "```", NEW, "\nAction: Answer\n"]
)
TEXTS = st.lists(PIECES | st.text(st.characters(), max_size=8), max_size=6).map("".join) | st.none() | st.integers()
TURNS = st.dictionaries(
    st.sampled_from(["from", "value", "role", "content", "loss"]), TEXTS | st.just("gpt"), max_size=3
)


@given(st.sampled_from(["os_1", "db_2", "kg_3"]), st.lists(TURNS | TEXTS, max_size=5), st.lists(TEXTS, max_size=4))
@settings(max_examples=50)
def test_whatever_stands_in_a_record_it_is_read_or_refused(name, turns, texts):
    for value in ({"id": name, "conversations": turns}, record(name, [str(text) for text in (*DEMO, NEW, *texts)])):
        assert matches(value) in (True, False)
        assert [isinstance(item, Transcript | Refused) for item in parse(value)] == [True]


def test_other_conversations_are_not_taken_for_agentinstruct():
    assert not matches({"id": "x1", "conversations": [{"from": "human", "value": "hi"}]})
    assert not matches({"messages": []})
    assert not matches({"id": "os_1", "conversations": "text"})
