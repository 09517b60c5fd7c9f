"""Chooses the files whose imports are read, and finds files that two projects install with other contents (WC605).

Chosen are files from before the target's Python, and wheels that may install the same files: whichever comes last breaks the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.distribution import Distribution, Wheel
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.resolution import Resolution
from wheelcheck.options import ImportScope
from wheelcheck.ports import Code as CodeOfArchives

SUSPECTS = 60
LARGEST = 8 * 1024**2
"""How many suspects are read, and how many bytes one of them has at most, where the index tells its size."""
_LARGEST_PURE = 32 * 1024**2  # much of a large pure wheel is a web page's code, which is not fetched


class Suspects(Struct, frozen=True, kw_only=True):
    """The archives to be *read*, oldest first, how many *more* are suspect, and the wheels whose files are *compared*.

    Nothing is known of the modules of *unseen* projects: a repository, of which an index may have a stranger's release.
    """

    read: Mapping[NormalizedName, Distribution]
    more: int = 0
    compared: Mapping[NormalizedName, Wheel]
    unseen: frozenset[NormalizedName] = frozenset()


def is_read(file: Distribution) -> bool:
    """Whether *file* is small enough for its imports to be read unasked."""
    is_pure = isinstance(file, Wheel) and file.is_any
    return (file.at.size or 0) <= (_LARGEST_PURE if is_pure else LARGEST)


def is_old(file: Distribution, released: str | None) -> bool:
    """Whether *file* was uploaded before the day on which the target's Python was *released*, and :func:`is_read`."""
    uploaded = file.at.upload_time
    return bool(released and uploaded and uploaded < released) and is_read(file)


def unseen_projects(resolution: Resolution) -> frozenset[NormalizedName]:
    """The projects of *resolution* whose own files are not to be had: repositories, folders elsewhere, what has no file."""
    others = {each.name or NormalizedName("") for each in resolution.unsupported}
    return frozenset(others | {name for name, pin in resolution.pins.items() if pin.distribution is None})


def choose_suspects(
    resolution: Resolution, scope: ImportScope, released: str | None, variants: frozenset[str]
) -> Suspects:
    """The suspects of *resolution* within *scope*: all files; by default those that are older, and wheels that are alike.

    Older than the day (ISO 8601) on which the target's Python was *released*; alike where names differ by words of *variants*, such
    as ``gpu``, alone.
    """
    unseen = unseen_projects(resolution)
    pins = sorted(resolution.pins.items())
    files = {name: pin.distribution for name, pin in pins if pin.distribution is not None and name not in unseen}
    wheels = {name: file for name, file in files.items() if isinstance(file, Wheel)}
    match scope:
        case "all":
            return Suspects(read=files, compared=wheels, unseen=unseen)
        case "none":
            return Suspects(read={}, compared={})
    old = sorted((file.at.upload_time or "", name) for name, file in files.items() if is_old(file, released))
    chosen = {name: files[name] for _, name in old[:SUSPECTS]}
    return Suspects(read=chosen, more=len(old) - len(chosen), compared=_alike(wheels, variants), unseen=unseen)


def _alike(wheels: Mapping[NormalizedName, Wheel], variants: frozenset[str]) -> dict[NormalizedName, Wheel]:
    stems: dict[str, list[NormalizedName]] = {}
    for name in wheels:
        stems.setdefault("-".join(word for word in name.split("-") if word not in variants), []).append(name)
    return {name: wheels[name] for alike in stems.values() if len(alike) > 1 for name in alike}


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
            if path.endswith(_CODE) and path.partition("/")[0] not in _BESIDE and "/" in path:
                owners.setdefault(path, []).append(name)
    for path, names in sorted(owners.items()):
        for one, other in combinations(names, 2):
            if contents[one][path] != contents[other][path]:
                differing.setdefault((one, other), []).append(path)
    return differing
