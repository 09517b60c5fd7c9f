"""Sample grids: cells of each kind, made of the sample plans."""

from __future__ import annotations

from msgspec.structs import replace

from tests.fakes import proposed, samples
from wheelcheck.model.answers import Cell, Matrix, Opening
from wheelcheck.model.finding import Code, Severity
from wheelcheck.model.plan import Plan
from wheelcheck.model.target import Target
from wheelcheck.plans.comparing import best_python, find_blockers
from wheelcheck.targets.targets import parse_target

TORCH = samples.finding(Code.OTHER_PLATFORMS, "torch", "2.9.0", "torch 2.9.0 has wheels only for other platforms.")


def target(platform: str, python: str) -> Target:
    """The target of two words."""
    return parse_target(platform, python)


def cell(platform: str, python: str, plan: Plan | None, *, failure: str = "") -> Cell:
    """The cell with *plan*, told of its target."""
    where = target(platform, python)
    return Cell(target=where, plan=replace(plan, target=where) if plan is not None else None, failure=failure)


def blocked_by_torch() -> Plan:
    """Blocked by a project that has no wheel for the platform."""
    blocked = samples.blocked_plan()
    kept = tuple(finding for finding in blocked.findings if finding.severity is not Severity.ERROR)
    return replace(blocked, findings=(TORCH, *kept))


def compared(*cells: Cell, openings: tuple[Opening, ...] = ()) -> Matrix:
    """The grid of *cells*."""
    return Matrix(
        inputs=samples.INPUTS,
        cells=cells,
        blockers=find_blockers(cells),
        best=best_python(cells),
        openings=openings,
    )


def mixed() -> Matrix:
    """Every kind of cell, and repairs of some."""
    return compared(
        cell("win_amd64", "3.11", samples.installable_plan()),
        cell("win_amd64", "3.12", samples.installable_plan()),
        cell("win_amd64", "3.13t", samples.blocked_plan()),
        cell("manylinux_2_28_x86_64", "3.11", samples.needs_build_plan()),
        cell("manylinux_2_28_x86_64", "3.12", samples.blocked_plan()),
        cell("manylinux_2_28_x86_64", "3.13t", samples.undecided_plan()),
        cell("musllinux_1_2_aarch64", "3.11", blocked_by_torch()),
        cell("musllinux_1_2_aarch64", "3.12", blocked_by_torch()),
        cell("musllinux_1_2_aarch64", "3.13t", None, failure="https://index.example/simple/torch/: no answer"),
        openings=(
            Opening(
                proved=target("win_amd64", "3.13t"),
                repair=proposed.THREE_WAYS.repairs[0],
                alike=(target("manylinux_2_28_x86_64", "3.12"),),
            ),
            Opening(
                proved=target("musllinux_1_2_aarch64", "3.11"),
                repair=None,
                alike=(target("musllinux_1_2_aarch64", "3.12"),),
            ),
        ),
    )


def full_of_wheels() -> Matrix:
    """Installs everywhere."""
    return compared(
        *(
            cell(platform, python, samples.installable_plan())
            for platform in ("win_amd64", "macosx_13_0_arm64")
            for python in ("3.12", "3.13", "3.13t")
        )
    )
