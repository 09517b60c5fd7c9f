"""What files weigh: the plan's word, the cache's, or the tail of the file, which has the zip's directory; brings no whole file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from wheelcheck.errors import ArchiveRefused, IndexUnavailable
from wheelcheck.index.exchange import Ask
from wheelcheck.index.hosts import FileHosts
from wheelcheck.index.locations import local_path
from wheelcheck.index.ranges import RangeReader
from wheelcheck.index.segments import BytesMissing, SparseFile
from wheelcheck.index.statistics import RequestKind
from wheelcheck.index.surroundings import Surroundings
from wheelcheck.model.plan import PlannedFile
from wheelcheck.model.wheelhouse import FileWeight

Measure = Callable[[BinaryIO, str], int]
"""From a wheel (seekable) and its file name to its size unpacked, in bytes; raises ``ArchiveRefused``."""

_ROUNDS = 4
_HEAD_LIMIT = 64 * 1024


class FileWeights:
    """Weights by file; those of remote files are cached for ever by the file's hash."""

    def __init__(self, around: Surroundings, measure: Measure) -> None:
        self._around = around
        self._measure = measure
        self._hosts = FileHosts()

    def at_hand(self, file: PlannedFile) -> FileWeight | None:
        """What needs no request; ``None`` where one is needed."""
        path = local_path(file.url)
        if path is not None:
            return self._local(path, file)
        stored = self._around.stored("weight", file.sha256) if file.sha256 else None
        if stored is not None:
            download, _, installed = stored.decode("ascii", "replace").partition(" ")
            if download.isdecimal():
                return FileWeight(download=int(download), installed=int(installed) if installed.isdecimal() else None)
        if file.size is not None and not file.filename.endswith(".whl"):
            return FileWeight(download=file.size, installed=None)
        return FileWeight(download=file.size, installed=None) if self._around.config.offline else None

    async def fetch(self, file: PlannedFile) -> FileWeight:
        """By the tail of a wheel, by the headers of anything else; what does not come is ``None``. Never raises for that."""
        download, installed = file.size, None
        try:
            if file.filename.endswith(".whl"):
                download, installed = await self._by_tail(file)
            if download is None:
                download = await self._by_head(file)
        except IndexUnavailable:
            # The download itself says what is wrong, with more to tell.
            return FileWeight(download=download, installed=installed)
        if file.sha256 and download is not None and (installed is not None or not file.filename.endswith(".whl")):
            self._around.store("weight", file.sha256, f"{download} {installed}".encode())
        return FileWeight(download=download, installed=installed)

    async def _by_tail(self, file: PlannedFile) -> tuple[int | None, int | None]:
        reader = RangeReader(
            file.url, file.filename, self._around.transport(), self._hosts.of(file.url), self._around.config
        )
        found = await reader.open_tail()
        if found is None:
            return file.size, None
        # A total that a page or a header states may lie; the last byte that came does not.
        size = _length(found)
        for _ in range(_ROUNDS):
            try:
                return size, self._measure(cast(BinaryIO, found), file.filename)
            except BytesMissing as missing:
                if not await reader.fill(found, missing):
                    break
            except ArchiveRefused:
                break
        return size, None

    async def _by_head(self, file: PlannedFile) -> int | None:
        reply = await self._around.transport().fetch(
            Ask(
                url=file.url,
                kind=RequestKind.RANGE,
                what=file.filename,
                limit=_HEAD_LIMIT,
                method="HEAD",
                headers={"Accept-Encoding": "identity"},
            )
        )
        text = reply.headers.get("content-length", "")
        return int(text) if reply.status == 200 and text.isascii() and text.isdigit() else None

    def _local(self, path: Path, file: PlannedFile) -> FileWeight:
        if path.is_dir():
            return FileWeight(download=0, installed=None)
        try:
            size = path.stat().st_size
            if not file.filename.endswith(".whl"):
                return FileWeight(download=size, installed=None)
            with path.open("rb") as stream:
                return FileWeight(download=size, installed=self._measure(stream, file.filename))
        except (OSError, ArchiveRefused):
            return FileWeight(download=file.size, installed=None)


def _length(file: SparseFile) -> int:
    return file.seek(0, 2)
