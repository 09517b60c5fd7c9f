"""Compares the plans of many targets: what blocks where, which Python to ship, which cells are blocked alike; judges no file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.answers import Best, Blocker, Cell, CellStatus
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.target import Target
from wheelcheck.texts.words import grouped


def find_blockers(cells: Sequence[Cell]) -> tuple[Blocker, ...]:
    """What keeps *cells* from installing, each project once: those that block most first, of these those that were asked for.

    What a search that ended early had met blocks nothing for certain, so undecided cells name no blockers.
    """
    found = ((cell, finding) for cell in cells for finding in cell.blocking)
    sightings = grouped(found, lambda sighting: sighting[1].package)
    blockers = [_blocker(package, found) for package, found in sightings.items()]
    return tuple(sorted(blockers, key=lambda each: (-len(each.targets), not each.requested, each.package or "")))


def _blocker(package: NormalizedName | None, found: Sequence[tuple[Cell, Finding]]) -> Blocker:
    codes: dict[tuple[Code, str], Finding] = {}
    for _, finding in found:
        # Findings of the input itself are told apart by what they say.
        codes.setdefault((finding.code, "" if package is not None else finding.message), finding)
    return Blocker(
        package=package,
        versions=tuple(sorted({finding.version for _, finding in found if finding.version is not None})),
        findings=tuple(codes.values()),
        targets=tuple(dict.fromkeys(cell.target for cell, _ in found)),
        requested=any(_is_requested(cell, package) for cell, _ in found),
    )


def _is_requested(cell: Cell, package: NormalizedName | None) -> bool:
    packages = cell.plan.packages if cell.plan is not None else ()
    return any(each.requested for each in packages if each.name == package)


def blocked_alike(cells: Sequence[Cell]) -> tuple[tuple[Cell, ...], ...]:
    """The blocked ones of *cells*, those together that equal blockers block: the same codes, projects and versions."""

    def blockers(cell: Cell) -> frozenset[tuple[Code, NormalizedName | None, Version | None]]:
        return frozenset((finding.code, finding.package, finding.version) for finding in cell.blocking)

    blocked = (cell for cell in cells if cell.status is CellStatus.BLOCKED)
    return tuple(map(tuple, grouped(blocked, blockers).values()))


def best_python(cells: Sequence[Cell]) -> Best | None:
    """The Python to ship to all platforms of *cells*; ``None`` where nothing installs.

    With it most platforms install; of several with as many, on most of them without a build; then one with the global lock, for
    which more is released and tested; then the newest.
    """
    good = [cell for cell in cells if cell.status.is_good]
    if not good:
        return None
    by_python = grouped(good, lambda cell: cell.target.python)
    best = max(by_python, key=lambda python: _merit(by_python[python]))
    ships = {cell.target.platform for cell in by_python[best]}
    newest = newest_pythons(good)
    platforms = tuple(dict.fromkeys(cell.target.platform for cell in cells))
    return Best(
        python=best,
        good=tuple(platform for platform in platforms if platform in ships),
        exceptions=tuple(
            (platform, newest[platform]) for platform in platforms if platform in newest and platform not in ships
        ),
        never=tuple(platform for platform in platforms if platform not in newest),
    )


def newest_pythons(good: Iterable[Cell]) -> dict[str, str]:
    """For each platform of the cells *good* the newest of their Pythons, one with the global lock first."""
    platforms = grouped((cell.target for cell in good), lambda target: target.platform)
    return {platform: max(targets, key=_age).python for platform, targets in platforms.items()}


def _merit(cells: Sequence[Cell]) -> tuple[int, int, tuple[bool, bool, Version]]:
    without_build = sum(cell.status is CellStatus.INSTALLS for cell in cells)
    return (len(cells), without_build, _age(cells[0].target))


def _age(target: Target) -> tuple[bool, bool, Version]:
    return (target.implementation == "cpython", not target.python.endswith("t"), target.python_full)
