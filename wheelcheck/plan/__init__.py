"""Turns a resolution and its findings into the plan that a builder executes, and the plan into JSON and back.

It chooses nothing: versions come from ``resolve/``, judgements from ``diagnose/``. It opens no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.plan.executing import ExecutablePlan, parse_executable, refuse_unexecutable
    from wheelcheck.plan.making import plan
    from wheelcheck.plan.manifest_reading import parse_manifest
    from wheelcheck.plan.manifest_writing import render_manifest
    from wheelcheck.plan.reading import parse_plan
    from wheelcheck.plan.schema import BUNDLE_SCHEMA_NAME, SCHEMA_NAME, load_bundle_schema, load_schema
    from wheelcheck.plan.writing import render_plan

__all__ = [
    "BUNDLE_SCHEMA_NAME",
    "SCHEMA_NAME",
    "ExecutablePlan",
    "load_bundle_schema",
    "load_schema",
    "parse_executable",
    "parse_manifest",
    "parse_plan",
    "plan",
    "refuse_unexecutable",
    "render_manifest",
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
    "manifest_reading": ("parse_manifest",),
    "manifest_writing": ("render_manifest",),
    "reading": ("parse_plan",),
    "schema": (
        "BUNDLE_SCHEMA_NAME",
        "SCHEMA_NAME",
        "load_bundle_schema",
        "load_schema",
    ),
    "writing": ("render_plan",),
}

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(__name__, _PLACES)
