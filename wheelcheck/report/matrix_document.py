"""The grid as JSON, all of it but the plans: the same answer gives the same bytes; refuses to write credentials."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType, field
from packaging.version import Version

from wheelcheck.model.answers import Best, Cell, CellStatus, Matrix, Opening
from wheelcheck.model.document import SCHEMA_KEY, Count, Path, ProjectName, about, document_of, render_shareable, stated
from wheelcheck.model.finding import Code
from wheelcheck.model.plan import InputRecord
from wheelcheck.model.target import TargetName
from wheelcheck.plans.repair_documents import RepairDocument, repair_document
from wheelcheck.report.matrix import matrix_verdict

_Texts = tuple[str, ...]
_Names = tuple[ProjectName, ...]
_Targets = tuple[TargetName, ...]


class CellDocument(TargetName, frozen=True, kw_only=True):
    """One platform with one Python."""

    status: Annotated[CellStatus, about("How the cell came out.")]
    failure: Annotated[
        str | None, about("Why there is no plan; of an unsupported cell, the bound that excludes its Python.")
    ]
    packages: Annotated[Count | None, about("How many projects the plan has.")]
    build_once: Annotated[_Names, about("Projects whose pure source archives are built once.")]
    blockers: Annotated[_Names, about("Names of the projects that block this cell, of those in blockers.")]


class BlockerFinding(Struct, frozen=True, kw_only=True):
    """Why a project blocks, as its first cell has it."""

    code: Annotated[Code, about("A stable code.")]
    version: Annotated[Version | None, about("The version it is about.")]
    message: Annotated[str, about("A whole sentence that stands alone.")]
    evidence: Annotated[_Texts, about("The facts that it stands on, strongest first.")]
    paths: Annotated[tuple[Path, ...], about("The ways by which the project is required.")]


class BlockerDocument(Struct, frozen=True, kw_only=True):
    """A project that keeps cells from installing."""

    package: Annotated[ProjectName | None, about("null for a conflict, or for what the input itself says.")]
    versions: Annotated[tuple[Version, ...], about("The versions that the cells would take, oldest first.")]
    requested: Annotated[bool, about("Whether the input asks for it.")]
    findings: Annotated[tuple[BlockerFinding, ...], about("One finding of each code.")]
    targets: Annotated[_Targets, about("The cells that it blocks.")]


class OtherPython(Struct, frozen=True, kw_only=True):
    """A platform that needs another Python than the others."""

    platform: Annotated[str, about("The platform.")]
    newest_python: Annotated[str, about("The newest Python with which it installs.")]


class BestDocument(Struct, frozen=True, kw_only=True):
    """The Python with which most platforms install."""

    python: Annotated[str, about("The Python.")]
    good: Annotated[_Texts, about("The platforms that install with it.")] = field(name="platforms")
    exceptions: Annotated[tuple[OtherPython, ...], about("Platforms that install with other Pythons only.")]
    never: Annotated[_Texts, about("Platforms that install with no Python asked for.")]


class OpeningDocument(Struct, frozen=True, kw_only=True):
    """The cheapest repair of cells that equal blockers block."""

    proved: Annotated[TargetName, about("The cell on which it was searched, and its risk judged.")] = field(
        name="proved_on"
    )
    alike: Annotated[
        _Targets, about("Other cells with equal blockers that it opens; it was resolved again on each.")
    ] = field(name="same_blockers")
    repair: Annotated[RepairDocument | None, about("As in the schema of the plan; null where none was found.")]
    searched: Annotated[bool, about("Whether the search came to its end.")] = field(name="complete")
    others: Annotated[
        tuple[RepairDocument, ...] | UnsetType,
        about("Dearer repairs of the cell on which it was searched; left out where there are none."),
    ] = field(default=UNSET, name="other_repairs")


class MatrixDocument(Struct, frozen=True, kw_only=True):
    """On which platforms and Pythons an input installs.

    Keys may be added without a new schema number: readers keep what they do not know.
    """

    schema: Annotated[Literal["wheelcheck.matrix/1"], SCHEMA_KEY]
    exit_status: Annotated[
        int,
        stated(
            "0: every cell that the project supports installs, builds of pure source included. 1: one is blocked. 3: an index "
            "failed. 4: undecided within the budget. With --any the command itself leaves with 0 where one installs.",
            enum=[0, 1, 3, 4],
        ),
    ]
    summary: Annotated[str, about("The answer in one line.")]
    inputs: Annotated[tuple[InputRecord, ...], about("Every input, in reading order.")]
    platforms: Annotated[_Texts, about("The rows, in the order asked for.")]
    pythons: Annotated[_Texts, about("The columns, in the order asked for.")]
    counts: Annotated[dict[CellStatus, Count], about("How many cells have each status.")]
    cells: Annotated[tuple[CellDocument, ...], about("Every cell asked for, row by row.")]
    blockers: Annotated[
        tuple[BlockerDocument, ...],
        about("Every project that keeps a cell from installing, once, those that block most first."),
    ]
    best: Annotated[BestDocument | None, about("The Python to ship to all platforms; null where no cell installs.")]
    openings: Annotated[
        tuple[OpeningDocument, ...],
        about("One for each group of cells with equal blockers; empty where repairs were not wanted."),
    ]


def render_matrix_json(matrix: Matrix) -> str:
    """Render *matrix* as the JSON of schema ``wheelcheck.matrix/1``, keys in the documented order, ending in a newline."""
    counts = Counter(cell.status for cell in matrix.cells)
    return render_shareable(
        document_of(
            MatrixDocument,
            matrix,
            schema="wheelcheck.matrix/1",
            summary=matrix_verdict(matrix),
            counts={each: counts[each] for each in CellStatus if counts[each] or each is not CellStatus.UNSUPPORTED},
            cells=tuple(map(_cell, matrix.cells)),
            best=_best(matrix.best) if matrix.best is not None else None,
            openings=tuple(map(_opening, matrix.openings)),
        )
    )


def _cell(cell: Cell) -> CellDocument:
    plan = cell.plan
    return document_of(
        CellDocument,
        cell.target,
        status=cell.status,
        failure=cell.failure or None,
        packages=len(plan.packages) if plan is not None else None,
        build_once=plan.built_once if plan is not None else (),
        blockers=tuple(sorted({error.package for error in cell.blocking if error.package})),
    )


def _best(best: Best) -> BestDocument:
    others = tuple(OtherPython(platform=platform, newest_python=python) for platform, python in best.exceptions)
    return document_of(BestDocument, best, exceptions=others)


def _opening(opening: Opening) -> OpeningDocument:
    repair = repair_document(opening.repair) if opening.repair is not None else None
    others = tuple(map(repair_document, opening.others)) or UNSET
    return document_of(OpeningDocument, opening, repair=repair, others=others)
