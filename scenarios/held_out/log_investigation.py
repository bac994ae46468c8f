"""Log investigation, held out: how many, how often, where, since when, and what follows."""

from aj.acts import on, on_all
from fleet.model import File
from scenarios.scenario import Stage, template
from scenarios.trouble import ABSENT, log_of, set_value, wants_file, with_service, write

BILLING, ORDERS = "/var/log/billing/billing.log", "/var/log/orders/orders.log"
POSTGRES = "/var/log/postgresql/postgresql-15-main.log"
CALM = ("INFO heartbeat ok", "INFO 3 invoices queued", "INFO session opened", "INFO archive written")


@template("log_investigation", "eval", "easy")
def count_warnings(stage: Stage) -> None:
    """How many warnings a log holds."""
    name, count = stage.pick(), stage.rng.randrange(4, 16)
    kinds = ("WARN slow reply from smtp", "WARN retry scheduled", "WARN queue grows")
    lines = [stage.rng.choice(kinds) for _ in range(count)] + [stage.rng.choice(CALM) for _ in range(8)]
    stage.put(write(with_service(stage.hosts[name], "billing"), BILLING, log_of(stage, lines)))
    stage.turn(
        (
            "how many lines with WARN does {file} hold on {host}?",
            "I want the number of warnings (WARN) in {file} on {host}",
            "sum up the WARN lines of {file} on {host}",
            "warnings in {file} on {host}: how many WARN lines?",
        ),
        [on(name, f"grep -c WARN {BILLING}")],
        {name: (str(count),)},
        f"`{BILLING}` on `{name}` holds {count} warnings",
        "warnings pile up before something breaks",
        file=BILLING,
        host=name,
    )


@template("log_investigation", "eval", "easy")
def last_fatal(stage: Stage) -> None:
    """The newest line of the most severe level."""
    name = stage.pick()
    kinds = (
        "FATAL:  sorry, too many clients already",
        'FATAL:  role "report" does not exist',
        "FATAL:  the database system is starting up",
    )
    last = stage.rng.choice(kinds)
    lines = [
        stage.rng.choice((*kinds, "LOG:  checkpoint starting: time", "ERROR:  deadlock detected")) for _ in range(7)
    ]
    text = log_of(
        stage, [*lines, last, "LOG:  checkpoint complete", "LOG:  autovacuum launcher started"], shuffled=False
    )
    stage.put(write(with_service(stage.hosts[name], "postgresql"), POSTGRES, text))
    core = last.removeprefix("FATAL:  ")
    stage.turn(
        (
            "which FATAL came up most recently in {file} on {host}?",
            "postgres on {host}: newest FATAL in {file}?",
            "pull the latest FATAL message out of {file} on {host}",
            "what does the final FATAL line of {file} say on {host}?",
        ),
        [on(name, f"grep FATAL {POSTGRES} | tail -n 1")],
        {name: (core,)},
        f"`{name}`: {core}",
        "a FATAL ends a session, so somebody noticed it",
        file=POSTGRES,
        host=name,
    )


@template("log_investigation", "eval", "medium")
def most_frequent_error(stage: Stage) -> None:
    """The most frequent of several errors."""
    name = stage.pick()
    first, second, third = stage.rng.sample(
        (
            "ERROR inventory is unreachable",
            "ERROR payment refused by bank",
            "ERROR stale cart",
            "ERROR lock wait exceeded",
        ),
        3,
    )
    most = stage.rng.randrange(6, 11)
    lines = [first] * most + [second] * stage.rng.randrange(2, 5) + [third] * stage.rng.randrange(1, 5) + list(CALM)
    stage.put(write(with_service(stage.hosts[name], "orders"), ORDERS, log_of(stage, lines)))
    core = first.removeprefix("ERROR ")
    stage.turn(
        (
            "which ERROR is the most common in {file} on {host}, and how often?",
            "rank the ERROR messages of {file} on {host}, I need the first with its count",
            "{file} on {host}: what error repeats the most, how many times?",
            "find the error that {file} on {host} logs most of all, with the number",
        ),
        [on(name, f"grep ERROR {ORDERS} | cut -d' ' -f4- | sort | uniq -c | sort -rn | head -n 1")],
        {name: (core, str(most))},
        f"`{name}`: {core}, {most} times",
        "the most frequent error is worth mending first",
        file=ORDERS,
        host=name,
    )


@template("log_investigation", "eval", "medium")
def who_logs_most(stage: Stage) -> None:
    """The host that logs the message most often."""
    phrase = stage.rng.choice(("connection reset", "request too large", "handshake failed", "gateway timeout"))
    top = stage.pick()
    counts = {name: stage.rng.randrange(8, 14) if name == top else stage.rng.randrange(0, 7) for name in stage.hosts}
    for name, host in list(stage.hosts.items()):
        lines = [phrase] * counts[name] + ["health probe ok"] * 5
        stage.put(host.with_file("/var/log/app.log", File(log_of(stage, lines), modified=host.now - 60)))
    stage.turn(
        (
            'which node has the most lines with "{phrase}" in /var/log/app.log, how many?',
            'compare the nodes: where does /var/log/app.log repeat "{phrase}" most often, and how often?',
            '"{phrase}" floods an app log (/var/log/app.log). on which machine is it worst, with how many lines?',
            'top node for "{phrase}" in /var/log/app.log, and its number of lines',
        ),
        [on_all(f'grep -c "{phrase}" /var/log/app.log')],
        {top: (str(counts[top]),)},
        f"`{top}` logged it {counts[top]} times, more than any other",
        "the loudest host is where to look first",
        never=stage.others(top),
        phrase=phrase,
    )


@template("log_investigation", "eval", "hard")
def from_the_log_to_the_config(stage: Stage) -> None:
    """The log names a limit; its value is in the configuration."""
    name, pool = stage.pick(), str(stage.rng.randrange(4, 19))
    last = "ERROR no free connection in pool"
    host = set_value(with_service(stage.hosts[name], "orders"), "/etc/orders/orders.yml", "pool", pool)
    stage.put(write(host, ORDERS, log_of(stage, [*CALM, "ERROR request dropped", last], shuffled=False)))
    why = "a pool that runs dry turns load into errors"
    stage.turn(
        (
            "orders drops requests on {host}. what does {file} blame last?",
            "{file} on {host}: what is the latest ERROR there about?",
            "customers of {host} see failures, get the reason of the last ERROR in {file}",
            "what do we learn from the most recent ERROR of {file} on {host}?",
        ),
        [on(name, f"grep ERROR {ORDERS} | tail -n 1")],
        {name: ("pool|connection|connections",)},
        f"`{name}`: no free connection in pool",
        why,
        file=ORDERS,
        host=name,
    )
    stage.turn(
        (
            "and how large is pool in /etc/orders/orders.yml there?",
            "then tell me its pool setting, it is in /etc/orders/orders.yml",
            "what number does /etc/orders/orders.yml give for pool?",
            "see what pool is in /etc/orders/orders.yml on that machine",
        ),
        [on(name, "grep pool /etc/orders/orders.yml")],
        {name: (pool,)},
        f"`pool` is {pool} on `{name}`",
        why,
    )
    stage.sees("reads the log", name, last)


@template("log_investigation", "eval", "hard")
def wrong_path(stage: Stage) -> None:
    """The log is not where the user expects it; a look into the folder shows where it is."""
    name = stage.pick()
    wrong, right = "/var/log/haproxy/haproxy.log", "/var/log/haproxy.log"
    last = stage.rng.choice(
        (
            "Server app/app1 is DOWN, reason: Layer4 timeout",
            "backend app has no server available!",
            "Proxy web started.",
        )
    )
    stage.put(
        write(
            with_service(stage.hosts[name], "haproxy"),
            right,
            log_of(stage, ["Proxy stats started.", last], shuffled=False),
        )
    )
    stage.turn(
        (
            "what is the newest entry in {file} on {host}?",
            "get me the bottom line of {file} on {host}",
            "see the last thing that {file} holds on {host}",
            "fetch the last entry from {file} on {host}",
        ),
        [on(name, f"tail -n 1 {wrong}"), on(name, "ls /var/log")],
        {name: (wrong, ABSENT)},
        f"`{wrong}` does not exist on `{name}`, but `/var/log` holds `haproxy.log`",
        "a log at the wrong place is soon read as no errors",
        kind="failed",
        file=wrong,
        host=name,
    )
    stage.turn(
        (
            "that one is it. its last line?",
            "my mistake, {file} then: the last line",
            "right, it is {file}. what is the last line?",
            "take {file} instead and show how it ends",
        ),
        [on(name, f"tail -n 1 {right}")],
        {name: (last.rstrip("!."),)},
        f"`{name}`: {last.rstrip('!.')}",
        "the last line is closest to the cause",
        file=right,
    )


@template("log_investigation", "eval", "hard", size=(2, 2), windows=1)
def app_log_on_both_systems(stage: Stage) -> None:
    """On Windows the app's log has another path and needs another command."""
    linux, windows = stage.pick("linux"), stage.pick("windows")
    path, folder = "/var/log/app.log", r"C:\Apps\Shop\app.log"
    newest = dict(
        zip(
            (linux, windows),
            stage.rng.sample(
                ("price list loaded", "cart service restarted", "voucher rejected", "search index is stale"), 2
            ),
            strict=True,
        )
    )
    for name, file in ((linux, path), (windows, folder)):
        stage.put(
            write(
                stage.hosts[name],
                file,
                log_of(stage, ["session opened", "stock updated", newest[name]], shuffled=False),
            )
        )
    stage.turn(
        (
            "newest line of the app's log on both: {linux} has it in {path}, {windows} in {folder}",
            "compare how the app's log ends: {path} on {linux}, {folder} on {windows}",
            "last line of {path} ({linux}) and of {folder} ({windows}, a Windows machine)",
            "I need the final line from {folder} on {windows} and from {path} on {linux}",
        ),
        [on(linux, f"tail -n 1 {path}"), on(windows, f"Get-Content {folder} -Tail 1")],
        {name: (text,) for name, text in newest.items()},
        ", ".join(f"`{name}`: {text}" for name, text in newest.items()),
        "two systems tell more than one",
        linux=linux,
        windows=windows,
        path=path,
        folder=folder,
    )


@template("log_investigation", "eval", "hard")
def archive_before_it_is_lost(stage: Stage) -> None:
    """A log is copied before its service is restarted; the original stays."""
    name = stage.pick()
    last = stage.rng.choice(
        ("ERROR ledger is out of step", "ERROR duplicate invoice number", "ERROR tax table missing")
    )
    stage.put(write(with_service(stage.hosts[name], "billing"), BILLING, log_of(stage, [*CALM, last], shuffled=False)))
    copy = "/root/billing-incident.log"
    stage.put(write(stage.hosts[name], "/root/.bashrc", "alias ll='ls -l'\n"))
    stage.turn(
        (
            "keep the evidence on {host}: copy {file} to {copy}, then tell me the last ERROR in it",
            "on {host} copy {file} over to {copy} and read me the final ERROR",
            "save {file} as {copy} on {host}, leave the original, what is its last ERROR?",
            "make a copy of {file} at {copy} on {host}. which ERROR does it end on?",
        ),
        [on(name, f"cp {BILLING} {copy}"), on(name, f"grep ERROR {copy} | tail -n 1")],
        {name: (last.removeprefix("ERROR "),)},
        f"`{copy}` is saved on `{name}`, its last error: {last.removeprefix('ERROR ')}",
        "logs rotate, and then the evidence is gone",
        file=BILLING,
        copy=copy,
        host=name,
    )
    wants_file(stage, stage.hosts[name].with_file(copy, File(stage.hosts[name].files[BILLING].content)), copy)
