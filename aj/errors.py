"""One error tree. Each message is one sentence: the cause, and what to type next."""


class AJError(Exception):
    """Anything the user can mend; the command line prints it and exits with `exit_code`."""

    exit_code = 4
    """Not 1 to 3: those are a gate's verdicts."""


class ConfigError(AJError):
    """A YAML file that does not say what its schema allows (with file and line)."""


class ContractError(ConfigError):
    """A contract that contradicts itself, such as a tool whose schema is not a schema."""


class DataError(AJError):
    """A row that cannot be read (with file and line)."""


class TrainError(AJError):
    """A run that would be, or became, something other than what its recipe says."""


class ServeError(AJError):
    """A server that cannot start, or that is not the one asked for."""


class EvidenceError(AJError):
    """Eval logs that are missing, incomplete or not comparable: no verdict can be given."""

    exit_code = 3
