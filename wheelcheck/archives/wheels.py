"""Opens archives within limits: of a wheel METADATA and the unpacked size alone, of a source archive the members that are wanted.

A wheel is read through its zip's directory. A source archive is gone through once, in memory; no link is followed, and nothing is
written to disk.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO, NoReturn, cast

from packaging.utils import canonicalize_name

from wheelcheck.archives.core_metadata import parse_core_metadata, parse_identity
from wheelcheck.archives.source_tree import Limits, SourceTree, is_wanted, rooted_tree
from wheelcheck.errors import ArchiveRefused, MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata, MetadataSource
from wheelcheck.texts.archive_members import (
    DAMAGED,
    HeaderTooLong,
    Member,
    MemberKind,
    iter_members,
    leads_outside,
    path_problem,
    plain_path,
)

if TYPE_CHECKING:
    from zipfile import ZipFile


_HINT = "download it again, or build it anew"
_TAIL = ".dist-info/METADATA"
_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_STEP = struct.Struct("<4s24x3H")  # of an entry: signature, lengths of name, extra field and comment
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_SPECIAL_FLAGS = 0x2061  # encrypted in one way or another, or a patch


def read_wheel_metadata(file: BinaryIO, filename: str, limits: Limits) -> CoreMetadata:
    """The dependency fields in the wheel *file* (seekable).

    Reads the end of the zip, its directory and one member. Exceptions of *file* itself pass through untouched. Raises
    ``ArchiveRefused`` for what is no readable zip, ``MetadataMalformed`` where METADATA is missing or of another project.
    """
    content = plain_metadata(file, limits.member)
    if content is None:
        content = zipped_metadata(file, filename, limits)
    return parse_core_metadata(content, filename, MetadataSource.WHEEL_FILE)


def zipped_metadata(file: BinaryIO, filename: str, limits: Limits) -> bytes:
    """METADATA of any zip, by ``zipfile``; raises as :func:`read_wheel_metadata` does."""
    with opened_zip(file, filename) as archive:
        member = archive.getinfo(_metadata_path(archive.namelist(), filename))
        if member.file_size > limits.member:
            raise ArchiveRefused(
                f"{member.filename} is {member.file_size} bytes, more than the limit of {limits.member}",
                address=filename,
            )
        if member.flag_bits & 1:
            raise ArchiveRefused(f"{member.filename} is encrypted", address=filename)
        # The size in the directory may lie, so no more than it promises is taken out.
        with archive.open(member) as stream:
            content = stream.read(limits.member + 1)
    if len(content) > limits.member:
        raise ArchiveRefused(f"{member.filename} is longer than the limit of {limits.member} bytes", address=filename)
    return content


def plain_metadata(file: BinaryIO, limit: int) -> bytes | None:
    """METADATA of a zip with nothing out of the ordinary; ``None`` where ``zipfile`` must look.

    ``zipfile`` makes an object of every entry, which for a wheel of thousands of files takes longer than all else that is done
    with it. Whatever is odd (a comment, zip64, two candidates, a size or checksum that lies) is left to it and its errors.
    """
    end_at = file.seek(0, os.SEEK_END) - _END.size
    if end_at < 0:
        return None
    file.seek(end_at)
    signature, *disks, _, count, size, offset, comment = _END.unpack(file.read(_END.size))
    if signature != b"PK\5\6" or any(disks[:2]) or comment or count == 0xFFFF or offset + size != end_at:
        return None
    file.seek(offset)
    entry = _only_metadata_entry(file.read(size))
    if entry is None:
        return None
    flags, method, checksum, packed, unpacked, name, offset = entry
    if flags & _SPECIAL_FLAGS or method not in (_STORED, _DEFLATED) or unpacked > limit:
        return None
    file.seek(offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\3\4" or file.read(len(name)) != name:
        return None
    *_, extra = _LOCAL.unpack(header)
    file.seek(offset + _LOCAL.size + len(name) + extra)
    content = file.read(packed)
    if method == _DEFLATED:
        try:
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, unpacked + 1)
        except zlib.error:
            return None
    return content if len(content) == unpacked and zlib.crc32(content) == checksum else None


def _only_metadata_entry(directory: bytes) -> tuple[int, int, int, int, int, bytes, int] | None:
    """Flags, method, checksum, sizes, name and place of METADATA; ``None`` where *directory* does not have exactly one."""
    tail = _TAIL.encode()
    if directory.count(tail) != 1:
        return None
    name_ends = directory.index(tail) + len(tail)
    position = 0
    while position + _ENTRY.size < name_ends:
        signature, name, extra, comment = _STEP.unpack_from(directory, position)
        if signature != b"PK\1\2":
            return None
        stop = position + _ENTRY.size + name
        if stop == name_ends:
            _, _, _, flags, method, _, _, checksum, packed, unpacked, *_, offset = _ENTRY.unpack_from(
                directory, position
            )
            path = directory[position + _ENTRY.size : stop]
            return (flags, method, checksum, packed, unpacked, path, offset) if path.count(b"/") == 1 else None
        position = stop + extra + comment
    return None


def _metadata_path(names: list[str], filename: str) -> str:
    found = [name for name in names if name.endswith(_TAIL) and name.count("/") == 1]
    if len(found) == 1:
        return found[0]
    own = {name for name, _ in parse_identity(filename).readings}
    matching = [path for path in found if canonicalize_name(path[: -len(_TAIL)].partition("-")[0]) in own]
    if len(matching) == 1:
        return matching[0]
    if not found:
        raise MetadataMalformed("has no *.dist-info/METADATA", address=filename)
    raise MetadataMalformed(f"has {len(found)} METADATA files and none is clearly its own", address=filename)


def unpacked_size(file: BinaryIO, filename: str) -> int:
    """The bytes of all members of the wheel *file* (seekable), as its directory states them.

    Exceptions of *file* itself pass through. Raises ``ArchiveRefused`` for what is no readable zip.
    """
    with opened_zip(file, filename) as archive:
        return sum(member.file_size for member in archive.infolist())


@contextmanager
def opened_zip(file: BinaryIO, filename: str) -> Iterator[ZipFile]:
    """The zip *file* (seekable); raises ``ArchiveRefused`` where it, or what is then read of it, is no readable zip."""
    from wheelcheck.texts.archive_members import DAMAGED, open_zip  # few wheels need it

    try:
        with open_zip(file) as archive:
            yield archive
    except DAMAGED as problem:
        raise ArchiveRefused(f"not a readable wheel: {problem}", address=filename, hint=_HINT) from problem
    except NotImplementedError as problem:
        raise ArchiveRefused(f"compressed in a way that is not read: {problem}", address=filename) from problem
    except OSError as problem:
        if problem.errno is not None:
            raise
        # bz2 has no exception of its own for damaged data.
        raise ArchiveRefused(f"not a readable wheel: {problem}", address=filename, hint=_HINT) from problem


_UNPACK_HINT = "do not unpack this file; choose another version, or tell the index's operator"


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
    if not start:
        _refuse(filename, "an empty file")
    if start.startswith(b"\x1f\x9d"):
        _refuse(filename, "an old compress (.tar.Z) archive, which is not read")
    collected = _Collection(filename, limits, wanted)
    announced = 0
    with _plain_refusals(filename):
        for member in iter_members(file, lambda plain: cast("IO[bytes]", _Metered(plain, size, collected))):
            _collect(member, collected)
            announced += member.size
        # Members that are not read cannot harm us, but what unpacks to more than the limits is refused all the same.
        collected.check_expansion(announced, size)
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
        problem = path_problem(raw)
        if problem:
            self.refuse(problem)
        return plain_path(raw)

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
    raise ArchiveRefused(fact, address=filename, hint=_UNPACK_HINT)


@contextmanager
def _plain_refusals(filename: str) -> Iterator[None]:
    try:
        yield
    except EOFError as problem:
        raise ArchiveRefused("the archive is cut short", address=filename, hint=_UNPACK_HINT) from problem
    except NotImplementedError as problem:
        raise ArchiveRefused(f"compressed in a way that is not read: {problem}", address=filename) from problem
    except HeaderTooLong as problem:
        raise ArchiveRefused(str(problem), address=filename, hint=_UNPACK_HINT) from problem
    except (*DAMAGED, OSError) as problem:
        # bz2 has no exception of its own for damaged data.
        raise ArchiveRefused(f"not a readable archive: {problem}", address=filename, hint=_UNPACK_HINT) from problem


class _Metered:
    """A stream that refuses to give more than the limits allow: the only place where expansion can be stopped in time."""

    def __init__(self, stream: IO[bytes], compressed: int, collected: _Collection) -> None:
        self._stream = stream
        self._compressed = compressed
        self._collected = collected
        self._given = 0

    def read(self, size: int = -1, /) -> bytes:
        content = self._stream.read(size)
        self._given += len(content)
        self._collected.check_expansion(self._given, self._compressed)
        return content


def _collect(member: Member, collected: _Collection) -> None:
    path = collected.enter(member.name)
    if member.kind in (MemberKind.LINK, MemberKind.HARD_LINK):
        if member.is_encrypted:
            collected.refuse("encrypted")
        # A symbolic link is relative to its folder, a hard link to the archive's root.
        if leads_outside(path if member.kind is MemberKind.LINK else "", member.link):
            collected.refuse(f"a link to {member.link!r}, outside the archive")
        collected.paths[path] = None
    elif member.kind is MemberKind.OTHER:
        collected.refuse("neither a file, a folder nor a link")
    elif member.kind is MemberKind.FILE:
        collected.paths[path] = None
        if collected.wants(path, member.size):
            if member.is_encrypted:
                collected.refuse("encrypted")
            with member.open() as stream:
                collected.keep(path, stream.read())
