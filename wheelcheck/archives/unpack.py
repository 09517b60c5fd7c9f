"""Goes once through a source archive in memory, within limits; writes nothing to disk and follows no link."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, NoReturn, cast

from wheelcheck.archives.source_tree import Limits, SourceTree, is_wanted, rooted_tree
from wheelcheck.errors import ArchiveRefused
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
    raise ArchiveRefused(fact, address=filename, hint=_HINT)


@contextmanager
def _plain_refusals(filename: str) -> Iterator[None]:
    try:
        yield
    except EOFError as problem:
        raise ArchiveRefused("the archive is cut short", address=filename, hint=_HINT) from problem
    except NotImplementedError as problem:
        raise ArchiveRefused(f"compressed in a way that is not read: {problem}", address=filename) from problem
    except HeaderTooLong as problem:
        raise ArchiveRefused(str(problem), address=filename, hint=_HINT) from problem
    except (*DAMAGED, OSError) as problem:
        # bz2 has no exception of its own for damaged data.
        raise ArchiveRefused(f"not a readable archive: {problem}", address=filename, hint=_HINT) from problem


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
