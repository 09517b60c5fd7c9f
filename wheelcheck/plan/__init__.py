"""Turns a resolution and its findings into the plan that a builder executes, and the plan into JSON and back.

It chooses nothing: versions come from ``resolve/``, judgements from ``diagnose/``. It opens no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.plan.executing import ExecutablePlan, parse_executable, refuse_unexecutable
    from wheelcheck.plan.making import plan
    from wheelcheck.plan.reading import parse_plan
    from wheelcheck.plan.schema import SCHEMA_NAME, load_schema
    from wheelcheck.plan.writing import render_plan

__all__ = [
    "SCHEMA_NAME",
    "ExecutablePlan",
    "load_schema",
    "parse_executable",
    "parse_plan",
    "plan",
    "refuse_unexecutable",
    "render_plan",
]

# A plan that is made needs no reader of plans.
_PLACES = {
    "executing": (
        "ExecutablePlan",
        "parse_executable",
        "refuse_unexecutable",
    ),
    "making": ("plan",),
    "reading": ("parse_plan",),
    "schema": (
        "SCHEMA_NAME",
        "load_schema",
    ),
    "writing": ("render_plan",),
}

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(__name__, _PLACES)
