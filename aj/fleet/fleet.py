"""A simulated fleet: hosts with shells, and the contract's tools that act on them, with the runtime's own results."""

from collections.abc import Sequence
from random import Random

from aj.contract import Contract
from aj.fleet.hosts import Host, draw_host
from aj.fleet.shell import Shell
from aj.messages import Call

WORKSPACE = "/workspace"


class Fleet:
    """Hosts by name, plus AJ's local workspace. Deterministic: the same seed and calls give the same results."""

    def __init__(self, hosts: list[Host], local: Host) -> None:
        self._shells = {host.name: Shell(host) for host in hosts}
        self._local = Shell(local, WORKSPACE)

    @classmethod
    def draw(cls, names: Sequence[str], seed: int) -> "Fleet":
        rng = Random(seed)
        return cls([draw_host(name, rng) for name in names], draw_host("workspace", rng))

    @property
    def hosts(self) -> dict[str, Host]:
        """The current state; compare two of these to see what calls changed."""
        return {name: shell.host for name, shell in self._shells.items()}

    @property
    def local(self) -> Host:
        return self._local.host

    def dispatch(self, call: Call, contract: Contract) -> str:
        """The result text of a call that the contract accepts.

        Raises:
            KeyError: the contract names a tool that this fleet does not have (our fault, not the model's).
        """
        handlers = {
            "bash": lambda p: _result(*self._local.run(f"cd {WORKSPACE}\n{p['command']}")),
            "remote_bash": lambda p: self._remote(p["agent_id"], p["command"]),
            "remote_bash_all": lambda p: self._remote_all(p["command"]),
            "list_agents": lambda _: self._list(),
            "think": lambda _: "",
            contract.conduct.finish: lambda _: "",
        }
        return handlers[call.tool](call.params)

    def _list(self) -> str:
        if not self._shells:
            return "No agents available"
        return "\n".join(["Available agents:", *(host.agent.line for host in self.hosts.values())])

    def _remote(self, agent: str, command: str) -> str:
        if agent not in self._shells:
            return f"ERROR: Agent '{agent}' not found. Available: {', '.join(self._shells)}"
        return _result(*self._shells[agent].run(command))

    def _remote_all(self, command: str) -> str:
        if not self._shells:
            return "ERROR: No agents available"
        outputs = {name: _result(*shell.run(command)) for name, shell in self._shells.items()}
        return "\n\n".join(f"[{name}]\n{output}" for name, output in outputs.items())


def _result(output: str, exit_code: int) -> str:
    if exit_code and not output:
        return f"ERROR: exit code {exit_code}"
    return output or "(no output)"
