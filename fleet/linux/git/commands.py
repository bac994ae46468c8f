"""The git command on a host's repository: the verbs that change the index, commits and configuration."""

import posixpath
import re
from dataclasses import replace
from hashlib import sha1

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking
from fleet.linux.git import trees, views
from fleet.linux.git.line import reject_unknown, split
from fleet.linux.git.log import log
from fleet.linux.git.moves import MOVES, save, stage
from fleet.linux.git.trees import FATAL
from fleet.linux.git.views import GitVerb
from fleet.linux.manual import has_verb, said_of_help
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
            folder = posixpath.normpath(posixpath.join(folder, argv.pop(0)))
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


def _add(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, words, more = split(context.argv)
    reject_unknown(context, options, "-A --all -u --update -f --force -v --verbose -n --dry-run -N")
    everything = bool({"-A", "--all", "-u", "--update"} & set(options))
    wanted = [*words, *more]
    if not wanted and not everything:
        return fail("Nothing specified, nothing added.\nhint: Maybe you wanted to say 'git add .'?", 0)
    index, work = trees.index_tree(found), trees.work_tree(context.host, found)
    for word in wanted:
        if not any(map(trees.within(context.cwd, found, [word]), {*index, *work, "."})):
            return fail(f"fatal: pathspec '{word}' did not match any files", FATAL)
    fits = trees.within(context.cwd, found, wanted)
    kinds = trees.changed(index, work)
    tracked_only = bool({"-u", "--update"} & set(options))
    paths = [path for path, kind in kinds.items() if fits(path) and not (tracked_only and kind == "A")]
    save(context, stage(found, {path: work.get(path) for path in paths}))
    return ""


def _rm(context: CommandContext, found: Repository) -> str | BuiltinResult:
    options, words, more = split(context.argv)
    index = trees.index_tree(found)
    paths = [path for path in index if trees.within(context.cwd, found, [*words, *more] or [" "])(path)]
    if not paths:
        return fail(f"fatal: pathspec '{' '.join([*words, *more])}' did not match any files", FATAL)
    save(context, stage(found, dict.fromkeys(paths)))
    if "--cached" not in options:
        context.change(trees.with_work_tree(context.host, found, {}, paths))
    return "".join(f"rm '{path}'\n" for path in paths)


def _commit(context: CommandContext, found: Repository) -> str | BuiltinResult:
    messages, rest = _messages(context.argv)
    options, _, _ = split(rest)
    reject_unknown(
        context, options, "-a --all -q --quiet --amend --no-edit --allow-empty --no-verify -n -v -s --signoff"
    )
    if {"-a", "--all"} & set(options):
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
    old, new = trees.parent_tree(found, 0) if amend else trees.head_tree(found), trees.index_tree(found)
    below = found.commits[1:] if amend else found.commits
    known = f"{below[0].id if below else ''}{context.host.now}{message}{sorted(new.items())}"
    done = Commit(sha1(known.encode()).hexdigest(), _author(context), context.host.now, message, dict(new))
    save(context, replace(found, commits=(done, *below), staged={}))
    if {"-q", "--quiet"} & set(options):
        return ""
    root = "" if below else " (root-commit)"
    return f"[{found.branch}{root} {done.id[:7]}] {message.splitlines()[0]}\n{_committed(old, new)}"


def _messages(argv: list[str]) -> tuple[list[str], list[str]]:
    """(messages given with -m, other words); -am means -a and -m."""
    words, messages, rest = list(argv), [], []
    while words:
        word = words.pop(0)
        if re.fullmatch(r"-[aqvn]*m", word) or word == "--message":
            messages += words[:1]
            rest += ["-a"] * (word.startswith("-a"))
            words = words[1:]
        elif word.startswith(("--message=", "-m")):
            messages.append(word.partition("=")[2] if word.startswith("--") else word[2:])
        else:
            rest.append(word)
    return messages, rest


def _committed(old: trees.Tree, new: trees.Tree) -> str:
    kinds = trees.changed(old, new)
    pairs = [trees.counts(old.get(path, ""), new.get(path, "")) for path in kinds]
    words = {"A": "create", "D": "delete"}
    modes = "".join(f" {words[kind]} mode 100644 {path}\n" for path, kind in kinds.items() if kind in words)
    return (trees.summary(pairs) if pairs else "") + modes


# --- the rest -------------------------------------------------------------------------------------------------------


def _author(context: CommandContext) -> str:
    config = context.host.files.get("/root/.gitconfig")
    match = re.search(r"^\s*name = (.+)$", config.content, re.MULTILINE) if config else None
    return match[1] if match else AUTHOR


def _config(context: CommandContext, found: Repository) -> str | BuiltinResult:
    """The values commonly asked for; only user.name can be set, in /root/.gitconfig."""
    _, words, _ = split(context.argv)
    name = _author(context)
    values = {
        "user.name": name,
        "user.email": f"{name.lower().replace(' ', '.')}@example.com",
        "remote.origin.url": _url(found),
        "core.bare": "false",
    }
    if {"-l", "--list"} & set(context.argv):
        return "".join(f"{key}={value}\n" for key, value in values.items())
    if len(words) == 2 and words[0] == "user.name":
        path = "/root/.gitconfig"
        old = context.host.files.get(path)
        text = f"[user]\n\tname = {words[1].splitlines()[0] if words[1] else AUTHOR}\n"
        file = replace(old, content=text) if old else trees.File(text, modified=context.host.now)
        context.change(context.host.with_file(path, file))
        return ""
    return (
        f"{values[words[0]]}\n"
        if len(words) == 1 and words[0] in values
        else BuiltinResult(exit_code=1 if len(words) == 1 else 0)
    )


def _url(found: Repository) -> str:
    return f"git@{_REMOTE}:team/{posixpath.basename(found.path)}.git"


def _remote(context: CommandContext, found: Repository) -> str:
    if "-v" in context.argv:
        return "".join(f"origin\t{_url(found)} ({way})\n" for way in ("fetch", "push"))
    return f"{_url(found)}\n" if context.argv[:1] == ["get-url"] else "origin\n"


def _far(context: CommandContext, found: Repository) -> BuiltinResult:
    """fetch, pull and push fail: there is no network beyond the fleet."""
    why = f"ssh: Could not resolve hostname {_REMOTE}: Name or service not known"
    why += "\nfatal: Could not read from remote repository."
    return fail(f"{why}\n\nPlease make sure you have the correct access rights\nand the repository exists.", FATAL)


def _stash(context: CommandContext, found: Repository) -> str | BuiltinResult:
    if context.argv[:1] == ["list"]:
        return ""
    if not views.short_status(context.host, found).replace("??", ""):
        return "No local changes to save\n"
    return fail("error: could not write the stash", 1)


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
    "tag": lambda context, found: "",
    "ls-files": lambda context, found: "".join(f"{path}\n" for path in sorted(trees.index_tree(found))),
    "rev-list": lambda context, found: (
        f"{len(found.commits)}\n" if "--count" in context.argv else "".join(f"{c.id}\n" for c in found.commits)
    ),
    "describe": lambda context, found: fail("fatal: No names found, cannot describe anything.", FATAL),
}
COMMANDS: dict[str, Command] = {"git": _git}
