"""Disk space, trained on: how much is left, what is large, which host is fullest, and what may be deleted."""

from aj.acts import on, on_all
from fleet.linux.ls import human
from fleet.model import File
from scenarios.scenario import Stage, template
from scenarios.trouble import EMPTY, fill_disk, free_on_c, with_usage

MIB = 1024 * 1024
FULL = "a full disk stops services from writing"


@template("disk_space", "train", "easy")
def space_left(stage: Stage) -> None:
    """Free space on one root disk."""
    name = stage.pick()
    host = stage.hosts[name]
    left = human(host.available(host.mount_of("/")), 1024)
    stage.turn(
        (
            "how much space is still free on {host}?",
            "free space on the root disk of {host}?",
            "how many gigabytes are left on {host}?",
            "what's available on / on {host}?",
            "tell me the free disk space of {host}",
            "{host}: how much room is left on the root disk?",
            "how much disk can I still use on {host}?",
            "is there room on {host}? how much?",
            "give me the available space on / of {host}",
            "look up how much is free on {host}",
        ),
        [on(name, "df -h /")],
        {name: (left,)},
        f"`{name}` has {left} free",
        FULL,
        host=name,
    )


@template("disk_space", "train", "easy")
def size_of_a_file(stage: Stage) -> None:
    """How big one file is."""
    name = stage.pick()
    path = stage.rng.choice(("/opt/backups/full.tar", "/opt/media/intro.mp4", "/srv/dumps/shop.sql"))
    size = stage.rng.randrange(12, 900) * MIB
    stage.put(
        with_usage(stage.hosts[name], 40).with_file(path, File(bulk=size, modified=stage.hosts[name].now - 90_000))
    )
    stage.turn(
        (
            "how big is {file} on {host}?",
            "what size has {file} on {host}?",
            "size of {file} on {host}",
            "how much space does {file} take on {host}?",
            "tell me how large {file} is on {host}",
            "get the size of {file} on {host}",
            "check how big {file} got on {host}",
            "{host}: size of {file}?",
            "is {file} on {host} large? how large?",
            "look up the size of {file} on {host}",
        ),
        [on(name, f"du -sh {path}")],
        {name: (human(size),)},
        f"`{path}` takes {human(size)} on `{name}`",
        "big files are the cheapest space to win back",
        file=path,
        host=name,
    )


@template("disk_space", "train", "easy", size=(2, 3), windows=3)
def drive_c(stage: Stage) -> None:
    """Free space on drive C of one Windows host."""
    name = stage.pick()
    left = free_on_c(stage.hosts[name])
    stage.turn(
        (
            "how much is free on drive C of {host}?",
            "free space on C: of {host}?",
            "check drive C on {host}",
            "how full is C: on {host}?",
            "disk space on C: for {host}",
            "what's left on the C drive of {host}?",
            "show the C drive of {host}",
            "look at C: on {host}, how much is free?",
            "tell me the free space on drive C on {host}",
        ),
        [on(name, "Get-PSDrive C")],
        {name: (f"{left}|{left}G",)},
        f"`{name}` has {left} GB free on C:",
        "Windows needs free space on C: for its updates",
        host=name,
    )


@template("disk_space", "train", "medium")
def biggest_folder(stage: Stage) -> None:
    """The folder that takes the most space."""
    name = stage.pick()
    host = with_usage(stage.hosts[name], 35)
    folders = stage.rng.sample(("archive", "exports", "media", "uploads", "snapshots"), 3)
    for folder, size in zip(
        folders,
        (stage.rng.randrange(1200, 2000), stage.rng.randrange(40, 600), stage.rng.randrange(10, 600)),
        strict=True,
    ):
        host = host.with_file(f"/srv/{folder}/data.bin", File(bulk=size * MIB, modified=host.now - 8000))
    stage.put(host)
    stage.turn(
        (
            "which folder in /srv is the biggest on {host}?",
            "what takes the most space in /srv on {host}?",
            "biggest folder under /srv on {host}?",
            "find the largest directory in /srv on {host}",
            "what fills /srv on {host}?",
            "name the heaviest folder of /srv on {host}",
            "look into /srv on {host}, what is largest there?",
            "on {host}, which directory of /srv uses the most disk?",
            "where did the space in /srv go on {host}?",
            "check /srv on {host} for the biggest folder",
        ),
        [on(name, "du -sh /srv/* | sort -h | tail -n 1")],
        {name: (f"/srv/{folders[0]}|{folders[0]}", human(host.files[f"/srv/{folders[0]}/data.bin"].size + 4096))},
        f"`/srv/{folders[0]}` is the biggest on `{name}` with {human(host.files[f'/srv/{folders[0]}/data.bin'].size + 4096)}",
        FULL,
        host=name,
    )


@template("disk_space", "train", "medium")
def fullest_host(stage: Stage) -> None:
    """The host whose root disk is fullest."""
    shares = stage.rng.sample(range(15, 97), len(stage.hosts))
    for name, share in zip(stage.hosts, shares, strict=True):
        stage.put(with_usage(stage.hosts[name], share))
    top = max(stage.hosts, key=lambda name: stage.hosts[name].percent())
    stage.turn(
        (
            "which server has the fullest disk?",
            "who is closest to a full root disk?",
            "find the host with the least disk left in percent",
            "where is the root disk fullest?",
            "name the host with the highest disk usage",
            "which box will run out of disk first?",
            "what's our fullest server by disk?",
            "compare the root disks, which host is on top?",
            "show me the host with the most used disk",
            "the server with the highest percentage of disk used, which is it?",
        ),
        [on_all("df -h /")],
        {top: (f"{stage.hosts[top].percent()}%",)},
        f"`{top}` is the fullest at {stage.hosts[top].percent()}%",
        FULL,
        never=stage.others(top),
    )


@template("disk_space", "train", "hard")
def delete_a_dump(stage: Stage) -> None:
    """A file is deleted, and the disk is checked again."""
    name = stage.pick()
    path = stage.rng.choice(("/opt/dumps/core.4711", "/root/old-image.iso", "/srv/tmp/export.bin"))
    host = with_usage(stage.hosts[name], stage.rng.randrange(30, 80))
    stage.put(fill_disk(host, path, 96))
    stage.turn(
        (
            "delete {file} on {host} and tell me how full the root disk is then",
            "remove {file} from {host}, then check the disk",
            "rm {file} on {host}, and the disk usage after that?",
            "{file} on {host} can go, delete it and show me the disk",
            "get rid of {file} on {host}. how full is / afterwards?",
            "free up {host}: delete {file}, then look at the root disk",
            "throw away {file} on {host} and check how much disk is used then",
            "clean up {file} on {host} and report the disk usage after it",
            "we don't need {file} on {host}, delete it and see what the disk says",
        ),
        [on(name, f"rm {path}"), on(name, "df -h /")],
        {name: (f"{host.percent()}%",)},
        f"`{path}` is deleted, `{name}` is at {host.percent()}%",
        FULL,
        file=path,
        host=name,
    )
    stage.goal(f"{name}/files{path}", None)
    stage.sees("looks afterwards", name, f"{host.percent()}%")


@template("disk_space", "train", "hard")
def empty_a_log(stage: Stage) -> None:
    """A log is emptied but not removed, because a program has it open."""
    name = stage.pick()
    path = stage.rng.choice(("/opt/jobs/trace.log", "/srv/import/import.log", "/opt/batch/run.log"))
    host = with_usage(stage.hosts[name], stage.rng.randrange(30, 80))
    stage.put(fill_disk(host, path, 98))
    stage.turn(
        (
            "empty {file} on {host} but keep the file, then check the root disk",
            "truncate {file} on {host} and show how full / is",
            "clear the content of {file} on {host}, don't delete it. how full is the disk then?",
            "make {file} on {host} empty, the file must stay, and look at the disk after that",
            "set {file} on {host} to zero bytes and tell me the disk usage",
            "cut {file} on {host} down to nothing, keep the file, then disk usage please",
            "wipe what is in {file} on {host} without removing it, and report the root disk",
            "{file} on {host} is huge: empty it, leave it in place, check the disk",
        ),
        [on(name, f"truncate -s 0 {path}"), on(name, "df -h /")],
        {name: (f"{host.percent()}%",)},
        f"`{path}` is empty, `{name}` is at {host.percent()}%",
        "a deleted log that is still open frees nothing",
        file=path,
        host=name,
    )
    stage.goal(f"{name}/files{path}", EMPTY)
