"""Downloads whole files to landings, and resumes where a landing has the beginning. Checks no hash."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from wheelcheck.errors import HashMismatch, IndexUnavailable, reading
from wheelcheck.index.config import local_path
from wheelcheck.index.downloads import PART
from wheelcheck.index.exchange import Reply, Request, RequestKind
from wheelcheck.index.fetch_context import FetchContext
from wheelcheck.model.plan import PlannedFile
from wheelcheck.model.urls import masked
from wheelcheck.ports import Landing
from wheelcheck.texts.files import open_file

T = TypeVar("T")

_AT_ONCE = 24
SEGMENT = 32 * 1024**2
"""Bytes per request: a failed attempt loses no more."""
_LARGEST = 16 * 1024**3
_SLACK = 1024**2
_COPIED = 1024**2


class FileDownloads:
    """Downloads several files at once on the loop's thread; remembers hosts that ignore ranges. *segment* is in bytes."""

    def __init__(self, context: FetchContext, segment: int = SEGMENT) -> None:
        self._context = context
        self._segment = segment
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._without_ranges: set[str] = set()

    async def download(self, file: PlannedFile, landing: Landing) -> None:
        """Download *file* to *landing* and finish it; a resumed file with a wrong hash is downloaded again, once."""
        async with self._turns:
            with reading(file.filename):
                was_begun = await _off_loop(partial(_received, landing)) > 0
                try:
                    await self._download_once(file, landing)
                except HashMismatch:
                    if not was_begun:
                        raise
                    await self._download_once(file, landing)

    async def _download_once(self, file: PlannedFile, landing: Landing) -> None:
        path = local_path(file.url)
        if path is not None:
            await _off_loop(partial(_copy, file, landing))
        else:
            await self._download(file, landing)
        # The disk is waited for on another thread, not on the loop's.
        await _off_loop(landing.finish)

    async def _download(self, file: PlannedFile, landing: Landing) -> None:
        self._context.reject_offline(file.filename, file.url)
        total = file.size
        while total is None or landing.received != total:
            if total is not None and landing.received > total:
                landing.begin_anew()
            begin = landing.received
            if begin and urlsplit(file.url).netloc in self._without_ranges:
                landing.begin_anew()
                begin = 0
            reply = await self._ask(file, landing, begin, total)
            found = self._judged(file, reply, begin)
            if found is None:
                landing.restart()
                landing.begin_anew()
                continue
            landing.keep()
            stop, told = found
            if stop is None:
                return
            # Totals in pages and headers may be wrong: an answer shorter than its range ends the file.
            total = told if told is not None else total
            if total is None or stop - begin < min(self._segment, total - begin):
                return

    async def _ask(self, file: PlannedFile, landing: Landing, begin: int, total: int | None) -> Reply:
        headers = {"Accept-Encoding": "identity"}
        if begin or (
            total is not None and total > self._segment and urlsplit(file.url).netloc not in self._without_ranges
        ):
            headers["Range"] = f"bytes={begin}-" if total is None else f"bytes={begin}-{begin + self._segment - 1}"
        request = Request(
            url=file.url,
            kind=RequestKind.FILE,
            what=file.filename,
            limit=_LARGEST if total is None else 2 * total + _SLACK,
            headers=headers,
        )
        return await self._context.transport().save(request, landing)

    def _judged(self, file: PlannedFile, reply: Reply, begin: int) -> tuple[int | None, int | None] | None:
        """The end of the received bytes (``None``: of the file) and the stated total; ``None`` if they do not continue *file*."""
        if reply.is_cut:
            raise IndexUnavailable(
                f"{file.filename} is far longer than the {file.size or _LARGEST} bytes that were announced",
                address=masked(file.url),
                hint="make the plan again with --refresh",
            )
        if reply.status == 200 and begin == 0:
            return None, None
        if reply.status == 206:
            matched = PART.match(reply.headers.get("content-range", ""))
            if matched is not None and int(matched[1]) == begin:
                return int(matched[2]) + 1, None if matched[3] == "*" else int(matched[3])
        if reply.status in (200, 206, 416, 501):
            if begin == 0 and reply.status != 206:
                raise _refused(file, reply)
            if reply.status != 416:
                self._without_ranges.add(urlsplit(file.url).netloc)
            return None
        raise _refused(file, reply)


async def _off_loop(work: Callable[[], T]) -> T:
    """Run *work* on a thread of its own. A cancelled caller waits for its end, because a landing serves one thread at a time."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _refused(file: PlannedFile, reply: Reply) -> IndexUnavailable:
    return IndexUnavailable(
        f"{file.filename}: answered {reply.status}",
        address=masked(file.url),
        hint="the file may be gone since the plan was made (make it again with --refresh), or it may need credentials: "
        "give them in netrc, or the index's URL with user and password as --index-url",
    )


def _received(landing: Landing) -> int:
    return landing.received


def _copy(file: PlannedFile, landing: Landing) -> None:
    path = local_path(file.url)
    assert path is not None  # noqa: S101 - checked by the caller
    landing.begin_anew()
    try:
        with open_file(path) as stream:
            while chunk := stream.read(_COPIED):
                landing.write(chunk)
    except OSError as problem:
        raise IndexUnavailable(
            f"{file.filename} cannot be read: {problem.strerror or problem}",
            address=str(path),
            hint="the plan names a file of the machine where it was made; make it again here, or bring the file",
        ) from problem
    landing.keep()
