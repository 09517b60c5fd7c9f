"""Brings whole files to landings, going on where one has the beginning; checks no hash and opens no file of its own but to copy."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from wheelcheck.errors import HashMismatch, IndexUnavailable, reading
from wheelcheck.index.exchange import Ask, Reply
from wheelcheck.index.locations import local_path
from wheelcheck.index.statistics import RequestKind
from wheelcheck.index.surroundings import Surroundings
from wheelcheck.model.plan import PlannedFile
from wheelcheck.model.urls import masked
from wheelcheck.ports import Landing

T = TypeVar("T")

_AT_ONCE = 24
SEGMENT = 32 * 1024**2
"""Bytes asked for at once: what a failed attempt loses at most."""
_LARGEST = 16 * 1024**3
_SLACK = 1024**2
_COPIED = 1024**2
_PART = re.compile(r"bytes\s+(\d+)-(\d+)/(\d+|\*)", re.ASCII)


class FileDownloads:
    """Downloads on the loop's thread, so many at once; a host that ignores ranges is remembered. *segment* is in bytes."""

    def __init__(self, around: Surroundings, segment: int = SEGMENT) -> None:
        self._around = around
        self._segment = segment
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._without_ranges: set[str] = set()

    async def bring(self, file: PlannedFile, landing: Landing) -> None:
        """Bring *file* to *landing* and have it finished; a file that was gone on with and is wrong begins anew, once."""
        async with self._turns:
            with reading(file.filename):
                was_begun = await _aside(partial(_received, landing)) > 0
                try:
                    await self._bring_once(file, landing)
                except HashMismatch:
                    if not was_begun:
                        raise
                    await self._bring_once(file, landing)

    async def _bring_once(self, file: PlannedFile, landing: Landing) -> None:
        path = local_path(file.url)
        if path is not None:
            await _aside(partial(_copy, file, landing))
        else:
            await self._download(file, landing)
        # Waiting for the disk is done beside the loop.
        await _aside(landing.finish)

    async def _download(self, file: PlannedFile, landing: Landing) -> None:
        self._around.reject_offline(file.filename, file.url)
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
            # Totals may lie, in pages and in headers: an answer that is shorter than its question ends the file.
            total = told if told is not None else total
            if total is None or stop - begin < min(self._segment, total - begin):
                return

    async def _ask(self, file: PlannedFile, landing: Landing, begin: int, total: int | None) -> Reply:
        headers = {"Accept-Encoding": "identity"}
        if begin or (
            total is not None and total > self._segment and urlsplit(file.url).netloc not in self._without_ranges
        ):
            headers["Range"] = f"bytes={begin}-" if total is None else f"bytes={begin}-{begin + self._segment - 1}"
        ask = Ask(
            url=file.url,
            kind=RequestKind.FILE,
            what=file.filename,
            limit=_LARGEST if total is None else 2 * total + _SLACK,
            headers=headers,
        )
        return await self._around.transport().save(ask, landing)

    def _judged(self, file: PlannedFile, reply: Reply, begin: int) -> tuple[int | None, int | None] | None:
        """Where the bytes that came end (``None``: with the file), and the stated total; ``None`` where they do not fit on."""
        if reply.is_cut:
            raise IndexUnavailable(
                f"{file.filename} is far longer than the {file.size or _LARGEST} bytes that were announced",
                address=masked(file.url),
                hint="make the plan again with --refresh",
            )
        if reply.status == 200 and begin == 0:
            return None, None
        if reply.status == 206:
            matched = _PART.match(reply.headers.get("content-range", ""))
            if matched is not None and int(matched[1]) == begin:
                return int(matched[2]) + 1, None if matched[3] == "*" else int(matched[3])
        if reply.status in (200, 206, 416, 501):
            if begin == 0 and reply.status != 206:
                raise _refused(file, reply)
            if reply.status != 416:
                self._without_ranges.add(urlsplit(file.url).netloc)
            return None
        raise _refused(file, reply)


async def _aside(work: Callable[[], T]) -> T:
    """What *work* answers on a thread of its own; who is cancelled meanwhile ends with it and not before: a landing serves one."""
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
    assert path is not None  # noqa: S101 - the caller looked
    landing.begin_anew()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_COPIED):
                landing.write(chunk)
    except OSError as problem:
        raise IndexUnavailable(
            f"{file.filename} cannot be read: {problem.strerror or problem}",
            address=str(path),
            hint="the plan names a file of the machine where it was made; make it again here, or bring the file",
        ) from problem
    landing.keep()
