"""Requests and replies as values, the counts of them, sinks for bodies, and the check of announced hashes. Sends nothing."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import BinaryIO, Literal, Protocol, cast

from msgspec import Struct, field

from wheelcheck.errors import HashMismatch
from wheelcheck.model.urls import masked


class RequestKind(Enum):
    """What a request is for."""

    PAGE = "page"
    SIDECAR = "sidecar"
    RANGE = "range"
    FILE = "file"
    TEXT = "text"


class Statistics(Struct, frozen=True, kw_only=True):
    """A snapshot of the counts.

    ``requests`` sent by kind (retries and length probes included), ``received`` bytes of bodies as they came over the wire,
    ``cache_hits`` by kind of what needed no request, ``revalidated`` answers of 304, ``retries``.
    """

    requests: Mapping[RequestKind, int]
    cache_hits: Mapping[RequestKind, int]
    received: int = 0
    revalidated: int = 0
    retries: int = 0

    @property
    def total_requests(self) -> int:
        """All requests sent."""
        return sum(self.requests.values())


class Tally:
    """The running counts; may be used by several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._requests: Counter[RequestKind] = Counter()
        self._hits: Counter[RequestKind] = Counter()
        self._received = self._revalidated = self._retries = 0

    def sent(self, kind: RequestKind) -> None:
        """Count a sent request."""
        with self._guard:
            self._requests[kind] += 1

    def hit(self, kind: RequestKind) -> None:
        """Count an answer from the disk cache."""
        with self._guard:
            self._hits[kind] += 1

    def received(self, count: int) -> None:
        """Count *count* received bytes."""
        with self._guard:
            self._received += count

    def revalidated(self) -> None:
        """Count a 304."""
        with self._guard:
            self._revalidated += 1

    def retried(self) -> None:
        """Count a retry."""
        with self._guard:
            self._retries += 1

    def snapshot(self) -> Statistics:
        """The counts now."""
        with self._guard:
            return Statistics(
                requests=dict(self._requests),
                cache_hits=dict(self._hits),
                received=self._received,
                revalidated=self._revalidated,
                retries=self._retries,
            )


_IN_MEMORY = 4 * 1024**2


class Request(Struct, frozen=True, kw_only=True):
    """One request. ``url`` holds no credentials; ``what`` is the project or file name for the reporter.

    ``limit`` is how many bytes of the body (decoded) are read before it is cut off. ``connection`` is ``own`` for a
    request that needs a new connection, because the shared one may be dead.
    """

    url: str
    kind: RequestKind
    what: str
    limit: int
    method: Literal["GET", "HEAD"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    connection: Literal["shared", "own"] = "shared"


class Reply(Struct, frozen=True, kw_only=True):
    """An answer that is final (no 5xx, no 401). ``headers`` ignore case; ``url`` is where redirects led.

    ``is_cut``: the body was longer than the limit and is not whole.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    is_cut: bool = False


def parse_length(text: str) -> int | None:
    """The bytes that a ``Content-Length`` header tells; ``None`` for none, and for a number that no file has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class Sink(Protocol):
    """Takes a body while it arrives; *restart* forgets it for a retry."""

    def restart(self) -> None:
        """Forget what was written."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""


class Buffer:
    """A sink in memory."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def restart(self) -> None:
        """Forget what was written."""
        self._chunks.clear()

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._chunks.append(chunk)

    def content(self) -> bytes:
        """All that was written."""
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)


class HashingFile:
    """A sink that hashes what is written and keeps it in memory, beyond 4 MiB in a temporary file; to be closed."""

    def __init__(self, algorithm: str = "sha256") -> None:
        self._algorithm = algorithm
        import tempfile  # only where something is fetched

        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (closed by its owner)
        self._hash = hashlib.new(algorithm)

    def restart(self) -> None:
        """Forget what was written."""
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.new(self._algorithm)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._file.write(chunk)
        self._hash.update(chunk)

    @property
    def digest(self) -> str:
        """The digest of all that was written, in hex."""
        return self._hash.hexdigest()

    def opened(self) -> BinaryIO:
        """The file at its beginning."""
        self._file.seek(0)
        return cast(BinaryIO, self._file)

    def close(self) -> None:
        """Delete the file."""
        self._file.close()


Hashes = tuple[tuple[str, str], ...]

_STRONGEST = ("sha256", "sha512", "sha384", "sha3_256", "blake2b", "sha224", "sha1", "md5")


def checkable(hashes: Hashes) -> tuple[str, str]:
    """The algorithm and digest to check; ``("sha256", "")`` if nothing that can be checked was announced."""
    announced = dict(hashes)
    for algorithm in _STRONGEST:
        if announced.get(algorithm):
            return algorithm, announced[algorithm]
    return "sha256", ""


def verify(content: bytes, hashes: Hashes, url: str) -> None:
    """Raise ``HashMismatch`` unless *content*, which came from *url*, has the announced hash."""
    algorithm, expected = checkable(hashes)
    if expected:
        verify_digest(hashlib.new(algorithm, content, usedforsecurity=False).hexdigest(), algorithm, expected, url)


def verify_digest(actual: str, algorithm: str, expected: str, url: str) -> None:
    """Likewise for a *digest* that was computed during the download; an empty *expected* always matches."""
    import hmac  # only where something is fetched

    if expected and not hmac.compare_digest(actual, expected):
        raise HashMismatch(
            f"the {algorithm} of the downloaded file is {actual}, the index announced {expected}",
            address=masked(url),
            hint="the file changed after the index listed it, or something between alters it; try --refresh",
        )
