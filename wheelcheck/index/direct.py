"""Judges source archives, and reads the files that direct references name: kind, project, metadata. Chooses nothing."""

from __future__ import annotations

import functools
import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import ArchiveRefused, IndexUnavailable, MetadataMalformed, UsageProblem
from wheelcheck.index.config import USER_AGENT, local_path
from wheelcheck.index.downloads import save_verified
from wheelcheck.index.exchange import RequestKind, checkable, verify_digest
from wheelcheck.index.fetch_context import FetchContext, decoder, encode
from wheelcheck.index.wheel_metadata import WheelMetadata
from wheelcheck.model.distribution import (
    Availability,
    CoreMetadata,
    Distribution,
    Judgement,
    LinkSkip,
    MetadataSource,
    Sdist,
    Wheel,
    parse_link,
)
from wheelcheck.model.urls import hashes_in, masked
from wheelcheck.texts.files import open_file
from wheelcheck.texts.places import project_of_folder

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


_decode = decoder(Judgement)
# The rules for judging belong to the program, so every release judges again.
_JUDGE = f"8:{USER_AGENT}"


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
            with open_file(path) as file:
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


DirectFile = tuple[Distribution, CoreMetadata | None, Judgement | None]


class DirectReferences:
    """Files behind the URLs and paths that requirements name."""

    def __init__(self, context: FetchContext, wheels: WheelMetadata, sources: SourceJudgements) -> None:
        self._context = context
        self._wheels = wheels
        self._sources = sources

    def at_hand(self, url: str) -> DirectFile | None:
        """The file or folder on this machine that *url* names; ``None`` where it is on another. Raises ``OfflineMiss``."""
        path = local_path(url.partition("#")[0])
        if path is None:
            known = self._remembered(url)
            if known is None:
                self._context.reject_offline("the file of a direct reference", url)
            return known
        if path.is_dir():
            return self._folder(path)
        if not path.exists():
            raise IndexUnavailable("there is no such file", address=str(path))
        address = path.absolute().as_uri()
        # Its own hashes, by the algorithms of the fragment too: whether these are the ones asked for is the resolver's to judge.
        algorithms = dict.fromkeys(("sha256", *(name for name, _ in hashes_in(url))))
        hashes = tuple((each, local_digest(address, each) or "") for each in algorithms)
        at = Availability(url=address, hashes=hashes)
        if path.suffix != ".whl":
            judgement, _ = self._sources.judge_local(path, at, path.name)
            return _sdist(path.name, at, judgement), None, judgement
        with open_file(path) as file:
            return _wheel(path.name, at), self._context.archives.wheel_metadata(file, path.name), None

    def _remembered(self, url: str) -> DirectFile | None:
        """The cached answer for a file whose hash the URL states; without a hash, the file may have changed."""
        at = _availability(self._context.credentials.learn(url.partition("#")[0]), url)
        if not at.sha256:
            return None
        filename = _filename(at.url)
        if filename.endswith(".whl"):
            wheel = _wheel(filename, at)
            metadata = self._wheels.remembered(wheel)
            return None if metadata is None else (wheel, metadata, None)
        # The key holds only the hash, so name and version are placeholders until the judgement tells them.
        unnamed = Sdist(name=canonicalize_name(filename), version=Version("0"), filename=filename, at=at)
        judgement = self._sources.remembered(unnamed)
        return None if judgement is None else (_sdist(filename, at, judgement), None, judgement)

    async def fetch(self, url: str) -> DirectFile:
        """The file on another machine: of a wheel only the metadata is fetched, a source archive is fetched whole.

        A wheel's ``Distribution`` has the hash of the URL's fragment, if any. Raises ``UsageProblem`` for what is neither.
        """
        if urlsplit(url).scheme not in ("http", "https"):
            raise UsageProblem("this kind of URL cannot be read", address=masked(url), hint="give http, https or file")
        address = self._context.credentials.learn(url.partition("#")[0])
        at = _availability(address, url)
        filename = _filename(address)
        if filename.endswith(".whl"):
            wheel = _wheel(filename, at)
            return wheel, await self._wheels.fetch(wheel), None
        judgement, read = await self._sources.fetch_judged(at, filename)
        sdist = _sdist(filename, _with_hash(at, read), judgement)
        self._sources.remember(sdist, judgement)
        return sdist, None, judgement

    def _folder(self, folder: Path) -> DirectFile:
        judgement = self._context.archives.judge_folder(folder)
        metadata = judgement.metadata
        # Dependencies that only a build would tell are unknown, as those of a source archive can be.
        name = metadata.name if metadata is not None else project_of_folder(folder)
        if not name:
            raise MetadataMalformed(
                "the folder does not say statically which project it is",
                address=str(folder),
                hint="give it a [project] table with a name in pyproject.toml, or build a wheel of it",
            )
        at = Availability(url=folder.absolute().as_uri())
        version = (metadata.version if metadata is not None else None) or Version("0")
        return Sdist(name=name, version=version, filename=folder.name, at=at), None, judgement


def unfetched(url: str, error: IndexUnavailable) -> DirectFile:
    """What the name of the wheel at *url*, which could not be fetched, says of it. Raises *error* where it is no wheel's name."""
    at = _availability(url.partition("#")[0], url)
    filename = _filename(at.url)
    wheel = parse_link(filename, canonicalize_name(filename.partition("-")[0]), at)
    if not isinstance(wheel, Wheel):
        raise error
    source, reason = MetadataSource.UNKNOWN, f"not fetched: {error}"
    return wheel, CoreMetadata(name=wheel.name, version=wheel.version, source=source, evidence=reason), None


def local_digest(url: str, algorithm: str) -> str | None:
    """The hash of the file of this machine that *url* names; ``None`` for other URLs. Raises ``IndexUnavailable``."""
    path = local_path(url)
    if path is None:
        return None
    try:
        state = path.stat()
        return _digest_of(path, algorithm, state.st_mtime_ns, state.st_size)
    except OSError as problem:
        raise IndexUnavailable(f"cannot be read: {problem.strerror or problem}", address=str(path)) from problem


@functools.lru_cache(maxsize=1_000)
def _digest_of(path: Path, algorithm: str, _changed: int, _size: int) -> str:
    with open_file(path) as file:
        return hashlib.file_digest(file, partial(hashlib.new, algorithm, usedforsecurity=False)).hexdigest()


def _filename(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _availability(address: str, url: str) -> Availability:
    return Availability(url=address, hashes=hashes_in(url))


def _with_hash(at: Availability, read: tuple[str, str]) -> Availability:
    return Availability(url=at.url, hashes=(read, *(each for each in at.hashes if each[0] != read[0])))


def _wheel(filename: str, at: Availability) -> Wheel:
    parsed = parse_link(filename, canonicalize_name(filename.partition("-")[0]), at)
    if isinstance(parsed, Wheel):
        return parsed
    reason = parsed.value if isinstance(parsed, LinkSkip) else "not a wheel"
    raise UsageProblem(f"{filename}: {reason}", address=masked(at.url), hint="name the file as it was published")


def _sdist(filename: str, at: Availability, judgement: Judgement) -> Sdist:
    """Name and version by the archive's own metadata, else by its file name."""
    metadata = judgement.metadata
    if metadata is not None and metadata.name and metadata.version is not None:
        return Sdist(name=metadata.name, version=metadata.version, filename=filename, at=at)
    for name in _possible_names(filename):
        parsed = parse_link(filename, name, at)
        if isinstance(parsed, Sdist):
            return parsed
    raise MetadataMalformed(
        "neither the archive nor its file name says statically which project and version it is",
        address=masked(at.url),
        hint="build a wheel of it, and refer to that",
    )


def _possible_names(filename: str) -> list[NormalizedName]:
    # The longest name first, because names often hold dashes and versions seldom do.
    dashes = [place for place, character in enumerate(filename) if character == "-"]
    return [canonicalize_name(filename[:place]) for place in reversed(dashes)]
