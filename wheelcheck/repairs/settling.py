"""A set of changes tried, and each change of version settled on the nearest version that serves; chooses no set."""

from __future__ import annotations

from msgspec.structs import replace
from packaging.version import Version

from wheelcheck.repairs.edits.change import Change
from wheelcheck.repairs.edits.override import Overridden
from wheelcheck.repairs.edits.pin import Repinned
from wheelcheck.repairs.trials import Trial, Trials
from wheelcheck.repairs.versions import usable_versions

_TRIES = 8  # so many of the nearest versions are tried for one project before any that serves is taken


def attempt(changes: tuple[Change, ...], trials: Trials) -> tuple[Trial | None, tuple[Trial, ...]]:
    """The trial in which *changes* succeed, every version settled; or else those that show why they do not.

    The nearest versions are tried first. Where they fail, any version may be taken: if that fails too, no version serves, and one
    trial has shown it for all. What stands in the way is told by both: the newest version, which that one ends at, may have other
    blockers than the nearest, and a repair must touch those of one only. Costs one to three trials, and more where the nearest
    versions do not serve.
    """
    nearest = tuple(_nearest(change, usable_candidates(change, changes, trials)) for change in changes)
    first = trials.of(nearest)
    if first.succeeds:
        return first, ()
    if first.is_undecided:
        # What took too long with the nearest version takes no less with any, and a further one is no answer to it.
        return None, ()
    if nearest == changes:
        return None, (first,)
    anything = trials.of(changes)
    if not anything.succeeds:
        return None, (first, anything)
    return _settled(changes, anything, trials), ()


def unsettled(change: Change) -> Change:
    """*change* with any version, where it is one of version."""
    return replace(change, version=None) if isinstance(change, Overridden | Repinned) else change


def _nearest(change: Change, versions: tuple[Version, ...]) -> Change:
    return change.settled(versions[0]) if isinstance(change, Overridden | Repinned) and versions else change


def usable_candidates(change: Change, changes: tuple[Change, ...], trials: Trials) -> tuple[Version, ...]:
    """The candidates of *change* that have a usable file on the target that *changes* make."""
    if not isinstance(change, Overridden | Repinned):
        return ()
    usable = set(usable_versions(trials.shelf(change.name, changes)))
    return tuple(version for version in change.candidates if version in usable)


def _settled(changes: tuple[Change, ...], proof: Trial, trials: Trials) -> Trial:
    """*changes* with versions, one after the other; ``proof`` succeeds with any version, and shows one that serves."""
    at_last = proof
    settled = list(changes)
    for place, change in enumerate(changes):
        if not isinstance(change, Overridden | Repinned):
            continue
        taken = at_last.resolution.pins.get(change.name)
        # What is no longer wanted at all needs no version; the one that was taken always serves.
        fallback = () if taken is None else (taken.version,)
        for version in dict.fromkeys((*usable_candidates(change, changes, trials)[:_TRIES], *fallback)):
            settled[place] = change.settled(version)
            trial = trials.of(settled)
            if trial.succeeds:
                at_last = trial
                break
            if trial.is_undecided:
                settled[place] = change
                break
        else:
            settled[place] = change
    return at_last
