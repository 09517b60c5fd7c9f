"""The published JSON Schema of plans; refuses to validate with it, which is the business of whoever reads plans."""

from __future__ import annotations

import json

SCHEMA_NAME = "wheelcheck.plan/1"
"""The value of ``schema`` in every plan; the number grows only when an old reader would misunderstand a new plan."""


def load_schema() -> dict[str, object]:
    """Read the JSON Schema (draft 2020-12) that every plan satisfies, from the installed package."""
    # Imported here: it costs 7 ms, and few runs ask for the schema.
    from importlib.resources import files

    content = files("wheelcheck.plan").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, object] = json.loads(content)
    return schema
