"""The answers to two questions: why is this project here, and what is there of it; ``findings/`` finds them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelcheck.model.judgement import Installability
    from wheelcheck.model.target import RefusalReason, Target


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
    """Versions that stand alike, as one line: *versions* of them with *files*, from *newest* down to *oldest*.

    *because* is the reason in words, without a full stop. *refusal* is the reason of the file that came nearest to fitting, where
    none fits. *scattered* says that versions which stand otherwise lie between. *newest_date* and *oldest_date* are the days of
    the first upload (ISO 8601), ``None`` where the index does not say.
    """

    newest: Version
    oldest: Version
    versions: int
    files: int
    standing: Standing
    because: str
    refusal: RefusalReason | None = None
    scattered: bool = False
    newest_date: str | None = None
    oldest_date: str | None = None


class WayStep(Struct, frozen=True, kw_only=True):
    """One step of a way from the user to a project: *by* asks for *name* with *requirement*, and *version* was chosen.

    *by* is ``you, requirements.txt:3`` or ``audiocraft 1.3.0``. *version* is ``None`` where none was.
    """

    name: NormalizedName
    version: Version | None
    requirement: str
    by: str


class Bounding(Struct, frozen=True, kw_only=True):
    """A requirement or constraint that bears on the project, and who made it; *specifier* is empty for any version."""

    by: str
    requirement: str
    specifier: str
    is_constraint: bool = False


class Mention(Struct, frozen=True, kw_only=True):
    """A requirement on a project that is not installed for its sake; *because* says in words what keeps it out."""

    by: str
    requirement: str
    because: str


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
    ``ways`` are the simple paths from the user, shortest first; ``more_ways`` says that there are more than were looked for.
    ``ranges`` cover every version on the index, newest first. ``clashing`` are the projects on which requirements clash.
    For a project that nothing asks for, ``mentions`` says who would and ``near`` which projects have such a name.
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
    ways: tuple[tuple[WayStep, ...], ...] = ()
    more_ways: bool = False
    bounds: tuple[Bounding, ...] = ()
    ranges: tuple[VersionRange, ...] = ()
    versions: int = 0
    files: int = 0
    mentions: tuple[Mention, ...] = ()
    near: tuple[NormalizedName, ...] = ()

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
