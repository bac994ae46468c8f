"""git log, and the formats in which commits are printed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, fail, lacking
from fleet.linux.docker.views import ago
from fleet.linux.git import trees
from fleet.linux.git.line import option, read
from fleet.linux.git.trees import FATAL, Tree
from fleet.linux.options import options as option_table
from fleet.linux.systemd.journal import moment
from fleet.model import Commit, Host, Repository

CHANGES = """
    --stat
    --shortstat
    --numstat
    --name-only
    --name-status
    -p -u --patch
    ~ --no-color
"""
"""The forms in which git shows what differs."""
_FORMS = (
    CHANGES
    + """
    --oneline
    --format= --pretty=
    --graph
    --decorate[=]
    --abbrev-commit
    --date=
    ~ --no-decorate
    ~ --no-pager
"""
)
LOG = option_table(
    _FORMS
    + """
    -n --max-count=
    --skip=
    --since= --after=
    --until= --before=
    --author=
    --grep=
    --reverse
    ~ --all
    ~ --follow
    ~ --first-parent
    ~ --no-merges
"""
)
"""History is a line here: all branches share it, and nothing was merged or renamed."""
SHOW = option_table(
    _FORMS
    + """
    -s --no-patch
    -q --quiet
"""
)


def log(context: CommandContext, found: Repository) -> str | BuiltinResult:
    """`git log`."""
    options, words, paths = read(context, LOG)
    if strange := not_simulated(options):
        return lacking(context, f"git log {strange}", BuiltinResult(exit_code=128))
    count = option(options, "-n")
    if count is not None and not count.isdecimal():
        return fail(f"fatal: '{count}': not an integer", FATAL)
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
    places = places[: int(count)] if count else places
    if "--reverse" in options:
        places.reverse()
    blocks = [entry(context.host, found, place, options, fits) for place in places]
    one_line = "--oneline" in options or bool(option(options, "--format"))
    return "".join(blocks) if one_line else "\n".join(blocks)


def not_simulated(options: list[str]) -> str:
    """The first option whose value asks for what is not simulated; "" if there is none."""
    if re.search(r"[\\\[\](){}.*+?^$|]", option(options, "--grep") or ""):
        return "--grep with a pattern"
    if option(options, "--date") not in (None, *DATES):
        return f"--date={option(options, '--date')}"
    return f"--format={option(options, '--format')}" if option(options, "--format") in _OTHER_FORMS else ""


def _bounds(options: list[str], now: int) -> tuple[int, int]:
    """The oldest and newest time requested; git accepts "2.weeks" as well as "3 days ago"."""
    ends = []
    for name, default in (("--since", 0), ("--until", 2**62)):
        text = option(options, name)
        found = moment(re.sub(r"(?<=[\da-z])\.(?=[a-z])", " ", text), now) if text else default
        ends.append(default if found is None else found)
    return ends[0], ends[1]


def entry(host: Host, found: Repository, place: int, options: list[str], fits: Callable[[str], bool]) -> str:
    """One log entry, in the format that the options request."""
    commit = found.commits[place]
    star = "* " if "--graph" in options else ""
    form = option(options, "--format")
    decorated = option(options, "--decorate") or ("short" if "--decorate" in options else "no")
    names = f" ({_names(found, place)})" if decorated == "short" and _names(found, place) else ""
    when = option(options, "--date") or "default"
    if form and form not in ("medium", "oneline"):
        form = form.removeprefix("format:").removeprefix("tformat:")
        text = f"{star}{formatted(host, found, place, form, when)}\n"
    elif "--oneline" in options or form == "oneline":
        short = "--oneline" in options or "--abbrev-commit" in options
        text = f"{star}{commit.id[: 7 if short else 40]}{names} {commit.subject.partition(chr(10))[0]}\n"
    else:
        length = 7 if "--abbrev-commit" in options else 40
        text = f"{star}{described(commit, names, length, dated(host, commit, when))}"
    old, new = trees.parent_tree(found, place), commit.files
    more = shown(old, new, options, fits)
    return text + (more if not more or form == "oneline" or "--oneline" in options else f"\n{more}")


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
    return trees.patch(old, new, fits) if "-p" in options else ""


_OTHER_FORMS = frozenset(("full", "short", "fuller", "raw", "email", "reference", "mboxrd"))
DATES = {"default": "%a %b {day} %H:%M:%S %Y +0000", "iso": "%Y-%m-%d %H:%M:%S +0000", "short": "%Y-%m-%d",
    "iso-strict": "%Y-%m-%dT%H:%M:%S+00:00", "rfc": "%a, {day} %b %Y %H:%M:%S +0000", "unix": "%s", "relative": "",
    "iso8601": "%Y-%m-%d %H:%M:%S +0000", "rfc2822": "%a, {day} %b %Y %H:%M:%S +0000",
    "local": "%a %b {day} %H:%M:%S %Y"}  # fmt: skip
"""Values of --date."""


def dated(host: Host, commit: Commit, form: str) -> str:
    """A commit's date, as --date asks for it."""
    if form == "relative":
        return f"{ago(host.now - commit.time)} ago"
    return str(commit.time) if form == "unix" else date(commit.time, DATES[form])


def described(commit: Commit, names: str, length: int, when: str) -> str:
    """A commit as `git log` prints it."""
    body = "".join(f"    {line}\n" for line in commit.subject.splitlines())
    return f"commit {commit.id[:length]}{names}\nAuthor: {trees.author_line(commit)}\nDate:   {when}\n\n{body}"


def date(time: int, form: str = "%a %b {day} %H:%M:%S %Y +0000") -> str:
    """A time as git prints it, or in a strftime format; {day} is the day without a leading zero."""
    moment = datetime.fromtimestamp(time, UTC)
    return moment.strftime(form.replace("{day}", str(moment.day)))


def _names(found: Repository, place: int) -> str:
    return f"HEAD -> {found.branch}" if place == 0 else ""


def formatted(host: Host, found: Repository, place: int, form: str, when: str) -> str:
    """A commit in a placeholder format; unknown placeholders are kept."""
    commit = found.commits[place]
    name, _, address = trees.author_line(commit).rstrip(">").partition(" <")
    parent = found.commits[place + 1].id if place + 1 < len(found.commits) else ""
    tree = trees.blob("".join(sorted(commit.files)))
    names, body = _names(found, place), commit.subject.partition("\n")[2].lstrip("\n")
    values = {"%H": commit.id, "%h": commit.id[:7], "%s": commit.subject.partition("\n")[0], "%an": name, "%cn": name,
        "%ae": address, "%ce": address, "%n": "\n", "%%": "%", "%P": parent, "%p": parent[:7],
        "%T": tree, "%t": tree[:7], "%d": f" ({names})" if names else "", "%D": names,
        "%b": f"{body}\n" if body else "", "%B": f"{commit.subject}\n", "%x09": "\t",
        **dict.fromkeys(("%Creset", "%Cred", "%Cgreen", "%Cblue"), "")}  # fmt: skip
    for letter in "ac":
        values |= {f"%{letter}d": dated(host, commit, when), f"%{letter}t": str(commit.time),
            f"%{letter}r": f"{ago(host.now - commit.time)} ago", f"%{letter}s": date(commit.time, "%Y-%m-%d"),
            f"%{letter}i": date(commit.time, "%Y-%m-%d %H:%M:%S +0000"),
            f"%{letter}I": date(commit.time, "%Y-%m-%dT%H:%M:%S+00:00")}  # fmt: skip
    form = re.sub(r"%C\([^)]*\)", "", form)
    return re.sub(r"%(?:x09|Creset|Cred|Cgreen|Cblue|[ac][a-zA-Z]|[a-zA-Z%])", lambda m: values.get(m[0], m[0]), form)
