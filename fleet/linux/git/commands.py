"""The git command on a host's repository: the verbs that change the index, commits and configuration."""

import posixpath
import re
from dataclasses import replace
from hashlib import sha1

from bashkit import BuiltinResult

from fleet.linux.command import NO_OPTIONS, Command, CommandContext, fail, lacking
from fleet.linux.git import trees, views
from fleet.linux.git.line import read
from fleet.linux.git.log import log
from fleet.linux.git.moves import MOVES, save, stage
from fleet.linux.git.trees import FATAL
from fleet.linux.git.views import GitVerb
from fleet.linux.manual import has_verb, said_of_help
from fleet.linux.options import options as option_table
from fleet.model import Commit, Repository

AUTHOR = "aj"
"""The author of commits, unless configured otherwise."""
_REMOTE = "git.internal"


def _git(context: CommandContext) -> str | BuiltinResult:
    argv, folder = list(context.argv), context.cwd
    while argv and argv[0].startswith("-"):
        flag = argv.pop(0)
        if flag in ("--version", "-v"):
            version = context.host.packages.get("git", "1:2.39.5-0").partition(":")[2].partition("-")[0]
            return f"git version {version}\n"
        if flag == "-C" and argv:
            word = argv.pop(0)
            folder = posixpath.normpath(posixpath.join(folder, word))
            if not context.host_files.fs.exists(folder):
                return fail(f"fatal: cannot change to '{word}': No such file or directory", FATAL)
        elif flag == "-c" and argv:
            argv.pop(0)
        elif flag in ("--help", "-h") and (said := said_of_help("git")):
            return said.stdout
        elif flag not in ("--no-pager", "-P", "--no-optional-locks"):
            return fail(
                f"unknown option: {flag}\nusage: git [--version] [--help] [-C <path>] [-c <name>=<value>] <command>",
                129,
            )
    if not argv:
        return fail("usage: git [--version] [--help] [-C <path>] [-c <name>=<value>] <command> [<args>]")
    name = argv.pop(0)
    if name == "clone":
        return fail("fatal: Could not read from remote repository.", FATAL)
    if name not in _VERBS:
        refusal = fail(f"git: '{name}' is not a git command. See 'git --help'.")
        return lacking(context, f"git {name}", refusal) if has_verb("git", name) else refusal
    line = CommandContext(f"git {name}", argv, context.stdin, folder, context.machine, context.host_files)
    host = line.pull()
    if name == "config" and "--global" in argv:
        return _config(line, host.repository or Repository(folder, "main", ()))
    return _VERBS[name](line, trees.repository(host, folder))


# --- the index ------------------------------------------------------------------------------------------------------


ADD = option_table("""
    -A --all
    -u --update
    -v --verbose
    -n --dry-run
    ~ -f --force
""")
RM = option_table("""
    -r
    -n --dry-run
    -q --quiet
    --cached
    ~ -f --force
""")
COMMIT = option_table("""
    -m --message=
    -a --all
    -q --quiet
    -s --signoff
    --amend
    --allow-empty
    ~ --no-edit
    ~ -n --no-verify
""")
CONFIG = option_table("""
    -l --list
    ~ --get
    ~ --global
    ~ --local
""")
REMOTE = option_table("""
    -v --verbose
""")
FAR = option_table("""
    ~ -q --quiet
    ~ -v --verbose
    ~ -n --dry-run
    ~ -f --force
    ~ -u --set-upstream
    ~ -t --tags
    ~ -p --prune
    ~ -a --all
    ~ --ff-only
    ~ --no-rebase
    ~ --rebase[=]
    ~ --force-with-lease[=]
    ~ --progress
""")
"""None has an effect: nothing leaves the fleet."""
TAG = option_table("""
    ~ -l --list
""")
REV_LIST = option_table("""
    --count
    ~ --all
""")
DESCRIBE = option_table("""
    --always
    ~ --tags
    ~ --all
""")


def _add(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, words, more = read(context, ADD)
    everything = bool({"-A", "-u"} & set(options))
    wanted = [*words, *more]
    if not wanted and not everything:
        return fail("Nothing specified, nothing added.\nhint: Maybe you wanted to say 'git add .'?", 0)
    index, work = trees.index_tree(found), trees.work_tree(context.host, found)
    for word in wanted:
        if not any(map(trees.within(context.cwd, found, [word]), {*index, *work, "."})):
            return fail(f"fatal: pathspec '{word}' did not match any files", FATAL)
    fits = trees.within(context.cwd, found, wanted)
    kinds = trees.changed(index, work)
    paths = [path for path, kind in kinds.items() if fits(path) and not ("-u" in options and kind == "A")]
    if "-n" not in options:
        save(context, stage(found, {path: work.get(path) for path in paths}))
    told = {"-n", "-v"} & set(options)
    return "".join(f"{'add' if path in work else 'remove'} '{path}'\n" for path in paths) if told else ""


def _rm(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, words, more = read(context, RM)
    index = trees.index_tree(found)
    if not [*words, *more]:
        return fail("fatal: No pathspec was given. Which files should I remove?", FATAL)
    for word in [*words, *more]:
        inside = trees.within(context.cwd, found, [word])
        if (
            "-r" not in options
            and any(map(inside, index))
            and not any(path == posixpath.relpath(posixpath.join(context.cwd, word), found.path) for path in index)
        ):
            return fail(f"fatal: not removing '{word.rstrip('/')}' recursively without -r", FATAL)
    paths = [path for path in index if trees.within(context.cwd, found, [*words, *more] or [" "])(path)]
    if not paths:
        return fail(f"fatal: pathspec '{' '.join([*words, *more])}' did not match any files", FATAL)
    if "-n" not in options:
        save(context, stage(found, dict.fromkeys(paths)))
    if not {"--cached", "-n"} & set(options):
        context.change(trees.with_work_tree(context.host, found, {}, paths))
    return "" if "-q" in options else "".join(f"rm '{path}'\n" for path in paths)


def _commit(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, words, more = read(context, COMMIT)
    if words or more:
        return lacking(context, "git commit PATH", BuiltinResult(exit_code=1))
    messages = [word.removeprefix("-m=") for word in options if word.startswith("-m=")]
    if "-a" in options:
        index, work = trees.index_tree(found), trees.work_tree(context.host, found)
        kinds = {path: kind for path, kind in trees.changed(index, work).items() if kind != "A"}
        found = stage(found, {path: work.get(path) for path in kinds})
    amend = "--amend" in options and bool(found.commits)
    if not found.staged and not amend and "--allow-empty" not in options:
        return BuiltinResult(stdout=views.long_status(context.host, found), exit_code=1)
    message = "\n\n".join(messages).strip() or (found.commits[0].subject if amend else "")
    if not message:
        why = "error: Terminal is dumb, but EDITOR unset"
        return fail(f"{why}\nPlease supply the message using either -m or -F option.")
    if "-s" in options:
        message += f"\n\nSigned-off-by: {_author(context)} <{_email(context)}>"
    old, new = trees.parent_tree(found, 0) if amend else trees.head_tree(found), trees.index_tree(found)
    below = found.commits[1:] if amend else found.commits
    known = f"{below[0].id if below else ''}{context.host.now}{message}{sorted(new.items())}"
    done = Commit(sha1(known.encode()).hexdigest(), _author(context), context.host.now, message, dict(new))
    save(context, replace(found, commits=(done, *below), staged={}))
    if "-q" in options:
        return ""
    root = "" if below else " (root-commit)"
    return f"[{found.branch}{root} {done.id[:7]}] {message.splitlines()[0]}\n{_committed(old, new)}"


def _committed(old: trees.Tree, new: trees.Tree) -> str:
    kinds = trees.changed(old, new)
    pairs = [trees.counts(old.get(path, ""), new.get(path, "")) for path in kinds]
    words = {"A": "create", "D": "delete"}
    modes = "".join(f" {words[kind]} mode 100644 {path}\n" for path, kind in kinds.items() if kind in words)
    return (trees.summary(pairs) if pairs else "") + modes


# --- the rest -------------------------------------------------------------------------------------------------------


_CONFIG = "/root/.gitconfig"


def _configured(context: CommandContext, key: str) -> str:
    config = context.host.files.get(_CONFIG)
    match = re.search(rf"^\s*{key} = (.+)$", config.content, re.MULTILINE) if config else None
    return match[1] if match else ""


def _author(context: CommandContext) -> str:
    return _configured(context, "name") or AUTHOR


def _email(context: CommandContext) -> str:
    return _configured(context, "email") or f"{_author(context).lower().replace(' ', '.')}@example.com"


def _config(context: CommandContext, found: Repository) -> str | BuiltinResult:
    """The values commonly asked for; only the user's name and address can be set, in /root/.gitconfig."""
    options, words, _ = read(context, CONFIG)
    values = {
        "user.name": _author(context),
        "user.email": _email(context),
        "remote.origin.url": _url(found),
        "core.bare": "false",
    }
    if "-l" in options:
        return "".join(f"{key}={value}\n" for key, value in values.items())
    if not words:
        said = said_of_help("git config")
        return BuiltinResult(stderr=said.stdout if said else "", exit_code=129)
    if len(words) == 1:
        if "." not in words[0]:
            return fail(f"error: key does not contain a section: {words[0]}")
        return f"{values[words[0]]}\n" if words[0] in values else BuiltinResult(exit_code=1)
    if len(words) > 2 or words[0] not in ("user.name", "user.email"):
        return lacking(context, f"git config {words[0]} VALUE", BuiltinResult(exit_code=1))
    user = {key: _configured(context, key) for key in ("name", "email")}
    user[words[0].removeprefix("user.")] = (words[1].splitlines() or [""])[0]
    text = "[user]\n" + "".join(f"\t{key} = {value}\n" for key, value in user.items() if value)
    old = context.host.files.get(_CONFIG)
    file = replace(old, content=text) if old else trees.File(text, modified=context.host.now)
    context.change(context.host.with_file(_CONFIG, file))
    return ""


def _url(found: Repository) -> str:
    return f"git@{_REMOTE}:team/{posixpath.basename(found.path)}.git"


def _remote(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, words, _ = read(context, REMOTE)
    if words not in ([], ["show"], ["get-url", "origin"]):
        return lacking(context, f"git remote {words[0]}", BuiltinResult(exit_code=1))
    if words[:1] == ["get-url"]:
        return f"{_url(found)}\n"
    return "".join(f"origin\t{_url(found)} ({way})\n" for way in ("fetch", "push")) if "-v" in options else "origin\n"


def _far(context: CommandContext, found: Repository) -> BuiltinResult:
    """fetch, pull and push fail: there is no network beyond the fleet."""
    read(context, FAR)
    why = f"ssh: Could not resolve hostname {_REMOTE}: Name or service not known"
    why += "\nfatal: Could not read from remote repository."
    return fail(f"{why}\n\nPlease make sure you have the correct access rights\nand the repository exists.", FATAL)


def _stash(context: CommandContext, found: Repository) -> str | BuiltinResult:
    _, words, _ = read(context, NO_OPTIONS)
    verb = words[0] if words else "push"
    if verb == "list":
        return ""
    if verb in ("pop", "apply", "drop", "show"):
        return fail("No stash entries found.")
    if verb == "push" and not re.search(r"^(?!\?\?)", views.short_status(context.host, found), re.MULTILINE):
        return "No local changes to save\n"
    return lacking(context, f"git stash {verb}", BuiltinResult(exit_code=1))


def _tag(context: CommandContext, found: Repository) -> str | BuiltinResult:
    """There are no tags."""
    options, words, _ = read(context, TAG)
    return lacking(context, "git tag NAME", BuiltinResult(exit_code=1)) if words and "-l" not in options else ""


def _ls_files(context: CommandContext, found: Repository) -> str:
    _, words, more = read(context, NO_OPTIONS)
    fits = trees.within(context.cwd, found, [*words, *more])
    return "".join(f"{path}\n" for path in sorted(trees.index_tree(found)) if fits(path))


def _rev_list(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, words, _ = read(context, REV_LIST)
    if not words and "--all" not in options:
        return fail("usage: git rev-list [<options>] <commit>... [--] [<path>...]", 129)
    commits = found.commits[trees.revision(found, words[0]) if words else 0 :]
    return f"{len(commits)}\n" if "--count" in options else "".join(f"{commit.id}\n" for commit in commits)


def _describe(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, _, _ = read(context, DESCRIBE)
    if "--always" in options and found.commits:
        return f"{found.commits[0].id[:7]}\n"
    return fail("fatal: No names found, cannot describe anything.", FATAL)


_VERBS: dict[str, GitVerb] = {
    "status": views.status,
    "log": log,
    "diff": views.diff,
    "show": views.show,
    "rev-parse": views.rev_parse,
    "shortlog": views.shortlog,
    "blame": views.blame,
    **MOVES,
    "add": _add,
    "rm": _rm,
    "commit": _commit,
    "config": _config,
    "remote": _remote,
    "fetch": _far,
    "pull": _far,
    "push": _far,
    "stash": _stash,
    "tag": _tag,
    "ls-files": _ls_files,
    "rev-list": _rev_list,
    "describe": _describe,
}
COMMANDS: dict[str, Command] = {"git": _git}
