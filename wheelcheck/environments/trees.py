"""Yields the files of a folder or archive one by one, hashes files, and compares both with what was recorded; runs nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, NoReturn

from msgspec import Struct

from wheelcheck.errors import ArchiveRefused, InputUnreadable
from wheelcheck.model.plan import PlannedFile
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
from wheelcheck.texts.files import is_file, is_folder, open_file

_STEP = 1024**2


class Digests:
    """Size and running hashes of one file by every algorithm in *algorithms*, and by SHA-256 in any case."""

    def __init__(self, algorithms: tuple[str, ...] = ()) -> None:
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha256", *algorithms)}
        self.size = 0

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.size += len(chunk)
        for each in self._hashes.values():
            each.update(chunk)

    def copied(self) -> Digests:
        """The same state, to go back to."""
        other = Digests()
        other._hashes = {name: each.copy() for name, each in self._hashes.items()}
        other.size = self.size
        return other

    def digest(self, algorithm: str = "sha256") -> str:
        """The digest of everything that came, in hex."""
        return self._hashes[algorithm].hexdigest()


def digests_of(path: Path, algorithms: tuple[str, ...] = ()) -> Digests:
    """The digests of the file at *path*, which is read once. Raises ``OSError``."""
    digests = Digests(algorithms)
    with path.open("rb") as stream:
        while chunk := stream.read(_STEP):
            digests.update(chunk)
    return digests


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file *path*, in hex; reads it once. Raises ``OSError``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hex_of_record(encoded: str) -> str:
    """The digest in hex that RECORD has as *encoded* (base64 without padding); raises ``ValueError``."""
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).hex()


def record_of_hex(digest: str) -> str:
    """The *digest* (hex) as RECORD has it: base64 without padding."""
    return base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")


def known_hashes(file: PlannedFile) -> dict[str, str]:
    """The digests of *file* that this Python can check, by algorithm, SHA-256 first."""
    ordered = sorted(file.hashes.items(), key=lambda each: each[0] != "sha256")
    return {
        name: digest.lower()
        for name, digest in ordered
        if digest and name in hashlib.algorithms_available and not name.startswith("shake")
    }


def algorithms_of(file: PlannedFile) -> tuple[str, ...]:
    """The algorithms by which *file* can be checked; none where nothing is known of it."""
    accepted = file.accepted if isinstance(file.accepted, dict) else {}
    checkable = (name for name in accepted if name in hashlib.algorithms_available)
    return tuple(dict.fromkeys((*known_hashes(file), *checkable)))


def difference(digests: Digests, file: PlannedFile) -> str:
    """How *digests* differ from the *file* of the plan, with both values; empty where they do not."""
    known = known_hashes(file)
    for algorithm, expected in known.items():
        actual = digests.digest(algorithm)
        if not hmac.compare_digest(actual, expected):
            return f"its {algorithm} is {actual}, the plan has {expected}"
    accepted = file.accepted if isinstance(file.accepted, dict) else {}
    if accepted and not any(digests.digest(name) in accepted[name] for name in algorithms_of(file) if name in accepted):
        return f"its sha256 is {digests.digest()}, and the requirements name none of its hashes"
    if not known and not accepted and file.size is not None and digests.size != file.size:
        return f"it has {digests.size} bytes, the plan has {file.size}, and no hash to check it by"
    return ""


_ARCHIVES_HINT = "give a .zip, .tar.gz, .tar.zst or .tar.xz archive, or a folder"


def iter_paths(root: Path, start: str = ".", failing: Callable[[OSError], object] | None = None) -> Iterator[str]:
    """Yield the path of every file and link below *start*, relative to *root* with ``/``; goes through no link.

    A folder that cannot be read is given to *failing*, and else passed over.
    """
    for where, folders, names in os.walk(root / start, onerror=failing):
        folders.sort()
        here = Path(where)
        above = here.relative_to(root).as_posix()
        for name in sorted([*names, *(name for name in folders if (here / name).is_symlink())]):
            yield name if above == "." else f"{above}/{name}"


class TreeFiles:
    """The files under a *root*; each is hashed once for each algorithm."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._digests: dict[tuple[str, str], str] = {}

    def exists(self, path: str) -> bool:
        """Whether there is a file or link at *path*."""
        return os.path.lexists(self._root / path)

    def is_file(self, path: str) -> bool:
        """Whether there is a file at *path*, or a link to one."""
        return is_file(self._root / path)

    def link(self, path: str) -> str:
        """What the symbolic link at *path* points to; empty for a plain file."""
        file = self._root / path
        return file.readlink().as_posix() if os.path.islink(file) else ""  # noqa: PTH114 - a name too long for the disk is no link

    def difference(self, path: str, size: int | None, algorithm: str, digest: str, source: str) -> str:
        """How the file at *path*, which is there, differs from what *source* says of it; empty where it does not."""
        found = (self._root / path).stat().st_size
        if size is not None and found != size:
            return f"has {found} bytes, {source} says {size}"
        if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
            return ""
        key = path, algorithm
        if key not in self._digests:
            try:
                with open_file(self._root / path) as stream:
                    self._digests[key] = hashlib.file_digest(stream, algorithm).hexdigest()
            except OSError:
                return "cannot be read"
        return "" if self._digests[key] == digest else f"has another content than {source} says ({algorithm})"


class TreeLimits(Struct, frozen=True, kw_only=True):
    """Bounds on an archive: ``expanded`` bytes and ``members``. Beyond them it is refused, so that no disk is filled."""

    expanded: int = 4 * 1024**3
    members: int = 200_000


class TreeEntry(Struct, frozen=True, kw_only=True):
    """A file or symbolic link at ``path``; ``size`` in bytes, ``open`` works until the next entry is asked for.

    ``link`` is what a symbolic link says, or, with ``is_hard``, the path of the earlier entry with the same content.
    """

    path: str
    size: int
    executable: bool
    open: Callable[[], IO[bytes]]
    link: str = ""
    is_hard: bool = False

    def read(self) -> bytes:
        """The whole content."""
        with self.open() as content:
            return content.read()


def iter_entries(path: Path, limits: TreeLimits | None = None) -> Iterator[TreeEntry]:
    """The files and links of the archive or folder *path*, in their order there; an archive is decompressed once.

    Raises ``InputUnreadable`` where *path* is neither, ``ArchiveRefused`` for a member that leads out of it, a device, or more
    than *limits* allow.
    """
    limits = limits or TreeLimits()
    if is_folder(path):
        yield from _folder_entries(path)
        return
    with _plain_refusals(path), open_file(path) as stream:
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
        fact = "neither an archive that is known nor a folder"
        raise InputUnreadable(fact, address=str(path), hint=_ARCHIVES_HINT) from problem
    except HeaderTooLong as problem:
        raise ArchiveRefused(str(problem), address=path.name) from problem
    except DAMAGED as problem:
        raise InputUnreadable(f"not a readable archive: {problem}", address=str(path), hint=_ARCHIVES_HINT) from problem
    except OSError as problem:
        fact = f"cannot be read: {problem.strerror or problem}"
        raise InputUnreadable(fact, address=str(path), hint=_ARCHIVES_HINT) from problem
    except NotImplementedError as problem:
        raise InputUnreadable(f"compressed in a way that is not read: {problem}", address=str(path)) from problem


def _safe(path: Path, raw: str) -> str:
    problem = path_problem(raw)
    if problem:
        refuse(path, problem, raw)
    return plain_path(raw)


def _folder_entries(root: Path) -> Iterator[TreeEntry]:
    for path in iter_paths(root):
        place = root / path
        status = place.lstat()
        if stat.S_ISLNK(status.st_mode) or stat.S_ISREG(status.st_mode):
            link = place.readlink().as_posix() if stat.S_ISLNK(status.st_mode) else ""
            executable = not link and bool(status.st_mode & 0o111)
            size = 0 if link else status.st_size
            yield TreeEntry(path=path, size=size, executable=executable, open=partial(io.FileIO, place), link=link)


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
            open=member.open,
            link=_safe(path, member.link) if is_hard else member.link,
            is_hard=is_hard,
        )
