"""What a terminal shows of plans, verdicts, comparisons, flips and boards, word for word and colour by colour."""

from dataclasses import replace

import pytest
from rich.console import Console, RenderableType

from verdict import compare, flips, gate, plan
from verdict.board import terminal
from verdict.board.rows import BoardRow
from verdict.tables import Sheet


def printed(shown: RenderableType, width: int = 100) -> list[str]:
    console = Console(width=width, force_terminal=False)
    with console.capture() as told:
        console.print(shown)
    return [line.rstrip() for line in told.get().splitlines()]


def coloured(shown: RenderableType) -> str:
    console = Console(width=100, force_terminal=True, color_system="standard")
    with console.capture() as told:
        console.print(shown)
    return told.get()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.replace("│", "┃").strip("┃ ").split("┃")]


# --- tables ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def sheet() -> Sheet:
    filled = Sheet("Title", ["task", "slice"], ["n", "mean"], "a note")
    filled.add("known", "", "7", "0.5", style="red")
    filled.add("tool\x1b", "all", "", "0.75")
    return filled


def test_a_wide_terminal_shows_a_table_with_its_title_and_its_note(sheet):
    lines = printed(sheet)
    assert lines[0].strip() == "Title"
    assert cells(lines[2]) == ["task", "slice", "n", "mean"]
    assert cells(lines[4]) == ["known", "", "7", "0.5"]
    assert cells(lines[5]) == ["tool\\x1b", "all", "", "0.75"]
    assert lines[-1].strip() == "a note"
    assert lines[5].index("0.75") == lines[4].index("0.5") - 1, "numbers stand on the right"


def test_a_narrow_terminal_shows_the_cells_of_a_row_beneath_what_it_is_about(sheet):
    assert printed(sheet, 22) == ["Title", "known", "  n 7       mean 0.5", "tool\\x1b  all", "  mean 0.75", "a note"]
    assert printed(sheet, 12)[1:4] == ["known", "  n 7", "  mean 0.5"]


def test_a_row_has_its_colour_in_either_form(sheet):
    assert "\x1b[31mknown" in coloured(sheet)
    console = Console(width=20, force_terminal=True, color_system="standard")
    with console.capture() as told:
        console.print(sheet)
    assert "\x1b[31mknown\x1b[0m" in told.get()


def test_a_table_without_title_and_note_is_its_rows():
    plain = Sheet("", ["a"], ["b"])
    plain.add("1", "2")
    assert len(printed(plain)) == 5
    assert printed(plain, 5) == ["1", "  b 2"]


# --- the gate -------------------------------------------------------------------------------------------------------

CHECK = gate.Check("known_issues/right", "margin", "all", "open", -0.0125, -0.05, 0.03, -0.02, 1200)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {},
            "known_issues/right: change -0.013 [-0.050, +0.030] where -0.02 is tolerated: not shown either way; "
            "about 1200 samples would decide.",
        ),
        (
            {"samples_needed": None, "slice": "pattern=prose", "rule": "slice"},
            "known_issues/right pattern=prose: change -0.013 [-0.050, +0.030] where -0.02 is tolerated: not shown "
            "either way, and more samples of the same kind would not decide it.",
        ),
        (
            {"state": "failed", "rule": "floor", "value": 0.5, "low": 0.4, "high": 0.6, "threshold": 0.7},
            "known_issues/right: score 0.500 [0.400, 0.600] against the floor 0.70: shown to be worse.",
        ),
        (
            {"rule": "improve"},
            "known_issues/right: change -0.013 [-0.050, +0.030] where an improvement is required: not shown either "
            "way; about 1200 samples would decide.",
        ),
    ],
)
def test_a_reason_is_a_sentence_with_the_numbers_and_what_would_decide(changes, told):
    assert gate.reason(replace(CHECK, **changes)) == told


VERDICT = gate.Verdict(
    outcome=gate.GateOutcome.REJECT,
    reasons=("it is worse.",),
    checks=(CHECK, replace(CHECK, state="failed"), replace(CHECK, state="passed", rule="floor")),
    regressed=("known_issues/right pattern=prose",),
    samples_needed=None,
    run="new",
    adapter="ad",
    reference="old",
    policy="90",
)


def test_a_verdict_is_shown_with_its_reasons_what_got_worse_and_every_check():
    lines = printed(gate.panel(VERDICT), 120)
    assert lines[:4] == ["REJECT", "  it is worse.", "got worse:", "  known_issues/right pattern=prose"]
    assert cells(lines[5]) == ["metric", "slice", "rule", "result", "value", "bounds", "compared with"]
    numbers = ["-0.013", "-0.050 … +0.030", "-0.02"]
    assert cells(lines[7]) == ["known_issues/right", "all", "margin", "open", *numbers]
    assert cells(lines[9]) == ["known_issues/right", "all", "floor", "passed", *numbers]
    assert printed(gate.panel(replace(VERDICT, checks=(), regressed=()))) == ["REJECT", "  it is worse."]


@pytest.mark.parametrize(
    ("outcome", "colour"), [("PROMOTE", 32), ("REJECT", 31), ("INCONCLUSIVE", 33), ("INVALID", 33)]
)
def test_an_outcome_has_its_colour(outcome, colour):
    verdict = replace(VERDICT, outcome=gate.GateOutcome[outcome], checks=())
    assert coloured(gate.panel(verdict)).startswith(f"\x1b[1;{colour}m{outcome}")


def test_failed_checks_are_red_and_open_ones_yellow():
    lines = coloured(gate.panel(VERDICT)).splitlines()
    assert ["\x1b[33m" in line for line in lines if "open" in line] == [True]
    assert ["\x1b[31m" in line for line in lines if "failed" in line] == [True]
    assert ["\x1b[3" in line for line in lines if "passed" in line] == [False]


# --- comparisons ----------------------------------------------------------------------------------------------------

BETTER = compare.ComparisonRow("known_issues", "right", "all", 48, 24, 0.25, 0.75, 0.5, 0.4, 0.6)
WORSE = replace(BETTER, slice="pattern=prose", diff=-0.5, low=-0.6, high=-0.4)
ALIKE = replace(BETTER, metric="brief", diff=0.0, low=-0.1, high=0.1)


def test_a_comparison_is_green_where_b_is_better_red_where_it_is_worse_and_plain_where_nothing_is_shown():
    sheet = compare.table([BETTER, WORSE, ALIKE], "old", "new")
    assert sheet.title == "old against new, paired, 95% intervals"
    assert [*sheet.keys, *sheet.heads] == ["task", "metric", "slice", "n", "old", "new", "difference", "interval"]
    numbers = ["48", "0.250", "0.750"]
    assert sheet.rows == [
        (["known_issues", "right", "all", *numbers, "+0.500", "+0.400 … +0.600"], "green"),
        (["known_issues", "right", "pattern=prose", *numbers, "-0.500", "-0.600 … -0.400"], "red"),
        (["known_issues", "brief", "all", *numbers, "+0.000", "-0.100 … +0.100"], ""),
    ]
    assert [row[0][2] for row in compare.table([BETTER, WORSE], slices=False).rows] == ["all"]
    assert compare.table([]).title == "A against B, paired, 95% intervals"


# --- flips ----------------------------------------------------------------------------------------------------------

RIGHT = flips.Reply(1.0, None, "", "all is well", "logs/evals/old/1.eval")
WRONG = flips.Reply(
    0.0, "made_up", "nobody\x1b saw it", "\n".join(f"line {n}" for n in range(9)), "logs/evals/new/1.eval"
)
FLIP = flips.Flip("known_issues", "right", "a/b", 2, "how is it?", RIGHT, WRONG)


def test_a_flip_is_shown_with_both_replies_and_what_is_wrong():
    counts = [
        flips.CodeCount("known_issues", "made_up", 0, 3, 0, 3),
        flips.CodeCount("known_issues", "prose", 2, 1, 1, 0),
    ]
    lines = printed(flips.shown([FLIP], counts, "old", "new"))
    assert lines[0].strip() == "Failures by code: old (A) against new (B)"
    assert cells(lines[2]) == ["task", "code", "A", "B", "fixed", "broken"]
    assert cells(lines[4]) == ["known_issues", "made_up", "0", "3", "0", "3"]
    assert lines[7:] == [
        "",
        "BROKEN  known_issues/right  a/b, epoch 2",
        "  request: how is it?",
        "  A = 1",
        "    all is well",
        "  B = 0 made_up",
        *(f"    line {n}" for n in range(6)),
        "    … 3 more lines",
        "    why: nobody\\x1b saw it",
        "",
        "1 sample flipped: 1 broken, 0 fixed; whole conversations: `inspect view --log-dir logs/evals/new` or",
        "`inspect view --log-dir logs/evals/old`",
    ]


def test_what_was_fixed_in_the_first_epoch_is_said_so():
    lines = printed(flips.shown([replace(FLIP, epoch=1, a=WRONG, b=RIGHT)], []))
    assert "FIXED  known_issues/right  a/b" in lines
    assert "0 broken, 1 fixed" in lines[-2]
    first = "No sample flipped in the first metric of its task; --metric TASK/METRIC asks for another one."
    assert " ".join(printed(flips.shown([], []))).strip() == first
    assert printed(flips.shown([], [], only="persona/match")) == ["", "No sample flipped in persona/match."]
    assert "Failures by code: A (A) against B (B)" in " ".join(
        printed(flips.shown([], [flips.CodeCount("t", "made_up", 0, 3, 0, 3)]))
    )


def test_codes_and_replies_have_their_colours():
    counts = [flips.CodeCount("t", *row) for row in (("more", 0, 1, 0, 1), ("less", 1, 0, 1, 0), ("same", 1, 1, 1, 1))]
    lines = coloured(flips.shown([FLIP], counts)).splitlines()
    shown = {code: line for line in lines for code in ("more", "less", "same") if code in line and "│" in line}
    assert "\x1b[31m" in shown["more"]
    assert "\x1b[32m" in shown["less"]
    assert "\x1b[3" not in shown["same"]
    assert any("\x1b[32mA = 1" in line for line in lines)
    assert any("\x1b[31mB = 0 made_up" in line for line in lines)


# --- plans ----------------------------------------------------------------------------------------------------------

DECIDED = plan.PlanRow("known_issues/right", 120, 60, 0.1, True, 0.875, 0.0625, 0.11, None)
UNDECIDED = replace(DECIDED, metric="tool_format/valid", families=7, margin=0.05, equal=0.25, found=0.125)


def test_a_plan_shows_what_each_margin_can_tell_and_warns_of_those_that_tell_nothing():
    lines = printed(plan.table(plan.Plan("small", (DECIDED,), (UNDECIDED,), True, 0.5)))
    assert lines[0] == "What the policy can decide on the suite small"
    assert lines[2].split() == ["metric", "n", "fam.", "margin", "equal", "50%", "5%", "found"]
    assert lines[4].split() == ["known_issues/right", "120", "60", "0.10", "0.88", "0.06", "0.11", "-"]
    assert lines[5].split() == ["tool_format/valid", "120", "7", "0.05", "0.25", "0.06", "0.11", "0.12"]
    assert " ".join(line for line in lines[6:] if line) == (
        "equal: the chance that an equally good candidate passes, if 10% of samples flip, correlated by 0.3 within "
        "families. 50%, 5%: the true drop that passes so often. found: the true drop that is shown to be one four "
        "times in five. Of the slices, those with the fewest families. "
        "The whole policy promotes a candidate with the same answers always, and an equally good one "
        "with a chance of 0.50, the champion being above all marks and floors. "
        "tool_format/valid: 7 families of samples do not decide a margin of 0.05; widen it, or add templates."
    )
    assert "\x1b[33mtool_format/valid" in coloured(plan.table(plan.Plan("small", (UNDECIDED,), (), False, 0.5)))
    assert "\x1b[33m" not in coloured(plan.table(plan.Plan("small", (DECIDED,), (), False, 0.5)))


def test_a_margin_is_decided_if_equal_answers_pass_and_equally_good_ones_do_four_times_in_five():
    assert replace(DECIDED, equal=0.8).decided
    assert not replace(DECIDED, equal=0.79).decided
    assert not replace(DECIDED, identical=False).decided


# --- the board ------------------------------------------------------------------------------------------------------

ROW = BoardRow("new", "known_issues", "right", "all", 0.75, 0.5, 0.875, 48, "")
FLAWED = replace(ROW, model="a|b", mean=0.25, flaw="its log is error: run the eval again")
PART = replace(ROW, slice="pattern=prose", n=12)


def test_the_board_has_a_line_for_each_model_and_says_why_one_is_not_ranked():
    sheet = terminal.table([ROW, FLAWED, replace(ROW, task="tool_format", metric="valid")])
    assert sheet.title == "Leaderboard: headline metrics, 95% intervals"
    assert [*sheet.keys, *sheet.heads] == ["model", "known_issues/right", "tool_format/valid"]
    assert sheet.rows == [
        (["new", "0.75 (0.50–0.88)", "0.75 (0.50–0.88)"], ""),
        (["a|b", "0.25 (0.50–0.88) †", ""], ""),
    ]
    assert sheet.caption == "† not ranked with the others: its log is error: run the eval again"


def test_slices_have_a_column_for_each_model_and_their_numbers_of_samples():
    sheet = terminal.slice_table([PART, replace(PART, model="old", n=11), replace(PART, slice="pattern=tool")])
    assert (sheet.title, sheet.caption) == ("By slice, 95% intervals", "")
    assert [*sheet.keys, *sheet.heads] == ["metric", "slice", "n", "new", "old"]
    assert sheet.rows == [
        (["known_issues/right", "pattern=prose", "12/11", "0.75 (0.50–0.88)", "0.75 (0.50–0.88)"], ""),
        (["known_issues/right", "pattern=tool", "12", "0.75 (0.50–0.88)", ""], ""),
    ]


def test_the_board_as_markdown_is_two_tables_and_a_note():
    assert terminal.to_markdown([ROW, PART, FLAWED]) == (
        "| model | known_issues/right |\n"
        "| --- | ---: |\n"
        "| new | 0.75 (0.50–0.88) |\n"
        "| a\\|b | 0.25 (0.50–0.88) † |\n"
        "\n"
        "| task | metric | slice | model | score (95%) | n |\n"
        "| --- | --- | --- | --- | ---: | ---: |\n"
        "| known_issues | right | all | new | 0.75 (0.50–0.88) | 48 |\n"
        "| known_issues | right | pattern=prose | new | 0.75 (0.50–0.88) | 12 |\n"
        "| known_issues | right | all | a\\|b | 0.25 (0.50–0.88) † | 48 |\n"
        "\n"
        "† not ranked with the others: its log is error: run the eval again\n"
    )
    assert terminal.to_markdown([ROW]).endswith("| known_issues | right | all | new | 0.75 (0.50–0.88) | 48 |\n")
