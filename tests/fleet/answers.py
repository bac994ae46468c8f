"""What a host answers to a line."""

from fleet.linux.shell import LinuxShell
from fleet.model import Host, Machine
from fleet.windows.shell import WindowsShell


def answer(line: str, on: Host | Machine) -> tuple[str, str, int]:
    """Standard output, standard error and exit status, in a new shell of a Linux host, which must lack nothing."""
    machine = on if isinstance(on, Machine) else Machine(on)
    told = LinuxShell(machine).run(line)
    assert machine.gaps == []
    return told


def met(host: Host, line: str) -> tuple[str, str, list[str]]:
    """Standard output, standard error, and what the fleet lacked, on a Windows host."""
    machine = Machine(host)
    stdout, stderr, _ = WindowsShell(machine).run(line)
    return stdout, stderr, [gap.what for gap in machine.gaps]
