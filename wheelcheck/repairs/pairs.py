"""Finds projects that move together: each version of the one wants exactly one version of the other, and another one each time.

``BlockerCase → names``. Half of such a pair cannot be overridden: the two are compiled or written for each other (pydantic and
pydantic-core). A project with one exact pin that its neighbours do not repeat is no half of a pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import MetadataMalformed
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.ways import iter_stated
from wheelcheck.model.distribution import Wheel
from wheelcheck.model.requirement import Requirement
from wheelcheck.ports import Projects
from wheelcheck.repairs.blockers import Blocker
from wheelcheck.repairs.nearby import nearest_first

_NEIGHBOURS = 2


def partners_of(blocker: Blocker, diagnosis: Diagnosis, projects: Projects) -> frozenset[NormalizedName]:
    """The projects that *blocker* is half of a pair with.

    Reads the metadata of at most four releases beside that of each project which pins *blocker* exactly; raises
    ``IndexUnavailable`` where an index fails.
    """
    return frozenset(
        asker.parent
        for asker in blocker.askers
        if asker.parent is not None
        and asker.version is not None
        and (own := _exact(asker.requirement)) is not None
        and any(other != own for other in _iter_wanted(blocker, asker.parent, asker.version, diagnosis, projects))
    )


def _iter_wanted(
    blocker: Blocker, parent: NormalizedName, version: Version, diagnosis: Diagnosis, projects: Projects
) -> Iterator[str]:
    """The versions of *blocker* that the wheels of *parent* nearest to *version* want, where they want one exactly."""
    project = diagnosis.project(parent)
    near = [each for each in nearest_first(project, version) if each != version]
    # Patch releases of one line often share a partner.
    other_lines = [each for each in near if each.release[:2] != version.release[:2]]
    for each in dict.fromkeys((*near[:_NEIGHBOURS], *other_lines[:_NEIGHBOURS])):
        fit = project.release(each).fit
        if fit is None or not isinstance(fit.distribution, Wheel):
            continue
        with suppress(MetadataMalformed):
            for stated in iter_stated(parent, each, projects.metadata(fit.distribution).requires):
                other = _exact(stated) if stated.name == blocker.name else None
                if other is not None:
                    yield other


def _exact(requirement: Requirement) -> str | None:
    """The one version that *requirement* admits, ``None`` where it admits more."""
    bounds = list(requirement.specifier)
    return (
        bounds[0].version if len(bounds) == 1 and bounds[0].operator == "==" and "*" not in bounds[0].version else None
    )
