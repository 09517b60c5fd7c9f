"""Brings whole files, hashed as they come and never longer than allowed; reads nothing in them."""

from __future__ import annotations

from wheelcheck.errors import ArchiveRefused, IndexUnavailable
from wheelcheck.index.exchange import Ask, Reply, Spool
from wheelcheck.index.hashes import checkable, verify_digest
from wheelcheck.index.statistics import RequestKind
from wheelcheck.index.surroundings import Surroundings
from wheelcheck.model.distribution import Availability
from wheelcheck.model.urls import masked


async def save_verified(at: Availability, filename: str, around: Surroundings) -> tuple[Spool, tuple[str, str]]:
    """The file at ``at.url`` in a spool, which the caller closes, with the algorithm and digest of what came.

    Raises ``ArchiveRefused`` beyond the size limit (before asking, if the page announced the size), ``HashMismatch`` and
    ``IndexUnavailable``.
    """
    limit = around.config.file_limit
    if at.size is not None and at.size > limit:
        raise _too_large(filename, at.url, limit)
    algorithm, expected = checkable(at.hashes)
    spool = Spool(algorithm)
    try:
        reply = await around.transport().save(
            Ask(
                url=at.url,
                kind=RequestKind.FILE,
                what=filename,
                limit=limit,
                headers={"Accept-Encoding": "identity"},
            ),
            spool,
        )
        _reject(reply, filename, at.url, limit)
        verify_digest(spool.digest, algorithm, expected, at.url)
    except BaseException:
        spool.close()
        raise
    return spool, (algorithm, spool.digest)


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
