"""Goes once through a source archive in memory, within limits; writes nothing to disk and follows no link."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import posixpath
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NoReturn, cast

from wheelcheck.archives.source_tree import Limits, SourceTree, is_wanted, rooted_tree
from wheelcheck.errors import ArchiveRefused

_ABSOLUTE = re.compile(r"^(?:/|[A-Za-z]:)")
_NAME_BLOCK = 1024**2
_NAMING_TYPES = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)
_HINT = "do not unpack this file; choose another version, or tell the index's operator"


def unpack(file: BinaryIO, filename: str, limits: Limits, wanted: Callable[[str], bool] = is_wanted) -> SourceTree:
    """The tree in the source archive *file* (seekable), whatever its suffix says its kind is, with the files that are *wanted*.

    Costs one pass of decompression for a tar, the directory and a few members for a zip. Raises ``ArchiveRefused``, naming
    the member where there is one, for broken, hostile and oversized archives.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > limits.compressed:
        _refuse(filename, f"{size} bytes, more than the limit of {limits.compressed}")
    start = file.read(6)
    file.seek(0)
    collected = _Collection(filename, limits, wanted)
    with _plain_refusals(filename):
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            _collect_zip(file, size, collected)
        else:
            _collect_tar(_Metered(_decompressed(file, start, filename), size, collected), collected)
    if not collected.paths:
        _refuse(filename, "no files in it")
    return rooted_tree(list(collected.paths), collected.contents)


class _Collection:
    """What has been seen so far, and the limits on it."""

    def __init__(self, filename: str, limits: Limits, wanted: Callable[[str], bool]) -> None:
        self.filename = filename
        self.limits = limits
        self._wanted = wanted
        self.paths: dict[str, None] = {}
        self.contents: dict[str, bytes] = {}
        self.member = ""
        self._seen = 0
        self._kept = 0
        self._scripts = 0

    def enter(self, raw: str) -> str:
        """Count the member *raw* and answer its safe path."""
        self._seen += 1
        self.member = raw
        if self._seen > self.limits.members:
            self.refuse(f"more than {self.limits.members} members")
        if "\0" in raw:
            self.refuse("a NUL in its name")
        path = raw.replace("\\", "/")
        if _ABSOLUTE.match(path):
            self.refuse("an absolute path")
        if ".." in path.split("/"):
            self.refuse("a path that climbs out of the archive")
        return posixpath.normpath(path)

    def keep(self, path: str, content: bytes) -> None:
        self._kept += len(content)
        if self._kept > self.limits.kept:
            self.refuse(f"the files to read are more than {self.limits.kept} bytes together")
        self.contents[path] = content

    def wants(self, path: str, size: int) -> bool:
        if not self._wanted(path):
            return False
        if path.endswith("/setup.py"):
            return size <= self.limits.member
        if path.endswith(".py"):
            self._scripts += size
            return size <= self.limits.script and self._scripts <= self.limits.scripts
        if size > self.limits.member:
            self.refuse(f"{size} bytes, more than the limit of {self.limits.member} for a file that is read")
        return True

    def check_expansion(self, expanded: int, compressed: int) -> None:
        if expanded > self.limits.expanded:
            self.refuse(f"expands to more than {self.limits.expanded} bytes")
        if expanded > self.limits.ratio_floor and expanded > compressed * self.limits.ratio:
            self.refuse(f"expands to more than {self.limits.ratio} times its size")

    def refuse(self, fact: str) -> NoReturn:
        _refuse(self.filename, f"member {self.member!r}: {fact}" if self.member else fact)


def _refuse(filename: str, fact: str) -> NoReturn:
    raise ArchiveRefused(fact, address=filename, hint=_HINT)


@contextmanager
def _plain_refusals(filename: str) -> Iterator[None]:
    try:
        yield
    except EOFError as problem:
        raise ArchiveRefused("the archive is cut short", address=filename, hint=_HINT) from problem
    except NotImplementedError as problem:
        raise ArchiveRefused(f"compressed in a way that is not read: {problem}", address=filename) from problem
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError) as problem:
        # bz2 has no exception of its own for damaged data.
        raise ArchiveRefused(f"not a readable archive: {problem}", address=filename, hint=_HINT) from problem


def _decompressed(file: BinaryIO, start: bytes, filename: str) -> BinaryIO:
    if start.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=file, mode="rb"))
    if start.startswith(b"BZh"):
        return cast(BinaryIO, bz2.BZ2File(file))
    if start.startswith((b"\xfd7zXZ", b"]\0\0")):
        return cast(BinaryIO, lzma.LZMAFile(file))
    if start.startswith(b"\x1f\x9d"):
        _refuse(filename, "an old compress (.tar.Z) archive, which is not read")
    if not start:
        _refuse(filename, "an empty file")
    return file


class _Metered:
    """A stream that refuses to give more than the limits allow: the only place where expansion can be stopped in time."""

    def __init__(self, stream: BinaryIO, compressed: int, collected: _Collection) -> None:
        self._stream = stream
        self._compressed = compressed
        self._collected = collected
        self._given = 0

    def read(self, size: int = -1, /) -> bytes:
        content = self._stream.read(size)
        self._given += len(content)
        self._collected.check_expansion(self._given, self._compressed)
        return content


class _StrictInfo(tarfile.TarInfo):
    """Headers that tarfile would shrug off in mid-archive, or read whole into memory, are refused."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _StrictInfo:
        try:
            info = super().frombuf(buf, encoding, errors)
        except (tarfile.TruncatedHeaderError, tarfile.InvalidHeaderError) as problem:  # type: ignore[attr-defined]
            raise ArchiveRefused(f"not a readable archive: {problem}", hint=_HINT) from problem
        if info.type in _NAMING_TYPES and info.size > _NAME_BLOCK:
            raise ArchiveRefused(f"a name block of {info.size} bytes", hint=_HINT)
        return info


def _collect_tar(stream: _Metered, collected: _Collection) -> None:
    try:
        with tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|", tarinfo=_StrictInfo) as archive:
            for entry in archive:
                archive.members = []  # type: ignore[attr-defined]  # else every header stays in memory
                _collect_entry(archive, entry, collected)
    except ArchiveRefused as refusal:
        if refusal.address:
            raise
        raise ArchiveRefused(refusal.message, address=collected.filename, hint=refusal.hint) from refusal


def _collect_entry(archive: tarfile.TarFile, entry: tarfile.TarInfo, collected: _Collection) -> None:
    path = collected.enter(entry.name)
    if entry.isdir():
        return
    if entry.issym() or entry.islnk():
        _check_link(entry, path, collected)
        collected.paths[path] = None
        return
    if not entry.isreg():
        collected.refuse("neither a file, a folder nor a link")
    collected.paths[path] = None
    if collected.wants(path, entry.size):
        content = archive.extractfile(entry)
        if content is not None:
            collected.keep(path, content.read())


def _check_link(entry: tarfile.TarInfo, path: str, collected: _Collection) -> None:
    # A symbolic link is relative to its folder, a hard link to the archive's root.
    target = entry.linkname.replace("\\", "/")
    folder = posixpath.dirname(path) if entry.issym() else ""
    landing = posixpath.normpath(posixpath.join(folder, target))
    if _ABSOLUTE.match(target) or landing == ".." or landing.startswith("../"):
        collected.refuse(f"a link to {entry.linkname!r}, outside the archive")


def _collect_zip(file: BinaryIO, size: int, collected: _Collection) -> None:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        for entry in entries:
            path = collected.enter(entry.filename)
            kind = entry.external_attr >> 28 & 0o17
            if kind == 0o12:
                _check_zip_link(archive, entry, path, collected)
            elif kind not in (0, 0o10, 0o4):
                collected.refuse("neither a file, a folder nor a link")
            if entry.is_dir():
                continue
            collected.paths[path] = None
            if kind != 0o12 and collected.wants(path, entry.file_size):
                collected.keep(path, _zip_content(archive, entry, collected))
        # Members that are not read cannot harm us, but what unpacks to more than the limits is refused all the same.
        collected.check_expansion(sum(entry.file_size for entry in entries), size)


def _zip_content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, collected: _Collection) -> bytes:
    if entry.flag_bits & 1:
        collected.refuse("encrypted")
    with archive.open(entry) as stream:
        content = stream.read(collected.limits.member + 1)
    if len(content) > collected.limits.member:
        collected.refuse(f"longer than the limit of {collected.limits.member} bytes for a file that is read")
    return content


def _check_zip_link(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: str, collected: _Collection) -> None:
    link = tarfile.TarInfo(entry.filename)
    link.type = tarfile.SYMTYPE
    link.linkname = _zip_content(archive, entry, collected).decode("utf-8", "replace")
    _check_link(link, path, collected)
