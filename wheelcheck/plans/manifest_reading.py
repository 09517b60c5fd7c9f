"""Reads the manifest of a bundle; refuses what another schema version wrote, and paths that lead out of the bundle.

Keys that it does not know are passed over, so that the schema can grow.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.environment import EnvironmentFile, Layout, Runtime, RuntimeKind
from wheelcheck.model.manifest import BundleArchive, BundledPackage, Manifest
from wheelcheck.plans.cursor import Cursor
from wheelcheck.plans.schema import BUNDLE_SCHEMA_NAME

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLAN_DIGEST = re.compile(r"(sha256:[0-9a-f]{64})?")
_HINT = "Write one with: wheelcheck bundle PLAN -o FOLDER"


def parse_manifest(content: bytes, path: str) -> Manifest:
    """Read *content*, the manifest called *path* in messages.

    Raises ``InputUnreadable`` naming *path* and the JSON pointer when it is no manifest of schema ``wheelcheck.bundle/1``, and
    when a path in it is absolute, has ``..`` or a backslash, or stands twice.
    """
    try:
        document = Cursor(value=json.loads(content.decode("utf-8-sig")), path=path)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputUnreadable(
            "not a bundle's manifest: the file is not JSON", address=f"{path}{line}", hint=_HINT
        ) from error
    _check_schema(document)
    target = document.at("target")
    return Manifest(
        name=document.at("name").text(),
        version=document.at("version").text(),
        plan_digest=_matching(document.at("plan"), _PLAN_DIGEST, "a digest of a plan"),
        platform=target.at("platform").text(),
        python=target.at("python").text(),
        runtime=_runtime(document.at("runtime")),
        layout=_layout(document.at("layout")),
        packages=tuple(_package(package) for package in document.at("packages").items()),
        files=_files(document.at("files")),
        archives=tuple(_archive(archive) for archive in document.elements_of("archives")),
        stripped=document.texts_of("stripped"),
    )


def _check_schema(document: Cursor) -> None:
    if not isinstance(document.value, dict) or "schema" not in document.value:
        document.refuse("is not a bundle's manifest", hint=_HINT)
    schema = document.at("schema")
    if schema.text() != BUNDLE_SCHEMA_NAME:
        schema.refuse(
            f"is {schema.text()!r}, and this version of wheelcheck reads {BUNDLE_SCHEMA_NAME!r}",
            hint="Make the bundle again, or use the version of wheelcheck that wrote it.",
        )


def _runtime(at: Cursor) -> Runtime:
    python, free_threaded = at.maybe("python"), at.maybe("free_threaded")
    return Runtime(
        kind=at.at("kind").read(RuntimeKind, "a kind of runtime"),
        python=python.read(Version, "a version") if python is not None else None,
        system=at.at("system").text(),
        machine=at.text_of("machine"),
        free_threaded=free_threaded.truth() if free_threaded is not None else False,
    )


def _layout(at: Cursor) -> Layout:
    return Layout(
        executable=_place(at.at("executable"), empty_too=("",)),
        site_packages=_place(at.at("site_packages"), empty_too=(".",)),
        scripts=_place(at.at("scripts"), empty_too=(".",)),
        headers=_place(at.at("headers"), empty_too=(".",)),
        data=_place(at.at("data"), empty_too=(".",)),
    )


def _package(at: Cursor) -> BundledPackage:
    return BundledPackage(
        name=_name(at.at("name")),
        version=at.at("version").read(Version, "a version"),
        wheel=at.at("wheel").text(),
        sha256=_matching(at.at("sha256"), _SHA256, "a SHA-256 digest"),
    )


def _archive(at: Cursor) -> BundleArchive:
    filename = at.at("filename")
    if "/" in _place(filename):
        filename.refuse("is not the name of a file in the same folder")
    return BundleArchive(
        filename=filename.text(),
        size=_size(at.at("size")),
        sha256=_matching(at.at("sha256"), _SHA256, "a SHA-256 digest"),
        installed=_size(at.at("installed")),
        layer=at.text_of("layer") or "",
    )


def _files(at: Cursor) -> tuple[EnvironmentFile, ...]:
    seen: set[str] = set()
    files = []
    for element in at.items():
        file = _file(element)
        if file.path in seen:
            element.at("path").refuse(f"stands twice: {file.path!r}")
        seen.add(file.path)
        files.append(file)
    return tuple(files)


def _file(at: Cursor) -> EnvironmentFile:
    owner, executable = at.maybe("owner"), at.maybe("executable")
    link = at.text_of("link") or ""
    return EnvironmentFile(
        path=_place(at.at("path")),
        size=_size(at.at("size")),
        sha256="" if link else _matching(at.at("sha256"), _SHA256, "a SHA-256 digest"),
        owner=_name(owner) if owner is not None else None,
        executable=executable.truth() if executable is not None else False,
        link=link,
    )


def _name(at: Cursor) -> NormalizedName:
    return canonicalize_name(at.text())


def _size(at: Cursor) -> int:
    if at.number() < 0:
        at.refuse("is less than nothing")
    return at.number()


def _matching(at: Cursor, pattern: re.Pattern[str], what: str) -> str:
    if not pattern.fullmatch(at.text()):
        at.refuse(f"is not {what}: {at.text()!r}")
    return at.text()


def _place(at: Cursor, *, empty_too: tuple[str, ...] = ()) -> str:
    """A path inside the bundle, or one of the words *empty_too*."""
    text = at.text()
    if text in empty_too:
        return text
    # A manifest comes with a download: its paths are joined to a folder, and must stay in it on every system.
    if "\\" in text or "\0" in text or text[1:2] == ":" or any(part in ("", ".", "..") for part in text.split("/")):
        at.refuse(f"is not a path inside the bundle: {text!r}")
    return text
