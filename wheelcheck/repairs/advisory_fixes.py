"""Adds the remedies of what an installable answer meets, advisories and files that two projects install, proved like any edit.

Remedies are tried all together first, then one by one. An answer that does not resolve with them is left as it was, and
the advisory stays a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from wheelcheck.findings.compatibility import Met, compatibility_met
from wheelcheck.model.finding import Severity
from wheelcheck.model.knowledge import Remedy, RepairKnowledge
from wheelcheck.model.resolution import Resolution
from wheelcheck.repairs.context import last_day
from wheelcheck.repairs.edits import AsOf, Change, Constrained, Keys, Overridden, Substituted
from wheelcheck.repairs.proof import released
from wheelcheck.repairs.trials import Trial, Trials

_COST_OF_OVERLAP = 20
_OVERLAPS_TRIED = 8  # ways to choose one of each two
_ROUNDS = 3  # a remedy may bring in versions that meet another advisory


def fixable_advisories(resolution: Resolution, knowledge: RepairKnowledge) -> tuple[Met, ...]:
    """The warnings about *resolution* that have a remedy."""
    return tuple(
        met for met in compatibility_met(resolution, knowledge) if met.remedies and met.severity is not Severity.INFO
    )


def with_advisory_fixes(found: Trial, trials: Trials, knowledge: RepairKnowledge) -> Trial:
    """*found* with the remedies that can be had besides; itself where none is needed or none resolves."""
    for _ in range(_ROUNDS):
        met = fixable_advisories(found.resolution, knowledge)
        if not met:
            return found
        together = _free(found, [_change(each, each.remedies[0]) for each in met])
        better = _better(found, together, trials, knowledge) or _one_by_one(found, met, trials, knowledge)
        if better is None:
            return found
        found = better
    return found


def _one_by_one(found: Trial, met: tuple[Met, ...], trials: Trials, knowledge: RepairKnowledge) -> Trial | None:
    best: Trial | None = None
    for each in met:
        for remedy in each.remedies:
            better = _better(best or found, _free(best or found, [_change(each, remedy)]), trials, knowledge)
            if better is not None:
                best = better
                break
    return best


def _better(found: Trial, changes: list[Change], trials: Trials, knowledge: RepairKnowledge) -> Trial | None:
    if not changes:
        return None
    trial = trials.of((*found.changes, *changes))
    return trial if trial.succeeds and _left(trial, knowledge) < _left(found, knowledge) else None


def _left(trial: Trial, knowledge: RepairKnowledge) -> tuple[int, int]:
    """How many advisories with a remedy *trial* meets: those that are errors, then all. So a warning for an error is a step."""
    met = fixable_advisories(trial.resolution, knowledge)
    return sum(each.severity is Severity.ERROR for each in met), len(met)


def _change(met: Met, remedy: Remedy) -> Change:
    because = f"{met.subject.name} {met.subject.version}"
    if remedy.kind == "constrain":
        return Constrained(bound=remedy.requirement, because=because)
    # The bound of an advisory may admit many versions; the newest of them is what a resolver would take.
    return Overridden(name=remedy.requirement.name, candidates=(), because=because, bound=remedy.requirement.specifier)


def _free(found: Trial, changes: list[Change]) -> list[Change]:
    """*changes* that can be made beside those of *found*: the first for each project, the next round sees whether it sufficed."""
    taken = {change.slot for change in found.changes}
    free: dict[str, Change] = {}
    for change in changes:
        if change.slot not in taken:
            free.setdefault(change.package or change.slot, change)
    return list(free.values())


def known_overlaps(resolution: Resolution, knowledge: RepairKnowledge) -> list[tuple[str, str]]:
    """The projects of *resolution* of which two are the same code under two names, and so install the same files.

    One that asks for the other, as TensorFlow does for its Windows half, is no second name of it.
    """
    pairs = (
        (str(known.project), str(known.replacement))
        for known in knowledge.substitutes
        if known.same_api and not known.imported_as and {known.project, known.replacement} <= resolution.pins.keys()
    )
    asking = {(str(edge.parent), str(edge.child)) for edge in resolution.edges}
    found = {(min(pair), max(pair)) for pair in pairs}
    return sorted(pair for pair in found if pair not in asking and pair[::-1] not in asking)


def without_overlaps(
    base: Trial, overlaps: Sequence[tuple[str, str]], trials: Trials, knowledge: RepairKnowledge
) -> list[Trial]:
    """*base* with one of each two projects that install the same files in the place of the other, where it is known that it serves.

    What the user asks for by name is kept rather than what it brings in. All that succeed, the cheapest first.
    """
    asked = {requirement.name for requirement in base.state.question.requirements}
    ways = [
        [
            Substituted(
                substitute=known,
                specifier=SpecifierSet(),
                because=f"{one} and {other} install the same files",
                cost=_COST_OF_OVERLAP + (known.project in asked),
            )
            for known in knowledge.substitutes
            if {known.project, known.replacement} == {one, other} and known.same_api and not known.imported_as
        ]
        for one, other in overlaps
    ]
    found: dict[Keys, Trial] = {}
    for made in islice(product(*ways), _OVERLAPS_TRIED):
        gone: dict[NormalizedName, Substituted] = {}
        for change in made:
            if change.substitute.replacement not in gone:  # of the two, one may have gone for the sake of a third
                gone[change.substitute.project] = change
        if not any(change.substitute.replacement in gone for change in gone.values()):
            trial = trials.of((*base.changes, *gone.values()))
            if trial.succeeds:
                found.setdefault(trial.keys, trial)
    return sorted(found.values(), key=lambda each: (each.cost, sorted(each.keys)))


def as_of(found: Trial, trials: Trials, knowledge: RepairKnowledge) -> Trial | None:
    """*found* with everything as of the day when the newest of its exactly pinned projects was released.

    That puts the dependencies of an old pin back to what its authors had, the new numpy under an old torch among them. ``None``
    where nothing is pinned, no time is known, or it does not resolve or mends nothing.
    """
    resolution = found.resolution
    pinned = {
        edge.child
        for edge in resolution.edges
        if any(bound.operator == "==" and "*" not in bound.version for bound in edge.requirement.specifier)
    }
    view = trials.diagnosis(found)
    times = [released(view, resolution.pins[name]) for name in sorted(pinned)]
    days = [time[:10] for time in times if time]
    if not days or len(days) < len(times):
        return None
    before = found.state.question.policy.exclude_newer or ""
    day = last_day(before) if before.endswith("T00:00:00Z") else before[:10]  # a day that was asked for counts itself
    change = AsOf(value=max(days), before=day, because="its pinned versions were released by then")
    if before and before <= change.cutoff:
        return None
    return _better(found, [change], trials, knowledge)
