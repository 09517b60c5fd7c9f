"""The proof of a repair: the question that it asks with its resolution, and how that differs from the unrepaired answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.findings.context import Diagnosis
from wheelcheck.model.distribution import Installability, Status
from wheelcheck.model.repair import Proposals, Verification, VersionMove
from wheelcheck.model.resolution import Conflict, Pin, Resolution
from wheelcheck.ports import Projects
from wheelcheck.repairs.context import Difference, State
from wheelcheck.repairs.edits import Change
from wheelcheck.repairs.trials import Trial, Trials
from wheelcheck.resolver.question import Question
from wheelcheck.targets.project_view import first_upload


class Proof(Struct, frozen=True, kw_only=True):
    """The repaired *question* with the *resolution* that answers it.

    *projects* are the pages that it was resolved with, *difference* is that from the question that was asked.
    """

    question: Question
    resolution: Resolution
    projects: Projects
    difference: Difference


class ProvedProposals(Struct, frozen=True, kw_only=True):
    """The proposals, as reports show them, the proof of each repair by its id, and how many *rounds* the trials took."""

    proposals: Proposals
    proofs: Mapping[str, Proof] = {}
    rounds: int = 0


def proof_of(trial: Trial, changes: Iterable[Change], asked: State) -> Proof:
    """The proof that *trial* is for its *changes* to *asked*, made in this order, in which they are shown and printed."""
    repaired = asked
    for change in changes:
        repaired = change.applied(repaired)
    return Proof(
        question=repaired.question,
        resolution=trial.resolution,
        projects=trial.projects,
        difference=Difference.between(asked, repaired),
    )


def natural_of(outcome: Resolution | Conflict) -> Resolution | None:
    """The resolution that an installer would have picked for *outcome*'s question; ``None`` where its requirements clash."""
    return outcome if isinstance(outcome, Resolution) else outcome.natural


def verification(base: Trial, proof: Trial, trials: Trials) -> Verification:
    """Summarize *proof* and how it differs from *base*, the question as it was asked."""
    after = proof.resolution.pins
    natural = natural_of(base.outcome)
    before: Mapping[NormalizedName, Pin] = natural.pins if natural is not None else {}
    built = tuple(name for name, pin in sorted(after.items()) if pin.installability is not Installability.WHEEL)
    seen_before, seen_after = trials.diagnosis(base), trials.diagnosis(proof)
    moved = [(pin, after[name]) for name, pin in sorted(before.items()) if name in after]
    return Verification(
        status=Status.NEEDS_BUILD if built else Status.INSTALLABLE,
        packages=len(after),
        built_once=built,
        changed=tuple(
            VersionMove(
                name=old.name,
                before=old.version,
                after=new.version,
                before_date=released(seen_before, old),
                after_date=released(seen_after, new),
            )
            for old, new in moved
            if old.version != new.version
        ),
        added=_only_in(after, before) if natural is not None else (),
        removed=_only_in(before, after),
    )


def _only_in(
    these: Mapping[NormalizedName, Pin], those: Mapping[NormalizedName, Pin]
) -> tuple[tuple[NormalizedName, Version], ...]:
    return tuple((name, pin.version) for name, pin in sorted(these.items()) if name not in those)


def released(view: Diagnosis, pin: Pin) -> str | None:
    """When the version of *pin* came (its first file), ISO 8601 in UTC; ``None`` if not known."""
    return first_upload(view.page(pin.name), pin.version)
