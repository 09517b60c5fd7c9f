"""Opens what the user names: a bundle's folder, its archives, or any environment; unpacks into a folder that it removes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from wheelcheck.environments.digests import sha256_of
from wheelcheck.environments.verify.locating import has_environment, locate
from wheelcheck.environments.verify.subject import Subject
from wheelcheck.environments.verify.unpacking import is_archive, unpack_into
from wheelcheck.errors import InputUnreadable
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.model.manifest import BundleArchive, Manifest
from wheelcheck.plans.manifests import parse_manifest

MANIFEST = "manifest.json"
_MOST_MANIFEST = 512 * 1024**2
_OURS = b'"wheelcheck.bundle/'


@contextmanager
def opened(given: str) -> Iterator[Subject]:
    """The environment behind the path *given*; what had to be unpacked is gone afterwards.

    Raises ``InputUnreadable`` where there is none, ``OSError`` where the disk fails.
    """
    path = Path(given)
    if not path.exists():
        raise InputUnreadable("there is no such file or folder", address=given, hint="give a bundle or an environment")
    if path.is_dir():
        yield from _folder(path, given)
    elif path.name == MANIFEST:
        yield from _folder(path.parent, given)
    elif is_archive(path):
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
            f"{MANIFEST} speaks of an environment that is not here: no {manifest.layout.site_packages}",
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
    # Other programs call files so too.
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
