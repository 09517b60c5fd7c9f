"""Gives the Python files of an archive at hand, one at a time and within limits; understands none of them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from msgspec.structs import replace

from wheelcheck.archives.code.modules import ModuleMap, map_modules, path_files, path_folders
from wheelcheck.archives.source_tree import Limits, SourceTree
from wheelcheck.archives.unpack import unpack
from wheelcheck.archives.wheels import opened_zip
from wheelcheck.errors import ArchiveRefused

SOURCE_LIMIT = 1024**2
"""Bytes of one Python file that is parsed; a longer one is generated data, whose tree would take a hundred times that."""
_READ_LIMIT = 4 * SOURCE_LIMIT
_PATH_FILE_LIMIT = 64 * 1024


class SourceTexts:
    """Files in memory, as a source archive was unpacked, or as a test describes them."""

    def __init__(self, filename: str, contents: Mapping[str, bytes], modules: ModuleMap) -> None:
        self.filename = filename
        self.modules = modules
        self._contents = contents

    def source(self, path: str) -> bytes | None:
        """The file at *path*."""
        content = self._contents.get(path)
        return None if content is None or len(content) > _READ_LIMIT else content


class WheelCode:
    """The Python files in an open wheel; only the members that are asked for are read.

    Exceptions of the file itself pass through, so that a file of which parts are missing can tell which.
    """

    def __init__(self, archive: zipfile.ZipFile, filename: str, limits: Limits) -> None:
        self.filename = filename
        self._archive = archive
        self._limits = limits
        entries = archive.infolist()
        if len(entries) > limits.members:
            raise ArchiveRefused(f"more than {limits.members} members", address=filename)
        self._entries = {each.filename: each for each in entries if not each.is_dir()}
        self._expanded = 0
        self.modules = map_modules(self._entries, "wheel", folders=self._path_folders())

    def _path_folders(self) -> frozenset[str]:
        """The folders that path files in the root put on ``sys.path`` beside it (``site``'s ``*.pth``)."""
        found: set[str] = set()
        for path in path_files(self._entries):
            text = (self._content(path, _PATH_FILE_LIMIT) or b"").decode("utf-8", "replace")
            found |= path_folders(text)
        return frozenset(found)

    def source(self, path: str) -> bytes | None:
        """The member *path*."""
        return self._content(path, _READ_LIMIT)

    def _content(self, path: str, limit: int) -> bytes | None:
        entry = self._entries[path]
        if entry.file_size > limit:
            return None
        if entry.flag_bits & 1:
            raise ArchiveRefused(f"member {path!r}: encrypted", address=self.filename)
        # The size in the directory may lie, so no more than it may promise is taken out.
        with self._archive.open(entry) as stream:
            content = stream.read(limit + 1)
        self._expanded += len(content)
        if self._expanded > self._limits.kept:
            raise ArchiveRefused(
                f"the files to read are more than {self._limits.kept} bytes together", address=self.filename
            )
        return content if len(content) <= limit else None

    def extents(self, paths: Iterable[str]) -> tuple[tuple[int, int], ...]:
        """Where the members *paths* lie in the wheel, as start and stop, in order of place; their headers included."""
        starts = sorted(each.header_offset for each in self._archive.infolist())
        stops = dict(zip(starts, [*starts[1:], self._archive.start_dir], strict=True))
        places = sorted(self._entries[path].header_offset for path in paths)
        return tuple((start, stops[start]) for start in places if stops[start] > start)

    def compressed_size(self, paths: Iterable[str]) -> int:
        """How many bytes the members *paths* are in the wheel."""
        return sum(self._entries[path].compress_size for path in paths)


CodeFiles = SourceTexts | WheelCode
"""The code of one archive, as the readers of imports and definitions ask for it."""


@contextmanager
def opened_wheel(file: BinaryIO, filename: str, limits: Limits) -> Iterator[WheelCode]:
    """The code of the wheel *file* (seekable); raises ``ArchiveRefused`` for what is no readable zip."""
    with opened_zip(file, filename) as archive:
        yield WheelCode(archive, filename, limits)


def source_archive_code(file: BinaryIO, filename: str, limits: Limits) -> SourceTexts:
    """The code of the source archive *file* (seekable), one pass over it; raises ``ArchiveRefused``."""
    scripts = limits.kept - limits.kept // 4
    tree = unpack(file, filename, replace(limits, script=_READ_LIMIT, scripts=scripts), _is_code)
    return SourceTexts(filename, tree.contents, map_modules(tree.paths, "sdist", _top_level(tree)))


def _is_code(path: str) -> bool:
    return path.endswith((".py", ".egg-info/top_level.txt"))


def _top_level(tree: SourceTree) -> frozenset[str]:
    path = tree.egg_info("top_level.txt")
    text = tree.text(path) if path is not None else None
    return frozenset((text or "").replace("/", ".").split())
