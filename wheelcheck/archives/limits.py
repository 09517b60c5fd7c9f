"""How much of an archive we are willing to read; what happens beyond is a refusal, never a guess."""

from __future__ import annotations

from wheelcheck.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one archive; sizes in bytes.

    ``compressed`` is the file itself, ``expanded`` everything that comes out of it, ``members`` its entries, ``member`` the
    largest single file that is read into memory, ``kept`` all of these together. ``script`` and ``scripts`` are one file and
    all files of Python code: beyond, they are not kept, which costs evidence and no answer. ``ratio`` bounds
    expanded/compressed, once more than ``ratio_floor`` has come out: small archives of zeros are common and harmless.
    """

    compressed: int = 512 * 1024**2
    expanded: int = 2 * 1024**3
    members: int = 200_000
    member: int = 8 * 1024**2
    kept: int = 48 * 1024**2
    script: int = 256 * 1024
    scripts: int = 24 * 1024**2
    ratio: int = 200
    ratio_floor: int = 64 * 1024**2
