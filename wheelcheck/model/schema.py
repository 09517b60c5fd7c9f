"""The JSON Schemas of documents, made from their types; few runs ask for one."""

from __future__ import annotations

from inspect import cleandoc

import msgspec

from wheelcheck.model.document import render_json
from wheelcheck.model.finding import Code
from wheelcheck.model.inspection import ProblemKind

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(document: type[msgspec.Struct]) -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of the *document*, whose first key names the schema."""
    _, parts = msgspec.json.schema_components(
        [document], schema_hook=lambda _: {"type": "string"}, ref_template="#/$defs/{name}"
    )
    for part in parts.values():
        part["description"] = cleandoc(part.get("description", ""))
    # Their words may be added to without a new number of the schema.
    for growing, rules in ((Code, {"pattern": "^WC[0-9]{3}$"}), (ProblemKind, {})):
        if growing.__name__ in parts:
            words = [member.value for member in growing]
            parts[growing.__name__] |= {"enum": ..., "type": "string", **rules, "examples": words}
            del parts[growing.__name__]["enum"]
    root = parts.pop(document.__name__)
    name = root["properties"]["schema"]
    [root["title"]] = name["enum"]
    # It is the default of the type; a file has to state it.
    if name.pop("default", None):
        root["required"].insert(0, "schema")
    schema: dict[str, object] = msgspec.json.decode(render_json({"$schema": _DIALECT, **root, "$defs": parts}))
    return schema
