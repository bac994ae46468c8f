"""The local workspace, trained on: its version, its config, its git state, and small changes."""

from dataclasses import replace

from aj.acts import here
from fleet.fleet import LOCAL
from fleet.workspace import FOLDER, clean, edit, repository
from scenarios.scenario import Stage, template
from scenarios.trouble import ABSENT, set_value, wants_file

CONFIG = f"{FOLDER}/config.yml"


@template("local_workspace", "train", "easy")
def local_version(stage: Stage) -> None:
    """The version in the workspace."""
    number = stage.local.files[f"{FOLDER}/VERSION"].content.strip()
    stage.turn(
        ("what version is in my workspace?", "cat my local VERSION file", "which version do I have here?",
            "show the VERSION file of my workspace", "what does my VERSION file say?", "read the local VERSION",
            "which version is the project here on?", "print VERSION from the workspace", "local version?",
            "check the version of my local project"),
        [here("cat VERSION")], {"": (number,)}, f"`{number}`", "the version tells what a deploy would bring",
    )  # fmt: skip


@template("local_workspace", "train", "easy")
def on_which_branch(stage: Stage) -> None:
    """The branch that is checked out."""
    branch = stage.rng.choice(("main", "develop", "fix-timeout", "release-2"))
    tree = repository(stage.local)
    stage.put(replace(stage.local, repository=replace(tree, branch=branch, branches=tuple({*tree.branches, branch}))))
    stage.turn(
        ("which git branch am I on?", "what branch is checked out here?", "show my current git branch",
            "am I on main or another branch?", "current branch of my workspace?", "git branch here?",
            "tell me the branch of the local repo", "what's my local branch?", "check which branch the workspace is on",
            "on what branch is the local project?"),
        [here("git branch --show-current")], {"": (branch,)}, f"the branch is `{branch}`",
        "a commit lands on the branch that is checked out",
    )  # fmt: skip


@template("local_workspace", "train", "easy")
def latest_commit(stage: Stage) -> None:
    """The newest commit's subject."""
    newest = repository(stage.local).commits[0]
    stage.turn(
        ("what is the latest commit here?", "show the last commit of my workspace", "last git commit here?",
            "what was committed last in the local repo?", "git log, only the newest one",
            "print the most recent local commit", "which commit is my workspace at?", "newest commit in my project?",
            "give me the last commit message here", "what's the head commit of the workspace?"),
        [here("git log --oneline -n 1")], {"": (newest.subject,)}, f"`{newest.id[:7]}` {newest.subject}",
        "the last commit is where a search for a bug begins",
    )  # fmt: skip


@template("local_workspace", "train", "medium")
def uncommitted(stage: Stage) -> None:
    """The uncommitted changes."""
    path = stage.rng.choice(("config.yml", "app.py", "deploy.sh"))
    local = clean(stage.local)
    stage.put(edit(local, path, local.files[f"{FOLDER}/{path}"].content + "# to be checked\n"))
    stage.turn(
        ("which local files have uncommitted changes?", "what did I change and not commit?", "git status here",
            "do I have uncommitted work here? which file?", "is my workspace clean? name what is changed",
            "which file is modified in my workspace?", "check git status in the workspace",
            "what is not committed yet in my local repo?", "show me the modified local files",
            "any uncommitted change in my project?"),
        [here("git status --short")], {"": (path,)}, f"`{path}` is changed and not committed",
        "what is not committed is on this machine only",
        never=[other for other in ("config.yml", "app.py", "deploy.sh") if other != path],
    )  # fmt: skip


@template("local_workspace", "train", "easy")
def a_local_setting(stage: Stage) -> None:
    """One value from the local config."""
    key, value = stage.rng.choice((("port", "8085"), ("port", "9010"), ("workers", "12"), ("workers", "16")))
    stage.put(set_value(stage.local, CONFIG, key, value))
    stage.turn(
        ("what is {key} in my config.yml?", "show {key} from the local config.yml",
            "which {key} does my config.yml have?", "grep {key} in config.yml here",
            "read {key} out of my local config.yml", "{key} in my config.yml?",
            "look up {key} in the config.yml of my workspace", "what does config.yml here say for {key}?",
            "check {key} in my config.yml", "tell me the {key} set in config.yml here"),
        [here(f"grep {key} config.yml")], {"": (value,)}, f"`{key}` is {value}",
        "the config here is what the next deploy takes along", key=key,
    )  # fmt: skip


@template("local_workspace", "train", "hard")
def change_the_port(stage: Stage) -> None:
    """One line of a file is changed and then checked."""
    old, new = stage.rng.sample(("8000", "8010", "8020", "8070", "9050"), 2)
    stage.put(set_value(stage.local, CONFIG, "port", old))
    stage.turn(
        ("change the port in my config.yml to {port}", "set port to {port} in config.yml here",
            "my config.yml should use port {port}", "edit config.yml in the workspace: port {port}",
            "put port {port} into my local config.yml", "use {port} as the port in config.yml here",
            "update the port in my config.yml to {port} and show it", "in my config.yml the port must be {port}",
            "switch the local config.yml over to port {port}", "port {port} in my config.yml please"),
        [here(f"sed -i 's/^port: .*/port: {new}/' config.yml && grep port config.yml")], {"": (new,)},
        f"`port` in `config.yml` is {new} now", "a look at the file shows that the change is in", port=new,
    )  # fmt: skip
    wants_file(stage, set_value(stage.local, CONFIG, "port", new), CONFIG)
    stage.sees("looks at the change", "", f"port: {new}")


@template("local_workspace", "train", "medium")
def a_new_branch(stage: Stage) -> None:
    """Work starts on a new branch."""
    branch = stage.rng.choice(("fix-login", "new-mailer", "try-cache", "fix-deploy"))
    stage.turn(
        ("create a git branch {branch} here", "make a branch {branch} and switch to it",
            "start a new branch {branch} in my workspace", "new local branch {branch}", "git checkout -b {branch}",
            "I want to work on a branch called {branch}, create it here",
            "open a branch named {branch} in the local repo", "put me on a new branch {branch}",
            "branch off to {branch} here"),
        [here(f"git checkout -b {branch} && git branch --show-current")], {"": (branch,)},
        f"you are on the new branch `{branch}`", "a branch keeps unfinished work apart", branch=branch,
    )  # fmt: skip
    stage.goal(f"{LOCAL}/repository/branch", branch)


@template("local_workspace", "train", "hard")
def commit_my_change(stage: Stage) -> None:
    """The uncommitted change is committed with the given message."""
    subject = stage.rng.choice(("Mark the open point", "Note what is to be checked", "Add a reminder"))
    stage.turn(
        ("commit my local change with the message \"{subject}\"",
            "git commit what I changed here, message \"{subject}\"", "commit the workspace as \"{subject}\"",
            "save my change here as a commit \"{subject}\"", "make a commit here: \"{subject}\"",
            "commit everything I changed locally, \"{subject}\"", "please commit my work here with \"{subject}\"",
            "my change is done, commit it as \"{subject}\"", "put my local change into a commit \"{subject}\""),
        [here(f'git commit -am "{subject}" && git log --oneline -n 1')], {"": (subject,)},
        f'your change is committed as "{subject}"', "a commit can be found and undone later", subject=subject,
    )  # fmt: skip
    stage.may(f"{LOCAL}/repository/head")
    stage.sees("commits", "", f"] {subject}")


@template("local_workspace", "train", "hard")
def no_such_local_file(stage: Stage) -> None:
    """The requested file is not in the workspace."""
    file = stage.rng.choice(("docker-compose.yml", "Makefile", "setup.cfg"))
    stage.turn(
        ("show me my local {file}", "cat {file} here", "what's in the {file} of my workspace?",
            "read {file} in the local folder", "print my {file}", "open {file} from my workspace",
            "let me see the local {file}", "what does my {file} hold?", "first line of my local {file}?"),
        [here(f"cat {file}")], {"": (file, ABSENT)}, f"there is no `{file}` in the workspace",
        "a file that is not here lies elsewhere or was never made", kind="failed", file=file,
    )  # fmt: skip
