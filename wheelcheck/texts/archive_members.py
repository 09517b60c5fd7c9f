"""Reads the members of a zip or a tar one by one, and says which paths and links are hostile; writes nothing, sets no limits.

A tar's headers are checked more strictly than ``tarfile`` does. What is done about a hostile member is for the caller.
"""

from __future__ import annotations

import io
import lzma
import posixpath
import re
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import IO, cast

from msgspec import Struct

DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, UnicodeError)
"""What reading a broken archive may raise, besides ``OSError``, and ``NotImplementedError`` for a compression that is not known."""
_ABSOLUTE = re.compile(r"^(?:/|[A-Za-z]:)")
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_LONGEST_LINK = 4096
_LONGEST_PATH, _LONGEST_PART = 4096, 255  # bytes, beyond which no file system takes a name
_LOCAL_HEADER = 30  # bytes before the name of a member of a zip
_ODD = (ValueError, LookupError, AttributeError, TypeError, OverflowError, RecursionError, struct.error)
"""What the standard library's readers run into where numbers in a header make no sense."""
_LONGEST_NAME_BLOCK = 1024**2
_NAMING_TYPES = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)
_ZIP_FILES, _ZIP_LINK = frozenset({0, 0o10, 0o4}), 0o12  # the upper four bits of a Unix mode; 0 where none is recorded


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


class UnknownArchive(tarfile.ReadError):
    """The file does not begin like any archive that is read here."""


class HeaderDamaged(tarfile.TarError):
    """A header in a tar is no header; ``tarfile`` takes it for the end."""


class HeaderTooLong(tarfile.TarError):
    """A header in a tar announces a name that ``tarfile`` would read whole into memory."""


def iter_members(
    stream: IO[bytes], metered: Callable[[IO[bytes]], IO[bytes]] = lambda plain: plain
) -> Iterator[Member]:
    """Yield the members of the archive *stream* (seekable, at its start) in their order; it is decompressed once.

    *metered* is put around the decompressed stream of a tar, and may end the reading by what it raises: nothing else stops a
    stream without an end. Raises ``UnknownArchive``, ``OSError``, and the errors in :data:`DAMAGED` for a broken archive.
    """
    start = stream.read(6)
    stream.seek(0)
    if start.startswith(_ZIPS):
        yield from _zip_members(stream)
        return
    with _decompressed(stream, start) as plain:
        try:
            archive = tarfile.open(fileobj=metered(plain), mode="r|", tarinfo=_StrictInfo)  # noqa: SIM115 - closed below
        except (tarfile.ReadError, HeaderDamaged) as problem:
            if plain is stream:
                raise UnknownArchive(str(problem)) from problem
            raise
        except _ODD as problem:
            raise HeaderDamaged(f"its first header is damaged: {problem}") from problem
        with archive:
            yield from _tar_members(archive)


def path_problem(name: str) -> str:
    """Why a member must not be unpacked as *name*, in a few words; empty where it may."""
    path = name.replace("\\", "/")
    if "\0" in path:
        return "a NUL in its name"
    if _ABSOLUTE.match(path):
        return "an absolute path"
    if len(path) > _LONGEST_PART // 4:  # the characters that are surely no more bytes
        encoded = path.encode("utf-8", "replace")
        if len(encoded) > _LONGEST_PATH or len(max(encoded.split(b"/"), key=len)) > _LONGEST_PART:
            return "a name that is too long for any file system"
    return "a path that climbs out of the archive" if ".." in path.split("/") else ""


def plain_path(name: str) -> str:
    """The path, with ``/``, that *name* stands for; *name* has no :func:`path_problem`."""
    return posixpath.normpath(name.replace("\\", "/"))


def leads_outside(path: str, link: str) -> bool:
    """Whether the symbolic link at *path* points to *link* outside the archive's root, lexically."""
    target = link.replace("\\", "/")
    if _ABSOLUTE.match(target):
        return True
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target)).split("/")[0] == ".."


class _StrictInfo(tarfile.TarInfo):
    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _StrictInfo:
        try:
            info = super().frombuf(buf, encoding, errors)
        except (tarfile.TruncatedHeaderError, tarfile.InvalidHeaderError) as problem:  # type: ignore[attr-defined]
            raise HeaderDamaged(str(problem)) from problem
        if info.type in _NAMING_TYPES and info.size > _LONGEST_NAME_BLOCK:
            raise HeaderTooLong(f"a name block of {info.size} bytes")
        return info


def open_zip(file: IO[bytes] | Path) -> zipfile.ZipFile:
    """The zip *file*, whose members have names, lie before its directory and share no byte: nothing can be taken out twice.

    Exceptions of *file* itself pass through. Raises ``BadZipFile``.
    """
    try:
        archive = zipfile.ZipFile(file)
    except _ODD as problem:
        raise zipfile.BadZipFile(f"its directory is damaged: {problem}") from problem
    free = 0
    for info in sorted(archive.infolist(), key=attrgetter("header_offset")):
        name = info.orig_filename
        fact = (
            "a member without a name"
            if not name.strip("/") or not info.filename
            else f"member {name!r} lies over another one"
            if info.header_offset < free
            else ""
        )
        free = info.header_offset + _LOCAL_HEADER + info.compress_size
        if not fact and free > archive.start_dir:
            fact = f"member {name!r} does not end before the directory"
        if fact:
            archive.close()
            raise zipfile.BadZipFile(fact)
    return archive


def _zip_members(stream: IO[bytes]) -> Iterator[Member]:
    with open_zip(stream) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            is_encrypted = bool(info.flag_bits & 1)
            kind = _kind_in_zip(info, mode >> 12)
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


def _kind_in_zip(info: zipfile.ZipInfo, kind: int) -> MemberKind:
    if kind == _ZIP_LINK:
        return MemberKind.LINK
    if kind not in _ZIP_FILES:
        return MemberKind.OTHER
    return MemberKind.FOLDER if info.is_dir() else MemberKind.FILE


def _tar_members(archive: tarfile.TarFile) -> Iterator[Member]:
    while (info := _next_of(archive)) is not None:
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


def _next_of(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    try:
        return archive.next()
    except _ODD as problem:
        if isinstance(problem, UnicodeError):
            raise
        raise HeaderDamaged(f"a header is damaged: {problem}") from problem


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return archive.extractfile(info) or io.BytesIO()


@contextmanager
def _decompressed(stream: IO[bytes], start: bytes) -> Iterator[IO[bytes]]:
    # Each is loaded only where it is needed.
    if start.startswith(b"\x1f\x8b"):
        import gzip

        with gzip.open(stream) as plain:
            yield cast("IO[bytes]", plain)
    elif start.startswith((b"\xfd7zXZ", b"]\0\0")):
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
        yield stream
