"""Which evals are the same: what decides an answer is part of an eval's identity, and no folder's name is."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import inspect_ai
import pytest
import yaml

from aj.errors import AJError, EvidenceError, ServeError
from aj.files import digest_weights, write_json
from evals import identities
from loop import evaluate as evaluating
from loop.endpoint import ask
from loop.evaluate import Settings, answers, eval_folder, evaluate, read_task_args
from loop.targets import Target, check_finished, find_target
from train import serve
from train.serve import command_arguments, find_served
from verdict.samples import DONE


@pytest.fixture(autouse=True, scope="module")
def code_is_read_once() -> Iterator[None]:
    """It does not change while these tests run, and an identity takes a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("asked", "graded"):
            patch.setattr(identities, name, cache(getattr(identities, name)))
        yield


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    monkeypatch.delenv("VLLM_BASE_URL", raising=False)
    return tmp_path / "logs"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights of the base")
    for name in ("config.json", "tokenizer.json", "chat_template.jinja"):
        (folder / name).write_text("{}")
    return folder


@pytest.fixture
def run(logs: Path, base: Path) -> Path:
    """A finished run `abc` that was not merged."""
    folder = logs / "runs" / "abc"
    (folder / "adapter").mkdir(parents=True)
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(b"adapter")
    (folder / "adapter" / "adapter_config.json").write_text('{"r": 16}')
    (folder / "adapter" / "chat_template.jinja").write_text("{{ messages }}")
    (folder / "recipe.yaml").write_text(yaml.safe_dump({"contract": "aj", "export": {"merge": False}}))
    about = {"name": str(base), "revision": find_served(base).revision}
    manifest = {"hash": "abc", "name": "x", "base": about, "dataset": "d", "merged": None}
    write_json(folder / "manifest.json", manifest | {"adapter": digest_weights(folder / "adapter")})
    record(folder)
    return folder


def record(run: Path) -> None:
    """Write into the manifest how the run is served, as training does."""
    manifest = json.loads((run / "manifest.json").read_text())
    write_json(run / "manifest.json", manifest | {"serving": find_served(run).about()})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Inspect is told to do, instead of doing it: a server takes a minute."""
    told: list[dict[str, Any]] = []

    def eval_set(tasks: list[str], **given: Any) -> tuple[bool, list[Any]]:
        told.append(given)
        return True, list(tasks)

    monkeypatch.setattr(inspect_ai, "eval_set", eval_set)
    monkeypatch.setattr(evaluating, "seals", lambda folder: {})
    monkeypatch.setattr(evaluating, "check_room", lambda *_: None)  # these models have no tokenizer
    return told


def test_a_run_is_judged_as_it_is_served(run, base, asked):
    evaluate(find_target("abc"), "small")
    (told,) = asked
    model, *flags = command_arguments(find_served(run), 8000)
    assert told["model"] == f"vllm/{model}:{run / 'adapter'}", "the adapter is scored, not the bare base"
    for name, value in told["model_args"].items():
        flag = f"--{name.replace('_', '-')}"
        assert flag in flags if value is True else flags[flags.index(flag) + 1] == str(value)
    assert told["model_args"]["quantization"] == "bitsandbytes"
    assert told["model_args"]["chat_template"] == str(run / "adapter" / "chat_template.jinja")
    assert told["metadata"]["serving"] == find_served(run).metadata()


def test_a_merged_run_is_judged_by_its_merged_model(run, asked):
    (run / "merged").mkdir()
    (run / "merged" / "model.safetensors").write_bytes(b"merged")
    manifest = json.loads((run / "manifest.json").read_text()) | {"merged": digest_weights(run / "merged")}
    write_json(run / "manifest.json", manifest | {"serving": find_served(run).about()})
    evaluate(find_target("abc"), "small")
    assert asked[0]["model"] == f"vllm/{run / 'merged'}"
    assert asked[0]["metadata"]["serving"]["model"]["adapter"] is None


def test_a_finished_eval_is_not_asked_again_but_with_again_it_is_and_the_old_one_stays(run, asked):
    target = find_target("abc")
    first = evaluate(target, "small")
    assert evaluate(target, "small") == first == eval_folder(target, "small")
    second = evaluate(target, "small", again=True)
    assert second != first
    assert (first / DONE).exists()
    assert evaluate(target, "small") == second == eval_folder(target, "small")
    assert evaluate(target, "small", again=True) not in (first, second)
    assert len(asked) == 3


def test_an_interrupted_second_eval_is_resumed_and_until_then_the_first_counts(run, asked, monkeypatch):
    target = find_target("abc")
    first = evaluate(target, "small")
    with monkeypatch.context() as patch:
        patch.setattr(evaluating, "_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            evaluate(target, "small", again=True)
    assert eval_folder(target, "small") == first
    second = evaluate(target, "small")
    assert second != first
    assert eval_folder(target, "small") == second


def interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def before_and_after(change: Any, name: str = "abc") -> tuple[str, str]:
    before = answers(find_target(name), "small")
    change()
    return before, answers(find_target(name), "small")


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"])
def test_a_base_of_which_a_file_changed_is_asked_anew(base, logs, name):
    before, after = before_and_after(lambda: (base / name).write_bytes(b'{"a": 1}'), f"base:{base}")
    assert before != after


@pytest.mark.parametrize("name", ["adapter_config.json", "chat_template.jinja"])
def test_a_run_of_which_a_file_changed_is_not_asked_and_one_that_was_trained_so_is_another(run, name):
    def change() -> None:
        (run / "adapter" / name).write_text('{"r": 16, "lora_alpha": 1}')
        with pytest.raises(EvidenceError, match="another configuration, tokenizer or chat template than its manifest"):
            find_target("abc")
        record(run)

    before, after = before_and_after(change)
    assert before != after


@pytest.mark.parametrize(
    ("module", "package"),
    [(serve, "vllm"), (serve, "transformers"), (identities, "inspect-ai"), (identities, "bashkit")],
)
def test_another_version_of_what_decides_an_answer_is_asked_anew(run, monkeypatch, module, package):
    real = module.version
    before, after = before_and_after(
        lambda: monkeypatch.setattr(module, "version", lambda name: "0.0" if name == package else real(name))
    )
    assert before != after


def test_other_settings_are_another_eval(run):
    target = find_target("abc")
    ways = [Settings(), Settings(epochs=4), Settings(temperature=0.7), Settings(task_args=(("constrained", True),))]
    assert len({answers(target, "small", None, way) for way in ways} | {answers(target, "small", 2)}) == 5


def test_moved_logs_keep_their_evals(run, asked, logs, tmp_path, monkeypatch):
    first = evaluate(find_target("abc"), "small")
    shutil.move(logs, tmp_path / "elsewhere")
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "elsewhere"))
    assert evaluate(find_target("abc"), "small").name == first.name
    assert len(asked) == 1


def test_a_moved_base_is_the_same_base(base, logs, tmp_path):
    before = answers(find_target(f"base:{base}"), "small")
    shutil.move(base, tmp_path / "moved")
    assert answers(find_target(f"base:{tmp_path / 'moved'}"), "small") == before


def test_the_base_of_a_run_is_served_as_the_run(run, base):
    of_run, plain = find_target("base:abc"), find_target(f"base:{base}")
    assert (of_run.model, of_run.run) == (f"vllm/{base}", "base")
    assert of_run.serving["server"] == find_target("abc").serving["server"]
    assert of_run.serving["model"]["quantization"] == "nf4"
    assert of_run.weights != plain.weights


def test_a_model_that_is_served_elsewhere_is_never_taken_for_the_one_of_last_time(logs, asked):
    stranger = find_target("openai-api/local/aj")
    folder = evaluate(stranger, "small")
    with pytest.raises(AJError, match=r"was evaluated at .* --again"):
        evaluate(stranger, "small")
    assert evaluate(stranger, "small", again=True) != folder
    assert stranger.metadata["serving"] == {
        "server": {"at": "openai-api"},
        "model": {"name": "openai-api/local/aj", "weights": None},
    }


@pytest.fixture
def served() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server's address, and the models that it lists."""
    cards: list[dict[str, Any]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"data": cards}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1", cards
        server.shutdown()


def test_an_endpoint_is_asked_which_model_it_serves(served, monkeypatch):
    address, cards = served
    monkeypatch.setenv("LOCAL_BASE_URL", address)
    assert ask("openai-api/local/aj") is None
    cards.append({"id": "aj", "root": "/models/one", "created": 1, "owned_by": "me"})
    assert ask("openai-api/local/aj") == {"id": "aj", "root": "/models/one"}
    assert ask("openai-api/other/aj") is None


def test_an_unfinished_eval_is_not_resumed_with_another_model(served, logs, asked, monkeypatch):
    address, cards = served
    monkeypatch.setenv("LOCAL_BASE_URL", address)
    cards.append({"id": "aj", "root": "/models/one"})
    with monkeypatch.context() as patch:
        patch.setattr(evaluating, "_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            evaluate(find_target("openai-api/local/aj"), "small")
    cards[0]["root"] = "/models/two"
    with pytest.raises(AJError, match="unfinished eval of another model"):
        evaluate(find_target("openai-api/local/aj"), "small")
    assert not asked


def test_a_run_on_a_server_elsewhere_must_be_the_run_that_is_served_there(served, run, asked, monkeypatch):
    address, cards = served
    monkeypatch.setenv("VLLM_BASE_URL", address)
    cards.append({"id": "x-other"})
    with pytest.raises(ServeError, match=r"does not serve x-abc; start it there with"):
        evaluate(find_target("abc"), "small")
    cards.append({"id": "x-abc", "root": "/gpu/box/adapter"})
    evaluate(find_target("abc"), "small")
    (told,) = asked
    assert (told["model"], told["model_args"]) == ("vllm/x-abc", {})
    assert told["metadata"]["serving"]["server"] == {"at": "vllm"}
    assert told["metadata"]["serving"]["model"] == find_served(run).about()
    assert told["metadata"]["endpoint"] == {"id": "x-abc", "root": "/gpu/box/adapter"}


def test_a_run_is_known_by_the_name_that_aj_serve_gives_it(run):
    named, itself = find_target("openai-api/box/x-abc"), find_target("abc")
    assert (named.run, named.adapter, named.weights) == (itself.run, itself.adapter, itself.weights)
    assert (named.model, named.arguments) == ("openai-api/box/x-abc", {})
    assert find_target("openai-api/box/x-abd").run == "base"


def test_epochs_temperature_and_task_arguments_reach_inspect(run, asked):
    given = read_task_args(["constrained=true", "judge=false"])
    evaluate(find_target("abc"), "small", settings=Settings(3, 0.7, given))
    (told,) = asked
    assert (told["epochs"], told["temperature"]) == (3, 0.7)
    assert told["task_args"] == {"constrained": True, "judge": False, "suite": "small", "contract": "aj"}


@pytest.mark.parametrize("word", ["constraint=true", "constrained", "suite=full"])
def test_an_argument_that_no_task_takes_is_refused(word):
    with pytest.raises(AJError, match=r"is no argument of a task; give NAME=VALUE with one of: constrained"):
        read_task_args([word])


def test_the_model_of_a_target_without_weights_is_part_of_the_answers():
    one = Target("one", "openai-api/local/one")
    assert answers(one, "small") != answers(replace(one, model="openai-api/local/two"), "small")


def test_what_asks_is_part_of_an_evals_identity(run, monkeypatch):
    before = answers(find_target("abc"), "small")
    monkeypatch.setattr(identities, "asked", lambda task, suite, seed=0: "other")
    assert answers(find_target("abc"), "small") != before


@pytest.mark.parametrize(
    "change", [{"run": "other"}, {"adapter": "other"}, {"dataset": "other"}, {"contract": "native"}]
)
def test_another_run_adapter_data_set_or_contract_is_another_eval(run, change):
    target = find_target("abc")
    assert answers(replace(target, **change), "small") != answers(target, "small")


def test_another_suite_or_limit_is_another_eval(run):
    target = find_target("abc")
    assert len({answers(target, suite, limit) for suite in ("small", "full") for limit in (None, 1, 2)}) == 6


def test_the_base_of_a_merged_run_is_the_base_itself_where_the_run_has_its_template(run, base):
    """`aj loop` asks the one, `aj eval base:NAME` the other."""
    (run / "recipe.yaml").write_text(yaml.safe_dump({"contract": "aj"}))
    shutil.copy(base / "chat_template.jinja", run / "adapter" / "chat_template.jinja")
    assert answers(find_target("base:abc"), "small") == answers(find_target(f"base:{base}"), "small")


@pytest.mark.parametrize("name", ["logs/runs/NOSUCH", "/elsewhere/runs/abcd", "./runs/ab", "foo/bar"])
def test_a_path_without_a_run_is_no_run_and_no_model(run, name):
    with pytest.raises(
        AJError, match=r"^There is no run, file or folder '.*' \(runs: abc\), and Inspect knows no provider '.*'; give"
    ):
        find_target(name)


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_an_empty_name_is_not_the_only_run(run, name):
    with pytest.raises(AJError, match=r"^A run's name must not be empty; give one of: abc\.$"):
        find_target(name)


@pytest.mark.parametrize("lock", ["{", "[]", "{}", '"x"', ""])
def test_a_run_whose_data_set_has_a_broken_lock_has_the_name_of_its_recipe(run, logs, lock):
    (logs / "datasets" / "d").mkdir(parents=True)
    (logs / "datasets" / "d" / "lock.json").write_text(lock)
    assert find_target("x").name == "x (abc)"


def test_a_run_whose_recipe_names_no_contract_is_refused(run):
    (run / "recipe.yaml").write_text("name: x")
    with pytest.raises(EvidenceError, match="does not name the run's contract; train the run again"):
        find_target("abc")


@pytest.mark.parametrize("about", ["{", "[]", '"x"'])
def test_a_done_file_that_cannot_be_read_is_named(run, logs, asked, about):
    write_json(logs / "evals" / "e" / DONE, {})
    (logs / "evals" / "e" / DONE).write_text(about)
    with pytest.raises(EvidenceError, match=r"e/done.json .*; delete it and make it again"):
        evaluate(find_target("abc"), "small")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("openai/gpt", r"\(Unable to initialise OpenAI client: No OPENAI_API_KEY.*\); fix that, then run"),
        (
            "openai-api/local/aj",
            r"\(Unable to initialise local client: No LOCAL_API_KEY defined .*\); fix that, then run",
        ),
        ("openai-api/local", r"\(openai-api model names must include .*\); correct the model's name"),
    ],
)
def test_what_inspect_lacks_to_ask_a_model_is_told_in_a_sentence(logs, monkeypatch, name, told):
    for key in ("OPENAI_API_KEY", "AZUREAI_OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "LOCAL_API_KEY"):
        monkeypatch.delenv(key, raising=False)
    with pytest.raises(AJError, match=f"^{name} cannot be asked {told}") as refused:
        evaluate(find_target(name), "small")
    assert "[" not in str(refused.value), "Inspect's markup is not shown"


def test_another_error_while_a_model_is_asked_is_not_put_down_to_its_name(logs, monkeypatch):
    def eval_set(*_: Any, **__: Any) -> None:
        raise ValueError("of our own code")

    monkeypatch.setattr(inspect_ai, "eval_set", eval_set)
    monkeypatch.setenv("LOCAL_API_KEY", "none")
    with pytest.raises(ValueError, match=r"^of our own code$"):
        evaluate(find_target("openai-api/local/aj"), "small")


@pytest.mark.parametrize(
    ("name", "suite", "command"),
    [
        ("abc", "small", "aj eval abc"),
        ("abc", "full", "aj eval abc --suite full"),
        ("x (abc)", "practice", "aj eval 'x (abc)' --suite practice"),
    ],
)
def test_the_command_for_a_missing_eval_can_be_typed_and_asks_that_suite(tmp_path, name, suite, command):
    with pytest.raises(EvidenceError) as missing:
        check_finished(tmp_path, name, suite)
    assert str(missing.value) == f"{name} has no finished eval; run `{command}` first."
