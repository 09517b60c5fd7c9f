"""Reads a wheel through its zip's directory: METADATA and the unpacked size; no other member is read."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from packaging.utils import canonicalize_name

from wheelcheck.archives.core_metadata import parse_core_metadata, parse_identity
from wheelcheck.archives.source_tree import Limits
from wheelcheck.errors import ArchiveRefused, MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata, MetadataSource

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
