"""Bytes to records: any file of JSON objects, streamed, with bounded memory and nothing lost.

JSON lines, a JSON array or an indented object, in UTF-8 or UTF-16, with a byte order mark or without; gzip and Parquet,
recognised by their first bytes. Every line that is not blank (every element of an array, every row of a table) gives a
Record.
"""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from aj.errors import DataError
from datasets_build.ledger import Refused
from datasets_build.reading.records import BOM, MAX_RECORD, Raw, Record, decode, unmarked
from datasets_build.reading.tables import MAGIC, rows_of

SUFFIXES = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz", ".parquet")
"""What is read from a folder; a file that is named itself is read whatever its ending."""
CHUNK = 2**20


def in_folder(folder: Path) -> list[Path]:
    """Every data file below a folder, in order of their paths."""
    return sorted(path for path in folder.rglob("*") if path.name.lower().endswith(SUFFIXES) and path.is_file())


def read_records(path: Path) -> Iterator[Record]:
    """Every record of a file, in order; raises DataError if the file itself cannot be read."""
    for raw in read_raw(path):
        yield decode(path, raw)


def read_raw(path: Path) -> Iterator[Raw]:
    """The bytes of every record, not yet decoded, so that another process can do that; raises as `read_records`."""
    line = 0
    try:
        with path.open("rb") as file:
            table = file.peek(len(MAGIC)).startswith(MAGIC)
            for raw in rows_of(path) if table else _split(_plain(file)):
                line = raw.line
                yield raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        yield Raw(line + 1, Refused("broken_gzip", f"the compressed file breaks off here ({error})"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path.") from error


# --- lines and elements ---------------------------------------------------------------------------------------------


def _plain(file: Any) -> Any:
    """The content of a buffered reader without compression, as UTF-8; itself a buffered reader."""
    if file.peek(2)[:2] == b"\x1f\x8b":
        file = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=file)))
    if file.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        file = io.BufferedReader(_Recoded(file))
    return file


class _Recoded(io.RawIOBase):
    """UTF-16 as UTF-8; its byte order mark stays one, so that it is reported."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._ready = BOM

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            chunk = self._file.read(len(buffer))
            self._ready = self._decoder.decode(chunk, final=not chunk).encode("utf-8", "replace")
            if not chunk:
                break
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size


def _split(file: io.BufferedReader) -> Iterator[Raw]:
    """The first line that is not blank decides what the file is: JSON lines, an array, or an indented object."""
    first = True
    for number, data, whole in _lines(file):
        if whole and not data.strip():
            continue
        if first and _goes_on(data, whole, file):
            yield from _Elements(file, data, number)
            return
        first = False
        yield Raw(number, data) if whole else _too_large(number)


def _lines(file: io.BufferedReader) -> Iterator[tuple[int, bytes, bool]]:
    """(number, bytes, whether that is all of it) of every line; the rest of a line that is too long is skipped."""
    number = 1
    while data := file.readline(MAX_RECORD + 1):
        whole = len(data) <= MAX_RECORD
        yield number, data, whole
        while not whole and not data.endswith(b"\n") and (data := file.readline(CHUNK)):
            pass
        number += 1


def _too_large(line: int) -> Raw:
    return Raw(line, Refused("too_large", f"the record has more than {MAX_RECORD // 2**20} MiB"))


def _goes_on(first: bytes, whole: bool, file: io.BufferedReader) -> bool:
    """Whether an array or an indented object opens here; a broken line of JSON lines does not open one."""
    first = unmarked(first).strip()
    if first.startswith(b"[") or not (whole and first.startswith(b"{") and first[-1:] in b"{[,"):
        return first.startswith(b"[")
    return file.peek(1)[:1] != b"{"


_BETWEEN = re.compile(rb"(?:[\s,\[\]]|\xef\xbb\xbf)*+")
_BARE = re.compile(rb'(?:"[^"\n]*+"?|[^,\[\]{\n])[^,\[\]{\n]*+')
_TO_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL)
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)

_RESTARTS = 20
"""How often a file may break inside an object and be taken up again at the next one that starts like it."""


class _Elements:
    """The objects of an array, or objects over several lines, found by their brackets and cut out unread."""

    def __init__(self, file: io.BufferedReader, head: bytes, line: int) -> None:
        self._file, self._data, self._line = file, head, line
        self._at = 0
        self._restarts = _RESTARTS
        self._indent = b""
        """The text before the object on its line."""
        self._mark = BOM if head.startswith(BOM) else b""
        """The file's byte order mark, for the first object."""

    def __iter__(self) -> Iterator[Raw]:
        while True:
            self._pass(cast("re.Match[bytes]", _BETWEEN.match(self._data, self._at)))
            rest = self._data[self._at : self._at + len(BOM)]
            if BOM.startswith(rest) and self._more():  # nothing is left, or a part of a mark
                continue
            if not rest:
                return
            if rest.startswith(b"{"):
                yield self._object()
            else:
                yield self._scalar()

    def _pass(self, between: re.Match[bytes]) -> None:
        if text := between[0]:
            self._indent = text.rpartition(b"\n")[2].lstrip(b"[" + BOM)
        self._go_to(between.end())

    def _go_to(self, place: int) -> None:
        self._line += self._data.count(b"\n", self._at, place)
        self._at = place

    def _more(self) -> bool:
        """Read on and forget what is before the current place. Doubling keeps the cost of a large element linear."""
        chunk = self._file.read(max(CHUNK, min(len(self._data) - self._at, MAX_RECORD)))
        self._data, self._at = self._data[self._at :] + chunk, 0
        return bool(chunk)

    def _object(self) -> Raw:
        brackets, line = _Brackets(), self._line
        at = self._at
        while (end := brackets.close(self._data, at)) is None:
            at = brackets.at - self._at  # the data will start at the object
            if len(self._data) - self._at > MAX_RECORD:
                return self._give_up(_too_large(line), brackets)
            if not self._more():
                why = "the object is never closed"
                return self._give_up(Raw(line, Refused("not_json", why)), None)
        data, self._mark = self._mark + self._data[self._at : end], b""
        self._go_to(end)
        return Raw(line, data) if len(data) <= MAX_RECORD else _too_large(line)

    def _give_up(self, found: Raw, brackets: "_Brackets | None") -> Raw:
        """Go on at the next object that starts a line as this one did; without one, past this object's end."""
        again = re.compile(rb"\n" + re.escape(self._indent) + rb"\{").search(self._data, self._at)
        if again and self._restarts:
            self._restarts -= 1
            self._go_to(again.end() - 1)
            return found
        end, at = None, brackets.at if brackets else 0
        while brackets and (end := brackets.close(self._data, at)) is None:
            self._go_to(brackets.at)
            if not self._more():
                break
            at = 0
        self._go_to(len(self._data) if end is None else end)
        return found

    def _scalar(self) -> Raw:
        line, match = self._line, _BARE.match(self._data, self._at)
        self._at = match.end() if match else self._at + 1
        return Raw(line, Refused("not_an_object", "a value that is not an object"))


class _Brackets:
    """Finds the end of an object in data that arrives in pieces."""

    def __init__(self) -> None:
        self.at = 0
        """Where to continue when more data has arrived."""
        self._depth = 0
        self._in_string = False

    def close(self, data: bytes, at: int) -> int | None:
        """The place after the object's last bracket; None if the data ends before it."""
        while True:
            at = cast("re.Match[bytes]", (_IN_STRING if self._in_string else _TO_BRACKET).match(data, at)).end()
            self.at = at
            if at == len(data) or data[at] == ord("\\"):
                return None
            if data[at] == ord('"'):
                self._in_string = not self._in_string
            else:
                self._depth += 1 if data[at] in b"{[" else -1
                if self._depth <= 0:
                    return at + 1
            at += 1
