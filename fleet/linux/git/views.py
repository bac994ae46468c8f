"""git commands that only show: status, diff, show, branch lists, blame."""

from collections.abc import Callable

from bashkit import BuiltinResult

from fleet.linux.command import NO_OPTIONS, CommandContext, UsageError, fail, lacking
from fleet.linux.git import trees
from fleet.linux.git.line import option, read
from fleet.linux.git.log import CHANGES, SHOW, date, entry, not_simulated, shown
from fleet.linux.git.trees import FATAL
from fleet.linux.options import options as option_table
from fleet.model import Host, Repository

GitVerb = Callable[[CommandContext, Repository], "str | BuiltinResult"]
_WORDS = {"A": "new file:   ", "M": "modified:   ", "D": "deleted:    "}


# --- status ---------------------------------------------------------------------------------------------------------


STATUS = option_table("""
    -s --short
    --porcelain[=]
    -b --branch
    -u --untracked-files[=]
    ~ --long
""")


def status(context: CommandContext, found: Repository) -> str | BuiltinResult:
    """`git status`, short or long."""
    options, _, _ = read(context, STATUS)
    shown, form = option(options, "-u"), option(options, "--porcelain")
    if shown == "all" or form == "v2":
        return lacking(context, f"git status {' '.join(options)}", BuiltinResult(exit_code=129))
    if "-s" in options or any(word.startswith("--porcelain") for word in options):
        head = f"## {found.branch}\n" if "-b" in options else ""
        rows = short_status(context.host, found)
        return head + "".join(f"{row}\n" for row in rows.splitlines() if shown != "no" or not row.startswith("??"))
    return long_status(context.host, found, untracked=shown != "no")


def _three(host: Host, found: Repository) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """(staged, not staged, untracked): path -> A, M, D; untracked folders as one entry."""
    index, work = trees.index_tree(found), trees.work_tree(host, found)
    staged = trees.changed(trees.head_tree(found), index)
    unstaged = {path: kind for path, kind in trees.changed(index, work).items() if kind != "A"}
    folders = {path.rsplit("/", n)[0] for path in index for n in range(1, path.count("/") + 1)}
    loose = []
    for path in sorted(set(work) - set(index)):
        parts = path.split("/")
        outer = next((n for n in range(1, len(parts)) if "/".join(parts[:n]) not in folders), None)
        loose.append("/".join(parts[:outer]) + "/" if outer else path)
    return staged, unstaged, list(dict.fromkeys(loose))


def short_status(host: Host, found: Repository) -> str:
    """Two status letters per path: staged, unstaged."""
    staged, unstaged, loose = _three(host, found)
    lines = [f"{staged.get(path, ' ')}{unstaged.get(path, ' ')} {path}\n" for path in sorted({*staged, *unstaged})]
    return "".join([*lines, *(f"?? {path}\n" for path in loose)])


def long_status(host: Host, found: Repository, untracked: bool = True) -> str:
    """The long form of `git status`."""
    staged, unstaged, loose = _three(host, found)
    loose = loose if untracked else []
    text = f"On branch {found.branch}\n"
    if not found.commits:
        text += "\nNo commits yet\n\n"
    if staged:
        text += 'Changes to be committed:\n  (use "git restore --staged <file>..." to unstage)\n'
        text += "".join(f"\t{_WORDS[kind]}{path}\n" for path, kind in staged.items()) + "\n"
    if unstaged:
        add = "git add/rm" if "D" in unstaged.values() else "git add"
        text += f'Changes not staged for commit:\n  (use "{add} <file>..." to update what will be committed)\n'
        text += '  (use "git restore <file>..." to discard changes in working directory)\n'
        text += "".join(f"\t{_WORDS[kind]}{path}\n" for path, kind in unstaged.items()) + "\n"
    if loose:
        text += 'Untracked files:\n  (use "git add <file>..." to include in what will be committed)\n'
        text += "".join(f"\t{path}\n" for path in loose) + "\n"
    if staged:
        return text
    if unstaged:
        return text + 'no changes added to commit (use "git add" and/or "git commit -a")\n'
    if loose:
        return text + 'nothing added to commit but untracked files present (use "git add" to track)\n'
    clean = "working tree clean" if untracked else "use -u to show untracked files"
    return text + f"nothing to commit{', ' if untracked else ' ('}{clean}{'' if untracked else ')'}\n"


# --- diff and show --------------------------------------------------------------------------------------------------

DIFF = option_table(
    CHANGES
    + """
    --cached --staged
    -q --quiet
    --exit-code
"""
)


def diff(context: CommandContext, found: Repository) -> str | BuiltinResult:
    """`git diff` between the working folder, the index and commits."""
    options, words, paths = read(context, DIFF)
    revisions = []
    known = {*trees.index_tree(found), *trees.work_tree(context.host, found)}
    for word in words:
        ends = word.split("...")[:2] if "..." in word else word.split("..")[:2]
        if all(trees.is_revision(found, end) for end in ends):
            revisions += [found.commits[trees.revision(found, end)].files for end in ends]
        elif any(map(trees.within(context.cwd, found, [word]), known)):
            paths.append(word)
        else:
            trees.revision(found, word)
    index, work = trees.index_tree(found), trees.work_tree(context.host, found)
    tracked = {path: text for path, text in work.items() if path in index}
    if "--cached" in options:
        old, new = revisions[0] if revisions else trees.head_tree(found), index
    elif len(revisions) >= 2:
        old, new = revisions[:2]
    else:
        old, new = revisions[0] if revisions else index, tracked
    fits = trees.within(context.cwd, found, paths)
    code = 1 if {"-q", "--exit-code"} & set(options) and any(map(fits, trees.changed(old, new))) else 0
    plain = not any(word.startswith(("--stat", "--name", "--short", "--num")) for word in options)
    text = "" if "-q" in options else shown(old, new, [*options, "-p"] if plain else options, fits)
    return BuiltinResult(stdout=text, exit_code=code)


def show(context: CommandContext, found: Repository) -> str | BuiltinResult:
    """`git show` of commits, or of a file in one."""
    options, words, paths = read(context, SHOW)
    if strange := not_simulated(options):
        return lacking(context, f"git show {strange}", BuiltinResult(exit_code=128))
    text = ""
    for word in words or ["HEAD"]:
        base, colon, path = word.partition(":")
        place = trees.revision(found, base)
        tree = found.commits[place].files
        if colon and path not in tree:
            return fail(f"fatal: path '{path}' does not exist in '{base}'", FATAL)
        if colon:
            text += tree[path]
            continue
        quiet = {"-s", "-q"} & set(options)
        asked = any(word.startswith(("--stat", "--name", "--short", "--num")) for word in options)
        extra = options if quiet or asked else [*options, "-p"]
        text += entry(context.host, found, place, extra, trees.within(context.cwd, found, paths))
    return text


def branch(found: Repository, options: list[str]) -> str:
    """The branch names, with a star at the current one."""
    names = sorted({found.branch, *found.branches})
    if "--show-current" in options:
        return f"{found.branch}\n"
    if form := option(options, "--format"):
        return "".join(form.replace("%(refname:short)", name) + "\n" for name in names)
    last = found.commits[0] if found.commits and "-v" in options else None
    width = max(map(len, names))
    note = f" {last.id[:7]} {last.subject}" if last else ""
    text = "".join(
        f"{'*' if name == found.branch else ' '} {name.ljust(width) if last else name}{note}\n" for name in names
    )
    if "-r" in options:
        return f"  origin/{names[0]}\n"
    return text + (f"  remotes/origin/{names[0]}\n" if "-a" in options else "")


REV_PARSE = option_table("""
    --show-toplevel
    --is-inside-work-tree
    --git-dir
    --short[=]
    --abbrev-ref[=]
    ~ --verify
""")


def rev_parse(context: CommandContext, found: Repository) -> str | BuiltinResult:
    """`git rev-parse`."""
    options, words, _ = read(context, REV_PARSE)
    facts = {"--show-toplevel": found.path, "--is-inside-work-tree": "true", "--git-dir": f"{found.path}/.git"}
    text = "".join(f"{facts[word]}\n" for word in options if word in facts)
    for word in words:
        try:
            place = trees.revision(found, word)
        except UsageError as error:
            raise UsageError(BuiltinResult(f"{text}{word}\n", error.result.stderr, FATAL)) from error
        commit = found.commits[place]
        length = next((int(w[8:] or 7) if w[8:].isdecimal() else 7 for w in options if w.startswith("--short")), 40)
        abbreviated = any(one.partition("=")[0] == "--abbrev-ref" for one in options)
        short = found.branch if word in ("HEAD", "@") else word
        text += f"{short if abbreviated else commit.id[:length]}\n"
    return text


SHORTLOG = option_table("""
    -s --summary
    -n --numbered
""")


def shortlog(context: CommandContext, found: Repository) -> str:
    """`git shortlog`: commits by author."""
    options, words, _ = read(context, SHORTLOG)
    commits = found.commits[trees.revision(found, words[0]) if words else 0 :]
    names = [commit.author for commit in commits]
    order = sorted(set(names), key=lambda name: (-names.count(name) if "-n" in options else 0, name))
    if "-s" in options:
        return "".join(f"{names.count(name):>6}\t{name}\n" for name in order)
    subjects = {name: [c.subject.partition("\n")[0] for c in reversed(commits) if c.author == name] for name in order}
    return "".join(
        f"{name} ({names.count(name)}):\n" + "".join(f"      {subject}\n" for subject in subjects[name]) + "\n"
        for name in order
    )


def blame(context: CommandContext, found: Repository) -> str | BuiltinResult:
    """Each line with the oldest commit from which on the file has contained it."""
    _, words, paths = read(context, NO_OPTIONS)
    path = next(
        (path for path in trees.head_tree(found) if trees.within(context.cwd, found, [*words, *paths][:1])(path)), None
    )
    if path is None:
        return fail(f"fatal: no such path '{' '.join([*words, *paths])}' in HEAD", FATAL)
    text = ""
    for number, line in enumerate(trees.head_tree(found)[path].splitlines(), start=1):
        since = found.commits[0]
        for commit in found.commits:
            if line not in commit.files.get(path, "").splitlines():
                break
            since = commit
        when = date(since.time, "%Y-%m-%d %H:%M:%S +0000")
        text += f"{since.id[:8]} ({since.author} {when} {number}) {line}\n"
    return text
