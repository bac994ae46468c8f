"""Conversations of three and four turns in the categories for which the fleet has none, by the same four patterns."""

from collections.abc import Sequence

from aj.acts import on, on_all
from datasets_build.drawn.worded.scenes import local_journeys
from datasets_build.drawn.worded.scenes.made import Made, keep
from fleet.software import software
from scenarios.requests import ask
from scenarios.scenario import Stage, Template
from scenarios.trouble import ABSENT, Setting, add_process, set_value, some_hosts, with_containers, with_load, write

JOBS = {
    "reindex.py": "python3 /opt/jobs/reindex.py --all",
    "ffmpeg": "/usr/bin/ffmpeg -i /srv/in.mkv /srv/out.mp4",
    "render.js": "node /opt/thumbs/render.js",
    "gzip": "/usr/bin/gzip -9 /var/backups/db.sql",
}
SETTINGS = (
    Setting("postgresql", "/etc/postgresql/15/main/postgresql.conf", "max_connections", ("100", "150", "200", "300")),
    Setting("redis", "/etc/redis/redis.conf", "maxmemory-policy", ("allkeys-lru", "noeviction", "volatile-ttl")),
    Setting("ssh", "/etc/ssh/sshd_config", "PermitRootLogin", ("prohibit-password", "yes", "no")),
)
PS = "docker ps -a --format '{{.Names}} {{.Status}}'"
BUSY = "a load above the core count means that work is waiting"
HOG = "one runaway process slows down everything beside it"
DEPLOYED = "the version tells which code really runs"
_MADE: Made = []


def made() -> Sequence[Template]:
    """The templates of this module and of `local_journeys`."""
    return (*_MADE, *local_journeys.made())


@keep(_MADE, "multi_agent_health", "hard")
def follow_up_deeper_busiest(stage: Stage) -> None:
    """The loads, then what works on the busiest host, then its memory."""
    top, job = stage.pick(), stage.rng.choice(sorted(JOBS))
    cpu = stage.rng.randrange(710, 999) / 10
    stage.put(add_process(stage.hosts[top], JOBS[job], cpu=cpu)[0])
    for name in stage.hosts:
        load = stage.rng.randrange(620, 1300) if name == top else stage.rng.randrange(110, 580)
        stage.put(with_load(stage.hosts[name], load / 100))
    ask(stage, "load")
    stage.turn(
        ("what keeps {host} so busy?", "which process takes the most CPU on {host}?",
        "dig into {host}: what eats its CPU?",
            "{host} stands out, what runs there?", "and the top process by CPU on {host}?",
            "look closer at {host}, which program is it?", "who burns the CPU on {host}?"),
        [on(top, "ps aux --sort=-%cpu | head -n 2")], {top: (job, f"{cpu}|{cpu}%")},
        f"`{JOBS[job]}` takes {cpu}% CPU on `{top}`", HOG, host=top,
    )  # fmt: skip
    ask(stage, "memory", top, "again")


@keep(_MADE, "multi_agent_health", "medium", (3, 4))
def iterative_refinement_load(stage: Stage) -> None:
    """All loads, then those above a line, then the highest: the later answers need no new look."""
    line, names = stage.rng.choice((3, 4, 5)), list(stage.hosts)
    above = sorted(stage.rng.sample(names, stage.rng.randrange(2, len(names))), key=names.index)
    high = dict(zip(above, stage.rng.sample(range(line * 100 + 20, line * 100 + 700), len(above)), strict=True))
    for name in names:
        stage.put(with_load(stage.hosts[name], high.get(name, stage.rng.randrange(90, line * 100 - 30)) / 100))
    load = {name: f"{host.load:.2f}" for name, host in stage.hosts.items()}
    top = max(high, key=lambda name: high[name])
    ask(stage, "load")
    stage.turn(
        ("only those above {line}", "just the hosts with a load over {line}", "narrow that to a load above {line}",
            "which of these are over {line}?", "drop all that are below {line}", "and those with more than {line}?",
            "leave only what is above {line}"),
        [], {name: (load[name],) for name in above}, ", ".join(f"`{name}` {load[name]}" for name in above), BUSY,
        never=[name for name in names if name not in above], line=str(line),
    )  # fmt: skip
    stage.turn(
        ("and the highest of those?", "which is at the top?", "just the busiest one", "who has the highest one?",
            "now only the top one", "name the one with the most"),
        [], {top: (load[top],)}, f"`{top}` with a load of {load[top]}", BUSY, never=stage.others(top),
    )  # fmt: skip


@keep(_MADE, "process_hunting", "hard")
def follow_up_deeper_hog(stage: Stage) -> None:
    """The greediest process, its pid (which was seen), and its end."""
    name, job = stage.pick(), stage.rng.choice(sorted(JOBS))
    cpu = stage.rng.randrange(710, 999) / 10
    host, pid = add_process(stage.hosts[name], JOBS[job], cpu=cpu)
    stage.put(host)
    stage.turn(
        ("what eats the CPU on {host}?", "which process is on top by CPU on {host}?",
        "{host} is slow, what burns its CPU?",
            "top CPU process on {host} please", "find what hogs the CPU of {host}",
            "look for the busiest process on {host}"),
        [on(name, "ps aux --sort=-%cpu | head -n 2")], {name: (job, f"{cpu}|{cpu}%")},
        f"`{JOBS[job]}` takes {cpu}% CPU on `{name}`", HOG, host=name,
    )  # fmt: skip
    stage.turn(
        ("and its pid?", "what pid does it have?", "under which pid does it run?", "which process id is that?",
            "give me its process id", "the pid of it?"),
        [], {name: (str(pid),)}, f"it has pid {pid} on `{name}`", "the pid is what a kill needs",
    )  # fmt: skip
    stage.turn(
        ("kill it", "end it", "kill that one", "stop that process", "it can go, kill it", "get rid of it",
        "take it down"),
        [on(name, f"kill {pid}")], {name: (f"{job}|{pid}",)}, f"pid {pid} on `{name}` is killed",
        "a kill hits exactly one pid, so the pid is looked up first",
    )  # fmt: skip
    stage.goal(f"{name}/processes/{pid}", None)


@keep(_MADE, "process_hunting", "hard")
def troubleshooting_journey_slow_host(stage: Stage) -> None:
    """A slow host, its load, the process behind it, its end, and a look whether it is gone."""
    name, job = stage.pick(), stage.rng.choice(sorted(JOBS))
    cpu = stage.rng.randrange(710, 999) / 10
    host, pid = add_process(stage.hosts[name], JOBS[job], cpu=cpu)
    host = stage.put(with_load(host, stage.rng.randrange(600, 1100) / 100))
    stage.turn(
        ("everything is slow on {host}, what is its load?", "{host} crawls, check the load",
        "users say {host} is slow. its load?",
            "{host} hardly answers, how high is the load?", "pages from {host} take ages, look at its load"),
        [on(name, "uptime")], {name: (f"{host.load:.2f}",)}, f"`{name}` has a load of {host.load:.2f}", BUSY, host=name,
    )  # fmt: skip
    stage.turn(
        ("which process is behind that?", "what causes it?", "who is it?", "find the process that does that",
        "so what runs there?",
            "show me the top process"),
        [on(name, "ps aux --sort=-%cpu | head -n 2")], {name: (job, f"{cpu}|{cpu}%")},
        f"`{JOBS[job]}` takes {cpu}% CPU on `{name}`", HOG,
    )  # fmt: skip
    stage.turn(
        ("that one can go, kill it", "nobody needs it, end it", "kill it please", "stop it then",
        "get rid of that process"),
        [on(name, f"kill {pid}")], {name: (f"{job}|{pid}",)}, f"pid {pid} on `{name}` is killed",
        "a kill hits exactly one pid, so the pid is looked up first",
    )  # fmt: skip
    stage.turn(
        ("is it really gone?", "check that it is gone", "make sure it does not run any more", "did it go away?",
        "verify that"),
        [on(name, f"pgrep -f {job}")], {name: (job, ABSENT)}, f"`{job}` is not running on `{name}` any more",
        "a process may ignore a kill, so a second look is worth it",
    )  # fmt: skip
    stage.goal(f"{name}/processes/{pid}", None)


@keep(_MADE, "config_comparison", "medium", (3, 4))
def iterative_refinement_value(stage: Stage) -> None:
    """A key everywhere, then only the hosts with one of its values, then how many those are."""
    setting, names = stage.rng.choice(SETTINGS), list(stage.hosts)
    first, second = setting.two(stage.rng)
    chosen = some_hosts(stage)
    values = {name: first if name in chosen else second for name in names}
    for name, value in values.items():
        stage.put(setting.put(stage.hosts[name], value))
    stage.turn(
        ("show {key} of {path} on every host", "what does {path} say for {key} on all servers?",
        "{key} in {path} across the fleet?",
            "get {key} out of {path} on all hosts", "list {key} from {path} for each server"),
        [on_all(f"grep {setting.key} {setting.path}")], {name: (value,) for name, value in values.items()},
        ", ".join(f"`{name}` `{value}`" for name, value in values.items()), "servers that differ behave differently",
        key=setting.key, path=setting.path,
    )  # fmt: skip
    stage.turn(
        ("only those with {value}", "which of them have {value}?", "narrow it to {value}", "just the ones on {value}",
            "who of these is set to {value}?", "and the ones with {value}?"),
        [], dict.fromkeys(chosen, (first,)), ", ".join(f"`{name}` `{first}`" for name in chosen),
        "one value more often than another is not the right one for it", never=[n for n in names if n not in chosen],
        value=first,
    )  # fmt: skip
    stage.turn(
        ("how many are that?", "so how many is that?", "and how many of them?", "count those",
        "how many hosts is that then?"),
        [], dict.fromkeys(chosen, ()), ", ".join(f"`{name}`" for name in chosen),
        "a count is what a change plan starts with",
        kind="count", count=len(chosen),
    )  # fmt: skip


@keep(_MADE, "config_comparison", "medium")
def teaching_conversation_setting(stage: Stage) -> None:
    """How a value is read, how a change is seen, and when it counts."""
    name, setting = stage.pick(), stage.rng.choice(SETTINGS)
    old, new = setting.two(stage.rng)
    host = setting.put(stage.hosts[name], old)
    backup = write(host, f"{setting.path}.bak", host.files[setting.path].content)
    stage.put(set_value(backup, setting.path, setting.key, new))
    stage.turn(
        ("how do I read {key} from {path} on {host}? show me", "teach me to look up {key} in {path} on {host}",
            "which command shows {key} in {path} on {host}? run it",
            "I want to learn to find {key} in {path} on {host}"),
        [on(name, f"grep {setting.key} {setting.path}")], {name: (new,)}, f"`{setting.key}` on `{name}` is `{new}`",
        "the file says how the service starts next time", key=setting.key, path=setting.path, host=name,
    )  # fmt: skip
    stage.turn(
        ("and how do I see whether it was changed? there is a {path}.bak",
        "did that change since {path}.bak? how do I compare?",
            "show me how it differs from {path}.bak", "how would I compare that with {path}.bak?"),
        [on(name, f"diff {setting.path}.bak {setting.path}")], {name: (setting.key, old, new)},
        f"on `{name}` `{setting.key}` went from `{old}` to `{new}`", "the last change is the first suspect",
        path=setting.path,
    )  # fmt: skip
    stage.turn(
        ("so from when does the new value count?", "does the service use the new value already?",
        "is that in force right away?",
            "and when does that take effect?"),
        [], {name: ("restart|restarted|reload|starts",)},
        f"the service on `{name}` reads its file when it starts, so the new value counts after a restart",
        "a file that is edited changes nothing in a program that runs",
    )  # fmt: skip


@keep(_MADE, "deployment_check", "hard", (3, 4))
def follow_up_deeper_versions(stage: Stage) -> None:
    """The versions, which host is behind, and what the app says there."""
    odd, new = stage.pick(), f"{stage.rng.randrange(2, 9)}.{stage.rng.randrange(10, 30)}.{stage.rng.randrange(10)}"
    old = f"1.{stage.rng.randrange(10, 30)}.{stage.rng.randrange(10)}"
    numbers = {name: old if name == odd else new for name in stage.hosts}
    for name, number in numbers.items():
        stage.put(write(stage.hosts[name], "/srv/app/VERSION", f"{number}\n"))
    stage.turn(
        ("which version of the app runs on each host?", "app versions of all servers?",
        "what is deployed across the fleet?",
            "show the deployed version everywhere", "list the app version per server"),
        [on_all("cat /srv/app/VERSION")], {name: (number,) for name, number in numbers.items()},
        ", ".join(f"`{name}` `{number}`" for name, number in numbers.items()), DEPLOYED,
    )  # fmt: skip
    stage.turn(
        ("who is behind?", "which one is not up to date?", "and the one that lags?", "which of them has the old one?",
            "name the odd one", "who missed the deploy?"),
        [], {odd: (old,)}, f"`{odd}` is still on `{old}`", "two versions at once give answers that differ",
        never=stage.others(odd),
    )  # fmt: skip
    ask(stage, "log", odd, "again")


@keep(_MADE, "deployment_check", "hard")
def troubleshooting_journey_container(stage: Stage) -> None:
    """Which container is down, why, up again, and what runs on that host."""
    name, down = stage.pick(), stage.rng.choice(("api", "worker", "mailer"))
    names = sorted({*stage.rng.sample(("api", "worker", "cache", "mailer"), 2), down})
    number = f"{stage.rng.randrange(1, 5)}.{stage.rng.randrange(10, 30)}.{stage.rng.randrange(10)}"
    stage.put(write(with_containers(stage.hosts[name], names, down), "/srv/app/VERSION", f"{number}\n"))
    trouble = software().containers[down].trouble
    stage.turn(
        ("the app on {host} is broken, which container is down?", "{host} does not serve, did a container exit?",
            "check the containers of {host}, one seems dead",
            "users get errors from {host}: which container is not up?"),
        [on(name, PS)], {name: (down,)}, f"`{down}` on `{name}` has exited", "an exited container serves nobody",
        never=[other for other in names if other != down], host=name,
    )  # fmt: skip
    stage.turn(
        ("why did it exit?", "what does its log say?", "look into its log", "the reason?", "check why",
        "what was its last line?"),
        [on(name, f"docker logs --tail 2 {down}")], {name: (trouble,)},
        f'the log of `{down}` on `{name}` ends with "{trouble}"',
        "a start hides the reason unless it was read before",
    )  # fmt: skip
    stage.turn(
        ("ok, start it again", "start it", "bring it back", "get it running", "start that container"),
        [on(name, f"docker start {down} && {PS}")], {name: (down, "up|running|started")},
        f"`{down}` on `{name}` is up again",
        "an exited container serves nobody",
    )  # fmt: skip
    stage.turn(
        ("and which version is deployed on that host?", "what app version is on it?", "and the version there?",
            "which version does it run?"),
        [on(name, "cat /srv/app/VERSION")], {name: (number,)}, f"`{name}` is on `{number}`", DEPLOYED,
    )  # fmt: skip
    stage.goal(f"{name}/containers/{down}/state", "running", [f"{name}/containers/{down}/*"])
