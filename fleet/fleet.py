"""A simulated fleet: machines with shells, and the acts performed on them."""

from collections.abc import Sequence
from shlex import quote

from aj.acts import Act
from fleet.gaps import Gap
from fleet.linux.shell import LinuxShell
from fleet.model import Host, Machine
from fleet.windows.shell import WindowsShell

WORKSPACE = "/workspace"
LOCAL = "workspace"
"""The name of AJ's own machine in a snapshot."""
MAX_OUTPUT = 4_000
"""Characters of output that are returned; the runtime cuts off the rest."""
TIMEOUT = 60
"""Default time-out of a command, in seconds of the fleet's clock."""


class Fleet:
    """Hosts by name, plus AJ's local workspace. Deterministic: the same hosts and calls give the same results."""

    def __init__(self, hosts: Sequence[Host], local: Host) -> None:
        self._machines = {host.name: Machine(host) for host in hosts}
        for machine in self._machines.values():
            machine.fleet = self._machines
        self._local_machine = Machine(local, self._machines)
        self._shells = {
            name: (WindowsShell if machine.host.platform == "windows" else LinuxShell)(machine)
            for name, machine in self._machines.items()
        }
        self._local = LinuxShell(self._local_machine, WORKSPACE)

    @property
    def hosts(self) -> dict[str, Host]:
        """The current state of the agents."""
        return {name: shell.sync() for name, shell in self._shells.items()}

    @property
    def local(self) -> Host:
        return self._local.sync()

    def snapshot(self) -> dict[str, Host]:
        """The state of every machine including AJ's own; `fleet.snapshot.diff` compares two of these."""
        return {**self.hosts, LOCAL: self.local}

    @property
    def gaps(self) -> list[Gap]:
        """What was asked of a machine so far and could not be answered as a real one would."""
        return [gap for machine in (*self._machines.values(), self._local_machine) for gap in machine.gaps]

    def dispatch(self, act: Act) -> str:
        """Perform an act; the text of its result, "" where it has none."""
        timeout = act.timeout or TIMEOUT
        match act.kind:
            case "here":
                return self._here(act.command, act.folder or WORKSPACE, timeout)
            case "on_one":
                return self._on_one(act.host, act.command, timeout)
            case "on_all":
                return self._on_all(act.command, timeout)
            case "discover":
                return self._list()
            case "think" | "finish":
                return ""

    def _list(self) -> str:
        if not self._shells:
            return "No agents available"
        return "\n".join(["Available agents:", *(machine.host.agent.line for machine in self._machines.values())])

    def _here(self, command: str, folder: str, timeout: int) -> str:
        if not command.strip():
            return "ERROR: No command provided"
        line = f"cd {quote(folder)} || exit; {command}"
        output, error = self._run(self._local, self._local_machine, line, timeout)
        return output or f"ERROR: {error}"

    def _on_one(self, agent: str, command: str, timeout: int) -> str:
        if agent not in self._shells:
            return f"ERROR: Agent '{agent}' not found. Available: {', '.join(self._shells)}"
        output, error = self._run(self._shells[agent], self._machines[agent], command, timeout)
        late = f"Failed to execute on {agent}: " if error.startswith("Command timed out") else ""
        return output or f"ERROR: {late}{error}"

    def _on_all(self, command: str, timeout: int) -> str:
        if not self._shells:
            return "ERROR: No agents available"
        blocks, failed = [], False
        for name, shell in self._shells.items():
            output, error = self._run(shell, self._machines[name], command, timeout)
            blocks.append(f"[{name}]\n{output}" if output else f"[{name}] ERROR: {error}")
            failed = failed or not output
        return "\n\n".join([*blocks, *(["Some agents failed"] if failed else [])])

    def _run(self, shell: LinuxShell | WindowsShell, machine: Machine, command: str, timeout: int) -> tuple[str, str]:
        """(output, "") if the command printed something, else ("", error). Standard error follows standard output."""
        begun = machine.host.now
        # Every call starts in the home folder, like a new process; a host without one (rm -rf /) still answers.
        home = "cd 2>/dev/null; " if shell is not self._local and machine.host.platform == "linux" else ""
        stdout, stderr, code = shell.run(home + command)
        if machine.hangs or machine.host.now - begun > timeout:
            return "", f"Command timed out after {timeout}s"
        said = "\n".join(part.rstrip("\n") for part in (stdout, stderr) if part.strip())
        if code and not stdout.strip():
            return "", _cut(said) or f"exit code {code}"
        return _cut(said) or "(no output)", ""


def _cut(text: str) -> str:
    if len(text) <= MAX_OUTPUT:
        return text
    return f"{text[:MAX_OUTPUT]}\n[output truncated: {len(text) - MAX_OUTPUT} more characters]"
