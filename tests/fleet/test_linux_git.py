"""git on a simulated repository: three trees, commits, branches, and git's words."""

from dataclasses import replace
from random import Random

import pytest

from fleet.linux.shell import LinuxShell
from fleet.model import Commit, File, Host, Machine, Repository
from fleet.workspace import draw_workspace

FOLDER = "/workspace"
OLD = {"app.py": "one\n", "docs/a.md": "a\n"}
NEW = {**OLD, "app.py": "one\ntwo\n", "VERSION": "1.0.0\n"}


def workspace(tree: dict[str, str] | None = None) -> Host:
    """A repository of two commits whose working folder holds `tree` (the last commit's by default)."""
    host = draw_workspace(Random(3), 1_780_000_000)
    commits = (
        Commit("b" * 40, "Mara Lind", host.now - 3600, "Add a version", NEW),
        Commit("a" * 40, "ops", host.now - 90_000, "Start", OLD),
    )
    files = {path: file for path, file in host.files.items() if not path.startswith(FOLDER)}
    files |= {f"{FOLDER}/{path}": File(text) for path, text in (NEW if tree is None else tree).items()}
    repository = Repository(FOLDER, "main", commits, ("main", "develop"))
    return replace(host, files=files, repository=repository)


def shell(tree: dict[str, str] | None = None) -> tuple[LinuxShell, Machine]:
    machine = Machine(workspace(tree))
    return LinuxShell(machine, FOLDER), machine


def out(line: str) -> str:
    text, error, code = shell()[0].run(line)
    assert code == 0, error
    return text


# --- looking --------------------------------------------------------------------------------------------------------


def test_status_distinguishes_staged_changed_deleted_and_new():
    run, _ = shell({"app.py": "changed\n", "docs/a.md": "a\n", "new/x.txt": "x\n", "docs/b.md": "b\n"})
    assert run.run("git status -s")[0] == " D VERSION\n M app.py\n?? docs/b.md\n?? new/\n"
    run.run("git add app.py docs")
    assert run.run("git status --porcelain")[0] == " D VERSION\nM  app.py\nA  docs/b.md\n?? new/\n"
    text = run.run("git status")[0]
    assert "Changes to be committed:" in text
    assert "\tnew file:   docs/b.md\n" in text
    assert "Changes not staged for commit:" in text
    assert "\tdeleted:    VERSION\n" in text
    assert "Untracked files:" in text
    assert "\tnew/\n" in text


def test_a_clean_tree_is_reported_as_clean():
    assert out("git status") == "On branch main\nnothing to commit, working tree clean\n"


def test_an_ignored_file_is_not_shown():
    run, _ = shell({**NEW, ".gitignore": "*.log\n", "run.log": "x\n"})
    assert run.run("git status -s")[0] == "?? .gitignore\n"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("git log --oneline", "bbbbbbb Add a version\naaaaaaa Start\n"),
        ("git log -1 --oneline", "bbbbbbb Add a version\n"),
        ("git log -n 1 --format='%h|%s|%an'", "bbbbbbb|Add a version|Mara Lind\n"),
        ("git log --pretty=format:%s --reverse", "Start\nAdd a version\n"),
        ("git log --oneline -- VERSION", "bbbbbbb Add a version\n"),
        ("git log --oneline HEAD~1", "aaaaaaa Start\n"),
        ("git log --oneline HEAD~1..HEAD", "bbbbbbb Add a version\n"),
        ("git log --oneline --since='2 hours ago'", "bbbbbbb Add a version\n"),
        ("git log --oneline --author=ops", "aaaaaaa Start\n"),
        ("git log -1 --format=%ar", "About an hour ago\n"),
        ("git rev-parse HEAD", f"{'b' * 40}\n"),
        ("git rev-parse --short HEAD~1", "aaaaaaa\n"),
        ("git rev-parse --abbrev-ref HEAD", "main\n"),
        ("git rev-list --count HEAD", "2\n"),
        ("git branch", "  develop\n* main\n"),
        ("git branch --show-current", "main\n"),
        ("git show HEAD:app.py", "one\ntwo\n"),
        ("git show --name-only --format=%h", "bbbbbbb\n\nVERSION\napp.py\n"),
        ("git diff --name-status HEAD~1 HEAD", "A\tVERSION\nM\tapp.py\n"),
        ("git diff --shortstat HEAD~1", " 2 files changed, 2 insertions(+)\n"),
        ("git ls-files", "VERSION\napp.py\ndocs/a.md\n"),
        ("git shortlog -sn", "     1\tMara Lind\n     1\tops\n"),
        ("git stash list", ""),
        ("git tag", ""),
        ("cd docs && git status -s; git -C /workspace log --oneline | wc -l", "2\n"),
    ],
)
def test_questions_about_history(line: str, text: str):
    assert out(line) == text


def test_a_diff_is_unified_with_the_ids_of_the_contents():
    run, _ = shell({**NEW, "app.py": "one\n2\n"})
    assert run.run("git diff app.py")[0] == (
        "diff --git a/app.py b/app.py\nindex 814f4a4..99b356d 100644\n--- a/app.py\n+++ b/app.py\n"
        "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    )
    assert run.run("git diff --stat")[0] == " app.py | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n"
    assert run.run("git diff --quiet")[2] == 1
    assert run.run("git diff --cached")[0] == ""


def test_blame_names_the_commit_that_brought_each_line():
    lines = out("git blame app.py").splitlines()
    assert lines[0].startswith("aaaaaaaa (ops ")
    assert lines[0].endswith(" 1) one")
    assert lines[1].startswith("bbbbbbbb (Mara Lind ")


# --- changing -------------------------------------------------------------------------------------------------------


def test_a_commit_holds_what_was_staged_and_nothing_else():
    run, machine = shell({**NEW, "app.py": "x\n", "VERSION": "2\n"})
    text = run.run("git add app.py && git commit -m 'Change the app'")[0]
    repository = machine.host.repository
    assert repository
    assert text.startswith(
        f"[main {repository.commits[0].id[:7]}] Change the app\n 1 file changed, 1 insertion(+), 2 deletions(-)"
    )
    assert repository.commits[0].files == {**NEW, "app.py": "x\n"}
    assert run.run("git status -s")[0] == " M VERSION\n"


def test_commit_am_takes_changes_and_removals_but_no_new_file():
    run, machine = shell({"app.py": "x\n", "docs/a.md": "a\n", "new.txt": "n\n"})
    run.run("git commit -am 'All of it'")
    assert machine.host.repository
    assert machine.host.repository.commits[0].files == {"app.py": "x\n", "docs/a.md": "a\n"}


def test_a_commit_of_nothing_and_one_without_a_message_are_refused():
    run, machine = shell()
    assert run.run("git commit -m x")[::2] == ("On branch main\nnothing to commit, working tree clean\n", 1)
    assert "Please supply the message" in run.run("echo x >> app.py; git commit -a")[1]
    assert machine.host.repository
    assert len(machine.host.repository.commits) == 2


@pytest.mark.parametrize(
    "line", ["git checkout -- app.py", "git restore app.py", "git checkout app.py", "git reset --hard"]
)
def test_a_file_comes_back_as_it_was(line: str):
    run, machine = shell({**NEW, "app.py": "spoilt\n"})
    assert run.run(line)[2] == 0
    assert run.run("cat app.py")[0] == "one\ntwo\n"
    assert machine.host.files[f"{FOLDER}/app.py"].content == "one\ntwo\n"


def test_a_deleted_file_comes_back_and_an_untracked_one_stays():
    run, _ = shell({"app.py": "one\ntwo\n", "docs/a.md": "a\n", "mine.txt": "m\n"})
    run.run("git reset --hard HEAD")
    assert run.run("git status -s; cat VERSION")[0] == "?? mine.txt\n1.0.0\n"


def test_reset_hard_goes_back_a_commit():
    run, machine = shell()
    assert run.run("git reset --hard HEAD~1")[0] == "HEAD is now at aaaaaaa Start\n"
    assert run.run("ls")[0] == "app.py\ndocs\n"
    assert machine.host.repository
    assert machine.host.repository.commits[0].subject == "Start"


def test_a_soft_reset_keeps_the_changes_staged_a_mixed_one_does_not():
    run, _ = shell()
    run.run("git reset --soft HEAD~1")
    assert run.run("git status -s")[0] == "A  VERSION\nM  app.py\n"
    run.run("git reset")
    assert run.run("git status -s")[0] == " M app.py\n?? VERSION\n"


def test_unstaging_leaves_the_file_as_it_is():
    run, _ = shell({**NEW, "app.py": "x\n"})
    run.run("git add -A && git restore --staged app.py")
    assert run.run("git status -s; cat app.py")[0] == " M app.py\nx\n"


def test_a_branch_is_made_switched_to_renamed_and_deleted():
    run, machine = shell()
    assert run.run("git checkout -b fix")[1] == "Switched to a new branch 'fix'\n"
    assert run.run("git switch main")[1] == "Switched to branch 'main'\n"
    assert run.run("git branch -m fix repair && git branch")[0] == "  develop\n* main\n  repair\n"
    assert "Deleted branch repair" in run.run("git branch -d repair")[0]
    assert machine.host.repository
    assert machine.host.repository.branch == "main"


def test_rm_removes_from_the_folder_and_the_index():
    run, machine = shell()
    assert run.run("git rm VERSION")[0] == "rm 'VERSION'\n"
    assert run.run("git status -s")[0] == "D  VERSION\n"
    assert f"{FOLDER}/VERSION" not in machine.host.files


def test_who_commits_is_configured():
    run, machine = shell()
    run.run("git config --global user.name 'Mara Lind' && git commit --allow-empty -m Empty")
    assert machine.host.repository
    assert machine.host.repository.commits[0].author == "Mara Lind"
    assert run.run("git config user.name")[0] == "Mara Lind\n"


# --- failing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        ("cd /tmp && git status", "fatal: not a git repository (or any of the parent directories): .git", 128),
        ("git frob", "git: 'frob' is not a git command. See 'git --help'.", 1),
        ("git add nope", "fatal: pathspec 'nope' did not match any files", 128),
        ("git checkout nope", "error: pathspec 'nope' did not match any file(s) known to git", 1),
        ("git switch nope", "fatal: invalid reference: nope", 128),
        ("git checkout -b main", "fatal: a branch named 'main' already exists", 128),
        ("git branch -d main", "error: Cannot delete branch 'main' checked out at '/workspace'", 1),
        ("git log nope", "fatal: ambiguous argument 'nope': unknown revision", 128),
        ("git show HEAD~9", "fatal: ambiguous argument 'HEAD~9'", 128),
        ("git show HEAD:nope", "fatal: path 'nope' does not exist in 'HEAD'", 128),
        ("git diff --frob", "error: invalid option: --frob", 255),
        ("git log --frob", "fatal: unrecognized argument: --frob", 128),
        ("git show --frob", "fatal: unrecognized argument: --frob", 128),
        *(
            (f"git {verb} --frob", "error: unknown option `frob'", 129)
            for verb in [
                "status",
                "add",
                "rm",
                "commit",
                "config",
                "remote",
                "push",
                "stash",
                "tag",
                "ls-files",
                "describe",
                "switch",
                "reset",
            ]
        ),
        ("git checkout -Y", "error: unknown switch `Y'", 129),
        ("git commit -m", "error: switch `m' requires a value", 129),
        ("git rm", "fatal: No pathspec was given. Which files should I remove?", 128),
        ("git push", "fatal: Could not read from remote repository.", 128),
        ("git describe", "fatal: No names found", 128),
    ],
)
def test_failures_have_gits_words_and_codes(line: str, words: str, code: int):
    _, error, status = shell()[0].run(line)
    assert words in error
    assert status == code
