"""Opens what the user names: a folder, a bundle, or archives, which are unpacked within limits into a temporary folder."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from msgspec.structs import replace

from wheelcheck.environments.digests import sha256_of
from wheelcheck.environments.verify.locating import has_environment, locate
from wheelcheck.environments.verify.subject import Subject, is_outside, joined
from wheelcheck.errors import InputUnreadable
from wheelcheck.model.environment import MANIFEST, BundleArchive, Manifest
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.plans.manifests import parse_manifest
from wheelcheck.texts.archive_members import DAMAGED, Member, MemberKind, iter_members

MOST_BYTES = 64 * 1024**3
"""What one bundle may unpack to, in bytes: the largest with CUDA are under 10 GB."""
MOST_MEMBERS = 1_000_000
_CHUNK = 1024 * 1024
_ABSOLUTE = re.compile(r"^(?:/|[A-Za-z]:)")
_ZIP, _ZSTD, _GZIP = b"PK", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"
_MOST_MANIFEST = 512 * 1024**2
_OURS = b'"wheelcheck.bundle/'
_DAMAGED_HINT = "this is no bundle that wheelcheck made; take it from where it was published"


def _is_archive(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4).startswith((_ZIP, _ZSTD, _GZIP))


def unpack_into(archive: Path, folder: Path) -> None:
    """Unpack *archive* (zip, tar.zst, tar.gz) over what *folder* holds.

    Raises ``InputUnreadable``, naming the member, for a damaged archive, a path that leads out of it, a link that does, a device,
    and more bytes or members than any bundle has; ``OSError`` where the disk is full.
    """
    target = _Target(archive.name, folder)
    try:
        with archive.open("rb") as stream:
            for member in iter_members(stream):
                target.take(member)
    except (*DAMAGED, NotImplementedError) as problem:
        raise InputUnreadable(
            f"the archive is damaged: {problem}", address=archive.name, hint=_DAMAGED_HINT
        ) from problem


class _Target:
    """The folder that members are written to, with the bytes and members written so far."""

    def __init__(self, archive: str, folder: Path) -> None:
        self._archive = archive
        self._folder = folder
        self._bytes = 0
        self._members = 0

    def take(self, member: Member) -> None:
        """Write *member* to its place."""
        if member.kind is MemberKind.FOLDER:
            self.place(member.name).mkdir(parents=True, exist_ok=True)
        elif member.is_encrypted:
            self.refuse(member.name, "it is encrypted")
        elif member.kind is MemberKind.LINK:
            self.link(member.name, member.link)
        elif member.kind is MemberKind.HARD_LINK:
            self.copy(member.name, member.link)
        elif member.kind is MemberKind.FILE:
            with member.open() as content:
                self.write(member.name, content, executable=member.executable)
        else:
            self.refuse(member.name, "it is neither a file, a folder nor a link")

    def place(self, name: str) -> Path:
        """The path of the member *name*, which must lie in the folder."""
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

    def refuse(self, name: str, fact: str) -> None:
        raise InputUnreadable(f"member {name!r}: {fact}", address=self._archive, hint=_DAMAGED_HINT)


@contextmanager
def opened(given: str) -> Iterator[Subject]:
    """Open the environment at the path *given*; an unpacked one is removed afterwards.

    Raises ``InputUnreadable`` where there is none, ``OSError`` where the disk fails.
    """
    path = Path(given)
    if not path.exists():
        raise InputUnreadable("there is no such file or folder", address=given, hint="give a bundle or an environment")
    if path.is_dir():
        yield from _folder(path, given)
    elif path.name == MANIFEST:
        yield from _folder(path.parent, given)
    elif _is_archive(path):
        manifest = _manifest(path.parent)
        listed = manifest is not None and any(each.filename == path.name for each in manifest.archives)
        if manifest is not None and listed:
            yield from _archives(path.parent, manifest, given)
        else:
            yield from _archive(path, given)
    else:
        raise InputUnreadable(
            "is neither a folder nor the archive of a bundle",
            address=given,
            hint="give a folder, a .zip or a .tar.zst",
        )


def _folder(folder: Path, given: str) -> Iterator[Subject]:
    manifest = _manifest(folder)
    if manifest is None:
        yield locate(_environment_in(folder), given)
        return
    root = next((place for place in (folder, *_folders(folder)) if _holds(place, manifest)), None)
    if root is not None:
        present = tuple(each for each in manifest.archives if (folder / each.filename).is_file())
        subject = locate(root, given, manifest)
        yield replace(subject, problems=tuple(_check_archives(folder, present)))
    elif manifest.archives:
        yield from _archives(folder, manifest, given)
    else:
        raise InputUnreadable(
            f"{MANIFEST} names an environment that is not here: no {manifest.layout.site_packages}",
            address=given,
            hint="keep the manifest in the bundle's folder, or beside its archives",
        )


def _archives(folder: Path, manifest: Manifest, given: str) -> Iterator[Subject]:
    missing = [each.filename for each in manifest.archives if not (folder / each.filename).is_file()]
    if missing:
        raise InputUnreadable(
            f"{MANIFEST} lists archives that are not here: {', '.join(missing)}",
            address=given,
            hint="download all of them beside the manifest",
        )
    problems = tuple(_check_archives(folder, manifest.archives))
    with tempfile.TemporaryDirectory(prefix="wheelcheck-", ignore_cleanup_errors=True) as place:
        # Layers lie over each other in the order of the manifest.
        for each in manifest.archives:
            unpack_into(folder / each.filename, Path(place))
        root = next((at for at in (Path(place), *_folders(Path(place))) if _holds(at, manifest)), Path(place))
        yield replace(locate(root, given, manifest), problems=problems)


def _archive(archive: Path, given: str) -> Iterator[Subject]:
    with tempfile.TemporaryDirectory(prefix="wheelcheck-", ignore_cleanup_errors=True) as place:
        unpack_into(archive, Path(place))
        root = next((at for at in (Path(place), *_folders(Path(place))) if (at / MANIFEST).is_file()), Path(place))
        yield from _folder(root, given)


def _manifest(folder: Path) -> Manifest | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    if path.stat().st_size > _MOST_MANIFEST:
        raise InputUnreadable(f"is larger than {_MOST_MANIFEST} bytes", address=str(path))
    content = path.read_bytes()
    # Other programs have files of this name too.
    return parse_manifest(content, str(path)) if _OURS in content else None


def _holds(root: Path, manifest: Manifest) -> bool:
    layout = manifest.layout
    wanted = layout.site_packages if layout.site_packages != "." else ""
    if wanted:
        return (root / wanted).is_dir()
    return any((root / file.path).exists() for file in manifest.files[:5]) or not (manifest.files or manifest.archives)


def _environment_in(folder: Path) -> Path:
    """*folder*, or the one folder in it that holds an environment (``python/`` of relocatable builds)."""
    if has_environment(folder):
        return folder
    candidates = [each for each in _folders(folder)[:50] if has_environment(each)]
    return candidates[0] if len(candidates) == 1 else folder


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.is_symlink())


def _check_archives(folder: Path, archives: tuple[BundleArchive, ...]) -> Iterator[Problem]:
    for each in archives:
        size = (folder / each.filename).stat().st_size
        if size != each.size:
            yield _changed(each.filename, f"has {size} bytes, the manifest says {each.size}")
        elif sha256_of(folder / each.filename) != each.sha256:
            yield _changed(each.filename, "has another content than the manifest says (sha256)")


def _changed(filename: str, how: str) -> Problem:
    return Problem(
        kind=ProblemKind.ARCHIVE_CHANGED,
        severity=Severity.ERROR,
        file=filename,
        message=f"{filename} {how}",
        remedy="download it again, or make the bundle again",
    )
