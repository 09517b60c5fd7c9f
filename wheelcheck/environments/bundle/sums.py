"""Hashes files as ``sha256sum`` does, and writes what it checks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

SUMS = "SHA256SUMS"


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file *path*, in hex; reads it once."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def render_sums(sums: Iterable[tuple[str, str]]) -> bytes:
    """Pairs of file name and SHA-256 (hex) as ``sha256sum --check`` reads them, by name; names without line ends only."""
    # The asterisk says that the bytes were hashed as they are, on Windows too.
    return "".join(f"{digest} *{name}\n" for name, digest in sorted(sums)).encode()
