"""gzip, gunzip and zcat.

A command of ours takes and gives text only: what comes from a pipe or goes into one is left in files of the sandbox by
the shell's functions.
"""

import posixpath
from dataclasses import dataclass, replace

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, UsageError, lacking, parse
from fleet.linux.copying import remove
from fleet.linux.file_tree import FileNode, node, walk
from fleet.linux.gzip_format import MAGIC, UnpacksTooMuch, frame_size, is_several, noted_size, packed, ratio, unpacked
from fleet.linux.handed import MARK, without_function
from fleet.linux.manual import release
from fleet.linux.options import Flags, options
from fleet.model import File

GZIP = options(
    """
    -c --stdout --to-stdout
    -d --decompress --uncompress
    -f --force
    -k --keep
    -l --list
    -n --no-name
    -q --quiet
    -r --recursive
    -S --suffix=
    -t --test
    -v --verbose
    -1 --fast
    -9 --best
    """
    + "\n".join(f"-{level}" for level in range(2, 9))
)
NEEDS_INPUT, GIVES_BYTES = 200, 201
"""Exit statuses that tell the shell's function to call again, with files for what is no text."""
INPUT, OUTPUT = "/dev/.aj-in", "/dev/.aj-out"
FUNCTIONS = (
    f"""
aj_gzip() {{
    local aj_status
    {MARK}=1 command "$@" < /dev/null
    aj_status=$?
    case $aj_status in
        {NEEDS_INPUT}) cat > {INPUT};;
        {GIVES_BYTES}) ;;
        *) return $aj_status;;
    esac
    aj-gzip "$@" < /dev/null
    aj_status=$?
    cat {OUTPUT}
    aj-gzip < /dev/null
    return $aj_status
}}
"""
    + 'gzip() { aj_gzip gzip "$@"; }\ngunzip() { aj_gzip gunzip "$@"; }\nzcat() { aj_gzip zcat "$@"; }\n'
)
_SUFFIXES = {".gz": "", "-gz": "", ".z": "", "-z": "", "_z": "", ".tgz": ".tar", ".taz": ".tar"}
"""How a packed file's name ends -> how the unpacked one's does."""
_HEADING = "         compressed        uncompressed  ratio uncompressed_name\n"


@dataclass(slots=True)
class _Run:
    """One call, with what it has said so far."""

    context: CommandContext
    flags: Flags
    suffix: str
    stdin: bytes = b""
    out: bytes = b""
    errors: str = ""
    code: int = 0
    listed: tuple[int, int, int] = (0, 0, 0)
    """the sizes of the files that were listed, packed and unpacked, and what frames the last of them"""

    def unpacks(self) -> bool:
        return bool({"d", "t", "l"} & self.flags.values.keys())

    def complain(self, message: str, code: int = 1) -> None:
        """Say why a file is left; 2 is only a warning."""
        quiet = code == 2 and "q" in self.flags and "not overwritten" not in message
        self.errors += "" if quiet else f"gzip: {message}\n"
        self.code = code if self.code != 1 else 1

    def tell(self, word: str, what: str) -> None:
        if "v" in self.flags:
            self.errors += f"{word}:\t{what}\n"


def _gzip(context: CommandContext) -> BuiltinResult:
    """Everything but what needs bytes from a pipe, or gives some."""
    run = _read(context)
    if not run.flags.words or "-" in run.flags.words:
        return _again(context, NEEDS_INPUT)
    if "c" in run.flags and not run.unpacks():
        return _again(context, GIVES_BYTES)
    done = _done(run)
    try:
        return BuiltinResult(done.out.decode(), done.errors, done.code)
    except UnicodeDecodeError:
        return _again(context, GIVES_BYTES)


def _again(context: CommandContext, why: int) -> BuiltinResult:
    return BuiltinResult(exit_code=why) if MARK in context.env else without_function(context)


def _with_bytes(context: CommandContext) -> BuiltinResult:
    """The same with files for input and output. Without arguments: remove these files."""
    fs = context.host_files.fs
    stdin = fs.read_file(INPUT) if fs.exists(INPUT) else b""
    if not context.argv:
        for path in filter(fs.exists, (INPUT, OUTPUT)):
            fs.remove(path)
        return BuiltinResult()
    context.name, *context.argv = context.argv
    done = _done(replace(_read(context), stdin=stdin))
    fs.write_file(OUTPUT, done.out)
    return BuiltinResult(stderr=done.errors, exit_code=done.code)


def _read(context: CommandContext) -> _Run:
    name, context.name = context.name.rpartition("/")[2], "gzip"
    if name != "gzip" and "--version" in context.argv:
        raise UsageError(BuiltinResult(f"{name} (gzip) {release('gzip', context.host)}\n"))
    flags = parse(context, GZIP)
    for option in {"gunzip": "d", "zcat": "dc"}.get(name, ""):
        flags.values[option] = ""
    return _Run(context, flags, flags.get("S", ".gz"))


def _done(run: _Run) -> _Run:
    run.context.pull()
    try:
        for word in run.flags.words or ["-"]:
            _one(run, word)
    except UnpacksTooMuch:
        lacking(run.context, "gzip of so much data")
        run.code = 1
    small, large, frame = run.listed
    if small and len(run.flags.words) > 1 and "q" not in run.flags:
        run.out += _row(small, large, "(totals)", ratio(large, small - frame)).encode()
    return run


def _one(run: _Run, word: str) -> None:
    context, flags = run.context, run.flags
    if word == "-":
        _convert(run, "stdin", run.stdin, None)
        return
    found = node(context, context.absolute(word), follow="f" in flags or "c" in flags or run.unpacks())
    if found is None and run.unpacks() and not word.endswith(tuple(_SUFFIXES)):
        word += run.suffix
        found = node(context, context.absolute(word))
    if found is None:
        run.complain(f"{word}: No such file or directory")
    elif found.kind == "symlink":
        run.complain(f"{word}: Too many levels of symbolic links")
    elif found.folder and "r" in flags:
        for _, inner in list(walk(context, found)):
            if inner.kind == "file":
                _file(run, f"{word.rstrip('/')}{inner.path[len(found.path) :]}", inner)
    elif found.folder:
        run.complain(f"{word} is a directory -- ignored", 2)
    else:
        _file(run, word, found)


def _file(run: _Run, word: str, found: FileNode) -> None:
    context, flags, to_stdout = run.context, run.flags, "c" in run.flags or "t" in run.flags or "l" in run.flags
    data = context.host_files.fs.read_file(found.path)
    new = _renamed(word, run)
    ending = next((end for end in (run.suffix, *_SUFFIXES) if word.endswith(end)), "")
    if not run.unpacks() and "c" not in flags and ending and "f" not in flags:
        run.errors += "" if "q" in flags else f"gzip: {word} already has {ending} suffix -- unchanged\n"
    elif run.unpacks() and not to_stdout and new is None:
        run.complain(f"{word}: unknown suffix -- ignored", 2)
    elif to_stdout:
        _convert(run, word, data, found)
    elif node(context, context.absolute(str(new))) and "f" not in flags:
        run.complain(f"{new} already exists;\tnot overwritten", 2)
    else:
        _replace(run, word, str(new), data, found)


def _renamed(word: str, run: _Run) -> str | None:
    """The name of the file that one is turned into; None if its ending says nothing."""
    if not run.unpacks():
        return f"{word}{run.suffix}"
    endings = {run.suffix: ""} if "S" in run.flags else _SUFFIXES
    return next((word[: -len(end)] + new for end, new in endings.items() if word.endswith(end)), None)


def _replace(run: _Run, word: str, new: str, data: bytes, found: FileNode) -> None:
    context = run.context
    result = _turned(run, word, data, found)
    if result is None:
        return
    file = context.host_files.file(context.host, found.path) or File(modified=found.modified, mode=found.mode)
    path = posixpath.join(posixpath.dirname(found.path), posixpath.basename(new))
    context.change(context.host.with_file(path, replace(file, bulk=0).holding(result)))
    if "k" not in run.flags:
        remove(context, found)
    run.tell(word, f"{_saved(run, data, result)} -- {'created' if 'k' in run.flags else 'replaced with'} {new}")


def _convert(run: _Run, word: str, data: bytes, found: FileNode | None) -> None:
    """Write to the standard output, test, or list."""
    plain = data[:2] != MAGIC and run.unpacks() and {"f", "c"} <= run.flags.values.keys()
    if plain and not {"t", "l"} & run.flags.values.keys():
        run.out += data
        return
    if "l" in run.flags:
        _list(run, word, data)
        return
    result = _turned(run, word, data, found)
    if "t" in run.flags:
        if result is not None:
            run.tell(word, " OK")
        return
    run.out += result or b""
    if result is not None:
        run.tell(word, f"{_saved(run, data, result)}{' -- replaced with stdout' * (found is not None)}")


def _turned(run: _Run, word: str, data: bytes, found: FileNode | None) -> bytes | None:
    """What data is turned into; None after a complaint, with what could be read of it where that is printed."""
    if not run.unpacks():
        level = int(next((name for name, _ in reversed(run.flags.pairs) if name in "123456789"), "6"))
        named = found is not None and "n" not in run.flags
        return packed(data, found.name if found and named else "", found.modified if found and named else 0, level)
    result, complaints, code = unpacked(data)
    for complaint in complaints:
        if code != 2 or "q" not in run.flags:
            run.errors += "\n"
        run.complain(f"{word}: {complaint}", code)
    if code == 1:
        run.out += result if "c" in run.flags else b""
        return None
    return result


def _saved(run: _Run, data: bytes, result: bytes) -> str:
    small, large = (data, result) if run.unpacks() else (result, data)
    return f"{ratio(len(large), len(small) - frame_size(small)):>6}"


def _list(run: _Run, word: str, data: bytes) -> None:
    if "v" in run.flags:
        lacking(run.context, "gzip -lv")
        return
    if data[:2] != MAGIC or len(data) < 18:
        run.errors += "\n"
        run.complain(f"{word}: {'not in gzip format' if len(data) > 1 else 'unexpected end of file'}")
        return
    size, name = noted_size(data), "stdout" if word == "stdout" else _renamed(word, run) or word
    small, large, _ = run.listed
    frame = 0 if is_several(data) else frame_size(data)
    run.out += b"" if small or "q" in run.flags else _HEADING.encode()
    run.out += _row(len(data), size, name, ratio(size, len(data) - frame)).encode()
    run.listed = (small + len(data), large + size, frame)


def _row(small: int, large: int, name: str, saved: str) -> str:
    return f"{small:19} {large:19} {saved:>6} {name}\n"


COMMANDS: dict[str, Command] = {**dict.fromkeys(("gzip", "gunzip", "zcat"), _gzip), "aj-gzip": _with_bytes}
