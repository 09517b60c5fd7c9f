"""Lists the files that a wheel would write, refuses a wheel that must not be unpacked, and unpacks one.

Each member is read, hashed and written once.
"""

from __future__ import annotations

import configparser
import csv
import hashlib
import io
import posixpath
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from email.parser import HeaderParser
from typing import NoReturn

from msgspec import Struct
from packaging.utils import canonicalize_name

from wheelcheck.environments.bundle.scripts import ScriptStyle
from wheelcheck.environments.bundle.writing import Admission, Folder, name_problem
from wheelcheck.environments.trees import hex_of_record, record_of_hex
from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.distribution import as_version
from wheelcheck.model.environment import EnvironmentFile, HousedWheel, Layout
from wheelcheck.texts.archive_members import DAMAGED, open_zip
from wheelcheck.texts.words import folded

_CHUNK = 1024**2
_HINT = "do not install this file; choose another version, or tell its publisher"
# Written by the installer about an installation (PEP 376, 610); those in a wheel are not taken over.
_OURS = frozenset({"INSTALLER", "REQUESTED", "direct_url.json"})
_SIGNATURES = frozenset({"RECORD.jws", "RECORD.p7s"})
_ENCRYPTED = 0x1


class WheelLimits(Struct, frozen=True, kw_only=True):
    """Bounds on one wheel; sizes in bytes.

    ``expanded`` is everything that comes out of it, ``members`` its entries, ``text`` the largest of its files that are read
    into memory whole. ``ratio`` bounds expanded/compressed, once more than ``ratio_floor`` comes out: small archives of zeros
    are common and harmless.
    """

    expanded: int = 16 * 1024**3
    members: int = 500_000
    text: int = 64 * 1024**2
    ratio: int = 200
    ratio_floor: int = 64 * 1024**2


_LIMITS = WheelLimits()


class Placement(Struct, frozen=True, kw_only=True):
    """One file and where it goes: ``path`` within ``scheme`` (the wheel specification's word), ``target`` from the root.

    ``member`` is what it comes from. ``algorithm`` and ``digest`` (hex) are what RECORD says of its content, both empty where it
    says nothing. ``content`` is that of a file which is made, such as a script, ``None`` for one that is unpacked.
    """

    member: str
    scheme: str
    path: str
    target: str
    executable: bool
    algorithm: str = ""
    digest: str = ""
    content: bytes | None = None


class WheelContents(Struct, frozen=True, kw_only=True):
    """All files of *wheel* that are to be written, checked; ``dist_info`` is that folder's name.

    Each of ``warnings`` is a sentence.
    """

    wheel: HousedWheel
    dist_info: str
    placements: tuple[Placement, ...]
    warnings: tuple[str, ...] = ()


def scheme_folders(layout: Layout, name: str) -> dict[str, str]:
    """The folder of each scheme for the project *name*, from the environment's root, empty for the root itself."""
    folders = {
        "purelib": layout.site_packages,
        "platlib": layout.site_packages,
        "scripts": layout.scripts,
        "headers": f"{layout.headers}/{name}",
        "data": layout.data,
    }
    return {scheme: "" if folder == "." else folder for scheme, folder in folders.items()}


def read_contents(
    wheel: HousedWheel, layout: Layout, system: str, style: ScriptStyle, limits: WheelLimits = _LIMITS
) -> WheelContents:
    """Read the directory of *wheel* and its RECORD, and make its scripts in *style*.

    Raises ``ArchiveRefused``, naming the member, for names that lead out or cannot be on *system*, links, members without a
    line in RECORD, more than *limits* allow, and a file that is no wheel.
    """
    with plain_refusals(wheel), open_zip(wheel.path) as archive:
        infos = archive.infolist()
        _check_members(wheel, infos, system, limits)
        dist_info = _dist_info(wheel, infos)
        record = _record(wheel, archive, dist_info, limits)
        _refuse_other_version(wheel, archive, dist_info, limits)
        placements = [*_placements(wheel, infos, dist_info, record, layout)]
        made = [*_scripts(wheel, archive, dist_info, system, style, limits)]
        made.append(("purelib", f"{dist_info}/INSTALLER", f"{dist_info}/INSTALLER", b"wheelcheck\n"))
    folders = scheme_folders(layout, wheel.name)
    placements += [
        Placement(
            member=member,
            scheme=scheme,
            path=path,
            target=posixpath.normpath(posixpath.join(folders[scheme], path)),
            executable=scheme == "scripts",
            algorithm="sha256",
            digest=hashlib.sha256(content).hexdigest(),
            content=content,
        )
        for scheme, member, path, content in made
    ]
    unhashed = [placement.member for placement in placements if not placement.digest]
    warnings = (f"{wheel.path.name}: RECORD has no hash for {folded([*map(repr, unhashed)], 1)}",) if unhashed else ()
    return WheelContents(wheel=wheel, dist_info=dist_info, placements=tuple(placements), warnings=warnings)


def read_member(wheel: HousedWheel, member: str) -> bytes:
    """The content of *member*; raises ``ArchiveRefused``."""
    with plain_refusals(wheel), open_zip(wheel.path) as archive:
        return archive.read(member)


def refuse(wheel: HousedWheel, fact: str, member: str = "") -> NoReturn:
    """Raise ``ArchiveRefused`` for *wheel*, naming *member* where there is one."""
    raise ArchiveRefused(f"member {member!r}: {fact}" if member else fact, address=wheel.path.name, hint=_HINT)


@contextmanager
def plain_refusals(wheel: HousedWheel) -> Iterator[None]:
    """Turn the errors of the libraries for a broken zip into refusals."""
    try:
        yield
    except (*DAMAGED, NotImplementedError) as problem:
        raise ArchiveRefused(f"not a readable wheel: {problem}", address=wheel.path.name, hint=_HINT) from problem


def _check_members(wheel: HousedWheel, infos: list[zipfile.ZipInfo], system: str, limits: WheelLimits) -> None:
    if len(infos) > limits.members:
        refuse(wheel, f"more than {limits.members} members")
    seen: set[str] = set()
    expanded = 0
    for info in infos:
        name = info.orig_filename
        problem = name_problem(name, system)
        if problem:
            refuse(wheel, problem, name)
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            refuse(wheel, "a symbolic link or device; a wheel has files only", name)
        if info.flag_bits & _ENCRYPTED:
            refuse(wheel, "encrypted", name)
        if name in seen:
            refuse(wheel, "twice in the archive", name)
        seen.add(name)
        expanded += info.file_size
        if expanded > limits.expanded:
            refuse(wheel, f"expands to more than {limits.expanded} bytes", name)
    if expanded > limits.ratio_floor and expanded > wheel.size * limits.ratio:
        refuse(wheel, f"expands to more than {limits.ratio} times its size")


def _dist_info(wheel: HousedWheel, infos: list[zipfile.ZipInfo]) -> str:
    found = sorted({top for info in infos if (top := info.filename.partition("/")[0]).endswith(".dist-info")})
    if len(found) != 1:
        refuse(wheel, f"{len(found)} .dist-info folders, where a wheel has one")
    name, _, version = found[0].removesuffix(".dist-info").rpartition("-")
    if canonicalize_name(name) != wheel.name or as_version(version) != wheel.version:
        refuse(wheel, f"it is that of another release than {wheel.name} {wheel.version}", found[0])
    return found[0]


def _text(wheel: HousedWheel, archive: zipfile.ZipFile, name: str, limits: WheelLimits) -> str:
    info = archive.getinfo(name)
    if info.file_size > limits.text:
        refuse(wheel, f"{info.file_size} bytes, more than the limit of {limits.text}", name)
    try:
        return archive.read(info).decode("utf-8")
    except UnicodeDecodeError:
        refuse(wheel, "not UTF-8", name)


def _record(
    wheel: HousedWheel, archive: zipfile.ZipFile, dist_info: str, limits: WheelLimits
) -> Mapping[str, tuple[str, str]]:
    """Algorithm and hex digest by member, both empty where RECORD has no hash."""
    from installer.records import InvalidRecordEntry, parse_record_file

    name = f"{dist_info}/RECORD"
    if name not in archive.NameToInfo:
        refuse(wheel, "no RECORD: its content cannot be checked")
    try:
        rows = list(parse_record_file(_text(wheel, archive, name, limits).splitlines()))
    except InvalidRecordEntry as problem:
        refuse(wheel, f"unreadable: {problem}", name)
    return {path.removeprefix("./"): _parsed_hash(wheel, path, digest) for path, digest, _ in rows}


def _parsed_hash(wheel: HousedWheel, path: str, text: str) -> tuple[str, str]:
    if not text:
        return "", ""
    algorithm, _, value = text.partition("=")
    if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
        refuse(wheel, f"its hash in RECORD is of the unknown kind {algorithm!r}", path)
    try:
        return algorithm, hex_of_record(value)
    except ValueError:
        refuse(wheel, f"its hash in RECORD is no hash: {value!r}", path)


def _placements(
    wheel: HousedWheel,
    infos: list[zipfile.ZipInfo],
    dist_info: str,
    record: Mapping[str, tuple[str, str]],
    layout: Layout,
) -> Iterator[Placement]:
    folders = scheme_folders(layout, wheel.name)
    data = dist_info.removesuffix(".dist-info") + ".data/"
    own = {f"{dist_info}/{name}" for name in ("RECORD", *_OURS, *_SIGNATURES)}
    for info in infos:
        name = info.filename
        if info.is_dir() or name in own:
            continue
        if name not in record:
            refuse(wheel, "not in RECORD", name)
        # Byte code is not taken over: it would run in the place of the code that people read.
        if "__pycache__/" in name:
            continue
        scheme, path = "purelib", name
        if name.startswith(data):
            scheme, _, path = name.removeprefix(data).partition("/")
            if scheme not in folders or not path:
                refuse(wheel, "in no folder of .data that the wheel specification knows", name)
        mode = info.external_attr >> 16
        yield Placement(
            member=name,
            scheme=scheme,
            path=path,
            target=posixpath.join(folders[scheme], path),
            executable=scheme == "scripts" or bool(mode & 0o111),
            algorithm=record[name][0],
            digest=record[name][1],
        )


def _refuse_other_version(wheel: HousedWheel, archive: zipfile.ZipFile, dist_info: str, limits: WheelLimits) -> None:
    member = f"{dist_info}/WHEEL"
    if member not in archive.NameToInfo:
        refuse(wheel, "no WHEEL in it")
    version = HeaderParser().parsestr(_text(wheel, archive, member, limits))["Wheel-Version"] or ""
    if not version.startswith("1."):
        refuse(wheel, f"Wheel-Version is {version!r}, and only 1.x is known", member)


def _scripts(
    wheel: HousedWheel, archive: zipfile.ZipFile, dist_info: str, system: str, style: ScriptStyle, limits: WheelLimits
) -> Iterator[tuple[str, str, str, bytes]]:
    """Yield the scheme, the member that asks for it, the name and the content of each script in *style*."""
    from installer.utils import parse_entrypoints

    member = f"{dist_info}/entry_points.txt"
    if member not in archive.NameToInfo:
        return
    try:
        found = list(parse_entrypoints(_text(wheel, archive, member, limits)))
    except (configparser.Error, AssertionError) as problem:
        refuse(wheel, f"unreadable: {problem or 'an entry point without module and function'}", member)
    for name, module, attr, section in found:
        problem_there = "a path, where a script has a name" if "/" in name else name_problem(name, system)
        if problem_there:
            refuse(wheel, f"script {name!r}: {problem_there}", member)
        yield "scripts", member, *style.entry_point(name, module, attr, section)


def unpack(
    contents: WheelContents, folder: Folder, site_packages: str, style: ScriptStyle, others: Mapping[str, Admission]
) -> Iterator[EnvironmentFile]:
    """Write the wheel of *contents* into *folder*; yields the files written, without those in *others*, which another wheel writes.

    Its RECORD has lines for its own files and for those of others that are the same. Raises ``ArchiveRefused`` where a member
    differs from RECORD, before that member is complete, and ``OSError``.
    """
    wheel = contents.wheel
    rows: list[tuple[str, EnvironmentFile]] = []
    with plain_refusals(wheel), open_zip(wheel.path) as archive:
        for placement in contents.placements:
            chunks, path = _chunks(wheel, archive, placement, style), placement.target
            if (admission := others.get(path)) is None:
                is_known = placement.algorithm == "sha256" and (placement.scheme != "scripts" or placement.content)
                known = placement.digest if is_known else ""
                file = folder.write(path, chunks, executable=placement.executable, owner=wheel.name, known=known)
                yield file
            else:
                content = b"".join(chunks)
                file = EnvironmentFile(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())
            if admission is not Admission.LOST:
                rows.append((placement.path, file))
    record = f"{contents.dist_info}/RECORD"
    text = _rendered_record(rows, record, site_packages)
    yield folder.write(posixpath.normpath(f"{site_packages}/{record}"), (text,), executable=False, owner=wheel.name)


def _chunks(wheel: HousedWheel, archive: zipfile.ZipFile, placement: Placement, style: ScriptStyle) -> Iterator[bytes]:
    """The content of *placement*; the last chunk comes only after the whole was found to be what RECORD says."""
    if placement.content is not None:
        yield placement.content
        return
    is_script = placement.scheme == "scripts"
    digest = hashlib.new(placement.algorithm or "sha256", usedforsecurity=False)
    size = -1 if is_script else _CHUNK
    with archive.open(placement.member) as stream:
        chunk = stream.read(size)
        while chunk:
            digest.update(chunk)
            following = stream.read(size)
            if not following:
                break
            yield chunk
            chunk = following
    if placement.digest not in ("", digest.hexdigest()):
        refuse(wheel, f"its content is not what RECORD says ({placement.algorithm})", placement.member)
    yield style.rewritten(chunk) if is_script else chunk


def _rendered_record(rows: Iterable[tuple[str, EnvironmentFile]], record: str, site_packages: str) -> bytes:
    """RECORD, whose lines are relative to site-packages and sorted by the path in a file's own scheme."""
    lines = [(record, (record, "", ""))]
    for path, file in rows:
        place = posixpath.relpath(file.path, site_packages)
        lines.append((path, (place, f"sha256={record_of_hex(file.sha256)}", str(file.size))))
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(row for _, row in sorted(lines))
    return written.getvalue().encode()
