"""The manifest of a bundle as a JSON document: the same manifest gives the same bytes; looks at no file.

Refuses to read what another version of the schema wrote, and paths that lead out of the bundle. Keys that it does not know are
passed over, so that the schema can grow.
"""

from __future__ import annotations

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.document import as_plain, render_line
from wheelcheck.model.environment import Manifest
from wheelcheck.plans.reading import DocumentKind, parse_document

SCHEMA_NAME = "wheelcheck.bundle/1"
"""The value of ``schema`` in every manifest; the number grows only when an old reader would misunderstand a new manifest."""
_KIND = DocumentKind(
    name="a bundle's manifest",
    schema=SCHEMA_NAME,
    write="Write one with: wheelcheck bundle PLAN -o FOLDER",
    again="Make the bundle again, or use the version of wheelcheck that wrote it.",
)
_ROWS = ("archives", "packages", "files")


def render_manifest(manifest: Manifest) -> bytes:
    """Render *manifest* as the JSON of schema ``wheelcheck.bundle/1``: UTF-8, keys in the documented order.

    Every package, archive and file has a line of its own, so that a person can read the manifest and two of them can be compared
    line by line. What is false or empty of a file is left out: most of a manifest is files.
    """
    lines = []
    for key, value in as_plain(manifest).items():
        text = render_line(value)
        if isinstance(value, tuple) and value and key in _ROWS:
            text = "[\n" + ",\n".join(f"    {render_line(row)}" for row in value) + "\n  ]"
        lines.append(f'  "{key}": {text}')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def parse_manifest(content: bytes, path: str) -> Manifest:
    """Read *content*, the manifest called *path* in messages.

    Raises ``InputUnreadable`` naming *path* and the JSON pointer when it is no manifest of schema ``wheelcheck.bundle/1``, and
    when a path in it is absolute, has ``..`` or a backslash, or stands twice.
    """
    _, manifest = parse_document(content, path, Manifest, _KIND)
    seen: set[str] = set()
    for position, file in enumerate(manifest.files):
        if not file.sha256 and not file.link:
            raise InputUnreadable(f"/files/{position} lacks the key 'sha256'", address=path)
        if file.path in seen:
            raise InputUnreadable(f"/files/{position}/path stands twice: {file.path!r}", address=path)
        seen.add(file.path)
    return manifest
