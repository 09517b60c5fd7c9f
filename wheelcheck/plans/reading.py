"""Reads a plan file back into a plan; refuses what another schema version wrote, keeps keys that it does not know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.distribution import MetadataSource, WheelTag
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.judgement import Installability
from wheelcheck.model.plan import BuilderPhase, InputRecord, Options, Plan, PlannedFile, PlannedPackage
from wheelcheck.model.plan_status import Status
from wheelcheck.model.target import Target
from wheelcheck.plans.cursor import Cursor
from wheelcheck.plans.proposal_reading import iter_strange_in_proposals, read_proposals
from wheelcheck.plans.schema import SCHEMA_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODES = {code.number: code for code in Code}
_KNOWN = {
    "": frozenset(
        (
            *("schema", "digest", "status", "target", "inputs", "options", "packages", "findings"),
            *("repairs", "repair_search", "applied", "phases"),
        )
    ),
    "target": frozenset(
        ("platform", "python", "implementation", "python_full", "patch_assumed", "tags", "markers", "unknowable")
    ),
    "inputs": frozenset(("path", "sha256")),
    "options": frozenset(
        (
            *("sdist", "exclude_newer", "indexes", "find_links", "pre"),
            *("constraints", "overrides", "excludes", "replacements", "sources"),
        )
    ),
    "packages": frozenset(
        (
            *("name", "version", "requested", "direct", "extras", "required_by", "requires"),
            *("installability", "metadata", "requires_python", "file"),
        )
    ),
    "file": frozenset(("filename", "url", "sha256", "size", "upload_time", "tag", "hashes", "index")),
    "findings": frozenset(("code", "severity", "package", "version", "message", "evidence", "paths", "nearest")),
    "phases": frozenset(("kind", "no_deps", "packages", "reason")),
}


def parse_plan(content: bytes, path: str) -> Plan:
    """Read *content*, the plan file called *path* in messages; writing the result gives the same bytes.

    Raises ``InputUnreadable`` naming *path* and the JSON pointer when it is no plan of schema ``wheelcheck.plan/1``.
    """
    try:
        document = Cursor(value=json.loads(content.decode("utf-8-sig")), path=path)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputUnreadable(
            "not a plan: the file is not JSON", address=f"{path}{line}", hint="Write one with: wheelcheck plan -o FILE"
        ) from error
    _check_schema(document)
    return Plan(
        status=document.at("status").read(Status, "a status"),
        target=_target(document.at("target")),
        inputs=tuple(_input(record) for record in document.at("inputs").items()),
        options=_options(document.at("options")),
        packages=tuple(_package(package) for package in document.at("packages").items()),
        findings=tuple(_finding(finding) for finding in document.at("findings").items()),
        phases=tuple(_phase(phase) for phase in document.at("phases").items()),
        proposals=read_proposals(document),
        applied=document.texts_of("applied"),
        unknown=dict(_iter_unknown(document)),
    )


def _check_schema(document: Cursor) -> None:
    if not isinstance(document.value, dict) or "schema" not in document.value:
        document.refuse("is not a plan", hint="Write one with: wheelcheck plan -o FILE")
    schema = document.at("schema")
    if schema.text() != SCHEMA_NAME:
        schema.refuse(
            f"is {schema.text()!r}, and this version of wheelcheck reads {SCHEMA_NAME!r}",
            hint="Make the plan again, or use the version of wheelcheck that wrote it.",
        )


def _target(at: Cursor) -> Target:
    python_full = at.maybe("python_full") or at.at("python")
    patch_assumed = at.maybe("patch_assumed")
    return Target(
        platform=at.at("platform").text(),
        python=at.at("python").text(),
        implementation=at.at("implementation").text(),
        python_full=python_full.read(Version, "a version"),
        tags=tuple(_tag(tag) for tag in at.at("tags").items()),
        markers={name: value.text() for name, value in at.at("markers").members()},
        unknowable=frozenset(at.texts_of("unknowable")),
        patch_assumed=patch_assumed.truth() if patch_assumed is not None else False,
    )


def _tag(at: Cursor) -> WheelTag:
    parts = at.text().split("-")
    if len(parts) != 3:
        at.refuse(f"is not a wheel tag: {at.text()!r}")
    return parts[0], parts[1], parts[2]


def _input(at: Cursor) -> InputRecord:
    return InputRecord(path=at.at("path").text(), sha256=at.text_of("sha256") or "")


def _options(at: Cursor) -> Options:
    pre = at.maybe("pre")
    return Options(
        sdist=at.at("sdist").text(),
        exclude_newer=at.text_of("exclude_newer"),
        indexes=at.texts_of("indexes"),
        find_links=at.texts_of("find_links"),
        pre=pre.truth() if pre is not None else False,
        constraints=at.texts_of("constraints"),
        overrides=at.texts_of("overrides"),
        excludes=at.texts_of("excludes"),
        replacements=at.texts_of("replacements"),
        sources=at.texts_of("sources"),
    )


def _package(at: Cursor) -> PlannedPackage:
    file, direct = at.maybe("file"), at.maybe("direct")
    return PlannedPackage(
        name=_name(at.at("name")),
        version=at.at("version").read(Version, "a version"),
        requested=at.at("requested").truth(),
        direct=direct.truth() if direct is not None else False,
        extras=_names(at, "extras"),
        required_by=_names(at, "required_by"),
        requires=_names(at, "requires"),
        installability=at.at("installability").read(Installability, "an installability"),
        metadata=at.at("metadata").read(MetadataSource, "a metadata source"),
        requires_python=at.text_of("requires_python"),
        file=_file(file) if file is not None else None,
    )


def _file(at: Cursor) -> PlannedFile:
    size, hashes = at.maybe("size"), at.maybe("hashes")
    sha256 = at.text_of("sha256") or ""
    announced = {name: digest.text() for name, digest in hashes.members()} if hashes is not None else {}
    if sha256:
        announced.setdefault("sha256", sha256)
    return PlannedFile(
        filename=at.at("filename").text(),
        url=at.at("url").text(),
        sha256=sha256,
        size=size.number() if size is not None else None,
        upload_time=at.text_of("upload_time"),
        tag=at.text_of("tag"),
        hashes=tuple(sorted(announced.items())),
        index=at.text_of("index") or "",
    )


def _finding(at: Cursor) -> Finding:
    code, package, version = at.at("code"), at.maybe("package"), at.maybe("version")
    paths, nearest = at.maybe("paths"), at.maybe("nearest")
    if code.text() not in _CODES:
        code.refuse(f"is an unknown finding: {code.text()!r}", hint="A newer wheelcheck wrote this plan; use that one.")
    return Finding(
        code=_CODES[code.text()],
        severity=at.at("severity").read(Severity, "a severity"),
        package=_name(package) if package is not None else None,
        version=version.read(Version, "a version") if version is not None else None,
        message=at.at("message").text(),
        evidence=at.texts_of("evidence"),
        paths=tuple(path.texts() for path in paths.items()) if paths is not None else (),
        nearest=nearest.read(Version, "a version") if nearest is not None else None,
    )


def _phase(at: Cursor) -> BuilderPhase:
    kind, no_deps = at.at("kind").text(), at.maybe("no_deps")
    if kind not in ("build-once", "install"):
        # A step that is not understood cannot be skipped safely.
        at.at("kind").refuse(f"is an unknown phase: {kind!r}", hint="A newer wheelcheck wrote this plan; use that one.")
    return BuilderPhase(
        kind="build-once" if kind == "build-once" else "install",
        packages=_names(at, "packages"),
        no_deps=no_deps.truth() if no_deps is not None else True,
        reason=at.text_of("reason") or "",
    )


def _name(at: Cursor) -> NormalizedName:
    return canonicalize_name(at.text())


def _names(at: Cursor, key: str) -> tuple[NormalizedName, ...]:
    return tuple(canonicalize_name(text) for text in at.texts_of(key))


def _iter_unknown(document: Cursor) -> Iterator[tuple[str, object]]:
    yield from _iter_strange(document, "")
    for kind in ("target", "options"):
        yield from _iter_strange(document.at(kind), kind)
    for kind in ("inputs", "packages", "findings", "phases"):
        for element in document.at(kind).items():
            yield from _iter_strange(element, kind)
            if kind == "packages" and (file := element.maybe("file")) is not None:
                yield from _iter_strange(file, "file")
    yield from iter_strange_in_proposals(document)


def _iter_strange(at: Cursor, kind: str) -> Iterator[tuple[str, object]]:
    return at.strangers(_KNOWN[kind])
