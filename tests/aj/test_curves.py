"""Training curves: what a run's metrics show, as drawings and as one SVG file."""

from xml.etree import ElementTree

import pytest

from aj.curves import POINTS, _ticks, charts, draw, to_svg

SVG = "{http://www.w3.org/2000/svg}"
RUN = [
    *({"stage": "SFT", "step": step, "loss": 1 / step, "learning_rate": 1e-4} for step in range(1, 501)),
    *({"stage": "SFT held out, call", "step": step, "loss": 2.0, "tokens": 9} for step in (100, 200)),
    {"stage": "SFT held out, note", "step": 200, "loss": 1.0},
    {"stage": "SFT exam", "step": 100, "tool_format/right": 0.5, "tool_format/valid": 1.0, "samples": 24},
    {"stage": "SFT exam", "step": 200, "tool_format/right": 0.75, "tool_format/valid": 0.5, "samples": 24},
    {"stage": "SFT exam", "step": 300, "tool_format/right": 0.75, "tool_format/valid": 0.5, "samples": 24},
    {"stage": "SFT exam", "step": 400, "tool_format/right": 0.5, "tool_format/valid": 0.5, "samples": 24},
    {"stage": "DPO", "step": 1, "loss": 0.7, "rewards/margins": 0.0, "rewards/chosen": 0.1, "rewards/rejected": 0.1},
    {"stage": "GRPO", "step": 1, "loss": 0.0, "reward": 0.25, "rewards/world/mean": 0.25},
]


def test_each_stage_has_the_charts_that_its_metrics_allow():
    assert {chart.title: list(chart.lines) for chart in charts(RUN)} == {
        "SFT: loss": ["mean of 20"],
        "SFT: held-out loss by kind of token": ["call", "note"],
        "SFT: exam, tool_format": ["right", "valid"],
        "SFT: learning rate": ["rate"],
        "DPO: loss": ["mean of 20"],
        "DPO: rewards, mean of 20": ["margins", "chosen", "rejected"],
        "GRPO: loss": ["mean of 20"],
        "GRPO: rewards, mean of 20": ["reward"],
    }
    assert draw([]) == []


def test_the_best_exam_is_marked_and_of_equal_ones_the_last():
    (exam,) = [chart for chart in charts(RUN) if "exam" in chart.title]
    assert exam.best == (300, 0.75)
    assert "○ best: step 300" in to_svg(draw(RUN))


def test_what_is_no_number_is_left_out():
    odd = [{"step": "x", "loss": 1}, {"step": 1, "loss": "x"}, {"step": 2, "loss": float("nan")}, {"loss": 1}, {}]
    (chart,) = charts([*odd, {"step": 7, "loss": 2}])
    assert (chart.title, chart.raw) == ("training: loss", [(7, 2.0)])
    assert list(charts([*odd, {"stage": "SFT exam", "step": 1, "a/b": None}])) == []


def test_a_long_line_is_thinned_out_and_keeps_its_ends():
    loss = draw(RUN)[0]
    (path,) = [node for node in loss[2:] if node[1].get("class") == "c0" and len(node[1]["d"]) > 30]
    points = path[1]["d"][1:].split("L")
    assert len(points) <= POINTS + 1
    assert [points[0].split()[0], points[-1].split()[0]] == ["56.0", "320.0"]


@pytest.mark.parametrize(
    ("low", "high", "whole", "expected"),
    [
        (0, 2.5, False, [0, 1, 2, 3]),
        (-0.043, 0.043, False, [-0.05, 0, 0.05]),
        (0, 8e-4, False, [0, 2e-4, 4e-4, 6e-4, 8e-4]),
        (3, 3, False, [3]),
        (0, 0, False, [0]),
        (1, 880, True, [200, 400, 600, 800]),
        (1, 6, True, [1, 2, 3, 4, 5, 6]),
        (5, 5, True, [5]),
    ],
)
def test_the_scales_have_round_numbers(low, high, whole, expected):
    assert _ticks(low, high, 5 if whole else 4, whole) == pytest.approx(expected)


def test_the_file_is_whole_and_what_a_name_contains_is_text():
    hostile = {"stage": "<script>alert(1)</script>\x1b[2J", "step": 1, "loss": 1.0}
    page = ElementTree.fromstring(to_svg(draw([*RUN, hostile])))
    assert not list(page.iter(f"{SVG}script"))
    titles = [node.text for node in page.iter(f"{SVG}text") if node.get("class") == "title"]
    assert titles[-1] == "<script>alert(1)</script>\\x1b[2J: loss"
    assert len(titles) == 9
    assert to_svg(draw(RUN)) == to_svg(draw(list(RUN)))
