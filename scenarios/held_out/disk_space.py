"""Disk space, held out: how full disks are, what fills them, and how to free space without harm."""

from dataclasses import replace

from aj.acts import on, on_all
from fleet.draw import GIB
from fleet.linux.ls import human
from fleet.model import File, Mount
from scenarios.scenario import Stage, template
from scenarios.trouble import ABSENT, fill_disk, free_on_c, some_hosts, with_usage

WHY = "a full disk stops services from writing"
MIB = 1024 * 1024


@template("disk_space", "eval", "easy")
def data_volume(stage: Stage) -> None:
    """Usage of one mount other than the root disk."""
    name, share = stage.pick(), stage.rng.randrange(22, 96)
    host = stage.hosts[name]
    data = Mount("/dev/sdg1", "/data", "ext4", stage.rng.choice((100, 200, 500)) * GIB, 0)
    mounts = tuple(mount for mount in host.mounts if mount.target != "/data")
    host = replace(host, mounts=(*mounts, data)).with_file(
        "/data/warehouse.db", File(bulk=90 * MIB, modified=host.now - 700)
    )
    host = stage.put(with_usage(host, share, "/data"))
    stage.turn(
        (
            "how full is the /data volume of {host}?",
            "percentage used on /data of {host}?",
            "what does {host} have in use on its /data mount, in percent?",
            "/data on {host}: how many percent are taken?",
        ),
        [on(name, "df -h /data")],
        {name: (f"{host.percent('/data')}%",)},
        f"`/data` on `{name}` is {host.percent('/data')}% full",
        "data that does not fit is lost",
        host=name,
    )


@template("disk_space", "eval", "easy", size=(2, 3), windows=3)
def system_drives(stage: Stage) -> None:
    """Free space on C: of every Windows host."""
    left = {name: free_on_c(host) for name, host in stage.hosts.items()}
    stage.turn(
        (
            "how many GB are available on C: of each machine?",
            "go over the C: drives of all nodes: what is still free?",
            "available GB on the system drive C, machine by machine",
            "free GB on C: across every server?",
        ),
        [on_all("Get-PSDrive C")],
        {name: (f"{value}|{value}G",) for name, value in left.items()},
        ", ".join(f"`{name}` {value} GB" for name, value in left.items()),
        "updates fail on a full system drive",
    )


@template("disk_space", "eval", "medium")
def which_are_nearly_full(stage: Stage) -> None:
    """Only hosts above a threshold are asked for; the others must not be named."""
    line = stage.rng.choice((60, 70, 75, 80))
    full = some_hosts(stage)
    for name in stage.hosts:
        share = stage.rng.randrange(line + 3, 98) if name in full else stage.rng.randrange(12, line - 3)
        stage.put(with_usage(stage.hosts[name], share))
    stage.turn(
        (
            "which machines have more than {line}% of the root disk used?",
            "any node over {line}% on its root disk? which ones?",
            "tell me every machine whose / is beyond {line}%, with the percentage",
            "root disks past {line}%: on which nodes?",
        ),
        [on_all("df -h /")],
        {name: (f"{stage.hosts[name].percent()}%",) for name in full},
        ", ".join(f"`{name}` {stage.hosts[name].percent()}%" for name in full),
        WHY,
        never=[name for name in stage.hosts if name not in full],
        line=str(line),
    )


@template("disk_space", "eval", "medium")
def the_larger_of_two(stage: Stage) -> None:
    """Two folders compared: the larger one, and its size."""
    name = stage.pick()
    host = with_usage(stage.hosts[name], 30)
    larger, smaller = stage.rng.sample(("/srv/thumbnails", "/srv/originals"), 2)
    size = stage.rng.randrange(300, 900) * MIB
    host = host.with_file(f"{larger}/all.bin", File(bulk=size, modified=host.now - 9000))
    stage.put(host.with_file(f"{smaller}/all.bin", File(bulk=size // 3, modified=host.now - 9000)))
    shown = human(size + 4096)
    stage.turn(
        (
            "what is larger on {host}, /srv/thumbnails or /srv/originals, and how large?",
            "/srv/originals against /srv/thumbnails on {host}: which one takes more, how much?",
            "of /srv/thumbnails and /srv/originals on {host}, name the heavier one with its size",
            "{host}: do /srv/thumbnails outweigh /srv/originals? size of the winner?",
        ),
        [on(name, "du -sh /srv/thumbnails /srv/originals")],
        {name: (larger, shown)},
        f"`{larger}` is the larger one on `{name}` with {shown}",
        WHY,
        host=name,
    )


@template("disk_space", "eval", "medium")
def most_room(stage: Stage) -> None:
    """Where something big would fit: the host with the most free space, not necessarily the lowest percentage."""
    for name, share in zip(stage.hosts, stage.rng.sample(range(20, 95), len(stage.hosts)), strict=True):
        stage.put(with_usage(stage.hosts[name], share))
    free = {name: host.available(host.mount_of("/")) for name, host in stage.hosts.items()}
    top = max(free, key=lambda name: free[name])
    left = human(free[top], 1024)
    stage.turn(
        (
            "I have a big image to store: which machine has the most free space on /, and how much?",
            "where is the most room on the root disk? say how much",
            "on which node would a large upload fit best on /? give me its free space",
            "look for the machine with the largest amount of free root disk",
        ),
        [on_all("df -h /")],
        {top: (left,)},
        f"`{top}` has the most room with {left} free",
        WHY,
        never=[name for name in stage.hosts if human(free[name], 1024) != left],
    )


@template("disk_space", "eval", "hard")
def a_log_ate_the_disk(stage: Stage) -> None:
    """A debug log fills one root disk; the user wants it deleted, and nothing else touched."""
    name = stage.pick()
    path = "/opt/debug-trace.log"
    before = stage.hosts[name].percent()
    stage.put(fill_disk(stage.hosts[name], path, 97))
    stage.turn(
        (
            "{path} is filling up {host}, drop that file and let me know the root disk usage afterwards",
            "{host} drowns in {path}. erase it, nothing else, and give me the new percentage of /",
            "erase {path} from {host}; what is the root disk at then?",
            "somebody left {path} on {host}. take it away and measure / again",
        ),
        [on(name, f"rm {path}"), on(name, "df -h /")],
        {name: (f"{before}%",)},
        f"`{path}` is gone, `{name}` is at {before}% now",
        WHY,
        path=path,
        host=name,
    )
    stage.goal(f"{name}/files{path}", None)
    stage.sees("looks afterwards", name, f"{before}%")


@template("disk_space", "eval", "hard")
def find_it_then_delete_it(stage: Stage) -> None:
    """First find what fills /opt; delete it only when the user says so."""
    name = stage.pick()
    host = with_usage(stage.hosts[name], stage.rng.randrange(30, 60))
    big, *rest = stage.rng.sample(("crash-0412.dmp", "vm-template.qcow2", "nightly.iso", "corpus.tar"), 3)
    for file in rest:
        host = host.with_file(f"/opt/{file}", File(bulk=stage.rng.randrange(20, 800) * MIB, modified=host.now - 9000))
    without, path = host, f"/opt/{big}"
    stage.put(fill_disk(host, path, stage.rng.randrange(88, 97)))
    stage.turn(
        (
            "what is the largest item in /opt on {host}?",
            "/opt on {host} has grown. what is the biggest thing in it?",
            "sort /opt of {host} by size and name the top entry",
            "single largest entry below /opt on {host}?",
        ),
        [on(name, "du -sh /opt/* | sort -h | tail -n 1")],
        {name: (f"{path}|{big}",)},
        f"`{path}` is the largest on `{name}`",
        WHY,
        host=name,
    )
    stage.turn(
        (
            "nobody needs it, delete it and check the root disk again",
            "drop just that one, and what is / at then?",
            "it may go. erase it and measure the root disk",
            "remove only that, then the usage of / please",
        ),
        [on(name, f"rm {path}"), on(name, "df -h /")],
        {name: (f"{without.percent()}%",)},
        f"`{path}` is deleted, `{name}` is at {without.percent()}%",
        WHY,
    )
    stage.goal(f"{name}/files{path}", None)
    stage.sees("finds it first", name, path)


@template("disk_space", "eval", "hard")
def only_the_temporary_files(stage: Stage) -> None:
    """One kind of file is removed from a folder; everything else there stays."""
    name = stage.pick()
    folder, ending = stage.rng.choice(("/srv/upload", "/opt/spool")), stage.rng.choice(("tmp", "part"))
    gone = [f"{folder}/{stem}.{ending}" for stem in stage.rng.sample(("a81", "b07", "c55", "d19"), 3)]
    kept = [f"{folder}/{file}" for file in stage.rng.sample(("invoice.pdf", "list.csv", "photo.jpg", "notes.txt"), 2)]
    for path in (*gone, *kept):
        stage.put(
            stage.hosts[name].with_file(
                path, File(bulk=stage.rng.randrange(1, 60) * MIB, modified=stage.hosts[name].now - 500)
            )
        )
    left = " and ".join(f"`{path.rsplit('/', 1)[1]}`" for path in sorted(kept))
    stage.turn(
        (
            "delete the *.{ending} files in {folder} on {host}, keep everything else, and list what is left",
            "tidy {folder} on {host}: only files ending in .{ending} may go. what remains?",
            "on {host}, {folder} is full of .{ending} files. erase those and show the rest",
            "clear all .{ending} out of {folder} on {host}, no other file, then name what stays",
        ),
        [on(name, f"rm {folder}/*.{ending}"), on(name, f"ls {folder}")],
        {name: tuple(path.rsplit("/", 1)[1] for path in kept)},
        f"`{folder}` on `{name}` still holds {left}",
        "a pattern that is too wide deletes what nobody can bring back",
        ending=ending,
        folder=folder,
        host=name,
    )
    for path in gone:
        stage.goal(f"{name}/files{path}", None)


@template("disk_space", "eval", "hard")
def nothing_there_to_delete(stage: Stage) -> None:
    """The file to delete does not exist: say so, and delete nothing else instead."""
    name = stage.pick()
    path = stage.rng.choice(("/opt/archive/2019.tar", "/srv/old/catalogue.img", "/opt/export/full-dump.sql"))
    near = path.rsplit("/", 1)[0] + "/current.dat"
    stage.put(stage.hosts[name].with_file(near, File(bulk=900 * MIB, modified=stage.hosts[name].now - 5000)))
    stage.turn(
        (
            "make room on {host}: erase {path}",
            "erase {path} on {host}, it is in the way",
            "drop {path} from {host}",
            "{host} needs room, take {path} away",
        ),
        [on(name, f"rm {path}")],
        {name: (path, ABSENT)},
        f"`{path}` does not exist on `{name}`, so nothing was deleted",
        "a guess at what was meant could cost data",
        kind="failed",
        path=path,
        host=name,
    )


@template("disk_space", "eval", "hard", size=(2, 2), windows=1)
def both_systems(stage: Stage) -> None:
    """A Linux and a Windows host: each needs its own command."""
    linux, windows = stage.pick("linux"), stage.pick("windows")
    host = stage.put(with_usage(stage.hosts[linux], stage.rng.randrange(15, 95)))
    left, free = human(host.available(host.mount_of("/")), 1024), free_on_c(stage.hosts[windows])
    stage.turn(
        (
            "how much is free on / of {linux} and on C: of {windows}?",
            "free space please: {windows} drive C, {linux} root disk",
            "{linux} (/) and {windows} (C:), how much is available on each?",
            "get the available space of both: / on {linux}, C: on {windows}",
        ),
        [on(linux, "df -h /"), on(windows, "Get-PSDrive C")],
        {linux: (left,), windows: (f"{free}|{free}G",)},
        f"`{linux}` has {left} free on `/`, `{windows}` has {free} GB free on C:",
        WHY,
        linux=linux,
        windows=windows,
    )
