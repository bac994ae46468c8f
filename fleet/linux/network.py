"""The ip command: a host's interfaces, addresses, routes and neighbours."""

import json
import re
from ipaddress import ip_address, ip_network

from bashkit import BuiltinResult

from fleet.linux import connectivity, firewall, getent, names, web
from fleet.linux.command import Command, CommandContext, fail, lacking
from fleet.linux.interfaces import GATEWAY, INTERFACE, Interface, interfaces, packets
from fleet.linux.manual import release, said_of_help
from fleet.model import Host

_IP_FLAGS = {
    "-4": "4", "-6": "6", "-o": "o", "-oneline": "o", "-br": "br", "-brief": "br", "-s": "s", "-stats": "s",
    "-statistics": "s", "-j": "j", "-json": "j", "-p": "", "-pretty": "", "-c": "", "-color": "", "-n": "",
}  # fmt: skip
"""ip's options here -> how they are kept, "" if they change nothing; it takes them with one dash, or two."""
_IP_REAL = r"-(?:r|resolve|f|family|netns|N|Numeric|a|all|l|loops|t|timestamp|ts|rc|b|batch|force|echo|B|M|0|iec|d|h)"
_OBJECTS = ("address", "link", "route", "neighbour", "neighbor", "neigh")
_OTHER_OBJECTS = (
    *("addrlabel", "rule", "ntable", "tunnel", "tuntap", "maddress", "mroute", "mrule", "monitor", "xfrm", "netns"),
    *("l2tp", "fou", "macsec", "tcp_metrics", "token", "netconf", "ila", "vrf", "sr", "nexthop", "mptcp", "stats"),
)
_CHANGES = ("add", "del", "delete", "set", "change", "replace", "flush", "append", "save", "restore")


def _ip(context: CommandContext) -> str | BuiltinResult:
    words, flags = list(context.argv), set()
    while words and words[0].startswith("-"):
        flag = re.sub(r"^--", "-", words.pop(0)).replace("-color=never", "-c").replace("-color=auto", "-c")
        if flag in ("-V", "-Version"):
            return f"ip utility, iproute2-{release('iproute2', context.host)}, libbpf 1.1.0\n"
        if flag not in _IP_FLAGS:
            refusal = fail(f'Option "{flag}" is unknown, try "ip -help".', 255)
            return lacking(context, f"ip {flag}", refusal) if re.fullmatch(_IP_REAL, flag) else refusal
        flags.add(_IP_FLAGS[flag])
    if not words:
        said = said_of_help("ip")
        return BuiltinResult(stderr=said.stderr if said else "", exit_code=255)
    if words[0] == "help":
        said = said_of_help("ip")
        return BuiltinResult(stderr=said.stdout + said.stderr if said else "", exit_code=255)
    kind = next((kind for kind in _OBJECTS if kind.startswith(words[0])), None)
    if kind is None and (told := _simple_object(context.host, words)) is not None:
        return told
    if kind is None:
        refusal = fail(f'Object "{words[0]}" is unknown, try "ip help".')
        known = any(name.startswith(words[0]) for name in _OTHER_OBJECTS)
        return lacking(context, f"ip {words[0]}", refusal) if known else refusal
    verb, *rest = words[1:] or ["show"]
    if verb == "help":
        return BuiltinResult(stderr=f"Usage: ip {kind} ...\n", exit_code=255)
    if verb in _CHANGES:
        return _change(context, kind, verb, rest)
    if kind == "route" and verb == "get" and rest:
        return _route_to(context.host, rest[0])
    if not any(name.startswith(verb) for name in ("show", "list", "lst", "ls")):
        full = {"address": "address", "link": "link", "route": "route"}.get(kind, "neigh")
        return fail(f'Command "{verb}" is unknown, try "ip {full} help".', 255)
    if "6" in flags:
        return ""
    if kind == "route":
        return _routes(context, rest, "j" in flags)
    if kind.startswith("neigh"):
        return _neighbours(context, rest)
    return _links(context, kind, rest, flags)


def _change(context: CommandContext, kind: str, verb: str, rest: list[str]) -> str | BuiltinResult:
    """Changes that fail everywhere, or change nothing; others are not simulated."""
    every = {link.name: link for link in interfaces(context.host)}
    device = rest[rest.index("dev") + 1] if "dev" in rest[:-1] else rest[0] if kind == "link" and rest else ""
    gone = verb in ("del", "delete")
    if kind in ("address", "route") and rest and not re.match(r"[\d.]+(/\d+)?$|default$|dev$", rest[0]):
        return fail(f'Error: any valid prefix is expected rather than "{rest[0]}".')
    if device and device not in every:
        return fail(f'Cannot find device "{device}"')
    if kind == "address" and gone and rest and rest[0] not in [f"{one.address}/{one.prefix}" for one in every.values()]:
        return fail("RTNETLINK answers: Cannot assign requested address", 2)
    routes = ["default", *(f"{one.network}/{one.prefix}" for one in every.values())]
    if kind == "route" and gone and rest and rest[0] not in routes:
        return fail("RTNETLINK answers: No such process", 2)
    if kind == "link" and verb == "set" and rest[-1:] == ["up"] and every[device].up:
        return ""
    return lacking(context, f"ip {kind} {verb}", BuiltinResult(exit_code=2))


_RULES = "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
_EMPTY = ("netns", "tunnel", "tuntap", "mroute", "vrf", "l2tp", "macsec", "fou", "tcp_metrics")
"""Objects of ip of which a host has none."""


def _simple_object(host: Host, words: list[str]) -> str | None:
    """What ip shows of objects that are the same everywhere, or of which there are none."""
    name, *rest = words
    if rest[:1] not in ([], ["show"], ["list"], ["ls"]):
        return None
    if name == "rule":
        return _RULES if len(rest) < 2 else None
    if name in ("maddress", "maddr"):
        wanted = [word for word in rest[1:] if word != "dev"]
        links = [(n, link) for n, link in enumerate(interfaces(host), 1) if not wanted or link.name in wanted]
        hardware = {link.name: "" if link.name == "lo" else "\tlink  01:00:5e:00:00:01\n" for _, link in links}
        return "".join(f"{number}:\t{link.name}\n{hardware[link.name]}\tinet  224.0.0.1\n" for number, link in links)
    return "" if name in _EMPTY else None


def _links(context: CommandContext, kind: str, rest: list[str], flags: set[str]) -> str | BuiltinResult:
    every = interfaces(context.host)
    found = every
    while rest:
        word = rest.pop(0)
        if word == "up":
            found = [link for link in found if link.up]
        elif word in ("primary", "permanent") and kind == "address":
            continue  # every address here is
        elif word in ("secondary", "dynamic", "deprecated", "tentative", "temporary") and kind == "address":
            found = []
        elif word in ("master", "nomaster", "vrf", "label", "group"):
            return lacking(context, f"ip {kind} show {word}")
        elif word == "type" and rest:
            wanted = rest.pop(0)
            found = [link for link in found if wanted == "bridge" and link.name.startswith("docker")]
        elif word == "to" and rest and kind == "address":
            found = [link for link in found if _inside(link.address, rest[0])]
            rest.pop(0)
        elif word == "scope" and rest and kind == "address":
            scope = rest.pop(0)
            found = [link for link in found if scope == ("host" if link.name == "lo" else "global")]
        elif word in ("dev", *(link.name for link in every)) or word.isalnum():
            name = rest.pop(0) if word == "dev" and rest else word
            found = [link for link in found if link.name == name]
            if not any(link.name == name for link in every):
                return fail(f'Device "{name}" does not exist.')
        else:
            return lacking(context, f"ip {kind} {word}", fail(f'Device "{word}" does not exist.'))
    if "j" in flags:
        shown = [_as_json(link, every.index(link) + 1, kind, "br" in flags) for link in found]
        return json.dumps(shown, separators=(",", ":")) + "\n"
    if "br" in flags:
        return "".join(_brief(link, kind) for link in found)
    blocks = [_link(context.host, link, every.index(link) + 1, kind, flags) for link in found]
    if "o" in flags:
        blocks = [
            _one_line(link, every.index(link) + 1, kind, block) for link, block in zip(found, blocks, strict=True)
        ]
    return "".join(blocks)


def _inside(address: str, prefix: str) -> bool:
    try:
        return ip_address(address) in ip_network(prefix, strict=False)
    except ValueError:
        return False


def _brief(link: Interface, kind: str) -> str:
    state = "UNKNOWN" if link.name == "lo" else "UP" if link.up else "DOWN"
    marks = f"{link.mac} <{_marks(link)}>" if kind == "link" else f"{link.address}/{link.prefix}"
    return f"{link.name:<16} {state:<14} {marks} \n"


def _marks(link: Interface) -> str:
    if link.name == "lo":
        return "LOOPBACK,UP,LOWER_UP"
    return "BROADCAST,MULTICAST,UP,LOWER_UP" if link.up else "NO-CARRIER,BROADCAST,MULTICAST,UP"


def _device(link: Interface) -> tuple[str, int, str]:
    """(state, MTU, queueing discipline)"""
    if link.name == "lo":
        return "UNKNOWN", 65536, "noqueue"
    return "UP" if link.up else "DOWN", 1500, "fq_codel"


def _link(host: Host, link: Interface, number: int, kind: str, flags: set[str]) -> str:
    loop, addresses = link.name == "lo", kind == "address"
    state, size, queue = _device(link)
    mode = "" if addresses else "mode DEFAULT "
    text = f"{number}: {link.name}: <{_marks(link)}> mtu {size} qdisc {queue} state {state} "
    text += f"{mode}group default qlen 1000\n"
    if "4" not in flags:
        hardware = (
            "loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00" if loop else f"ether {link.mac} brd ff:ff:ff:ff:ff:ff"
        )
        text += f"    link/{hardware}\n"
    if link.name == INTERFACE:
        text += "    altname enp0s3\n    altname ens3\n"
    if addresses:
        scope = "scope host lo" if loop else f"brd {link.broadcast} scope global {link.name}"
        text += f"    inet {link.address}/{link.prefix} {scope}\n       valid_lft forever preferred_lft forever\n"
    return text + (_counters(host, link) if "s" in flags else "")


def _counters(host: Host, link: Interface) -> str:
    """What -s adds: columns as wide as their widest number."""
    text = ""
    names = {"RX": ("bytes", "packets", "errors", "dropped", " missed", "  mcast"),
        "TX": ("bytes", "packets", "errors", "dropped", "carrier", "collsns")}  # fmt: skip
    for (word, heads), count in zip(names.items(), packets(host, link), strict=True):
        numbers = (str(count * 312), str(count), "0", "0", "0", "0")
        wide = [max(len(head), len(number)) for head, number in zip(heads, numbers, strict=True)]
        first, *rest = [f"{number:>{width}}" for number, width in zip(numbers, wide, strict=True)]
        above = " ".join(f"{head:>{width}}" for head, width in zip(heads, wide, strict=True))
        text += f"    {word}: {above}           \n        {first} {' '.join(rest)} \n"
    return text


def _one_line(link: Interface, number: int, kind: str, block: str) -> str:
    """-o: a line for each link, or for each of its addresses."""
    lines = block.splitlines()
    if kind == "link":
        return "\\".join(lines) + "\n"
    start = next(place for place, line in enumerate(lines) if line.startswith("    inet "))
    rest = "\\".join([lines[start], *lines[start + 1 :]])
    return f"{number}: {link.name}{rest}\n"


def _as_json(link: Interface, number: int, kind: str, brief: bool) -> dict[str, object]:
    state, size, queue = _device(link)
    local: dict[str, object] = {"local": link.address, "prefixlen": link.prefix}
    if brief:
        shown: dict[str, object] = {"ifname": link.name, "operstate": state}
        return shown | (
            {"addr_info": [local]} if kind == "address" else {"address": link.mac, "flags": _marks(link).split(",")}
        )
    loop = link.name == "lo"
    shown = {"ifindex": number, "ifname": link.name, "flags": _marks(link).split(","), "mtu": size, "qdisc": queue,
        "operstate": state}  # fmt: skip
    shown |= {} if kind == "address" else {"linkmode": "DEFAULT"}
    shown |= {"group": "default", "txqlen": 1000, "link_type": "loopback" if loop else "ether", "address": link.mac,
        "broadcast": "00:00:00:00:00:00" if loop else "ff:ff:ff:ff:ff:ff"}  # fmt: skip
    if kind == "address":
        wide = {} if loop else {"broadcast": link.broadcast}
        life = {"valid_life_time": 4294967295, "preferred_life_time": 4294967295}
        scope = {"scope": "host" if loop else "global", "label": link.name}
        shown["addr_info"] = [{"family": "inet", **local, **wide, **scope, **life}]
    return shown


def _neighbours(context: CommandContext, rest: list[str]) -> str | BuiltinResult:
    if rest[:1] == ["dev"] and len(rest) == 2:
        if rest[1] not in [link.name for link in interfaces(context.host)]:
            return fail(f'Cannot find device "{rest[1]}"')
        if rest[1] != INTERFACE:
            return ""
    elif len(rest) == 1 and not re.match(r"[\d.]+$", rest[0]):
        return fail(f'Error: any valid prefix is expected rather than "{rest[0]}".')
    elif rest:
        return lacking(context, f"ip neigh {rest[0]}", BuiltinResult())
    return "".join(
        f"{address} dev {INTERFACE} lladdr {mac} REACHABLE \n" for _, address, mac in connectivity.neighbours(context)
    )


def _routes(context: CommandContext, rest: list[str], as_json: bool) -> str | BuiltinResult:
    rows: list[tuple[str, dict[str, object]]] = [
        (f"default via {GATEWAY} dev {INTERFACE} proto static ",
         {"dst": "default", "gateway": GATEWAY, "dev": INTERFACE, "protocol": "static", "flags": []})
    ]  # fmt: skip
    for link in interfaces(context.host)[1:]:
        to, end = f"{link.network}/{link.prefix}", "" if link.up else "linkdown "
        told = {"dst": to, "dev": link.name, "protocol": "kernel", "scope": "link", "prefsrc": link.address,
            "flags": [] if link.up else ["linkdown"]}  # fmt: skip
        rows.append((f"{to} dev {link.name} proto kernel scope link src {link.address} {end}", told))
    if rest[:1] == ["table"] and len(rest) == 2:
        if rest[1] not in ("main", "default", "all", "254", "253"):
            refusal = fail(f'Error: argument "{rest[1]}" is wrong: table id value is invalid\n', 255)
            return lacking(context, "ip route show table", refusal) if rest[1] in ("local", "255") else refusal
        rows = [] if rest[1] in ("default", "253") else rows
    elif rest[:1] == ["dev"] and len(rest) == 2:
        rows = [(line.replace(f"dev {rest[1]} ", ""), told) for line, told in rows if told["dev"] == rest[1]]
    elif rest[:1] in (["default"], ["dev"]) or (len(rest) == 1 and re.fullmatch(r"[\d.]+(/\d+)?", rest[0])):
        wanted = rest[-1]
        rows = [row for row in rows if wanted in (row[1]["dst"], row[1]["dev"])]
    elif rest:
        return lacking(context, f"ip route show {rest[0]}", BuiltinResult())
    if as_json:
        return json.dumps([told for _, told in rows], separators=(",", ":")) + "\n"
    return "".join(f"{line}\n" for line, _ in rows)


def _route_to(host: Host, target: str) -> str | BuiltinResult:
    if not connectivity.is_address(target):
        return fail(f'Error: any valid prefix is expected rather than "{target}".')
    if target.startswith("127.") or target == host.address:
        return f"local {target} dev lo src {target} uid 0 \n    cache <local> \n"
    via = "" if target.startswith("10.0.") else f"via {GATEWAY} "
    return f"{target} {via}dev {INTERFACE} src {host.address} uid 0 \n    cache \n"


COMMANDS: dict[str, Command] = {
    "ip": _ip,
    **firewall.COMMANDS,
    **connectivity.COMMANDS,
    **names.COMMANDS,
    **getent.COMMANDS,
    **web.COMMANDS,
}
