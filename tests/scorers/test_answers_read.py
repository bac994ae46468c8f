"""An answer is read as people write: lists and tables, units in any spelling, what is denied and what is left open."""

import pytest

from aj.findings import codes
from scenarios.truth import Truth
from scorers.checks.answers import check_answer, check_grounded

MYSQL = {"store-7": ("active",)}
TWO = {"web01": ("active",), "db01": ("failed",)}
DISKS = {"web01": ("45%",), "db01": ("5%",)}
MEMORY = {"web01": ("3.1G",)}
FOUR = {name: (name,) for name in ("a1", "b2", "c3", "d4")}

TRUE = [
    ("There are 4:\n1. `a1`\n2. `b2`\n3. `c3`\n4. `d4`", Truth(FOUR, count=4)),
    ("4 agents, 3 Linux and 1 Windows: `a1`, `b2`, `c3`, `d4`.", Truth(FOUR, count=4)),
    ("All four are online: a1, b2, c3 and d4", Truth(FOUR, count=4)),
    (
        "| # | agent |\n|---|---|\n| 1 | `a1` |\n| 2 | `b2` |\n| 3 | `c3` |\n| 4 | `d4` |\n\n4 in total",
        Truth(FOUR, count=4),
    ),
    ("`a1`, `b2`, `c3` and `d4`: that's 4, all of them up. Agents listen on port 7000.", Truth(FOUR, count=4)),
    ("`db01` is at 91 %.", Truth({"db01": ("91%",)})),
    ("`db01` is at 91 percent.", Truth({"db01": ("91%",)})),
    ("`W3SVC` is not running on `p3`", Truth({"p3": ("stopped|not running|down",)})),
    ("`W3SVC` isn't running on `p3`", Truth({"p3": ("stopped|down",)})),
    ("`nginx` on `web01` is active, not failed", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is active and has not failed.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is **active**. No errors in the log.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is not only active but also enabled.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` went from failed to active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` was failed, I restarted it, and it is active again.", Truth({"web01": ("active",)})),
    ("`web-1` is at 45% (up from 41%), `web-2` is at 5%, 95% free", Truth({"web-1": ("45%",), "web-2": ("5%",)})),
    ("| Host | Use % |\n|---|---|\n| web-1 | 45 |\n| web-2 | 5 |", Truth({"web-1": ("45%",), "web-2": ("5%",)})),
    ("| | web-1 | web-2 |\n|---|---|---|\n| disk | 45% | 5% |", Truth({"web-1": ("45%",), "web-2": ("5%",)})),
    ("`web-1` and `web-2` are at 45% and 5%, respectively.", Truth({"web-1": ("45%",), "web-2": ("5%",)})),
    ("Disk:\n- **web-1**\n  - 45%\n- **web-2**\n  - 5%", Truth({"web-1": ("45%",), "web-2": ("5%",)})),
    ("Active:\n- `a`\n- `b`\n\nFailed:\n- `c`", Truth({"a": ("active",), "b": ("active",), "c": ("failed",)})),
    ("All of them are active: `a`, `b`, `c`.", Truth({"a": ("active",), "b": ("active",), "c": ("active",)})),
    ("`a`, `b` and `c` are all active.", Truth({"a": ("active",), "b": ("active",), "c": ("active",)})),
    (
        "I checked `a`, `b` and `c`. All three are active.",
        Truth({"a": ("active",), "b": ("active",), "c": ("active",)}),
    ),
    (
        "All are active except `c`, which has failed: `a`, `b`.",
        Truth({"a": ("active",), "b": ("active",), "c": ("failed",)}),
    ),
    ("`a` and `b` are active, but `c` has failed.", Truth({"a": ("active",), "b": ("active",), "c": ("failed",)})),
    ("active on `a` and `b`, failed on `c`", Truth({"a": ("active",), "b": ("active",), "c": ("failed",)})),
    ("`a` uses 3.1 GB of 7.8 GB.", Truth({"a": ("3.1Gi",)})),
    ("The load on `a` is 0.5 (5 min: 0.40, 15 min: 0.42)", Truth({"a": ("0.50",)})),
    ("load average of `a`: 0.38, 0.40, 0.42", Truth({"a": ("0.38",)})),
    ("`a` has two cores and a load of 0.38", Truth({"a": ("0.38", "2")})),
    ("`a` runs 1.1.4 rather than 4.2.6", Truth({"a": ("1.1.4",)})),
    ("`a` is on 1.1.4, it should be 4.2.6", Truth({"a": ("1.1.4",)})),
    ("`a`: 1,234 errors", Truth({"a": ("1234",)})),
    ("`x` does not exist on `a`", Truth({"a": ("no such file|does not exist|missing",)})),
    ("`x` doesn't exist on `a`", Truth({"a": ("no such file|does not exist|missing",)})),
    ("`nginx` on `A` IS ACTIVE", Truth({"A": ("active",)})),
    ("'nginx' on \"a\" is 'active'", Truth({"a": ("active",)})),
    ("Got it. `cron` on `gateway8` isn't active.", Truth({"gateway8": ("failed|down|not",)})),
    ("7 errors out of 120 lines", Truth(count=7)),
    ("No errors.", Truth(count=0)),
    ("`search` did not start on `w`: port 29200 is already allocated", Truth({"w": ("search", "29200")})),
    ("I could not start `search` on `w`: port 29200 is taken", Truth({"w": ("search", "29200")})),
    ("`nginx` is active on `a`; `redis` has failed there, though.", Truth({"a": ("active",)})),
    ("Is `nginx` up on `a`? Yes, it is active.", Truth({"a": ("active",)})),
    ("I checked whether `nginx` on `a` is active: it is.", Truth({"a": ("active",)})),
    ("`a` was rebooted last, 92 days ago", Truth({"a": ("92 days",)})),
    ("Up 92 days: `a`", Truth({"a": ("92 days",)})),
    ("It takes 61% CPU on `a`", Truth({"a": ("61.0|61.0%",)})),
    ("mysql on `store-7` remains active, never mind the old alert.", Truth(MYSQL)),
    ("All good, nothing to do: mysql on `store-7` is active.", Truth(MYSQL)),
    ("mysql on `store-7` is active, and it hasn't restarted since Tuesday.", Truth(MYSQL)),
    ("I checked without changing anything: mysql on `store-7` is active.", Truth(MYSQL)),
    ("mysql on `store-7` is no longer failed; it is active.", Truth(MYSQL)),
    ("mysql on `store-7` was not active before, but it is active now.", Truth(MYSQL)),
    ("mysql on `store-7` is active even though the last check had failed.", Truth(MYSQL)),
    ("`store-7`: mysql is **active**, no errors in the log.", Truth(MYSQL)),
    ("mysql is active on store-7. It never went down.", Truth(MYSQL)),
    ("mysql on `store-7` is active. Want me to check why it wasn't alerting?", Truth(MYSQL)),
    ("- `store-7` — `mysql`: active ✅", Truth(MYSQL)),
    ("mysql (store-7): active (running)", Truth(MYSQL)),
    ("mysql on `store-7` is neither stopped nor failed: it is active.", Truth(MYSQL)),
    ("Only `db01` failed; `web01` stays active.", Truth(TWO)),
    ("`web01` is active while `db01` isn't: it failed.", Truth(TWO)),
    ("While `db01` has failed, `web01` is active.", Truth(TWO)),
    ("| Agent | mysql |\n|:--|--:|\n| `web01` | ✅ active |\n| `db01` | ❌ failed |", Truth(TWO)),
    ("web01: 45 %\ndb01: 5 %", Truth(DISKS)),
    ("45% on `web01`, 5% on `db01`.", Truth(DISKS)),
    ("`web01` is at 45%, way above `db01` at 5%.", Truth(DISKS)),
    ("`web01` is at 45% and `db01` at 5% or so.", Truth(DISKS)),
    ("| Host | Used (%) |\n|---|---|\n| web01 | 45 |\n| db01 | 5 |", Truth(DISKS)),
    ("`web01` uses 3.1 GB of memory.", Truth(MEMORY)),
    ("`web01` uses 3.1 GiB of 8 GiB.", Truth(MEMORY)),
    ("`web01` uses 3.10 GB.", Truth(MEMORY)),
    ("`web01` uses 3.1 GB, not 8 GB.", Truth(MEMORY)),
]
UNTRUE = [
    ("There are 3:\n1. `a1`\n2. `b2`\n3. `c3`\n4. `d4`", Truth(FOUR, count=4)),
    ("6 agents, 4 online: a1 b2 c3 d4", Truth(FOUR, count=4)),
    ("4 or 5 agents: a1 b2 c3 d4", Truth(FOUR, count=4)),
    ("`db01` is at 19 %", Truth({"db01": ("91%",)})),
    ("`mysql` on `store-7` is not active.", Truth({"store-7": ("active",)})),
    ("`nginx` on `web01` isn't running.", Truth({"web01": ("active|running|up",)})),
    ("`frontend` on `srv-3` is not up again.", Truth({"srv-3": ("frontend", "up|running|started")})),
    ("`cron` on `gateway8` is not failed.", Truth({"gateway8": ("failed|down|not",)})),
    ("`nginx` on `web01` is no longer active.", Truth({"web01": ("active|running|up",)})),
    ("`nginx` on `web01` is neither active nor enabled.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is neither enabled nor active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` never got active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` failed to become active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is anything but active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is far from active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is failed rather than active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is inactive instead of active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` stopped being active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is active. It has failed.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is active or failed.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` is either failed or active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01`: active? No.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` might be active.", Truth({"web01": ("active",)})),
    ("`nginx` on `web01` should be active.", Truth({"web01": ("active",)})),
    ("None of them is active: `a`, `b`", Truth({"a": ("active",), "b": ("active",)})),
    ("Nothing is active on `a`", Truth({"a": ("active",)})),
    ("`a` is on 1.1.4 or 4.2.6", Truth({"a": ("1.1.4",)})),
    ("`a` is on 4.2.6 or 1.1.4", Truth({"a": ("1.1.4",)})),
    ("`a` is on `4.2.6` or `1.1.4`", Truth({"a": ("1.1.4",)})),
    ("`a`: 1.1.4, maybe 4.2.6", Truth({"a": ("1.1.4",)})),
    ("`a`: 1.1.4 (or 4.2.6)", Truth({"a": ("1.1.4",)})),
    ("`a`: somewhere between 1.1.4 and 4.2.6", Truth({"a": ("1.1.4",)})),
    ("`a`: 1.1.4. `a`: 4.2.6.", Truth({"a": ("1.1.4",)})),
    ("`a` is at 45% or 46%", Truth({"a": ("45%",)})),
    ("`a` is at 45%. `a` is at 46%", Truth({"a": ("45%",)})),
    ("`a` is at 45% to 60%", Truth({"a": ("45%",)})),
    ("`a` has a load of 0.38 or 0.83", Truth({"a": ("0.38",)})),
    ("`a` uses 3.1G or 3.2G", Truth({"a": ("3.1Gi",)})),
    ("`a` has port 8080 or 8081", Truth({"a": ("8080",)})),
    ("`a` isn't at 45%", Truth({"a": ("45%",)})),
    ("`a` doesn't run 1.1.4", Truth({"a": ("1.1.4",)})),
    ("`web-1` 5%, `web-2` 45%", Truth({"web-1": ("45%",), "web-2": ("5%",)})),
    ("| Host | Use % |\n|---|---|\n| web-1 | 5 |\n| web-2 | 45 |", Truth({"web-1": ("45%",), "web-2": ("5%",)})),
    ("`web-1` and `web-2` are at 5% and 45%, respectively.", Truth({"web-1": ("45%",), "web-2": ("5%",)})),
    ("Active:\n- `a`\n- `c`\n\nFailed:\n- `b`", Truth({"a": ("active",), "b": ("active",), "c": ("failed",)})),
    ("All of them are active: `a`, `b`, `c`.", Truth({"a": ("active",), "b": ("active",), "c": ("failed",)})),
    (
        "All are active except `b`, which has failed: `a`, `c`.",
        Truth({"a": ("active",), "b": ("active",), "c": ("failed",)}),
    ),
    ("`x` does exist on `a`", Truth({"a": ("no such file|does not exist|missing",)})),
    ("`x` had 45%, it is at 97% now: `a`", Truth({"a": ("45%",)})),
    ("the two do not differ: `a`, `b`", Truth({"a": (), "b": (), "": ("differ|different|not|another|unequal|no",)})),
    ("`a` takes 61.0M", Truth({"a": ("61.0%",)})),
    ("mysql on `store-7` has ceased to be active.", Truth(MYSQL)),
    ("By no means is mysql on `store-7` active.", Truth(MYSQL)),
    ("mysql on `store-7`? Not active at all.", Truth(MYSQL)),
    ("mysql on `store-7` is everything but active.", Truth(MYSQL)),
    ("mysql on `store-7` would be active if it had not crashed.", Truth(MYSQL)),
    ("mysql on `store-7` should be active, but it is not.", Truth(MYSQL)),
    ("mysql on `store-7` was active until 10:00, now it's dead.", Truth(MYSQL)),
    ("mysql on `store-7` is far from being active.", Truth(MYSQL)),
    ("mysql on `store-7` is inactive rather than active.", Truth(MYSQL)),
    ("mysql on `store-7` is non-active.", Truth(MYSQL)),
    ("Unfortunately mysql on `store-7` didn't come up active.", Truth(MYSQL)),
    ("I couldn't find mysql active on `store-7`.", Truth(MYSQL)),
    ("mysql on `store-7` lacks an active state.", Truth(MYSQL)),
    ("There's nothing active on `store-7`.", Truth(MYSQL)),
    ("mysql on `store-7` may or may not be active.", Truth(MYSQL)),
    ("mysql on `store-7` could be active.", Truth(MYSQL)),
    ("mysql on `store-7` is active? No.", Truth(MYSQL)),
    ("mysql on `store-7` is “active”… not.", Truth(MYSQL)),
    ("It isn't the case that mysql on `store-7` is active.", Truth(MYSQL)),
    ("`web01` has failed while `db01` is active.", Truth(TWO)),
    ("Both are active: `web01`, `db01`.", Truth(TWO)),
    ("`web01` and `db01` are active.", Truth(TWO)),
    ("web01: 5 %\ndb01: 45 %", Truth(DISKS)),
    ("5% on `web01`, 45% on `db01`.", Truth(DISKS)),
    ("`web01` is at 45%, `db01` at 45%.", Truth(DISKS)),
    ("`web01`: 45-50%, `db01`: 5%", Truth(DISKS)),
    ("`web01`: between 40% and 45%, `db01`: 5%", Truth(DISKS)),
    ("`web01`: 4.5%, `db01`: 5%", Truth(DISKS)),
    ("`web01`: 45, `db01`: 5", Truth(DISKS)),
    ("| Host | Used % |\n|---|---|\n| web01 | 5 |\n| db01 | 45 |", Truth(DISKS)),
    ("`web01` uses 3.1 KB.", Truth(MEMORY)),
    ("`web01` uses 31 GB.", Truth(MEMORY)),
    ("`web01` uses 8 GB, not 3.1 GB.", Truth(MEMORY)),
    ("`web01` uses 3.1 GB or 8 GB.", Truth(MEMORY)),
]


@pytest.mark.parametrize(("answer", "truth"), TRUE)
def test_a_true_answer_is_right_in_any_form(answer, truth):
    assert check_answer(answer, truth) == []


@pytest.mark.parametrize(("answer", "truth"), UNTRUE)
def test_an_answer_that_denies_swaps_or_hedges_is_wrong(answer, truth):
    assert codes(check_answer(answer, truth))[0] in ("wrong_fact", "wrong_count")


def test_a_number_under_a_percent_heading_may_be_told_as_a_percentage():
    assert check_grounded("It uses 61% CPU.", ["%CPU COMMAND\n61.0 postgres"], []) == []


# --- in the oracle's own words, beside the results, among other hosts ------------------------------------------------


@pytest.mark.parametrize(
    ("told", "answer", "right"),
    [
        ("restarted `cron` on `a`", "Bounced `cron` on `a`, it is up again.", True),
        ("restarted `cron` on `a`", "Restarted `cron` on `a`. I did not restart anything else.", True),
        ("restarted `cron` on `a`", "I have not restarted `cron` on `a`.", False),
        ("restarted `cron` on `a`", "I could not restart `cron` on `a`.", False),
        ("restarted `cron` on `a`", "The restart of `cron` on `a` failed.", False),
        ("`cron` on `a` has exited", "`cron` on `a` has stopped.", True),
        ("`cron` on `a` has exited", "`cron` on `a` has not exited.", False),
        ("`cron` on `a` has exited", "`cron` on `a` is running.", False),
        ("`cron` did not start on `a`", "I tried to start `cron` on `a`, but it failed.", True),
        ("`cron` did not start on `a`", "Could not start `cron` on `a`.", True),
        ("`cron` did not start on `a`", "Started `cron` on `a`.", False),
        ("`a` is not in `cron`", "`a` is missing from `cron`.", True),
        ("`a` is not in `cron`", "`a` is in `cron`.", False),
        ("the process is gone, `cron` on `a` is up", "the process does not exist any more, `cron` on `a` runs", True),
        ("the process is gone, `cron` on `a` is up", "the process is not gone, `cron` on `a` runs", False),
    ],
)
def test_what_the_oracle_says_is_not_denied_and_what_it_denies_is_not_said(told, answer, right):
    assert (check_answer(answer, Truth({"a": ("cron",)}, told=told)) == []) == right


DF = "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        40G   15G   24G  38% /"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("`a` is at 38%, 24G of 40G are free.", None),
        (f"a:\n{DF}", "pasted_result"),
        (f"`a`\n```\n{DF}\n```", "pasted_result"),
        ("`a` is at 38%. " + "That is what I saw when I looked. " * 40, "too_long"),
        ("`a` 38%, `b` 38%", "wrong_name"),
        ("`a` is at 38%; I did not look at `b`.", None),
    ],
)
def test_an_answer_tells_what_was_asked_and_no_more(answer, code):
    assert codes(check_answer(answer, Truth({"a": ("38%",)}), [DF], ["a", "b"]))[:1] == ([code] if code else [])


def test_a_list_of_names_may_be_as_the_command_shows_it():
    assert check_answer("VERSION\napp.py", Truth({"": ("VERSION", "app.py")}), ["VERSION\napp.py"]) == []
