"""Keeps the wheels of a plan in one folder: fetched, checked, and built once where they come as pure source; resolves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.wheelhouse.loading import load_wheelhouse

__all__ = ["load_wheelhouse"]

_PLACES = {"loading": ("load_wheelhouse",)}

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(__name__, _PLACES)
