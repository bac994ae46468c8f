"""The `aj` command: its parts, and how it ends when something fails."""

import sys
import traceback

import typer
from typer._click.exceptions import NoArgsIsHelpError, UsageError

from aj.allocator import keep_memory
from aj.errors import AJError
from loop.commands import data, evaluating, exporting, lint, listing, promoting, training
from loop.commands.terminal import progress

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Train AJ, measure it, and promote it only on evidence. Interrupted commands resume when you rerun them.",
)
for part in (data, lint, training, exporting, evaluating, promoting, listing):
    app.add_typer(part.app)

INTERRUPTED = 130
UNEXPECTED = 70


def main() -> None:
    """Entry point of a process that does nothing else: training begins it again with the settings of its allocator."""
    if sys.argv[1:2] == ["train"]:
        keep_memory()
    run()


def run() -> None:
    """Run a command: an error is one sentence on standard error; `--debug`, anywhere, also prints its traceback."""
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        code = app(standalone_mode=False)
    except NoArgsIsHelpError:
        raise SystemExit(AJError.exit_code) from None  # its help is printed
    except UsageError as error:
        # Its own code is 2, which would read as the gate's INCONCLUSIVE.
        command = error.ctx.command_path if error.ctx else "aj"
        _fail(f"{error.format_message().rstrip('.')}. See `{command} --help`.", AJError.exit_code, debug)
    except AJError as error:
        _fail(str(error), error.exit_code, debug)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}. Fix that, then run the same command again.", AJError.exit_code, debug)
    except Exception as error:
        _fail(f"Unexpected {type(error).__name__}: {error}. Add --debug to see where.", UNEXPECTED, debug)
    else:
        if code == INTERRUPTED:
            _fail("Interrupted. Run the same command again to resume.", INTERRUPTED, debug)
        raise SystemExit(code)


def _fail(message: str, code: int, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    progress.print(f"aj: {message}", highlight=False, soft_wrap=True)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
