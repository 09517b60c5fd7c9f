"""Composes the stages: the library's front door, and what the command line calls.

``Request → parse → resolve → diagnose → propose → plan``. Each stage is one function of its room. :mod:`request` is the question as
a caller puts it, :mod:`preparing` understands it, :mod:`edges` opens index, archives and knowledge for the core, and
:mod:`planning` joins the stages. Nothing is decided about packages here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.pipeline.checking import CheckRequest, check
    from wheelcheck.pipeline.fetching import FetchRequest, fetch
    from wheelcheck.pipeline.planning import plan
    from wheelcheck.pipeline.preparing import Prepared, parse_cutoff, prepare
    from wheelcheck.pipeline.request import Request, RequestOptions, SdistPolicy
    from wheelcheck.pipeline.targets import TargetWords

__all__ = [
    "CheckRequest",
    "FetchRequest",
    "Prepared",
    "Request",
    "RequestOptions",
    "SdistPolicy",
    "TargetWords",
    "check",
    "fetch",
    "parse_cutoff",
    "plan",
    "prepare",
]

# Each command loads the stages that it joins, and no other command's.
_PLACES = {
    "checking": (
        "CheckRequest",
        "check",
    ),
    "fetching": (
        "FetchRequest",
        "fetch",
    ),
    "planning": ("plan",),
    "preparing": (
        "Prepared",
        "parse_cutoff",
        "prepare",
    ),
    "request": (
        "Request",
        "RequestOptions",
        "SdistPolicy",
    ),
    "targets": ("TargetWords",),
}

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(__name__, _PLACES)
