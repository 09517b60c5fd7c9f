"""What fetching a plan came to, as a value for who tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from wheelcheck.model.wheelhouse import PlanSizes, Wheelhouse


class Fetched(Struct, frozen=True, kw_only=True):
    """The wheelhouse, and by which file names it was made; ``plan`` is the digest of the plan.

    ``fetched`` came in this run, ``resumed`` of them from what an earlier run had left, ``replaced`` in place of a file with
    another hash; ``present`` were there; ``built`` are wheels that were built in this run. Of ``unhashed`` no hash was announced.
    """

    plan: str
    wheelhouse: Wheelhouse
    sizes: PlanSizes
    fetched: tuple[str, ...] = ()
    resumed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    built: tuple[str, ...] = ()
    unhashed: tuple[str, ...] = ()
