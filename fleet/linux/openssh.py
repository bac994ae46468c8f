"""ssh and scp, which no host lets in for lack of a key, and sshd's tests of its configuration."""

import re

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, UsageError, fail, lacking, not_found
from fleet.linux.connectivity import STOPPED, TIMED_OUT, connect, host_at, resolve
from fleet.linux.file_tree import node
from fleet.linux.options import Flags, OptionError, options, read_options
from fleet.linux.programs import upstream
from fleet.model import Host
from fleet.sshd_config import config_errors
from fleet.sshd_settings import UnknownSetting, settings_text

SSH = options("""
    -p=
    -i=
    -o=
    -l=
    -q
    -V
    ~ -T
    ~ -t
    ~ -n
    ~ -N
    ~ -f
    ~ -4
    ~ -A
    ~ -a
    ~ -C
    ~ -x
    ~ -X
    ~ -F=
""")
SCP = options("""
    -P=
    -i=
    -o=
    -q
    ~ -r
    ~ -p
    ~ -C
    ~ -B
    ~ -4
    ~ -O
    ~ -T
    ~ -F=
""")
SSHD = options("""
    -t
    -T
    -f=
    -V
    ~ -4
""")
_UNCHECKED = frozenset(("no", "off", "accept-new"))
"""Values of StrictHostKeyChecking with which an unknown host is trusted."""
USAGES = {
    "ssh": """usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]
           [-b bind_address] [-c cipher_spec] [-D [bind_address:]port]
           [-E log_file] [-e escape_char] [-F configfile] [-I pkcs11]
           [-i identity_file] [-J [user@]host[:port]] [-L address]
           [-l login_name] [-m mac_spec] [-O ctl_cmd] [-o option] [-p port]
           [-Q query_option] [-R address] [-S ctl_path] [-W host:port]
           [-w local_tun[:remote_tun]] destination [command [argument ...]]
""",
    "scp": """usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]
           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]
           [-P port] [-S program] [-X sftp_option] source ... target
""",
}


def _refused(context: CommandContext, error: OptionError) -> BuiltinResult:
    """A refusal in getopt's words of BSD; an option that the usage names is a gap."""
    usage, letter = USAGES[context.name], error.option.lstrip("-")[:1] if error.option[1:2] != "-" else "-"
    wrong = "option requires an argument" if error.why == "needs" else "unknown option"
    if error.why == "unknown" and re.search(rf"\[-\w*{letter}|-{letter} ", usage):
        lacking(context, f"{context.name} {error.option}")
    return BuiltinResult(stderr=f"{wrong} -- {letter}\n{usage}", exit_code=255 if context.name == "ssh" else 1)


def _read(context: CommandContext, table: str) -> Flags:
    try:
        return read_options(context.argv, SSH if table == "ssh" else SCP, mixed=False)
    except OptionError as error:
        raise UsageError(_refused(context, error)) from error


def _ssh(context: CommandContext) -> BuiltinResult:
    flags = _read(context, "ssh")
    if "V" in flags:
        return BuiltinResult(stderr=f"{version(context.host)}\n")
    if not flags.words:
        return BuiltinResult(stderr=USAGES["ssh"], exit_code=255)
    return _refused_by(context, flags, flags.words[0], flags.get("p", "22"))


def _refused_by(context: CommandContext, flags: Flags, target: str, port: str) -> BuiltinResult:
    """What the client says before it gives up."""
    user, at, name = target.removeprefix("ssh://").rpartition("@")
    user = user if at else flags.get("l", context.user)
    told = ""
    for key in flags.every("i"):
        if node(context, context.absolute(key)) is None:
            told += f"Warning: Identity file {key} not accessible: No such file or directory.\n"
    if not port.isdecimal() or not 0 < int(port[:6]) < 65_536:
        return fail(f"{told}Bad port '{port}'", 255)
    address = resolve(context, name)
    if address is None:
        return fail(f"{told}ssh: Could not resolve hostname {name}: Name or service not known", 255)
    found = connect(context, address, int(port))
    given = [re.split(r"[= ]\s*", value, maxsplit=1) for value in flags.every("o")]
    asked = {pair[0].lower(): pair[-1].lower() for pair in given}
    if found == TIMED_OUT and "connecttimeout" not in asked:
        return BuiltinResult(stderr=told, exit_code=STOPPED)
    if isinstance(found, str):
        return fail(f"{told}ssh: connect to host {name} port {port}: {found}", 255)
    other = host_at(context, address)
    if found.service != "ssh" or other is None or _keys(context):
        return lacking(context, f"ssh {target}", BuiltinResult(exit_code=255))
    if not _known(context, name, address):
        if asked.get("stricthostkeychecking") not in _UNCHECKED:
            return BuiltinResult(stderr=told + "Host key verification failed.\n" * ("q" not in flags), exit_code=255)
        told += f"Warning: Permanently added '{name}' (ED25519) to the list of known hosts.\n" * ("q" not in flags)
    config = other.files.get("/etc/ssh/sshd_config")
    ways = "publickey" + (
        "" if config and re.search(r"(?m)^PasswordAuthentication no", config.content) else ",password"
    )
    denied = f"{user}@{name}: Permission denied ({ways}).\n"
    return BuiltinResult(stderr=told + denied * ("q" not in flags), exit_code=255)


def _keys(context: CommandContext) -> bool:
    """Whether root has a key: then it is not known who would let it in."""
    return any(re.fullmatch(r"/root/\.ssh/id_\w+", path) for path in context.pull().files)


def _known(context: CommandContext, name: str, address: str) -> bool:
    file = context.host.files.get("/root/.ssh/known_hosts")
    lines = (file.content if file else "").splitlines()
    return any({name, address} & set(line.split(" ")[0].split(",")) for line in lines)


def _scp(context: CommandContext) -> BuiltinResult:
    flags = _read(context, "scp")
    if len(flags.words) < 2:
        return BuiltinResult(stderr=USAGES["scp"], exit_code=1)
    remote = next((word for word in flags.words if re.match(r"[^/:]+:", word)), None)
    if remote is None:
        return lacking(context, "scp of local files", BuiltinResult(exit_code=1))
    done = _refused_by(context, flags, remote.partition(":")[0], flags.get("P", "22"))
    if done.exit_code != 255:
        return done
    old = context.host.system.version == "22.04"
    end = "lost connection\n" if old else "scp: Connection closed\n"
    return BuiltinResult(stderr=f"{done.stderr}{end}", exit_code=1 if old else 255)


def version(host: Host) -> str:
    """OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.15"""
    full = host.packages.get("openssh-server", "1:9.2p1-2+deb12u3").partition(":")[2]
    release, _, rest = full.partition("-")
    return (
        f"OpenSSH_{release} {host.system.id.capitalize()}-{rest}, OpenSSL {upstream(host.packages.get('openssl', '3'))}"
    )


def _sshd(context: CommandContext) -> BuiltinResult:
    if "openssh-server" not in context.host.packages:
        return not_found("sshd")
    try:
        flags = read_options(context.argv, SSHD)
    except OptionError as error:
        return lacking(context, f"sshd {error.option}", BuiltinResult(exit_code=1))
    if "V" in flags:
        return BuiltinResult(stderr=f"{version(context.host).partition(' ')[0]}\n")
    if not {"t", "T"} & flags.values.keys():
        return lacking(context, "sshd", BuiltinResult(exit_code=1))
    context.pull()
    word = flags.get("f", "/etc/ssh/sshd_config")
    found = node(context, context.absolute(word))
    if found is None:
        return fail(f"{word}: No such file or directory")
    text = context.host_files.fs.read_file(found.path).decode("utf-8", "replace")
    errors = config_errors(word, text, context.host.files)
    if "T" in flags and not errors:
        return _sshd_settings(context, text)
    return BuiltinResult(stderr=errors, exit_code=255 if errors else 0)


def _sshd_settings(context: CommandContext, text: str) -> BuiltinResult:
    if context.host.system.version != "12":
        return lacking(context, "sshd -T of another release", BuiltinResult(exit_code=1))
    try:
        return BuiltinResult(stdout=settings_text(context.host.files, text))
    except UnknownSetting as error:
        return lacking(context, f"sshd -T with {error}", BuiltinResult(exit_code=1))


COMMANDS: dict[str, Command] = {"ssh": _ssh, "scp": _scp, "sshd": _sshd}
