"""The grid as JSON, all of it but the plans: the same answer gives the same bytes; refuses to write credentials."""

from __future__ import annotations

import json
from collections import Counter

from wheelcheck.model.document import as_plain
from wheelcheck.model.finding import Finding
from wheelcheck.model.matrix import Best, Blocker, Cell, CellStatus, Matrix, Opening
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked_within
from wheelcheck.plans.repair_documents import repair_document
from wheelcheck.report.verdicts import matrix_verdict

MATRIX_SCHEMA = "wheelcheck.matrix/1"
"""The value of ``schema`` in every answer; the number grows only when an old reader would misunderstand a new one."""

_Object = dict[str, object]


def load_matrix_schema() -> dict[str, object]:
    """Read the JSON Schema (draft 2020-12) that every answer satisfies, from the installed package."""
    from importlib.resources import files

    content = files("wheelcheck.report.matrix").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, object] = json.loads(content)
    return schema


def render_json(matrix: Matrix) -> str:
    """Render *matrix* as the JSON of schema ``wheelcheck.matrix/1``, keys in the documented order, ending in a newline."""
    counts = Counter(cell.status for cell in matrix.cells)
    document: _Object = {
        "schema": MATRIX_SCHEMA,
        "exit_status": matrix.exit_status,
        "summary": matrix_verdict(matrix),
        "inputs": [{"path": each.path, "sha256": each.sha256 or None} for each in matrix.inputs],
        "platforms": list(matrix.platforms),
        "pythons": list(matrix.pythons),
        "counts": {status.value: counts[status] for status in CellStatus},
        "cells": [_cell(cell) for cell in matrix.cells],
        "blockers": [_blocker(blocker) for blocker in matrix.blockers],
        "best": _best(matrix.best) if matrix.best is not None else None,
        "openings": [_opening(opening) for opening in matrix.openings],
    }
    # Lone surrogates come from file names that are no UTF-8; no reader takes them.
    text = json.dumps(_masked(document), indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode() if not text.isascii() else text


def _masked(value: object) -> object:
    """*value* without credentials in any text of it, wherever they came from."""
    match value:
        case str():
            return masked_within(value)
        case list() | tuple():
            return [_masked(item) for item in value]
        case dict():
            return {key: _masked(item) for key, item in value.items()}
        case _:
            return value


def _name(target: Target) -> _Object:
    return {"platform": target.platform, "python": target.python}


def _cell(cell: Cell) -> _Object:
    plan = cell.plan
    blocked = plan is not None and cell.status is CellStatus.BLOCKED
    return {
        **_name(cell.target),
        "status": cell.status.value,
        "failure": cell.failure or None,
        "packages": len(plan.packages) if plan is not None else None,
        "build_once": list(plan.built_once) if plan is not None else [],
        "blockers": sorted({error.package for error in plan.errors if error.package})
        if plan is not None and blocked
        else [],
    }


def _blocker(blocker: Blocker) -> _Object:
    return {
        "package": blocker.package,
        "versions": [str(version) for version in blocker.versions],
        "requested": blocker.requested,
        "findings": [_finding(finding) for finding in blocker.findings],
        "targets": [_name(target) for target in blocker.targets],
    }


def _finding(finding: Finding) -> _Object:
    return {
        "code": finding.code.number,
        "version": str(finding.version) if finding.version is not None else None,
        "message": finding.message,
        "evidence": list(finding.evidence),
        "paths": [list(path) for path in finding.paths],
    }


def _best(best: Best) -> _Object:
    return {
        "python": best.python,
        "platforms": list(best.good),
        "exceptions": [{"platform": platform, "newest_python": python} for platform, python in best.exceptions],
        "never": list(best.never),
    }


def _opening(opening: Opening) -> _Object:
    return {
        "proved_on": _name(opening.proved),
        "same_blockers": [_name(target) for target in opening.alike],
        "repair": as_plain(repair_document(opening.repair)) if opening.repair is not None else None,
        "complete": opening.searched,
    }
