"""Hashes files, by several algorithms in one pass where several are known, and compares with what a plan says."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from wheelcheck.model.plan import PlannedFile

_STEP = 1024**2


class Digests:
    """Running hashes of one file by every algorithm in *algorithms*, and by SHA-256 in any case."""

    def __init__(self, algorithms: tuple[str, ...] = ()) -> None:
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha256", *algorithms)}

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        for each in self._hashes.values():
            each.update(chunk)

    def copied(self) -> Digests:
        """The same state, to go back to."""
        other = Digests()
        other._hashes = {name: each.copy() for name, each in self._hashes.items()}
        return other

    def digest(self, algorithm: str) -> str:
        """Of everything that came, in hex."""
        return self._hashes[algorithm].hexdigest()


def known_hashes(file: PlannedFile) -> dict[str, str]:
    """The digests of *file* that this Python can check, by algorithm, SHA-256 first."""
    announced = {**({"sha256": file.sha256} if file.sha256 else {}), **file.hashes}
    ordered = sorted(announced.items(), key=lambda each: each[0] != "sha256")
    return {
        name: digest.lower()
        for name, digest in ordered
        if digest and name in hashlib.algorithms_available and not name.startswith("shake")
    }


def different(digests: Digests, file: PlannedFile, size: int) -> str:
    """What sets *digests*, of *size* bytes, apart from the *file* of the plan, with both values; empty where nothing does."""
    known = known_hashes(file)
    for algorithm, expected in known.items():
        actual = digests.digest(algorithm)
        if not hmac.compare_digest(actual, expected):
            return f"its {algorithm} is {actual}, the plan has {expected}"
    if not known and file.size is not None and size != file.size:
        return f"it has {size} bytes, the plan has {file.size}, and no hash to tell by"
    return ""


def digest_file(path: Path, digests: Digests) -> int:
    """Feed the file at *path* to *digests*; its size. Raises ``OSError``."""
    size = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_STEP):
            digests.update(chunk)
            size += len(chunk)
    return size


def is_the_file(path: Path, file: PlannedFile) -> str:
    """The SHA-256 of the file at *path* where it is *file* by every known hash, else an empty string; reads it whole.

    A file of which no hash is known cannot be told from another, so it never is.
    """
    known = known_hashes(file)
    if not known:
        return ""
    digests = Digests(tuple(known))
    try:
        digest_file(path, digests)
    except OSError:
        return ""
    same = all(hmac.compare_digest(digests.digest(name), digest) for name, digest in known.items())
    return digests.digest("sha256") if same else ""


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file *path*, in hex; reads it once."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
