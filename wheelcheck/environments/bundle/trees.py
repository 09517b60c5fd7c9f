"""Goes once through a runtime, archive or folder, and hands out its files one by one; unpacks nothing to disk by itself."""

from __future__ import annotations

import lzma
import os
import posixpath
import re
import stat
import sys
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from msgspec import Struct

from wheelcheck.errors import ArchiveRefused, InputUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ABSOLUTE = re.compile(r"^(?:/|[A-Za-z]:)")
_ARCHIVES_HINT = "give a .zip, .tar.gz, .tar.zst or .tar.xz archive, or a folder"


class RuntimeLimits(Struct, frozen=True, kw_only=True):
    """Bounds on a runtime archive, which a person chose: ``expanded`` bytes out of it, ``members`` its entries."""

    expanded: int = 4 * 1024**3
    members: int = 200_000


class TreeEntry(Struct, frozen=True, kw_only=True):
    """A file or symbolic link at ``path``; ``size`` in bytes, ``read`` works until the next entry is asked for.

    ``link`` is what a symbolic link says, or, with ``is_hard``, the path of the earlier entry with the same content.
    """

    path: str
    size: int
    executable: bool
    read: Callable[[], bytes]
    link: str = ""
    is_hard: bool = False


def iter_entries(path: Path, limits: RuntimeLimits | None = None) -> Iterator[TreeEntry]:
    """The files and links of the archive or folder *path*, in their order there; an archive is decompressed once.

    Raises ``InputUnreadable`` where *path* is neither, ``ArchiveRefused`` for a member that leads out of it, a device, or more
    than *limits* allow.
    """
    limits = limits or RuntimeLimits()
    if path.is_dir():
        yield from _folder_entries(path)
        return
    with _plain_refusals(path):
        start = _first_bytes(path)
        entries = _zip_entries(path) if start.startswith(b"PK\x03\x04") else _tar_entries(path, start)
        expanded = 0
        for members, entry in enumerate(entries, start=1):
            expanded += entry.size
            if members > limits.members:
                refuse(path, f"more than {limits.members} members")
            if expanded > limits.expanded:
                refuse(path, f"expands to more than {limits.expanded} bytes", entry.path)
            yield entry


def refuse(path: Path, fact: str, member: str = "") -> NoReturn:
    """Raise ``ArchiveRefused`` for *path*, naming *member* where there is one."""
    raise ArchiveRefused(f"member {member!r}: {fact}" if member else fact, address=path.name)


def leads_outside(path: str, link: str) -> bool:
    """Whether the symbolic link at *path* points to *link* outside the tree's root, lexically."""
    if _ABSOLUTE.match(link):
        return True
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link)).split("/")[0] == ".."


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(6)
    except OSError as problem:
        raise InputUnreadable(
            f"cannot be read: {problem.strerror}", address=str(path), hint=_ARCHIVES_HINT
        ) from problem


@contextmanager
def _plain_refusals(path: Path) -> Iterator[None]:
    broken: tuple[type[Exception], ...] = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
    try:
        yield
    except broken as problem:
        raise InputUnreadable(f"not a readable archive: {problem}", address=str(path), hint=_ARCHIVES_HINT) from problem
    except NotImplementedError as problem:
        raise InputUnreadable(f"compressed in a way that is not read: {problem}", address=str(path)) from problem


def _safe(path: Path, raw: str) -> str:
    name = raw.replace("\\", "/")
    if "\0" in name:
        refuse(path, "a NUL in its name", raw)
    if _ABSOLUTE.match(name):
        refuse(path, "an absolute path", raw)
    if ".." in name.split("/"):
        refuse(path, "a path that climbs out of the archive", raw)
    return posixpath.normpath(name)


def _folder_entries(root: Path) -> Iterator[TreeEntry]:
    for at, names, files in os.walk(root):
        folder = Path(at)
        names.sort()
        for name in sorted([*files, *(name for name in names if (folder / name).is_symlink())]):
            place = folder / name
            path = place.relative_to(root).as_posix()
            status = place.lstat()
            if stat.S_ISLNK(status.st_mode):
                yield TreeEntry(path=path, size=0, executable=False, read=bytes, link=place.readlink().as_posix())
            elif stat.S_ISREG(status.st_mode):
                yield TreeEntry(
                    path=path, size=status.st_size, executable=bool(status.st_mode & 0o111), read=place.read_bytes
                )


def _zip_entries(path: Path) -> Iterator[TreeEntry]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = _safe(path, info.orig_filename)
            if info.is_dir():
                continue
            mode = info.external_attr >> 16
            link = archive.read(info).decode() if stat.S_ISLNK(mode) else ""

            def read(info: zipfile.ZipInfo = info) -> bytes:
                return archive.read(info)

            yield TreeEntry(path=name, size=info.file_size, executable=bool(mode & 0o111), read=read, link=link)


def _tar_entries(path: Path, start: bytes) -> Iterator[TreeEntry]:
    with _decompressed(path, start) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        for info in archive:
            archive.members = []  # type: ignore[attr-defined]  # else every header stays in memory
            name = _safe(path, info.name)
            if info.isdir():
                continue
            if info.islnk():
                yield TreeEntry(
                    path=name, size=0, executable=False, read=bytes, link=_safe(path, info.linkname), is_hard=True
                )
                continue
            if not (info.isreg() or info.issym()):
                refuse(path, "neither a file nor a link", info.name)

            def read(info: tarfile.TarInfo = info) -> bytes:
                content = archive.extractfile(info)
                return content.read() if content is not None else b""

            link = info.linkname if info.issym() else ""
            yield TreeEntry(path=name, size=info.size, executable=bool(info.mode & 0o111), read=read, link=link)


@contextmanager
def _decompressed(path: Path, start: bytes) -> Iterator[BinaryIO]:
    if start.startswith(b"\x1f\x8b"):
        import gzip

        with gzip.open(path) as gzipped:
            yield gzipped  # type: ignore[misc]
    elif start.startswith(b"\xfd7zXZ"):
        with lzma.open(path) as lzma_file:
            yield lzma_file  # type: ignore[misc]
    elif start.startswith(b"\x28\xb5\x2f\xfd"):
        with _zstd(path) as zstd_file:
            yield zstd_file
    elif start.startswith(b"BZh"):
        import bz2

        with bz2.open(path) as bz_file:
            yield bz_file  # type: ignore[misc]
    else:
        raise InputUnreadable("neither an archive that is known nor a folder", address=str(path), hint=_ARCHIVES_HINT)


@contextmanager
def _zstd(path: Path) -> Iterator[BinaryIO]:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    try:
        with zstd.open(path) as stream:
            yield stream  # type: ignore[misc]
    except zstd.ZstdError as problem:
        raise InputUnreadable(f"not a readable archive: {problem}", address=str(path), hint=_ARCHIVES_HINT) from problem
