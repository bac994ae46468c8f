"""Console programs that look something up: nslookup, tracert, tzutil, where. The fleet's name server is the one that
ipconfig names; nothing resolves its own address, which nslookup says first."""

import re

from fleet.windows.cmdlets.console import ConsoleProgram, Words, console_output
from fleet.windows.cmdlets.discovery import place_of
from fleet.windows.cmdlets.network import GATEWAY, host_at, is_address, resolve
from fleet.windows.failure import Unmodelled
from fleet.windows.session import Session
from fleet.windows.values import PSValue

ALIKE = ("A", "PTR", "ANY")
"""Types of records that the fleet's name server has."""


def nslookup(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    kinds = [word.partition("=")[2].upper() for word in words if word[:1] == "-"]
    plain = [word for word in words if word[:1] != "-"]
    if not plain or len(plain) > 2 or any(kind not in ALIKE for kind in kinds) or plain[1:] not in ([], [GATEWAY]):
        raise Unmodelled(" ".join(["nslookup", *words]))
    head = f"Server:  UnKnown\nAddress:  {GATEWAY}\n"
    name = plain[0]
    if is_address(name):
        found = host_at(session, name)
        pair = (found.name, name) if found else None
    else:
        address = resolve(session, name)
        pair = (name, address) if address else None
    if pair is None:
        session.errors.append(f"*** UnKnown can't find {name}: Non-existent domain\n")
        return console_output(session, head, 1)
    return console_output(session, f"{head}\nName:    {pair[0]}\nAddress:  {pair[1]}\n\n")


def tracert(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    """Every host of the fleet is one hop away."""
    plain = [word for word in words if word[:1] not in "-/"]
    numeric = any(word.lower() in ("-d", "/d") for word in words)
    if len(plain) != 1 or len(words) != 1 + numeric:
        raise Unmodelled(" ".join(["tracert", *words]))
    name, address = plain[0], resolve(session, plain[0])
    if address is None:
        return console_output(session, f"Unable to resolve target system name {name}.", 1)
    if host_at(session, address) is None or address.startswith("127."):
        raise Unmodelled(f"tracert {name}")
    named = address if is_address(name) else f"{name} [{address}]"
    if is_address(name) and not numeric:
        found = host_at(session, address)
        named = f"{found.name} [{address}]" if found else address
    hop = f"  1    <1 ms    <1 ms    <1 ms  {address if numeric else named} "
    return console_output(
        session, f"\nTracing route to {named}\nover a maximum of 30 hops:\n\n{hop}\n\nTrace complete."
    )


def where(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    """The program of that name on the path."""
    name = words[0].lower().removesuffix(".exe") if len(words) == 1 else ""
    if name in session.commands.programs:
        return console_output(session, place_of(name))
    if not re.fullmatch(r"[\w.-]+", name) or session.is_lacking(name):
        raise Unmodelled(" ".join(["where", *words]))
    session.errors.append("INFO: Could not find files for the given pattern(s).\n")
    return console_output(session, "", 1)[:0]


def tzutil(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    """The time zone, which is UTC on every host of the fleet."""
    if [word.lower() for word in words] != ["/g"]:
        raise Unmodelled(" ".join(["tzutil", *words]))
    return console_output(session, "UTC")


PROGRAMS: dict[str, ConsoleProgram] = {"nslookup": nslookup, "tracert": tracert, "tzutil": tzutil, "where": where}
