"""`aj train`: a plan of what would be learned and needed, and what ends with 4 before anything is trained."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from loop.commands import main
from tests.train.conftest import dataset as dataset
from tests.train.conftest import gguf_is_parsed_once as gguf_is_parsed_once
from tests.train.conftest import tiny_base as tiny_base
from tests.train.conftest import tokenizer as tokenizer
from tests.train.tiny import make_recipe

pytestmark = pytest.mark.loop  # plans are counted with torch


class Said(NamedTuple):
    """What a command has said, and how it ended."""

    code: int
    out: str
    err: str


Ask = Callable[..., Said]


@pytest.fixture
def train(
    tiny_base: Path,
    dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Ask:
    """`aj train` of a tiny recipe, or of another one, with more words; nothing may be trained."""
    page = tmp_path / "recipe.yaml"
    page.write_text(yaml.safe_dump(make_recipe(tiny_base, dpo=None).model_dump(mode="json")))
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    monkeypatch.setenv("COLUMNS", "200")

    def ask(*words: str, recipe: str = str(page)) -> Said:
        monkeypatch.setattr("sys.argv", ["aj", "train", recipe, *words, "--data", str(dataset)])
        with pytest.raises(SystemExit) as ended:
            main.run()
        assert not list(tmp_path.glob("logs/runs/*")), "nothing was trained"
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return ask


def facts(out: str) -> dict[str, str]:
    """What a plan says, by the words at the beginning of its lines."""
    lines = (line.partition("  ") for line in map(str.strip, out.splitlines()))
    return {what: much.strip() for what, _, much in lines}


def test_a_plan_that_fits_ends_with_0(train):
    done = train("--dry-run")
    assert (done.code, done.err) == (0, "")
    told = facts(done.out)
    assert (told["rows"], told["steps"], told["fits here"]) == ("6", "24 SFT, 0 DPO, 0 GRPO", "yes")


def test_a_page_shows_the_rows_that_are_asked_for_with_what_is_learned_of_them(train):
    done = train("--check", "--show", "2")
    assert (done.code, done.err) == (0, "")
    assert facts(done.out)["fits here"] == "yes"
    assert sum(line.startswith("row ") for line in done.out.splitlines()) == 2
    assert done.out.count(" is at 78%.<|im_end|>⟧\n") == 2


def test_rows_can_only_be_shown_with_a_page(train):
    assert train("--dry-run", "--show", "2") == (4, "", "aj: --show belongs to --check; add that.\n")


def test_an_eval_without_a_sweep_names_the_command_for_it(train):
    done = train("--eval", "small")
    assert (done.code, done.out) == (4, "")
    assert "`aj eval RUN`" in done.err


def test_a_plan_whose_base_is_larger_than_the_memory_ends_with_4(train, tiny_base, tmp_path):
    """By its architecture it takes 200 terabytes, and its adapter little."""
    huge = shutil.copytree(tiny_base, tmp_path / "huge")
    config = json.loads((huge / "config.json").read_text())
    config |= {"hidden_size": 2**20, "intermediate_size": 2**26, "head_dim": 2**18}
    (huge / "config.json").write_text(json.dumps(config))
    done = train("--dry-run", f"base={huge}", "export.merge=false", "lora.target_modules=[q_proj]")
    assert (done.code, facts(done.out)["fits here"]) == (4, "no")
    assert done.err.startswith("aj: the run needs ")
    assert "GB before the first token, but this machine has" in done.err


@pytest.mark.parametrize("page", ["--dry-run", "--check"])
def test_a_plan_whose_longest_rows_need_more_than_the_memory_ends_with_4_too(train, page):
    done = train(page, "sft.batch_size=1000000000", "sft.warmup=0")
    assert (done.code, facts(done.out)["fits here"].partition(":")[0]) == (4, "perhaps not")
    assert done.err.startswith("aj: with its longest rows, the run needs ")


def test_a_plan_that_another_tokenizer_has_counted_ends_with_4_and_names_the_download(train):
    done = train("--dry-run", "dpo=null", recipe="qwen3-8b")
    assert done.code == 4
    assert "counted with another tokenizer" in facts(done.out)["tokens"]
    assert "Qwen/Qwen3-8B is not on this machine" in done.err
    assert "run `hf download Qwen/Qwen3-8B --revision " in done.err


def test_a_sweep_shows_every_plan_and_then_ends_with_4_if_one_of_them_does_not_fit(train):
    done = train("--dry-run", "sft.warmup=0", "--sweep", "sft.batch_size=1,1000000000,2", "--sweep", "lora.rank=2,4")
    assert done.code == 4
    plans = done.out.split("sft.warmup=0 ")[1:]
    assert [plan.split("\n")[0] for plan in plans] == [
        f"sft.batch_size={rows} lora.rank={rank}" for rows in (1, 1000000000, 2) for rank in (2, 4)
    ]
    assert [facts(plan)["fits here"].partition(":")[0] for plan in plans] == [
        *("yes", "yes", "perhaps not", "perhaps not", "yes", "yes"),
    ]
    first, second, last = done.err.splitlines()
    assert first.startswith("sft.warmup=0 sft.batch_size=1000000000 lora.rank=2: with its longest rows")
    assert second.startswith("sft.warmup=0 sft.batch_size=1000000000 lora.rank=4: with its longest rows")
    assert last.startswith("aj: 2 of 6 variants may not be trained here as planned, for the reasons above: ")


def test_a_sweep_shows_the_plans_after_one_whose_rows_are_refused(train):
    done = train("--dry-run", "--sweep", "sft.max_length=20,512")
    assert done.code == 4
    assert facts(done.out.split("sft.max_length=512")[1])["fits here"] == "yes"
    assert "sft.max_length=20: 6 row(s) exceed max_length 20 tokens" in done.err


@pytest.mark.parametrize(
    ("sweeps", "why"),
    [
        (["lora.rank=2,-1"], "lora.rank=-1: "),
        (["lora.rank=2,4", "sft.epochs=1,never"], "sft.epochs=never: "),
        (["lora.rank=2,4", "lora.rank=8,16"], "lora.rank=8: lora.rank=2 sets the same value"),
        (["report_to=[],tensorboard"], "report_to=tensorboard: the same run as report_to=[]"),
    ],
)
def test_a_sweep_with_one_value_that_cannot_be_is_refused_before_the_first_variant_is_trained(train, sweeps, why):
    done = train(*(word for sweep in sweeps for word in ("--sweep", sweep)))
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith(f"aj: {why}"), done.err


@pytest.mark.parametrize("rank", ["0", "1"])
def test_a_sweep_is_refused_under_a_launcher_by_every_process(train, monkeypatch, rank):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", rank)
    done = train("--sweep", "lora.rank=2,4")
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("aj: a sweep starts its own processes, and a launcher has started it 2 times; run it")


def test_of_the_processes_of_a_launcher_the_first_shows_the_plan(train, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    plans = []
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        done = train("--dry-run", "sft.gradient_accumulation=2")
        plans.append((done.code, facts(done.out).get("processes"), done.err))
    assert plans == [(0, "2", ""), (0, None, "")]
