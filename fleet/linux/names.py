"""Commands that look names up: dig, host, nslookup. The fleet's name server knows the hosts' addresses."""

from collections.abc import Iterator
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, lacking, parse
from fleet.linux.connectivity import is_address
from fleet.linux.options import options

TYPES = frozenset(("A", "AAAA", "PTR", "MX", "NS", "TXT", "CNAME", "SOA", "SRV", "ANY"))
SERVERS = frozenset(("127.0.0.53", "127.0.0.1", "localhost"))
"""This host's own name server, by the names that it goes by."""
_PARTS = ("cmd", "comments", "question", "answer", "authority", "additional", "stats")
"""The parts of dig's answer, which +NAME and +noNAME switch."""
_WITHOUT_EFFECT = frozenset(("time", "tries", "retry", "timeout", "recurse", "edns", "dnssec", "search"))


def known_names(context: CommandContext) -> Iterator[tuple[str, str]]:
    """Every name known here, with its address: this host and the fleet."""
    yield context.host.name, context.host.address
    for name, machine in context.machine.fleet.items():
        if name != context.host.name:
            yield name, machine.host.address


def _looked_up(context: CommandContext, word: str) -> tuple[str, str] | None:
    """(name, address) for a name or an address, as the fleet's name server knows them."""
    return next((pair for pair in known_names(context) if word in pair), None)


def _answer(context: CommandContext, word: str, kind: str) -> tuple[str, bool]:
    """(data of the record, whether the name is known): "" if it has no record of this kind."""
    backwards = kind == "PTR"
    found = _looked_up(context, word) if is_address(word) == backwards else None
    if found is None:
        return "", False
    return (f"{found[0]}." if backwards else found[1] if kind in ("A", "ANY") else ""), True


def _dig(context: CommandContext) -> str | BuiltinResult:
    """dig NAME [TYPE], with the switches of what is shown."""
    names, kind, short, shown = [], "", False, set(_PARTS)
    left = iter(context.argv)
    for word in left:
        plain = word[1:].removeprefix("no")
        if word.startswith("+") and plain in (*_PARTS, "all"):
            parts = set(_PARTS if plain == "all" else (plain,))
            shown = shown - parts if word.startswith("+no") else shown | parts
        elif word == "+short":
            short = True
        elif word.startswith("+") and plain.partition("=")[0] in _WITHOUT_EFFECT:
            continue
        elif word == "-x":
            names.append(next(left, ""))
            kind = "PTR"
        elif word in ("-t", "-q"):
            value = next(left, "")
            kind, names = (value.upper(), names) if word == "-t" else (kind, [*names, value])
        elif word.upper() in TYPES:
            kind = word.upper()
        elif word != "IN" and word.removeprefix("@") not in SERVERS:
            names.append(word)
    strange = [word for word in names if word[:1] in ("@", "+", "-")]
    if strange or len(names) != 1 or (kind or "A") not in TYPES:
        return lacking(context, f"dig {(strange or [kind])[0]}".strip(), BuiltinResult(exit_code=1))
    name, kind = names[0], kind or "A"
    answer, known = _answer(context, name, kind)
    if short:
        return f"{answer}\n" if answer else ""
    asked = f"{'.'.join(reversed(name.split('.')))}.in-addr.arpa" if kind == "PTR" else name.rstrip(".")
    number = int(sha256(asked.encode()).hexdigest()[:4], 16)
    parts = {
        "cmd": f"\n; <<>> DiG 9.18.28 <<>> {' '.join(context.argv)}\n;; global options: +cmd\n",
        "comments": f";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {'NOERROR' if known else 'NXDOMAIN'}, id: "
        f"{number}\n;; flags: qr rd ra; QUERY: 1, ANSWER: {int(bool(answer))}, AUTHORITY: 0, ADDITIONAL: 1\n\n"
        ";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 65494\n",
        "question": f";; QUESTION SECTION:\n;{asked}.\t\t\tIN\t{kind}\n\n",
        "answer": f";; ANSWER SECTION:\n{asked}.\t\t60\tIN\t{kind}\t{answer}\n\n" if answer else "",
        "stats": ";; Query time: 1 msec\n;; SERVER: 127.0.0.53#53(127.0.0.53) (UDP)\n;; MSG SIZE  rcvd: 50\n\n",
    }
    if "comments" not in shown:  # nor the headings of sections, nor the blank lines between them
        parts |= {
            part: parts[part].partition("\n")[2].rstrip("\n") + "\n" for part in ("question", "answer") if parts[part]
        }
    return "".join(text for part, text in parts.items() if part in shown)


HOST = options("""
    -t=
    ~ -4
    ~ -W=
    ~ -R=
""")


def _host(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, HOST)
    word, *server = flags.words or [""]
    kind = flags.get("t", "PTR" if is_address(word) else "A").upper()
    if not word or set(server) - SERVERS or kind not in TYPES:
        return lacking(context, " ".join(["host", *context.argv[:2]]), BuiltinResult(exit_code=1))
    front = "".join(f"Using domain server:\nName: {one}\nAddress: 127.0.0.1#53\nAliases: \n\n" for one in server)
    answer, known = _answer(context, word, kind)
    if not known:
        shown = f"{'.'.join(reversed(word.split('.')))}.in-addr.arpa." if kind == "PTR" else word
        return BuiltinResult(stdout=f"{front}Host {shown} not found: 3(NXDOMAIN)\n", exit_code=1)
    if kind == "PTR":
        return f"{front}{'.'.join(reversed(word.split('.')))}.in-addr.arpa domain name pointer {answer}\n"
    return f"{front}{word} has address {answer}\n" if answer else f"{front}{word} has no {kind} record\n"


def _nslookup(context: CommandContext) -> str | BuiltinResult:
    kinds = [word.partition("=")[2].upper() for word in context.argv if word.startswith(("-type=", "-query=", "-q="))]
    words = [word for word in context.argv if not word.startswith(("-type=", "-query=", "-q="))]
    word, *server = words or [""]
    kind = kinds[-1] if kinds else "PTR" if is_address(word) else "A"
    if not word or word.startswith("-") or set(server) - SERVERS or kind not in TYPES:
        return lacking(context, " ".join(["nslookup", *context.argv[:1]]), BuiltinResult(exit_code=1))
    answer, known = _answer(context, word, kind)
    head = "Server:\t\t127.0.0.53\nAddress:\t127.0.0.53#53\n\n"
    if kind == "PTR":
        asked = f"{'.'.join(reversed(word.split('.')))}.in-addr.arpa"
        if known:
            return f"{asked}\tname = {answer}\n\n"
        return BuiltinResult(stdout=f"** server can't find {asked}: NXDOMAIN\n\n", exit_code=1)
    if not known:
        return BuiltinResult(stdout=f"{head}** server can't find {word}: NXDOMAIN\n\n", exit_code=1)
    if not answer:
        return f"{head}Non-authoritative answer:\n*** Can't find {word}: No answer\n\n"
    return f"{head}Non-authoritative answer:\nName:\t{word}\nAddress: {answer}\n\n"


COMMANDS: dict[str, Command] = {"dig": _dig, "host": _host, "nslookup": _nslookup}
