"""Tells whether an environment is what its plan says and whether it would import: files, shared libraries, imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.verify.imports import ImportOptions
    from wheelcheck.verify.inspecting import InspectionOptions, inspect
    from wheelcheck.verify.opening import opened

__all__ = ["ImportOptions", "InspectionOptions", "inspect", "opened"]

_PLACES = {
    "imports": ("ImportOptions",),
    "inspecting": ("InspectionOptions", "inspect"),
    "opening": ("opened",),
}

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(__name__, _PLACES)
