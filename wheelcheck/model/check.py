"""The gate's answer on many targets, and the difference between two such answers; ``findings/`` judges and compares."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from wheelcheck.model.distribution import Installability, Status
from wheelcheck.model.document import Count, ProjectName, about
from wheelcheck.model.finding import Severity
from wheelcheck.model.plan import InputRecord

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from wheelcheck.model.finding import Finding
    from wheelcheck.model.plan import Plan, PlannedPackage
    from wheelcheck.model.requirement import FileOrigin, Origin
    from wheelcheck.model.target import Target


class Verdict(Enum):
    """What a finding means to the gate; the value is the word of the reports."""

    FAILS = "fails"
    WARNS = "warns"
    ALLOWED = "allowed"
    KNOWN = "known"
    NOTED = "noted"


VERDICTS = {Severity.ERROR: Verdict.FAILS, Severity.WARNING: Verdict.WARNS, Severity.INFO: Verdict.NOTED}
"""What findings mean to a gate without a policy."""


class Allowance(Struct, frozen=True, kw_only=True):
    """A finding that somebody decided to live with, why, and until when.

    It covers versions of *package* within *specifier* (empty: any), on targets that match one of *targets* (shell patterns of
    ``win_amd64`` or ``win_amd64/3.11``; empty: any), for the codes that start with one of *codes* (empty: ``WC1``,
    no usable wheel). ``expires`` is the last day on which it counts, ISO 8601. ``origin`` is where it stands in the settings.
    """

    package: NormalizedName
    reason: str
    expires: str
    specifier: SpecifierSet = field(default_factory=SpecifierSet)
    targets: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    origin: FileOrigin


class GatePolicy(Struct, frozen=True, kw_only=True):
    """Which findings fail: codes that start with one of ``fail_on``, besides all errors; those of ``warn_only`` warn at most.

    The longest prefix of both counts, of two as long that of ``warn_only``. ``allowances`` count until ``today`` (ISO 8601) is past
    their last day. ``baseline`` holds the fingerprints of findings that were there when the gate was adopted.
    """

    fail_on: tuple[str, ...] = ()
    warn_only: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    baseline: frozenset[str] = frozenset()
    today: str


class Judged(Struct, frozen=True, kw_only=True):
    """A finding with its verdict.

    ``origin`` is where the user wrote what leads to it (file and line; a lock's line for a lock), ``None`` where nobody did.
    ``allowance`` is the one that covers it, also where it has expired and the finding fails for that.
    """

    finding: Finding
    verdict: Verdict
    origin: Origin | None = None
    allowance: Allowance | None = None
    fingerprint: str


class CheckedTarget(Struct, frozen=True, kw_only=True):
    """One target's plan and verdicts; ``failure`` says why there is no plan (the index went away)."""

    target: Target
    plan: Plan | None
    judged: tuple[Judged, ...] = ()
    failure: str = ""

    @property
    def is_decided(self) -> bool:
        """Whether the gate knows: neither did the index fail nor the budget end."""
        return self.plan is not None and self.plan.status is not Status.UNDECIDED

    @property
    def passes(self) -> bool:
        """Whether nothing on this target fails; a gate that could not decide does not pass."""
        return self.is_decided and not any(judged.verdict is Verdict.FAILS for judged in self.judged)


class Check(Struct, frozen=True, kw_only=True):
    """The answer of the gate: ``targets`` in the order asked for.

    ``kind`` says how the packages were found: ``resolved``, or the kind of lock that was read as it is. ``unused`` are the
    allowances that covered nothing, ``expired`` those past their day that would have covered something. ``notes`` say what the
    lock's format cannot tell.
    """

    inputs: tuple[InputRecord, ...]
    kind: str
    targets: tuple[CheckedTarget, ...]
    unused: tuple[Allowance, ...] = ()
    expired: tuple[Allowance, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """1 something fails on a target that is decided; 3 an index failed; 4 undecided within the budget; 0 everything passes.

        The first that holds. What a search that ended early had met by then is no proof of a failure.
        """
        if any(checked.is_decided and not checked.passes for checked in self.targets):
            return 1
        if any(checked.plan is None or checked.plan.is_unverified for checked in self.targets):
            return 3
        return 0 if all(checked.is_decided for checked in self.targets) else 4


class ChangeKind(Enum):
    """How a project differs; the value is the word of the reports.

    ``RESUPPLIED`` is the same version from another file, or of another installability.
    """

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    RESUPPLIED = "resupplied"


class ComparedRelease(Struct, frozen=True, kw_only=True):
    """One version, and its file for the target."""

    version: Annotated[Version, about("The version.")]
    installability: Annotated[Installability, about("What it is installed from.")]
    filename: Annotated[str | None, about("The file.")] = None
    size: Annotated[Count | None, about("Its size in bytes; null where the index does not say.")] = None
    upload_time: Annotated[str | None, about("When it was uploaded, ISO 8601.")] = None

    @classmethod
    def of(cls, package: PlannedPackage) -> ComparedRelease:
        """What counts of *package* in a comparison."""
        return cls(
            version=package.version,
            installability=package.installability,
            filename=package.filename,
            size=package.size,
            upload_time=package.file.upload_time if package.file is not None else None,
        )


class PackageChange(Struct, frozen=True, kw_only=True):
    """A change of a package on one target."""

    kind: Annotated[ChangeKind, about("How the project differs.")]
    name: Annotated[ProjectName, about("The normalised name.")]
    before: Annotated[ComparedRelease | None, about("The release before; null where it came in.")]
    after: Annotated[ComparedRelease | None, about("The release after; null where it went out.")]


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
        same = before.name == self.target.name
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
        if any(side.plan is None or side.plan.is_unverified for side in sides):
            return 3
        return 0 if all(side.is_decided for side in sides) else 4
