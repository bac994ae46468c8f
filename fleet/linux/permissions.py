"""Who may do what with a file: chmod, chown, chgrp, umask."""

import re
from dataclasses import replace

from bashkit import BuiltinResult

from fleet.linux.account_files import groups
from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, Flags, fail, parse
from fleet.linux.file_tree import FileNode, node, walk
from fleet.linux.options import options
from fleet.model import File

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)")
_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007}
_BITS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}
_SHIFT = {"u": 6, "g": 3, "o": 0}


def new_mode(text: str, mode: int, folder: bool, umask: int) -> int | None:
    """`mode` changed as chmod's MODE says (chmod(1)); None if that is no mode."""
    if re.fullmatch(r"[0-7]{1,5}", text):
        wanted = int(text, 8)
        if wanted > 0o7777:
            return None
        return wanted | mode & 0o6000 if folder and len(text) < 5 else wanted  # a folder keeps set-id bits
    for clause in text.split(","):
        found = _CLAUSE.fullmatch(clause)
        if found is None:
            return None
        for sign, what in re.findall(r"([-+=])([rwxXst]*|[ugo])(?![ugorwxXst])", found[2]):
            mode = _changed(mode, found[1], sign, what, folder, umask)
    return mode


def _changed(mode: int, who: str, sign: str, what: str, folder: bool, umask: int) -> int:
    reach = 0
    for letter in who.replace("a", "ugo") or "ugo":
        reach |= _WHO[letter]
    if what in _SHIFT:
        three = mode >> _SHIFT[what] & 7
        bits = three << 6 | three << 3 | three
    else:
        bits = 0
        for letter in what:
            seen = "x" if letter == "X" and (folder or mode & 0o111) else letter
            bits |= _BITS.get(seen, 0)
    bits &= reach if who else reach & ~umask
    if sign == "=":
        kept = mode & 0o6000 if folder else 0
        return mode & ~reach | kept & reach | bits
    return mode | bits if sign == "+" else mode & ~bits


CHMOD = options("""
    -R --recursive
    -v --verbose
    -c --changes
    -f --silent --quiet
    --reference=
    ~ --preserve-root
    ~ --no-preserve-root
""")
CHOWN = options("""
    -R --recursive
    -v --verbose
    -c --changes
    -f --silent --quiet
    ~ --dereference
    ~ -P
    --from=
    --reference=
    ~ --preserve-root
    ~ --no-preserve-root
""")


def chmod(context: CommandContext) -> BuiltinResult:
    # A mode that takes permissions away looks like an option: chmod -x f
    argv = context.argv
    mode = next((word for word in argv if re.fullmatch(r"-[rwxXstugo]+(,.*)?", word)), None)
    context.argv = [word for word in argv if word is not mode]
    flags = parse(context, CHMOD)
    words, name = flags.words, "chmod"
    host = context.pull()
    if "reference" in flags:
        like = node(context, context.absolute(flags.get("reference")))
        if like is None:
            return fail(f"chmod: failed to get attributes of '{flags.get('reference')}': No such file or directory")
        mode = f"{like.mode:o}"
    elif mode is None and words:
        mode, *words = words
    if not words:
        after = f" after ‘{mode}’" if mode else ""
        return fail(f"{name}: missing operand{after}\nTry '{name} --help' for more information.")
    umask = context.host_files.umask
    if mode is None or new_mode(mode, 0, False, umask) is None:
        return fail(f"chmod: invalid mode: ‘{mode}’\nTry 'chmod --help' for more information.")
    text, errors, missing = "", "", False
    for word, entry in _named(context, words, "R" in flags):
        if entry is None:
            missing = True
            errors += "" if "f" in flags else f"chmod: cannot access '{word}': No such file or directory\n"
            continue
        wanted = new_mode(mode, entry.mode, entry.folder, umask)
        assert wanted is not None
        file = context.host_files.file(host, entry.path)
        context.host_files.chmod(entry.path, wanted)
        if file and file.mode != wanted:
            host = host.with_file(entry.path, replace(file, mode=wanted))
        text += _told(word, entry, wanted, flags)
    context.change(host)
    return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if missing else 0)


def _told(word: str, entry: FileNode, wanted: int, flags: Flags) -> str:
    """The line that -v, or -c for a change, prints."""
    after = replace(entry, mode=wanted)
    if entry.mode != wanted and ("v" in flags or "c" in flags):
        old = f"{entry.mode:04o} ({entry.permissions[1:]})"
        return f"mode of '{word}' changed from {old} to {wanted:04o} ({after.permissions[1:]})\n"
    return f"mode of '{word}' retained as {wanted:04o} ({after.permissions[1:]})\n" if "v" in flags else ""


def _named(context: CommandContext, words: list[str], deep: bool) -> list[tuple[str, FileNode | None]]:
    """(name as told, node) of each operand and, if deep, of everything below it but links."""
    found: list[tuple[str, FileNode | None]] = []
    for word in words:
        top = node(context, context.absolute(word))
        if top is None:
            found.append((word, None))
            continue
        for _, entry in walk(context, top, 1000 if deep else 0):
            if entry.kind != "symlink":
                found.append((word + entry.path[len(top.path) :] if entry is not top else word, entry))
    return found


def chown(context: CommandContext) -> str | BuiltinResult:
    """chown and chgrp. Nothing else follows: services ignore who owns a file here."""
    flags = parse(context, CHOWN)
    name = context.name
    words = flags.words
    host = context.pull()
    if "reference" in flags:
        like = node(context, context.absolute(flags.get("reference")))
        if like is None:
            return fail(f"{name}: failed to get attributes of '{flags.get('reference')}': No such file or directory")
        words = [f"{like.owner}:{like.group}" if name == "chown" else like.group, *words]
    if len(words) < 2:
        after = f" after ‘{words[0]}’" if words else ""
        return fail(f"{name}: missing operand{after}\nTry '{name} --help' for more information.")
    owner, *words = words
    found = _owner_and_group(context, owner)
    if isinstance(found, str):
        return fail(f"{name}: {found}")
    user, group = found
    text, errors = "", ""
    for word, entry in _named(context, words, "R" in flags):
        if entry is None:
            errors += "" if "f" in flags else f"{name}: cannot access '{word}': No such file or directory\n"
            continue
        if "from" in flags and flags.get("from") not in (
            entry.owner,
            f"{entry.owner}:{entry.group}",
            f":{entry.group}",
        ):
            continue
        new_owner, new_group = user or entry.owner, group or entry.group
        changed = (new_owner, new_group) != (entry.owner, entry.group)
        if "v" in flags or ("c" in flags and changed):
            text += _owned(name, word, entry, user, group, changed)
        if file := context.host_files.file(host, entry.path):
            host = host.with_file(entry.path, _owned_file(file, new_owner, new_group)) if changed else host
        else:
            context.host_files.own(entry.path, new_owner, new_group)
    context.change(host)
    return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if errors else 0)


def _owned_file(file: File, owner: str, group: str) -> File:
    return replace(file, owner=owner, group="" if group == owner else group)


def _owned(name: str, word: str, entry: FileNode, user: str, group: str, changed: bool) -> str:
    """The line that -v, or -c for a change, prints."""
    old = entry.group if name == "chgrp" else f"{entry.owner}:{entry.group}" if group else entry.owner
    new = group if name == "chgrp" else f"{user or entry.owner}:{group}" if group else user
    what = "group" if name == "chgrp" else "ownership"
    if not changed:
        return f"{what} of '{word}' retained as {old}\n"
    return f"changed {what} of '{word}' from {old} to {new}\n"


def _owner_and_group(context: CommandContext, text: str) -> tuple[str, str] | str:
    """(owner, group) of OWNER[:GROUP], or of GROUP for chgrp, "" where it stays; or why there is none."""
    users = accounts(context.host)
    names = {str(uid): name for name, uid in users.items()}
    known = groups(context)
    numbers = {str(number): name for name, number in known.items()}
    if context.name == "chgrp":
        group = numbers.get(text, text)
        return ("", group) if group in known or text.isdecimal() else f"invalid group: ‘{text}’"
    user, sign, group = text.partition(":")
    user, group = names.get(user, user), numbers.get(group, group)
    if user and user not in users and not user.isdecimal():
        return f"invalid user: ‘{text}’"
    if group and group not in known and not group.isdecimal():
        return f"invalid group: ‘{text}’"
    return user, group or (user if sign and user else "")


def umask(context: CommandContext) -> str | BuiltinResult:
    """The mask lasts as long as the line: each line is a new shell."""
    wrong = next((word for word in context.argv if word.startswith("-") and not re.fullmatch(r"-[Sp]+", word)), "")
    if wrong:
        shown = "--" if wrong.startswith("--") else wrong[:2]
        return fail(f"bash: line 1: umask: {shown}: invalid option\numask: usage: umask [-p] [-S] [mode]", 2)
    words = [word for word in context.argv if not word.startswith("-")]
    symbolic, again = (any(letter in word for word in context.argv if word.startswith("-")) for letter in "Sp")
    mask = context.host_files.umask
    if not words:
        shown = _symbolic(mask) if symbolic else f"{mask:04o}"
        return f"umask {'-S ' if '-S' in context.argv else ''}{shown}\n" if again else f"{shown}\n"
    word = words[0]
    if word[:1].isdecimal():
        if not re.fullmatch(r"[0-7]{1,4}", word) or int(word, 8) > 0o777:
            return fail(f"bash: line 1: umask: {word}: octal number out of range")
        wanted = int(word, 8)
    else:
        allowed = new_mode(word, 0o777 & ~mask, False, 0)
        if allowed is None:
            return fail(f"bash: line 1: umask: `{word[:1]}': invalid symbolic mode character")
        wanted = 0o777 & ~allowed
    context.host_files.umask = wanted
    return f"{_symbolic(wanted)}\n" if symbolic else ""


def _symbolic(mask: int) -> str:
    allowed = 0o777 & ~mask
    parts = {who: "".join(bit for bit in "rwx" if allowed >> shift & 7 & _BITS[bit]) for who, shift in _SHIFT.items()}
    return ",".join(f"{who}={bits}" for who, bits in parts.items())


COMMANDS: dict[str, Command] = {"chmod": chmod, "chown": chown, "chgrp": chown, "umask": umask}
