"""Is a row fit to train on? The checks that score the model, applied to every assistant turn that is a target."""

from collections.abc import Sequence

from aj.conduct import check_conduct
from aj.contract import Contract
from aj.errors import ContractError
from aj.findings import Finding
from aj.messages import Message, Mode, Pair, Row
from aj.wire import render_turn, row_contract
from scorers.checks.patterns import known_issue
from scorers.checks.replies import check_reply
from scorers.checks.taught import told_discovery


def check_row(row: Row, contract: Contract) -> list[Finding]:
    """Findings about all targets of a row; without any, it teaches nothing known to be wrong."""
    if row.messages[-1].role != "assistant" or not row.messages[-1].learned:
        return [Finding("no_target", "the row does not end on a turn of AJ's to learn", "cut it after AJ's last turn")]
    if row.tools:
        return _check_own_tools(row, contract)
    found: list[Finding] = []
    told = told_discovery(row.messages, contract)
    for position, message in enumerate(row.messages):
        written = row.layout == "dialogue" or position == len(row.messages) - 1
        if message.role != "assistant" or not (message.learned and written):
            continue
        past = (*told, *row.messages[:position])
        found += check_reply(render_turn(message, contract), contract, row.mode)
        found += check_conduct(message.call, past, contract) if message.call else []
    return found


def _check_own_tools(row: Row, contract: Contract) -> list[Finding]:
    """A row with foreign tools: the form and arguments of its turns, by its own schemas, without AJ's conduct."""
    try:
        own = row_contract(row, contract)
    except ContractError as error:
        why, _, fix = str(error).rstrip(".").rpartition("; ")
        return [Finding("bad_schema", why, fix)]
    if (row.mode, row.layout) != ("step", "dialogue"):
        return [Finding("bad_mode", f"own tools in {row.mode} mode as a {row.layout}", "use step mode and a dialogue")]
    turns = [message for message in row.messages if message.role == "assistant" and message.learned]
    return [finding for turn in turns for finding in check_reply(render_turn(turn, own), own, row.mode)]


def pattern_of(rejected: str, messages: Sequence[Message], contract: Contract, mode: Mode) -> str | None:
    """The documented pattern that the rejected text of a pair shows; what its context tells was discovered."""
    return known_issue(rejected, [*told_discovery(messages, contract), *messages], contract, mode)


def check_pair(pair: Pair, contract: Contract) -> list[Finding]:
    """The chosen turn must be right, and the rejected text must show the pattern that the pair is about."""
    found = check_row(Row((*pair.messages, pair.chosen), pair.mode, pair.layout), contract)
    shown = pattern_of(pair.rejected, pair.messages, contract, pair.mode)
    expected = pair.metadata.get("pattern")
    if shown != expected:
        found.append(Finding("wrong_pattern", f"the rejected text shows {shown}, not {expected}", "fix the generator"))
    return found
