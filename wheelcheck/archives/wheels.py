"""Reads METADATA and the unpacked size of a wheel through the zip's own directory; reads no other member."""

from __future__ import annotations

import zipfile
import zlib
from typing import BinaryIO

from packaging.utils import canonicalize_name

from wheelcheck.archives.core_metadata import parse_core_metadata, parse_identity
from wheelcheck.archives.source_tree import Limits
from wheelcheck.errors import ArchiveRefused, MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata, MetadataSource

_TAIL = ".dist-info/METADATA"


def read_wheel_metadata(file: BinaryIO, filename: str, limits: Limits) -> CoreMetadata:
    """The dependency fields in the wheel *file* (seekable).

    Reads the end of the zip, its directory and one member. Exceptions of *file* itself pass through untouched. Raises
    ``ArchiveRefused`` for what is no readable zip, ``MetadataMalformed`` where METADATA is missing or of another project.
    """
    try:
        with zipfile.ZipFile(file) as archive:
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
    except (zipfile.BadZipFile, zlib.error, EOFError) as problem:
        raise ArchiveRefused(f"not a readable wheel: {problem}", address=filename) from problem
    except NotImplementedError as problem:
        raise ArchiveRefused(f"compressed in a way that is not read: {problem}", address=filename) from problem
    if len(content) > limits.member:
        raise ArchiveRefused(f"{member.filename} is longer than the limit of {limits.member} bytes", address=filename)
    return parse_core_metadata(content, filename, MetadataSource.WHEEL_FILE)


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
    try:
        with zipfile.ZipFile(file) as archive:
            return sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError) as problem:
        raise ArchiveRefused(f"not a readable wheel: {problem}", address=filename) from problem
