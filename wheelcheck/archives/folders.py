"""Reads an unpacked source tree from disk into the same shape as an archive; follows no link, enters no environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from wheelcheck.archives.limits import Limits
from wheelcheck.archives.tree import SourceTree, is_wanted
from wheelcheck.errors import ArchiveRefused

_SKIPPED = frozenset({"build", "dist", "node_modules", "__pycache__", "venv"})


def read_folder(folder: Path, limits: Limits) -> SourceTree:
    """The tree below *folder*, hidden and built folders left out.

    Raises ``ArchiveRefused`` beyond the limits on members and sizes, and where *folder* is no readable folder.
    """
    if not folder.is_dir():
        raise ArchiveRefused("not a folder", address=str(folder))
    paths: list[str] = []
    contents: dict[str, bytes] = {}
    kept = 0
    for path in _iter_files(folder):
        relative = path.relative_to(folder).as_posix()
        paths.append(relative)
        if len(paths) > limits.members:
            raise ArchiveRefused(f"more than {limits.members} files", address=str(folder))
        # One level less than in an archive, where everything is below one top folder.
        if not is_wanted(f"{folder.name}/{relative}") or not path.is_file():
            continue
        is_script = relative.endswith(".py") and relative != "setup.py"
        size = path.stat().st_size
        if size > (limits.script if is_script else limits.member) or (is_script and kept + size > limits.scripts):
            continue
        contents[relative] = path.read_bytes()
        kept += size
        if kept > limits.kept:
            raise ArchiveRefused(f"more than {limits.kept} bytes to read", address=str(folder))
    return SourceTree(tuple(sorted(paths)), dict(sorted(contents.items())))


def _iter_files(folder: Path) -> Iterator[Path]:
    def fail(problem: OSError) -> None:
        raise ArchiveRefused(f"not readable: {problem.strerror}", address=str(problem.filename)) from problem

    for here, folders, files in os.walk(folder, onerror=fail):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _SKIPPED and not (Path(here, name) / "pyvenv.cfg").exists()
        )
        for name in sorted(files):
            path = Path(here, name)
            if not path.is_symlink():
                yield path
