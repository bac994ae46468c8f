"""A Windows host's shell: a PowerShell for everyday commands that acts only on the host's state.

Nothing runs on the real machine. Whatever it does not support it refuses in PowerShell's words.
"""

from fleet.actions import tick
from fleet.gaps import Gap, fault
from fleet.model import Host, Machine
from fleet.windows.evaluate import Interpreter
from fleet.windows.failure import MAX_OUTPUT, Failure, Unmodelled, refused
from fleet.windows.format import render
from fleet.windows.paths import Listing
from fleet.windows.session import Session
from fleet.windows.statements import Leaving


class WindowsShell:
    """PowerShell on one host; its commands replace `machine.host`. Every line is a process of its own: variables and
    the current folder end with it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._folders: dict[str, int] = {}
        self._listing: Listing | None = None

    def run(self, line: str) -> tuple[str, str, int]:
        """(standard output, standard error, exit code) of a command line. Never raises because of the line's
        content."""
        interpreter = Interpreter(self._machine)
        session = interpreter.session
        session.line, session.folders, session.listing = line, self._folders, self._listing
        try:
            interpreter.run_script(line)
        except Failure as failure:
            session.printed += failure.taken()
            session.report(failure)
        except Leaving as leaving:
            session.printed += leaving.values
        except RecursionError:
            # blocks that call blocks, each within its limit, may still overflow Python's stack
            session.report(refused("The script failed due to call depth overflow."))
        except Unmodelled as missing:
            self._machine.gaps.append(Gap("option", str(missing)))
        except Exception as error:
            self._machine.gaps.append(fault("powershell", error))
        self._folders, self._listing = session.folders, session.listing
        stdout = self._printed(session)
        del (
            interpreter.session
        )  # each holds the other: what a line has made is freed at once, not by the next collection
        code = session.exit_code if session.exit_code is not None else 0 if session.ok else 1
        self._machine.hangs = code == 124
        self._machine.host = tick(self._machine.host)
        return stdout, "".join(session.errors)[:MAX_OUTPUT], code

    def sync(self) -> Host:
        """The current host: files are written to it immediately."""
        return self._machine.host

    def _printed(self, session: Session) -> str:
        try:
            return render(session.printed)
        except (Failure, RecursionError):
            session.report(refused("Exception of type 'System.OutOfMemoryException' was thrown."))
        except Unmodelled as missing:
            self._machine.gaps.append(Gap("option", str(missing)))
        except Exception as error:
            self._machine.gaps.append(fault("powershell", error))
        return ""
