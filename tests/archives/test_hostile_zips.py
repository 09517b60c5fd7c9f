"""Archives that are no archives: odd names, offsets that lead nowhere, members over each other, links, devices, bad headers."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.fakes.archives import make_sdist, make_tar, make_wheel, make_zip, tar_file, tar_link
from tests.index.stores import reader
from wheelcheck.environments.trees import iter_entries
from wheelcheck.errors import ArchiveRefused, InputUnreadable, MetadataMalformed
from wheelcheck.texts.archive_members import iter_members, open_zip, path_problem

METADATA = b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\n"
MEMBERS = {"a/__init__.py": b"import os\n" * 50, "a-1.0.dist-info/METADATA": METADATA, "a-1.0.dist-info/RECORD": b""}
_ENTRY, _END = b"PK\x01\x02", b"PK\x05\x06"


def with_name(old: bytes, new: bytes) -> bytes:
    """A zip in whose directory and headers *old* is called *new*, of any length."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in MEMBERS.items():
            info = zipfile.ZipInfo(name)
            if name.encode() == old:
                info.filename = new.decode()
            archive.writestr(info, content)
    return stream.getvalue()


def with_offset(number: int, offset: int) -> bytes:
    """A zip whose member *number* is said to begin at *offset*."""
    content = bytearray(make_zip(MEMBERS))
    place = -1
    for _ in range(number + 1):
        place = content.index(_ENTRY, place + 1)
    content[place + 42 : place + 46] = struct.pack("<L", offset)
    return bytes(content)


def moved(by: int) -> bytes:
    """A zip whose directory is said to begin so many bytes later: offsets become negative."""
    content = bytearray(make_zip(MEMBERS))
    end = content.index(_END)
    content[end + 16 : end + 20] = struct.pack("<L", struct.unpack_from("<L", content, end + 16)[0] + by)
    return bytes(content)


HOSTILE = {
    "an empty name": with_name(b"a/__init__.py", b""),
    "a name of slashes": with_name(b"a/__init__.py", b"//"),
    "a member over another": with_offset(1, 0),
    "a member in itself": with_offset(1, 20),
    "a member behind the directory": with_offset(0, 4_000_000),
    "a negative offset": moved(191),
    "a directory beyond the end": moved(2**31),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_archive_that_is_no_zip_is_refused_by_every_reader(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(zipfile.BadZipFile):
        open_zip(io.BytesIO(content))
    for read in (
        lambda file: reader().contents(file, "a-1.0-py3-none-any.whl"),
        lambda file: reader().judge_sdist(file, "a-1.0.zip"),
        lambda file: reader().judge_sdist(file, "a.zip"),
    ):
        with pytest.raises((ArchiveRefused, MetadataMalformed)):
            read(io.BytesIO(content))
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises((InputUnreadable, ArchiveRefused)):
        list(iter_entries(tmp_path / "a.zip"))


def test_archive_that_holds_itself_is_refused() -> None:
    # A quine of zip needs a member that begins where the archive does.
    content = with_offset(0, 0)
    assert open_zip(io.BytesIO(content)).namelist()
    with pytest.raises(zipfile.BadZipFile, match=r"lies over another|does not end"):
        open_zip(io.BytesIO(with_offset(2, 0)))


def test_archive_that_is_fine_is_opened_also_behind_other_bytes() -> None:
    for content in (make_zip(MEMBERS), b"#!/bin/sh\n" + make_zip(MEMBERS), make_wheel("a", "1.0")[1]):
        with open_zip(io.BytesIO(content)) as archive:
            assert archive.namelist()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a" * 255, ""),
        ("é" * 127 + "a", ""),
        ("a" * 256, "too long"),
        ("é" * 128, "too long"),
        ("/".join(["a" * 200] * 21), "too long"),
        ("../a", "climbs"),
        ("/a", "absolute"),
        ("C:/a", "absolute"),
        ("a\0b", "NUL"),
    ],
)
def test_archive_members_have_names_that_a_file_can_have(name: str, problem: str) -> None:
    assert problem in path_problem(name)
    assert bool(problem) == bool(path_problem(name))


def pax(**records: str) -> bytes:
    """A tar with a member whose extended header says *records*."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tar_file("a-1.0/PKG-INFO", METADATA)
        info.pax_headers = records
        archive.addfile(info, io.BytesIO(METADATA))
    return stream.getvalue()


def broken_pax(record: bytes) -> bytes:
    """A tar that begins with an extended header of the text *record*."""
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, len(record)
    head = info.tobuf(tarfile.USTAR_FORMAT)
    return head + record + bytes(-len(record) % 512) + make_tar([(tar_file("a-1.0/setup.py", b""), b"")])


TARS = {
    "a size that is no number": broken_pax(b"16 size=abcdefg\n"),
    "a length that is no number": broken_pax(b"xx size=1\n"),
    "a length of many digits": broken_pax(b"9" * 5_000 + b" size=1\n"),
    "a length of nothing": broken_pax(b"0 \n"),
    "a negative size": broken_pax(b"11 size=-1\n"),
    "a sparse map": broken_pax(b"26 GNU.sparse.map=x,y,z,w\n"),
    "headers upon headers": broken_pax(b"11 path=ab\n")[:1024] * 3_000,
    "a link outside": make_tar([(tar_link("a-1.0/x", "../../../etc/passwd"), b"")]),
    "a device": make_tar([(tar_link("a-1.0/x", "", tarfile.CHRTYPE), b"")]),
    "a pipe": make_tar([(tar_link("a-1.0/x", "", tarfile.FIFOTYPE), b"")]),
}


@pytest.mark.parametrize("content", TARS.values(), ids=TARS)
def test_archive_with_a_bad_header_a_link_or_a_device_is_refused_or_read_no_further(content: bytes) -> None:
    try:
        judgement = reader().judge_sdist(io.BytesIO(content), "a-1.0.tar")
    except ArchiveRefused as refusal:
        assert "a-1.0.tar" in str(refusal)
    else:
        assert judgement.metadata is None or judgement.metadata.requires == ()


def test_archive_whose_headers_are_as_they_should_be_is_read() -> None:
    assert reader().judge_sdist(io.BytesIO(pax(comment="x")), "a-1.0.tar").evidence
    assert len(list(iter_members(io.BytesIO(make_sdist("a", "1.0", suffix=".tar")[1])))) == 3
