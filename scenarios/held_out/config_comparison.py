"""Config comparison, held out: files, keys and situations that are not trained on."""

from aj.acts import on, on_all
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import Setting, set_value, some_hosts, wants_file, with_service, without_service, write

SETTINGS = (
    Setting("mysql", "/etc/mysql/my.cnf", "innodb_buffer_pool_size", ("128M", "256M", "512M", "1G")),
    Setting("haproxy", "/etc/haproxy/haproxy.cfg", "maxconn", ("1024", "2048", "4096", "8192")),
    Setting("orders", "/etc/orders/orders.yml", "pool", ("5", "10", "20", "40")),
    Setting("billing", "/etc/billing/billing.yml", "retry", ("1", "3", "5")),
    Setting("apache2", "/etc/apache2/apache2.conf", "Timeout", ("60", "120", "300")),
)
COUNTED = SETTINGS[1:]
"""Settings with numeric values."""


@template("config_comparison", "eval", "easy")
def what_is_configured(stage: Stage) -> None:
    """One value from one file of a service that is not trained on."""
    name, setting = stage.pick(), stage.rng.choice(SETTINGS)
    value = stage.rng.choice(setting.values)
    stage.put(setting.put(stage.hosts[name], value))
    stage.turn(
        ("how is {key} configured on {host}? it stands in {path}",
            "the {key} that {host} uses, according to {path}", "{path} on {host}: give me its {key}",
            "can you open {path} on {host} and quote {key}?"),
        [on(name, f"grep {setting.key} {setting.path}")], {name: (value,)}, f"`{setting.key}` on `{name}` is {value}",
        "a wrong value shows only under load", key=setting.key, path=setting.path, host=name,
    )  # fmt: skip


@template("config_comparison", "eval", "medium", size=(3, 4))
def do_two_agree(stage: Stage) -> None:
    """Two of several hosts are compared."""
    setting = stage.rng.choice(SETTINGS)
    first, second = stage.rng.sample(list(stage.hosts), 2)
    values = {name: stage.rng.choice(setting.values) for name in stage.hosts}
    for name, value in values.items():
        stage.put(setting.put(stage.hosts[name], value))
    same = values[first] == values[second]
    stage.turn(
        ("do {first} and {second} agree on {key} in {path}? both values please",
            "{first} versus {second}: what does each have for {key} in {path}?",
            "hold {key} of {path} on {first} against the one on {second}",
            "does {key} in {path} match between {first} and {second}? what are they?"),
        [on(name, f"grep {setting.key} {setting.path}") for name in (first, second)],
        {name: (values[name],) for name in (first, second)},
        f"`{first}` has {values[first]}, `{second}` has {values[second]}: {'the same' if same else 'they differ'}",
        "a pair of servers should be configured alike", first=first, second=second, key=setting.key, path=setting.path,
    )  # fmt: skip


@template("config_comparison", "eval", "medium", size=(3, 4))
def below_the_minimum(stage: Stage) -> None:
    """A threshold across the fleet: only hosts below it are asked for."""
    setting, names = stage.rng.choice(COUNTED), list(stage.hosts)
    low, *enough = setting.values
    line = stage.rng.choice(enough)
    short = some_hosts(stage)
    for name in names:
        stage.put(
            setting.put(
                stage.hosts[name],
                low if name in short else stage.rng.choice([v for v in enough if int(v) >= int(line)]),
            )
        )
    stage.turn(
        ("{key} in {path} has to be at least {line}. who is below that?",
            "where is {key} in {path} smaller than {line}?", "name every server whose {path} has {key} under {line}",
            "audit: {key} in {path} must not be less than {line}, who violates it?"),
        [on_all(f"grep {setting.key} {setting.path}")], dict.fromkeys(short, (low,)),
        ", ".join(f"`{name}` has {low}" for name in short),
        "a limit that is too small refuses users at the busiest hour",
        never=[name for name in names if name not in short], key=setting.key, path=setting.path, line=line,
    )  # fmt: skip


@template("config_comparison", "eval", "medium")
def which_config_is_broken(stage: Stage) -> None:
    """nginx checks its own configuration: on one host it contains a misspelt directive."""
    broken, path = stage.pick(), "/etc/nginx/nginx.conf"
    right, wrong = stage.rng.choice((("sendfile", "sendfil"), ("keepalive_timeout", "keepalive_timeot")))
    for name in stage.hosts:
        stage.put(with_service(stage.hosts[name], "nginx"))
    host = stage.hosts[broken]
    stage.put(write(host, path, host.files[path].content.replace(right, wrong)))
    stage.turn(
        ("run nginx's config test on every server: who fails, and on which directive?",
            "whose nginx.conf does not pass nginx -t, and why?",
            "before the reload: does the nginx config check out everywhere? tell me who fails and on what",
            "validate nginx.conf on all machines, I want the bad one and its bad directive"),
        [on_all("nginx -t")], {broken: (wrong,)}, f"only `{broken}` fails: unknown directive `{wrong}`",
        "with a broken config nginx does not come back from a restart", never=stage.others(broken),
    )  # fmt: skip


@template("config_comparison", "eval", "hard", size=(3, 4))
def one_has_no_such_file(stage: Stage) -> None:
    """A fleet-wide query that fails on one host: report the others' values and say that this one failed."""
    setting, lacking = stage.rng.choice(SETTINGS), stage.pick()
    values = {name: stage.rng.choice(setting.values) for name in stage.others(lacking)}
    for name, value in values.items():
        stage.put(setting.put(stage.hosts[name], value))
    stage.put(without_service(stage.hosts[lacking], setting.service).with_file(setting.path, None))
    told = [f"`{name}` {values[name]}" if name in values else f"`{name}` has no such file" for name in stage.hosts]
    stage.turn(
        ("collect {key} out of {path} from the whole fleet, and say where you cannot get it",
            "an overview of {key} in {path} per machine, gaps included",
            "inventory of {key} ({path}) over all machines; mention those without it",
            "what do our machines have as {key} in {path}? be honest about missing ones"),
        [on_all(f"grep {setting.key} {setting.path}")],
        {name: (values[name],) if name in values else ("no such file|no file|missing|not there|does not exist|doesn't exist|not found",) for name in stage.hosts},
        ", ".join(told), "a missing file means that the service runs elsewhere, or not at all", key=setting.key,
        path=setting.path,
    )  # fmt: skip


@template("config_comparison", "eval", "hard", size=(3, 4))
def fix_and_restart(stage: Stage) -> None:
    """The deviating value is corrected, and the service restarted there so that it takes effect."""
    setting, odd = stage.rng.choice(SETTINGS[2:4]), stage.pick()
    usual, other = setting.two(stage.rng)
    for name in stage.hosts:
        stage.put(setting.put(stage.hosts[name], other if name == odd else usual))
    key, path, service = setting.key, setting.path, setting.service
    stage.turn(
        ("{key} in {path} should be {value} on all machines. change it where it is not, and restart {service} there only",
            "somebody set {key} in {path} to something else on one machine; put {value} back and restart {service} on it",
            "enforce {key} {value} in {path}: correct the one that deviates, then restart its {service}",
            "one {path} has a wrong {key}: write {value} there and restart {service} on that machine"),
        [on_all(f"grep {key} {path}"),
        on(odd, f"sed -i 's/{key}: {other}/{key}: {usual}/' {path} && systemctl restart {service} && systemctl is-active {service}")],
        {odd: (usual, "active|running|restarted")},
        f"`{odd}` had {key} {other}, it has {usual} now, `{service}` is restarted and active",
        "a running service keeps the old value until it restarts", key=key, path=path, value=usual, service=service,
    )  # fmt: skip
    wants_file(stage, set_value(stage.hosts[odd], path, key, usual), path)
    at = f"{odd}/services/{service}"
    stage.goal(f"{at}/restarts", "1", [f"{at}/*"])
    stage.goal(f"{at}/state", "active")


@template("config_comparison", "eval", "hard", size=(2, 3), windows=1)
def across_two_systems(stage: Stage) -> None:
    """The same service on Linux and on Windows keeps its port in different files."""
    linux, windows = stage.pick("linux"), stage.pick("windows")
    ports = {linux: stage.rng.choice(("8080", "8081")), windows: stage.rng.choice(("8080", "8090"))}
    path = r"C:\Apps\Orders\appsettings.json"
    stage.put(set_value(with_service(stage.hosts[linux], "orders"), "/etc/orders/orders.yml", "port", ports[linux]))
    stage.put(set_value(with_service(stage.hosts[windows], "OrdersSvc"), path, "Port", ports[windows]))
    stage.turn(
        ("orders port on {linux} (/etc/orders/orders.yml) and on {windows} ({path}), are they equal?",
            "which port does /etc/orders/orders.yml give on {linux}, and which one {path} on {windows}?",
            "compare the configured port: /etc/orders/orders.yml on {linux} against {path} on {windows}",
            "does the Port in {path} on {windows} equal the port in /etc/orders/orders.yml on {linux}? both numbers"),
        [on(linux, "grep port /etc/orders/orders.yml"), on(windows, f"Get-Content {path}")],
        {name: (port,) for name, port in ports.items()},
        ", ".join(f"`{name}` uses port {port}" for name, port in ports.items()), "clients must know which port to call",
        linux=linux, windows=windows, path=path,
    )  # fmt: skip


@template("config_comparison", "eval", "hard", size=(3, 4))
def which_billing(stage: Stage) -> None:
    """A change without a host, although several have the file: ask before writing anything."""
    path, names = "/etc/billing/billing.yml", list(stage.hosts)
    has = sorted(stage.rng.sample(names, 2), key=names.index)
    for name in names:
        host = without_service(stage.hosts[name], "billing").with_file(path, None)
        stage.put(with_service(host, "billing") if name in has else host)
    name = stage.rng.choice(has)
    stage.turn(
        ("set log_level to debug in {path}", "{path} needs log_level debug",
            "switch the log_level in {path} to debug", "I want debug as log_level in {path}"),
        [on_all(f"grep log_level {path}")], dict.fromkeys(has, ()),
        f"`{path}` lies on {listed(has)}, on which one is it to be changed?",
        "a debug log fills a disk when nobody knows of it", kind="ask_back", path=path,
    )  # fmt: skip
    stage.turn(
        ("in the file of {host}", "{host} is the one", "do it on {host}", "{host}, leave the other"),
        [on(name, f"sed -i 's/log_level: info/log_level: debug/' {path} && grep log_level {path}")], {name: ("debug",)},
        f"`log_level` on `{name}` is `debug` now", "a debug log fills a disk when nobody knows of it", host=name,
    )  # fmt: skip
    wants_file(stage, set_value(stage.hosts[name], path, "log_level", "debug"), path)
