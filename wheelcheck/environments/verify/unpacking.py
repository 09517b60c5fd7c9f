"""Unpacks the archive of a bundle into a folder, member by member within limits; nothing is written outside that folder."""

from __future__ import annotations

import io
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from wheelcheck.environments.verify.subject import is_outside, joined
from wheelcheck.errors import InputUnreadable

MOST_BYTES = 64 * 1024**3
"""What one bundle may unpack to, in bytes: the largest with CUDA are under 10 GB."""
MOST_MEMBERS = 1_000_000
_CHUNK = 1024 * 1024
_ABSOLUTE = re.compile(r"^(?:/|[A-Za-z]:)")
_ZIP, _ZSTD, _GZIP = b"PK", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"
_HINT = "this is no bundle that wheelcheck made; take it from where it was published"


def is_archive(path: Path) -> bool:
    """Whether the file *path* begins like an archive that can be unpacked."""
    with path.open("rb") as stream:
        return stream.read(4).startswith((_ZIP, _ZSTD, _GZIP))


def unpack_into(archive: Path, folder: Path) -> None:
    """Unpack *archive* (zip, tar.zst, tar.gz) over what *folder* holds.

    Raises ``InputUnreadable``, naming the member, for a damaged archive, a path that leads out of it, a link that does, a device,
    and more bytes or members than any bundle has; ``OSError`` where the disk is full.
    """
    with archive.open("rb") as stream:
        start = stream.read(4)
        stream.seek(0)
        target = _Target(archive.name, folder)
        with _plain_refusals(archive.name):
            if start.startswith(_ZIP):
                _unpack_zip(stream, target)
            elif start.startswith(_ZSTD):
                with _zstd(stream) as plain:
                    _unpack_tar(plain, target)
            else:
                import gzip

                with gzip.open(stream) as plain:
                    _unpack_tar(cast("BinaryIO", plain), target)


class _Target:
    """The folder that members are written to, and what is left of the limits."""

    def __init__(self, archive: str, folder: Path) -> None:
        self._archive = archive
        self._folder = folder
        self._bytes = 0
        self._members = 0

    def place(self, name: str) -> Path:
        """Where the member *name* goes."""
        self._members += 1
        if self._members > MOST_MEMBERS:
            self.refuse(name, f"there are more than {MOST_MEMBERS} members")
        path = joined(name)
        if not name or "\0" in name or _ABSOLUTE.match(name.replace("\\", "/")) or is_outside(path):
            self.refuse(name, "its path leads out of the archive")
        place = self._folder / path
        for parent in place.relative_to(self._folder).parents:
            # Through a link that an earlier member made, a harmless path leads anywhere.
            if (self._folder / parent).is_symlink():
                self.refuse(name, "its path goes through a link")
        return place

    def write(self, name: str, content: IO[bytes], *, executable: bool) -> None:
        place = self.place(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink():
            place.unlink()
        with place.open("wb") as file:
            while chunk := content.read(_CHUNK):
                self._bytes += len(chunk)
                if self._bytes > MOST_BYTES:
                    self.refuse(name, f"the archive unpacks to more than {MOST_BYTES} bytes")
                file.write(chunk)
        if executable:
            place.chmod(0o755)

    def link(self, name: str, destination: str) -> None:
        place = self.place(name)
        landing = joined(joined(name), "..", destination)
        if _ABSOLUTE.match(destination) or is_outside(landing):
            self.refuse(name, f"it is a link to {destination!r}, outside the archive")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(destination)

    def copy(self, name: str, source: str) -> None:
        place, origin = self.place(name), self.place(source)
        if not origin.is_file():
            self.refuse(name, f"it is a link to {source!r}, which is not there")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(origin, place)

    def make(self, name: str) -> None:
        self.place(name).mkdir(parents=True, exist_ok=True)

    def refuse(self, name: str, fact: str) -> None:
        raise InputUnreadable(f"member {name!r}: {fact}", address=self._archive, hint=_HINT)


def _unpack_zip(stream: BinaryIO, target: _Target) -> None:
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            mode = entry.external_attr >> 16
            if entry.is_dir():
                target.make(entry.filename)
            elif entry.flag_bits & 1:
                target.refuse(entry.filename, "it is encrypted")
            elif stat.S_ISLNK(mode):
                with archive.open(entry) as content:
                    target.link(entry.filename, content.read(4096).decode("utf-8", "replace"))
            else:
                with archive.open(entry) as content:
                    target.write(entry.filename, content, executable=bool(mode & 0o111))


def _unpack_tar(stream: BinaryIO, target: _Target) -> None:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            if entry.isdir():
                target.make(entry.name)
            elif entry.issym():
                target.link(entry.name, entry.linkname)
            elif entry.islnk():
                target.copy(entry.name, entry.linkname)
            elif entry.isreg():
                content = archive.extractfile(entry)
                target.write(entry.name, content or io.BytesIO(), executable=bool(entry.mode & 0o111))
            else:
                target.refuse(entry.name, "it is neither a file, a folder nor a link")


@contextmanager
def _zstd(stream: BinaryIO) -> Iterator[BinaryIO]:
    import sys

    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    try:
        with zstd.open(stream, "rb") as plain:
            yield cast("BinaryIO", plain)
    except zstd.ZstdError as problem:
        raise tarfile.ReadError(str(problem)) from problem


@contextmanager
def _plain_refusals(archive: str) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError) as problem:
        raise InputUnreadable(f"the archive is damaged: {problem}", address=archive, hint=_HINT) from problem
