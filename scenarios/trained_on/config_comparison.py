"""Config comparison, trained on: one value, one key on all hosts, the deviating one, changes since a backup."""

from aj.acts import on, on_all
from scenarios.scenario import Stage, template
from scenarios.trouble import Setting, set_value, wants_file, with_service, without_service, write

SETTINGS = (
    Setting("postgresql", "/etc/postgresql/15/main/postgresql.conf", "max_connections", ("100", "150", "200", "300")),
    Setting("redis", "/etc/redis/redis.conf", "maxmemory-policy", ("allkeys-lru", "noeviction", "volatile-ttl")),
    Setting("grafana", "/etc/grafana/grafana.ini", "allow_sign_up", ("true", "false")),
    Setting("ssh", "/etc/ssh/sshd_config", "PasswordAuthentication", ("yes", "no")),
    Setting("ssh", "/etc/ssh/sshd_config", "PermitRootLogin", ("prohibit-password", "yes", "no")),
)


@template("config_comparison", "train", "easy")
def one_setting(stage: Stage) -> None:
    """One value from one file."""
    name, setting = stage.pick(), stage.rng.choice(SETTINGS)
    value = stage.rng.choice(setting.values)
    stage.put(setting.put(stage.hosts[name], value))
    stage.turn(
        ("what is {key} set to in {path} on {host}?", "show {key} from {path} on {host}",
            "grep {key} in {path} on {host}", "which value does {key} have in {path} on {host}?",
            "look up {key} in {path} on {host}", "read {key} out of {path} on {host}",
            "on {host}, what does {path} say about {key}?", "check the {key} setting in {path} on {host}",
            "get me {key} in {path} from {host}", "{key} in {path} on {host}?",
            "tell me the {key} value in {path} on {host}"),
        [on(name, f"grep {setting.key} {setting.path}")], {name: (value,)}, f"`{setting.key}` on `{name}` is `{value}`",
        "the file says how the service starts next time", key=setting.key, path=setting.path, host=name,
    )  # fmt: skip


@template("config_comparison", "train", "medium")
def the_same_key_everywhere(stage: Stage) -> None:
    """One key across the whole fleet."""
    setting = stage.rng.choice(SETTINGS)
    values = {name: stage.rng.choice(setting.values) for name in stage.hosts}
    for name, value in values.items():
        stage.put(setting.put(stage.hosts[name], value))
    stage.turn(
        ("compare {key} in {path} across all hosts", "what is {key} in {path} on every host?",
            "show {key} of {path} for all servers", "is {key} in {path} the same everywhere? show each value",
            "list the {key} values in {path} per host", "grep {key} in {path} on all of them",
            "get {key} from {path} on each server", "which {key} does each host have in {path}?",
            "{key} in {path}: one value per server please", "put the {key} values of {path} side by side for all hosts",
            "read {key} from {path} everywhere"),
        [on_all(f"grep {setting.key} {setting.path}")], {name: (value,) for name, value in values.items()},
        ", ".join(f"`{name}` `{value}`" for name, value in values.items()), "servers that differ behave differently",
        key=setting.key, path=setting.path,
    )  # fmt: skip


@template("config_comparison", "train", "medium", size=(3, 4))
def the_odd_file(stage: Stage) -> None:
    """A checksum shows which host has a different file."""
    setting, odd = stage.rng.choice(SETTINGS), stage.pick()
    usual, other = setting.two(stage.rng)
    for name in stage.hosts:
        host = setting.put(stage.hosts[name], other if name == odd else usual)
        text = host.files[setting.path].content.replace(f"= {name}\n", "= shop.internal\n")
        stage.put(write(host, setting.path, text))
    stage.turn(
        ("which host has a different {path}?", "compare the checksums of {path}, which server differs?",
            "one server has another {path}, which one?", "is {path} identical on all hosts? name the one that is not",
            "sha256sum {path} everywhere and tell me the odd one", "find the host whose {path} is not like the others",
            "who has a {path} that differs?", "check {path} by checksum, where is it different?",
            "on which server does {path} deviate?", "compare {path} between all servers and name the outlier"),
        [on_all(f"sha256sum {setting.path}")], {odd: ()}, f"only `{odd}` has another `{setting.path}`",
        "equal checksums mean equal files", never=stage.others(odd), path=setting.path,
    )  # fmt: skip


@template("config_comparison", "train", "medium")
def changed_since_the_backup(stage: Stage) -> None:
    """What has changed since the backup."""
    name, setting = stage.pick(), stage.rng.choice(SETTINGS)
    old, new = setting.two(stage.rng)
    host = setting.put(stage.hosts[name], old)
    stage.put(
        set_value(write(host, f"{setting.path}.bak", host.files[setting.path].content), setting.path, setting.key, new)
    )
    stage.turn(
        ("what changed in {path} on {host} since {path}.bak?", "diff {path}.bak and {path} on {host}",
            "compare {path} with {path}.bak on {host}", "on {host}, how does {path} differ from {path}.bak?",
            "what is different between {path}.bak and {path} on {host}?",
            "show the change from {path}.bak to {path} on {host}",
            "did somebody edit {path} on {host}? compare with {path}.bak", "check {path} against {path}.bak on {host}",
            "which line differs in {path} and {path}.bak on {host}?"),
        [on(name, f"diff {setting.path}.bak {setting.path}")], {name: (setting.key, old, new)},
        f"on `{name}` `{setting.key}` went from `{old}` to `{new}`", "the last change is the first suspect",
        path=setting.path, host=name,
    )  # fmt: skip


@template("config_comparison", "train", "hard", size=(3, 4))
def align_the_odd_one(stage: Stage) -> None:
    """Find the deviating value and set it to that of all other hosts, which stay as they are."""
    setting, odd = stage.rng.choice(SETTINGS), stage.pick()
    usual, other = setting.two(stage.rng)
    for name in stage.hosts:
        stage.put(setting.put(stage.hosts[name], other if name == odd else usual))
    line = next(line for line in stage.hosts[odd].files[setting.path].content.splitlines() if setting.key in line)
    fixed = line.replace(other, usual)
    stage.turn(
        ("one host has another {key} in {path}. set it to what the others have",
            "find the host with the wrong {key} in {path} and correct it",
            "{key} in {path} deviates on one server, make it like the rest",
            "align {key} in {path} on the odd server with the others",
            "look for the {key} in {path} that differs and fix that one",
            "bring the odd {key} in {path} in line with the others",
            "repair {key} in {path} where it is not like on the other hosts",
            "one {key} in {path} is off, set it to the common value",
            "make {key} in {path} equal everywhere, one host deviates"),
        [on_all(f"grep {setting.key} {setting.path}"),
        on(odd, f"sed -i 's/{line}/{fixed}/' {setting.path} && grep {setting.key} {setting.path}")], {odd: (usual,)},
        f"`{odd}` had `{setting.key}` on `{other}`, it is `{usual}` now", "one odd server makes odd bugs",
        key=setting.key, path=setting.path,
    )  # fmt: skip
    wants_file(stage, set_value(stage.hosts[odd], setting.path, setting.key, usual), setting.path)
    stage.sees("finds the odd value", odd, other)


@template("config_comparison", "train", "hard")
def no_such_file(stage: Stage) -> None:
    """The requested file does not exist: say so."""
    name, setting = stage.pick(), stage.rng.choice(SETTINGS[:3])
    host = without_service(stage.hosts[name], setting.service)
    stage.put(host.with_file(setting.path, None))
    stage.turn(
        ("read {key} from the file {path} of {host}", "print {key} in {path} for {host}",
            "I need {key} of {path} on {host}", "pull {key} out of {path} at {host}",
            "give me the {key} line of {path} on {host}", "fetch {key} from {path} on {host}",
            "what does {host} have for {key} in {path}?", "see what {key} is in {path} on {host}",
            "find {key} in {path} on {host}"),
        [on(name, f"grep {setting.key} {setting.path}")],
        {name: ("no such file|not there|does not exist|doesn't exist|missing|not found",)},
        f"`{setting.path}` does not exist on `{name}`", "a file that is not there sets nothing", kind="failed",
        key=setting.key, path=setting.path, host=name,
    )  # fmt: skip


@template("config_comparison", "train", "easy", size=(2, 3), windows=1)
def a_windows_setting(stage: Stage) -> None:
    """A value from a JSON file on Windows."""
    name, level = stage.pick("windows"), stage.rng.choice(("Information", "Warning", "Debug", "Error"))
    path = r"C:\Apps\Orders\appsettings.json"
    stage.put(set_value(with_service(stage.hosts[name], "OrdersSvc"), path, "LogLevel", level))
    stage.turn(
        ("what is LogLevel in {path} on {host}?", "show the LogLevel of {path} on {host}",
            "read LogLevel from {path} on {host}", "which LogLevel does {path} on {host} have?",
            "check LogLevel in {path} on {host}", "on {host}, what LogLevel is in {path}?",
            "get the LogLevel out of {path} on {host}", "look into {path} on {host}, what is LogLevel?",
            "LogLevel in {path} on {host}?"),
        [on(name, f"Get-Content {path}")], {name: (level,)}, f"`LogLevel` on `{name}` is `{level}`",
        "the level decides what the log shows", path=path, host=name,
    )  # fmt: skip
