"""Opens what the user names: a folder, a bundle, or archives, which are unpacked within limits into a temporary folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from wheelcheck.environments.trees import TreeEntry, TreeFiles, TreeLimits, iter_entries, refuse
from wheelcheck.environments.verify.locating import has_environment, locate
from wheelcheck.environments.verify.subject import Subject
from wheelcheck.errors import ArchiveRefused, InputUnreadable
from wheelcheck.model.environment import MANIFEST, BundleArchive, Manifest
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.plans.manifests import parse_manifest
from wheelcheck.texts.archive_members import leads_outside
from wheelcheck.texts.files import is_file, is_folder, is_there, open_file, read_file

# The largest bundles with CUDA are under 10 GB.
_LIMITS = TreeLimits(expanded=64 * 1024**3, members=1_000_000)
_CHUNK = 1024 * 1024
_ZIP, _ZSTD, _GZIP = b"PK", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"
_MOST_MANIFEST = 512 * 1024**2
_OURS = b'"wheelcheck.bundle/'
_DAMAGED_HINT = "this is no bundle that wheelcheck made; take it from where it was published"


def _is_archive(path: Path) -> bool:
    with open_file(path) as stream:
        return stream.read(4).startswith((_ZIP, _ZSTD, _GZIP))


def unpack_into(archive: Path, folder: Path) -> None:
    """Unpack *archive* (zip, tar.zst, tar.gz) over what *folder* holds.

    Raises ``InputUnreadable``, naming the member, for a damaged archive, a path that leads out of it, a link that does, a device,
    and more bytes or members than any bundle has; ``OSError`` where the disk is full.
    """
    try:
        for entry in iter_entries(archive, _LIMITS):
            _lay(entry, archive, folder)
    except (ArchiveRefused, InputUnreadable) as problem:
        raise InputUnreadable(
            f"cannot be unpacked: {problem.message}", address=archive.name, hint=_DAMAGED_HINT
        ) from problem


def _lay(entry: TreeEntry, archive: Path, folder: Path) -> None:
    place, origin = folder / entry.path, folder / entry.link
    for path in (entry.path, *([entry.link] if entry.is_hard else [])):
        # Through a link that an earlier member made, a harmless path leads anywhere.
        if any((folder / parent).is_symlink() for parent in PurePosixPath(path).parents):
            refuse(archive, "its path goes through a link", entry.path)
    place.parent.mkdir(parents=True, exist_ok=True)
    if entry.is_hard and not is_file(origin):
        refuse(archive, f"it is a link to {entry.link!r}, which is not there", entry.path)
    if entry.link and not entry.is_hard and leads_outside(entry.path, entry.link):
        refuse(archive, f"it is a link to {entry.link!r}, outside the archive", entry.path)
    if place.is_symlink() or entry.link:
        place.unlink(missing_ok=True)
    if entry.is_hard:
        shutil.copy2(origin, place)
    elif entry.link:
        place.symlink_to(entry.link)
    else:
        with entry.open() as content, place.open("wb") as file:
            shutil.copyfileobj(content, file, _CHUNK)
        if entry.executable:
            place.chmod(0o755)


@contextmanager
def opened(given: str) -> Iterator[Subject]:
    """Open the environment at the path *given*; an unpacked one is removed afterwards.

    Raises ``InputUnreadable`` where there is none, ``OSError`` where the disk fails.
    """
    path = Path(given)
    if not is_there(path):
        raise InputUnreadable("there is no such file or folder", address=given, hint="give a bundle or an environment")
    if is_folder(path) or path.name == MANIFEST:
        yield from _folder(path if is_folder(path) else path.parent, given)
    elif is_file(path) and _is_archive(path):
        manifest = _manifest(path.parent)
        if manifest is not None and any(each.filename == path.name for each in manifest.archives):
            yield from _archives(path.parent, manifest, given)
        else:
            with _unpacked([path], lambda at: is_file(at / MANIFEST)) as root:
                yield from _folder(root, given)
    else:
        raise InputUnreadable(
            "is neither a folder nor the archive of a bundle", address=given, hint="give a folder, a .zip or a .tar.zst"
        )


def _folder(folder: Path, given: str) -> Iterator[Subject]:
    manifest = _manifest(folder)
    if manifest is None:
        yield locate(_environment_in(folder), given)
        return
    root = next((place for place in (folder, *_folders(folder)) if _holds(place, manifest)), None)
    if root is not None:
        present = tuple(each for each in manifest.archives if is_file(folder / each.filename))
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
    missing = [each.filename for each in manifest.archives if not is_file(folder / each.filename)]
    if missing:
        raise InputUnreadable(
            f"{MANIFEST} lists archives that are not here: {', '.join(missing)}",
            address=given,
            hint="download all of them beside the manifest",
        )
    problems = tuple(_check_archives(folder, manifest.archives))
    # Layers lie over each other in the order of the manifest.
    layers = [folder / each.filename for each in manifest.archives]
    with _unpacked(layers, lambda at: _holds(at, manifest)) as root:
        yield replace(locate(root, given, manifest), problems=problems)


@contextmanager
def _unpacked(archives: Sequence[Path], is_root: Callable[[Path], bool]) -> Iterator[Path]:
    """Unpack *archives* over each other; yields the temporary folder, or the one in it that *is_root*."""
    with tempfile.TemporaryDirectory(prefix="wheelcheck-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        for archive in archives:
            unpack_into(archive, place)
        yield next(filter(is_root, (place, *_folders(place))), place)


def _manifest(folder: Path) -> Manifest | None:
    path = folder / MANIFEST
    if not is_file(path):
        return None
    if path.stat().st_size > _MOST_MANIFEST:
        raise InputUnreadable(f"is larger than {_MOST_MANIFEST} bytes", address=str(path))
    content = read_file(path, _MOST_MANIFEST)
    # Other programs have files of this name too.
    return parse_manifest(content, str(path)) if _OURS in content else None


def _holds(root: Path, manifest: Manifest) -> bool:
    if manifest.layout.site_packages != ".":
        return is_folder(root / manifest.layout.site_packages)
    return any(is_there(root / file.path) for file in manifest.files[:5]) or not (manifest.files or manifest.archives)


def _environment_in(folder: Path) -> Path:
    """*folder*, or the one folder in it that holds an environment (``python/`` of relocatable builds)."""
    if has_environment(folder):
        return folder
    candidates = [each for each in _folders(folder)[:50] if has_environment(each)]
    return candidates[0] if len(candidates) == 1 else folder


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if is_folder(each) and not each.is_symlink())


def _check_archives(folder: Path, archives: tuple[BundleArchive, ...]) -> Iterator[Problem]:
    files = TreeFiles(folder)
    for each in archives:
        name, remedy = each.filename, "download it again, or make the bundle again"
        if difference := files.difference(name, each.size, "sha256", each.sha256, "the manifest"):
            yield Problem.of(ProblemKind.ARCHIVE_CHANGED, Severity.ERROR, f"{name} {difference}", remedy, file=name)
