"""Yields the files of a runtime, archive or folder, in one pass; writes nothing to disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from wheelcheck.errors import ArchiveRefused, InputUnreadable
from wheelcheck.texts.archive_members import (
    DAMAGED,
    HeaderTooLong,
    Member,
    MemberKind,
    UnknownArchive,
    iter_members,
    path_problem,
    plain_path,
)

_ARCHIVES_HINT = "give a .zip, .tar.gz, .tar.zst or .tar.xz archive, or a folder"


class RuntimeLimits(Struct, frozen=True, kw_only=True):
    """Bounds on a runtime archive: ``expanded`` bytes and ``members``. Beyond them it is refused, so that no disk is filled."""

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
    with _plain_refusals(path), path.open("rb") as stream:
        expanded = 0
        for members, entry in enumerate(_archive_entries(path, iter_members(stream)), start=1):
            expanded += entry.size
            if members > limits.members:
                refuse(path, f"more than {limits.members} members")
            if expanded > limits.expanded:
                refuse(path, f"expands to more than {limits.expanded} bytes", entry.path)
            yield entry


def refuse(path: Path, fact: str, member: str = "") -> NoReturn:
    """Raise ``ArchiveRefused`` for *path*, naming *member* where there is one."""
    raise ArchiveRefused(f"member {member!r}: {fact}" if member else fact, address=path.name)


@contextmanager
def _plain_refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except UnknownArchive as problem:
        raise InputUnreadable(
            "neither an archive that is known nor a folder", address=str(path), hint=_ARCHIVES_HINT
        ) from problem
    except HeaderTooLong as problem:
        raise ArchiveRefused(str(problem), address=path.name) from problem
    except DAMAGED as problem:
        raise InputUnreadable(f"not a readable archive: {problem}", address=str(path), hint=_ARCHIVES_HINT) from problem
    except OSError as problem:
        raise InputUnreadable(
            f"cannot be read: {problem.strerror or problem}", address=str(path), hint=_ARCHIVES_HINT
        ) from problem
    except NotImplementedError as problem:
        raise InputUnreadable(f"compressed in a way that is not read: {problem}", address=str(path)) from problem


def _safe(path: Path, raw: str) -> str:
    problem = path_problem(raw)
    if problem:
        refuse(path, problem, raw)
    return plain_path(raw)


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


def _archive_entries(path: Path, found: Iterator[Member]) -> Iterator[TreeEntry]:
    for member in found:
        name = _safe(path, member.name)
        if member.kind is MemberKind.FOLDER:
            continue
        if member.kind is MemberKind.OTHER:
            refuse(path, "neither a file nor a link", member.name)
        if member.is_encrypted:
            refuse(path, "encrypted", member.name)
        is_hard = member.kind is MemberKind.HARD_LINK
        yield TreeEntry(
            path=name,
            size=0 if is_hard else member.size,
            executable=member.executable and not is_hard,
            read=_reader(member),
            link=_safe(path, member.link) if is_hard else member.link,
            is_hard=is_hard,
        )


def _reader(member: Member) -> Callable[[], bytes]:
    def read() -> bytes:
        with member.open() as content:
            return content.read()

    return read
