"""The errors of this project. Each message is one sentence: the cause, and what to type next."""


class AJError(Exception):
    """An error that the user can fix; the command line prints it and exits with `exit_code`."""

    exit_code = 4
    """Not 1 to 3, which are the gate's verdicts."""


class ConfigError(AJError):
    """A YAML file does not fit its schema (with file and line)."""


class ContractError(ConfigError):
    """A contract contradicts itself, or a tool's schema is not a schema."""


class DataError(AJError):
    """A row cannot be read (with file and line)."""


class TrainError(AJError):
    """A run would differ, or differs, from what its recipe says."""


class ServeError(AJError):
    """A server cannot start, or is not the one that was asked for."""


class EvidenceError(AJError):
    """Eval logs are missing, incomplete or not comparable, so there is no verdict."""

    exit_code = 3
