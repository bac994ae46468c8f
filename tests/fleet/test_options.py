"""Tables of options: how command lines are read by them, and that no option in them is taken and ignored in silence."""

import importlib
import inspect
import pkgutil
import re

import pytest

import fleet.linux
from fleet.linux.options import OptionError, OptionTable, options, read_options

TABLE = options("""
    -a --all
    -n --lines=
    --color[=]
    --colour-scheme=
    ~ --no-pager
""")


def test_options_stand_anywhere_and_long_ones_may_be_abbreviated():
    read = read_options(["x", "-an", "3", "--line=4", "y", "--", "-z"], TABLE)
    assert (read.words, read.pairs) == (["x", "y", "-z"], [("a", ""), ("n", "3"), ("n", "4")])
    assert read.get("n") == "4"
    assert read.every("n") == ["3", "4"]


def test_an_optional_value_is_given_with_a_sign_only():
    assert read_options(["--color", "x"], TABLE).pairs == [("color", "")]
    assert read_options(["--color=auto"], TABLE).pairs == [("color", "auto")]


@pytest.mark.parametrize(
    ("argv", "option", "why"),
    [
        (["-z"], "-z", "unknown"),
        (["-az"], "-z", "unknown"),
        (["--nope"], "--nope", "unknown"),
        (["--all=x"], "--all", "takes none"),
        (["-n"], "-n", "needs"),
        (["--lines"], "--lines", "needs"),
        (["--col"], "--col", "ambiguous"),
    ],
)
def test_what_does_not_fit_the_table_is_told(argv: list[str], option: str, why: str):
    with pytest.raises(OptionError) as error:
        read_options(argv, TABLE)
    assert (error.value.option, error.value.why) == (option, why)


MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(fleet.linux.__path__, "fleet.linux.")
    if not found.ispkg and not found.name.endswith("collect_manual")
]
TABLES = [
    (module, name)
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, OptionTable)
    and re.search(rf"^{name} = option(s|_table)\(", inspect.getsource(module), re.MULTILINE)
]


@pytest.mark.parametrize(("module", "name"), TABLES, ids=lambda part: getattr(part, "__name__", part))
def test_every_option_of_a_table_is_asked_for_or_is_said_to_have_no_effect(module, name: str):
    table: OptionTable = getattr(module, name)
    folder = module.__name__.rpartition(".")[0]
    near = [module] if folder == "fleet.linux" else [one for one in MODULES if one.__name__.startswith(folder)]
    source = "".join(map(inspect.getsource, near))
    used = re.sub(r'option(?:s|_table)\((?:[A-Z_]+ \+ )?"""[^"]*"""\)', "", source)
    words = {word for text in re.findall(r'"([^"\n]*)"', used) for word in (text, text.lstrip("-"), *text)}
    kept = {kept for kept, _ in table.spelled.values()} - table.ignored
    assert sorted(kept - words) == []
