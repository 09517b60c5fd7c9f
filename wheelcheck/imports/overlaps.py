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
    try:
        contents = dict(zip(wheels, code.contents(tuple(wheels.values())), strict=True))
    except IndexUnavailable:
        return
    for one, other in combinations(wheels, 2):
        shared = sorted(path for path in contents[one].keys() & contents[other].keys() if _is_module(path))
        differing = [path for path in shared if contents[one][path] != contents[other][path]]
        if differing:
            files = differing[0] + (f" and {len(differing) - 1} more files" if len(differing) > 1 else "")
            both = f"{other} {wheels[other].version} and {one} {wheels[one].version}"
            yield Finding.of(
                Code.SAME_FILE,
                package=other,
                version=wheels[other].version,
                message=f"{both} both install {files}, with other content",
                evidence=tuple(differing[:_SHOWN]),
                paths=paths(other),
            )


def _is_module(path: str) -> bool:
    return path.endswith(_CODE) and path.partition("/")[0] not in _BESIDE and "/" in path
