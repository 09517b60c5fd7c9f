"""How much may come out of a runtime or a wheel; what happens beyond is a refusal, never a full disk."""

from __future__ import annotations

from msgspec import Struct


class RuntimeLimits(Struct, frozen=True, kw_only=True):
    """Bounds on a runtime archive, which a person chose: ``expanded`` bytes out of it, ``members`` its entries."""

    expanded: int = 4 * 1024**3
    members: int = 200_000


class WheelLimits(Struct, frozen=True, kw_only=True):
    """Bounds on one wheel; sizes in bytes.

    ``expanded`` is everything that comes out of it, ``members`` its entries, ``text`` the largest of its files that are read
    into memory whole. ``ratio`` bounds expanded/compressed, once more than ``ratio_floor`` comes out: small archives of zeros
    are common and harmless.
    """

    expanded: int = 16 * 1024**3
    members: int = 500_000
    text: int = 64 * 1024**2
    ratio: int = 200
    ratio_floor: int = 64 * 1024**2
