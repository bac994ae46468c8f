"""What an answer counts, what it says of which host, and how that goes with the oracle's words and the results."""

import pytest

from scenarios.truth import Truth
from scorers.checks.said.claims import claims_about
from scorers.checks.said.counts import counted, counts_a_part, miscounts, says_count
from scorers.checks.said.pasted import check_own_words
from scorers.checks.said.polarity import contradicted
from scorers.checks.said.sources import Sources

# --- counts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("4 agents, 3 linux and 1 windows", [(4, "agents", False), (3, "linux", False), (1, "windows", False)]),
        ("no errors", [(0, "errors", False)]),
        ("no, all is fine; this one is up", []),
        ("both are up, one agent is", [(2, "are", False), (1, "agent", False)]),
        ("port 80, pid 7, 45%, 5 minutes, 10:30, 1.5, v2, line 3: 7kb, /4, $5, x-6", []),
        ("1. `a1`\n(2) b\n| 3 | c |", []),
        ("web 2 and `4`", []),
        ("maybe 3 agents, or 4 hosts. 2 nodes", [(3, "agents", True), (4, "hosts", True), (2, "nodes", False)]),
        (
            "2 of them, **3** of the disks, 4 out of the nodes",
            [(2, "", False), (3, "disks", False), (4, "nodes", False)],
        ),
    ],
)
def test_what_is_counted_is_no_name_no_measure_and_no_number_of_a_list(answer, found):
    assert counted(answer, ["web 2"]) == found


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("3 agents", True),
        ("three agents", True),
        ("4 agents", False),
        ("maybe 3 agents", False),
        ("3 agents or 4", False),
        ("3 agents, 2 linux and 1 windows", True),
        ("3 agents, 2 agents", False),
        ("3 agents, 2", False),
        ("3 of 5 agents", True),
        ("three out of five agents", True),
        ("3 agents, 5 in all", False),
    ],
)
def test_other_numbers_are_parts_of_the_count_or_the_whole_that_it_is_of(answer, right):
    assert says_count(answer, ["web01"], 3) is right


def test_where_no_names_are_known_a_larger_number_is_the_whole():
    assert says_count("3 errors in 240 lines", [], 3)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("There are 3 agents.", False),
        ("There are 2 agents.", True),
        ("There are two online agents.", True),
        ("There are 2 Linux agents.", False),
        ("2 agents are down.", False),
        ("2 agents are online.", True),
        ("Two of them: 2 agents run nginx.", True),
        ("I looked at 2 agents.", False),
        ("Four agents have it stopped.", True),
        ("In total 4 Linux agents.", True),
        ("Nothing is known.", False),
    ],
)
def test_another_number_of_all_agents_or_a_part_larger_than_all_is_a_miscount(text, wrong):
    assert miscounts(text, 3) is wrong


@pytest.mark.parametrize(
    ("after", "part"),
    [
        (" agents are down", True),
        (" are down", True),
        (" hosts with errors", True),
        (" agents are online", False),
        (" agents", False),
    ],
)
def test_the_words_after_a_number_may_say_of_which_part_it_is(after, part):
    assert counts_a_part(after) is part


# --- claims ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "about_a", "about_b"),
    [
        ("`a` is at 45% and `b` at 5%", ["` ` is at 45%"], ["` ` at 5%"]),
        ("a: 45%\nb: 5%", [": 45%"], [": 5%"]),
        ("45% (a), 5% (b)", ["45% ( )"], ["5% ( )"]),
        ("a is up, which is fine, b is down", ["is up, which is fine"], ["is down"]),
        ("a-1 is up. a is down, my-b is up, b is down", ["is down, my-b is up"], ["is down"]),
        ("all are up. a, b", ["", "all are up."], ["", "all are up."]),
        ("all are up except `b`, which is down: `a`", ["all are up", "`"], ["`, which is down: `"]),
        ("`a` and `b` are at 45% and 5%", ["45%"], ["5%"]),
        ("a and b are at 45% and 5%, respectively", ["45%"], ["5%"]),
        ("a and b are up and well", ["are up and well"], ["are up and well"]),
        (
            "a is up. b is up; wait, b is down",
            ["is up", "wait, b is down"],
            ["is up", "wait, is down", "wait, b is down"],
        ),
        ("1. **a**\n  - 45%\n2) **b**\n  > 5%", ["** ** 45%"], ["** ** 5%"]),
        ("up:\n- a\n\ndown:\n- b", ["up:"], ["down:"]),
        ("| host | use % |\n|---|---|\n| `a` | 45 |\n| b | 5.5 |\nso it is", ["use %: 45%"], ["use %: 5.5%"]),
        (
            "| host | mem (gib) |\n|:-|-:|\n| a | 4.5 | old |\n| b | 5 of 8 |",
            ["mem (gib): 4.5g", ": old"],
            ["mem (gib): 5 of 8"],
        ),
        (
            "| | a | b |\n|---|---|---|\n| disk | 45% | 5% |\n| load | 1 | 2 |",
            ["disk: 45%", "load: 1"],
            ["disk: 5%", "load: 2"],
        ),
        ("only a: 45%", ["only : 45%"], ["only : 45%"]),
    ],
)
def test_each_host_has_what_is_said_about_it(answer, about_a, about_b):
    said = claims_about(answer, ["a", "b"])
    assert [" ".join(claim.split()) for claim in said["a"]] == about_a
    assert [" ".join(claim.split()) for claim in said["b"]] == about_b


def test_the_users_own_machine_is_one_that_something_is_said_about():
    said = claims_about("you have 3.5.9, but a has 3.5.10", ["a", "b"], you=True)
    assert ([claim.split() for claim in said["you"]], said["b"]) == ([["3.5.9,"]], [])
    assert "you" not in claims_about("you have 3.5.9, but a has 3.5.10", ["a", "b"])


# --- the oracle's words and the results -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "answer", "right"),
    [
        ("`cron` is active", "`cron` is active", True),
        ("`cron` is active", "`cron` is not active", False),
        ("`cron` is active", "`cron` is down", False),
        ("`cron` has exited", "`cron` never exited", False),
        ("`cron` was deleted", "`cron` was not removed", False),
        ("`cron` did not start", "`cron` started", False),
        ("`cron` did not start", "i tried to start `cron`, but it failed", True),
        ("`cron` did not start", "i asked it to start", False),
        ("`port` went from 80 to 81", "`port` went from 81 to 80", False),
        ("`a` is not in `cron`", "`a` is in `cron`", False),
        ("`a` is not in `cron`", "`a` is missing there", True),
        ("restarted `cron`", "restarting `cron` failed", False),
        ("restarted `cron`", "on `web01`, restarting `cron` failed", False),
        ("restarted `cron`", "bounced `cron`", True),
        ("", "nothing is right", True),
    ],
)
def test_what_the_oracle_says_is_not_denied(told, answer, right):
    assert (contradicted(answer, told) == []) is right


RESULT = "HEAD  USED\n/dev/a  45%\n/dev/b  5%\n/dev/c  7%"


@pytest.mark.parametrize(
    ("answer", "copied"),
    [
        ("/dev/a  45%\n/dev/b  5%", True),
        (f"/dev/a  45%\n/dev/b  5%\n{'In my own words. ' * 5}", False),
        (f"/dev/a  45%\n> /dev/b  5%\n`HEAD  USED`\n{'In my own words. ' * 9}", True),
        ("/dev/a  45%", False),
        ("two own lines\nof words", False),
    ],
)
def test_three_lines_of_a_result_are_copied_or_two_without_words_of_ones_own(answer, copied):
    assert bool(check_own_words(answer, Truth({"": ("done",)}), [RESULT])) is copied


def test_lines_of_the_facts_themselves_are_no_copy():
    assert check_own_words("a.py\nb.py\nc.py", Truth({"": ("a.py", "b.py", "c.py")}), ["a.py\nb.py\nc.py"]) == []


SEEN = Sources(
    [
        "how many errors?",
        "ERROR a\nERROR b error\n\nWARN c",
        "87.26 %CPU 61.0 3.1Gi 9.0000",
        "3 Linux agents, 450 rows, 1.50",
    ]
)


@pytest.mark.parametrize("number", ["87.26", "87.3", "87", "1.5", "450", "61.0%", "61%", "9", "9.0", "3.1G", "3"])
def test_a_number_may_be_told_as_it_is_rounded_or_with_the_unit_of_its_heading(number):
    assert SEEN.number(number)


@pytest.mark.parametrize("number", ["87.2", "88", "45", "1.500", "7.26", "87.3%", "3.1M", "6", "1.0", "26"])
def test_a_part_of_a_number_another_unit_and_another_rounding_are_not_shown(number):
    assert not SEEN.number(number)


def test_sizes_are_numbers_of_lines_with_and_without_a_heading():
    assert Sources(["a\nb\n\nc\nd\ne"]).sizes == {5, 4, 2, 1, 3}


def test_words_are_counted_by_source_in_all_and_by_lines():
    assert SEEN.times("errors") == {0, 1, 2, 3, 4}
    assert SEEN.times("warn") == {0, 1}
    assert SEEN.times("is") == set()


def test_hosts_are_counted_only_beside_their_number():
    assert SEEN.hosts("3")
    assert not SEEN.hosts("2")
    assert Sources(["2 boxes"]).hosts("2")


def test_a_state_is_shown_by_other_words_for_it():
    assert Sources(["nginx (running)"]).state("active")
    assert not Sources(["nginx (running)"]).state("stopped")
    assert SEEN.state("failed")
