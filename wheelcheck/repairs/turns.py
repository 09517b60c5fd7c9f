"""Other choices of versions for a trial that failed, each with blockers of its own; takes none for the answer.

``Trial → Trial, …``. The natural resolution ends at the newest version of everything. What an older one that the requirements
admit asks for, or another candidate of a change that was made, may be easier to repair: a repair touches the blockers of one of
them only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.requirement import Requirement
from wheelcheck.repairs.blockers import Blocker, View
from wheelcheck.repairs.edits.change import SEARCHED, Change
from wheelcheck.repairs.edits.constrain import Constrained
from wheelcheck.repairs.edits.override import Overridden
from wheelcheck.repairs.edits.pin import Repinned
from wheelcheck.repairs.settling import usable_candidates
from wheelcheck.repairs.trials import Trial, Trials
from wheelcheck.repairs.versions import usable_versions

_WORLDS = 6  # so many choices of versions are looked at for one set that fails
_STEPS = 3
_MANY = 3  # with more blockers than this, no other choice of versions is looked at


def worlds_of(failed: Trial, trials: Trials) -> Sequence[Trial]:
    """*failed*, and the same with other versions of what has usable ones, which show why those are of no use either."""
    worlds = [failed]
    if len(View(failed, trials.view(failed)).troubles()) > _MANY:
        return worlds  # each costs a resolution, and of a large input a dear one
    for world in worlds:  # grows while it is walked: a queue
        for changes in _iter_turns(world, trials):
            if len(worlds) == _WORLDS:
                return worlds
            other = trials.of(changes)
            if other.is_undecided:
                return worlds
            # The trials give the same object for the same changes.
            if not any(other is known for known in worlds):
                worlds.append(other)
    return worlds


def _iter_turns(world: Trial, trials: Trials) -> Iterator[tuple[Change, ...]]:
    view = View(world, trials.view(world))
    for blocker in view.passable():
        for version in itertools.islice(view.iter_ways(blocker), _STEPS):
            yield (*world.changes, _kept_at(blocker.name, version))
    groups = view.troubles()
    above = {name for group in groups for blocker in group for name in blocker.above}
    for change in world.changes:
        if isinstance(change, Overridden | Repinned) and change.name in above:
            rest = tuple(other for other in world.changes if other is not change)
            for version in usable_candidates(change, world.changes, trials)[:_STEPS]:
                yield (*rest, change.settled(version))
    for gate, version in _iter_gate_turns(view, groups):
        yield (*world.changes, _kept_at(gate, version))


def _iter_gate_turns(view: View, groups: Iterable[tuple[Blocker, ...]]) -> Iterator[tuple[NormalizedName, Version]]:
    """Other versions, within what is declared, of the projects without which nobody would want a blocker."""
    changed = {change.told().package or change.slot for change in view.trial.changes}
    for gate in dict.fromkeys(gate for group in groups for blocker in group for gate in blocker.gates):
        if gate in changed:
            continue
        bounds = view.bounds_from_outside(gate)
        usable = usable_versions(view.diagnosis.shelf(gate))
        others = (each for each in usable if each != view.pins[gate].version and bounds.contains(each))
        for version in itertools.islice(others, _STEPS - 1):
            yield gate, version


def _kept_at(name: NormalizedName, version: Version) -> Change:
    return Constrained(bound=Requirement.parse(f"{name}=={version}", SEARCHED))
