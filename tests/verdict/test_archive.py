"""A few members of an archive are read past `zipfile`'s directory, and are those that `zipfile` reads."""

import random
import struct
import zipfile
from pathlib import Path

import pytest

from verdict.archive import open_members

WANTED = ("header.json", "summaries.json")


def write(path: Path, names: list[str], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for at, name in enumerate(names):
            archive.writestr(name, f"{at} {name} " * 50)
    return path


def as_zipfile(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in WANTED if name in archive.NameToInfo}


def read(path: Path) -> dict[str, bytes]:
    with open_members(path, WANTED) as archive:
        return {name: archive.read(name) for name in WANTED if name in archive.NameToInfo}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "names",
    [
        [],
        ["header.json"],
        ["samples/a_epoch_1.json", "summaries.json", "header.json", "summaries.json.bak"],
        ["header.json", "summaries.json", "header.json", "samples/PK\x01\x02summaries.json_epoch_1.json"],
        ["summaries.json\0hidden", "header.json", "samples/é.json"],
        ["_journal/summaries/1.json", "xheader.json"],
    ],
)
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_those_that_zipfile_reads(tmp_path, names, compression):
    path = write(tmp_path / "1.eval", names, compression=compression)
    assert read(path) == as_zipfile(path)


@pytest.mark.loop
def test_more_members_than_a_small_directory_can_count_are_read_without_one_object_for_each(tmp_path):
    path = write(tmp_path / "1.eval", [*map(str, range(70_000)), *WANTED])
    with open_members(path, WANTED) as archive:
        assert sorted(archive.namelist()) == sorted(WANTED)
    assert len(read(path)) == 2


@pytest.mark.parametrize("kind", ["comment", "prefix", "appended"])
def test_an_archive_of_another_layout_is_read_as_zipfile_reads_it(tmp_path, kind):
    path = write(tmp_path / "1.eval", ["a", *WANTED])
    if kind == "comment":
        with zipfile.ZipFile(path, "a") as archive:
            archive.comment = b"made by hand"
    elif kind == "prefix":
        path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    else:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("b", "later")
    assert read(path) == as_zipfile(path)


def test_of_a_large_member_the_size_stands_elsewhere_and_is_read(tmp_path):
    path = tmp_path / "1.eval"
    with zipfile.ZipFile(path, "w") as archive, archive.open("summaries.json", "w", force_zip64=True) as member:
        member.write(b"[]")
    told = bytearray(path.read_bytes())
    at = told.rindex(b"PK\1\2")
    size = struct.pack("<HHQ", 1, 8, 2)  # the size as an extra field of 64 bits
    told[at + 24 : at + 28], told[at + 30 : at + 32] = b"\xff" * 4, struct.pack("<H", len(size))
    name_end = at + 46 + len("summaries.json")
    told[name_end:name_end] = size
    end = told.rindex(b"PK\5\6")
    told[end + 12 : end + 16] = struct.pack("<I", end - at)
    path.write_bytes(told)
    assert read(path) == as_zipfile(path) == {"summaries.json": b"[]"}


def test_a_damaged_archive_gives_the_error_or_the_members_that_zipfile_gives(tmp_path):
    whole = write(tmp_path / "whole", ["a", *WANTED], compression=zipfile.ZIP_DEFLATED).read_bytes()
    path, draw = tmp_path / "1.eval", random.Random(7)
    cuts = [whole[:length] for length in range(0, len(whole), 7)]
    flips = []
    for _ in range(300):
        told = bytearray(whole)
        told[draw.randrange(len(told))] ^= 1 << draw.randrange(8)
        flips.append(bytes(told))
    same = 0
    for told in (*cuts, *flips):
        path.write_bytes(told)
        ours, theirs = outcome(read, path), outcome(as_zipfile, path)
        # Damage in the entry of another member is not seen: it is not asked for.
        assert ours == theirs or ours == outcome(lambda _: as_zipfile(tmp_path / "whole"), path)
        same += ours == theirs
    assert same > 0.95 * len(cuts + flips)


def outcome(reads, path: Path) -> object:
    try:
        return reads(path)
    except Exception as error:  # whatever zipfile raises
        return type(error)
