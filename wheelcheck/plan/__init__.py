"""Turns a resolution and its findings into the plan that a builder executes, and the plan into JSON and back.

It chooses nothing: versions come from ``resolve/``, judgements from ``diagnose/``. It opens no file.
"""

from wheelcheck.plan.making import plan
from wheelcheck.plan.reading import parse_plan
from wheelcheck.plan.schema import SCHEMA_NAME, load_schema
from wheelcheck.plan.writing import render_plan

__all__ = ["SCHEMA_NAME", "load_schema", "parse_plan", "plan", "render_plan"]
