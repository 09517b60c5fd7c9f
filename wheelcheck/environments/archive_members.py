"""Reads the members of a zip or a compressed tar one by one; writes nothing and refuses nothing."""

from __future__ import annotations

import io
import lzma
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from pathlib import Path
from typing import IO, cast

from msgspec import Struct

DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, UnicodeError)
"""What reading a broken archive may raise, besides ``NotImplementedError`` for a compression that is not known."""
_LONGEST_LINK = 4096


class MemberKind(Enum):
    """What a member is; ``OTHER`` are devices and pipes."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    HARD_LINK = "hard link"
    OTHER = "other"


class Member(Struct, frozen=True, kw_only=True):
    """One member, with the ``name`` as the archive spells it; ``size`` is announced, in bytes, ``link`` the target of a link.

    ``open`` returns the content. It works until the next member is asked for.
    """

    name: str
    kind: MemberKind
    size: int
    executable: bool
    link: str = ""
    is_encrypted: bool = False
    open: Callable[[], IO[bytes]]


class UnknownArchive(Exception):
    """The file does not begin like any archive that is read here."""


def iter_members(path: Path) -> Iterator[Member]:
    """Yield the members of the archive *path* in their order; it is decompressed once.

    Raises ``UnknownArchive``, ``OSError``, and the errors in :data:`DAMAGED` for a broken archive.
    """
    with path.open("rb") as stream:
        start = stream.read(6)
        stream.seek(0)
        if start.startswith(b"PK"):
            yield from _zip_members(stream)
            return
        with _decompressed(stream, start) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
            yield from _tar_members(archive)


def _zip_members(stream: IO[bytes]) -> Iterator[Member]:
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            is_encrypted = bool(info.flag_bits & 1)
            kind = MemberKind.FOLDER if info.is_dir() else MemberKind.LINK if stat.S_ISLNK(mode) else MemberKind.FILE
            link = ""
            if kind is MemberKind.LINK and not is_encrypted:
                with archive.open(info) as content:
                    link = content.read(_LONGEST_LINK).decode("utf-8", "replace")
            yield Member(
                # As it stands in the archive: the other name ends before a NUL.
                name=info.orig_filename,
                kind=kind,
                size=info.file_size,
                executable=bool(mode & 0o111),
                link=link,
                is_encrypted=is_encrypted,
                open=partial(archive.open, info),
            )


def _tar_members(archive: tarfile.TarFile) -> Iterator[Member]:
    for info in archive:
        archive.members = []  # type: ignore[attr-defined]  # else every header stays in memory
        kinds = (
            (info.isdir(), MemberKind.FOLDER),
            (info.issym(), MemberKind.LINK),
            (info.islnk(), MemberKind.HARD_LINK),
            (info.isreg(), MemberKind.FILE),
        )
        kind = next((kind for holds, kind in kinds if holds), MemberKind.OTHER)
        yield Member(
            name=info.name,
            kind=kind,
            size=info.size,
            executable=bool(info.mode & 0o111),
            link=info.linkname if kind in (MemberKind.LINK, MemberKind.HARD_LINK) else "",
            open=partial(_extracted, archive, info),
        )


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return archive.extractfile(info) or io.BytesIO()


@contextmanager
def _decompressed(stream: IO[bytes], start: bytes) -> Iterator[IO[bytes]]:
    # Each is loaded only where it is needed.
    if start.startswith(b"\x1f\x8b"):
        import gzip

        with gzip.open(stream) as plain:
            yield cast("IO[bytes]", plain)
    elif start.startswith(b"\xfd7zXZ"):
        with lzma.open(stream) as plain:
            yield cast("IO[bytes]", plain)
    elif start.startswith(b"BZh"):
        import bz2

        with bz2.open(stream) as plain:
            yield cast("IO[bytes]", plain)
    elif start.startswith(b"\x28\xb5\x2f\xfd"):
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        try:
            with zstd.open(stream, "rb") as plain:
                yield cast("IO[bytes]", plain)
        except zstd.ZstdError as problem:
            raise tarfile.ReadError(str(problem)) from problem
    else:
        raise UnknownArchive
