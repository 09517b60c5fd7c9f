"""Downloads source archives, has them judged and caches the judgements. Judges nothing itself."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from wheelcheck.errors import ArchiveRefused, IndexUnavailable
from wheelcheck.index.config import USER_AGENT
from wheelcheck.index.downloads import save_verified
from wheelcheck.index.exchange import RequestKind, checkable, verify_digest
from wheelcheck.index.fetch_context import FetchContext, decoder, encode
from wheelcheck.index.locations import local_path
from wheelcheck.model.distribution import Availability, Sdist
from wheelcheck.model.judgement import Judgement

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_decode = decoder(Judgement)
# The rules for judging belong to the program, so every release judges again.
_JUDGE = f"1:{USER_AGENT}"


class SourceJudgements:
    """Judgements by source archive, cached by its hash and the version of the judge."""

    def __init__(self, context: FetchContext) -> None:
        self._context = context
        self._executor: ThreadPoolExecutor | None = None

    def close(self) -> None:
        """Start no further judgement; one under way ends by itself."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def at_hand(self, sdist: Sdist) -> Judgement | None:
        """The judgement from the cache or of a local archive; ``None`` if the network is needed. Raises ``OfflineMiss``."""
        cached = self.remembered(sdist)
        if cached is not None:
            self._context.tally.hit(RequestKind.FILE)
            return cached
        path = local_path(sdist.at.url)
        if path is not None:
            return self.judge_local(path, sdist.at, sdist.filename)[0]
        self._context.reject_offline(f"the source archive {sdist.filename}", sdist.at.url)
        return None

    async def fetch(self, sdist: Sdist) -> Judgement:
        """Download and judge; raises ``ArchiveRefused``, ``HashMismatch`` and ``IndexUnavailable``."""
        judgement, _ = await self.fetch_judged(sdist.at, sdist.filename)
        self.remember(sdist, judgement)
        return judgement

    def remember(self, sdist: Sdist, judgement: Judgement) -> None:
        """Keep *judgement* for later runs."""
        self._context.store("judgement", _key(sdist), encode(judgement))

    async def fetch_judged(self, at: Availability, filename: str) -> tuple[Judgement, tuple[str, str]]:
        """Download and judge without caching; returns the algorithm and digest of the archive too."""
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        download, read = await save_verified(at, filename, self._context)
        if self._executor is None:
            self._executor = ThreadPoolExecutor(2, thread_name_prefix="wheelcheck judge")
        try:
            judging = asyncio.get_running_loop().run_in_executor(
                self._executor, self._context.archives.judge_sdist, download.opened(), filename
            )
            return await judging, read
        finally:
            download.close()

    def judge_local(self, path: Path, at: Availability, filename: str) -> tuple[Judgement, tuple[str, str]]:
        """The archive at *path* with algorithm and digest of what was read; raises ``IndexUnavailable`` where there is none."""
        try:
            with path.open("rb") as file:
                algorithm, expected = checkable(at.hashes)
                digest = hashlib.file_digest(file, algorithm).hexdigest()
                verify_digest(digest, algorithm, expected, at.url)
                if file.tell() > self._context.config.file_limit:
                    raise ArchiveRefused("larger than the limit for source archives", address=str(path))
                file.seek(0)
                return self._context.archives.judge_sdist(file, filename), (algorithm, digest)
        except OSError as problem:
            raise IndexUnavailable(f"cannot be read: {problem.strerror or problem}", address=str(path)) from problem

    def remembered(self, sdist: Sdist) -> Judgement | None:
        """The cached judgement, if any."""
        return self._context.load("judgement", _key(sdist), _decode)


def _key(sdist: Sdist) -> str:
    return f"{_JUDGE}:{sdist.at.sha256 or sdist.at.url}"
