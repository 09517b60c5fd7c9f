"""Writes a plan as JSON: the same plan gives the same bytes; refuses to write credentials.

The standard library's ``json`` is used: a plan of 130 packages takes it 4 ms, and nothing more is imported.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wheelcheck.model.urls import masked, masked_within
from wheelcheck.plans.digest import KEY, plan_digest
from wheelcheck.plans.schema import SCHEMA_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheelcheck.model.finding import Finding
    from wheelcheck.model.plan import BuilderPhase, Options, Plan, PlannedFile, PlannedPackage
    from wheelcheck.model.repair import Proposals
    from wheelcheck.model.target import Target

_Object = dict[str, object]


def render_plan(plan: Plan) -> bytes:
    """Render *plan* as the JSON of schema ``wheelcheck.plan/1``: UTF-8, two spaces, keys in the documented order.

    ``digest`` is the digest of all the rest, by which a builder sees that nobody edited the plan.
    What a reader did not understand (``plan.unknown``) is put back where it was.
    """
    document: _Object = {
        "schema": SCHEMA_NAME,
        "status": plan.status.value,
        "target": _target(plan.target),
        "inputs": [
            {"path": masked(record.path) if "://" in record.path else record.path, "sha256": record.sha256 or None}
            for record in plan.inputs
        ],
        "options": _options(plan.options),
        "packages": [_package(package) for package in plan.packages],
        "findings": [_finding(finding) for finding in plan.findings],
        **_proposals(plan.proposals),
        "applied": list(plan.applied),
        "phases": [_phase(phase) for phase in plan.phases],
    }
    _put_back(document, plan.unknown)
    # Last, for it is of everything else; told first, where a reader looks.
    document = {"schema": SCHEMA_NAME, KEY: plan_digest(document), **document}
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _proposals(proposals: Proposals | None) -> _Object:
    if proposals is None:
        return {"repairs": [], "repair_search": None}
    from wheelcheck.plans.proposal_writing import repair_object, search_object

    return {
        "repairs": [repair_object(repair) for repair in proposals.repairs],
        "repair_search": search_object(proposals),
    }


def _target(target: Target) -> _Object:
    return {
        "platform": target.platform,
        "python": target.python,
        "implementation": target.implementation,
        "python_full": str(target.python_full),
        "patch_assumed": target.patch_assumed,
        "tags": ["-".join(tag) for tag in target.tags],
        "markers": dict(sorted(target.markers.items())),
        "unknowable": sorted(target.unknowable),
    }


def _options(options: Options) -> _Object:
    return {
        "sdist": options.sdist,
        "exclude_newer": options.exclude_newer,
        "indexes": [masked(url) for url in options.indexes],
        "find_links": [masked(url) for url in options.find_links],
        "pre": options.pre,
        "constraints": list(options.constraints),
        "overrides": list(options.overrides),
        "excludes": list(options.excludes),
        "replacements": list(options.replacements),
        "sources": [masked_within(text) for text in options.sources],
    }


def _package(package: PlannedPackage) -> _Object:
    return {
        "name": package.name,
        "version": str(package.version),
        "requested": package.requested,
        "direct": package.direct,
        "extras": list(package.extras),
        "required_by": list(package.required_by),
        "requires": list(package.requires),
        "installability": package.installability.value,
        "metadata": package.metadata.value,
        "requires_python": package.requires_python,
        "file": _file(package.file) if package.file is not None else None,
    }


def _file(file: PlannedFile) -> _Object:
    return {
        "filename": file.filename,
        "url": masked(file.url),
        "sha256": file.sha256 or None,
        "size": file.size,
        "upload_time": file.upload_time,
        "tag": file.tag,
        "hashes": dict(file.hashes),
        "index": masked(file.index) or None,
    }


def _finding(finding: Finding) -> _Object:
    return {
        "code": finding.code.number,
        "severity": finding.severity.value,
        "package": finding.package,
        "version": str(finding.version) if finding.version is not None else None,
        "message": finding.message,
        "evidence": list(finding.evidence),
        "paths": [list(path) for path in finding.paths],
        "nearest": str(finding.nearest) if finding.nearest is not None else None,
    }


def _phase(phase: BuilderPhase) -> _Object:
    return {
        "kind": phase.kind,
        "no_deps": phase.no_deps,
        "packages": list(phase.packages),
        "reason": phase.reason or None,
    }


def _put_back(document: _Object, unknown: Mapping[str, object]) -> None:
    for pointer, value in unknown.items():
        *way, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
        place: object = document
        for part in way:
            match place:
                case dict():
                    place = place.get(part)
                case list() if part.isdecimal() and int(part) < len(place):
                    place = place[int(part)]
                case _:
                    place = None
        if isinstance(place, dict):
            place[last] = value
