"""What the gate says of one input on many targets: each finding with its verdict; judged in ``gate/``, only named here."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet

from wheelcheck.model.plan_status import Status

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from wheelcheck.model.finding import Finding
    from wheelcheck.model.plan import InputRecord, Plan
    from wheelcheck.model.requirement import FileOrigin, Origin
    from wheelcheck.model.target import Target


class Verdict(Enum):
    """What a finding means to the gate; the value is the word of the reports."""

    FAILS = "fails"
    WARNS = "warns"
    ALLOWED = "allowed"
    KNOWN = "known"
    NOTED = "noted"


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
        if any(checked.plan is None for checked in self.targets):
            return 3
        return 0 if all(checked.is_decided for checked in self.targets) else 4
