"""The published JSON Schemas of plans and of bundles' manifests; refuses to validate, which is the business of their readers."""

from __future__ import annotations

import json

SCHEMA_NAME = "wheelcheck.plan/1"
"""The value of ``schema`` in every plan; the number grows only when an old reader would misunderstand a new plan."""

BUNDLE_SCHEMA_NAME = "wheelcheck.bundle/1"
"""Likewise of every bundle's manifest."""


def load_schema() -> dict[str, object]:
    """Read the JSON Schema (draft 2020-12) that every plan satisfies, from the installed package."""
    return _load("schema.json")


def load_bundle_schema() -> dict[str, object]:
    """Read the JSON Schema (draft 2020-12) that every bundle's manifest satisfies, from the installed package."""
    return _load("manifest.schema.json")


def _load(filename: str) -> dict[str, object]:
    # Imported here: it costs 7 ms, and few runs ask for a schema.
    from importlib.resources import files

    content = files("wheelcheck.plans").joinpath(filename).read_text(encoding="utf-8")
    schema: dict[str, object] = json.loads(content)
    return schema
