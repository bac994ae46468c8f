"""What sshd -t says of a configuration (OpenSSH 9.2)."""

import re

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


def config_errors(path: str, text: str) -> str:
    """What sshd says of a configuration; "" if that is valid. Of a value that it cannot read, it says no more."""
    said, bad = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        words = [word.strip('"') for word in re.split(r"\s*=\s*|\s+", line.strip(), maxsplit=1)]
        if not words[0] or words[0].startswith("#"):
            continue
        key, values = words[0].lower(), words[1].split() if len(words) > 1 else []
        at = f"{path} line {number}:"
        if key not in KEYWORDS:
            said, bad = f"{said}{path}: line {number}: Bad configuration option: {words[0]}\n", bad + 1
        elif not values:
            said, bad = f'{said}{at} no argument after keyword "{words[0]}"\n', bad + 1
        elif key == "port" and not (values[0].isdecimal() and 0 < int(values[0][:6]) < 65_536):
            return f"{said}{at} Badly formatted port number.\n"
        elif key in _CHOICES and values[0].lower() not in _CHOICES[key]:
            return f'{said}{at} unsupported option "{values[0]}".\n'
        elif (key in _CHOICES or key == "port") and len(values) > 1 and not values[1].startswith("#"):
            said, bad = f"{said}{at} keyword {words[0]} extra arguments at end of line\n", bad + 1
    return f"{said}{path}: terminating, {bad} bad configuration options\n" if bad else said
