"""Makes a folder that appears whole or not at all, beside its place; replaces nothing but bundles."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from wheelcheck.environments.bundle.archiving import SUMS, sums_of
from wheelcheck.environments.trees import TreeFiles, iter_paths
from wheelcheck.errors import DiskFailure, IndexUnavailable, InputUnreadable, UsageProblem
from wheelcheck.model.environment import MANIFEST, EnvironmentFile
from wheelcheck.texts.files import read_file
from wheelcheck.texts.words import folded

if TYPE_CHECKING:
    import filelock


_WHEELS = "wheels"
_PREVIOUS = "previous"
_LOCK = "lock"
_NAMED = 3
"""So many files are named in a message."""
_BYTE_CODE = re.compile(r"(.*/|)__pycache__/([^/.]+)\.[^/]+\.pyc")


class Staging(Struct, frozen=True, kw_only=True):
    """The folder ``.NAME.partial`` beside ``out``; all of it but ``wheels`` belongs to this run."""

    out: Path
    folder: Path

    @property
    def wheels(self) -> Path:
        """The folder of fetched wheels; those of an interrupted run are there already."""
        return self.folder / _WHEELS

    def place(self, name: str) -> Path:
        """The path of *name* in this folder; nothing is there yet."""
        return self.folder / name

    def finish(self, made: Path) -> None:
        """Move the folder *made* to its place; a former bundle is moved aside before."""
        previous = self.folder / _PREVIOUS
        if os.path.lexists(self.out):
            self.out.rename(previous)
        try:
            made.rename(self.out)
        except OSError:
            if os.path.lexists(previous):
                previous.rename(self.out)
            raise


def refuse_existing(out: Path) -> None:
    """Raise ``UsageProblem`` where something is at *out* already, or no folder can be."""
    _refuse_no_place(out)
    if os.path.lexists(out):
        raise UsageProblem(
            "exists already", address=str(out), hint="name another folder with -o, or replace it with --force"
        )


def refuse_unreplaceable(out: Path) -> None:
    """Raise ``UsageProblem`` unless *out* is absent, an empty folder, or a bundle in which every file is the bundle's own.

    A bundle is known by its manifest, and every file is compared with that by name and content: a file that was added or
    changed afterwards would be lost. Byte code that Python wrote beside the bundle's modules is no loss.
    """
    _refuse_no_place(out)
    if not os.path.lexists(out):
        return
    if not out.is_dir() or out.is_symlink():
        raise _not_replaced(out, "is no bundle, so that it will not be replaced")
    if not any(out.iterdir()):
        return
    files, written = TreeFiles(out), _written_files(out)
    lost = [path for path in iter_paths(out, failing=_fail) if not _is_replaceable(files, path, written)]
    if lost:
        count = "a file" if len(lost) == 1 else f"{len(lost)} files"
        fact = f"has {count} that the bundle did not write, so that it will not be replaced: {folded(lost, _NAMED)}"
        raise _not_replaced(out, fact)


def _written_files(out: Path) -> dict[str, EnvironmentFile]:
    """The files of the bundle at *out* but its manifest, by path; raises ``UsageProblem`` where *out* is no bundle."""
    from wheelcheck.plans.manifests import parse_manifest

    place = out / MANIFEST
    try:
        manifest = parse_manifest(read_file(place), str(place))
    except (OSError, InputUnreadable) as error:
        raise _not_replaced(out, "is no bundle, so that it will not be replaced") from error
    if not manifest.archives:
        return {file.path: file for file in manifest.files}
    sums = sums_of(manifest, out)
    return {
        archive.filename: EnvironmentFile(path=archive.filename, size=archive.size, sha256=archive.sha256)
        for archive in manifest.archives
    } | {SUMS: EnvironmentFile(path=SUMS, size=len(sums), sha256=hashlib.sha256(sums).hexdigest())}


def _is_replaceable(files: TreeFiles, path: str, written: Mapping[str, EnvironmentFile]) -> bool:
    if path == MANIFEST:
        return True
    file, link = written.get(path), files.link(path)
    if file is None:
        compiled = _BYTE_CODE.fullmatch(path)
        return compiled is not None and f"{compiled[1]}{compiled[2]}.py" in written
    if link or file.link:
        return link == file.link
    return not files.difference(path, file.size, "sha256", file.sha256, MANIFEST)


def _fail(error: OSError) -> NoReturn:
    raise error


def _not_replaced(out: Path, fact: str) -> UsageProblem:
    return UsageProblem(
        fact,
        address=str(out),
        hint="--force replaces a bundle alone; move elsewhere what you need of this folder and remove it yourself, "
        "or name another with -o",
    )


def _refuse_no_place(out: Path) -> None:
    above = next((folder for folder in out.parents if os.path.lexists(folder)), None)
    if above is not None and not above.is_dir():
        raise UsageProblem(
            f"cannot be made: {above.name} is a file, not a folder",
            address=str(out),
            hint="name another folder with -o",
        )


@contextmanager
def staged(out: Path) -> Iterator[Staging]:
    """Make a bundle for *out*, one run at a time; a missing parent folder is made.

    The staging folder is removed at the end. Only after an interruption or a failing index are its wheels kept for the next
    run. Raises ``UsageProblem`` where another run makes *out*, ``DiskFailure`` where the disk fails, here or in the body.
    """
    from filelock import FileLock, Timeout

    folder = out.parent / f".{out.name}.partial"
    # The operating system's lock: it ends with the process, however that ends.
    lock = FileLock(folder / _LOCK)
    staging = Staging(out=out, folder=folder)
    keep: frozenset[str] = frozenset()
    is_ours = True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        previous = folder / _PREVIOUS
        if os.path.lexists(previous) and not os.path.lexists(out):
            # A killed run had moved the former bundle aside.
            previous.rename(out)
        _clear(folder, frozenset({_WHEELS}))
        yield staging
    except Timeout:
        is_ours = False
        raise UsageProblem(
            "another run is making this bundle", address=str(out), hint="wait for it, or name another folder with -o"
        ) from None
    except (KeyboardInterrupt, IndexUnavailable):
        keep = frozenset({_WHEELS})
        raise
    except OSError as error:
        raise _failed(error, out) from error
    finally:
        if is_ours:
            with contextlib.suppress(Timeout, OSError):
                lock.acquire(timeout=0)  # where the run was interrupted before it had it
            if lock.is_locked:
                _leave(folder, keep, lock)


def _clear(folder: Path, keep: frozenset[str]) -> None:
    for place in folder.iterdir():
        if place.name == _LOCK or (place.name in keep and place.is_dir() and any(place.iterdir())):
            continue
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()


def _leave(folder: Path, keep: frozenset[str], lock: filelock.BaseFileLock) -> None:
    # What is left over hides no result and no error of the run.
    with contextlib.suppress(OSError):
        _clear(folder, keep)
    if not any(place.name != _LOCK for place in folder.iterdir()):
        # Before the lock is let go, so that nobody takes a lock that is then removed; Windows removes it by itself.
        with contextlib.suppress(OSError):
            (folder / _LOCK).unlink()
    lock.release(force=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _failed(error: OSError, out: Path) -> DiskFailure:
    place = f" ({Path(error.filename).name})" if isinstance(error.filename, str) else ""
    hint = "a bundle takes its installed size and that of its wheels and archives, until it is done"
    return DiskFailure(
        f"the bundle could not be written: {error.strerror or error}{place}", address=str(out), hint=hint
    )
