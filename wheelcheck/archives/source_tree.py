"""An unpacked source tree: its paths, the few files worth reading, and how much of it may be read at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from wheelcheck.errors import ArchiveRefused


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds on one archive; sizes in bytes.

    ``compressed`` is the file itself, ``expanded`` everything that comes out of it, ``members`` its entries, ``member`` the
    largest single file that is read into memory, ``kept`` all of these together. ``script`` and ``scripts`` are one file and
    all files of Python code: beyond, they are not kept, which costs evidence and no answer. ``ratio`` bounds
    expanded/compressed, once more than ``ratio_floor`` has come out: small archives of zeros are common and harmless.
    """

    compressed: int = 512 * 1024**2
    expanded: int = 2 * 1024**3
    members: int = 200_000
    member: int = 8 * 1024**2
    kept: int = 48 * 1024**2
    script: int = 256 * 1024
    scripts: int = 24 * 1024**2
    ratio: int = 200
    ratio_floor: int = 64 * 1024**2


_ROOT_FILES = frozenset({"PKG-INFO", "setup.py", "setup.cfg", "pyproject.toml"})
_EGG_FILES = frozenset({"PKG-INFO", "requires.txt", "SOURCES.txt"})
_SCRIPT_DEPTH = 4
_CODING = rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)"  # compiled where a setup.py is read


def is_wanted(path: str) -> bool:
    """Whether a build tool may read the file at *path* (relative to the archive, top folder included or not).

    Besides the well-known names these are Python files near the top: in-tree backends and modules that ``setup.py`` imports.
    """
    parts = path.split("/")
    name = parts[-1]
    if len(parts) <= 2 and name in _ROOT_FILES:
        return True
    if len(parts) >= 2 and parts[-2].endswith(".egg-info"):
        return name in _EGG_FILES
    if name.endswith((".txt", ".in")):
        # What setuptools takes for dynamic dependencies.
        return len(parts) <= _SCRIPT_DEPTH and "requirements" in path
    return name.endswith(".py") and len(parts) <= _SCRIPT_DEPTH


class SourceTree(Struct, frozen=True):
    """Paths are relative to the project's own top folder, with ``/``; ``contents`` holds the wanted files only."""

    paths: tuple[str, ...]
    contents: Mapping[str, bytes]

    def text(self, path: str) -> str | None:
        """The file at *path* as text, or ``None`` where it is not there; undecodable bytes are replaced."""
        content = self.contents.get(path)
        if content is None:
            return None
        if content.startswith(b"\xef\xbb\xbf"):
            content = content[3:]
        coding = re.search(_CODING, content[:200], re.MULTILINE)
        try:
            return content.decode(coding[1].decode("ascii") if coding else "utf-8", "replace")
        except LookupError:
            return content.decode("utf-8", "replace")

    def egg_info(self, name: str) -> str | None:
        """The path of *name* in the tree's shallowest ``*.egg-info`` folder, or ``None``."""
        found = [path for path in self.paths if path.endswith(f"/{name}") and path.split("/")[-2].endswith(".egg-info")]
        usual = [path for path in found if not path.startswith(("test", "doc", "example"))]
        return min(usual, key=lambda path: (path.count("/"), path), default=None)

    def iter_scripts(self) -> Iterator[str]:
        """Paths of the Python files whose text is at hand."""
        return (path for path in self.contents if path.endswith(".py"))


def rooted_tree(paths: list[str], contents: Mapping[str, bytes]) -> SourceTree:
    """A tree of archive *paths*, the one folder that holds everything (as in nearly every sdist) taken off."""
    tops = {path.partition("/")[0] for path in paths}
    if len(tops) == 1 and any("/" in path for path in paths):
        cut = len(next(iter(tops))) + 1
        return SourceTree(
            tuple(path[cut:] for path in paths if len(path) > cut),
            {path[cut:]: content for path, content in contents.items() if len(path) > cut},
        )
    return SourceTree(tuple(paths), dict(contents))


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
