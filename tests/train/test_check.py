"""The page before a run: what it counts, and what it says is learned."""

import dataclasses
from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console

from loop.check_page import show_facts, show_page
from tests.train.tiny import make_pair, make_recipe, make_row, write_dataset
from train.check import check
from train.material import prepare

pytestmark = pytest.mark.loop


@pytest.fixture(scope="module")
def page(tiny_base, tmp_path_factory):
    named = {"web01": "hand", "web02": "hand", "db17": "drawn", "cache3": "drawn", "mail44": "drawn"}
    rows = [replace(make_row(host), metadata={"source": source}) for host, source in named.items()]
    data = write_dataset(tmp_path_factory.mktemp("data"), [*rows, make_row("build9")], [make_pair("web01")])
    return check(make_recipe(tiny_base, dpo=None), data)


def shown(page, show=0, **terminal):
    text = StringIO()
    show_page(page, Console(file=text, width=140, **terminal), show)
    return text.getvalue()


def test_every_row_is_counted_once_under_its_source(page):
    plan = page.material.plan
    assert [(source.name, source.rows) for source in page.sources] == [("drawn", 3), ("hand", 2), ("unnamed", 1)]
    assert sum(source.tokens for source in page.sources) == plan.tokens
    assert sum(source.learned for source in page.sources) == plan.learned_tokens
    assert max(source.longest for source in page.sources) == plan.longest == page.lengths["100%"]
    assert list(page.lengths.values()) == sorted(page.lengths.values())


def test_the_audit_shows_exactly_what_is_learned(page):
    tokenizer = page.material.tokenizer
    audited = list(page.audit(3))
    assert len(audited) == 3
    by_id = {example.id: example for example in page.material.examples}
    for name, pieces in audited:
        example = by_id[name]
        assert "".join(text for text, _ in pieces) == tokenizer.decode(example.input_ids)
        learned = [label for label in example.labels if label != -100]
        assert "".join(text for text, learns in pieces if learns) == tokenizer.decode(learned)
    assert list(page.audit(0)) == []
    assert len(list(page.audit(100))) == 6


def test_a_fact_too_long_for_a_line_goes_on_below_its_own_column():
    text = StringIO()
    show_facts([("rows", "5"), ("  static", "word " * 30)], Console(file=text, width=80))
    first, *others = (line.rstrip() for line in text.getvalue().splitlines())
    assert first == f"{'rows':<16} 5"
    assert others[0].startswith(f"{'  static':<16} word")
    assert all(line.startswith(f"{'':<16} word") for line in others[1:])
    assert max(map(len, others)) <= 80


def test_the_page_holds_all_that_it_promises_on_one_screen(page):
    text = shown(page)
    for word in ("source", "learned", "all", "lengths", "steps", "memory", "activations", "disk", "time", "TFLOP"):
        assert word in text
    assert text.count("\n") <= 30


def test_the_page_says_what_its_time_leaves_out(page):
    def time(**steps):
        plan = dataclasses.replace(page.material.plan, **steps)
        return shown(dataclasses.replace(page, material=dataclasses.replace(page.material, plan=plan)))

    assert "without" not in time()
    assert "without GRPO, a rough" in time(grpo_steps=3)
    assert "without GRPO and exams, a rough" in time(grpo_steps=3, exams=1)


def test_held_out_rows_are_counted(tiny_base, dataset):
    plain, held = (prepare(make_recipe(tiny_base, held_out=share), dataset).plan for share in (0, 0.4))
    assert held.held_out == 3
    often = prepare(make_recipe(tiny_base, held_out=0.4, held_out_every=1), dataset).plan
    assert plain.flop > held.flop
    assert often.flop > held.flop


def test_what_is_learned_is_in_brackets_in_a_file_and_green_on_a_terminal(page):
    text = shown(page, 1)
    assert "is at 78%.<|im_end|>⟧" in text
    assert text.count("⟦") == 2
    coloured = shown(page, 1, force_terminal=True, color_system="standard")
    assert "⟦" not in coloured
    assert "\x1b[32m`" in coloured


def test_more_work_is_more_flop(tiny_base, dataset):
    recipe = make_recipe(tiny_base)
    flop = prepare(recipe, dataset).plan.flop
    alone = prepare(recipe.model_copy(update={"dpo": None}), dataset).plan.flop
    twice = recipe.sft.model_copy(update={"epochs": 8.0})
    assert prepare(recipe.model_copy(update={"dpo": None, "sft": twice}), dataset).plan.flop == 2 * alone < 2 * flop


def test_a_pass_of_a_model_costs_what_torch_counts(tiny_base):
    """Forward and backward through frozen layers and their adapters, by torch's own counter."""
    import torch
    from peft import get_peft_model
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import AutoModelForCausalLM

    from train.base import find_base, load_config
    from train.costs import count_flop, count_held_out_flop
    from train.memory import read_architecture
    from train.model import lora_config
    from train.tokens import IGNORE, TokenizedRow

    recipe = make_recipe(
        tiny_base, dpo=None, sft={"epochs": 1, "learning_rate": 0.1, "batch_size": 1, "max_length": 99}
    )
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(tiny_base), lora_config(recipe))
    ids = list(range(40))
    with FlopCounterMode(display=False) as counter:
        model(input_ids=torch.tensor([ids]), labels=torch.tensor([ids])).loss.backward()
    architecture = read_architecture(load_config(find_base(recipe.base)), recipe)
    expected = count_flop(architecture, recipe, [TokenizedRow("x", ids, ids)], [])
    assert expected == pytest.approx(counter.get_total_flops(), rel=0.05)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(input_ids=torch.tensor([ids]), logits_to_keep=torch.arange(29, 39))
    held_out = [TokenizedRow("x", ids, [IGNORE] * 30 + ids[30:])]
    recipe = recipe.model_copy(update={"held_out_every": 10})
    passes = count_held_out_flop(architecture, recipe, held_out, [35, 4, 0])
    assert passes == pytest.approx(
        5 * counter.get_total_flops(), rel=0.05
    )  # after 10, 20, 30 and 35 steps, and after 4
