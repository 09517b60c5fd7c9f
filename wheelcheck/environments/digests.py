"""Hashes files, by several algorithms in one pass where several are known, and compares with what a plan says."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

from wheelcheck.model.plan import PlannedFile

_STEP = 1024**2


class Digests:
    """Size and running hashes of one file by every algorithm in *algorithms*, and by SHA-256 in any case."""

    def __init__(self, algorithms: tuple[str, ...] = ()) -> None:
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha256", *algorithms)}
        self.size = 0

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.size += len(chunk)
        for each in self._hashes.values():
            each.update(chunk)

    def copied(self) -> Digests:
        """The same state, to go back to."""
        other = Digests()
        other._hashes = {name: each.copy() for name, each in self._hashes.items()}
        other.size = self.size
        return other

    def digest(self, algorithm: str = "sha256") -> str:
        """The digest of everything that came, in hex."""
        return self._hashes[algorithm].hexdigest()


def digests_of(path: Path, algorithms: tuple[str, ...] = ()) -> Digests:
    """The digests of the file at *path*, which is read once. Raises ``OSError``."""
    digests = Digests(algorithms)
    with path.open("rb") as stream:
        while chunk := stream.read(_STEP):
            digests.update(chunk)
    return digests


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file *path*, in hex; reads it once. Raises ``OSError``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hex_of_record(encoded: str) -> str:
    """The digest in hex that RECORD has as *encoded* (base64 without padding); raises ``ValueError``."""
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).hex()


def record_of_hex(digest: str) -> str:
    """The *digest* (hex) as RECORD has it: base64 without padding."""
    return base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")


def known_hashes(file: PlannedFile) -> dict[str, str]:
    """The digests of *file* that this Python can check, by algorithm, SHA-256 first."""
    ordered = sorted(file.hashes.items(), key=lambda each: each[0] != "sha256")
    return {
        name: digest.lower()
        for name, digest in ordered
        if digest and name in hashlib.algorithms_available and not name.startswith("shake")
    }


def algorithms_of(file: PlannedFile) -> tuple[str, ...]:
    """The algorithms by which *file* can be checked; none where nothing is known of it."""
    accepted = file.accepted if isinstance(file.accepted, dict) else {}
    return tuple(
        dict.fromkeys((*known_hashes(file), *(name for name in accepted if name in hashlib.algorithms_available)))
    )


def difference(digests: Digests, file: PlannedFile) -> str:
    """How *digests* differ from the *file* of the plan, with both values; empty where they do not."""
    known = known_hashes(file)
    for algorithm, expected in known.items():
        actual = digests.digest(algorithm)
        if not hmac.compare_digest(actual, expected):
            return f"its {algorithm} is {actual}, the plan has {expected}"
    accepted = file.accepted if isinstance(file.accepted, dict) else {}
    if accepted and not any(digests.digest(name) in accepted[name] for name in algorithms_of(file) if name in accepted):
        return f"its sha256 is {digests.digest()}, and the requirements name none of its hashes"
    if not known and not accepted and file.size is not None and digests.size != file.size:
        return f"it has {digests.size} bytes, the plan has {file.size}, and no hash to check it by"
    return ""
