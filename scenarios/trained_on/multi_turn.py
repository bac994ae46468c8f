"""Conversations of three turns, trained on: drilling down, narrowing a question, and teaching."""

from dataclasses import replace

from aj.acts import on
from fleet.actions import enable
from scenarios.requests import ask
from scenarios.scenario import Stage, template
from scenarios.trouble import fail_service, fill_disk, with_service, with_usage, write

FULL = "a full disk stops services from writing"
BACK = "a service that is down does not come back by itself"


@template("disk_space", "train", "hard")
def follow_up_deeper_disk_then_culprit(stage: Stage) -> None:
    """How full the disk is, what fills it, then delete that."""
    name = stage.pick()
    path = f"/opt/{stage.rng.choice(('export', 'dump', 'core', 'mirror'))}.{stage.rng.choice(('img', 'bin', 'dat'))}"
    host = with_usage(stage.hosts[name], stage.rng.randrange(20, 60))
    for other in stage.others(name):
        stage.put(with_usage(stage.hosts[other], stage.rng.randrange(15, 70)))
    stage.put(fill_disk(host, path, stage.rng.randrange(91, 99)))
    ask(stage, "disk")
    stage.turn(
        ("what fills /opt on {host}?", "{host} is nearly full, what is the biggest thing in /opt there?",
            "look into /opt on {host}, what is so big?", "find the largest file under /opt on {host}",
            "why is {host} so full? check /opt", "what takes the space in /opt on {host}?",
            "dig into /opt on {host}: biggest entry?", "and the largest thing in /opt on {host}?"),
        [on(name, "du -sh /opt/* | sort -h | tail -n 1")], {name: (path,)}, f"`{path}` fills `{name}`", FULL, host=name,
    )  # fmt: skip
    stage.turn(
        ("delete it and check the disk again", "remove that file, how full is it then?",
            "we don't need it, delete it and show the disk", "get rid of it and run df again",
            "delete that one and tell me the disk usage after", "drop the file, then check the disk there",
            "rm it and look at the disk again", "away with it, and the disk usage then?"),
        [on(name, f"rm {path} && df -h /")], {name: (f"{host.percent()}%",)},
        f"`{path}` is gone, `{name}` is at {host.percent()}%", FULL,
    )  # fmt: skip
    stage.goal(f"{name}/files{path}", None)


@template("log_investigation", "train", "hard")
def follow_up_deeper_state_then_reason(stage: Stage) -> None:
    """A service that is down: its state, the reason, and starting it again."""
    name, service = stage.pick(), stage.rng.choice(("nginx", "redis", "grafana", "postgresql", "haproxy"))
    why = stage.rng.choice(("Out of memory", "certificate has expired", "Permission denied"))
    stage.put(fail_service(with_service(stage.hosts[name], service), service, f"fatal: {why}"))
    stage.turn(
        ("is {service} up on {host}?", "check {service} on {host}", "how is {service} on {host}?",
            "state of {service} on {host}?", "does {service} run on {host}?", "look at {service} on {host}",
            "{service} on {host}, running?", "is {service} on {host} alive?"),
        [on(name, f"systemctl is-active {service}")], {name: ("failed",)}, f"`{service}` on `{name}` has failed", BACK,
        service=service, host=name,
    )  # fmt: skip
    stage.turn(
        ("what does its journal say?", "why?", "show me the reason", "check the journal for it", "what happened?",
            "dig deeper, why did it fail?", "what's the cause?", "read its last journal lines"),
        [on(name, f"journalctl -u {service} -n 3 --no-pager")], {name: (why,)},
        f'`{service}` on `{name}` died with "{why}"', "the reason stands in the journal",
    )  # fmt: skip
    stage.turn(
        ("ok, start it again", "start it and check", "bring it back up", "try to start it", "get it running again",
            "alright, start it", "start {service} there again", "turn it back on"),
        [on(name, f"systemctl start {service} && systemctl is-active {service}")], {name: ("active|running|started",)},
        f"`{service}` on `{name}` is active again", BACK, service=service,
    )  # fmt: skip
    stage.goal(f"{name}/services/{service}/state", "active", [f"{name}/services/{service}/*"])


@template("log_investigation", "train", "medium")
def iterative_refinement_errors(stage: Stage) -> None:
    """All errors, then those of one kind, then the newest of them."""
    name, path = stage.pick(), "/var/log/shop.log"
    kinds = stage.rng.sample(
        (
            "timeout calling inventory",
            "connection to db refused",
            "payment declined",
            "cache miss storm",
            "mail rejected",
        ),
        2,
    )
    lines = [
        f"ERROR {stage.rng.choice(kinds)} order={stage.rng.randrange(1000, 9999)}"
        if stage.rng.random() < 0.6
        else f"INFO order={stage.rng.randrange(1000, 9999)} done"
        for _ in range(stage.rng.randrange(14, 30))
    ]
    lines += [f"ERROR {kind} order={stage.rng.randrange(1000, 9999)}" for kind in kinds]
    stage.put(write(stage.hosts[name], path, "".join(f"{line}\n" for line in lines)))
    kind = kinds[0]
    errors, wanted = (sum(text in line for line in lines) for text in ("ERROR", kind))
    last = [line for line in lines if kind in line][-1]
    stage.turn(
        ("how many ERROR lines are in {path} on {host}?", "count the errors in {path} on {host}",
            "number of ERROR lines in {path} on {host}?", "errors in {path} on {host}, how many?",
            "check {path} on {host} and count ERROR", "grep -c ERROR {path} on {host}",
            "how often does ERROR stand in {path} on {host}?", "count ERROR in {path} over on {host}"),
        [on(name, f"grep -c ERROR {path}")], {name: (str(errors),)},
        f"`{path}` on `{name}` has {errors} lines with ERROR", "a count shows how bad it is", path=path, host=name,
    )  # fmt: skip
    stage.turn(
        ("only those with \"{word}\"", "just the ones about \"{word}\"", "and how many with \"{word}\"?",
            "narrow it down to \"{word}\"", "count only \"{word}\"", "of these, how many say \"{word}\"?",
            "filter for \"{word}\"", "limit it to \"{word}\""),
        [on(name, f"grep -c 'ERROR {kind}' {path}")], {name: (str(wanted),)},
        f"on `{name}` {wanted} of them say \"{kind}\"", "one kind of error has one cause", word=kind,
    )  # fmt: skip
    stage.turn(
        ("show me the newest of those", "the last one of them?", "print the latest of these",
            "and the most recent one?", "give me only the last of those lines", "which is the newest?",
            "last such line please", "now just the latest"),
        [on(name, f"grep 'ERROR {kind}' {path} | tail -n 1")], {name: (last.rsplit(" ", 1)[1],)},
        f"on `{name}` the last one is `{last}`", "the newest line is closest to now",
    )  # fmt: skip


@template("disk_space", "train", "medium", size=(3, 4))
def iterative_refinement_fullest(stage: Stage) -> None:
    """All disks, then those above a threshold, then the fullest: the later answers need no new command."""
    line, names = stage.rng.choice((50, 60, 75)), list(stage.hosts)
    above = sorted(stage.rng.sample(names, stage.rng.randrange(2, len(names))), key=names.index)
    levels = dict(zip(above, stage.rng.sample(range(line + 3, 96), len(above)), strict=True))
    for name in names:
        stage.put(with_usage(stage.hosts[name], levels.get(name) or stage.rng.randrange(12, line - 2)))
    percent = {name: f"{host.percent()}%" for name, host in stage.hosts.items()}
    fullest = max(levels, key=lambda name: levels[name])
    ask(stage, "disk")
    stage.turn(
        ("only those over {line}%", "just the ones above {line}%", "narrow it to hosts with more than {line}%",
            "which of them are over {line}%?", "leave out all up to {line}%", "now only more than {line}%",
            "and the ones above {line}%?", "drop everything below {line}%"),
        [], {name: (percent[name],) for name in above}, ", ".join(f"`{name}` {percent[name]}" for name in above), FULL,
        never=[name for name in names if name not in above], line=str(line),
    )  # fmt: skip
    stage.turn(
        ("and the fullest?", "just the worst one", "which one is the fullest?", "only the top one",
            "name the fullest of them", "the highest one?", "who is worst?", "reduce it to the fullest"),
        [], {fullest: (percent[fullest],)}, f"`{fullest}` with {percent[fullest]}", FULL, never=stage.others(fullest),
    )  # fmt: skip


@template("targeted_diagnosis", "train", "medium")
def teaching_conversation_load(stage: Stage) -> None:
    """The load, the number of cores, and what the two mean together."""
    name, busy = stage.pick(), stage.rng.random() < 0.5
    host = stage.hosts[name]
    cores = stage.rng.choice((2, 4, 8))
    waiting = cores * stage.rng.randrange(150, 300) / 100 if busy else cores * stage.rng.randrange(5, 40) / 100
    processes = tuple(replace(process, cpu=0.0) for process in host.processes)
    host = stage.put(replace(host, system=replace(host.system, cores=cores), processes=processes, waiting=waiting))
    load = f"{host.load:.2f}"
    stage.turn(
        ("how do I see how busy {host} is? show me", "show me how to read the load of {host}",
            "what tells me the load on {host}?", "teach me to check how busy {host} is",
            "I want to see the load of {host}, how?", "with which command do I see the load on {host}? run it",
            "how busy is {host}, and how do you find out?", "demonstrate a look at the load on {host}"),
        [on(name, "uptime")], {name: (load,)}, f"`{name}` has a load of {load}",
        "the load counts the work that wants a processor", host=name,
    )  # fmt: skip
    stage.turn(
        ("and how many cores does it have?", "how do I find its number of cores?",
            "how many processors are in there?", "what about its cores?", "and the core count?",
            "how many CPUs does it have to do that?", "show me its cores too", "which command tells the cores? run it"),
        [on(name, "nproc")], {name: (str(cores),)}, f"`{name}` has {cores} cores",
        "the load has to be read against the cores",
    )  # fmt: skip
    verdict = "more than its cores can do, work is waiting" if busy else "less than its cores can do, nothing waits"
    stage.turn(
        ("so is that load high or low?", "is it too busy then?", "what do the two numbers mean together?",
            "so is it overloaded?", "put together, is that much?", "how do I judge that?", "is that load ok for it?",
            "should I worry about that load?"),
        [],
        {name: (load, str(cores), "more|above|over|high|busy|overloaded|too" if busy else "less|below|under|low|fine|ok|idle")},
        f"a load of {load} on {cores} cores of `{name}` is {verdict}",
        "a load above the core count means that work is waiting",
    )  # fmt: skip


@template("service_management", "train", "medium")
def teaching_conversation_boot(stage: Stage) -> None:
    """Active, enabled, and what both mean for a reboot."""
    name, service = stage.pick(), stage.rng.choice(("nginx", "redis", "grafana", "cron", "haproxy"))
    enabled = stage.rng.random() < 0.5
    stage.put(enable(with_service(stage.hosts[name], service), service, enabled))
    state = "enabled" if enabled else "disabled"
    stage.turn(
        ("how do I see if {service} runs on {host}? show me",
            "show me how to check that {service} is running on {host}", "teach me to look at {service} on {host}",
            "what command tells whether {service} is up on {host}?", "how would you check {service} on {host}?",
            "demonstrate how to see the state of {service} on {host}", "I want to learn to check {service} on {host}",
            "how can I tell that {service} works on {host}?"),
        [on(name, f"systemctl is-active {service}")], {name: ("active|running",)}, f"`{service}` on `{name}` is active",
        "active means that it runs now", service=service, host=name,
    )  # fmt: skip
    stage.turn(
        ("and how do I see if it starts at boot?", "does it start at boot too? how do I see that?",
            "what about the next boot?", "and is it enabled?", "how do I know it starts by itself?",
            "show me whether it is enabled as well", "and the boot setting?",
            "does being active mean it starts at boot? check"),
        [on(name, f"systemctl is-enabled {service}")], {name: (state,)}, f"`{service}` on `{name}` is {state}",
        "enabled is about the next boot, not about now",
    )  # fmt: skip
    stage.turn(
        ("so what happens to it after a reboot?", "so will it be there after a reboot?",
            "what does that mean for a reboot?", "if I reboot, does it run again?",
            "and after a restart of the machine?", "so would it survive a reboot?",
            "then it runs after a reboot, right?", "put together: will it run after a reboot?"),
        [],
        {name: ("comes back|is back|starts|will run|runs again|yes" if enabled else "stays down|not|no|won't|doesn't",)},
        f"`{service}` {'comes back' if enabled else 'stays down'} after a reboot of `{name}`",
        "only an enabled service comes back after a reboot",
    )  # fmt: skip
