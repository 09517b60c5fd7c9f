"""What changed between two answers on the same targets: packages, files and findings; compared in ``gate/``, only named here."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct
from packaging.version import Version

from wheelcheck.model.check import CheckedTarget, Judged, Verdict
from wheelcheck.model.document import Count, ProjectName, about
from wheelcheck.model.judgement import Installability
from wheelcheck.model.plan import InputRecord

if TYPE_CHECKING:
    from wheelcheck.model.plan import PlannedPackage
    from wheelcheck.model.target import Target


class ChangeKind(Enum):
    """How a project differs; the value is the word of the reports.

    ``RESUPPLIED`` is the same version from another file, or of another installability.
    """

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    RESUPPLIED = "resupplied"


class Release(Struct, frozen=True, kw_only=True):
    """One version, and its file for the target."""

    version: Annotated[Version, about("The version.")]
    installability: Annotated[Installability, about("What it is installed from.")]
    filename: Annotated[str | None, about("The file.")] = None
    size: Annotated[Count | None, about("Its size in bytes; null where the index does not say.")] = None
    upload_time: Annotated[str | None, about("When it was uploaded, ISO 8601.")] = None

    @classmethod
    def of(cls, package: PlannedPackage) -> Release:
        """What counts of *package* in a comparison."""
        file = package.file
        return cls(
            version=package.version,
            installability=package.installability,
            filename=file.filename if file is not None else None,
            size=file.size if file is not None else None,
            upload_time=file.upload_time if file is not None else None,
        )


class PackageChange(Struct, frozen=True, kw_only=True):
    """A change of a package on one target."""

    kind: Annotated[ChangeKind, about("How the project differs.")]
    name: Annotated[ProjectName, about("The normalised name.")]
    before: Annotated[Release | None, about("The release before; null where it came in.")]
    after: Annotated[Release | None, about("The release after; null where it went out.")]


class FindingState(Enum):
    """Whether a finding was there before; the value is the word of the reports."""

    NEW = "new"
    GONE = "gone"
    STAYS = "stays"


class ComparedFinding(Struct, frozen=True, kw_only=True):
    """A finding with its verdict, on the new side unless it is gone.

    One that was there and only now fails is new: somebody had allowed what it was.
    """

    state: FindingState
    judged: Judged


class DownloadSize(Struct, frozen=True, kw_only=True):
    """How much there is to download."""

    size: Annotated[Count, about("Bytes of the files whose size is known.")] = 0
    files: Annotated[Count, about("How many files.")] = 0
    unknown: Annotated[Count, about("Of how many of them the index does not say the size.")] = 0


class TargetDifference(Struct, frozen=True, kw_only=True):
    """What changed on one target, that of the new side.

    ``before`` and ``after`` are the answers; ``None`` where there was nothing to answer, so that all came in or went out.
    Changes and findings are empty where one of them could not be decided: half an answer compares to nothing.
    """

    target: Target
    before: CheckedTarget | None
    after: CheckedTarget | None
    changes: tuple[PackageChange, ...] = ()
    findings: tuple[ComparedFinding, ...] = ()
    size_before: DownloadSize = DownloadSize()
    size_after: DownloadSize = DownloadSize()

    @property
    def is_decided(self) -> bool:
        """Whether both sides have an answer."""
        return all(side is None or side.is_decided for side in (self.before, self.after))

    @property
    def other_target(self) -> Target | None:
        """The target of the old side, where it is another one."""
        if self.before is None or self.after is None:
            return None
        before = self.before.target
        same = (before.platform, before.python) == (self.target.platform, self.target.python)
        return None if same else before

    @property
    def failing(self) -> tuple[Judged, ...]:
        """The new findings that fail."""
        return tuple(
            each.judged
            for each in self.findings
            if each.state is FindingState.NEW and each.judged.verdict is Verdict.FAILS
        )


class Side(Struct, frozen=True, kw_only=True):
    """One of the two that are compared."""

    name: Annotated[str, about("What the user called it.")]
    kind: Annotated[
        str,
        about(
            "How its packages were found: resolved, plan, the kind of lock that was read as it is, or absent for nothing."
        ),
    ]
    revision: Annotated[str | None, about("The commit that it was read from.")] = None
    inputs: Annotated[tuple[InputRecord, ...], about("Every input, in reading order.")] = ()


class Difference(Struct, frozen=True, kw_only=True):
    """The answer: ``targets`` in the order asked for; ``notes`` are sentences on how the two were compared."""

    old: Side
    new: Side
    targets: tuple[TargetDifference, ...]
    notes: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """1 a new finding fails; 3 an index failed; 4 undecided within the budget; 0 nothing new fails. The first that holds."""
        if any(target.failing for target in self.targets):
            return 1
        sides = [side for target in self.targets for side in (target.before, target.after) if side is not None]
        if any(side.plan is None for side in sides):
            return 3
        return 0 if all(side.is_decided for side in sides) else 4
