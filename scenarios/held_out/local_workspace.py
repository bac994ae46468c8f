"""The local workspace, held out: other files, other questions to git, and narrowly limited deletions."""

from dataclasses import replace

from aj.acts import here
from fleet.fleet import LOCAL
from fleet.workspace import FOLDER, clean, edit, repository
from scenarios.scenario import Stage, template
from scenarios.trouble import set_value, wants_file, write

CONFIG = f"{FOLDER}/config.yml"


@template("local_workspace", "eval", "easy")
def a_pinned_dependency(stage: Stage) -> None:
    """Which version of a library the project pins."""
    number = f"0.{stage.rng.randrange(20, 120)}.{stage.rng.randrange(10)}"
    library = stage.rng.choice(("fastapi", "uvicorn"))
    other = "uvicorn" if library == "fastapi" else "fastapi"
    stage.put(write(stage.local, f"{FOLDER}/requirements.txt", f"{other}==0.9.1\n{library}=={number}\n"))
    stage.turn(
        ("to what version do I pin {library} locally? see requirements.txt",
            "the {library} line of requirements.txt in this folder?",
            "requirements.txt in my project: which {library}?",
            "find the {library} version that my requirements.txt asks for"),
        [here(f"grep {library} requirements.txt")], {"": (number,)}, f"`{library}` is pinned to `{number}`",
        "a pin keeps every install the same", library=library,
    )  # fmt: skip


@template("local_workspace", "eval", "easy")
def timeout_here(stage: Stage) -> None:
    """A value from the local config, worded differently."""
    value = str(stage.rng.choice((12, 25, 40, 75)))
    stage.put(set_value(stage.local, CONFIG, "timeout", value))
    stage.turn(
        ("after how many seconds does my project time out? it is the timeout in config.yml",
            "quote the timeout that config.yml in this folder sets", "locally, config.yml: timeout is how much?",
            "find out which timeout I have configured in config.yml locally"),
        [here("grep timeout config.yml")], {"": (value,)}, f"`timeout` is {value}",
        "a timeout that is too short cuts off slow users",
    )  # fmt: skip


@template("local_workspace", "eval", "medium")
def who_and_what_last(stage: Stage) -> None:
    """Author and subject of the newest commit."""
    newest = repository(stage.local).commits[0]
    stage.turn(
        ("who made the newest commit in this repo, and what was it about?",
            "author and subject of HEAD in my local repo?",
            "by whom is the most recent commit in my project, and what does it do?",
            "who touched my local repo last? give the name and the subject"),
        [here("git log -n 1 --format='%an: %s'")], {"": (newest.author, newest.subject)},
        f"`{newest.author}`, with \"{newest.subject}\"", "the author is who can explain a change",
    )  # fmt: skip


@template("local_workspace", "eval", "medium")
def what_i_edited(stage: Stage) -> None:
    """The diff of an uncommitted edit: the old and the new value."""
    key, old, new = stage.rng.choice((("timeout", "30", "90"), ("workers", "4", "24"), ("port", "8080", "8443")))
    tree = repository(stage.local)
    text = set_value(clean(stage.local), CONFIG, key, old).files[CONFIG].content
    newest = replace(tree.commits[0], files={**tree.commits[0].files, "config.yml": text})
    local = clean(replace(stage.local, repository=replace(tree, commits=(newest, *tree.commits[1:]))))
    stage.put(set_value(local, CONFIG, key, new))
    stage.turn(
        ("I edited something in this repo and forgot what. show me old and new value",
            "what is the uncommitted edit in my repo, from which value to which?",
            "before I commit: what exactly does my edit change, old and new?",
            "explain my pending edit in this repo: which key, old value, new value"),
        [here("git diff")], {"": (key, old, new)}, f"in `config.yml` `{key}` went from {old} to {new}",
        "a look at the diff prevents an accidental commit",
    )  # fmt: skip


@template("local_workspace", "eval", "medium")
def how_many_commits(stage: Stage) -> None:
    """The length of the history."""
    number = str(len(repository(stage.local).commits))
    stage.turn(
        ("how long is the history of my local repo, in commits?", "number of commits in this repo so far?",
            "how often was something committed in my local repo?", "count what git log lists here"),
        [here("git log --oneline | wc -l")], {"": (number,)}, f"the history has {number} commits",
        "a short history is read in one go",
    )  # fmt: skip


@template("local_workspace", "eval", "hard")
def one_log_to_delete(stage: Stage) -> None:
    """One log is deleted, the others stay."""
    path, *others = stage.rng.sample(("build.log", "deploy.log", "test.log", "trace.log"), 3)
    local = stage.local
    for file in (path, *others):
        local = write(local, f"{FOLDER}/{file}", f"{file} of the last run\n")
    stage.put(local)
    stage.turn(
        ("get rid of {file} in my folder, keep the other logs",
            "remove the local {file}, but no other log, and show what is left",
            "erase {file} here; the remaining logs I still need", "throw the local {file} away, and only that"),
        [here(f"rm {path} && ls")], {"": (path,)}, f"`{path}` is gone, the other logs are still there",
        "a deleted file does not come back", file=path,
    )  # fmt: skip
    stage.goal(f"{LOCAL}/files{FOLDER}/{path}", None)


@template("local_workspace", "eval", "hard")
def release_it(stage: Stage) -> None:
    """A new version is written and committed."""
    local, number = clean(stage.local), f"{stage.rng.randrange(10, 20)}.{stage.rng.randrange(9)}.0"
    stage.put(local)
    path = f"{FOLDER}/VERSION"
    stage.turn(
        ("put {number} into VERSION in this repo and commit it as \"Release {number}\"",
            "make this repo {number}: VERSION file, then a commit \"Release {number}\"",
            "bump VERSION in my project to {number}, commit message \"Release {number}\"",
            "release {number} of my project: write it into VERSION and make a commit \"Release {number}\""),
        [here(f'echo {number} > VERSION && git commit -am "Release {number}" && git log --oneline -n 1')],
        {"": (number,)}, f"`VERSION` is `{number}`, committed as \"Release {number}\"",
        "a release that is committed can be found again", number=number,
    )  # fmt: skip
    wants_file(stage, edit(local, "VERSION", f"{number}\n"), path)
    stage.may(f"{LOCAL}/repository/head")
    stage.sees("commits", "", f"] Release {number}")


@template("local_workspace", "eval", "hard")
def undo_one_edit(stage: Stage) -> None:
    """Two files are edited; only one of them is restored to the committed version."""
    back, keep = stage.rng.sample(("config.yml", "app.py", "deploy.sh"), 2)
    local = clean(stage.local)
    for file in (back, keep):
        local = edit(local, file, local.files[f"{FOLDER}/{file}"].content + "# an experiment\n")
    stage.put(local)
    stage.turn(
        ("undo my edit of {file}, as it is in git, but leave my other edit alone",
            "put {file} back to its committed content, hands off everything else I edited",
            "revert {file} in this repo to HEAD; the other modified file stays modified",
            "I regret what I did to {file}, restore the committed one and nothing else"),
        [here(f"git checkout -- {back} && git status --short")], {"": (back,)},
        f"`{back}` is back to what is committed, `{keep}` keeps its edit",
        "an edit that was never committed is lost for good", file=back,
    )  # fmt: skip
    wants_file(stage, clean(local), f"{FOLDER}/{back}")


@template("local_workspace", "eval", "hard")
def which_backup(stage: Stage) -> None:
    """Two files match the request: ask before deleting one."""
    first, second = (f"backup-{stage.rng.randrange(2020, 2023)}.tar", f"backup-{stage.rng.randrange(2023, 2026)}.tar")
    local = stage.local
    for file in (first, second):
        local = write(local, f"{FOLDER}/{file}", "archive\n")
    stage.put(local)
    chosen = stage.rng.choice((first, second))
    stage.turn(
        ("delete the backup in my folder", "the local backup can go, remove it",
            "erase that backup archive in this folder", "my folder holds a backup that nobody needs, drop it"),
        [here("ls")], {}, f"there are two, `{first}` and `{second}`, which one should go?",
        "a deleted backup does not come back", kind="ask_back",
    )  # fmt: skip
    stage.turn(
        ("{file} can go", "the {file} one", "{file}, keep the other", "lose {file}"),
        [here(f"rm {chosen} && ls")], {"": (chosen,)}, f"`{chosen}` is gone", "a deleted backup does not come back",
        file=chosen,
    )  # fmt: skip
    stage.goal(f"{LOCAL}/files{FOLDER}/{chosen}", None)
