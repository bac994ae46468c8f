"""openssl: random numbers, digests, and why a certificate cannot be had: no host has one, and no port speaks TLS."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import new, sha256, shake_256

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, not_found
from fleet.linux.connectivity import REFUSED, STOPPED, connect, resolve
from fleet.linux.file_tree import node
from fleet.linux.programs import upstream

_VERBS = """
    asn1parse ca ciphers cmp cms crl crl2pkcs7 dgst dhparam dsa dsaparam ec ecparam enc engine errstr fipsinstall
    gendsa genpkey genrsa help info kdf list mac nseq ocsp passwd pkcs12 pkcs7 pkcs8 pkey pkeyparam pkeyutl prime rand
    rehash req rsa rsautl s_client s_server s_time sess_id smime speed spkac srp storeutl ts verify version x509
    blake2b512 blake2s256 md4 md5 rmd160 sha1 sha224 sha256 sha384 sha512 sm3 base64"""
VERBS = frozenset(_VERBS.split())
_DIGESTS = {"md5": "MD5", "sha1": "SHA1", "sha224": "SHA2-224", "sha256": "SHA2-256", "sha384": "SHA2-384",
    "sha512": "SHA2-512"}  # fmt: skip
"""Name -> how the result is labelled."""
_X509_SHOWS = frozenset(
    ("-noout", "-text", "-dates", "-startdate", "-enddate", "-subject", "-issuer", "-serial", "-fingerprint", "-pubkey",
     "-sha256", "-sha1", "-hash", "-email", "-purpose", "-alias")
)  # fmt: skip
_X509_VALUES = frozenset(("-in", "-checkend", "-checkhost", "-ext", "-inform", "-nameopt", "-certopt"))
_LONGEST = 100_000


def _openssl(context: CommandContext) -> str | BuiltinResult:
    version = context.host.packages.get("openssl")
    if version is None:
        return not_found("openssl")
    verb, *words = context.argv or ["help"]
    if verb in ("version", "-v", "--version") and not words:
        return f"OpenSSL {upstream(version)}\n"
    if verb in _DIGESTS:
        verb, words = "dgst", [f"-{verb}", *words]
    act = {"rand": _rand, "dgst": _digest, "x509": _x509, "s_client": _client}.get(verb)
    if act:
        return act(context, words)
    if verb in VERBS or verb.startswith("-"):
        return lacking(context, f"openssl {verb}", BuiltinResult(exit_code=1))
    return fail(f"Invalid command '{verb}'; type \"help\" for a list.")


_LATER = {
    "rand": "-help -engine -out -rand -writerand -provider-path -provider -propquery",
    "dgst": "-help -list -engine -engine_impl -passin -c -out -keyform -binary -xoflen -d -debug -sign -verify "
    "-prverify -sigopt -signature -hmac -mac -macopt -fips-fingerprint -rand -writerand -provider-path -provider "
    "-propquery",
}
"""Verb -> its real options that are not simulated."""


def _unknown(context: CommandContext, verb: str, option: str) -> BuiltinResult:
    what = "option or message digest: " + option.lstrip("-") if verb == "dgst" else f"option: {option}"
    refusal = fail(f"{verb}: Unknown {what}\n{verb}: Use -help for summary.")
    return lacking(context, f"openssl {verb} {option}", refusal) if option in _LATER[verb].split() else refusal


def _rand(context: CommandContext, words: list[str]) -> str | BuiltinResult:
    forms = [word for word in words if word.startswith("-")]
    if strange := [form for form in forms if form not in ("-hex", "-base64")]:
        return _unknown(context, "rand", strange[0])
    counts = [word for word in words if not word.startswith("-")]
    if not forms:
        return lacking(context, "openssl rand", BuiltinResult(exit_code=1))
    if len(counts) > 1:
        return fail("rand: Use -help for summary.")
    if not counts:
        return "\n" if forms[-1] == "-hex" else ""
    if counts[0] == "0":
        return fail("rand: Use -help for summary.")
    if not counts[0].isdecimal() or not 0 < int(counts[0][:9]) <= _LONGEST:
        return fail(f'rand: Can\'t parse "{counts[0]}" as a number\nrand: Use -help for summary.')
    host = context.host
    drawn = shake_256(f"rand {host.name} {host.now} {host.next_pid}".encode()).digest(int(counts[0]))
    context.change(replace(host, next_pid=host.next_pid + 1))
    if forms[-1] == "-hex":
        return f"{drawn.hex()}\n"
    text = b64encode(drawn).decode()
    return "".join(f"{text[place : place + 64]}\n" for place in range(0, len(text), 64))


def _digest(context: CommandContext, words: list[str]) -> BuiltinResult:
    options = [word for word in words if word.startswith("-")]
    named = [word[1:] for word in options if word[1:] in _DIGESTS] or ["sha256"]
    if strange := [word for word in options if word[1:] not in _DIGESTS and word not in ("-r", "-hex")]:
        return _unknown(context, "dgst", strange[0])
    context.pull()
    text, errors = "", ""
    for word in [word for word in words if not word.startswith("-")] or [""]:
        found = node(context, context.absolute(word)) if word else None
        if word and (found is None or found.folder):
            errors += _unread(context, word, found is None)
            continue
        content = context.host_files.fs.read_file(found.path) if found else context.stdin.encode()
        told = new(named[-1], content, usedforsecurity=False).hexdigest()
        shown = word or "stdin"
        text += f"{told} *{shown}\n" if "-r" in options else f"{_DIGESTS[named[-1]]}({shown})= {told}\n"
    return BuiltinResult(text, errors, 1 if errors else 0)


def _unread(context: CommandContext, word: str, missing: bool) -> str:
    at = f"{_thread(context)}:error:"
    what, code, why = ("file_ctrl", "80000002", "No such file or directory") if missing else (
        "file_read", "80000015", "Is a directory")  # fmt: skip
    call, first, second = (f"calling fopen({word}, r)", 297, 300) if missing else ("calling fread()", 149, 151)
    return (
        (f"{word}: {why}\n" if missing else f"Read error in {word}\n")
        + f"{at}{code}:system library:{what}:{why}:../crypto/bio/bss_file.c:{first}:{call}\n"
        + f"{at}10080002:BIO routines:{what}:system lib:../crypto/bio/bss_file.c:{second}:\n"
    )


def _thread(context: CommandContext) -> str:
    return f"80{sha256(f'{context.host.name} {context.host.next_pid}'.encode()).hexdigest()[:10].upper()}0000"


def _x509(context: CommandContext, words: list[str]) -> BuiltinResult:
    values, left = dict[str, str](), iter(words)
    for word in left:
        if word in _X509_VALUES:
            values[word] = next(left, "")
        elif word not in _X509_SHOWS:
            return lacking(context, f"openssl x509 {word}", BuiltinResult(exit_code=1))
    context.pull()
    name = values.get("-in", "<stdin>")
    found = node(context, context.absolute(name)) if "-in" in values else None
    if "-in" in values and found is None:
        at = f"{_thread(context)}:error:"
        store = f"{at}16000069:STORE routines:ossl_store_get0_loader_int:unregistered scheme"
        opened = f"{at}80000002:system library:file_open:No such file or directory"
        return fail(
            f"Could not open file or uri for loading certificate from {name}\n"
            f"{store}:../crypto/store/store_register.c:237:scheme=file\n"
            f"{opened}:../providers/implementations/storemgmt/file_store.c:267:calling stat({name})\n"
            "Unable to load certificate"
        )
    text = context.host_files.fs.read_file(found.path).decode("latin-1") if found else context.stdin
    if "-----BEGIN" in text or found is not None:
        return lacking(context, "openssl x509", BuiltinResult(exit_code=1))
    return fail(f"Could not read certificate from {name}\nUnable to load certificate")


def _client(context: CommandContext, words: list[str]) -> BuiltinResult:
    places = [place for place, word in enumerate(words) if word == "-connect"]
    target = words[places[-1] + 1] if places and places[-1] + 1 < len(words) else ""
    found = re.fullmatch(r"([\w.-]+):(\d{1,5})", target)
    if found is None:
        return lacking(context, "openssl s_client", BuiltinResult(exit_code=1))
    address, at = resolve(context, found[1]), f"{_thread(context)}:error:"
    if address is None:
        lookup = "10080002:BIO routines:BIO_lookup_ex:system lib:../crypto/bio/bio_addr.c:738"
        return fail(f"{at}{lookup}:Name or service not known\nconnect:errno=0")
    answer = connect(context, address, int(found[2]))
    if answer == REFUSED:
        call = "8000006F:system library:BIO_connect:Connection refused:../crypto/bio/bio_sock2.c:125:calling connect()"
        return fail(
            f"{at}{call}\n{at}10000067:BIO routines:BIO_connect:connect error:../crypto/bio/bio_sock2.c:127:\n"
            "connect:errno=111"
        )
    if isinstance(answer, str):
        return BuiltinResult(exit_code=STOPPED)
    return lacking(context, "openssl s_client", BuiltinResult(exit_code=1))


COMMANDS: dict[str, Command] = {"openssl": _openssl}
