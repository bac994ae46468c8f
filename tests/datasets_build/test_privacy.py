"""What is found, what is kept, and that look-alikes are the same everywhere and never the thing itself."""

import ipaddress
import random
import string
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.errors import AJError
from aj.findings import codes
from aj.messages import Call
from datasets_build.ledger import Refused
from datasets_build.privacy import replacer as privacy
from datasets_build.privacy.replacer import Replacer, finds
from datasets_build.privacy.secrets import _scanner
from datasets_build.reading.transcripts import Preference, Transcript, Turn
from scorers.checks.answers import check_grounded
from scorers.checks.privacy import check_privacy


def drawn(length: int, seed: int, letters: str = string.ascii_letters + string.digits) -> str:
    """Characters that no file holds: a secret in a test file is found by every scanner that passes by."""
    return "".join(random.Random(seed).choices(letters, k=length))


ANTHROPIC = f"sk-ant-api03-{drawn(80, 1)}"
AWS = f"AKIA{drawn(16, 2, string.ascii_uppercase + '234567')}"
GITHUB = f"ghp_{drawn(36, 3)}"
BEARER = f"{drawn(30, 4)}7"
BODY = "\n".join(drawn(64, seed) for seed in range(5, 9))
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----"


def found(text: str) -> list[tuple[str, str]]:
    return [(find.kind, text[find.start : find.end]) for find in finds(text)]


# --- what is found --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (f"the key is {ANTHROPIC}.", "secret", ANTHROPIC),
        (f"id {AWS} alone", "secret", AWS),
        (f"a {GITHUB} b", "secret", GITHUB),
        (f"NUL \0 hides nothing: {GITHUB}", "secret", GITHUB),
        (f"Authorization: Bearer {BEARER}", "secret", BEARER),
        ("psql postgres://app:kT4vvz9q@db/x", "secret", "kT4vvz9q"),
        ('{"password": "kT4vvz9q"}', "secret", "kT4vvz9q"),
        ("PGPASSWORD=kT4vvz9q psql", "secret", "kT4vvz9q"),
        (KEY, "private_key", f"\n{BODY}\n"),
        (KEY[: len(KEY) // 2], "private_key", KEY[: len(KEY) // 2].removeprefix("-----BEGIN RSA PRIVATE KEY-----")),
        ("mail kim.doe@acme.com today", "email", "kim.doe@acme.com"),
        ("at 10.20.30.40.", "private_ipv4", "10.20.30.40"),
        ("tcp 172.20.3.4:22", "private_ipv4", "172.20.3.4"),
        ("tcp4 192.168.7.5.443 LISTEN", "private_ipv4", "192.168.7.5"),
        ("http://93.184.216.34/x", "ipv4", "93.184.216.34"),
        ("[fe80::1c2d:3e4f:5a6b:7c8d%eth0]", "ipv6", "fe80::1c2d:3e4f:5a6b:7c8d"),
        ("from 2a02:8109:9:1::5: icmp", "ipv6", "2a02:8109:9:1::5"),
        ("ether 00:0c:29:99:45:17 txqueuelen", "mac", "00:0c:29:99:45:17"),
        ("Physical Address: 00-0C-29-25-B6-4D", "mac", "00-0C-29-25-B6-4D"),
        ("call +49 89 1234567 now", "phone", "+49 89 1234567"),
        ("call (212) 867-5309 now", "phone", "(212) 867-5309"),
        ("ring the office: 089/1234567", "phone", "089/1234567"),
        ("tel:+4989123456", "phone", "+4989123456"),
        ("fax +49 (0)89 / 12 34 56", "phone", "+49 (0)89 / 12 34 56"),
        ("or 0049 89 123456", "phone", "0049 89 123456"),
        ("(089) 123 45 67 or", "phone", "(089) 123 45 67"),
        ("in London 020 7946 1958,", "phone", "020 7946 1958"),
        ("a Paris 01 42 68 53 00", "phone", "01 42 68 53 00"),
        ("in Tokyo 03-1234-5678", "phone", "03-1234-5678"),
        ("212.867.5309", "phone", "212.867.5309"),
        ("+1-212-867-5309", "phone", "+1-212-867-5309"),
        ("Landline: 030 12345678", "phone", "030 12345678"),
        ("call us at 0301 2345678", "phone", "0301 2345678"),
        ("Rufnummer ist 0301234567", "phone", "0301234567"),
        ("cd /home/kdoe/x", "user", "kdoe"),
        ("C:\\Users\\kdoe\\x", "user", "kdoe"),
        ("C:\\\\Users\\\\Kim Doe\\\\x", "user", "Kim Doe"),
        ("on https://falcon.acme.corp/x", "host", "falcon.acme.corp"),
        ("\\\\fs-07.local\\share", "host", "fs-07.local"),
        ("ping kestrel.lan", "host", "kestrel.lan"),
        ("kestrel.acme.intra:8443", "host", "kestrel.acme.intra"),
        ("kestrel.home.arpa.", "host", "kestrel.home.arpa"),
        ("heron.fritz.box", "host", "heron.fritz.box"),
        ("/etc/live/wiki.acme.internal/key.pem", "host", "wiki.acme.internal"),
        ("ip-10-20-3-17.ec2.internal", "host", "ip-10-20-3-17.ec2.internal"),
        ("inet 10.20.3.17/24 brd", "private_ipv4", "10.20.3.17"),
        ("inet6 fd12:3456:789a:1::5/64 scope", "ipv6", "fd12:3456:789a:1::5"),
        ("fe80::1c2d:3e4f:5a6b:7c8d%en0", "ipv6", "fe80::1c2d:3e4f:5a6b:7c8d"),
        ("10 000c.2999.4517 DYNAMIC Gi1/0/1", "mac", "000c.2999.4517"),
    ],
)
def test_each_kind_is_found_where_it_stands(text, kind, value):
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1 0.0.0.0 255.255.255.0 8.8.8.8 10.0.0.0/8 192.168.0.255 224.0.0.251 192.0.2.7",
        "build 10.0.19041.1, version 1.2.3.4, v10.2.3.4, foo==4.3.2.1, Chrome/120.0.60.109, lib-5.4.0.42-45, 1.2.3.4.5",
        "300.1.2.3 and 01.2.3.4",
        "12:34:56 and std::vector and a::b and ::1 and ff02::1 and 2001:db8::7",
        "serial-getty@tty1.service, root@localhost, git@github.com, you@example.com, a@b",
        '{"code": "x\\\\n@app.route(1)"}, C:\\Users\\user01\\x',
        "/home/ubuntu, /home/$USER, /home/<name>, C:\\Users\\Public\\x, /root",
        "web01.local, /etc/rc.local, .env.local, settings.local.json, localhost.localdomain, host.docker.internal",
        "dc01.domain.local, _ldap._tcp.domain.local, dhcp.company.corp, contoso.local, AD-Domain-Services",
        "your@email.com, you@company.com, user@domain.com, your_name@mycompany.org",
        "password: required, password=$PASS, pwd=/srv, PASSWORD=changeme, https://user:password@host/",
        '"/etc/passwd": "chmod 644, chown root:root", PASSWORD=pass\\n - X=1, C:\\Users\\Downloads\\x',
        f"commit {drawn(40, 9, '0123456789abcdef')}, 2026-02-10 10:20:30, 00:00:00:00:00:00, ff:ff:ff:ff:ff:ff",
        f"sk-ant-api03-EXAMPLE{drawn(60, 10)}",
        "+0000 and -1 555 and (2026) and 5 + 3 - 2",
        "01/02/2026, 01-02-2026, 02.01.2026, 2026-02-10 10:20:30, 2026.02.10.12.30, last call 1767225600",
        "serial 0123456789, SN 00111-12345-00001, INV 02-2026-1234, job 0123-456, port 08080, PID 01234",
        "size 1 234 567 890 bytes, +1 234 567 890 more, find -size +10485760c, head -c +1073741824",
        "-rw-r--r-- 1 root root 0644 1234567, chmod 0755 12345678, /spool/0123/45678901",
        "0000020 062554 020157 012345\n00000010 01 42 68 53 00 6f 6c",
        "call 555-0123 or 212-555-0123, 4111 1111 1111 1111, abcd.1234.5678.9012, 1.234.567.890",
        "threading.local() in com.acme.internal.Thing, /opt/app/settings.local, us-east-1-prod-web-01.internal",
    ],
)
def test_what_is_nobodys_is_not_found(text):
    assert found(text) == []


@pytest.mark.parametrize("owned", ["domain-acme.local", "kestrel.domain.local", "your@acme.com", "kim@company.com"])
def test_a_name_among_such_words_is_found(owned):
    assert len(found(f"on {owned} now")) == 1


def test_words_that_every_network_has_stay_words_beside_a_name():
    said = "DHCP of kestrel.domain.local: a domain has one DHCP server, _ldap._tcp.domain.local its domain controllers"
    shown = Replacer(3).text(said)
    assert "kestrel" not in shown
    assert shown.split(":", 1)[1] == said.split(":", 1)[1]
    mail = Replacer(3).text("kestrel@domain.local is in DC=domain,DC=local")
    assert mail.split("@")[1] == "domain.local is in DC=domain,DC=local"
    assert "kestrel" not in mail


def test_without_the_scanner_nothing_passes(monkeypatch):
    monkeypatch.setitem(sys.modules, "betterleaks", None)
    _scanner.cache_clear()
    with pytest.raises(AJError, match=r"betterleaks-py is not installed.*make setup"):
        Replacer(1).text("hello")
    monkeypatch.undo()
    assert Replacer(1).text("hello") == "hello"


# --- look-alikes ----------------------------------------------------------------------------------------------------


def test_addresses_keep_their_range_and_their_subnets():
    shown = Replacer(7).text("10.1.2.3 10.1.2.4 10.1.9.3 10.2.2.3 192.168.5.6 172.16.9.9 93.184.216.34 93.184.216.35")
    a, b, c, d, e, f, g, h = map(ipaddress.ip_address, shown.split())
    prefix = [str(address).rpartition(".")[0] for address in (a, b, c, d, g, h)]
    assert prefix[0] == prefix[1] != prefix[2]
    assert prefix[4] == prefix[5]
    assert str(a).split(".")[:2] == str(c).split(".")[:2] != str(d).split(".")[:2]
    assert e in ipaddress.ip_network("192.168.0.0/16")
    assert f in ipaddress.ip_network("172.16.0.0/12")
    assert any(g in ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
    assert len({a, b, c, d, e, f, g, h}) == 8


def test_hundreds_of_addresses_of_one_conversation_stay_apart():
    public = [f"93.184.{n // 200}.{n % 200 + 1}" for n in range(500)]
    private = [f"10.7.{n // 250}.{n % 250 + 1}" for n in range(500)]
    shown = Replacer(7).text(" ".join(public + private)).split()
    assert len(set(shown)) == 1000
    assert not {before for before, after in zip(public + private, shown, strict=True) if before == after}


def test_a_value_is_the_same_in_every_case_and_place_and_its_parts_too():
    said = "ssh kdoe@falcon.acme.corp; ls /home/kdoe; owner KDOE; mail kim.doe@acme.com; falcon is up; kim.doe knows"
    ssh, ls, owner, mail, up, knows = Replacer(7).text(said).split("; ")
    user = ls.removeprefix("ls /home/")
    host = ssh.removeprefix(f"ssh {user}@")
    assert host.endswith(".corp")
    assert owner == f"owner {user.upper()}"
    assert up == f"{host.split('.')[0]} is up"
    assert mail.startswith(f"mail {knows.removesuffix(' knows')}@")
    assert mail.endswith(".example")
    assert not any(name in f"{ssh}{ls}{mail}".lower() for name in ("kdoe", "falcon", "acme", "doe"))


def test_a_secret_that_is_only_told_once_is_replaced_wherever_it_is_repeated():
    item = Transcript(
        (
            Turn("user", "use kT4vvz9q to log in"),
            Turn("assistant", "", Call("bash", {"command": "PGPASSWORD=kT4vvz9q psql", "env": {"k": ["kT4vvz9q"]}})),
            Turn("tool", "FATAL: kT4vvz9q", tool="bash"),
        ),
        metadata={"title": "kT4vvz9q", "origin": "c1"},
    )
    replacer = Replacer(7)
    shown = replacer.replace(item)
    assert isinstance(shown, Transcript)
    assert "kT4vvz9q" not in repr(shown)
    look = shown.turns[0].text.split()[1]
    assert shown.turns[1].call == Call("bash", {"command": f"PGPASSWORD={look} psql", "env": {"k": [look]}})
    assert (shown.turns[2].text, shown.metadata) == (f"FATAL: {look}", {"origin": "c1", "private": "replaced"})
    assert replacer.replaced == {"secret": 1}


@pytest.mark.parametrize(
    "number", ["089/1234567", "+49 (0)89 / 12 34 56", "(089) 123 45 67", "212-867-5309", "030 12345678"]
)
def test_a_phone_number_keeps_its_form_and_what_replaces_it_is_no_ones(number):
    shown = Replacer(7).text(f"tel {number}; again {number}")
    first, again = shown.removeprefix("tel ").split("; again ")
    assert first == again != number
    assert [char for char in first if not char.isdigit()] == [char for char in number if not char.isdigit()]
    assert found(shown) == []


def test_what_was_thought_is_replaced_as_well():
    shown = Replacer(7).replace(Transcript((Turn("user", "hi"), Turn("assistant", "ok", thought="kestrel.acme.corp"))))
    assert isinstance(shown, Transcript)
    assert "kestrel" not in repr(shown)


@pytest.mark.parametrize("secret", [KEY, KEY.replace("RSA ", ""), ANTHROPIC, AWS, GITHUB])
def test_look_alikes_of_secrets_are_no_secrets_to_the_linter(secret):
    assert codes(check_privacy(secret)) == ["secret"]
    assert check_privacy(Replacer(7).text(secret)) == []


def test_the_two_answers_of_a_preference_share_its_look_alikes_and_other_items_pass():
    chosen, rejected = Turn("assistant", "10.9.8.7 is up"), Turn("assistant", "10.9.8.7 is down")
    shown = Replacer(7).replace(Preference((Turn("user", "is 10.9.8.7 up?"),), chosen, rejected))
    assert isinstance(shown, Preference)
    look = shown.turns[0].text.split()[1]
    assert look != "10.9.8.7"
    assert (shown.chosen.text, shown.rejected.text) == (f"{look} is up", f"{look} is down")
    lost = Refused("no_reply", "nothing")
    assert Replacer(7).replace(lost) is lost


def test_arguments_nested_too_deep_to_be_searched_do_not_pass():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    shown = Replacer(7).replace(Transcript((Turn("assistant", "", Call("f", {"a": deep})),)))
    assert isinstance(shown, Refused)


def test_a_user_who_is_called_like_a_tool_renames_no_tool():
    call = Call("grep", {"grep": "/home/grep/x"})
    shown = Replacer(7).replace(Transcript((Turn("assistant", "", call), Turn("tool", "x", tool="grep"))))
    assert isinstance(shown, Transcript)
    changed = shown.turns[0].call
    assert changed is not None
    assert (changed.tool, [*changed.params], shown.turns[1].tool) == ("grep", ["grep"], "grep")
    assert changed.params["grep"] != "/home/grep/x"


def test_a_list_of_secrets_is_no_conversation(monkeypatch):
    monkeypatch.setattr(privacy, "MANY", 20)
    listed = "\n".join(f"password='{drawn(12, seed)}'" for seed in range(21))
    shown = Replacer(7).replace(Transcript((Turn("user", listed), Turn("assistant", "ok"))))
    assert isinstance(shown, Refused)
    assert shown.code == "too_private"


def test_the_seed_is_the_key_and_conversations_agree():
    one, two = Replacer(7), Replacer(7)
    assert one.text("10.9.8.7 kim.doe@acme.com") == two.text("10.9.8.7 kim.doe@acme.com")
    assert one.text("a 10.9.8.7").split()[1] == two.text("10.9.8.7 b 93.184.216.34").split()[0]
    assert Replacer(8).text("10.9.8.7") != one.text("10.9.8.7")


def test_a_long_conversation_takes_a_moment():
    text = "disk of web01 at 10.0.0.4: 87% of /dev/sda1, owner kdoe in /home/kdoe, fe80::1:2:3, see a.b@c\n" * 3_000
    Replacer(7).text(text[:1000])
    started = time.process_time()
    Replacer(7).text(text)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "unit", ["a@", "1.", "a.", "::", "0:", "+1 ", "/home/", "C:\\Users\\", "x://a:", "password=", "eyJ"]
)
def test_no_text_makes_the_search_slow(unit):
    started = time.process_time()
    finds(unit * (100_000 // len(unit)))
    assert time.process_time() - started < 2


# --- properties -----------------------------------------------------------------------------------------------------

names = st.sampled_from(["kdoe", "marvin7", "zaphod", "trillian"])
machines = st.sampled_from(["falcon", "fs-07", "kestrel", "heron2"])
private = st.builds("10.{}.{}.{}".format, *[st.integers(1, 9)] * 2, st.integers(1, 250))
public = st.builds("93.184.{}.{}".format, st.integers(1, 9), st.integers(1, 250))
passwords = st.text(string.ascii_letters + string.digits, min_size=10, max_size=24).filter(lambda p: "EXAMPLE" not in p)
facts = st.one_of(
    names.map(lambda name: (name, f"/home/{name}/x")),
    machines.map(lambda name: (name, f"ping {name}.acme.internal")),
    private.map(lambda address: (address, f"inet {address}/24")),
    public.map(lambda address: (address, f"peer {address}:443")),
    passwords.map(lambda secret: (secret, f"password='{secret}'")),
    names.map(lambda name: (f"{name}@acme.com", f"From: {name}@acme.com")),
)


@settings(max_examples=60)
@given(st.lists(facts, min_size=1, max_size=6), st.lists(facts, max_size=2), st.integers(0, 3))
def test_grounding_holds_after_exactly_if_it_held_before_and_nothing_is_left(told, untold, seed):
    result = "\n".join(line for _, line in told)
    answer = "It is " + " and ".join(f"`{value}`" for value, _ in [*told, *untold]) + "."
    shown = Replacer(seed).replace(Transcript((Turn("tool", result, tool="bash"), Turn("assistant", answer))))
    assert isinstance(shown, Transcript)
    new_result, new_answer = (turn.text for turn in shown.turns)
    before, after = check_grounded(answer, [result], []), check_grounded(new_answer, [new_result], [])
    assert len(before) == len(after)
    whole = f"{new_result}\n{new_answer}".lower()
    for value, line in told:
        if "password" in line or value[0].isalpha():
            assert value.lower() not in whole
    assert len(new_answer) <= len(answer) + 20 * answer.count("`")


@settings(max_examples=60)
@given(st.text(max_size=200), st.integers())
def test_any_text_is_changed_the_same_way_twice_and_never_grows_much(text, seed):
    shown = Replacer(seed).text(text)
    assert shown == Replacer(seed).text(text)
    assert len(shown) <= 2 * len(text) + 40
