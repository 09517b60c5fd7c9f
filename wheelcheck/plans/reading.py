"""Reads JSON documents into their types, and says what is wrong where, by JSON pointer (RFC 6901)."""

from __future__ import annotations

import re
from typing import Any, NoReturn, TypeVar

import msgspec

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.document import as_typed

_Document = TypeVar("_Document", bound=msgspec.Struct)
_KINDS = {
    "object": "an object",
    "array": "an array",
    "str": "a string",
    "bool": "true or false",
    "int": "a whole number",
}
_NEWER = "A newer wheelcheck wrote this plan; use that one."
_NOUNS = {
    "status": "is not a status",
    "severity": "is not a severity",
    "risk": "is not a risk",
    "installability": "is not an installability",
    "metadata": "is not a metadata source",
    "code": "is an unknown finding",
    "edits/kind": "is not a kind of edit",
    "edit/kind": "is not a kind of edit",
    # A step that is not understood cannot be skipped safely.
    "phases/kind": "is an unknown phase",
    "runtime/kind": "is not a kind of runtime",
    "tags": "is not a wheel tag",
    "sha256": "is not a SHA-256 digest",
    "filename": "is not the name of a file in the same folder",
    **dict.fromkeys(
        ("path", "executable", "site_packages", "scripts", "headers", "data"), "is not a path inside the bundle"
    ),
    "plan": "is not a digest of a plan",
}
"""What a text is not, by the last keys of its place."""


class DocumentKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of document in messages: *name* (``a plan``), *schema* that is read, what *writes* one and who makes it *again*."""

    name: str
    schema: str
    write: str
    again: str


def parse_document(
    content: bytes, path: str, wanted: type[_Document], kind: DocumentKind
) -> tuple[dict[str, Any], _Document]:
    """Read *content*, the file called *path* in messages: as it stands, and as a *wanted*.

    Raises ``InputUnreadable`` naming *path* and the JSON pointer when it is no document of the schema.
    """
    plain = parse_json(content, path, kind)
    if not isinstance(plain, dict) or "schema" not in plain:
        raise InputUnreadable(f"/ is not {kind.name}", address=path, hint=kind.write)
    schema = plain["schema"]
    if not isinstance(schema, str):
        raise InputUnreadable("/schema is not a string", address=path)
    if schema != kind.schema:
        fact = f"/schema is {schema!r}, and this version of wheelcheck reads {kind.schema!r}"
        raise InputUnreadable(fact, address=path, hint=kind.again)
    try:
        return plain, _understood(plain, wanted)
    except msgspec.ValidationError as problem:
        _refuse(str(problem), plain, path)


def _understood(plain: dict[str, Any], wanted: type[_Document]) -> _Document:
    try:
        return msgspec.convert(plain, wanted, dec_hook=as_typed)
    except UnicodeEncodeError:
        # A lone surrogate stands where one of a few words does, which msgspec cannot compare: it is none of them.
        import json

        text = json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace")
        return msgspec.convert(json.loads(text), wanted, dec_hook=as_typed)


def parse_json(content: bytes, path: str, kind: DocumentKind) -> object:
    """The value that *content* states, whatever it is; raises ``InputUnreadable`` with the line where it is no JSON."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The standard library's reader knows the line, and takes the lone surrogates of file names that are no UTF-8.
        import json

        try:
            return json.loads(content.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise InputUnreadable(
                f"not {kind.name}: the file is not JSON", address=f"{path}{line}", hint=kind.write
            ) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _refuse(problem: str, plain: object, path: str) -> NoReturn:
    message, _, where = problem.rpartition(" - at `$") if " - at `$" in problem else (problem, "", "")
    steps = re.findall(r"\[(\d+|\.\.\.)\]|\.([^.\[]+)", where.removesuffix("`"))
    keys: list[str | int] = []
    place = plain
    for number, name in steps:
        if isinstance(place, list):
            keys.append(int(number))
            place = place[int(number)]
        elif isinstance(place, dict):
            keys.append(name or _member(place, message))
            place = place.get(keys[-1])
    pointer = "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in keys) or "/"
    complaint = _complaint(message, [key for key in keys if isinstance(key, str)], place)
    hint = "make it again: a file that wheelcheck writes is not edited"
    if complaint.startswith("is an unknown "):
        hint = _NEWER
    raise InputUnreadable(f"{pointer} {complaint}", address=path, hint=hint)


def _member(place: dict[str, object], message: str) -> str:
    """The first key of the object *place* whose value is of the kind that *message* complains of, for it names no key."""
    kinds = {"object": dict, "array": list, "null": type(None), "str": str, "int": int, "bool": bool, "float": float}
    got = kinds.get(message.rpartition("got `")[2].rstrip("`"))
    return next((key for key, value in place.items() if type(value) is got), "")


def _complaint(message: str, names: list[str], value: object) -> str:
    missing = re.fullmatch(r"Object missing required field `(.*)`", message)
    if missing is not None:
        return f"lacks the key {missing[1]!r}"
    noun = next((_NOUNS[key] for key in ("/".join(names[-2:]), *names[-1:]) if key in _NOUNS), "is not as it must be")
    if message.startswith(("Invalid enum value", "Expected `str` matching", "Expected `str` of length")):
        return f"{noun}: {value!r}"
    least = re.fullmatch(r"Expected `int.*` >= (\d+)", message)
    if least is not None:
        return "is less than nothing" if least[1] == "0" else f"is less than {least[1]}"
    expected = re.match(r"Expected `(\w+)", message)
    if expected is not None:
        return f"is not {_KINDS.get(expected[1], expected[1])}"
    return message
