"""gzip's format: members that follow one another, each with its own check; and what gzip says of broken data."""

import gzip
import zlib
from io import BytesIO

MOST = 4 * 2**20
"""Bytes of what is unpacked at most: a few bytes may stand for gigabytes."""
MAGIC = b"\x1f\x8b"


class UnpacksTooMuch(Exception):
    """What is unpacked is more than MOST."""


def packed(data: bytes, name: str, modified: int, level: int) -> bytes:
    """One member; `name` and time are those of the file, or "" and 0."""
    buffer = BytesIO()
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=level, fileobj=buffer, mtime=modified) as file:
        file.write(data)
    return buffer.getvalue()


def unpacked(data: bytes) -> tuple[bytes, list[str], int]:
    """(what the members hold together, what gzip complains about, exit status).

    Raises:
        UnpacksTooMuch: it is too much.
    """
    if data[:2] != MAGIC:
        return b"", ["unexpected end of file" if len(data) < 2 else "not in gzip format"], 1
    found = b""
    while data[:2] == MAGIC:
        member = zlib.decompressobj(wbits=31)
        try:
            found += member.decompress(data, MOST + 1)
        except zlib.error as error:
            kind = "crc error" if "incorrect data check" in str(error) else "format violated"
            return found, [f"invalid compressed data--{kind}"], 1
        if len(found) > MOST:
            raise UnpacksTooMuch
        if not member.eof:
            return found, ["unexpected end of file"], 1
        data = member.unused_data
    if data.strip(b"\0"):
        return found, ["decompression OK, trailing garbage ignored"], 2
    return found, [], 0


def is_several(data: bytes) -> bool:
    """Whether another member follows the first."""
    first = zlib.decompressobj(wbits=31)
    first.decompress(data, MOST)
    return first.unused_data[:2] == MAGIC


def noted_size(data: bytes) -> int:
    """The size of what the last member holds, as its end says: what `gzip -l` goes by."""
    return int.from_bytes(data[-4:], "little")


def frame_size(data: bytes) -> int:
    """Bytes before and after what is packed: 18, and the name, if there is one."""
    return 18 + (data.index(b"\0", 10) - 9 if data[3] & 8 else 0)


def ratio(plain: int, packed_size: int) -> str:
    """What was saved, as gzip prints it: 53.0%, -66.7%."""
    return f"{100 * (plain - packed_size) / plain if plain else 0:.1f}%"
