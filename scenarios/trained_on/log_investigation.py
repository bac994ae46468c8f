"""Log investigation, trained on: count, find the last and the first, find where, read before acting."""

from aj.acts import on, on_all
from fleet.actions import stamp
from fleet.model import File
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import ABSENT, log_of, log_times, some_hosts, with_service, write

ORDERS, BILLING = "/var/log/orders/orders.log", "/var/log/billing/billing.log"
QUIET = ("INFO request handled in 41 ms", "INFO cache refreshed", "INFO batch finished", "WARN queue depth is 12")
TROUBLE = ("ERROR database connection refused", "ERROR timeout after 5000 ms", "ERROR no route to host", "ERROR token expired",
    "ERROR disk quota exceeded")  # fmt: skip


@template("log_investigation", "train", "easy")
def count_errors(stage: Stage) -> None:
    """How many errors are in one log file."""
    name, count = stage.pick(), stage.rng.randrange(3, 15)
    lines = [stage.rng.choice(TROUBLE) for _ in range(count)] + [stage.rng.choice(QUIET) for _ in range(9)]
    stage.put(write(with_service(stage.hosts[name], "orders"), ORDERS, log_of(stage, lines)))
    stage.turn(
        (
            "how many errors are in {file} on {host}?",
            "count the errors in {file} on {host}",
            "number of ERROR lines in {file} on {host}",
            "how many ERROR lines does {file} have on {host}?",
            "on {host}, count ERROR in {file}",
            "check {file} on {host}: how many errors?",
            "give me the error count of {file} on {host}",
            "are there many errors in {file} on {host}? how many?",
            "tell me how often ERROR shows up in {file} on {host}",
            "the orders log {file} on {host}, how many errors in it?",
        ),
        [on(name, f"grep -c ERROR {ORDERS}")],
        {name: (str(count),)},
        f"`{name}` has {count} errors in `{ORDERS}`",
        "a count shows whether it is one bad request or a pattern",
        file=ORDERS,
        host=name,
    )


@template("log_investigation", "train", "easy")
def last_error(stage: Stage) -> None:
    """The newest error of one log file."""
    name, last = stage.pick(), stage.rng.choice(TROUBLE)
    lines = [stage.rng.choice((*TROUBLE, *QUIET)) for _ in range(8)]
    text = log_of(stage, [*lines, last, *QUIET[: stage.rng.randrange(4)]], shuffled=False)
    stage.put(write(with_service(stage.hosts[name], "billing"), BILLING, text))
    core = last.removeprefix("ERROR ")
    stage.turn(
        (
            "what is the last error in {file} on {host}?",
            "show me the newest error in {file} on {host}",
            "last ERROR line of {file} on {host}",
            "find the latest error in {file} on {host}",
            "which error came last in {file} on {host}?",
            "get the most recent ERROR from {file} on {host}",
            "grep the last error out of {file} on {host}",
            "read the final error in {file} on {host}",
            "on {host}, what does the last ERROR in {file} say?",
            "billing complains on {host}, what is the last error in {file}?",
        ),
        [on(name, f"grep ERROR {BILLING} | tail -n 1")],
        {name: (core,)},
        f"`{name}`: {core}",
        "the newest error is closest to what is wrong now",
        file=BILLING,
        host=name,
    )


@template("log_investigation", "train", "easy", size=(2, 3), windows=3)
def last_line_on_windows(stage: Stage) -> None:
    """The last line of a log on a Windows host."""
    name, last = stage.pick(), stage.rng.choice(TROUBLE)
    path = r"C:\Apps\Orders\logs\orders.log"
    text = log_of(stage, [*QUIET, last], shuffled=False).replace("\n", "\r\n")
    stage.put(write(with_service(stage.hosts[name], "OrdersSvc"), path, text))
    stage.turn(
        (
            "what is the last line of {file} on {host}?",
            "read the last line of {file} on {host}",
            "how does {file} end on {host}?",
            "show the end of {file} on {host}, one line",
            "last entry in {file} on {host}?",
            "get the newest line of {file} from {host}",
            "tail {file} on {host}, the last line will do",
            "on {host}, print the last line of {file}",
            "what did {file} say last on {host}?",
        ),
        [on(name, f"Get-Content {path} -Tail 1")],
        {name: (last.removeprefix("ERROR "),)},
        f"`{name}`: {last}",
        "the last line shows what the program did last",
        file=path,
        host=name,
    )


@template("log_investigation", "train", "medium")
def first_error(stage: Stage) -> None:
    """When the problem began: the time of the first error."""
    name = stage.pick()
    times = log_times(stage, 9)
    calm = stage.rng.randrange(2, 6)
    lines = [stage.rng.choice(QUIET) for _ in range(calm)] + [stage.rng.choice(TROUBLE) for _ in range(9 - calm)]
    text = "".join(f"{stamp(time)} {line}\n" for time, line in zip(times, lines, strict=True))
    stage.put(write(with_service(stage.hosts[name], "orders"), ORDERS, text))
    begun = stamp(times[calm])[11:]
    stage.turn(
        (
            "when did the errors in {file} on {host} begin?",
            "what time is the first error in {file} on {host}?",
            "find the first ERROR in {file} on {host} and its time",
            "since when are there errors in {file} on {host}?",
            "time of the earliest error in {file} on {host}?",
            "at what time did {file} on {host} show its first error?",
            "first ERROR line of {file} on {host}, when was it?",
            "when does the first error appear in {file} on {host}?",
            "tell me when the trouble in {file} on {host} started",
            "how early do the errors start in {file} on {host}?",
        ),
        [on(name, f"grep ERROR {ORDERS} | head -n 1")],
        {name: (begun,)},
        f"`{name}` had its first error at {begun}: {lines[calm].removeprefix('ERROR ')}",
        "what changed at that time is the likely cause",
        file=ORDERS,
        host=name,
    )


@template("log_investigation", "train", "medium")
def hosts_that_log_it(stage: Stage) -> None:
    """The hosts on which a message is in the app log."""
    hit = some_hosts(stage)
    phrase = stage.rng.choice(("upstream unreachable", "certificate expired", "too many open files", "login failed"))
    for name, host in list(stage.hosts.items()):
        lines = [phrase] * (stage.rng.randrange(1, 5) if name in hit else 0) + [
            "request served",
            "cache warmed",
            "job done",
        ]
        stage.put(host.with_file("/var/log/app.log", File(log_of(stage, lines), modified=host.now - 60)))
    stage.turn(
        (
            'which hosts have "{phrase}" in /var/log/app.log?',
            'search /var/log/app.log on all servers for "{phrase}", which have it?',
            'where does /var/log/app.log say "{phrase}"?',
            'find the servers with "{phrase}" in /var/log/app.log',
            'grep all the app logs (/var/log/app.log) for "{phrase}" and name the hosts',
            'on which boxes is "{phrase}" in /var/log/app.log?',
            'who logs "{phrase}"? look at /var/log/app.log',
            'is "{phrase}" in any /var/log/app.log? on which host?',
            'name the servers whose /var/log/app.log has "{phrase}"',
            'look for "{phrase}" in every /var/log/app.log, where is it?',
        ),
        [on_all(f'grep -c "{phrase}" /var/log/app.log')],
        dict.fromkeys(hit, ()),
        f"{listed(hit)} logged it",
        "the same message on several hosts points to what they share",
        never=[name for name in stage.hosts if name not in hit],
        phrase=phrase,
    )


@template("log_investigation", "train", "hard")
def no_such_log(stage: Stage) -> None:
    """A log that does not exist: say so, and invent nothing."""
    name = stage.pick()
    path = stage.rng.choice(("/var/log/payments.log", "/var/log/checkout/errors.log", "/var/log/import.log"))
    stage.turn(
        (
            "show the last line of {file} on {host}",
            "what's new in {file} on {host}?",
            "read {file} on {host}, the end of it",
            "tail {file} on {host}",
            "check {file} on {host}",
            "look into {file} on {host}",
            "last entry of {file} on {host}?",
            "what does {file} say on {host}?",
            "open {file} on {host} and give me its last line",
        ),
        [on(name, f"tail -n 1 {path}")],
        {name: (path, ABSENT)},
        f"`{path}` does not exist on `{name}`",
        "a missing log tells that the program never ran there",
        kind="failed",
        file=path,
        host=name,
    )


@template("log_investigation", "train", "hard")
def read_then_restart(stage: Stage) -> None:
    """The last error is read and reported, then the service is restarted."""
    name = stage.pick()
    last = stage.rng.choice(
        ("ERROR connection to the queue lost", "ERROR worker pool is stuck", "ERROR session is stale")
    )
    text = log_of(stage, [*QUIET, last], shuffled=False)
    host = stage.put(write(with_service(stage.hosts[name], "billing"), BILLING, text))
    core = last.removeprefix("ERROR ")
    stage.turn(
        (
            "billing hangs on {host}: tell me the last error in {file}, then restart billing",
            "read the last error in {file} on {host} and restart billing after that",
            "first the last ERROR of {file} on {host}, then restart billing there",
            "on {host}, look up the newest error in {file} and then bounce billing",
            "billing on {host} needs a restart, but get the last error out of {file} before that",
            "what is the last error in {file} on {host}? then restart billing",
            "save the last ERROR from {file} on {host} for me, then kick billing",
            "restart billing on {host}, but first tell me the last error in {file}",
        ),
        [on(name, f"grep ERROR {BILLING} | tail -n 1"), on(name, "systemctl restart billing")],
        {name: (core, "restart|restarted")},
        f"`{name}` last logged the error: {core}. `billing` is restarted",
        "after the restart the log fills with other lines",
        file=BILLING,
        host=name,
    )
    stage.sees("reads before it restarts", name, core)
    stage.goal(
        f"{name}/services/billing/restarts", str(host.services["billing"].restarts + 1), [f"{name}/services/billing/*"]
    )
