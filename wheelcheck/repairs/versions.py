"""The versions of a project worth trying in another's place, nearest first; chooses none."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from wheelcheck.repairs.blockers import Blocker
from wheelcheck.targets.project_view import ProjectView


def usable_versions(shelf: ProjectView) -> tuple[Version, ...]:
    """The final versions with a usable wheel, newest first; where there are none, those with a source archive."""
    standing = [
        version
        for version in shelf.versions
        if not version.is_prerelease and (release := shelf.release(version)).fit is not None and release.yanked is None
    ]
    with_wheel = tuple(version for version in standing if shelf.release(version).has_wheel)
    return with_wheel or tuple(standing)


def nearest_first(shelf: ProjectView, version: Version | None) -> tuple[Version, ...]:
    """Every final version by how many releases lie between it and *version*; of two as near, the newer first.

    Those that cannot be used are among them: which can may change with the target.
    """
    standing = [each for each in shelf.versions if not each.is_prerelease and not shelf.release(each).hidden]
    if version is None or version not in shelf.page.distributions:
        return tuple(standing)
    order = {each: position for position, each in enumerate(shelf.versions)}
    at = order[version]
    return tuple(sorted(standing, key=lambda each: (abs(order[each] - at), each < version)))


def preferred_in_clash(shelf: ProjectView, blocker: Blocker) -> tuple[Version, ...]:
    """Every final version of a project on which requirements contradict each other: what the user asked for comes first.

    Then those that satisfy more of the requirements, then the nearest to what the user asked for, then the newest: what the
    others want need not have been made for versions that came years later.
    """
    own = [asker.requirement.specifier for asker in blocker.askers if asker.parent is None]
    bounds = [asker.requirement.specifier for asker in blocker.askers]
    order = {version: position for position, version in enumerate(shelf.versions)}
    wanted = [order[version] for version in shelf.versions if own and _all(own, version)]
    return tuple(
        sorted(
            nearest_first(shelf, None),
            key=lambda version: (
                not _all(own, version),
                -_count(bounds, version),
                min((abs(order[version] - each) for each in wanted), default=0),
                order[version],
            ),
        )
    )


def _all(bounds: Iterable[SpecifierSet], version: Version) -> bool:
    return all(bound.contains(version, prereleases=True) for bound in bounds)


def _count(bounds: Iterable[SpecifierSet], version: Version) -> int:
    return sum(bound.contains(version, prereleases=True) for bound in bounds)
