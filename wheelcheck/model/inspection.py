"""What a look at a finished environment found: its distributions, their files, libraries and imports, and every problem."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct

from wheelcheck.model.document import Count, ProjectName, Seconds, about
from wheelcheck.model.finding import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName

    from wheelcheck.model.environment import Layout, Runtime


class ProblemKind(Enum):
    """What is wrong, in the order in which a report tells it; the value is the word in JSON."""

    ARCHIVE_CHANGED = "archive-changed"
    PLAN_DIFFERS = "plan-differs"
    RUNTIME_DIFFERS = "runtime-differs"
    PACKAGE_MISSING = "package-missing"
    PACKAGE_EXTRA = "package-extra"
    PACKAGE_VERSION = "package-version"
    TAG_UNFIT = "tag-unfit"
    RECORD_MISSING = "record-missing"
    FILE_MISSING = "file-missing"
    FILE_CHANGED = "file-changed"
    FILE_FOREIGN = "file-foreign"
    FILE_STRIPPED = "file-stripped"
    BYTECODE = "bytecode"
    MACHINE = "machine"
    LIBRARY_UNREADABLE = "library-unreadable"
    LIBRARY_MISSING = "library-missing"
    PYTHON_LIBRARY = "python-library"
    SYSTEM_TOO_OLD = "system-too-old"
    LIBRARY_OPTIONAL = "library-optional"
    LIBRARY_ELSEWHERE = "library-elsewhere"
    NOT_ISOLATED = "not-isolated"
    OUTSIDE_PATH = "outside-path"
    OUTSIDE_MODULE = "outside-module"
    EDITABLE = "editable"
    HOST_PATH = "host-path"
    NOT_RELOCATABLE = "not-relocatable"
    MODULE_MISSING = "module-missing"
    PYTHON_UNFIT = "python-unfit"
    NAME_MISSING = "name-missing"
    VERSION_REFUSED = "version-refused"
    SAME_FILE = "same-file"
    IMPORTS_UNREAD = "imports-unread"
    IMPORT_FAILED = "import-failed"
    IMPORT_CRASHED = "import-crashed"
    IMPORT_TIMED_OUT = "import-timed-out"


FILE_KINDS = frozenset({
    ProblemKind.RECORD_MISSING, ProblemKind.FILE_MISSING, ProblemKind.FILE_CHANGED, ProblemKind.FILE_FOREIGN,
    ProblemKind.TAG_UNFIT, ProblemKind.PACKAGE_EXTRA, ProblemKind.PACKAGE_VERSION, ProblemKind.PACKAGE_MISSING,
})  # fmt: skip
"""What counts against the files of a distribution."""
LIBRARY_KINDS = frozenset({
    ProblemKind.MACHINE, ProblemKind.LIBRARY_UNREADABLE, ProblemKind.LIBRARY_MISSING, ProblemKind.PYTHON_LIBRARY,
    ProblemKind.SYSTEM_TOO_OLD, ProblemKind.LIBRARY_OPTIONAL, ProblemKind.LIBRARY_ELSEWHERE,
})  # fmt: skip
"""What counts against the libraries of a distribution."""


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong or worth knowing."""

    kind: Annotated[ProblemKind, about("A word that stays; new ones may come.")]
    severity: Annotated[Severity, about("How bad it is.")]
    distribution: Annotated[ProjectName | None, about("Whose problem it is; null for the runtime's and nobody's.")] = (
        None
    )
    file: Annotated[str | None, about("Relative to the root, with /.")] = None
    library: Annotated[str | None, about("The shared library, module or path that it is about.")] = None
    message: Annotated[str, about("The fact.")]
    remedy: Annotated[str | None, about("What to do.")] = None

    @classmethod
    def of(
        cls,
        kind: ProblemKind,
        severity: Severity,
        message: str,
        remedy: str | None = None,
        *,
        distribution: NormalizedName | None = None,
        file: str | None = None,
        library: str | None = None,
    ) -> Problem:
        """The problem, of an empty *library* or *remedy* for none."""
        return cls(
            kind=kind,
            severity=severity,
            distribution=distribution,
            file=file,
            library=library or None,
            message=message,
            remedy=remedy or None,
        )


class TrialOutcome(Enum):
    """How the import of one module ended."""

    IMPORTED = "imported"
    FAILED = "failed"
    CRASHED = "crashed"
    TIMED_OUT = "timed-out"
    SKIPPED = "skipped"


class ImportTrial(Struct, frozen=True, kw_only=True):
    """The import of one top-level module in a fresh process."""

    module: Annotated[str, about("The module.")]
    outcome: Annotated[TrialOutcome, about("How its import ended.")]
    seconds: Annotated[Seconds, about("Wall-clock time of the process; 0 where it was skipped.")] = 0.0
    detail: Annotated[
        str | None, about("The last line of the exception, how the process ended, or why it was skipped.")
    ] = None


class InspectedDistribution(Struct, frozen=True, kw_only=True):
    """One distribution of the environment."""

    name: Annotated[ProjectName, about("Its normalised name.")]
    version: Annotated[str, about("Its version, as it states it.")]
    files: Annotated[Count, about("How many files its RECORD has.")]
    libraries: Annotated[Count, about("How many shared libraries of it were read.")]
    imports: Annotated[tuple[ImportTrial, ...], about("Its modules that were imported; empty where none were.")] = ()
    native_modules: Annotated[Count, about("How many modules of machine code it has for this Python.")] = 0
    native_loaded: Annotated[Count, about("How many of them were loaded while its modules were imported.")] = 0


class Inspection(Struct, frozen=True, kw_only=True):
    """The whole look at the environment in ``root``; ``subject`` is the path that was given.

    ``compared`` names what the files were held against (``RECORD``, ``manifest``, ``plan``). ``target`` is the word of the platform
    whose floor counts, empty where none is known. ``no_imports`` is why no import was tried, empty where they were.
    """

    subject: str
    root: Path
    runtime: Runtime
    layout: Layout
    compared: tuple[str, ...]
    target: str
    distributions: tuple[InspectedDistribution, ...]
    problems: tuple[Problem, ...]
    no_imports: str = ""

    def of_severity(self, severity: Severity) -> tuple[Problem, ...]:
        """The problems of *severity*, in order."""
        return tuple(problem for problem in self.problems if problem.severity is severity)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What makes the environment unfit."""
        return self.of_severity(Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What may be harmless, and is not with every user."""
        return self.of_severity(Severity.WARNING)
