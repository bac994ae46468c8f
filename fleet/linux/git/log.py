"""git log, and the formats in which commits are printed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, fail
from fleet.linux.docker.views import ago
from fleet.linux.git import trees
from fleet.linux.git.line import option, reject_unknown, split
from fleet.linux.git.trees import FATAL, Tree
from fleet.linux.systemd.journal import moment
from fleet.model import Commit, Host, Repository

LOG = """--oneline --stat -p --patch --graph --decorate --no-decorate --all --reverse --name-only --name-status
--no-merges --format= --pretty= --since= --after= --until= --before= --author= --grep= --max-count=
--abbrev-commit --date= --decorate= --follow --no-pager --skip= --shortstat -i --first-parent --no-color --color="""
_VALUED = "-n|--max-count|--since|--until|--after|--before|--author|--grep|--format"
"""Options that may take their value from the next word."""


def log(context: CommandContext, found: Repository) -> str | BuiltinResult:
    """`git log`."""
    argv = re.sub(rf"(^|\0)({_VALUED})\0", r"\1\2=", "\0".join(context.argv))
    options, words, paths = split(argv.split("\0") if argv else [])
    numbers = [match[1] for word in options if (match := re.fullmatch(r"-n?=?(\d{1,6})", word))]
    reject_unknown(context, [word for word in options if not re.fullmatch(r"-n?=?\d{1,6}", word)], LOG)
    start, end = 0, len(found.commits)
    for word in words:
        first, dots, last = word.partition("..")
        if dots:
            start, end = trees.revision(found, last.lstrip(".")), trees.revision(found, first)
        elif trees.is_revision(found, word):
            start = trees.revision(found, word)
        elif f"{context.cwd}/{word}" in context.host.files or word in trees.head_tree(found):
            paths.append(word)
        else:
            trees.revision(found, word)
    if not found.commits:
        return fail(f"fatal: your current branch '{found.branch}' does not have any commits yet", FATAL)
    fits = trees.within(context.cwd, found, paths)
    bounds = _bounds(options, context.host.now)
    author = option(options, "--author") or ""
    places = [
        place
        for place in range(start, end)
        if bounds[0] <= found.commits[place].time <= bounds[1]
        and author.lower() in trees.author_line(found.commits[place]).lower()
        and (option(options, "--grep") or "") in found.commits[place].subject
        and any(
            fits(path) for path in trees.changed(trees.parent_tree(found, place), found.commits[place].files) or [""]
        )
    ][int(option(options, "--skip") or 0) :]
    limit = numbers[-1] if numbers else option(options, "--max-count") or ""
    places = places[: int(limit)] if limit.isdecimal() else places
    if "--reverse" in options:
        places.reverse()
    blocks = [entry(context.host, found, place, options, fits) for place in places]
    one_line = "--oneline" in options or bool(option(options, "--format", "--pretty"))
    return "".join(blocks) if one_line else "\n".join(blocks)


def _bounds(options: list[str], now: int) -> tuple[int, int]:
    """The oldest and newest time requested; git accepts "2.weeks" as well as "3 days ago"."""
    ends = []
    for names, default in ((("--since", "--after"), 0), (("--until", "--before"), 2**62)):
        text = option(options, *names)
        found = moment(re.sub(r"(?<=[\da-z])\.(?=[a-z])", " ", text), now) if text else default
        ends.append(default if found is None else found)
    return ends[0], ends[1]


def entry(host: Host, found: Repository, place: int, options: list[str], fits: Callable[[str], bool]) -> str:
    """One log entry, in the format that the options request."""
    commit = found.commits[place]
    star = "* " if "--graph" in options else ""
    form = option(options, "--format", "--pretty")
    names = f" ({_names(found, place)})" if "--decorate" in options and _names(found, place) else ""
    if form and form not in ("medium", "full", "short", "oneline"):
        text = f"{star}{formatted(host, found, place, form.removeprefix('format:').removeprefix('tformat:'))}\n"
    elif "--oneline" in options or form == "oneline":
        text = f"{star}{commit.id[:7]}{names} {commit.subject}\n"
    else:
        text = f"{star}{described(commit, names)}"
    old, new = trees.parent_tree(found, place), commit.files
    more = shown(old, new, options, fits)
    return text + (more if not more or form or "--oneline" in options else f"\n{more}")


def shown(old: Tree, new: Tree, options: list[str], fits: Callable[[str], bool]) -> str:
    """What the options add to a commit or diff: names, a stat, or a patch."""
    kinds = {path: kind for path, kind in trees.changed(old, new).items() if fits(path)}
    if "--name-only" in options:
        return "".join(f"{path}\n" for path in kinds)
    if "--name-status" in options:
        return "".join(f"{kind}\t{path}\n" for path, kind in kinds.items())
    if "--stat" in options:
        return trees.stat(old, new, fits)
    if "--shortstat" in options:
        return trees.summary([trees.counts(old.get(p, ""), new.get(p, "")) for p in kinds]) if kinds else ""
    if "--numstat" in options:
        pairs = {path: trees.counts(old.get(path, ""), new.get(path, "")) for path in kinds}
        return "".join(f"{added}\t{removed}\t{path}\n" for path, (added, removed) in pairs.items())
    return trees.patch(old, new, fits) if {"-p", "--patch"} & set(options) else ""


def described(commit: Commit, names: str = "") -> str:
    """A commit as `git log` prints it."""
    body = "".join(f"    {line}\n" for line in commit.subject.splitlines())
    return f"commit {commit.id}{names}\nAuthor: {trees.author_line(commit)}\nDate:   {date(commit.time)}\n\n{body}"


def date(time: int, form: str = "%a %b {day} %H:%M:%S %Y +0000") -> str:
    """A time as git prints it, or in a strftime format; {day} is the day without a leading zero."""
    moment = datetime.fromtimestamp(time, UTC)
    return moment.strftime(form.replace("{day}", str(moment.day)))


def _names(found: Repository, place: int) -> str:
    return f"HEAD -> {found.branch}" if place == 0 else ""


def formatted(host: Host, found: Repository, place: int, form: str) -> str:
    """A commit in a placeholder format; unknown placeholders are kept."""
    commit = found.commits[place]
    name, _, address = trees.author_line(commit).rstrip(">").partition(" <")
    parent = found.commits[place + 1].id if place + 1 < len(found.commits) else ""
    tree = trees.blob("".join(sorted(commit.files)))
    names = _names(found, place)
    values = {"%H": commit.id, "%h": commit.id[:7], "%s": commit.subject.partition("\n")[0], "%an": name, "%cn": name,
        "%ae": address, "%ce": address, "%n": "\n", "%%": "%", "%P": parent, "%p": parent[:7],
        "%T": tree, "%t": tree[:7], "%d": f" ({names})" if names else "", "%D": names,
        "%b": commit.subject.partition("\n")[2], "%B": commit.subject, "%x09": "\t",
        **dict.fromkeys(("%Creset", "%Cred", "%Cgreen", "%Cblue"), "")}  # fmt: skip
    for letter in "ac":
        values |= {f"%{letter}d": date(commit.time), f"%{letter}t": str(commit.time),
            f"%{letter}r": f"{ago(host.now - commit.time)} ago", f"%{letter}s": date(commit.time, "%Y-%m-%d"),
            f"%{letter}i": date(commit.time, "%Y-%m-%d %H:%M:%S +0000"),
            f"%{letter}I": date(commit.time, "%Y-%m-%dT%H:%M:%S+00:00")}  # fmt: skip
    form = re.sub(r"%C\([^)]*\)", "", form)
    return re.sub(r"%(?:x09|Creset|Cred|Cgreen|Cblue|[ac][a-zA-Z]|[a-zA-Z%])", lambda m: values.get(m[0], m[0]), form)
