"""Keeps the wheels of a plan in one folder: fetched, checked, and built once where they come as pure source; resolves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.wheelhouse.building import iter_built, refuse_unallowed
    from wheelcheck.wheelhouse.filling import Arrivals, fill, planned_files
    from wheelcheck.wheelhouse.loading import filled_wheelhouse, load_wheelhouse
    from wheelcheck.wheelhouse.locking import locked
    from wheelcheck.wheelhouse.record import record_files
    from wheelcheck.wheelhouse.running import BuildSurroundings
    from wheelcheck.wheelhouse.wanted import Wanted, wanted_files

__all__ = [
    "Arrivals",
    "BuildSurroundings",
    "Wanted",
    "fill",
    "filled_wheelhouse",
    "iter_built",
    "load_wheelhouse",
    "locked",
    "planned_files",
    "record_files",
    "refuse_unallowed",
    "wanted_files",
]

_PLACES = {
    "building": ("iter_built", "refuse_unallowed"),
    "filling": ("Arrivals", "fill", "planned_files"),
    "loading": ("filled_wheelhouse", "load_wheelhouse"),
    "locking": ("locked",),
    "record": ("record_files",),
    "running": ("BuildSurroundings",),
    "wanted": ("Wanted", "wanted_files"),
}

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(__name__, _PLACES)
