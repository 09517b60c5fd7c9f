"""Compares bytes with the hashes that an index announced; knows no network."""

from __future__ import annotations

import hashlib

from wheelcheck.errors import HashMismatch
from wheelcheck.model.urls import masked

Hashes = tuple[tuple[str, str], ...]

_STRONGEST = ("sha256", "sha512", "sha384", "sha3_256", "blake2b", "sha224", "sha1", "md5")


def checkable(hashes: Hashes) -> tuple[str, str]:
    """The algorithm to check by and its digest; ``("sha256", "")`` where nothing was announced that can be checked."""
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
    """Likewise for a digest that was computed while the bytes came; nothing *expected* is always met."""
    import hmac  # only where something is fetched

    if expected and not hmac.compare_digest(actual, expected):
        raise HashMismatch(
            f"the {algorithm} of the downloaded file is {actual}, the index announced {expected}",
            address=masked(url),
            hint="the file changed after the index listed it, or something between alters it; try --refresh",
        )
