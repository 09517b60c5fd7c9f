"""The parts that JSON documents of several commands share (target names, origins, allowances, findings), and their JSON Schemas."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType
from packaging.version import Version

from wheelcheck.model.check import Allowance, Verdict
from wheelcheck.model.document import Line, ProjectName, about, document_of, render_json
from wheelcheck.model.finding import Code
from wheelcheck.model.requirement import CandidateOrigin, CommandLineOrigin, FileOrigin, Origin
from wheelcheck.model.target import TargetName
from wheelcheck.report.grouping import FindingGroup

_Texts = tuple[str, ...]


class OriginDocument(Struct, frozen=True, kw_only=True):
    """Where something was asked: a line of a file, an argument of the command line, or the metadata of a package."""

    kind: Annotated[Literal["file", "command-line", "package"], about("Which of the three.")]
    path: Annotated[str | UnsetType, about("The file, as the user named it.")] = UNSET
    line: Annotated[Line | UnsetType | None, about("The line, from 1; null where the format has no lines.")] = UNSET
    text: Annotated[str | UnsetType, about("The argument.")] = UNSET
    option: Annotated[str | UnsetType | None, about("The option that it followed; null for an input.")] = UNSET
    name: Annotated[ProjectName | UnsetType, about("The package that asks.")] = UNSET
    version: Annotated[Version | UnsetType, about("The version of it.")] = UNSET


class AllowanceDocument(Struct, frozen=True, kw_only=True):
    """A finding that somebody decided to live with, why, and until when."""

    package: Annotated[ProjectName, about("The project that it is for.")]
    specifier: Annotated[str | None, about("The versions that it covers; null for any.")]
    targets: Annotated[_Texts, about("Shell patterns of the targets that it covers; empty for any.")]
    codes: Annotated[_Texts, about("The codes, or how they begin, that it covers; empty for any.")]
    reason: Annotated[str, about("Why.")]
    expires: Annotated[str, about("The last day on which it counts, ISO 8601.")]
    origin: Annotated[OriginDocument, about("Where it stands in the settings.")]


VERDICT = about(
    "fails: the gate fails for it. warns: reported, and passes. allowed: an allowance covers it. known: it is in the baseline. "
    "noted: a remark. What would fail on a target that is undecided is reported as a warning: a search that ended early proves "
    "nothing."
)
"""What the schemas say of a verdict."""


class SharedFinding(Struct, frozen=True, kw_only=True):
    """A finding with all targets that share it: the same code, package, version and verdict."""

    code: Annotated[Code, about("A stable code, such as WC102.")]
    verdict: Annotated[Verdict, VERDICT]
    package: Annotated[ProjectName | None, about("The project it is about, if it is about one.")]
    version: Annotated[Version | None, about("The version it is about.")]
    message: Annotated[str, about("A whole sentence that holds on all of its targets, or else that of the first.")]
    targets: Annotated[tuple[TargetName, ...], about("The targets on which it was found, in the order asked for.")]
    origins: Annotated[tuple[OriginDocument, ...], about("Every place where the user wrote what leads to it.")]
    fingerprints: Annotated[_Texts, about("What a baseline knows it by, on each target.")]


def shared_finding(group: FindingGroup) -> SharedFinding:
    """The finding of *group* as it is written."""
    return document_of(
        SharedFinding,
        group.finding,
        verdict=group.verdict,
        message=group.message,
        targets=group.targets,
        origins=tuple(map(origin_document, group.origins)),
        fingerprints=group.fingerprints,
    )


def origin_document(origin: Origin) -> OriginDocument:
    """*origin* as it is written."""
    match origin:
        case FileOrigin():
            return OriginDocument(kind="file", path=origin.path, line=origin.line or None)
        case CommandLineOrigin():
            return OriginDocument(kind="command-line", text=origin.text, option=origin.option or None)
        case CandidateOrigin():
            return OriginDocument(kind="package", name=origin.name, version=origin.version)


def allowance_document(allowance: Allowance) -> AllowanceDocument:
    """*allowance* as it is written."""
    specifier = str(allowance.specifier) or None
    return document_of(AllowanceDocument, allowance, specifier=specifier, origin=origin_document(allowance.origin))


_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(document: type[msgspec.Struct]) -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of the *document*, whose first key names the schema."""
    from inspect import cleandoc

    from wheelcheck.model.inspection import ProblemKind

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
