"""Composes the stages: the library's front door, and what the command line calls.

``Request → parse → resolve → diagnose → propose → plan``. Each stage is one function of its room. :mod:`request` is the question as
a caller puts it, :mod:`preparing` understands it, :mod:`edges` opens index, archives and knowledge for the core, and
:mod:`planning` joins the stages. Nothing is decided about packages here.
"""

from __future__ import annotations

from wheelcheck.pipeline.checking import CheckRequest, check
from wheelcheck.pipeline.planning import plan
from wheelcheck.pipeline.preparing import Prepared, parse_cutoff, prepare
from wheelcheck.pipeline.request import Request, RequestOptions, SdistPolicy
from wheelcheck.pipeline.targets import TargetWords

__all__ = [
    "CheckRequest",
    "Prepared",
    "Request",
    "RequestOptions",
    "SdistPolicy",
    "TargetWords",
    "check",
    "parse_cutoff",
    "plan",
    "prepare",
]
