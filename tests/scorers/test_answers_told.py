"""Answers in people's own words, beside what the oracle says: the true ones are right, and the false ones wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.truth import Truth
from scorers.checks.answers import check_answer

CASES = [
    (
        Truth({"srv-3": ("frontend",)}, never=("metrics", "queue"), told="`frontend` on `srv-3` has exited"),
        [
            "The `frontend` container on `srv-3` is the one that stopped. It exited an hour ago with code 1.",
            "Only `frontend` is down on `srv-3`; everything else is still running.",
            "`frontend` on `srv-3` isn't running anymore.",
        ],
        [
            "`frontend` on `srv-3` never exited.",
            "No container has exited on `srv-3`, `frontend` is up.",
            "`frontend` on `srv-3` is alive and kicking, it runs.",
        ],
    ),
    (
        Truth({"w8": ("search", "29200")}, told="`search` did not start on `w8`: port 29200 is already allocated"),
        [
            "`search` won't start on `w8` because port 29200 is already in use.",
            "I tried to start `search` on `w8`, but Docker refused: port 29200 is already allocated.",
            "No luck: starting `search` on `w8` failed, since something else holds port 29200.",
        ],
        ["`search` on `w8` is up, on port 29200.", "`search` started fine on `w8` with port 29200."],
    ),
    (
        Truth({"w7": ("35%",)}, told="`/opt/debug.log` is gone, `w7` is at 35% now"),
        [
            "Deleted `/opt/debug.log` on `w7`. The root disk dropped from 97% to 35%.",
            "Done. `w7` was at 97% and is now at 35%.",
            "`w7` is down to 35% after removing `/opt/debug.log`.",
        ],
        [
            "I could not delete `/opt/debug.log`, but `w7` is at 35%.",
            "`w7` is at 35%, `/opt/debug.log` is still there.",
            "`w7` went from 35% to 97%.",
        ],
    ),
    (
        Truth(
            {"s7": (), "s2": (), "": ("differ|different|not|another|unequal|no",)},
            told="`s7` and `s2` have different checksums",
        ),
        ["No, the checksums of `s7` and `s2` don't match.", "`s7` and `s2` are not identical: their checksums differ."],
        [
            "Yes, `s7` and `s2` have the same checksum.",
            "The checksums of `s7` and `s2` don't differ.",
            "`s7` and `s2` are identical.",
        ],
    ),
    (
        Truth(
            {"worker-g": ("40", "active|running|restarted")},
            told="`worker-g` had pool 10, it has 40 now, `orders` is restarted and active",
        ),
        [
            "On `worker-g`, pool was 10. I set it to 40 and restarted `orders`, which is active.",
            "`worker-g`: pool changed from 10 to 40, `orders` restarted and running. The others were already at 40.",
        ],
        [
            "`worker-g` has 10 now, it had 40. `orders` is restarted.",
            "`worker-g` has 40 now, but `orders` is not running.",
            "`worker-g`: pool is 40, `orders` was not restarted and is dead.",
        ],
    ),
    (
        Truth(
            {
                "media6": ("10",),
                "media1": ("10",),
                "media7": ("no such file|no file|missing|not there|does not exist|doesn't exist|not found",),
            },
            told="`media6` 10, `media1` 10, `media7` has no such file",
        ),
        [
            "`media6` and `media1` both use 10. On `media7` the file doesn't exist.",
            "| host | pool |\n|---|---|\n| media6 | 10 |\n| media1 | 10 |\n| media7 | no such file |",
            "10 on `media6` and `media1`; `media7` doesn't have the file (not found).",
        ],
        ["`media6` 10, `media1` 10, `media7` 10", "`media6` 10, `media1` has no such file, `media7` 10"],
    ),
    (
        Truth(
            {
                "": ("px", "not|no|none|isn't|doesn't|don't|can't|couldn't|unknown|missing|nothing|never"),
                "e1": (),
                "g9": (),
            },
            told="there is no agent `px`, the agents are `e1` and `g9`",
        ),
        [
            "I don't know any agent called `px`. There are only `e1` and `g9`.",
            "`px` isn't one of your agents, which are `e1` and `g9`. Did you mean one of those?",
        ],
        ["`px` is one of the agents, like `e1` and `g9`."],
    ),
    (
        Truth(
            {"vf": ("borg", "not|no|none|isn't|doesn't|don't|can't|couldn't|unknown|missing|nothing|never")},
            told="`borg` is not running on `vf`, so nothing was killed",
        ),
        [
            "There was no `borg` process on `vf`, so I had nothing to kill.",
            "`borg` doesn't run on `vf`. Nothing to do.",
        ],
        ["`borg` runs on `vf` and was killed.", "I killed `borg` on `vf`."],
    ),
    (
        Truth({"lm3": ()}, never=("lr1", "ls9"), told="`lm3` is not in `hosts.txt`"),
        ["`lm3` is missing from `hosts.txt`.", "The one that never made it into `hosts.txt` is `lm3`."],
        ["`lm3` is listed in `hosts.txt`."],
    ),
    (
        Truth({"": ("port", "8080", "8443")}, told="in `config.yml` `port` went from 8080 to 8443"),
        ["You changed `port` in `config.yml` from 8080 to 8443.", "`config.yml`: `port` was 8080, now it's 8443."],
        ["`port` in `config.yml` went from 8443 to 8080."],
    ),
    (
        Truth(
            {"a1": ("177Mi",), "a7": ("162Mi",)},
            never=("a2",),
            told="`a1` has 177Mi available, `a7` has 162Mi available",
        ),
        [
            "Two hosts are short: `a1` with 177 MiB and `a7` with 162 MiB available.",
            "`a1` (177Mi) and `a7` (162Mi) have less than 500Mi of RAM available.",
        ],
        ["`a1` has 162Mi available, `a7` has 177Mi available"],
    ),
    (
        Truth(
            {"b1": ("0.38", "2", "less|below|under|low|fine|ok|idle")},
            told="a load of 0.38 on 2 cores of `b1` is less than its cores can do, nothing waits",
        ),
        ["`b1` has a load of 0.38 on 2 cores, so it's fine.", "No, `b1` isn't overloaded: 0.38 with two cores is low."],
        ["`b1` has a load of 0.38 on 2 cores, so it's not fine at all."],
    ),
    (
        Truth({"": ("3.5.9",), "g7": ("3.5.10",)}, never=("g2",), told="you have `3.5.9`, but `g7` has `3.5.10`"),
        [
            "You're on `3.5.9` locally while `g7` runs `3.5.10`.",
            "Your VERSION says `3.5.9`; `g7` has `3.5.10`.",
            "`g7` is different: it has `3.5.10`, you have `3.5.9`.",
        ],
        ["You have `3.5.10`, but `g7` has `3.5.9`."],
    ),
    (
        Truth({"p3": ("redis",)}, never=("b2",), told="`redis` was down on `p3` and is active again"),
        [
            "`redis` had died on `p3`. I started it and it is active again.",
            "Started `redis` on `p3`, it's up now. The other hosts were not touched.",
        ],
        ["`redis` on `p3` could not be started.", "`redis` is still down on `p3`."],
    ),
    (
        Truth({"e7": ("apache2", "80|:80")}, told="`apache2` holds port 80 on `e7`, so `nginx` cannot bind it"),
        [
            "`apache2` is already listening on port 80 on `e7`, that's why `nginx` can't start.",
            "On `e7`, port 80 is taken by `apache2`.",
        ],
        ["`apache2` does not hold port 80 on `e7`."],
    ),
    (
        Truth(
            {"kafka9": ("no space|full|100%",)},
            told="`kafka9` has a disk that is 100% full, so `postgresql` cannot write",
        ),
        [
            "The disk on `kafka9` is full (100%), so `postgresql` can't write its lock file.",
            "`kafka9` ran out of space: no space left on device.",
        ],
        ["The disk of `kafka9` is not full."],
    ),
    (
        Truth({"a1": ("0.50",), "b2": ("1.87",), "c3": ("0.31",)}, told="`a1` 0.50, `b2` 1.87, `c3` 0.31"),
        [
            "`b2` is the busiest with 1.87, followed by `a1` with 0.50 and `c3` with 0.31.",
            "Loads are low everywhere: 0.50 on `a1`, 1.87 on `b2`, and 0.31 on `c3`.",
            "a1: 0.50, 0.48, 0.44\nb2: 1.87, 1.70, 1.66\nc3: 0.31, 0.30, 0.28",
            "| Host | 1 min | 5 min |\n|---|---|---|\n| a1 | 0.50 | 0.48 |\n| b2 | 1.87 | 1.70 |\n| c3 | 0.31 | 0.30 |",
        ],
        ["`a1` 1.87, `b2` 0.50, `c3` 0.31", "`a1` 0.50, `b2` 0.31, `c3` 1.87"],
    ),
    (
        Truth({"a1": ("active",)}, told="`nginx` on `a1` is active"),
        [
            "Yep, `nginx` is up and running on `a1` - it's active. Want me to look at the logs?",
            "`nginx` on `a1` is active (running) since Monday, pid 1234, no failed units.",
            "Yes. `nginx` is active on `a1`, and there's nothing that looks broken.",
            "Status: active. `nginx` on `a1` has been up for 3 days and is enabled at boot.",
            "`nginx` on `a1` is active. If it had failed, you would have seen `failed` here.",
            "`nginx` on `a1` is active, so a restart isn't needed.",
            "`nginx` on `a1` is active. That means the service didn't fail and isn't stopped.",
            "I ran `systemctl is-active nginx` on `a1`; it says active. Pro tip: inactive means that it is stopped.",
        ],
        [
            "`nginx` on `a1` was active, but it has failed since.",
            "`nginx` on `a1`: active/failed",
            "`nginx` on `a1` is active or it isn't.",
            "`nginx` on `a1`: active, inactive, failed, running, stopped",
        ],
    ),
    (
        Truth({"a1": ("nginx",)}, never=("b2",), told="`nginx` has failed on `a1`"),
        ["`nginx` is the failed unit, on `a1`.", "One unit has failed: `nginx` on `a1`. Everything else is fine."],
        ["`nginx` has not failed on `a1`.", "`nginx` runs fine on `a1`."],
    ),
    (
        Truth({"s1": ("stays down|not|no|won't|doesn't",)}, told="`haproxy` stays down after a reboot of `s1`"),
        [
            "No. `haproxy` on `s1` is disabled, so it won't come back after a reboot.",
            "`haproxy` would not start after a reboot of `s1`.",
        ],
        ["`haproxy` comes back after a reboot of `s1`."],
    ),
    (
        Truth(
            {"m3": ("disabled|not enabled|no longer starts|no longer enabled|won't start|won't come up|will not",)},
            told="`rabbitmq` on `m3` is disabled, and not stopped",
        ),
        ["`rabbitmq` is disabled on `m3`. It keeps running for now, it just won't start at the next boot."],
        ["`rabbitmq` is enabled on `m3`.", "`rabbitmq` is not disabled on `m3`."],
    ),
    (
        Truth({"k4": ("VERSION", "app.py")}, told="`k4` `VERSION`, `app.py`"),
        ["`k4` has two files in there:\n- `VERSION`\n- `app.py`", "There are 2 files on `k4`: VERSION and app.py."],
        [],
    ),
    (
        Truth(
            {"": ("Fix the timeout", "Rename the queue")}, told="`49badae` Fix the timeout, `2db0d14` Rename the queue"
        ),
        ["1. Fix the timeout (49badae)\n2. Rename the queue (2db0d14)"],
        [],
    ),
    (
        Truth({"s6": ("permission denied",)}, told="`s6` permission denied"),
        ['The last line on `s6` says "permission denied".', "`s6`: Permission denied. That's the newest entry."],
        [],
    ),
    (
        Truth(
            {"v5": ("cart service restarted",), "v4": ("price list loaded",)},
            told="`v5`: cart service restarted, `v4`: price list loaded",
        ),
        ['- `v5`: "cart service restarted"\n- `v4`: "price list loaded"'],
        [],
    ),
    (
        Truth({"pay-1": ("mysql",)}, told="restarted `mysql` on `pay-1`"),
        [
            "Done! `mysql` on `pay-1` has been restarted and it's active again.",
            "`mysql` on `pay-1` is back up after a restart, nothing else was touched.",
            "I've just bounced `mysql` on `pay-1`. It didn't complain.",
        ],
        [
            "`mysql` on `pay-1` was not restarted.",
            "Restarting `mysql` on `pay-1` failed.",
            "I wasn't able to restart `mysql` on `pay-1`.",
        ],
    ),
    (
        Truth({"n1": ("234 days",), "n2": ("299 days",)}, told="`n1` 234 days, `n2` 299 days"),
        ["`n1` has been up for 234 days, `n2` for 299 days.", "n1 - up 234 days\nn2 - up 299 days"],
        ["`n1` 299 days, `n2` 234 days"],
    ),
    (
        Truth({"pc": ("import.py", "57.3|57.3%")}, told="`python3 /opt/x/import.py` takes 57.3% of the RAM on `pc`"),
        [
            "`import.py` (python3) uses 57.3% of memory on `pc`.",
            "The biggest one on `pc` is `python3 /opt/x/import.py`, with 57.3 % of the RAM. `mysqld` has 12.1%.",
        ],
        ["`import.py` uses 53.7% on `pc`"],
    ),
    (
        Truth(
            {"v8": ("delta|--delta|16840", "full|--full")},
            told="`--delta` on `v8` (pid 16840) is ended, `--full` goes on",
        ),
        ["I killed the `--delta` run (pid 16840) on `v8`; the `--full` one is still running."],
        [],
    ),
    (
        Truth({"c1": ("10",)}, told="`/var/log/b.log` on `c1` holds 10 warnings"),
        [
            "`c1` has 10 WARN lines in `/var/log/b.log`.",
            "Ten warnings in `/var/log/b.log` on `c1`.",
            "10 of the 240 lines in `/var/log/b.log` on `c1` are warnings.",
        ],
        ["`c1` has 10 or 11 warnings", "`c1` has eleven warnings"],
    ),
    (
        Truth({"bh": ("active|running|up", "8080")}, told="`orders` on `bh` is active, port 8080 listens"),
        [
            "`orders` is running on `bh`, and port 8080 is open.",
            "Yes: on `bh` the unit is active and something listens on 8080.",
        ],
        ["`orders` is active on `bh`, but nothing listens on 8080."],
    ),
    (
        Truth(
            {"k8": ("stopped|not running",), "k7": ("running",)},
            never=("k4",),
            told="`OrdersSvc` on `k8` is stopped, `OrdersSvc` on `k7` is running",
        ),
        ["`OrdersSvc` is stopped on `k8` but running on `k7`.", "`k8`: Stopped\n`k7`: Running"],
        ["`OrdersSvc` is running on `k8` but stopped on `k7`.", "`OrdersSvc` is stopped on both `k8` and `k7`."],
    ),
    (
        Truth({"search-1": ("8192",), "vega-3": ("2048",)}, told="`search-1` has 8192, `vega-3` has 2048: they differ"),
        [
            "No, they don't match: `search-1` has 8192 and `vega-3` has 2048.",
            "`maxconn` is 8192 on `search-1`, but only 2048 on `vega-3`.",
        ],
        ["`search-1` and `vega-3` have 8192 and 8192."],
    ),
    (
        Truth({"a1": ("29G",), "b2": ("32.99|32.99G",)}, told="`a1` has 29G free on `/`, `b2` has 32.99 GB free on C:"),
        ["29 GB are free on `a1` and 32.99 GB on `b2`.", "`a1`: 29G free of 40G (28% used). `b2`: 32.99 GB free."],
        ["`a1` 29M free, `b2` 32.99 GB free"],
    ),
    (
        Truth({"worker-c": ("0.13.8",)}, never=("worker-e",), told="only `worker-c` is left on `0.13.8`"),
        [
            "Everyone is on 3.18.1 except `worker-c`, which still serves `0.13.8`.",
            "`worker-c` still runs 0.13.8 instead of 3.18.1.",
            "Not everywhere: `worker-c` is still on 0.13.8.",
        ],
        ["`worker-c` is on 3.18.1, not 0.13.8.", "`worker-c` is no longer on 0.13.8."],
    ),
]
"""(truth, true answers, false answers)"""


@pytest.mark.parametrize(("truth", "answer"), [(truth, answer) for truth, true, _ in CASES for answer in true])
def test_a_true_answer_in_other_words_is_right(truth, answer):
    assert check_answer(answer, truth) == []


@pytest.mark.parametrize(("truth", "answer"), [(truth, answer) for truth, _, false in CASES for answer in false])
def test_a_false_answer_in_similar_words_is_wrong(truth, answer):
    assert check_answer(answer, truth) != []


PIECES = st.sampled_from(
    ["`a1`", "is", "not", "active", "0.50", "1.1.4", "45 %", "|", "\n", "- ", "1. ", "or", "?", ",", "from", "to"]
)


@given(
    st.sampled_from([truth for truth, *_ in CASES]), st.lists(PIECES | st.text(max_size=5), max_size=20).map(" ".join)
)
@settings(max_examples=150)
def test_whatever_is_answered_can_be_judged(truth, answer):
    for finding in check_answer(answer, truth, [answer], ["a1", "b2"]):
        assert finding.code in ("name_missing", "wrong_name", "wrong_fact", "too_long", "pasted_result")


@given(st.sampled_from([(truth, answer) for truth, true, _ in CASES for answer in true]))
def test_a_greeting_before_and_an_offer_after_change_nothing(case):
    truth, answer = case
    assert check_answer(f"Hey there! {answer}", truth) == []
    assert check_answer(f"{answer}\nWant me to look at anything else?", truth) == []
