"""Downloads whole files and texts up to a limit; files are hashed while they arrive. Reads nothing in them."""

from __future__ import annotations

from wheelcheck.errors import ArchiveRefused, IndexUnavailable
from wheelcheck.index.exchange import HashingFile, Reply, Request, RequestKind, checkable, verify_digest
from wheelcheck.index.fetch_context import FetchContext
from wheelcheck.index.locations import local_path
from wheelcheck.model.distribution import Availability
from wheelcheck.model.urls import masked


async def save_verified(at: Availability, filename: str, context: FetchContext) -> tuple[HashingFile, tuple[str, str]]:
    """Download ``at.url`` into a temporary file, which the caller closes; return it with the algorithm and its digest.

    Raises ``ArchiveRefused`` beyond the size limit (before asking, if the page announced the size), ``HashMismatch`` and
    ``IndexUnavailable``.
    """
    limit = context.config.file_limit
    if at.size is not None and at.size > limit:
        raise _too_large(filename, at.url, limit)
    algorithm, expected = checkable(at.hashes)
    download = HashingFile(algorithm)
    try:
        reply = await context.transport().save(
            Request(
                url=at.url,
                kind=RequestKind.FILE,
                what=filename,
                limit=limit,
                headers={"Accept-Encoding": "identity"},
            ),
            download,
        )
        _reject(reply, filename, at.url, limit)
        verify_digest(download.digest, algorithm, expected, at.url)
    except BaseException:
        download.close()
        raise
    return download, (algorithm, download.digest)


def _reject(reply: Reply, filename: str, url: str, limit: int) -> None:
    if reply.status != 200:
        raise IndexUnavailable(
            f"answered {reply.status}",
            address=masked(url),
            hint="the page may be stale (--refresh), or the file may need credentials",
        )
    if reply.is_cut:
        raise _too_large(filename, url, limit)


def _too_large(filename: str, url: str, limit: int) -> ArchiveRefused:
    return ArchiveRefused(
        f"{filename} is larger than the limit of {limit // 1024**2} MB", address=masked(url), hint="judge it by hand"
    )


_LIMIT = 16 * 1024**2


class Texts:
    """Texts by URL; never cached on disk."""

    def __init__(self, context: FetchContext) -> None:
        self._context = context

    def at_hand(self, url: str) -> str | None:
        """The text of a local file; ``None`` for a remote one. Raises ``OfflineMiss`` and ``IndexUnavailable``."""
        path = local_path(url)
        if path is None:
            self._context.reject_offline("a text", url)
            return None
        try:
            return path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as problem:
            raise IndexUnavailable(f"cannot be read: {problem}", address=str(path)) from problem

    async def fetch(self, url: str) -> str:
        """The text behind *url*, UTF-8 with or without BOM; raises ``IndexUnavailable``."""
        address = self._context.credentials.learn(url)
        what = address.rpartition("/")[2]
        request = Request(url=address, kind=RequestKind.TEXT, what=what, limit=_LIMIT)
        reply = await self._context.transport().fetch(request)
        if reply.status != 200 or reply.is_cut:
            fact = f"is larger than {_LIMIT} bytes" if reply.is_cut else f"answered {reply.status}"
            raise IndexUnavailable(fact, address=masked(url))
        try:
            return reply.body.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise IndexUnavailable(f"is no UTF-8 text: {problem}", address=masked(url)) from problem
