"""The `aj` command: help with an example everywhere; bad input ends in one sentence, the place, and a code not 0."""

import json
import shutil
import socket
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from loop.commands import main

ROOT = Path(__file__).parents[3]
COMMANDS = [
    *("build", "train", "serve", "loop", "eval", "rescore", "compare", "why", "board"),
    *("gate", "promote", "rollback", "runs", "history"),
]


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    monkeypatch.chdir(ROOT)
    return tmp_path / "logs"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run `aj` with words that must fail, and give back its message."""

    def run(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["aj", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        assert ended.value.code == 4
        message = capsys.readouterr().err.strip()
        assert "Traceback" not in message
        assert len(message.splitlines()) == 1, message
        return message

    return run


def changed(source: str, target: Path, **changes) -> Path:
    values = yaml.safe_load((ROOT / source).read_text()) | changes
    target.write_text(yaml.safe_dump(values, sort_keys=False))
    return target


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str):
    result = CliRunner().invoke(main.app, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: aj {command}" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("command", "recipe"),
    [
        ("build", "datasets_build/recipes/demo.yaml"),
        ("loop", "loop/recipes/demo.yaml"),
        ("train", "train/recipes/smollm2-135m.yaml"),
    ],
)
def test_an_unknown_key_in_a_recipe_is_named_with_file_and_line(logs, failing, tmp_path, command, recipe):
    path = changed(recipe, tmp_path / "recipe.yaml", epochz=3)
    line = path.read_text().splitlines().index("epochz: 3") + 1
    words = [command, str(path)] + (["--data", str(tmp_path)] if command == "train" else [])
    assert f"{path}:{line}: unknown key 'epochz'" in failing(*words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serve", "champion", "--port", "99999"], "less than or equal to 65535"),
        (["serve", "champion", "--port", "-1"], "greater than or equal to 1"),
        (["eval", "base:smollm2-135m", "--limit", "0"], "'--limit': Input should be greater than or equal to 1"),
        (["eval", "base:smollm2-135m", "--suite", "smalll"], "'smalll' is not one of 'small', 'full', 'practice'"),
        (["eval", "base:org/my model@abc"], "is no hub model"),
        (["eval", "base:a/b/c@abc"], "is no hub model"),
        (["loop", "nosuch"], "there is no such file; give its path, or one of the names ci, corrections, demo"),
        (["gate"], "Name the reference and the candidate"),
        (["gate", "champion", "3f1c9e", "--policy", "strict"], "one of the names default"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence_and_exit_code_4(logs, failing, words, said):
    assert said in failing(*words)


def test_an_unknown_key_in_a_policy_is_named_with_file_and_line(logs, failing, tmp_path):
    path = changed("verdict/policies/default.yaml", tmp_path / "policy.yaml", patience=1)
    assert f"{path}:" in failing("gate", "base:nothing", "nothing", "--policy", str(path))


def test_a_contract_with_a_broken_schema_is_named_with_file_and_line(logs, failing, tmp_path):
    values = yaml.safe_load((ROOT / "aj/contracts/aj.yaml").read_text())
    values["tools"][0]["parameters"]["properties"]["command"]["type"] = "strnig"
    contract = tmp_path / "broken.yaml"
    contract.write_text(yaml.safe_dump(values, sort_keys=False))
    recipe = changed("datasets_build/recipes/demo.yaml", tmp_path / "recipe.yaml", contract=str(contract))
    message = failing("build", str(recipe))
    assert f"{contract}:" in message
    assert "names a type that nobody knows" in message


def test_a_missing_base_model_is_named_with_what_would_do(logs, failing, tmp_path):
    recipe = changed("train/recipes/smollm2-135m.yaml", tmp_path / "recipe.yaml", base="/nowhere/model")
    assert "'/nowhere/model' does not exist" in failing("train", str(recipe), "--data", str(a_data_set(logs)))


def test_a_corrupt_row_is_named_with_file_and_line(logs, failing):
    data = a_data_set(logs)
    rows = (data / "sft.jsonl").read_text().splitlines()
    (data / "sft.jsonl").write_text("\n".join([rows[0], rows[1][:40], *rows[2:]]) + "\n")
    message = failing("train", "train/recipes/smollm2-135m.yaml", "--data", str(data))
    assert "sft.jsonl" in message


def test_a_port_in_use_is_named_with_another_one(logs, failing, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    run = logs / "runs" / "abc"
    shutil.copytree(model, run / "merged")
    manifest = {"name": "x", "hash": "abc", "adapter": "a", "merged": None, "dataset": "d", "base": {"name": "b"}}
    (run / "manifest.json").write_text(json.dumps(manifest))
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert f"port {port} cannot be used" in failing("serve", str(run), "--port", str(port))


def test_logs_that_cannot_be_written_are_named_and_nothing_is_left(failing, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("kept")
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "file" / "logs"))  # root may write anywhere but below a file
    monkeypatch.chdir(ROOT)
    assert "cannot be written" in failing("build", "datasets_build/recipes/ci.yaml")
    assert (tmp_path / "file").read_text() == "kept"


def test_a_model_that_was_not_evaluated_has_no_verdict(logs, failing):
    assert "aj train" in failing("gate", "nothing", "nothing")


@pytest.mark.parametrize("words", [["compare"], ["gate", "a", "b", "--polixy"], ["unknown"], ["data", "toucan"]])
def test_a_usage_error_is_one_sentence_and_no_verdict(failing, monkeypatch, words):
    assert "--help`." in failing(*words)
    monkeypatch.setattr("sys.argv", ["aj", *words])
    with pytest.raises(SystemExit, match="4"):
        main.run()


def test_an_interrupted_command_says_how_to_resume(logs, monkeypatch, capsys):
    from verdict.board import rows

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    (logs / "evals" / "abc").mkdir(parents=True)
    (logs / "evals" / "abc" / "done.json").write_text("{}")
    monkeypatch.setattr(rows, "entries", interrupted)
    monkeypatch.setattr("sys.argv", ["aj", "board"])
    with pytest.raises(SystemExit, match="130"):
        main.run()
    assert "Run the same command again to resume." in capsys.readouterr().err


def test_a_board_without_logs_says_what_to_run(logs, failing):
    assert "aj eval" in failing("board")


def test_debug_shows_the_traceback(logs, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["aj", "board", "--debug"])
    with pytest.raises(SystemExit):
        main.run()
    assert "Traceback" in capsys.readouterr().err


def a_data_set(logs: Path) -> Path:
    from aj.files import load_yaml
    from datasets_build.build import build
    from datasets_build.recipe import DataRecipe

    return build(load_yaml(ROOT / "datasets_build/recipes/ci.yaml", DataRecipe))


@pytest.mark.parametrize("name", ["[bold]x[/bold]", ":smile:"])
def test_an_error_shows_a_path_as_it_is(failing, name):
    assert f"{name}/none.jsonl" in failing("lint", f"{name}/none.jsonl")
    assert f"{name}.yaml" in failing("build", f"{name}.yaml")


@pytest.mark.parametrize(
    "words",
    [
        ("--plan", "default", "a", "b"),
        ("--aa", "a", "b"),
        ("a", "--plan", "default"),
        ("--plan", "default", "--aa", "a"),
    ],
)
def test_what_judges_nothing_takes_no_models_to_judge(logs, failing, words):
    assert failing("gate", *words).startswith("aj: --plan and --aa judge nothing; give one of them")


@pytest.mark.parametrize(
    "words", [("gate", "a", "b"), ("promote", "a"), ("gate", "--plan", "default"), ("ab", "a", "b")]
)
def test_what_is_practised_with_is_not_judged_on(logs, failing, words):
    assert failing(*words, "--suite", "practice").startswith("aj: The suite 'practice' is not frozen; give --suite")
