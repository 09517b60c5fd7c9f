"""Yields the files of a runtime, archive or folder, in one pass, and reads the few that show what it is; runs nothing."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from msgspec import Struct, field
from packaging.version import InvalidVersion, Version

from wheelcheck.environments.binaries import BinaryUnreadable, read_binary
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
_DEEPEST = 3
_BINARY_NAME = re.compile(
    r"(?:python3\d+t?\.dll|python(?:3\.\d+t?)?\.exe|python3\.\d+t?|libpython3\.\d+t?\.(?:so(?:\.1\.0)?|dylib))"
)
_TEXT_NAME = re.compile(r"(?:python3\d+t?\._pth|pyvenv\.cfg|PYTHON\.json|patchlevel\.h)")
_LARGEST_TEXT = 8 * 1024**2
_WINDOWS_MACHINES = {"x86": "win32", "arm": "win_arm32"}


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


class Survey(Struct, frozen=True, kw_only=True):
    """The paths in a runtime, its links with their targets, and by path the texts and binaries that show what it is."""

    path: Path
    paths: frozenset[str]
    links: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    binaries: dict[str, BinaryFacts] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        """Whether it lies on disk as a folder, unpacked."""
        return self.path.is_dir()

    def matching(self, pattern: str) -> list[re.Match[str]]:
        """The paths that *pattern* matches in full, the shortest first."""
        compiled = re.compile(pattern)
        found = (compiled.fullmatch(path) for path in self.paths)
        return sorted(
            (match for match in found if match), key=lambda match: (match[0].count("/"), len(match[0]), match[0])
        )

    def text(self, name: str) -> str:
        """The text of the file *name*, empty where there is none."""
        return self.texts.get(name, "")


def survey_runtime(path: Path) -> Survey:
    """Go once through the archive or folder *path*; raises as ``iter_entries`` does."""
    paths: set[str] = set()
    links: dict[str, str] = {}
    texts: dict[str, str] = {}
    binaries: dict[str, BinaryFacts] = {}
    for entry in iter_entries(path):
        paths.add(entry.path)
        if entry.link:
            links[entry.path] = entry.link
            continue
        name = entry.path.rpartition("/")[2]
        if name == "patchlevel.h" or (entry.path.count("/") <= _DEEPEST and _TEXT_NAME.fullmatch(name)):
            if entry.size <= _LARGEST_TEXT:
                texts[entry.path] = entry.read().decode("utf-8", "replace")
        elif entry.path.count("/") <= _DEEPEST and _BINARY_NAME.fullmatch(name):
            facts = binary_facts(entry.read())
            if facts is not None:
                binaries[entry.path] = facts
    return Survey(path=path, paths=frozenset(paths), links=links, texts=texts, binaries=binaries)


class BinaryFacts(Struct, frozen=True, kw_only=True):
    """The facts in the header of an executable or library; ``libc`` is ``glibc``, ``musl``, or empty where it cannot be known.

    ``system`` is ``windows``, ``elf`` or ``macos``; ``version`` is that of a Windows version resource.
    """

    system: str
    machine: str
    libc: str = ""
    version: Version | None = None


def binary_facts(content: bytes) -> BinaryFacts | None:
    """The facts in the header of the executable *content*; ``None`` where it is no known binary."""
    with tempfile.TemporaryDirectory(prefix="wheelcheck-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "binary"
        place.write_bytes(content)
        try:
            binary = read_binary(place, "", None)
        except BinaryUnreadable:
            return None
    if binary is None:
        return None
    machine = "universal2" if {"x86_64", "arm64"} <= set(binary.machines) else min(binary.machines, default="")
    if binary.form == "pe":
        return BinaryFacts(
            system="windows", machine=_WINDOWS_MACHINES.get(machine, machine), version=_resource_version(content)
        )
    if binary.form == "macho":
        return BinaryFacts(system="macos", machine=machine) if machine else None
    libc = "musl" if "ld-musl" in binary.interpreter else "glibc" if binary.interpreter else ""
    return BinaryFacts(system="elf", machine=machine, libc=libc)


def _resource_version(content: bytes) -> Version | None:
    import pefile  # type: ignore[import-untyped]

    image = pefile.PE(data=content, fast_load=True)
    image.parse_data_directories(directories=[pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
    texts = [
        value
        for block in getattr(image, "FileInfo", [])
        for part in block
        if part.Key == b"StringFileInfo"
        for table in part.StringTable
        for key, value in table.entries.items()
        if key in {b"FileVersion", b"ProductVersion"}
    ]
    found = re.search(r"3\.\d+\.\d+(?:(?:a|b|rc)\d+)?", b" ".join(texts).decode("utf-8", "replace"))
    try:
        return Version(found[0]) if found else None
    except InvalidVersion:
        return None
