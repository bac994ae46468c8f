"""What an answer may say: what stands in a result or in the user's words, counts of it, and what holds in general."""

import pytest

from aj.findings import codes
from aj.messages import Message, calls, result, user
from aj.state import sources_of
from scorers.checks.grounding import check_grounded, check_unlooked

NAMES = ["web01", "db-2", "mail3"]
SOURCES = [
    "how are nginx and the disk doing everywhere?",
    "Available agents:\n  - web01: web01 (linux)\n  - db-2: db-2 (linux)\n  - mail3: mail3 (windows)",
    "[web01]\nactive\n\n[db-2]\nfailed\n\n[mail3]\nactive",
    "Filesystem Size Used Avail Use%\n/dev/sda1 50G 22G 28G 45%\n/dev/sdb1 80G 30G 46G 40%\n/dev/sdc1 10G 1G 8G 11%",
    "ERROR disk full\nERROR disk full\nWARN slow",
]


@pytest.mark.parametrize(
    "answer",
    [
        "All three agents answered: web01, db-2 and mail3.",
        "3 agents, 2 Linux and 1 Windows.",
        "1 Linux agent is down: `db-2`.",
        "1 Linux agent has it stopped.",
        "2 of 3 are active, 1 has failed.",
        "Two are active, `db-2` has failed.",
        "`db-2` has failed, the other two are active.",
        "There are 2 errors and 1 warning in the log.",
        "3 disks: `/dev/sda1`, `/dev/sdb1` and `/dev/sdc1`.",
        "nginx is running on web01 and stopped working on db-2, where it has failed.",
        "I'll look again in 5 minutes.",
        "Pro tip: keep every disk below 80%.",
        "Shall I restart `redis` on 4 of them?",
        "A disk that is 95% full is usually a worry.",
        "SHA256 and IPv6 are of no concern here.",
    ],
)
def test_counts_of_what_was_seen_lessons_and_questions_are_grounded(answer):
    assert check_grounded(answer, SOURCES, NAMES) == []


@pytest.mark.parametrize(
    ("answer", "made_up"),
    [
        ("All five agents answered.", "five"),
        ("4 Linux agents and 1 Windows.", "4 linux"),
        ("web77 is active.", "web77"),
        ("nginx is active on db-7.", "db-7"),
        ("There are 7 errors in the log.", "7"),
        ("3 agents, 2 Linux and 7 Windows.", "7 windows"),
        ("1 Linux agent is online.", "1 linux"),
        ("There is 1 Linux agent: web01.", "1 linux"),
        ("3 Linux agents are down.", "3 linux"),
        ("Twelve of them are active.", "Twelve"),
        ("nginx is disabled on web01.", "disabled"),
        ("I looked and found it at 46%.", "46%"),
    ],
)
def test_names_outside_of_code_numbers_in_words_and_small_counts_are_grounded_like_others(answer, made_up):
    assert [finding.why.split("'")[1] for finding in check_grounded(answer, SOURCES, NAMES)] == [made_up]


@pytest.mark.parametrize("fence", ["```\n{}\n```", "```bash\n{}\n```", "``` \n{}\n\n```"])
def test_a_result_may_be_shown_in_a_fence_and_nothing_else_may(fence):
    shown = "tmpfs 2% /run\n/dev/sda1 45% /"
    assert check_grounded(f"So:\n{fence.format(shown)}", [f"Filesystem\n{shown}\n"], NAMES) == []
    assert codes(check_grounded(f"So:\n{fence.format('/dev/sdb1 93% /')}", [shown], NAMES)) == ["ungrounded"]


@pytest.mark.parametrize(
    "answer",
    [
        "The disk of `web77` is 93% full; `/var/log` holds 28G of it.",
        "`nginx` is active on `web77`.",
        "nginx on web77 has failed.",
        "There are 4 agents online: `web01`, `web02`, `db01` and `db02`.",
        "Your disk is at 93%.",
        "All four servers are running.",
        "The load is 3.12 right now.",
    ],
)
def test_an_answer_from_nothing_is_made_up(answer):
    assert set(codes(check_unlooked(answer, ["how is it going over there?"], []))) == {"ungrounded"}


@pytest.mark.parametrize(
    "answer",
    [
        "That would erase the box. I will not run it.",
        "There are three boxes. Which one do you mean? I'll need a yes before I delete anything.",
        "It's the number of processes that run or wait, averaged over 1, 5 and 15 minutes.",
        "Mostly logs. `du -sh /var/log/*` usually names the culprit.",
        "There are 10 kinds of people: those who know binary and those who don't.",
        "Morning! It's 9:30 and I'm on my second coffee.",
        "A load balancer spreads requests over 2 or more servers.",
        "Which one do you mean, web01 or db-2?",
        "1. Say which host.\n2. Say what to do.",
        "I cannot see web01. Please ensure the agent is running on your machine.",
        "Make sure that the service on your server is active, then ask me again.",
        "Please verify the agent is connected and running on that host.",
    ],
)
def test_a_refusal_a_question_and_an_explanation_need_no_result(answer):
    assert check_unlooked(answer, ["delete the temp files"], []) == []


def test_own_commands_may_be_told_and_own_answers_prove_nothing():
    past: list[Message] = [
        user("make a note"),
        calls("bash", {"command": "echo hi > note.txt"}),
        result("bash", ""),
        calls("complete", {"answer": "`other.txt` is written."}),
        user("which file?"),
    ]
    assert sources_of(past) == ["make a note", "echo hi > note.txt", "", "which file?"]
    assert check_grounded("`note.txt`", sources_of(past), []) == []
    assert codes(check_grounded("`other.txt`", sources_of(past), [])) == ["ungrounded"]


TABLE = "| a | b |\n|---|---|\n| x | y |\n| z | w |\n| u | v |\n"


@pytest.mark.parametrize(
    ("answer", "names", "counts"),
    [
        ("2 of them: redis and nginx.", [], True),
        ("2 of them: redis, nginx.", [], False),
        ("redis or nginx, 2 of them.", [], False),
        ("redis, nginx and cron: 3 of them.", [], True),
        ("redis, nginx and cron: 4 of them.", [], False),
        ("redis & nginx & cron, 2 of them.", [], True),
        ("It is up, as I said before, or so it seemed to me, 3 of them.", [], False),
        (f"{TABLE}3 of them.", [], True),
        (f"{TABLE}6 of them.", [], False),
        ("- one line\n* another\n• a third\n3 of them.", [], True),
        ("`a` `b` `c` `d`: 4 of them.", [], True),
        ("`a` `b` `c` `d`: 5 of them.", [], False),
        ("5 of them.", list("abcde"), True),
        ("web01 is down, 4 of them are not.", ["web01", "db-2", "mail3", "x", "y"], True),
        ("I'll look again in 7 minutes.", [], True),
        ("I looked 7 minutes ago.", [], False),
        ("every 9 days", [], True),
        ("It is 1 of many.", [], True),
    ],
)
def test_a_number_that_stands_nowhere_must_count_something_in_the_answer(answer, names, counts):
    found = check_grounded(answer, ["all is well: `a` `b` `c` `d`"], names)
    assert (found == []) is counts
