"""The firewall: iptables and ufw. A host has no rules."""

import re

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking


def _iptables(context: CommandContext) -> str | BuiltinResult:
    """Only shows the chains: a host has no rules."""
    chains = ("INPUT", "FORWARD", "OUTPUT")
    shows = re.compile(r"-S|-[Lnv]{1,3}|--(?:list-rules|list|numeric|verbose|line-numbers)|INPUT|FORWARD|OUTPUT")
    if strange := [word for word in context.argv if not shows.fullmatch(word)]:
        return lacking(context, f"iptables {strange[0]}", fail("iptables: not simulated", 2))
    named = [chain for chain in chains if chain in context.argv] or list(chains)
    if {"-S", "--list-rules"} & set(context.argv):
        return "".join(f"-P {chain} ACCEPT\n" for chain in named)
    if not context.argv:
        return fail("iptables v1.8.9 (nf_tables): no command specified\n"
                    "Try `iptables -h' or 'iptables --help' for more information.", 2)  # fmt: skip
    head = "target     prot opt source               destination         \n"
    return "\n".join(f"Chain {chain} (policy ACCEPT)\n{head}" for chain in named)


def _ufw(context: CommandContext) -> str | BuiltinResult:
    """ufw status: the firewall is off, and nobody turns it on."""
    if not context.argv:
        return fail("ERROR: not enough args")
    if context.argv in (["status"], ["status", "verbose"], ["status", "numbered"]):
        return "Status: inactive\n"
    return lacking(context, f"ufw {context.argv[0]}", fail("ERROR: Invalid syntax"))


COMMANDS: dict[str, Command] = {"ufw": _ufw, "iptables": _iptables}
