"""Commands of a simulated host. They run in bashkit, a sandboxed bash with an in-memory file system, never on the
machine; the builtins here read and change the host's state instead of describing the sandbox."""

from collections.abc import Callable

from bashkit import Bash, BuiltinContext, BuiltinResult

from aj.fleet.hosts import Host, human

MAX_OUTPUT = 4_000
"""Characters of output that come back; the runtime cuts the rest."""


class Shell:
    """A shell on one host. `host` is the current state; commands replace it."""

    def __init__(self, host: Host, folder: str = "/srv/app") -> None:
        self._commands = _Commands(host)
        self._folder = folder
        self._bash: Bash | None = None

    @property
    def host(self) -> Host:
        return self._commands.host

    def run(self, command: str) -> tuple[str, int]:
        """(output, exit code); standard error follows standard output."""
        # Made on first use: a Bash holds file descriptors, and most hosts of most fleets are never spoken to.
        self._bash = self._bash or self._start()
        done = self._bash.execute_sync(command)
        output = (done.stdout + done.stderr).rstrip("\n")
        return output[:MAX_OUTPUT], done.exit_code

    def _start(self) -> Bash:
        host = self.host
        files: dict[str, str | Callable[[], str]]
        files = {f"{self._folder}/{name}": f"{host.version if name == 'VERSION' else name}\n" for name in host.files}
        files["/var/log/app.log"] = "\n".join(host.log) + "\n"
        files["/etc/os-release"] = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
        return Bash(
            hostname=host.name,
            username="root",
            files=files,
            custom_builtins=self._commands.builtins(),
            timeout_seconds=5,
            max_commands=2_000,
        )


class _Commands:
    """The builtins and the state they act on; knows no Bash, so that the two form no cycle and are freed at once."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def builtins(self) -> dict[str, Callable[[BuiltinContext], str | BuiltinResult]]:
        return {
            "uptime": self._uptime,
            "df": self._df,
            "free": self._free,
            "nproc": lambda _: f"{self.host.cores}\n",
            "uname": self._uname,
            "systemctl": self._systemctl,
            "docker": self._docker,
            "ps": self._ps,
            "top": self._top,
        }

    def _uptime(self, context: BuiltinContext) -> str:
        host = self.host
        if "-p" in context.argv or "--pretty" in context.argv:
            return f"up {host.days_up} days\n"
        return f" 10:15:00 up {host.days_up} days, 1 user, load average: {_loads(host)}\n"

    def _df(self, context: BuiltinContext) -> str | BuiltinResult:
        host = self.host
        used = host.disk_gb * host.disk_percent // 100
        paths = [word for word in context.argv if not word.startswith("-")]
        if unknown := [path for path in paths if path != "/"]:
            return _fail(f"df: {unknown[0]}: No such file or directory", 1)
        unit, scale = ("G", 1) if "-h" in context.argv else ("", 1024 * 1024)
        head = (
            "Filesystem Size Used Avail Use% Mounted on"
            if unit
            else "Filesystem 1K-blocks Used Available Use% Mounted on"
        )
        sizes = " ".join(f"{size * scale}{unit}" for size in (host.disk_gb, used, host.disk_gb - used))
        return f"{head}\n/dev/sda1 {sizes} {host.disk_percent}% /\n"

    def _free(self, context: BuiltinContext) -> str:
        total, used = self.host.memory_mb, self.host.memory_used_mb
        show = human if "-h" in context.argv else (str if "-m" in context.argv else lambda mb: str(mb * 1024))
        return f"      total used free\nMem: {show(total)} {show(used)} {show(total - used)}\n"

    def _uname(self, context: BuiltinContext) -> str:
        if "-r" in context.argv:
            return f"{self.host.kernel}\n"
        if "-a" in context.argv:
            return f"Linux {self.host.name} {self.host.kernel} x86_64 GNU/Linux\n"
        return "Linux\n"

    def _systemctl(self, context: BuiltinContext) -> str | BuiltinResult:
        words = [word for word in context.argv if not word.startswith("-")]
        if len(words) < 2:
            return _fail("Too few arguments.", 1)
        verb, unit = words[0], words[1].removesuffix(".service")
        state = self.host.services.get(unit)
        if state is None:
            if verb == "is-active":
                return BuiltinResult(stdout="inactive\n", exit_code=4)
            return _fail(f"Unit {unit}.service could not be found.", 4)
        if verb == "restart":
            self.host = self.host.restart(unit)
            return ""
        if verb == "is-active":
            return BuiltinResult(stdout=f"{state}\n", exit_code=0 if state == "active" else 3)
        if verb == "status":
            loaded = f"{unit}.service\n     Loaded: loaded (/lib/systemd/system/{unit}.service; enabled)"
            return BuiltinResult(stdout=f"{loaded}\n     Active: {state}\n", exit_code=0 if state == "active" else 3)
        return _fail(f"Unknown command verb {verb}.", 1)

    def _docker(self, context: BuiltinContext) -> str | BuiltinResult:
        if not context.argv or context.argv[0] != "ps":
            return _fail("docker: only 'docker ps' is known on this host", 1)
        if any("Names" in word for word in context.argv):
            return "".join(f"{name}\n" for name in self.host.containers)
        rows = [f"{i:012x} {name}:latest Up {name}" for i, name in enumerate(self.host.containers, start=0xC0FFEE)]
        return "\n".join(["CONTAINER ID IMAGE STATUS NAMES", *rows]) + "\n"

    def _ps(self, _: BuiltinContext) -> str:
        active = [name for name, state in self.host.services.items() if state == "active"]
        rows = [f"root {300 + 7 * i} 0.{i} 0.{i + 1} {name}" for i, name in enumerate(active)]
        return "\n".join(["USER PID %CPU %MEM COMMAND", *rows]) + "\n"

    def _top(self, context: BuiltinContext) -> str:
        return f"top - 10:15:00 up {self.host.days_up} days, 1 user, load average: {_loads(self.host)}\n" + self._ps(
            context
        )


def _loads(host: Host) -> str:
    return f"{host.load:.2f}, {host.load * 0.9:.2f}, {host.load * 0.8:.2f}"


def _fail(message: str, code: int) -> BuiltinResult:
    return BuiltinResult(stderr=f"{message}\n", exit_code=code)
