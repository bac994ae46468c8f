"""The three rules of quality, and their share."""

import pytest

from datasets_build.sources.openwebui.quality import faults, score


@pytest.mark.parametrize(
    ("turns", "found"),
    [
        (["All well."], [None]),
        (["Error: Unknown tool: execute_command"], ["unknown_tool"]),
        (['{"action": "bash"}'], ["action_key"]),
        (['{"tool": "bash", "action": "x", "tool": 1}', '{"tool": "x"} {"action": "y"}'], [None, None]),
        (["No agents were discovered."], [None]),
        (["**list_agents output:** web01", "no agents were discovered"], [None, "lost_agents"]),
        (["list_agents: no agents were discovered"], [None]),
    ],
)
def test_each_rule_names_its_fault(turns, found):
    assert faults(turns) == found


def test_the_score_is_the_share_of_turns_without_a_fault():
    assert score([None, "action_key", None, None]) == 0.75
    assert score([]) == 0.0
