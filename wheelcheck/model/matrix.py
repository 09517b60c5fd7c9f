"""One input on platforms times Pythons: which cells install, what blocks the rest; ``plans/`` compares."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from wheelcheck.model.judgement import Status

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelcheck.model.finding import Finding
    from wheelcheck.model.plan import InputRecord, Plan
    from wheelcheck.model.repair import Repair
    from wheelcheck.model.target import Target


class CellStatus(Enum):
    """How one cell came out; the value is the word of the schema, the order from best to worst."""

    INSTALLS = "installs"
    NEEDS_BUILD = "needs-build"
    BLOCKED = "blocked"
    UNDECIDED = "undecided"
    FAILED = "failed"

    @property
    def is_good(self) -> bool:
        """Whether a plan of the cell can be executed."""
        return self in (CellStatus.INSTALLS, CellStatus.NEEDS_BUILD)


_OF_PLANS = {
    Status.INSTALLABLE: CellStatus.INSTALLS,
    Status.NEEDS_BUILD: CellStatus.NEEDS_BUILD,
    Status.BLOCKED: CellStatus.BLOCKED,
    Status.UNDECIDED: CellStatus.UNDECIDED,
}


class Cell(Struct, frozen=True, kw_only=True):
    """One target's plan; ``failure`` says in a sentence why there is none (the index went away)."""

    target: Target
    plan: Plan | None
    failure: str = ""

    @property
    def status(self) -> CellStatus:
        """What the grid shows."""
        return CellStatus.FAILED if self.plan is None else _OF_PLANS[self.plan.status]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that block it; none where the search ended early, for what that met proves nothing."""
        return self.plan.errors if self.plan is not None and self.status is CellStatus.BLOCKED else ()


class Blocker(Struct, frozen=True, kw_only=True):
    """A project that keeps cells from installing, named once.

    ``versions`` are those that the cells would take, oldest first. ``findings`` are one of each code, the one of its first cell;
    a package of ``None`` is a conflict of the requirements or of the input itself. ``requested`` says that the user asks for it.
    """

    package: NormalizedName | None
    versions: tuple[Version, ...]
    findings: tuple[Finding, ...]
    targets: tuple[Target, ...]
    requested: bool = False


class Best(Struct, frozen=True, kw_only=True):
    """The Python to ship: with it the most platforms install, and it is the newest of those with as many.

    ``good`` are the platforms that install with it, ``exceptions`` those that install with other Pythons only, each with the newest
    of these, ``never`` those that install with none that was asked for.
    """

    python: str
    good: tuple[str, ...]
    exceptions: tuple[tuple[str, str], ...] = ()
    never: tuple[str, ...] = ()


class Opening(Struct, frozen=True, kw_only=True):
    """The cheapest repair of blocked cells: ``repair`` is proved on ``proved``; ``alike`` are other cells with equal blockers.

    ``repair`` is ``None`` where none was found, and ``searched`` then says whether the search came to its end.
    """

    proved: Target
    repair: Repair | None
    alike: tuple[Target, ...] = ()
    searched: bool = True


class Matrix(Struct, frozen=True, kw_only=True):
    """The whole answer; ``cells`` in the order asked for, at most one for each platform and Python."""

    inputs: tuple[InputRecord, ...]
    cells: tuple[Cell, ...]
    blockers: tuple[Blocker, ...] = ()
    best: Best | None = None
    openings: tuple[Opening, ...] = ()

    @property
    def platforms(self) -> tuple[str, ...]:
        """The rows."""
        return tuple(dict.fromkeys(cell.target.platform for cell in self.cells))

    @property
    def pythons(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(dict.fromkeys(cell.target.python for cell in self.cells))

    def cell(self, platform: str, python: str) -> Cell | None:
        """The cell of this row and column, ``None`` where it was not asked for."""
        found = (cell for cell in self.cells if (cell.target.platform, cell.target.python) == (platform, python))
        return next(found, None)

    @property
    def good(self) -> tuple[Cell, ...]:
        """The cells whose plan can be executed."""
        return tuple(cell for cell in self.cells if cell.status.is_good)

    @property
    def exit_status(self) -> int:
        """1 a cell is blocked; 3 an index failed; 4 undecided within the budget; 0 every cell installs, or needs pure builds.

        The first that holds.
        """
        found = {cell.status for cell in self.cells}
        if CellStatus.BLOCKED in found:
            return 1
        if CellStatus.FAILED in found:
            return 3
        return 4 if CellStatus.UNDECIDED in found else 0
