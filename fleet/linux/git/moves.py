"""git commands that move between branches and commits: checkout, switch, restore, reset, branch."""

import re
from dataclasses import replace

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, fail, lacking
from fleet.linux.git import trees, views
from fleet.linux.git.line import option, read
from fleet.linux.git.trees import FATAL
from fleet.linux.git.views import GitVerb
from fleet.linux.options import options as option_table
from fleet.model import Repository


def save(context: CommandContext, found: Repository) -> None:
    """Store `found` as the host's repository."""
    context.change(replace(context.host, repository=found))


def stage(found: Repository, changes: dict[str, str | None]) -> Repository:
    """The repository with `changes` staged; whatever equals the last commit is unstaged."""
    head = trees.head_tree(found)
    staged = {**found.staged, **changes}
    return replace(found, staged={path: text for path, text in staged.items() if head.get(path) != text})


CHECKOUT = option_table("""
    -b=
    -B=
    -q --quiet
""")
SWITCH = option_table("""
    -c --create=
    -C --force-create=
    -q --quiet
""")
RESTORE = option_table("""
    -S --staged
    -W --worktree
    -s --source=
    ~ -q --quiet
""")
RESET = option_table("""
    --hard
    --soft
    ~ --mixed
    -q --quiet
""")
BRANCH = option_table("""
    -a --all
    -r --remotes
    -v --verbose
    -l --list
    --merged[=]
    --show-current
    --format=
    -d --delete
    -D
    -m --move
    -M
    ~ --no-color
""")


def _checkout(context: CommandContext, found: Repository) -> str | BuiltinResult:
    switching = context.name == "git switch"
    options, words, paths = read(context, SWITCH if switching else CHECKOUT)
    made = option(options, "-b", "-B", "-c", "-C")
    fresh = made is not None
    if paths or (words and not fresh and not switching and words[0] not in (found.branch, *found.branches)):
        start = words[0] if words and paths else ""
        return _take(context, found, paths or words, start)
    if not words and not fresh:
        return "" if not switching else fail("fatal: missing branch or commit argument", FATAL)
    name, again = made or words[0], bool(option(options, "-B", "-C"))
    if fresh and words and trees.revision(found, words[0]) != 0:
        return lacking(context, f"{context.name} of a new branch elsewhere", BuiltinResult(exit_code=FATAL))
    if fresh and not again and name in (found.branch, *found.branches):
        return fail(f"fatal: a branch named '{name}' already exists", FATAL)
    if not fresh and name not in (found.branch, *found.branches):
        return fail(f"fatal: invalid reference: {name}", FATAL)
    if not re.fullmatch(r"[\w][\w./-]{0,200}", name):
        return fail(f"fatal: '{name}' is not a valid branch name", FATAL)
    save(context, replace(found, branch=name, branches=tuple(dict.fromkeys((*found.branches, found.branch, name)))))
    carried = "".join(
        f"{line[:2].strip()}\t{line[3:]}\n"
        for line in views.short_status(context.host, found).splitlines()
        if line[0] != "?"
    )
    message = "Switched to a new branch" if fresh else "Already on" if name == found.branch else "Switched to branch"
    return BuiltinResult() if "-q" in options else BuiltinResult(carried, f"{message} '{name}'\n")


def _take(context: CommandContext, found: Repository, words: list[str], start: str = "") -> str | BuiltinResult:
    """Restore files in the working folder from the index or a commit."""
    index = found.commits[trees.revision(found, start)].files if start else trees.index_tree(found)
    for word in words:
        if not any(map(trees.within(context.cwd, found, [word]), index)):
            return fail(f"error: pathspec '{word}' did not match any file(s) known to git")
    work, fits = trees.work_tree(context.host, found), trees.within(context.cwd, found, words)
    paths = [path for path, kind in trees.changed(work, index).items() if fits(path) and kind != "D"]
    context.change(trees.with_work_tree(context.host, found, index, paths))
    if start:
        save(context, stage(found, {path: index[path] for path in index if fits(path)}))
    if context.name == "git restore" or "--" in context.argv:
        return ""
    source = start or "the index"
    return BuiltinResult(stderr=f"Updated {len(paths)} path{'s' * (len(paths) != 1)} from {source}\n")


def _restore(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, words, more = read(context, RESTORE)
    wanted = [*words, *more]
    if not wanted:
        return fail("fatal: you must specify path(s) to restore", FATAL)
    if "-S" in options:
        fits = trees.within(context.cwd, found, wanted)
        known = {*found.staged, *trees.head_tree(found)}
        lost = [word for word in wanted if not any(map(trees.within(context.cwd, found, [word]), known))]
        if lost:
            return fail(f"error: pathspec '{lost[0]}' did not match any file(s) known to git")
        found = replace(found, staged={path: text for path, text in found.staged.items() if not fits(path)})
        save(context, found)
        if "-W" not in options:
            return ""
    return _take(context, found, wanted, option(options, "-s") or "")


def _reset(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, words, paths = read(context, RESET)
    if words and not trees.is_revision(found, words[0]):
        paths, words = [*words, *paths], []
    if paths:
        fits = trees.within(context.cwd, found, paths)
        save(context, replace(found, staged={p: text for p, text in found.staged.items() if not fits(p)}))
        return "" if "-q" in options else _unstaged(context)
    place = trees.revision(found, words[0] if words else "HEAD")
    before, target = trees.index_tree(found), found.commits[place]
    kept = {} if "--soft" not in options else {
        path: before.get(path) for path in trees.changed(target.files, before)
    }  # fmt: skip
    after = replace(found, commits=found.commits[place:], staged=kept)
    if "--hard" in options:
        paths = list(trees.changed(trees.work_tree(context.host, found), target.files))
        tracked = [path for path in paths if path in before or path in target.files]
        context.change(trees.with_work_tree(context.host, found, target.files, tracked))
        save(context, after)
        return "" if "-q" in options else f"HEAD is now at {target.id[:7]} {target.subject}\n"
    save(context, after)
    return "" if {"--soft", "-q"} & set(options) else _unstaged(context)


def _unstaged(context: CommandContext) -> str:
    found = context.host.repository
    lines = views.short_status(context.host, found).splitlines() if found else []
    rows = "".join(f"{line[1]}\t{line[3:]}\n" for line in lines if line[1] in "MD")
    return f"Unstaged changes after reset:\n{rows}" if rows else ""


def _branch(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, words, _ = read(context, BRANCH)
    names = {found.branch, *found.branches}
    deletes = bool({"-d", "-D"} & set(options))
    if not words and deletes:
        return fail("fatal: branch name required", FATAL)
    if not words or "-l" in options or any(word.startswith("--merged") for word in options):
        return views.branch(found, options)
    name = words[-1]
    if deletes:
        if name not in names:
            return fail(f"error: branch '{name}' not found.")
        if name == found.branch:
            return fail(f"error: Cannot delete branch '{name}' checked out at '{found.path}'")
        save(context, replace(found, branches=tuple(b for b in found.branches if b != name)))
        return f"Deleted branch {name} (was {found.commits[0].id[:7] if found.commits else '0000000'}).\n"
    if name in names:
        return fail(f"fatal: a branch named '{name}' already exists", FATAL)
    if {"-m", "-M"} & set(options):
        old = words[0] if len(words) > 1 else found.branch
        kept = tuple(name if b == old else b for b in found.branches)
        save(context, replace(found, branch=name if old == found.branch else found.branch, branches=kept))
    else:
        save(context, replace(found, branches=(*found.branches, name)))
    return ""


MOVES: dict[str, GitVerb] = {
    "checkout": _checkout,
    "switch": _checkout,
    "restore": _restore,
    "reset": _reset,
    "branch": _branch,
}
