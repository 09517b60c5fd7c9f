"""Packs values for the cache, by msgspec from their types. What has another format does not decode, which is a cache miss."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from packaging.version import Version

from wheelcheck.index.file_entries import Listing, PackedPage
from wheelcheck.model.distribution import CoreMetadata
from wheelcheck.model.judgement import Judgement

T = TypeVar("T")


class Validity(msgspec.Struct, array_like=True, frozen=True):
    """When an answer came (seconds since the epoch), how long it is fresh (seconds), and how to ask whether it still holds."""

    fetched: float
    lifetime: float
    etag: str = ""
    last_modified: str = ""

    def is_fresh(self, now: float) -> bool:
        """Whether the answer may be used without asking; one from the future may not."""
        return 0 <= now - self.fetched < self.lifetime


class CachedAnswer(msgspec.Struct, array_like=True, frozen=True):
    """A cached answer of one URL; ``body`` is a packed page or listing, nil where there is nothing at the URL."""

    validity: Validity
    body: msgspec.Raw = msgspec.Raw(b"\xc0")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at the URL."""
        return bytes(self.body) == b"\xc0"


def _packed(value: object) -> object:
    if isinstance(value, Version):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} is not cached")


def _made(kind: type, value: object) -> object:
    if kind is Version and isinstance(value, str):
        return Version(value)
    raise ValueError(f"{kind.__name__} is not cached")


def decoder(kind: type[T]) -> Callable[[bytes], T]:
    """A function that decodes a packed value of *kind*; it raises ``msgspec.DecodeError`` for anything else."""
    return msgspec.msgpack.Decoder(kind, dec_hook=_made).decode


encode = msgspec.msgpack.Encoder(enc_hook=_packed).encode
decode_answer = decoder(CachedAnswer)
decode_page = decoder(PackedPage)
decode_listing = decoder(Listing)
decode_metadata = decoder(CoreMetadata)
decode_judgement = decoder(Judgement)
