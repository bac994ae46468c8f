"""What sshd -t says of a configuration (OpenSSH 9.2)."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from fleet.model import File

_KEYWORDS = """
acceptenv addressfamily allowagentforwarding allowgroups allowstreamlocalforwarding allowtcpforwarding allowusers
authenticationmethods authorizedkeyscommand authorizedkeyscommanduser authorizedkeysfile authorizedkeysfile2
authorizedprincipalscommand authorizedprincipalscommanduser authorizedprincipalsfile banner casignaturealgorithms
challengeresponseauthentication channeltimeout chrootdirectory ciphers clientalivecountmax clientaliveinterval
compression debianbanner denygroups denyusers disableforwarding exposeauthinfo fingerprinthash forcecommand
gatewayports gssapiauthentication gssapicleanupcredentials gssapikexalgorithms gssapikeyexchange
gssapistorecredentialsonrekey gssapistrictacceptorcheck hostbasedacceptedalgorithms hostbasedauthentication
hostbasedusesnamefrompacketonly hostcertificate hostkey hostkeyagent hostkeyalgorithms ignorerhosts
ignoreuserknownhosts include ipqos kbdinteractiveauthentication kerberosauthentication kerberosorlocalpasswd
kerberosticketcleanup kexalgorithms keyregenerationinterval listenaddress logingracetime loglevel logverbose macs
match maxauthtries maxsessions maxstartups modulifile passwordauthentication permitemptypasswords permitlisten
permitopen permitrootlogin permittty permittunnel permituserenvironment permituserrc persourcemaxstartups
persourcenetblocksize pidfile port printlastlog printmotd protocol pubkeyacceptedalgorithms pubkeyacceptedkeytypes
pubkeyauthentication pubkeyauthoptions rdomain rekeylimit requiredrsasize revokedkeys rsaauthentication
securitykeyprovider serverkeybits setenv streamlocalbindmask streamlocalbindunlink strictmodes subsystem
syslogfacility tcpkeepalive trustedusercakeys unusedconnectiontimeout usedns uselogin usepam useprivilegeseparation
versionaddendum x11displayoffset x11forwarding x11uselocalhost xauthlocation
"""
KEYWORDS = frozenset(_KEYWORDS.split())
_CHOICES = {
    **dict.fromkeys(
        ("passwordauthentication", "pubkeyauthentication", "usepam", "permitemptypasswords", "usedns", "strictmodes",
         "kbdinteractiveauthentication", "challengeresponseauthentication", "printmotd", "printlastlog", "tcpkeepalive",
         "x11forwarding", "allowagentforwarding", "permittty", "gssapiauthentication"),
        ("yes", "no"),
    ),
    "permitrootlogin": ("yes", "no", "prohibit-password", "without-password", "forced-commands-only"),
    "allowtcpforwarding": ("yes", "no", "all", "local", "remote"),
}  # fmt: skip
"""Keyword -> its values."""


_MATCH_KEYWORDS = """
acceptenv allowagentforwarding allowgroups allowstreamlocalforwarding allowtcpforwarding allowusers
authenticationmethods authorizedkeyscommand authorizedkeyscommanduser authorizedkeysfile authorizedprincipalscommand
authorizedprincipalscommanduser authorizedprincipalsfile banner casignaturealgorithms challengeresponseauthentication
channeltimeout chrootdirectory clientalivecountmax clientaliveinterval denygroups denyusers disableforwarding
exposeauthinfo forcecommand gatewayports gssapiauthentication hostbasedacceptedalgorithms hostbasedauthentication
hostbasedusesnamefrompacketonly ignorerhosts include ipqos kbdinteractiveauthentication kerberosauthentication loglevel
logverbose match maxauthtries maxsessions passwordauthentication permitemptypasswords permitlisten permitopen
permitrootlogin permittty permittunnel permituserrc pubkeyacceptedalgorithms pubkeyacceptedkeytypes
pubkeyauthentication pubkeyauthoptions rdomain rekeylimit revokedkeys setenv streamlocalbindmask streamlocalbindunlink
trustedusercakeys unusedconnectiontimeout x11displayoffset x11forwarding x11uselocalhost
"""
_IN_MATCH = frozenset(_MATCH_KEYWORDS.split())
"""Keywords that may stand in a Match block."""
_CRITERIA = ("user", "group", "host", "address", "localaddress", "localport", "rdomain")
DEEPEST = 16
"""Files that include one another, which sshd reads at most."""


class _Fatal(Exception):
    """What ends the reading at once."""


def config_errors(path: str, text: str, files: Mapping[str, File]) -> str:
    """What sshd says of a configuration and of the files that it includes; "" if they are valid. Of a value that it
    cannot read, it says no more."""
    said: list[str] = []
    try:
        _check(path, text, files, said, active=True)
    except _Fatal as fatal:
        said.append(f"{fatal}\n")
    return "".join(said)


def _pair(line: str) -> tuple[str, str]:
    """(keyword as it is written, value) of a line; ("", "") if it has none."""
    word, *rest = (part.strip('"') for part in re.split(r"\s*=\s*|\s+", line.strip(), maxsplit=1))
    return ("", "") if word.startswith("#") else (word, rest[0] if rest else "")


def included(files: Mapping[str, File], patterns: str) -> list[str]:
    """The files that Include names, in the order in which they are read."""
    full = [pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}" for pattern in patterns.split()]
    return [
        path
        for pattern in full
        for path in sorted(files)
        if fnmatchcase(path, pattern) and path.count("/") == pattern.count("/")
    ]


def _check(path: str, text: str, files: Mapping[str, File], said: list[str], active: bool, depth: int = 0) -> None:
    bad = 0
    for number, line in enumerate(text.splitlines(), start=1):
        word, value = _pair(line)
        if not word:
            continue
        key, values, at = word.lower(), value.split(), f"{path} line {number}:"
        if key not in KEYWORDS:
            said.append(f"{path}: line {number}: Bad configuration option: {word}\n")
            bad += 1
        elif not values:
            said.append(f'{at} no argument after keyword "{word}"\n')
            bad += 1
        elif not active and key not in _IN_MATCH:
            raise _Fatal(f"{at} Directive '{word}' is not allowed within a Match block")
        elif key == "match":
            if why := _match_error(values):
                raise _Fatal(f"{why}\n{at} Bad Match condition")
            active = values[0].lower() == "all"
        elif key == "include":
            for name in included(files, value) if depth < DEEPEST else ():
                _check(name, files[name].content, files, said, active, depth + 1)
        elif key == "port" and not (values[0].isdecimal() and 0 < int(values[0][:6]) < 65_536):
            raise _Fatal(f"{at} Badly formatted port number.")
        elif key in _CHOICES and values[0].lower() not in _CHOICES[key]:
            raise _Fatal(f'{at} unsupported option "{values[0]}".')
        elif (key in _CHOICES or key == "port") and len(values) > 1 and not values[1].startswith("#"):
            said.append(f"{at} keyword {word} extra arguments at end of line\n")
            bad += 1
    if bad:
        raise _Fatal(f"{path}: terminating, {bad} bad configuration options")


def _match_error(values: list[str]) -> str:
    """What is wrong with the criteria of a Match; "" if nothing is."""
    left = iter(values)
    for place, name in enumerate(left):
        if name.startswith("#") and place:
            break
        if name.lower() == "all":
            return "" if len(values) == 1 else "'all' cannot be combined with other Match attributes"
        if name.lower() not in _CRITERIA:
            return f"Unsupported Match attribute {name}"
        value = next(left, None)
        if value is None:
            return f"Missing Match criteria for {name}"
        if name.lower() == "localport" and not value.isdecimal():
            return f"Invalid LocalPort '{value}' on Match line"
    return ""
