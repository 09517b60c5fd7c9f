"""Finds files that two projects of a resolution install with other contents: whichever comes last breaks the other (WC605)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

from packaging.utils import NormalizedName

from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.distribution import Wheel
from wheelcheck.model.finding import Code, Finding
from wheelcheck.ports import Code as CodeOfArchives

_CODE = (".py", ".pyd", ".so")
_BESIDE = frozenset({"test", "tests", "docs", "doc", "examples", "example", "benchmarks", "scripts", "tools"})
_SHOWN = 3


def find_overlaps(
    wheels: Mapping[NormalizedName, Wheel],
    code: CodeOfArchives,
    paths: Callable[[NormalizedName], tuple[tuple[str, ...], ...]],
) -> Iterator[Finding]:
    """A finding for each two of *wheels* that install a module's file with other contents; *paths* tells who requires a project.

    Reads the directories of the wheels; one that cannot be had proves nothing.
    """
    for (one, other), found in sorted(overlapping(wheels, code).items()):
        files = found[0] + (f" and {len(found) - 1} more files" if len(found) > 1 else "")
        both = f"{other} {wheels[other].version} and {one} {wheels[one].version}"
        yield Finding.of(
            Code.SAME_FILE,
            package=other,
            version=wheels[other].version,
            message=f"{both} both install {files}, with other content",
            evidence=tuple(found[:_SHOWN]),
            paths=paths(other),
        )


def overlapping(
    wheels: Mapping[NormalizedName, Wheel], code: CodeOfArchives
) -> dict[tuple[NormalizedName, NormalizedName], list[str]]:
    """The files of modules that two of *wheels* install with other contents, by their names; empty where one cannot be had."""
    differing: dict[tuple[NormalizedName, NormalizedName], list[str]] = {}
    try:
        contents = dict(zip(wheels, code.contents(tuple(wheels.values())), strict=True))
    except IndexUnavailable:
        return differing
    owners: dict[str, list[NormalizedName]] = {}
    for name in wheels:
        for path in contents[name]:
            if _is_module(path):
                owners.setdefault(path, []).append(name)
    for path, names in sorted(owners.items()):
        for one, other in combinations(names, 2):
            if contents[one][path] != contents[other][path]:
                differing.setdefault((one, other), []).append(path)
    return differing


def _is_module(path: str) -> bool:
    return path.endswith(_CODE) and path.partition("/")[0] not in _BESIDE and "/" in path
