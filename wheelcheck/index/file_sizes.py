"""Sizes of files: from the plan, the cache, or the end of the file, which holds the zip's directory. Downloads no whole file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from wheelcheck.errors import ArchiveRefused, IndexUnavailable
from wheelcheck.index.exchange import Request
from wheelcheck.index.fetch_context import FetchContext
from wheelcheck.index.locations import local_path
from wheelcheck.index.ranges import BytesMissing, FileHosts, RangeReader, SparseFile
from wheelcheck.index.statistics import RequestKind
from wheelcheck.model.plan import PlannedFile
from wheelcheck.model.wheelhouse import FileSize

Measure = Callable[[BinaryIO, str], int]
"""Takes a wheel (seekable) and its file name; returns its unpacked size in bytes; raises ``ArchiveRefused``."""

_ROUNDS = 4
_HEAD_LIMIT = 64 * 1024


class FileSizes:
    """Sizes by file; those of remote files are cached for ever by the file's hash."""

    def __init__(self, context: FetchContext, measure: Measure) -> None:
        self._context = context
        self._measure = measure
        self._hosts = FileHosts()

    def at_hand(self, file: PlannedFile) -> FileSize | None:
        """The sizes if no request is needed, else ``None``."""
        path = local_path(file.url)
        if path is not None:
            return self._local(path, file)
        stored = self._context.stored("weight", file.sha256) if file.sha256 else None
        if stored is not None:
            download, _, installed = stored.decode("ascii", "replace").partition(" ")
            if download.isdecimal():
                return FileSize(download=int(download), installed=int(installed) if installed.isdecimal() else None)
        if file.size is not None and not file.filename.endswith(".whl"):
            return FileSize(download=file.size, installed=None)
        return FileSize(download=file.size, installed=None) if self._context.config.offline else None

    async def fetch(self, file: PlannedFile) -> FileSize:
        """Read the end of a wheel, or the headers of any other file; a size that cannot be found is ``None``, never an error."""
        download, installed = file.size, None
        try:
            if file.filename.endswith(".whl"):
                download, installed = await self._by_tail(file)
            if download is None:
                download = await self._by_head(file)
        except IndexUnavailable:
            # The download will report the problem in more detail.
            return FileSize(download=download, installed=installed)
        if file.sha256 and download is not None and (installed is not None or not file.filename.endswith(".whl")):
            self._context.store("weight", file.sha256, f"{download} {installed}".encode())
        return FileSize(download=download, installed=installed)

    async def _by_tail(self, file: PlannedFile) -> tuple[int | None, int | None]:
        reader = RangeReader(
            file.url, file.filename, self._context.transport(), self._hosts.of(file.url), self._context.config
        )
        found = await reader.open_tail()
        if found is None:
            return file.size, None
        # A total in a page or a header may be wrong; the position of the last received byte is not.
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
        reply = await self._context.transport().fetch(
            Request(
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

    def _local(self, path: Path, file: PlannedFile) -> FileSize:
        if path.is_dir():
            return FileSize(download=0, installed=None)
        try:
            size = path.stat().st_size
            if not file.filename.endswith(".whl"):
                return FileSize(download=size, installed=None)
            with path.open("rb") as stream:
                return FileSize(download=size, installed=self._measure(stream, file.filename))
        except (OSError, ArchiveRefused):
            return FileSize(download=file.size, installed=None)


def _length(file: SparseFile) -> int:
    return file.seek(0, 2)
