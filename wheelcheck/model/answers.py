"""Answers that are no plan: why a project is there, which versions there are, and where an input installs. Others find them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct, field
from packaging.version import Version

from wheelcheck.model.distribution import Status
from wheelcheck.model.document import Count, about

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from wheelcheck.model.distribution import Installability
    from wheelcheck.model.finding import Finding
    from wheelcheck.model.plan import InputRecord, Plan
    from wheelcheck.model.repair import Repair
    from wheelcheck.model.target import Target


class Standing(Enum):
    """How a version on the index stands to the one that was chosen; the value is the word of the JSON answers."""

    CHOSEN = "chosen"
    NEVER_MET = "too new"
    NO_FILE = "no usable file"
    SOURCE_ONLY = "source only"
    OUTSIDE = "outside the bounds"
    YANKED = "yanked"
    PRE_RELEASE = "pre-release"
    NOT_COMBINED = "not combined"
    OLDER = "older"


class VersionRange(Struct, frozen=True, kw_only=True):
    """Versions that stand alike, as one line."""

    newest: Annotated[Version, about("The newest of them.")]
    oldest: Annotated[Version, about("The oldest of them.")]
    versions: Annotated[Count, about("How many versions these are.")]
    files: Annotated[Count, about("How many files they have.")]
    standing: Annotated[Standing, about("How they stand to the version that was chosen.")]
    because: Annotated[str, about("The reason in words, without a full stop.")]
    scattered: Annotated[bool, about("Whether versions that stand otherwise lie between.")] = False
    newest_date: Annotated[
        str | None, about("The day of the newest one's first upload, ISO 8601; null where the index does not say.")
    ] = None
    oldest_date: Annotated[str | None, about("The same of the oldest one.")] = None


class WayStep(Struct, frozen=True, kw_only=True):
    """One step of a way from the user to a project: *by* asks for *name* with *requirement*, and *version* was chosen.

    *by* is ``you, requirements.txt:3`` or ``audiocraft 1.3.0``. *version* is ``None`` where none was.
    """

    name: NormalizedName
    version: Version | None
    requirement: str
    by: str


class Bounding(Struct, frozen=True, kw_only=True):
    """A requirement or constraint that bears on the project."""

    by: Annotated[str, about("Who made it.")]
    requirement: Annotated[str, about("As it is written.")]
    specifier: Annotated[str, about("The versions that it admits; empty for any.")]
    is_constraint: Annotated[bool, about("Whether it only bounds what others ask for.")] = field(
        default=False, name="constraint"
    )


class Mention(Struct, frozen=True, kw_only=True):
    """A requirement on a project that is not installed for its sake."""

    by: Annotated[str, about("Who made it.")]
    requirement: Annotated[str, about("As it is written.")]
    because: Annotated[str, about("What keeps it out, in words.")]


class Outcome(Enum):
    """How the resolution behind a :class:`Why` ended; a clash is on the project itself, or elsewhere."""

    RESOLVED = "resolved"
    BLOCKED = "blocked"
    CLASH = "clash"
    CLASH_ELSEWHERE = "clash elsewhere"
    UNDECIDED = "undecided"


class Why(Struct, frozen=True, kw_only=True):
    """Why *package* is there, or is not.

    ``version`` is the chosen one, ``None`` where there is none; ``installability``, ``filename`` and ``evidence`` are its own.
    ``index`` has the chosen file, or else the project; ``indexes`` are all that have the project, where there are several.
    ``ways`` are the simple paths from the user, shortest first; ``more_ways`` says that there are more than were looked for.
    ``ranges`` cover every version on the index, newest first. ``clashing`` are the projects on which requirements clash.
    For a project that nothing asks for, ``mentions`` says who would and ``near`` which projects have such a name. ``unverified``
    are the wheels of the answer whose host does not answer.
    """

    package: NormalizedName
    target: Target
    outcome: Outcome
    clashing: tuple[NormalizedName, ...] = ()
    version: Version | None = None
    installability: Installability | None = None
    filename: str = ""
    evidence: tuple[str, ...] = ()
    index: str = ""
    indexes: tuple[str, ...] = ()
    ways: tuple[tuple[WayStep, ...], ...] = ()
    more_ways: bool = False
    bounds: tuple[Bounding, ...] = ()
    ranges: tuple[VersionRange, ...] = ()
    versions: int = 0
    files: int = 0
    mentions: tuple[Mention, ...] = ()
    near: tuple[NormalizedName, ...] = ()
    unverified: tuple[str, ...] = ()

    @property
    def is_found(self) -> bool:
        """Whether anything asks for the project on this target."""
        return self.version is not None or bool(self.ways)


class CellKind(Enum):
    """What there is of one version for one target; the value is the word of the JSON answer."""

    WHEEL = "wheel"
    ABI3 = "abi3 wheel"
    PURE = "pure wheel"
    SDIST_PURE = "sdist-pure"
    SDIST_OPTIONAL = "sdist-optional"
    SDIST_NATIVE = "sdist-native"
    SDIST_UNKNOWN = "sdist-unknown"
    REQUIRES_PYTHON = "requires-python"
    YANKED = "yanked"
    NOTHING = "nothing"


class VersionCell(Struct, frozen=True, kw_only=True):
    """One version on one target: *kind*, the best file's name (empty for none), and the fact behind it.

    The fact is a bound on Python (``>=3.12``), why it was withdrawn, or the platform tag of a wheel for newer systems of this kind
    (``macosx_14_0_arm64``).
    """

    kind: CellKind
    filename: str = ""
    fact: str = ""


class WheelsRow(Struct, frozen=True, kw_only=True):
    """One version; *cells* are in the order of the targets. *date* is the day of its first upload, ISO 8601."""

    version: Version
    date: str | None
    cells: tuple[VersionCell, ...]


class Wheels(Struct, frozen=True, kw_only=True):
    """Versions by targets of one project, newest first; *hidden* is how many more versions the requirement admits.

    ``admitted`` counts all that it admits, ``versions`` all on the index; ``index`` is where they were found, empty where no
    index knows the project.
    """

    package: NormalizedName
    requirement: str
    targets: tuple[Target, ...]
    rows: tuple[WheelsRow, ...]
    admitted: int
    versions: int
    index: str = ""

    @property
    def hidden(self) -> int:
        """How many versions within the requirement are not shown."""
        return self.admitted - len(self.rows)


class CellStatus(Enum):
    """How one cell came out; the value is the word of the schema, the order from best to worst, then what was not asked of it."""

    INSTALLS = "installs"
    NEEDS_BUILD = "needs-build"
    BLOCKED = "blocked"
    UNDECIDED = "undecided"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"

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
    """One target's plan; ``failure`` says in a sentence why there is none (the index went away).

    *is_supported* is false where the project's own ``requires-python`` excludes the Python: that is no fault, and no answer.
    """

    target: Target
    plan: Plan | None
    failure: str = ""
    is_supported: bool = True

    @property
    def status(self) -> CellStatus:
        """What the grid shows."""
        if not self.is_supported:
            return CellStatus.UNSUPPORTED
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
    """The cheapest repair of blocked cells: found on ``proved``, and resolved again on each of ``alike``, which have its blockers.

    ``repair`` is ``None`` where none was found, and ``searched`` then says whether the search came to its end. ``others`` open
    ``proved``, and cost more.
    """

    proved: Target
    repair: Repair | None
    others: tuple[Repair, ...] = ()
    alike: tuple[Target, ...] = ()
    searched: bool = True


class Matrix(Struct, frozen=True, kw_only=True):
    """The whole answer; ``cells`` in the order asked for, at most one for each platform and Python.

    ``notes`` say what was passed over or taken for granted in the files that named cells.
    """

    inputs: tuple[InputRecord, ...]
    cells: tuple[Cell, ...]
    blockers: tuple[Blocker, ...] = ()
    best: Best | None = None
    openings: tuple[Opening, ...] = ()
    notes: tuple[str, ...] = ()

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

        The first that holds; cells that the project does not support count for nothing.
        """
        found = {cell.status for cell in self.cells}
        if CellStatus.BLOCKED in found:
            return 1
        if CellStatus.FAILED in found:
            return 3
        return 4 if CellStatus.UNDECIDED in found else 0


class ExtraRow(Struct, frozen=True, kw_only=True):
    """The grid of the project with one more part: *kind* is ``extra`` or ``group``, and empty for the project alone."""

    kind: str
    name: str
    matrix: Matrix

    @property
    def label(self) -> str:
        """What a table calls the row."""
        return f"--{self.kind} {self.name}" if self.kind else "without"
