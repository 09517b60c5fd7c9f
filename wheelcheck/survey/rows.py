"""The rows of a survey's tables, and the one row type of each; an answer is a matrix, taken apart.

``Matrix → Answer``. A value is ``None`` where it is not known. The key of a question joins the tables; ``inputs`` says which input
asked which question, ``places`` where it names a project.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from wheelcheck.model.answers import Cell, Matrix, Opening
    from wheelcheck.model.plan import Plan


class Row(Struct, frozen=True, kw_only=True):
    """A row; the fields are the columns, in order."""


class InputRow(Row, frozen=True, kw_only=True):
    """An input of the survey and the question that it asks; empty for one that could not be read."""

    id: str
    question: str


class PlaceRow(Row, frozen=True, kw_only=True):
    """Where an input asks for a project: *file* as the input names it, *line* from 1, 0 where there are no lines."""

    id: str
    name: str
    file: str
    line: int


class CellRow(Row, frozen=True, kw_only=True):
    """How a question came out on one target; *digest* is that of the packages, and equal where equal ones would be installed."""

    question: str
    platform: str
    python: str
    status: str
    failure: str
    packages: int | None
    size: int | None
    digest: str | None


class FindingRow(Row, frozen=True, kw_only=True):
    """A finding of a cell; *root* is the project that the input asks for on the way to it."""

    question: str
    platform: str
    python: str
    code: str
    severity: str
    package: str | None
    version: str | None
    root: str | None
    message: str


class PackageRow(Row, frozen=True, kw_only=True):
    """What a cell would install."""

    question: str
    platform: str
    python: str
    name: str
    version: str
    requested: bool
    installability: str
    filename: str | None
    size: int | None


class RepairRow(Row, frozen=True, kw_only=True):
    """What opens a cell, where it was resolved again; *proved* says that it was found there, and its risk judged."""

    question: str
    platform: str
    python: str
    risk: str
    edits: str
    options: str
    proved: bool


class FailureRow(Row, frozen=True, kw_only=True):
    """Why there is no answer to an input (*question* is empty) or to a question (*id* is empty)."""

    id: str
    question: str
    reason: str


class TimingRow(Row, frozen=True, kw_only=True):
    """What a question cost; no part of the answer."""

    question: str
    seconds: float
    worker: str


class RunRow(Row, frozen=True, kw_only=True):
    """What the survey was made with: wheelcheck's *version*, the *day* asked about, the *index* and the *options* as JSON."""

    version: str
    day: str
    index: str
    options: str


class Answer(Struct, frozen=True, kw_only=True):
    """The rows of one question."""

    question: str
    cells: tuple[CellRow, ...]
    findings: tuple[FindingRow, ...]
    packages: tuple[PackageRow, ...]
    repairs: tuple[RepairRow, ...]


TABLES: dict[str, type[Row]] = {
    "inputs": InputRow,
    "places": PlaceRow,
    "cells": CellRow,
    "findings": FindingRow,
    "packages": PackageRow,
    "repairs": RepairRow,
    "failures": FailureRow,
    "timings": TimingRow,
    "run": RunRow,
}
"""Every table and what its rows are."""


def answer_rows(question: str, matrix: Matrix) -> Answer:
    """*matrix* as rows of *question*."""
    return Answer(
        question=question,
        cells=tuple(_cell(question, cell) for cell in matrix.cells),
        findings=tuple(row for cell in matrix.cells for row in _iter_findings(question, cell)),
        packages=tuple(row for cell in matrix.cells for row in _iter_packages(question, cell)),
        repairs=tuple(row for opening in matrix.openings for row in _iter_repairs(question, opening)),
    )


def _cell(question: str, cell: Cell) -> CellRow:
    plan = cell.plan
    sizes = [package.size for package in plan.packages] if plan is not None else []
    known = [size for size in sizes if size is not None]
    return CellRow(
        question=question,
        platform=cell.target.platform,
        python=cell.target.python,
        status=cell.status.value,
        failure=cell.failure,
        packages=len(plan.packages) if plan is not None else None,
        size=sum(known) if known and len(known) == len(sizes) else None,
        digest=_digest(plan) if plan is not None else None,
    )


def _digest(plan: Plan) -> str:
    named = sorted(f"{each.name}=={each.version} {each.filename or ''}" for each in plan.packages)
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def _iter_findings(question: str, cell: Cell) -> Iterator[FindingRow]:
    for finding in cell.plan.findings if cell.plan is not None else ():
        yield FindingRow(
            question=question,
            platform=cell.target.platform,
            python=cell.target.python,
            code=finding.code.number,
            severity=finding.severity.value,
            package=finding.package,
            version=str(finding.version) if finding.version is not None else None,
            root=_root(finding.paths, finding.package),
            message=finding.message,
        )


def _root(paths: tuple[tuple[str, ...], ...], package: str | None) -> str | None:
    """The project that the shortest way begins with; a way is ``audiocraft==1.3.0``, ``av==11.0.0``."""
    return paths[0][0].partition("==")[0] if paths and paths[0] else package


def _iter_packages(question: str, cell: Cell) -> Iterator[PackageRow]:
    for package in cell.plan.packages if cell.plan is not None else ():
        yield PackageRow(
            question=question,
            platform=cell.target.platform,
            python=cell.target.python,
            name=package.name,
            version=str(package.version),
            requested=package.requested,
            installability=package.installability.value,
            filename=package.filename,
            size=package.size,
        )


def _iter_repairs(question: str, opening: Opening) -> Iterator[RepairRow]:
    if opening.repair is None:
        return
    for target in (opening.proved, *opening.alike):
        yield RepairRow(
            question=question,
            platform=target.platform,
            python=target.python,
            risk=opening.repair.risk.value,
            edits="; ".join(edit.line for edit in opening.repair.edits),
            options=" ".join(opening.repair.options),
            proved=target is opening.proved,
        )
