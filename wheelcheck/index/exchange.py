"""What a request asks and what came back, as values; and where a body goes while it comes. Sends nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import BinaryIO, Literal, Protocol, cast

from msgspec import Struct, field

from wheelcheck.index.statistics import RequestKind

_IN_MEMORY = 4 * 1024**2


class Ask(Struct, frozen=True, kw_only=True):
    """One request. ``url`` holds no credentials; ``what`` is the project or file name for the reporter.

    ``limit`` is how many bytes of the body (decoded) are read before it is cut off. ``connection`` is ``own`` for one that must
    not go over a connection that others use: theirs may be dead.
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


class Sink(Protocol):
    """Takes a body as it comes; *restart* forgets what came, for a retry."""

    def restart(self) -> None:
        """Forget what came."""
        ...

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        ...


class Buffer:
    """A sink in memory."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def restart(self) -> None:
        """Forget what came."""
        self._chunks.clear()

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._chunks.append(chunk)

    def content(self) -> bytes:
        """Everything that came."""
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)


class Spool:
    """A sink that goes to a temporary file beyond 4 MiB, hashing as it goes; to be closed."""

    def __init__(self, algorithm: str = "sha256") -> None:
        self._algorithm = algorithm
        import tempfile  # only where something is fetched

        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (closed by its owner)
        self._hash = hashlib.new(algorithm)

    def restart(self) -> None:
        """Forget what came."""
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.new(self._algorithm)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._file.write(chunk)
        self._hash.update(chunk)

    @property
    def digest(self) -> str:
        """Of everything that came, in hex."""
        return self._hash.hexdigest()

    def opened(self) -> BinaryIO:
        """The file at its beginning."""
        self._file.seek(0)
        return cast(BinaryIO, self._file)

    def close(self) -> None:
        """Delete the file."""
        self._file.close()
