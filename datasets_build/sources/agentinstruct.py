"""AgentInstruct (Apache-2.0): agents of GPT-4 at work in six environments, of which `os` and `db` fit AJ.

A record is {"id", "conversations": [{"from", "loss", "value"}]}; a normalised form has {"role", "content"}. The os rows
hold acts of AJ's: commands, and an answer. The db rows call `execute_sql`, a tool declared here: what the source shows
as Python tuples is written as `mysql --batch --skip-column-names` prints it, so that the result is still true when
`datasets_build.repair.mapping` turns the call into a command for that client.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aj.acts import act_of, call_of, finish, here
from aj.contract import load_contract
from aj.messages import Call
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Transcript, Turn, one_conversation
from datasets_build.sources.foreign import read_json, trimmed
from datasets_build.sources.terminal import clean_terminal, mysql_lines

SOURCE, LICENCE, TEACHER = "agentinstruct", "Apache-2.0", "gpt-4"

UNFIT = ("alfworld", "webshop", "kg", "mind2web")
"""Splits of environments in which AJ does not work: a household, a shop, a knowledge graph, web pages."""

MAX_TEXT = 200_000

EXECUTE_SQL: dict[str, Any] = {
    "name": "execute_sql",
    "description": "Run one SQL statement on the MySQL server and return its rows, one a line, parted by tabs.",
    "parameters": {
        "type": "object",
        "properties": {"query": {"type": "string", "description": "the statement", "minLength": 1}},
        "required": ["query"],
        "additionalProperties": False,
    },
}

_SPLIT = re.compile(rf"(os|db|{'|'.join(UNFIT)})_\d+")
_INSTRUCTIONS = {
    "os": "I'will play the role of linux(ubuntu) operating system",
    "db": "operate a MySQL database with SQL",
}
_NEW_PROBLEM = "Now, I will start a new problem in a new OS. My problem is:"
_FIRST_PROBLEM = "Now, my problem is:"
_OS_OUTPUT = re.compile(r"The output of the OS(?: is empty\.?|:)")
_ACT = re.compile(r"^Act:[ \t]*(bash|finish|answer)\b[ \t]*", re.MULTILINE)
_BASH = re.compile(r"```(?:bash|sh)?[ \t]*\n(.*?)\n?```", re.DOTALL)
_ACTION = re.compile(r"^Action:[ \t]*(Operation|Answer)\b", re.MULTILINE)
_NOT_MYSQL = re.compile(r"\bstrftime\(|`\w+\.\w+`", re.IGNORECASE)
"""What MySQL answers with an error: SQLite's date function, and table and column quoted as one name. Some 6% of the
records have rows for it all the same, so these came from another database."""
_SQL = re.compile(r"```(?:sql)?[ \t]*\n(.*?)\n?```", re.DOTALL | re.IGNORECASE)
_FINAL = re.compile(r"^Final Answer:[ \t]*(.*)", re.MULTILINE | re.DOTALL)
_NO_ANSWER = ("", "none", "null", "nun", "n/a", "done", "ok", "success", "anything")


def matches(value: Mapping[str, Any]) -> bool:
    turns = value.get("conversations")
    if not isinstance(turns, list) or not turns or not isinstance(turns[0], dict):
        return False
    return _split(value, turns) is not None


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_transcript, value)


def _split(value: Mapping[str, Any], turns: list[Any]) -> str | None:
    """The split, by the record's id; without one, by the fixed instructions of the first turn."""
    if isinstance(name := value.get("id"), str) and (match := _SPLIT.match(name)):
        return match[1]
    first = turns[0].get("value") or turns[0].get("content")
    return next((split for split, words in _INSTRUCTIONS.items() if isinstance(first, str) and words in first), None)


def _transcript(value: Mapping[str, Any]) -> Transcript:
    turns = value.get("conversations")
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        raise Refused("bad_messages", "'conversations' is not a list of turns")
    split = _split(value, turns)
    if split not in _INSTRUCTIONS:
        raise Refused("unfit_split", f"the split {split} is not AJ's kind of work; only os and db are")
    said = [_said(turn) for turn in turns]
    read = _os_turns(said) if split == "os" else _db_turns(said)
    kept, cut = trimmed(read)
    metadata: dict[str, Any] = {"source": SOURCE, "licence": LICENCE, "teacher": TEACHER, "split": split}
    if isinstance(origin := value.get("id"), str):
        metadata["origin"] = origin
    if cut:
        metadata["cut"] = cut
    return Transcript(kept, system=said[0][1], tools=(EXECUTE_SQL,) if split == "db" else (), metadata=metadata)


def _said(turn: Mapping[str, Any]) -> tuple[str, str, bool]:
    """(speaker, text, whether it is learned) of a turn in either form."""
    speaker = {"human": "user", "gpt": "assistant", "user": "user", "assistant": "assistant"}.get(
        str(turn.get("from") or turn.get("role"))
    )
    text = turn.get("value") if "value" in turn else turn.get("content")
    if speaker is None or not isinstance(text, str) or len(text) > MAX_TEXT:
        raise Refused("bad_messages", f"a turn is not a text of a known speaker with at most {MAX_TEXT:,} characters")
    return speaker, text, turn.get("loss") is not False


# --- os -------------------------------------------------------------------------------------------------------------


def _os_turns(said: list[tuple[str, str, bool]]) -> list[Turn]:
    """The turns of the real problem: each record opens with the same solved example."""
    start = max((i for i, (_, text, _) in enumerate(said) if _NEW_PROBLEM in text), default=0)
    marker = _NEW_PROBLEM if start else _FIRST_PROBLEM
    _, found, problem = said[start][1].partition(marker)
    if not found or not problem.strip():
        raise Refused("no_problem", "the record states no problem")
    turns = [Turn("user", problem.strip())]
    for speaker, text, learned in said[start + 1 :]:
        turns.append(_os_call(text, learned) if speaker == "assistant" else _os_result(text, turns[-1]))
    return turns


def _os_result(text: str, before: Turn) -> Turn:
    match = _OS_OUTPUT.match(text.strip())
    if not match:
        return Turn("user", text.strip())
    act = act_of(before.call, load_contract())
    if before.call is None or act is None or act.kind != "here":
        raise Refused("result_without_call", "an output of the OS follows no command")
    return Turn("tool", clean_terminal(text.strip()[match.end() :]), tool=before.call.tool)


def _os_call(text: str, learned: bool) -> Turn:
    actions = list(_ACT.finditer(text))
    if len(actions) != 1:
        raise Refused("broken_action", f"a turn states {len(actions)} actions, not one")
    thought, rest = text[: actions[0].start()].strip().removeprefix("Think:").strip(), text[actions[0].end() :].strip()
    if actions[0][1] == "bash":
        blocks = [block for block in _BASH.findall(rest) if block.strip()]
        if not blocks:
            raise Refused("broken_action", "a bash action holds no command")
        act = here("\n".join(block.strip("\n") for block in blocks))
    elif actions[0][1] == "answer":
        if not rest.startswith("(") or ")" not in rest or not rest[1 : rest.rindex(")")].strip():
            raise Refused("broken_action", "an answer is not written in parentheses")
        act = finish(rest[1 : rest.rindex(")")].strip())
    elif thought:
        # A finished task has no words but the thought, and AJ finishes with an answer.
        return Turn("assistant", call=call_of(finish(thought), load_contract()), target=learned)
    else:
        raise Refused("broken_action", "the task is finished without any words")
    call = call_of(act, load_contract(), reasoning=thought or None)
    return Turn("assistant", call=call, target=learned)


# --- db -------------------------------------------------------------------------------------------------------------


def _db_turns(said: list[tuple[str, str, bool]]) -> list[Turn]:
    """The turns, without the instructions and the "Ok." with which every row opens."""
    start = 2 if len(said) > 2 and not _ACTION.search(said[1][1]) else 0
    turns: list[Turn] = []
    for speaker, text, learned in said[start:]:
        if speaker == "assistant":
            turns += _db_call(text, learned)
        elif turns and (call := turns[-1].call):
            result = mysql_lines(text)
            if _NOT_MYSQL.search(call.params["query"]) and not result.startswith("ERROR "):
                raise Refused("not_mysql", "MySQL would refuse the statement, yet it has a result")
            turns.append(Turn("tool", result, tool=EXECUTE_SQL["name"]))
        else:
            turns.append(Turn("user", text.strip()))
    return turns


def _db_call(text: str, learned: bool) -> list[Turn]:
    """A call, or an answer in words; nothing for a placeholder alone after a change of the data."""
    actions = list(_ACTION.finditer(text))
    if len(actions) != 1:
        raise Refused("broken_action", f"a turn states {len(actions)} actions, not one")
    thought, rest = text[: actions[0].start()].strip(), text[actions[0].end() :]
    if actions[0][1] == "Operation":
        statement = match[1].strip() if (match := _SQL.search(rest)) else ""
        if not statement:
            raise Refused("broken_action", "an operation holds no SQL")
        call = Call("execute_sql", {"query": statement}, reasoning=thought or None)
        return [Turn("assistant", call=call, target=learned)]
    answer = _final_answer(rest) or thought
    return [Turn("assistant", answer, target=learned)] if answer else []


def _final_answer(text: str) -> str:
    """`Final Answer: ["a", 3]` in words; "" for the placeholder of a task that asks for no answer."""
    match = _FINAL.search(text)
    if not match:
        raise Refused("broken_action", "an answer is not written after 'Final Answer:'")
    written = match[1].strip()
    try:
        found = read_json(written)
    except ValueError as error:
        raise Refused("broken_answer", f"the final answer is not a list ({written[:40]!r})") from error
    values = [_value(part) for part in (found if isinstance(found, list) else [found])]
    return "" if all(value.lower() in _NO_ANSWER for value in values) else ", ".join(values)


def _value(part: Any) -> str:
    if isinstance(part, list):
        return ", ".join(_value(inner) for inner in part)
    return part.strip() if isinstance(part, str) else "" if part is None else str(part)
