"""What all JSON documents share: how versions and specifiers are read and written, and the layout of the text.

A document is a ``msgspec.Struct``: its fields in order are the keys as they are written, its annotations are the rules of its JSON
Schema. Where a value of the model has the shape of the document, it is the document; elsewhere a Struct beside the room's
renderer says what is written.
"""

from __future__ import annotations

from pathlib import PurePath
from types import SimpleNamespace
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.urls import masked_within

_Document = TypeVar("_Document", bound=msgspec.Struct)


def about(description: str, *, pattern: str | None = None, max_length: int | None = None) -> Meta:
    """What the schema says of a key: a sentence, and what the reader holds its text to."""
    return Meta(description=description, pattern=pattern, max_length=max_length)


def stated(description: str, **rules: object) -> Meta:
    """The same with JSON Schema's own words for rules that are published and not enforced, such as ``pattern``."""
    return Meta(description=description, extra_json_schema=dict(rules))


SCHEMA_KEY = about("Names this schema. Its number grows only when an old reader would misunderstand a new answer.")
"""What the schemas say of their own name."""
HEX_SHA256 = "^[0-9a-f]{64}$"
ProjectName = Annotated[
    NormalizedName, stated("A project name, normalised (PEP 503).", pattern="^[a-z0-9]+(-[a-z0-9]+)*$")
]
Path = Annotated[tuple[str, ...], about("From the user's own requirement to the project, each step as name==version.")]
Count = Annotated[int, Meta(ge=0)]
Line = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]


def render_json(document: object, *, indent: int = 2, ascii_only: bool = False) -> bytes:
    """Render *document*, ending in a newline: *indent* spaces for each level, keys in the order of the fields.

    Lone surrogates, which come from file names that are no UTF-8, are written as their escapes: no reader takes their bytes.
    """
    try:
        content = b"" if ascii_only else msgspec.json.encode(document, enc_hook=_plain)
    except UnicodeEncodeError:
        content = b""
    if content:
        return msgspec.json.format(content, indent=indent) + b"\n"
    import json

    text = json.dumps(msgspec.to_builtins(document, enc_hook=_plain), indent=indent or None, ensure_ascii=ascii_only)
    return (text + "\n").encode("utf-8", "backslashreplace")


def render_line(document: object) -> str:
    """Render *document* on one line, which does not end."""
    return render_json(document, indent=0).decode().rstrip("\n")


def render_shareable(document: object) -> str:
    """Render *document* with the credentials of every URL in any of its texts replaced, wherever they came from."""
    text = render_json(document).decode()
    if "://" in text and "@" in text:
        text = render_json(_masked(msgspec.to_builtins(document, enc_hook=_plain))).decode()
    return text


def document_of(kind: type[_Document], value: object, **others: object) -> _Document:
    """The *kind* of document that *value* fills, and so the documents in it: by attributes of the same names, but for *others*."""
    found = {name: getattr(value, name) for name in kind.__struct_fields__ if name not in others} | others
    # What is left out has no attribute: msgspec reads one with that value as wrong.
    said = {name: each for name, each in found.items() if each is not msgspec.UNSET}
    return msgspec.convert(SimpleNamespace(**said), kind, from_attributes=True)


def as_plain(document: msgspec.Struct) -> dict[str, object]:
    """*document* as dictionaries, tuples, texts and numbers."""
    plain: dict[str, object] = msgspec.to_builtins(document, enc_hook=_plain)
    return plain


def _masked(value: object) -> object:
    match value:
        case str():
            return masked_within(value)
        case list() | tuple():
            return [_masked(item) for item in value]
        case dict():
            return {key: _masked(item) for key, item in value.items()}
        case _:
            return value


def _plain(value: object) -> str:
    if isinstance(value, Version | SpecifierSet | PurePath):
        return str(value)
    raise NotImplementedError(f"no document holds a {type(value).__name__}")


def as_typed(wanted: type, value: object) -> object:
    """*value* of a document as a *wanted*, for ``msgspec.convert``; raises ``ValueError`` where it is none."""
    if not isinstance(value, str):
        raise ValueError("is not a string")  # noqa: TRY004 - msgspec adds the place to this one
    try:
        return wanted(value)
    except ValueError:
        raise ValueError(f"is not a version: {value!r}") from None
