"""What `benchmarks.train` trains on: also fewer rows than its steps would take, and no exam that a recipe asks for."""

import pytest
import yaml

from tests.train.tiny import make_recipe


@pytest.mark.loop
@pytest.mark.parametrize(("steps", "count"), [(1, 2), (3, 6), (4, 6), (12, 6)])
def test_a_benchmark_takes_the_rows_that_there_are_and_no_exam(tiny_base, dataset, tmp_path, steps, count):
    from benchmarks.train import read

    page = tmp_path / "recipe.yaml"
    recipe = make_recipe(tiny_base, held_out=0.3, exam={"metric": "tool_format/valid", "every": 1})
    page.write_text(yaml.safe_dump(recipe.model_dump(mode="json")))
    material, rows = read(str(page), dataset, steps)
    assert len({row.id for row in rows}) == len(rows) == count
    assert (material.pairs, material.watch.exam, material.watch.held_out) == ([], None, [])
