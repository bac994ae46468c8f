"""What a Linux host answers to a line for which the fleet lacks nothing."""

from fleet.linux.shell import LinuxShell
from fleet.model import Host, Machine


def answer(line: str, on: Host | Machine) -> tuple[str, str, int]:
    """Standard output, standard error and exit status, in a new shell."""
    machine = on if isinstance(on, Machine) else Machine(on)
    told = LinuxShell(machine).run(line)
    assert machine.gaps == []
    return told
